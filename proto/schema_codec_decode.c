/*
 * Puts a schema together from its parts: the head says how many there are;
 * code lists come first, because fields refer to them.
 */
#include "proto/schema_codec.h"
#include "proto/schema_codec_read.h"

#include <string.h>

struct decoder {
	const struct schema_codec_part *parts; /* borrowed */
	uint32_t count;
	struct arena *arena; /* borrowed */
	struct schema_codec_head head;
	struct schema_codes *lists;
	struct schema_kind *kinds;
	struct schema_figure *figures;
	struct schema *out; /* borrowed */
};

static bool is_further_piece(struct bytes name)
{
	return name.len > 0 && memchr(name.p, '#', name.len) != NULL;
}

/* The part NAME#place; NULL when it is missing. */
static const struct schema_codec_part *find_piece(const struct decoder *d,
						  const struct schema_codec_part *first,
						  uint32_t place)
{
	uint8_t buf[LIMIT_NAME_BYTES_MAX + 4];
	struct bytes_writer w = bytes_writer_init(buf, sizeof(buf));
	uint32_t i;

	bytes_put(&w, first->name.p, first->name.len);
	bytes_put_u8(&w, '#');
	if (place >= 10) {
		bytes_put_u8(&w, (uint8_t)('0' + place / 10));
	}
	bytes_put_u8(&w, (uint8_t)('0' + place % 10));
	for (i = 0; i < d->count && w.rc == RC_OK; i++) {
		if (bytes_equal(d->parts[i].type, first->type) &&
		    bytes_equal(d->parts[i].name, bytes_written(&w))) {
			return &d->parts[i];
		}
	}
	return NULL;
}

static enum rc read_pieces(const struct decoder *d, const struct schema_codec_part *first,
			   struct schema_codec_piece pieces[SCHEMA_CODEC_PIECES_MAX])
{
	enum rc rc = schema_codec_read_piece(first->body, d->arena, &pieces[0]);
	uint32_t i;

	if (rc == RC_OK && (pieces[0].pieces == 0 || pieces[0].pieces > SCHEMA_CODEC_PIECES_MAX)) {
		return RC_CORRUPT;
	}
	for (i = 1; rc == RC_OK && i < pieces[0].pieces; i++) {
		const struct schema_codec_part *part = find_piece(d, first, i + 1);

		rc = part == NULL ? RC_GAP :
				    schema_codec_read_piece(part->body, d->arena, &pieces[i]);
	}
	return rc;
}

/* Joins the pieces of a part into its message. */
static enum rc read_message(const struct decoder *d, const struct schema_codec_part *first,
			    struct bytes *out)
{
	struct schema_codec_piece pieces[SCHEMA_CODEC_PIECES_MAX];
	enum rc rc = read_pieces(d, first, pieces);
	struct bytes_writer w;
	size_t len = 0;
	uint32_t i;

	if (rc != RC_OK) {
		return rc;
	}
	for (i = 0; i < pieces[0].pieces; i++) {
		len += pieces[i].data.len;
	}
	w = bytes_writer_init(arena_take(d->arena, len), len);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < pieces[0].pieces; i++) {
		bytes_put(&w, pieces[i].data.p, pieces[i].data.len);
	}
	*out = bytes_written(&w);
	return w.rc;
}

/* The name of a part as a C string. */
static enum rc read_name(const struct decoder *d, const struct schema_codec_part *part,
			 const char **out)
{
	struct bytes name = part->name;
	char *p = NULL;

	if (name.len == 0 || name.len > LIMIT_NAME_BYTES_MAX ||
	    memchr(name.p, '\0', name.len) != NULL) {
		return RC_CORRUPT;
	}
	p = arena_take(d->arena, name.len + 1);
	if (p == NULL) {
		return RC_NOMEM;
	}
	memcpy(p, name.p, name.len);
	p[name.len] = '\0';
	*out = p;
	return RC_OK;
}

static enum rc add_codes(struct decoder *d, const struct schema_codec_part *part)
{
	struct schema_codes list = { .name = NULL };
	struct bytes message = { .p = NULL };
	uint32_t i = d->out->codes_count;
	enum rc rc = i < d->head.codes_count ? read_name(d, part, &list.name) : RC_CORRUPT;

	if (rc == RC_OK) {
		rc = read_message(d, part, &message);
	}
	if (rc == RC_OK) {
		rc = schema_codec_read_codes(message, d->arena, &list);
	}
	if (rc != RC_OK) {
		return rc;
	}
	for (; i > 0 && strcmp(d->lists[i - 1].name, list.name) > 0; i--) {
		d->lists[i] = d->lists[i - 1];
	}
	d->lists[i] = list;
	d->out->codes_count++;
	return RC_OK;
}

static enum rc add_kind(struct decoder *d, const struct schema_codec_part *part)
{
	struct schema_kind kind = { .name = NULL };
	struct bytes message = { .p = NULL };
	uint32_t i = d->out->kinds_count;
	enum rc rc = i < d->head.kinds_count ? read_name(d, part, &kind.name) : RC_CORRUPT;

	if (rc == RC_OK) {
		rc = read_message(d, part, &message);
	}
	if (rc == RC_OK) {
		rc = schema_codec_read_kind(message, d->out, d->arena, &kind);
	}
	if (rc != RC_OK) {
		return rc;
	}
	for (; i > 0 && d->kinds[i - 1].number > kind.number; i--) {
		d->kinds[i] = d->kinds[i - 1];
	}
	d->kinds[i] = kind;
	d->out->kinds_count++;
	return RC_OK;
}

static enum rc add_figure(struct decoder *d, const struct schema_codec_part *part)
{
	struct schema_figure figure = { .name = NULL };
	struct bytes message = { .p = NULL };
	uint32_t i = d->out->figures_count;
	enum rc rc = i < d->head.figures_count ? read_name(d, part, &figure.name) : RC_CORRUPT;

	if (rc == RC_OK) {
		rc = read_message(d, part, &message);
	}
	if (rc == RC_OK) {
		rc = schema_codec_read_figure(message, d->arena, &figure);
	}
	if (rc != RC_OK) {
		return rc;
	}
	for (; i > 0 && d->figures[i - 1].number > figure.number; i--) {
		d->figures[i] = d->figures[i - 1];
	}
	d->figures[i] = figure;
	d->out->figures_count++;
	return RC_OK;
}

/* Adds all parts of a type. */
static enum rc add_all(struct decoder *d, const char *type,
		       enum rc (*add)(struct decoder *d, const struct schema_codec_part *part))
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < d->count && rc == RC_OK; i++) {
		if (bytes_equal(d->parts[i].type, bytes_of(type)) &&
		    !is_further_piece(d->parts[i].name)) {
			rc = add(d, &d->parts[i]);
		}
	}
	return rc;
}

static enum rc add_head(struct decoder *d, const struct schema_codec_part *part)
{
	struct bytes message = { .p = NULL };
	enum rc rc = d->out->name == NULL ? read_name(d, part, &d->out->name) : RC_CORRUPT;

	if (rc == RC_OK) {
		rc = read_message(d, part, &message);
	}
	return rc == RC_OK ? schema_codec_read_head(message, d->arena, &d->head) : rc;
}

/* Makes room for as many things as the head promises. */
static enum rc take_room(struct decoder *d)
{
	if (d->out->name == NULL) {
		return RC_NOTFOUND;
	}
	d->lists = arena_take_zeroed(d->arena, d->head.codes_count, sizeof(*d->lists));
	d->kinds = arena_take_zeroed(d->arena, d->head.kinds_count, sizeof(*d->kinds));
	d->figures = arena_take_zeroed(d->arena, d->head.figures_count, sizeof(*d->figures));
	if (d->lists == NULL || d->kinds == NULL || d->figures == NULL) {
		return RC_NOMEM;
	}
	d->out->version = d->head.version;
	d->out->codes = d->lists;
	d->out->kinds = d->kinds;
	d->out->figures = d->figures;
	return RC_OK;
}

static bool has_all(const struct decoder *d)
{
	return d->out->codes_count == d->head.codes_count &&
	       d->out->kinds_count == d->head.kinds_count &&
	       d->out->figures_count == d->head.figures_count;
}

enum rc schema_codec_decode(const struct schema_codec_part *parts, uint32_t count, struct arena *a,
			    struct schema *out)
{
	struct decoder d = { .parts = parts, .count = count, .arena = a, .out = out };
	enum rc rc;

	*out = (struct schema){ .name = NULL };
	rc = add_all(&d, "schema", add_head);
	if (rc == RC_OK) {
		rc = take_room(&d);
	}
	if (rc == RC_OK) {
		rc = add_all(&d, "codes", add_codes);
	}
	if (rc == RC_OK) {
		rc = add_all(&d, "kind", add_kind);
	}
	if (rc == RC_OK) {
		rc = add_all(&d, "figure", add_figure);
	}
	if (rc == RC_OK && !has_all(&d)) {
		rc = RC_GAP;
	}
	return rc;
}

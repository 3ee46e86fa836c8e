#include "proto/schema_codec.h"
#include "proto/wire.h"

#include <assert.h>
#include <string.h>

enum {
	MESSAGE_MAX = 1048576,
	PIECE_OVERHEAD = 16, /* of a SchemaPiece: two tags, two varints */
	PIECE_MAX = LIMIT_VALUE_BYTES_MAX - PIECE_OVERHEAD,
	STEP_MAX = 3 * LIMIT_NAME_BYTES_MAX
};

/* The message that is being written, and a buffer for what it contains. */
struct encoder {
	struct arena *arena; /* borrowed */
	struct bytes_writer message;
	struct bytes_writer inner;
	struct schema_codec_part *parts;
	uint32_t count, max;
};

static void put_text(struct bytes_writer *w, uint32_t field, const char *text)
{
	if (text != NULL) {
		wire_put_bytes(w, field, bytes_of(text));
	}
}

static void clear(struct bytes_writer *w)
{
	w->len = 0;
}

/* Ends the inner message: it becomes an element of the message. */
static void put_inner(struct encoder *e, uint32_t field)
{
	if (e->inner.rc != RC_OK) {
		e->message.rc = e->inner.rc;
	}
	wire_put_element(&e->message, field, bytes_written(&e->inner));
	clear(&e->inner);
}

static void put_places(struct bytes_writer *w, uint32_t field, const struct schema_key *key)
{
	uint8_t buf[LIMIT_FIELDS_PER_KIND_MAX * 3];
	struct bytes_writer packed = bytes_writer_init(buf, sizeof(buf));
	uint32_t i;

	for (i = 0; i < key->fields_count; i++) {
		bytes_put_varint(&packed, key->fields[i]);
	}
	if (packed.rc != RC_OK) {
		w->rc = packed.rc;
		return;
	}
	wire_put_bytes(w, field, bytes_written(&packed));
}

static void put_code(struct encoder *e, const struct schema_code *code)
{
	put_text(&e->inner, 1, code->code);
	put_text(&e->inner, 2, code->label);
	wire_put_uint(&e->inner, 3, (uint32_t)code->valid_to);
	put_text(&e->inner, 4, code->successor);
	put_text(&e->inner, 5, code->label_tk);
	put_text(&e->inner, 6, code->label_ru);
	put_inner(e, 1);
}

static void put_flow(struct bytes_writer *w, const struct schema_field *f)
{
	uint32_t i;

	for (i = 0; i < f->ranks_count; i++) {
		uint8_t buf[STEP_MAX];
		struct bytes_writer step = bytes_writer_init(buf, sizeof(buf));

		put_text(&step, 1, f->ranks[i].value);
		wire_put_uint(&step, 2, f->ranks[i].rank);
		if (step.rc != RC_OK) {
			w->rc = step.rc;
			return;
		}
		wire_put_element(w, 13, bytes_written(&step));
	}
}

static void put_field(struct encoder *e, const struct schema_field *f)
{
	struct bytes_writer *w = &e->inner;
	uint32_t i;

	wire_put_uint(w, 1, f->number);
	put_text(w, 2, f->name);
	wire_put_uint(w, 3, f->type);
	wire_put_uint(w, 4, f->merge);
	wire_put_uint(w, 5, f->policy);
	wire_put_uint(w, 6, f->reach);
	wire_put_uint(w, 7, f->required);
	wire_put_uint(w, 8, f->closed);
	wire_put_uint(w, 9, f->index);
	wire_put_uint(w, 10, f->scale);
	put_text(w, 11, f->codes == NULL ? NULL : f->codes->name);
	put_text(w, 12, f->to);
	put_flow(w, f);
	wire_put_uint(w, 14, f->derive);
	for (i = 0; i < SCHEMA_DERIVE_FROM_MAX && f->derive_from[i] != NULL; i++) {
		wire_put_element(w, 15, bytes_of(f->derive_from[i]));
	}
	wire_put_uint(w, 16, f->check);
	put_inner(e, 4);
}

static void put_kind(struct encoder *e, const struct schema_kind *k)
{
	uint32_t i;

	wire_put_uint(&e->message, 1, k->number);
	wire_put_uint(&e->message, 2, k->writers);
	wire_put_uint(&e->message, 3, k->closed);
	for (i = 0; i < k->fields_count; i++) {
		put_field(e, &k->fields[i]);
	}
	put_places(&e->message, 5, &k->title);
	for (i = 0; i < k->uniques_count; i++) {
		put_places(&e->inner, 1, &k->uniques[i]);
		put_inner(e, 6);
	}
	if (k->doubles.is_set) {
		wire_put_uint(&e->inner, 1, k->doubles.key);
		wire_put_uint(&e->inner, 2, k->doubles.same);
		wire_put_uint(&e->inner, 3, k->doubles.different);
		put_inner(e, 7);
	}
}

static void put_measure(struct encoder *e, uint32_t field, const struct schema_measure *m)
{
	uint32_t i;

	put_text(&e->inner, 1, m->type == MEASURE_SUM ? m->field : NULL);
	put_text(&e->inner, 2, m->of);
	put_text(&e->inner, 3, m->where);
	for (i = 0; i < m->by_count; i++) {
		wire_put_element(&e->inner, 4, bytes_of(m->by[i]));
	}
	wire_put_uint(&e->inner, 5, m->negative);
	put_inner(e, field);
}

static void put_figure(struct encoder *e, const struct schema_figure *f)
{
	struct bytes_writer *w = &e->message;
	uint32_t i;

	wire_put_uint(w, 1, f->number);
	wire_put_uint(w, 2, f->type);
	wire_put_uint(w, 3, f->closed);
	if (f->type == FIGURE_FLOW || f->type == FIGURE_STOCK) {
		put_measure(e, 4, &f->measure);
	}
	put_text(w, 5, f->from);
	put_text(w, 6, f->to);
	put_text(w, 7, f->of_figure);
	put_text(w, 8, f->over);
	for (i = 0; i < f->recorded_count; i++) {
		put_measure(e, 9, &f->recorded[i]);
	}
	if (f->type == FIGURE_CONTROL) {
		put_measure(e, 10, &f->announced);
	}
	put_text(w, 11, f->match_recorded);
	put_text(w, 12, f->match_announced);
}

/* NAME for the first piece, NAME#2 and so on for the others. */
static struct bytes make_name(struct arena *a, const char *name, uint32_t place)
{
	uint8_t buf[LIMIT_NAME_BYTES_MAX + 4];
	struct bytes_writer w = bytes_writer_init(buf, sizeof(buf));

	if (place == 1) {
		return bytes_of(name);
	}
	bytes_put(&w, name, strlen(name));
	bytes_put_u8(&w, '#');
	if (place >= 10) {
		bytes_put_u8(&w, (uint8_t)('0' + place / 10));
	}
	bytes_put_u8(&w, (uint8_t)('0' + place % 10));
	if (w.rc != RC_OK) {
		return bytes_at(NULL, 0);
	}
	return arena_copy(a, bytes_written(&w));
}

static enum rc add_piece(struct encoder *e, const struct schema_codec_part *part, uint32_t pieces)
{
	uint8_t *p = arena_take(e->arena, part->body.len + PIECE_OVERHEAD);
	struct bytes_writer w = bytes_writer_init(p, part->body.len + PIECE_OVERHEAD);

	if (p == NULL || part->name.p == NULL) {
		return RC_NOMEM;
	}
	assert(e->count < e->max);
	wire_put_uint(&w, 1, pieces);
	wire_put_bytes(&w, 2, part->body);
	e->parts[e->count] = *part;
	e->parts[e->count].body = bytes_written(&w);
	e->count++;
	return w.rc;
}

/* Ends the message: cuts it into pieces and adds them to the parts. */
static enum rc end_message(struct encoder *e, const char *type, const char *name)
{
	struct bytes rest = bytes_written(&e->message);
	uint32_t pieces = (uint32_t)((rest.len + PIECE_MAX - 1) / PIECE_MAX);
	uint32_t place = 1;
	enum rc rc = e->message.rc;

	if (pieces == 0) {
		pieces = 1;
	}
	if (rc == RC_OK && pieces > SCHEMA_CODEC_PIECES_MAX) {
		rc = RC_LIMIT;
	}
	for (place = 1; place <= pieces && rc == RC_OK; place++) {
		size_t len = rest.len < PIECE_MAX ? rest.len : PIECE_MAX;
		struct schema_codec_part part = { .type = bytes_of(type),
						  .name = make_name(e->arena, name, place),
						  .body = bytes_at(rest.p, len) };

		rc = add_piece(e, &part, place == 1 ? pieces : 0);
		rest = bytes_at(rest.p + len, rest.len - len);
	}
	clear(&e->message);
	return rc;
}

static enum rc encode_head(struct encoder *e, const struct schema *s)
{
	wire_put_uint(&e->message, 1, s->version);
	wire_put_uint(&e->message, 2, s->codes_count);
	wire_put_uint(&e->message, 3, s->kinds_count);
	wire_put_uint(&e->message, 4, s->figures_count);
	return end_message(e, "schema", s->name);
}

static enum rc encode_codes(struct encoder *e, const struct schema *s)
{
	enum rc rc = RC_OK;
	uint32_t i, j;

	for (i = 0; i < s->codes_count && rc == RC_OK; i++) {
		for (j = 0; j < s->codes[i].codes_count; j++) {
			put_code(e, &s->codes[i].codes[j]);
		}
		rc = end_message(e, "codes", s->codes[i].name);
	}
	return rc;
}

static enum rc encode_kinds(struct encoder *e, const struct schema *s)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < s->kinds_count && rc == RC_OK; i++) {
		put_kind(e, &s->kinds[i]);
		rc = end_message(e, "kind", s->kinds[i].name);
	}
	return rc;
}

static enum rc encode_figures(struct encoder *e, const struct schema *s)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < s->figures_count && rc == RC_OK; i++) {
		put_figure(e, &s->figures[i]);
		rc = end_message(e, "figure", s->figures[i].name);
	}
	return rc;
}

static enum rc init_encoder(struct encoder *e, const struct schema *s, struct arena *a)
{
	size_t things = 1 + (size_t)s->codes_count + s->kinds_count + s->figures_count;
	uint8_t *message = arena_take(a, MESSAGE_MAX);
	uint8_t *inner = arena_take(a, MESSAGE_MAX);

	e->arena = a;
	e->message = bytes_writer_init(message, MESSAGE_MAX);
	e->inner = bytes_writer_init(inner, MESSAGE_MAX);
	e->count = 0;
	e->max = (uint32_t)(things * SCHEMA_CODEC_PIECES_MAX);
	e->parts = arena_take(a, e->max * sizeof(*e->parts));
	return message == NULL || inner == NULL || e->parts == NULL ? RC_NOMEM : RC_OK;
}

enum rc schema_codec_encode(const struct schema *s, struct arena *a,
			    const struct schema_codec_part **out, uint32_t *count)
{
	struct encoder e;
	enum rc rc = init_encoder(&e, s, a);

	if (rc == RC_OK) {
		rc = encode_head(&e, s);
	}
	if (rc == RC_OK) {
		rc = encode_codes(&e, s);
	}
	if (rc == RC_OK) {
		rc = encode_kinds(&e, s);
	}
	if (rc == RC_OK) {
		rc = encode_figures(&e, s);
	}
	if (rc == RC_OK) {
		*out = e.parts;
		*count = e.count;
	}
	return rc;
}

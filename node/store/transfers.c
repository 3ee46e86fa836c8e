#include "node/store/transfers.h"

#include <string.h>

#include "node/store/builtin.h"
#include "node/store/unique.h"
#include "sync/feed.h"

enum { PIECE_HEAD = 4 };

bool transfers_is_open(const struct transfer *t)
{
	return t->state < TRANSFER_MOVED;
}

bool transfers_came_to_nothing(const struct transfer *t)
{
	return t->was_accepted && (t->state == TRANSFER_WITHDRAWN || t->state == TRANSFER_VOID);
}

const char *transfers_state_text(enum transfer_state state)
{
	switch (state) {
	case TRANSFER_ASKED:
		return "asked";
	case TRANSFER_WITHDRAWING:
		return "withdrawing";
	case TRANSFER_ACCEPTED:
		return "accepted";
	case TRANSFER_DECLINING:
		return "declining";
	case TRANSFER_MOVED:
		return "moved";
	case TRANSFER_DECLINED:
		return "declined";
	case TRANSFER_WITHDRAWN:
		return "withdrawn";
	case TRANSFER_VOID:
		return "void";
	}
	return "";
}

/* What one of the three said in a field: its last item; NULL: nothing. */
static const struct item *said(const struct part *p, enum transfer_field field, uint16_t office)
{
	const struct part_field *f = part_find(p, (uint16_t)field, CLASS_REGISTER);
	const struct item *found = NULL;
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		if (feed_office(f->items[i].dot.feed) == office && !f->items[i].cleared) {
			found = &f->items[i];
		}
	}
	return found;
}

static struct bytes text_of(const struct part *p, enum transfer_field field, uint16_t office)
{
	const struct item *item = said(p, field, office);

	return item == NULL ? bytes_at(NULL, 0) : item->value;
}

static bool says(const struct part *p, enum transfer_field field, uint16_t office, const char *text)
{
	return bytes_equal(text_of(p, field, office), bytes_of(text));
}

/* A number of 16 bits; 0 when it is none. */
static uint16_t number_of(const struct part *p, enum transfer_field field, uint16_t office)
{
	const struct item *item = said(p, field, office);
	int64_t n = item == NULL ? 0 : value_number(VALUE_INT, item->value);

	return n < 0 || n > UINT16_MAX ? 0 : (uint16_t)n;
}

static bool link_of(const struct part *p, enum transfer_field field, uint16_t office,
		    struct uuid *out)
{
	const struct item *item = said(p, field, office);

	if (item == NULL || item->value.len != UUID_LEN) {
		return false;
	}
	memcpy(out->b, item->value.p, UUID_LEN);
	return true;
}

static enum transfer_state state_of(const struct part *p, const struct transfer *t)
{
	static const struct {
		const char *text;
		enum transfer_state state;
	} outcomes[] = { { "moved", TRANSFER_MOVED },
			 { "declined", TRANSFER_DECLINED },
			 { "withdrawn", TRANSFER_WITHDRAWN },
			 { "void", TRANSFER_VOID } };
	const struct item *withdrawn = said(p, TRANSFER_FIELD_WITHDRAWN, t->office);
	uint32_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (says(p, TRANSFER_FIELD_OUTCOME, 0, outcomes[i].text)) {
			return outcomes[i].state;
		}
	}
	if (!t->is_twin) {
		return withdrawn != NULL && withdrawn->value.p[0] == 1 ? TRANSFER_WITHDRAWING :
									 TRANSFER_ASKED;
	}
	return says(p, TRANSFER_FIELD_ANSWER, t->office, "accepted") ? TRANSFER_ACCEPTED :
	       says(p, TRANSFER_FIELD_ANSWER, t->office, "declined") ? TRANSFER_DECLINING :
								       TRANSFER_ASKED;
}

/* Reads the part in the centre scope of `office`, as made by `maker`. */
static bool read_part(const struct part *p, uint16_t office, uint16_t maker, struct transfer *out)
{
	const struct item *record = said(p, TRANSFER_FIELD_RECORD, maker);

	out->office = office;
	out->is_twin = maker == 0;
	out->from = number_of(p, TRANSFER_FIELD_FROM, maker);
	out->to = number_of(p, TRANSFER_FIELD_TO, maker);
	out->kind = number_of(p, TRANSFER_FIELD_KIND, maker);
	out->reason = text_of(p, TRANSFER_FIELD_REASON, maker);
	out->remark = text_of(p, TRANSFER_FIELD_REMARK, office);
	out->note = text_of(p, TRANSFER_FIELD_NOTE, 0);
	out->has_twin = link_of(p, TRANSFER_FIELD_TWIN, 0, &out->twin);
	out->state = state_of(p, out);
	out->was_accepted = out->is_twin && says(p, TRANSFER_FIELD_ANSWER, office, "accepted");
	if (record == NULL || !link_of(p, TRANSFER_FIELD_RECORD, maker, &out->record)) {
		return false;
	}
	out->asked = record->dot;
	return out->kind != 0 && out->from != out->to && out->to != 0 &&
	       office == (out->is_twin ? out->to : out->from);
}

enum rc transfers_read(const struct catalog *c, const struct record *r, struct transfer *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->id = r->id;
	for (i = 0; i < r->parts_count; i++) {
		const struct scope_info *scope = catalog_scope(c, r->parts[i].scope);

		if (scope == NULL || scope->reach != REACH_CENTRE) {
			continue;
		}
		if (read_part(&r->parts[i].part, scope->office, scope->office, out) ||
		    read_part(&r->parts[i].part, scope->office, 0, out)) {
			return RC_OK;
		}
	}
	return RC_NOTFOUND;
}

enum rc transfers_get(const struct store *s, struct kv_txn *t, struct uuid id, struct arena *a,
		      struct transfer *out)
{
	struct record r;
	enum rc rc = records_get(t, s->catalog, BUILTIN_TRANSFER, id, a, &r);

	return rc == RC_OK ? transfers_read(s->catalog, &r, out) : rc;
}

/* Looks through the transfers of one record. */
static enum rc find(const struct store *s, struct kv_txn *t, struct uuid record, struct arena *a,
		    const void *ctx, bool (*is_it)(const void *ctx, const struct transfer *t),
		    struct transfer *out)
{
	const struct schema_kind *kind =
		schema_kind_by_number(&s->catalog->schema, BUILTIN_TRANSFER);
	struct bytes value = bytes_at(record.b, UUID_LEN);
	struct key key = unique_key(s->crypto, kind, 0, &value);
	struct transfer at;
	struct unique_holder h;
	enum rc found = RC_NOTFOUND, rc = unique_find(t, &key, NULL, &h);

	while (rc == RC_OK) {
		rc = transfers_get(s, t, h.id, a, &at);
		if (rc == RC_OK && is_it(ctx, &at) && (found != RC_OK || out->is_twin)) {
			*out = at;
			found = RC_OK;
		}
		if (rc == RC_OK || rc == RC_NOTFOUND) {
			rc = unique_find(t, &key, &h, &h);
		}
	}
	return rc == RC_NOTFOUND ? found : rc;
}

static bool is_open(const void *ctx, const struct transfer *t)
{
	(void)ctx;
	return transfers_is_open(t);
}

enum rc transfers_find_open(const struct store *s, struct kv_txn *t, struct uuid record,
			    struct arena *a, struct transfer *out)
{
	return find(s, t, record, a, NULL, is_open, out);
}

static bool is_offered(const void *ctx, const struct transfer *t)
{
	const struct store *s = ctx;

	return t->is_twin && t->office == s->info.number;
}

enum rc transfers_find_offered(const struct store *s, struct kv_txn *t, struct uuid record,
			       struct arena *a, struct transfer *out)
{
	return find(s, t, record, a, s, is_offered, out);
}

bool transfers_has_any(struct kv_txn *t)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_RECORD);
	struct key first = key_kind(BUILTIN_TRANSFER);
	struct bytes k, v;
	bool has = c != NULL && kv_cursor_seek(c, key_bytes(&first), &k, &v) == RC_OK &&
		   key_has_prefix(k, &first);

	kv_cursor_close(c);
	return has;
}

static bool has_twin(const void *ctx, const struct transfer *t)
{
	const struct transfer *twin = ctx;

	return !t->is_twin && t->has_twin && uuid_equal(t->twin, twin->id);
}

enum rc transfers_find_asked(const struct store *s, struct kv_txn *t, const struct transfer *twin,
			     struct arena *a, struct transfer *out)
{
	return find(s, t, twin->record, a, twin, has_twin, out);
}

enum rc transfers_each(const struct store *s, struct kv_txn *t, struct arena *a, void *ctx,
		       enum rc (*each)(void *ctx, const struct transfer *t))
{
	struct records_walk walk;
	struct record r;
	struct transfer transfer;
	enum rc rc = records_walk_start(&walk, t, s->catalog, BUILTIN_TRANSFER, NULL);

	while (rc == RC_OK) {
		size_t mark = arena_mark(a);

		rc = records_walk_next(&walk, a, &r);
		if (rc == RC_OK && transfers_read(s->catalog, &r, &transfer) == RC_OK) {
			rc = each(ctx, &transfer);
		}
		arena_release(a, mark);
	}
	records_walk_end(&walk);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The pieces of a box by their numbers; NULL where one is missing. */
static enum rc sort_pieces(const struct part_field *f, uint16_t maker, const struct item **pieces,
			   uint32_t count)
{
	uint32_t i, found = 0;

	for (i = 0; i < f->items_count; i++) {
		const struct item *item = &f->items[i];
		struct bytes_reader r = bytes_reader_init(item->value);
		uint32_t number = bytes_get_be16(&r), of = bytes_get_be16(&r);

		if (feed_office(item->dot.feed) != maker) {
			continue;
		}
		if (r.rc != RC_OK || of != count || number >= count || pieces[number] != NULL) {
			return RC_CORRUPT;
		}
		pieces[number] = item;
		found++;
	}
	return found == count ? RC_OK : RC_GAP;
}

static enum rc join_pieces(const struct item *const *pieces, uint32_t count, struct arena *a,
			   struct bytes *out)
{
	struct bytes_writer w;
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		len += pieces[i]->value.len - PIECE_HEAD;
	}
	w = bytes_writer_init(arena_take(a, len), len);
	if (w.p == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < count; i++) {
		bytes_put(&w, pieces[i]->value.p + PIECE_HEAD, pieces[i]->value.len - PIECE_HEAD);
	}
	*out = bytes_written(&w);
	return RC_OK;
}

enum rc transfers_box(const struct catalog *c, const struct record *r, struct arena *a,
		      struct bytes *out)
{
	const struct item **pieces = NULL;
	const struct part_field *f = NULL;
	struct transfer t;
	uint32_t i, count = 0;
	enum rc rc = transfers_read(c, r, &t);

	for (i = 0; rc == RC_OK && i < r->parts_count && f == NULL; i++) {
		const struct scope_info *scope = catalog_scope(c, r->parts[i].scope);

		if (scope != NULL && scope->office == t.office) {
			f = part_find(&r->parts[i].part, TRANSFER_FIELD_SEALED, CLASS_LOG);
		}
	}
	if (rc != RC_OK || f == NULL) {
		return rc == RC_OK ? RC_GAP : rc;
	}
	count = f->items_count;
	pieces = arena_take_zeroed(a, count, sizeof(*pieces));
	if (pieces == NULL) {
		return RC_NOMEM;
	}
	rc = sort_pieces(f, t.is_twin ? 0 : t.office, pieces, count);
	return rc == RC_OK ? join_pieces(pieces, count, a, out) : rc;
}

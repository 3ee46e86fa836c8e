/* Where a record has gone, or is about to go. */
#include "node/cmd/move.h"
#include "node/cmd/show.h"

/* When the centre put the home that holds now; 0: it never did. */
static enum rc find_moved(const struct show *s, int64_t *out)
{
	enum rc rc = RC_OK;
	uint32_t i, k;

	*out = 0;
	for (i = 0; i < s->record.parts_count && rc == RC_OK; i++) {
		const struct part_field *f =
			part_find(&s->record.parts[i].part, FIELD_HOME, CLASS_REGISTER);

		for (k = 0; f != NULL && k < f->items_count && rc == RC_OK; k++) {
			struct stamp stamp = { .time_ms = 0 };

			if (f->items[k].dot.feed >> 48 == 0) {
				rc = s->source.stamp(s->source.ctx, f->items[k].dot, &stamp);
				*out = stamp.time_ms > *out ? stamp.time_ms : *out;
			}
		}
	}
	return rc;
}

static enum rc print_moved(struct show *s)
{
	const struct office_info *o = NULL;
	uint16_t office = 0, region_scope = 0;
	int64_t moved_ms = 0;
	enum rc rc = find_moved(s, &moved_ms);

	(void)view_home(&s->record, &office, &region_scope);
	o = catalog_office(s->store->catalog, office);
	if (rc == RC_OK && o != NULL) {
		out_line(s->out, "moved to %s (%s) on %s", o->name, o->region,
			 origin_time(moved_ms).text);
	}
	return rc;
}

enum rc show_find_foreign(struct show *s)
{
	struct transfer t;
	enum rc rc = RC_NOTFOUND;

	if (!view_life(&s->record).exists) {
		rc = transfers_find_offered(s->store, s->txn, s->record.id, s->arena, &t);
	}
	s->is_foreign = rc == RC_OK && t.was_accepted;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The one that is open, or the one that came to nothing. RC_NOTFOUND: it is
 * not on the way. */
static enum rc find(struct show *s, struct transfer *out)
{
	return s->is_foreign ?
		       transfers_find_offered(s->store, s->txn, s->record.id, s->arena, out) :
		       transfers_find_open(s->store, s->txn, s->record.id, s->arena, out);
}

enum rc show_move_text(struct show *s)
{
	struct record_life life = view_life(&s->record);
	struct bytes from, to;
	struct transfer t;
	enum rc rc = RC_OK;

	if (life.moved) {
		return print_moved(s);
	}
	rc = find(s, &t);
	if (rc != RC_OK) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	if (!transfers_is_open(&t)) {
		out_line(s->out, "this record is of another office; it was asked for here, and the "
				 "transfer is void: see `kerwen move show`");
		return RC_OK;
	}
	from = origin_office(s->store, t.from, s->arena);
	to = origin_office(s->store, t.to, s->arena);
	out_line(s->out, "in transfer from %.*s to %.*s: see `kerwen move show`", (int)from.len,
		 (const char *)from.p, (int)to.len, (const char *)to.p);
	return RC_OK;
}

enum rc show_move_json(struct show *s, json_t *document)
{
	struct move m = { .store = s->store, .txn = s->txn, .arena = s->arena };
	struct move_told told;
	struct transfer t;
	enum rc rc = RC_OK;

	if (json_object_set_new(document, "moved", json_boolean(view_life(&s->record).moved)) !=
	    0) {
		return RC_NOMEM;
	}
	rc = find(s, &t);
	if (rc == RC_OK) {
		rc = move_tell(&m, &t, &told);
		told.title = bytes_at(NULL, 0); /* it is the record itself */
	}
	if (rc == RC_OK && json_object_set_new(document, "transfer", move_json(&m, &told)) != 0) {
		rc = RC_NOMEM;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

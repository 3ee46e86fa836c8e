/* Taking entries out of a record again: its part is made anew from the other
 * entries, and what is derived from it follows as after any change. */
#include "node/store/floor.h"
#include "node/store/history.h"
#include "node/store/replay.h"
#include "node/store/work_priv.h"

static bool is_in(const struct work_span *s, struct dot d)
{
	return d.feed == s->feed && d.seq >= s->first && d.seq <= s->last;
}

/* The vector names the last entry of each feed, the index the earlier ones. */
static enum rc drop_index(struct work *w, const struct work_record *r, struct dot d)
{
	struct key k = key_record_dot(r->record.kind_number, r->record.id, d);

	return kv_del(w->txn, KV_DOT, key_bytes(&k));
}

/* Makes the part anew without the span. *last: what remains of its feed. */
static enum rc rebuild(struct work *w, struct work_record *r, const struct record_part *old,
		       const struct work_span *s, struct part *out, uint64_t *last)
{
	struct replay replay = { .txn = w->txn };
	struct history h;
	uint32_t i;
	enum rc rc = history_get(w->txn, &r->record, old, w->arena, &h);

	if (rc == RC_OK) {
		rc = floor_part(w->txn, r->record.kind_number, r->record.id, old->scope, w->arena,
				out);
	}
	*last = rc == RC_OK ? vv_get(&out->vector, s->feed) : 0;
	for (i = 0; rc == RC_OK && i < h.count; i++) {
		struct dot d = h.steps[i].dot;

		if (is_in(s, d)) {
			rc = drop_index(w, r, d);
			continue;
		}
		*last = d.feed == s->feed && d.seq > *last ? d.seq : *last;
		rc = replay_apply(&replay, &r->record, d, w->arena, out);
	}
	replay_close(&replay);
	return rc;
}

static enum rc withdraw(struct work *w, struct work_record *r, uint32_t place,
			const struct work_span *s)
{
	struct record_part *p = &r->record.parts[place];
	uint64_t was = vv_get(&p->part.vector, s->feed), last = 0;
	struct part part;
	enum rc rc = RC_OK;

	if (was < s->first) {
		return RC_OK;
	}
	rc = rebuild(w, r, p, s, &part, &last);
	if (rc == RC_OK && last > 0 && was <= s->last) {
		rc = drop_index(w, r, (struct dot){ s->feed, last }); /* in the vector now */
	}
	if (rc == RC_OK) {
		p->part = part;
		r->parts[place] = (struct work_part){ .dirty = true };
	}
	return rc;
}

enum rc work_withdraw(struct work *w, uint16_t kind, struct uuid id, const struct work_span *s)
{
	struct work_record *r = work_touch(w, kind, id);
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; r != NULL && i < r->record.parts_count && rc == RC_OK; i++) {
		if (r->record.parts[i].scope == feed_scope(s->feed)) {
			rc = withdraw(w, r, i, s);
		}
	}
	if (rc != RC_OK && w->rc == RC_OK) {
		w->rc = rc;
	}
	return w->rc;
}

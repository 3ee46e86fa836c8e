#include "node/store/aside.h"

#include "node/store/rebuild.h"
#include "proto/entry_codec.h"

enum rc aside_put(struct work *w, const struct entry *e, uint32_t place, enum quarantine_reason why)
{
	struct dot d = { e->header.feed, e->header.seq };
	struct rebuild r = { .work = w, .scope = feed_scope(d.feed) };
	struct quarantine q;
	struct change change;
	bool has = false;
	enum rc rc = quarantine_get(w->txn, d, place, &q);

	if (rc != RC_NOTFOUND) {
		return rc;
	}
	rc = work_quarantine(w, d, place, why);
	if (rc != RC_OK || entry_decode_change(e, place, w->arena, &change) != RC_OK) {
		return rc;
	}
	r.kind = change.kind;
	r.id = change.id;
	rc = rebuild_has(&r, d, &has);
	if (rc == RC_OK && has) {
		rc = rebuild_drop(&r, d);
	}
	return rc == RC_OK && has ? rebuild_part(&r) : rc;
}

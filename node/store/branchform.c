#include "node/store/branchform.h"

#include "node/store/history.h"
#include "node/store/replaced.h"
#include "node/store/setaside.h"

/* Whether another entry than the one that is there now once stood at d. *by: what
 * stands for it; seq 0: nothing yet. */
static enum rc had_other(struct kv_txn *t, struct dot d, struct dot *by, bool *out)
{
	struct setaside_entry e;
	enum rc rc = replaced_by(t, d, by);

	*out = rc == RC_OK;
	if (rc == RC_NOTFOUND) {
		*by = (struct dot){ 0, 0 };
		rc = setaside_next(t, d, &e);
		*out = rc == RC_OK && dot_equal(e.dot, d);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* The last entry of the feed up to seq that touched the record; 0: none. */
static enum rc last_touch(struct kv_txn *t, const struct record *r, struct arena *a, struct dot *d)
{
	uint64_t last = 0;
	enum rc rc = RC_OK;
	uint32_t i, k;

	for (i = 0; rc == RC_OK && i < r->parts_count; i++) {
		struct history h = { .count = 0 };

		if (r->parts[i].scope != feed_scope(d->feed)) {
			continue;
		}
		rc = history_get(t, r, &r->parts[i], a, &h);
		for (k = 0; rc == RC_OK && k < h.count; k++) {
			struct dot s = h.steps[k].dot;

			last = s.feed == d->feed && s.seq <= d->seq && s.seq > last ? s.seq : last;
		}
	}
	d->seq = last;
	return rc;
}

static enum rc settle_dot(struct kv_txn *t, const struct record *r, struct arena *a,
			  const struct vv *version, struct dot *d)
{
	struct dot by;
	bool other = false;
	enum rc rc = had_other(t, *d, &by, &other);

	if (rc != RC_OK || !other || (by.seq > 0 && vv_covers(version, by))) {
		return rc;
	}
	while (rc == RC_OK && other && d->seq > 0) {
		d->seq--;
		rc = had_other(t, *d, &by, &other);
	}
	return rc == RC_OK ? last_touch(t, r, a, d) : rc;
}

enum rc branchform_settle(const struct store *s, struct kv_txn *t, const struct record *r,
			  struct arena *a, struct vv *version)
{
	uint32_t i, kept = 0;
	enum rc rc = RC_OK;

	if (kv_count(t, KV_REPLACED) == 0 && kv_count(t, KV_ASIDE) == 0) {
		return RC_OK;
	}
	for (i = 0; rc == RC_OK && i < version->count; i++) {
		struct dot d = version->dots[i];

		if (feed_office(d.feed) == s->info.number) {
			rc = settle_dot(t, r, a, version, &d);
		}
		version->dots[kept] = d;
		kept += d.seq > 0;
	}
	version->count = rc == RC_OK ? kept : version->count;
	return rc;
}

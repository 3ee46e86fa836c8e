#include "node/store/context.h"

#include "node/store/feeds.h"
#include "node/store/follows.h"

bool context_covers(void *ctx, struct dot d)
{
	struct context *c = ctx;
	struct feed_cut cut;
	bool follows = false;
	enum rc rc = RC_OK;

	if (c->change->has_form && !vv_covers(&c->change->form, d)) {
		return false;
	}
	if (d.feed == c->header->feed) {
		return d.seq <= c->header->seen_own;
	}
	if (feed_office(d.feed) == 0) {
		return d.seq <= c->header->seen_centre;
	}
	if (d.feed >> 32 == c->header->feed >> 32) {
		rc = follows_cover(c->txn, c->header->feed, d, &follows);
		if (rc != RC_OK && c->rc == RC_OK) {
			c->rc = rc;
		}
		if (follows) {
			return true;
		}
	}
	rc = feeds_cut_of(c->txn, d, &cut);
	if (rc != RC_OK && rc != RC_NOTFOUND && c->rc == RC_OK) {
		c->rc = rc;
	}
	return rc == RC_OK && cut.centre_seq <= c->header->seen_centre;
}

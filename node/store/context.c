#include "node/store/context.h"

#include "node/store/feeds.h"

bool context_covers(void *ctx, struct dot d)
{
	struct context *c = ctx;
	struct feed_cut cut;
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
	rc = feeds_cut_of(c->txn, d, &cut);
	if (rc != RC_OK && rc != RC_NOTFOUND && c->rc == RC_OK) {
		c->rc = rc;
	}
	return rc == RC_OK && cut.centre_seq <= c->header->seen_centre;
}

#include "node/store/context.h"

#include "node/store/follows.h"
#include "node/store/line.h"
#include "node/store/quarantine.h"

/* Keeps a failure; nothing found is none. Whether there is no answer. */
static bool fail(struct context *c, enum rc rc)
{
	if (rc != RC_OK && rc != RC_NOTFOUND && c->rc == RC_OK) {
		c->rc = rc;
	}
	return rc != RC_OK;
}

static bool form_covers(struct context *c, struct dot d)
{
	struct quarantine_version v = { c->txn, c->change->kind, c->change->id, &c->change->form };
	bool covered = false;

	return !fail(c, quarantine_version_covers(&v, d, &covered)) && covered;
}

/* What the author wrote in the feed, or in one that it continues. What a feed of
 * the centre continues is seen along its line. */
static bool covers_own(struct context *c, struct dot d)
{
	bool follows = false;

	if (d.feed == c->header->feed) {
		return d.seq <= c->header->seen_own;
	}
	return d.feed >> 32 == c->header->feed >> 32 && feed_office(d.feed) != 0 &&
	       !fail(c, follows_cover(c->txn, c->header->feed, d, &follows)) && follows;
}

static bool covers_other(struct context *c, struct dot d)
{
	const struct header *h = c->header;
	uint32_t life = feed_office(h->feed) == 0 ? feed_incarnation(h->feed) :
						    h->epoch_incarnation;
	struct dot seen = { feed_pack(0, feed_scope(h->feed), life), h->seen_centre }, ruling;
	bool covers = false;

	if (!fail(c, quarantine_get_accepted(c->txn, d, c->change->kind, c->change->id, &ruling))) {
		d = ruling;
	}
	return !fail(c, line_covers(c->txn, seen, d, &covers)) && covers;
}

bool context_covers(void *ctx, struct dot d)
{
	struct context *c = ctx;

	if (c->change->has_form && !form_covers(c, d)) {
		return false;
	}
	return covers_own(c, d) || (d.feed != c->header->feed && covers_other(c, d));
}

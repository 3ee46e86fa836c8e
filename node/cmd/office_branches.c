#include "node/cmd/office_branches.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/store/equivocation.h"
#include "sync/feed.h"

/* out: 2 * len + 1. */
static void put_hex(const uint8_t *p, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		(void)snprintf(out + 2 * i, 3, "%02x", p[i]);
	}
}

static json_t *describe_seal(const struct equivocation_seal *s)
{
	char hash[2 * HASH_LEN + 1], seal[2 * SIG_LEN + 1];

	put_hex(s->hash, HASH_LEN, hash);
	put_hex(s->seal, SIG_LEN, seal);
	return json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)s->seq, "hash", hash, "seal", seal);
}

static json_t *describe_branches(const struct equivocation *e)
{
	char feed[17];

	(void)snprintf(feed, sizeof(feed), "%016" PRIx64, e->feed);
	return json_pack("{s:s, s:I, s:I, s:o, s:[o, o]}", "feed", feed, "from",
			 (json_int_t)e->fork, "told", (json_int_t)e->told, "found",
			 out_time((uint64_t)e->time_ms), "seals", describe_seal(&e->here),
			 describe_seal(&e->other));
}

json_t *office_branches_list(uint16_t office, struct kv_txn *t)
{
	json_t *list = json_array();
	uint64_t from = feed_pack(office, 0, 0);
	struct equivocation e;

	while (equivocation_next(t, from, &e) == RC_OK && feed_office(e.feed) == office) {
		json_array_append_new(list, describe_branches(&e));
		from = e.feed + 1;
	}
	return list;
}

void office_branches_show(struct cmd_context *c, uint16_t office, struct kv_txn *t)
{
	uint64_t from = feed_pack(office, 0, 0);
	struct equivocation e;

	while (equivocation_next(t, from, &e) == RC_OK && feed_office(e.feed) == office) {
		out_line(c->out,
			 "two branches  feed %016" PRIx64 " from entry %" PRIu64
			 " on, by somebody who was told: it is closed; the seals of both, at "
			 "%" PRIu64 " and %" PRIu64 ", are kept (--json)",
			 e.feed, e.fork, e.here.seq, e.other.seq);
		from = e.feed + 1;
	}
}

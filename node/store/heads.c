#include "node/store/heads.h"

#include <string.h>

/* How late a feed was heard of last. */
static enum rc rank_of(struct kv_txn *t, const struct feed_state *s, uint64_t *out)
{
	struct feed_cut cut = { .seq = 0 };
	enum rc rc = feeds_cut_last(t, s->feed, &cut);

	*out = s->head > cut.seq ? UINT64_MAX : cut.centre_seq;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Adds one at the end; the earliest heard of makes room. */
static void add(struct feed_state *list, uint64_t *ranks, uint32_t *count,
		const struct feed_state *s, uint64_t rank)
{
	uint32_t i, least = 0;

	if (*count == HEADS_MAX) {
		for (i = 1; i < *count; i++) {
			least = ranks[i] < ranks[least] ? i : least;
		}
		if (ranks[least] >= rank) {
			return;
		}
		(*count)--;
		memmove(&list[least], &list[least + 1], (*count - least) * sizeof(*list));
		memmove(&ranks[least], &ranks[least + 1], (*count - least) * sizeof(*ranks));
	}
	list[*count] = *s;
	ranks[(*count)++] = rank;
}

enum rc heads_newest(struct kv_txn *t, uint16_t office, uint16_t scope,
		     struct feed_state out[HEADS_MAX], uint32_t *count)
{
	uint64_t from = feed_pack(office, scope, 0), ranks[HEADS_MAX], rank = 0;
	struct feed_state s;
	enum rc rc = RC_OK;

	*count = 0;
	while (rc == RC_OK) {
		rc = feeds_next(t, from, &s);
		if (rc != RC_OK || feed_office(s.feed) != office || feed_scope(s.feed) != scope) {
			break;
		}
		from = s.feed + 1;
		rc = rank_of(t, &s, &rank);
		add(out, ranks, count, &s, rank);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* One feed under way in a run of verify; nothing in it borrows from a
 * transaction. Private to verify_feeds.c and verify_changes.c. */
#ifndef KERWEN_VERIFY_WALK_H
#define KERWEN_VERIFY_WALK_H

#include "node/store/verify_run.h"

struct walk {
	struct verify *v;
	uint64_t feed, head, applied;
	uint8_t key[KEY_LEN];
	uint8_t hash[HASH_LEN]; /* of the entry before */
	bool lost;              /* that hash is not known: an entry or the genesis is gone */
	uint64_t changes;
	uint64_t seal_seq; /* of the next seal; 0: none follows */
	uint8_t seal[SIG_LEN];
	size_t unsealed; /* bytes of entries since the last one */
};

/* Whether what an applied entry says stands in the records, and its cuts in their
 * table. */
enum rc verify_changes(struct walk *w, const struct entry *e);

/* Whether it is known what an applied entry stands for. */
enum rc verify_replaces(struct walk *w, const struct entry *e);

#endif

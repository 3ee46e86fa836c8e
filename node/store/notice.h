/*
 * Notices: what the centre alone can see, told to the office concerned.
 *
 * Two offices of different regions that use one number for two documents never
 * see each other's record. The centre sees both and writes a notice about each
 * to its home, in the centre scope of that office: which fields, and which
 * other offices use the same values - never the values, nor anything else of
 * their records. It goes when nothing is shared any more (react_unique.h).
 *
 * A notice is a record of the built-in kind of that name.
 */
#ifndef KERWEN_NOTICE_H
#define KERWEN_NOTICE_H

#include "node/store/store.h"
#include "sync/view.h"

/* The rule of a notice that a unique key is shared. */
#define NOTICE_UNIQUE "unique"

/* More offices than these are not named. */
enum { NOTICE_OFFICES_MAX = 64 };

struct notice {
	struct uuid id;
	bool deleted;
	uint16_t office; /* whom it is for */
	struct bytes rule;
	struct bytes fields;     /* names, joined by commas */
	const uint16_t *offices; /* ascending */
	uint32_t offices_count;
};

struct notice_list {
	const struct notice *items;
	uint32_t count;
};

/* The notices about a record, the living first; in the arena. RC_NOMEM,
 * RC_CORRUPT. */
enum rc notice_about(const struct store *s, struct kv_txn *t, struct uuid about, struct arena *a,
		     struct notice_list *out);

/* Whether one stands. */
bool notice_stands(const struct store *s, struct kv_txn *t, struct uuid about);

/* A notice came, changed or went: lets the table of conflicts say of the record
 * that it is about whether one stands (CONFLICTS_NOTICED); nothing at the
 * centre. As view_values, or what the store answered. */
enum rc notice_mark(const struct store *s, struct kv_txn *t, const struct record *notice,
		    const struct view_source *src, struct arena *a);

/* How many notices stand here. Walks them. */
enum rc notice_count(struct kv_txn *t, uint64_t *out);

/* The names of the fields of a unique key, as a notice has them. RC_NOMEM. */
enum rc notice_name_key(const struct schema_kind *kind, uint32_t number, struct arena *a,
			struct bytes *out);

#endif

/*
 * Looking for doubles: a walk over the records of a kind, and the pairs that
 * have one key (samekey.h).
 *
 *   likely    name, date and the third value are equal; where the third was
 *             corrected since the key was made, and the date is not known here:
 *             name, year and third value are
 *   possible  the name is, and nothing that is known says otherwise: year of
 *             the date and third value are equal, or not known to one side (a
 *             code that is called "unknown" or "not known" is not)
 *
 * All reading goes in slices, so that a long look does not keep the database
 * from using pages again; what changes meanwhile may be seen or not. Memory is
 * bounded: of a great kind one share of the keys after another is looked at.
 */
#ifndef KERWEN_DUPLICATES_H
#define KERWEN_DUPLICATES_H

#include "node/cmd/open.h"
#include "node/store/doubles.h"
#include "node/store/records.h"

enum duplicates_state {
	DUPLICATES_CANDIDATE,
	DUPLICATES_LINKED,
	DUPLICATES_NOT_SAME,
	DUPLICATES_DISPUTED /* they count as one, and are said not to be the same */
};

/* One slice, as the callbacks see it; fields are NULL where this node has none. */
struct duplicates_slice {
	struct kv_txn *txn;
	struct arena *arena;
	const struct schema_kind *kind;
	const struct schema_field *name, *date, *year, *third;
	struct records_stamps stamps;
	struct view_source source;
};

struct duplicates_pair {
	const struct record *a, *b; /* a has the smaller id */
	bool is_likely;
	enum duplicates_state state;
};

/* One look. The caller fills in the first block. */
struct duplicates {
	struct cmd_context *c;
	struct cmd_node *node;
	const char *kind_name;
	bool all; /* pairs that are linked or not the same, too */
	void *ctx;
	/* May set is_done. Borrowed: until they return. */
	enum rc (*on_pair)(struct duplicates *d, const struct duplicates_slice *s,
			   const struct duplicates_pair *pair);
	enum rc (*on_group)(struct duplicates *d, const struct duplicates_slice *s,
			    const struct doubles_group *group);

	uint32_t entries_max; /* held at once; 0: as many as is good */

	bool is_done;
	bool is_cut;        /* so many have one name that not all pairs were looked at */
	uint64_t oversized; /* records of groups that are too large to count once */

	/* Its own. */
	struct duplicates_entry *entries;
	uint32_t count, share, shares;
	uint64_t end_ms;
	struct out_progress bar;
};

/* Calls on_group for each group of linked records, once. Exit codes, reported. */
int duplicates_find_groups(struct duplicates *d);

/* Calls on_pair for each pair, of each share of the keys the likely ones first. */
int duplicates_find_pairs(struct duplicates *d);

#endif

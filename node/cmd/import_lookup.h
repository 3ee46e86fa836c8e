/*
 * Finding records by the values of any fields (import --key), for one import:
 * a table in memory of (digest of the values, id), made by a walk over the kind
 * in slices.
 *
 * A record stays listed under values that it had earlier, so who finds one asks
 * import_lookup_holds. What was written after the walk, by this import or by
 * others, is added by import_lookup_follow from the entries applied since: in
 * a write transaction that began with it, nothing is missing.
 *
 *   import_lookup_open -> { import_lookup_follow -> { import_lookup_next } }
 *                      -> import_lookup_close
 *
 * Memory: 24 bytes a slot, at most three quarters of which are used: for at
 * most LIMIT_LOOKUP_RECORDS_MAX records, 192 MiB (288 while it grows).
 */
#ifndef KERWEN_IMPORT_LOOKUP_H
#define KERWEN_IMPORT_LOOKUP_H

#include "node/cmd/import_sheet.h"
#include "node/store/unique.h"

/* So many records are listed for the same values at most. */
enum { IMPORT_LOOKUP_SAME_MAX = 16 };

struct import_lookup;

/* Makes the table. sheet is bound anew in each slice; scratch is given back.
 * RC_LIMIT: there are too many records; RC_NOMEM; else what the store
 * answered; why is filled in. Gives. */
enum rc import_lookup_open(struct import_sheet *sheet, struct store *s, struct arena *scratch,
			   struct import_lookup **out, struct path_problem *why);
void import_lookup_close(struct import_lookup *l); /* NULL is fine */

/* Adds what was applied since the table was made or followed last. sheet is
 * bound to the catalog of t. Codes as import_lookup_open, without why. */
enum rc import_lookup_follow(struct import_lookup *l, const struct import_sheet *sheet,
			     struct store *s, struct kv_txn *t, struct arena *scratch);

/* Says that there are too many records. Returns RC_LIMIT. */
enum rc import_lookup_refuse(const struct import_sheet *sheet, struct path_problem *why);

/* A walk through the records listed for values. */
struct import_lookup_walk {
	uint64_t tag;
	uint32_t slot, found;
};
struct import_lookup_walk import_lookup_find(const struct import_lookup *l,
					     const uint8_t digest[UNIQUE_DIGEST_LEN]);
bool import_lookup_next(const struct import_lookup *l, struct import_lookup_walk *w,
			struct uuid *id);

/* Whether a record shows the values of a digest in the key's fields. RC_NOMEM,
 * or what the source returned. */
enum rc import_lookup_holds(const struct import_sheet *sheet, const struct store *s,
			    const struct record *r, const struct view_source *source,
			    struct arena *a, const uint8_t digest[UNIQUE_DIGEST_LEN], bool *out);

#endif

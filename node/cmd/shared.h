/*
 * Who else uses the unique keys of a record: as far as this node sees itself
 * (claims.h), and as the centre told it (notice.h). For show, for what add and
 * set remark, and for lists of conflicts.
 */
#ifndef KERWEN_SHARED_H
#define KERWEN_SHARED_H

#include "node/cmd/out.h"
#include "node/store/notice.h"
#include "node/store/records.h"
#include "node/store/unique.h"

enum { SHARED_LISTED_MAX = 5 };

/* One key that other living records hold, too. */
struct shared_key {
	struct bytes fields;                            /* names, joined by commas */
	struct unique_holder others[SHARED_LISTED_MAX]; /* the first of them */
	uint64_t total;                                 /* how many there are */
};

struct shared {
	const struct store *store;
	struct arena *arena;
	const struct shared_key *keys; /* none for a deleted record */
	uint32_t keys_count;
	const struct notice *notices; /* that stand; none at the centre */
	uint32_t notices_count;
};

/* Finds both; all lives in the arena. RC_NOMEM, RC_CORRUPT ... */
enum rc shared_find(const struct store *s, struct kv_txn *t, const struct record *r,
		    const struct view_source *src, struct arena *a, struct shared *out);

/* "nr is also used by 8f3c12ab (Mary)": a line for each; in the arena. */
enum rc shared_key_text(const struct shared *s, uint32_t i, struct bytes *out);
enum rc shared_notice_text(const struct shared *s, uint32_t i, struct bytes *out);

/* Whether a field holds numbers of offices: those of a notice. */
bool shared_is_offices(const struct schema_field *f);
/* Their names, joined by commas; in the arena. As view_values. */
enum rc shared_offices_cell(const struct store *s, const struct record *r,
			    const struct schema_field *f, const struct view_source *src,
			    struct arena *a, struct bytes *out);

/* Sets "shared" and "notices" of an object, as far as there are any. */
enum rc shared_put_json(const struct shared *s, json_t *object);

#endif

/*
 * Doubles: records that stand for one thing of the world.
 *
 * Two records of a kind with `doubles` are *linked* when each names the other
 * in its field of sameness. So a link is made and undone on both records, and
 * needs no index: who looks at a record looks up those it names. A record that
 * is deleted stays linked.
 *
 * A *group* is what links hold together, directly or over others. Figures
 * count it once, as its smallest live id - if it has at most
 * LIMIT_GROUP_RECORDS_MAX records. More than that no writer makes; if offices
 * and centre do it together without knowing, all of them count one by one
 * until somebody takes links away. Either way it is a function of the records
 * alone, the same at every node that has the same ones.
 */
#ifndef KERWEN_DOUBLES_H
#define KERWEN_DOUBLES_H

#include "node/store/catalog.h"
#include "node/store/kv.h"
#include "sync/schema.h"
#include "sync/view.h"

/* Where records are looked up. */
struct doubles_source {
	void *ctx; /* borrowed */
	/* The record as it stands there; NULL: it does not. It may live in the
	 * arena, and is valid until that is released. */
	enum rc (*find)(void *ctx, uint16_t kind, struct uuid id, struct arena *a,
			const struct record **out);
};

/* Records as the store has them; ctx is the struct. */
struct doubles_store {
	struct kv_txn *txn;
	const struct catalog *catalog;
};
struct doubles_source doubles_stored(struct doubles_store *s);

struct doubles_group {
	uint32_t count; /* LIMIT_GROUP_RECORDS_MAX + 1: larger, and not all are here */
	struct doubles_member {
		struct uuid id;
		bool is_live;
	} members[LIMIT_GROUP_RECORDS_MAX + 1];
};

/* Whether the record names any other as the same: without, it is a group of
 * its own, and nothing need be looked up. */
bool doubles_has_links(const struct record *r);

/* The records that r names in a set of links, in the arena. RC_NOMEM. */
enum rc doubles_named(const struct record *r, const struct schema_field *f, struct arena *a,
		      struct values *out);

/* Whether r names the other in this field. */
bool doubles_names(const struct record *r, const struct schema_field *f, struct uuid other);

/* The other id of a value of such a field. False: it is none, or r's own. */
bool doubles_other(const struct record *r, struct bytes value, struct uuid *out);

/* Finds the group of r, r itself first. RC_NOMEM, or what the source said. */
enum rc doubles_find_group(const struct doubles_source *source, const struct record *r,
			   struct arena *scratch, struct doubles_group *out);

bool doubles_is_large(const struct doubles_group *g);

/*
 * How many pairs with r are disputed: they are of one group, and one of them
 * says that they are not the same. Both are live. Of the two records one tells of
 * the pair, so that the sum over all records counts each once; one that calls
 * nobody different costs nothing. Fails like doubles_find_group.
 */
enum rc doubles_count_disputed(const struct doubles_source *source, const struct record *r,
			       struct arena *scratch, uint64_t *count);

/* Whether the record, a live member of the group, is the one that counts. */
bool doubles_counts(const struct doubles_group *g, struct uuid id);

/* Both at once, for figures: whether r is the one of its group that counts. A
 * record without links costs nothing. */
enum rc doubles_is_counted(const struct doubles_source *source, const struct record *r,
			   struct arena *scratch, bool *out);

#endif

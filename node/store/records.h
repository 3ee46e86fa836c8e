/*
 * Records as they are stored: a state for each (kind, id, scope), and the
 * index record -> dots, from which a record can be rebuilt.
 *
 * The last dot of each feed stands in the state's vector; the table `dot`
 * holds only the earlier ones, so that a record touched once costs one put.
 */
#ifndef KERWEN_RECORDS_H
#define KERWEN_RECORDS_H

#include "node/store/catalog.h"
#include "node/store/kv.h"
#include "sync/view.h"

/* Loads all parts of a record, settled; everything is copied into the arena.
 * RC_NOTFOUND: no part here; RC_CORRUPT; RC_NOMEM. */
enum rc records_get(struct kv_txn *t, const struct catalog *c, uint16_t kind, struct uuid id,
		    struct arena *a, struct record *out);

/* A record without parts. */
void records_begin(struct record *r, const struct schema *s, uint16_t kind, struct uuid id);

/* Puts an empty part at this place of the list (0 to parts_count), for the caller
 * to fill. Pointers into the list are void after it. RC_NOMEM: r is unchanged. */
enum rc records_add_part(struct record *r, uint32_t place, uint16_t scope, struct arena *a);

/*
 * Says which parts of a record are left: those in a region's scope that is not
 * its home's, or in a scope of another office's own. To be called again when a
 * part was added or the home was put.
 */
void records_settle(const struct catalog *c, struct record *r);

/* Walks the records of a kind in the order of their ids. */
struct records_walk {
	struct kv_txn *txn;
	struct kv_cursor *cursor;
	const struct catalog *catalog;
	struct bytes key, value; /* the next part, or key.p NULL at the end */
	uint16_t kind;
};

/* Starts at the first id >= from (NULL: all). RC_NOMEM, RC_CORRUPT. */
enum rc records_walk_start(struct records_walk *w, struct kv_txn *t, const struct catalog *c,
			   uint16_t kind, const struct uuid *from);
/* The next record, settled, into the arena (which the caller empties between calls).
 * RC_NOTFOUND: that was all. */
enum rc records_walk_next(struct records_walk *w, struct arena *a, struct record *out);
/* Passes over a record that could not be read (RC_CORRUPT). */
void records_walk_skip(struct records_walk *w);
void records_walk_end(struct records_walk *w);

/* The first kind with a record here and a number from `from` on, known to the
 * schema or not. RC_NOTFOUND: none. */
enum rc records_next_kind(struct kv_txn *t, uint32_t from, uint16_t *out);

/* The kind of the record with this id; it may be one that the schema does not
 * know. RC_NOTFOUND. */
enum rc records_find_kind(struct kv_txn *t, const struct schema *s, struct uuid id, uint16_t *kind);

/* The record whose id ends with these hexadecimal digits (6 to 32, no
 * hyphens needed). RC_NOTFOUND; RC_EXISTS: more than one does; RC_INVALID. */
enum rc records_find_ending(struct kv_txn *t, const struct schema *s, struct bytes ending,
			    uint16_t *kind, struct uuid *id);

/* Whether an id ends with these digits. RC_OK, RC_NOTFOUND; RC_INVALID: they are
 * none, or too few. */
enum rc records_match_ending(struct bytes ending, struct uuid id);

/* A view source over stored cuts; ctx is the struct. */
struct records_stamps {
	struct kv_txn *txn;
	uint32_t centre_incarnation;
	struct arena *scratch; /* used and given back */
};
struct view_source records_source(struct records_stamps *stamps);

#endif

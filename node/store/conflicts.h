/*
 * Open conflicts: which records have them, what of a record is open, and since
 * when.
 *
 * The table `conflict` has a key for every record that needs looking at: one
 * with siblings, so that what it shows may change when a cut arrives, one that
 * shares a unique key with others (claims.h), also as the centre says
 * (notice.h), and one that is over a bound (bounds.h). Its value says which. So
 * nobody walks all records to find the few in conflict.
 */
#ifndef KERWEN_CONFLICTS_H
#define KERWEN_CONFLICTS_H

#include "node/store/catalog.h"
#include "node/store/kv.h"
#include "sync/view.h"

/* The bits of a value; one at least is set. */
enum {
	CONFLICTS_OPEN = 1, /* a field or its life is to be decided */
	CONFLICTS_OVERSIZE = 2,
	CONFLICTS_SHARED = 4,   /* a living record holds a unique key of it, too */
	CONFLICTS_SIBLINGS = 8, /* values or heads stand side by side */
	CONFLICTS_NOTICED = 16  /* at an office: a notice of the centre is about it */
};

/* What a person should decide or put right. */
enum { CONFLICTS_ANY = CONFLICTS_OPEN | CONFLICTS_SHARED };

/* What the table is to say of a record, but for what others decide:
 * CONFLICTS_SHARED and CONFLICTS_NOTICED; 0: nothing. The arena is given back.
 * RC_NOMEM, or what the source returned. */
enum rc conflicts_judge(const struct record *r, const struct view_source *src, struct arena *a,
			uint8_t *bits);

/* What the table says; 0 too when it has no such key. */
uint8_t conflicts_get(struct kv_txn *t, uint16_t kind, struct uuid id);

/* Lets the table say this; 0 takes the key out. */
enum rc conflicts_put(struct kv_txn *t, uint16_t kind, struct uuid id, uint8_t bits);

/* Sets or clears one bit. */
enum rc conflicts_mark(struct kv_txn *t, uint16_t kind, struct uuid id, uint8_t bit, bool on);

/* Where a walk stands, over transactions; zeroes to begin with. */
struct conflicts_place {
	uint16_t kind;
	struct uuid id;
};

/* Walks the table by kind, then id, behind a place. */
struct conflicts_walk {
	struct kv_txn *txn;
	const struct catalog *catalog;
	struct kv_cursor *cursor;
	struct bytes key, value; /* the next one; key.p NULL at the end */
	uint16_t kind;           /* of that kind only; 0: of all */
};

enum rc conflicts_walk_start(struct conflicts_walk *w, struct kv_txn *t, const struct catalog *c,
			     uint16_t kind, struct conflicts_place after);
/* The next record with any of these bits, into the arena; *bits are all that
 * it has. RC_NOTFOUND: that was all. */
enum rc conflicts_walk_next(struct conflicts_walk *w, uint8_t wanted, struct arena *a,
			    struct record *out, uint8_t *bits);
void conflicts_walk_end(struct conflicts_walk *w);

/* What of a record is in open conflict: nothing of one that is deleted. */
struct conflicts_list {
	const struct schema_field **fields; /* in the arena; of the kind */
	uint32_t count;
	bool life; /* deleted, but edited */
};
enum rc conflicts_of(const struct record *r, const struct view_source *src, struct arena *a,
		     struct conflicts_list *out);

/* Whether a sibling takes part in the field's open conflict: in a flow only
 * those furthest along do. */
bool conflicts_takes_part(const struct schema_field *f, const struct field_view *v, uint32_t i);

/*
 * Since when the record is in open conflict: the time from which two values
 * of one field both existed - the second earliest of them - or both a deletion
 * and an edit; of several the earliest. Times are the authors', clamped as for
 * `latest` (view.h). INT64_MAX: it is in none. The arena is given back.
 */
enum rc conflicts_since(const struct record *r, const struct view_source *src, struct arena *a,
			int64_t *out);

/*
 * The oldest open conflict, in slices of a second or so: the caller begins
 * with zeroes, and calls again in a new transaction until done. oldest_ms is
 * 0 when there is none.
 */
struct conflicts_oldest {
	struct conflicts_place place;
	int64_t oldest_ms;
	bool done;
};
enum rc conflicts_find_oldest(struct kv_txn *t, const struct catalog *c,
			      const struct view_source *src, struct arena *a, uint64_t slice_ms,
			      struct conflicts_oldest *out);

#endif

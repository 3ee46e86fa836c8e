/*
 * Changes that were put aside, and what the centre said of them.
 *
 * A change that may not stand is in quarantine: it stays in its entry, no
 * state has it, and only its author counts as having seen it. The centre may
 * *accept* it by an entry (a ruling; see ruling.h): from that entry on it is
 * part of its record, with the context that its author had. Or it *discards*
 * it, which changes nothing but what people see.
 *
 * Table quarantine: one row for each change that was put aside, whatever
 * became of it. Table accept: the accepted ones, by dot and record, because
 * that is how the merge asks (context.h).
 */
#ifndef KERWEN_QUARANTINE_H
#define KERWEN_QUARANTINE_H

#include "node/store/kv.h"
#include "sync/arena.h"
#include "sync/entry.h"

/* Why; numbers are stored. */
enum quarantine_reason {
	QUARANTINE_MALFORMED = 1, /* it does not decode, or exceeds a bound of the format */
	QUARANTINE_DENIED,        /* not its author's to write, or not in this scope */
	QUARANTINE_INVALID,       /* it breaks a rule of its kind or field */
	QUARANTINE_TWICE,         /* its entry changes the record already */
	QUARANTINE_CLOSED,        /* its feed was closed before it (closing.h) */
	QUARANTINE_OLD            /* its author had not applied the floor (floor.h) */
};

enum quarantine_state { QUARANTINE_WAITING, QUARANTINE_ACCEPTED, QUARANTINE_DISCARDED };

struct quarantine {
	struct dot dot;
	uint32_t place; /* in its entry */
	enum quarantine_reason why;
	enum quarantine_state state;
	struct dot ruling; /* the centre's entry; seq 0 while it waits */
};

/* In words, for people; and what is to be done about it. */
const char *quarantine_reason_text(enum quarantine_reason why);
const char *quarantine_state_text(enum quarantine_state state);

/* One row. RC_NOTFOUND: the change is not in quarantine and never was. */
enum rc quarantine_get(struct kv_txn *t, struct dot d, uint32_t place, struct quarantine *out);
enum rc quarantine_put(struct kv_txn *t, const struct quarantine *q);

/* The first row behind `after` (NULL: the first of all), by dot and place.
 * RC_NOTFOUND: that was all. */
enum rc quarantine_next(struct kv_txn *t, const struct quarantine *after, struct quarantine *out);

/* How many rows there are in a state. */
enum rc quarantine_count(struct kv_txn *t, enum quarantine_state state, uint64_t *out);

/* Notes that what entry d says of a record was accepted by a ruling. */
enum rc quarantine_put_accepted(struct kv_txn *t, struct dot d, uint16_t kind, struct uuid id,
				struct dot ruling);
/* RC_NOTFOUND: it was never put aside, or not accepted. */
enum rc quarantine_get_accepted(struct kv_txn *t, struct dot d, uint16_t kind, struct uuid id,
				struct dot *ruling);

/* Whether the change at a place of an entry is in force: it was never put
 * aside, or was accepted. */
enum rc quarantine_in_force(struct kv_txn *t, struct dot d, uint32_t place, bool *out);

/*
 * Whether who had a version (a form) of a record before them saw what entry d
 * says of it. Of an accepted change they saw nothing before it was accepted,
 * though a later seq of its feed may be in the version: so the version must
 * cover the ruling, too.
 */
struct quarantine_version {
	struct kv_txn *txn;
	uint16_t kind;
	struct uuid id;
	const struct vv *version;
};
enum rc quarantine_version_covers(const struct quarantine_version *v, struct dot d, bool *out);

#endif

/*
 * This office's own entries that stand on a branch which the centre does not
 * have: taken out of their feed and out of the records, kept with their bytes
 * until they are known to be elsewhere.
 *
 * An entry leaves the table when the centre turns out to have it, or when what
 * was issued in its place has a receipt. Nothing else deletes one.
 */
#ifndef KERWEN_SETASIDE_H
#define KERWEN_SETASIDE_H

#include "node/store/feeds.h"
#include "node/store/work.h"

struct setaside_entry {
	struct dot dot;
	bool is_issued;   /* another entry stands for it now */
	uint64_t changes; /* touches of this entry alone */
	uint64_t commit;
	uint8_t hash[HASH_LEN];
	struct bytes bytes; /* borrows from the transaction */
};

/*
 * Takes the entries of an own feed from seq `first` to its head out. All of
 * them are applied and none is cut. Flushes the work.
 */
enum rc setaside_take(struct work *w, uint64_t feed, uint64_t first);

/* The same for all that no cut covers of an incarnation, in the scopes that are
 * shared with the centre. */
enum rc setaside_take_uncut(struct work *w, uint32_t incarnation);

/* Takes what one entry says out of the records; it stays in its feed, to be
 * passed over (replaced.h). Flushes the work. */
enum rc setaside_withdraw_one(struct work *w, struct dot d);

/* Puts entries back behind the head of their feed, up to one that has this
 * hash, to be applied again. RC_NOTFOUND: they are not here. */
enum rc setaside_return(struct work *w, uint64_t feed, uint64_t upto, const uint8_t hash[HASH_LEN]);

/* The centre has this entry: it is not kept any more. *was: it was here. */
enum rc setaside_forget(struct work *w, struct dot d, const uint8_t hash[HASH_LEN], bool *was);

/* The first entry at or after d, in the order of feeds. RC_NOTFOUND. */
enum rc setaside_next(struct kv_txn *t, struct dot d, struct setaside_entry *out);

/* Notes that an entry was issued again, here or by the other one of two that run
 * this office; nothing when it is not here. */
enum rc setaside_mark_issued(struct work *w, struct dot d, const uint8_t hash[HASH_LEN]);

/* Forgets those whose stand-in has a receipt; not before all are issued: until
 * then the rows tell where the histories part. */
enum rc setaside_drop_confirmed(struct work *w);

/* Record changes that wait to be issued again, and the oldest time. */
enum rc setaside_count(struct kv_txn *t, struct arena *a, uint64_t *changes, int64_t *oldest_ms);

#endif

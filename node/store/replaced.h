/*
 * Entries that were issued again, and those that were issued again in vain.
 *
 * An entry names the one that it replaces by feed, seq and hash. Whoever
 * applies it first does not apply the other any more (if it ever comes); where
 * the other was cut before, or another stand-in for it, the new one is void: its
 * changes are passed over. Cuts come in one order everywhere, so that all agree.
 * What stands in for an entry and is issued again names that same entry.
 *
 *   replaced: dot -> 1, hash, the new dot     void: dot -> 2
 */
#ifndef KERWEN_REPLACED_H
#define KERWEN_REPLACED_H

#include "node/store/work.h"
#include "sync/entry.h"

/* Notes, before its changes are applied, what an entry replaces. *is_void: its
 * changes are to be passed over. */
enum rc replaced_note(struct work *w, const struct header *h, bool *is_void);

/* Whether the changes of an entry are to be passed over. */
enum rc replaced_skips(struct kv_txn *t, struct dot d, const uint8_t hash[HASH_LEN], bool *out);

/* The same for an entry that is held. */
enum rc replaced_skips_entry(struct kv_txn *t, struct dot d, bool *out);

/* The entry that stands for d now. RC_NOTFOUND: none does. */
enum rc replaced_by(struct kv_txn *t, struct dot d, struct dot *out);

/* `by` stands for old. */
enum rc replaced_stand(struct work *w, const struct cut *old, struct dot by);

/* Entry d, with this header, leaves its feed: it stands for nothing any more,
 * and another one may come in its place. */
enum rc replaced_withdraw(struct work *w, struct dot d, const struct header *h);

/* The one that stood for d is void from now on; d counts. */
enum rc replaced_revoke(struct work *w, struct dot d, struct dot by);

/* An entry that was applied: whether what it replaces is known as such, or itself
 * as void; and putting that right, by the order of the cuts. */
enum rc replaced_is_noted(struct kv_txn *t, const struct header *h, bool *out);
enum rc replaced_note_again(struct kv_txn *t, const struct header *h);

/* Whether a header may replace what it says: a feed of the same office and
 * scope, but another one. */
bool replaced_is_form(const struct header *h);

#endif

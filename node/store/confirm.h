/*
 * What offices have confirmed: how far an office had applied the centre's feed
 * of a scope is known to the centre by `seen_centre` of the office's own
 * entries. An office that writes nothing is asked (head of the centre's Hello),
 * and writes an empty entry.
 *
 * meta "confirm SCOPE" at the centre: be64, the seq that it asks for.
 */
#ifndef KERWEN_CONFIRM_H
#define KERWEN_CONFIRM_H

#include "node/store/work.h"

enum { CONFIRM_MAX = 4 };

/* What an office was asked for: seqs of the centre's feeds. */
struct confirm {
	struct dot items[CONFIRM_MAX];
	uint32_t count;
};

/* The seq of the centre's feed that an office's applied entries in a scope
 * confirm; 0: none. */
enum rc confirm_seen(struct kv_txn *t, uint16_t office, uint16_t scope, uint64_t *out);

/* The centre: what it asks for in a scope; 0: nothing. */
enum rc confirm_asked(struct kv_txn *t, uint16_t scope, uint64_t *out);
enum rc confirm_ask(struct kv_txn *t, uint16_t scope, uint64_t seq);

/* Whether this office owes an entry for what it was asked, and can write it. */
enum rc confirm_owes(struct store *s, struct kv_txn *t, const struct confirm *c, bool *out);

/* Writes an empty entry in each scope where it owes one. */
enum rc confirm_write(struct work *w, const struct confirm *c);

#endif

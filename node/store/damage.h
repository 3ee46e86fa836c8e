/*
 * Entries that are not what their authors wrote any more: bytes changed on the
 * disk, or gone. `verify` finds and notes them (meta, "damaged", feed, seq), and
 * the next exchange asks for them (heal.h).
 *
 * Where a note stands, the entry, or its seal or the genesis of its feed (seq 0),
 * is damaged. Notes decide nothing else: what is sent is proved as it goes out,
 * and what comes in before it takes the place of anything.
 */
#ifndef KERWEN_DAMAGE_H
#define KERWEN_DAMAGE_H

#include "node/store/kv.h"
#include "sync/vv.h"

enum damage_what { DAMAGE_ENTRY = 1, DAMAGE_SEAL = 2, DAMAGE_GENESIS = 3 };

/* What people read of it: "does not match its hash". */
const char *damage_text(enum damage_what what);

enum rc damage_note(struct kv_txn *t, struct dot d, enum damage_what what);
enum rc damage_clear(struct kv_txn *t, struct dot d);

/* The first note at or after d. RC_NOTFOUND: there is none. */
enum rc damage_next(struct kv_txn *t, struct dot d, struct dot *out, enum damage_what *what);

/* How many notes there are. Walks them. */
enum rc damage_count(struct kv_txn *t, uint64_t *out);

#endif

/*
 * Becoming an office: from an invitation to a data directory that can work at
 * once, offline, and the token for its first contact.
 */
#ifndef KERWEN_JOIN_H
#define KERWEN_JOIN_H

#include "node/base/config.h"
#include "node/base/path.h"
#include "node/store/store.h"
#include "proto/invitation_codec.h"

/* Makes the data directory of a new office: all of it, or nothing is left.
 * Codes as datadir_begin and join_take. */
enum rc join_office(const char *dir, uint64_t max_bytes, const struct invitation *i,
		    const struct store_world *world, struct path_problem *why);

/*
 * Takes what the invitation carries into the store of its office - the
 * national feed as far as it is new, and the token - and keeps everything
 * else. Nothing is changed after a failure.
 * RC_SYSTEM: of another system; RC_DENIED: for another office, or this is a
 * centre; RC_BADSIG: another centre's key; RC_CORRUPT, RC_FORK: its entries do
 * not verify or fit; else as work_commit. why tells the user.
 */
enum rc join_take(struct store *s, const struct invitation *i, struct path_problem *why);

/*
 * Whether a key must not be used any more, by what the nation says: the office
 * got another one, or lost it (`office rekey`).
 */
enum rc join_key_is_void(struct store *s, const uint8_t key[KEY_LEN], bool *out);

/*
 * Gives this office another key. What the old one wrote and the centre has not
 * confirmed is issued again under the new one, at the next sync (rejoin.h).
 */
enum rc join_put_key(struct store *s, const uint8_t key[KEY_LEN]);

/* Puts the addresses of an invitation before those that the config has.
 * They are borrowed; memory for their NULs comes from a. RC_NOMEM. */
enum rc join_addresses(const struct invitation *i, struct arena *a, struct config *config);

/* The token for the first contact. RC_NOTFOUND: it was used. */
enum rc join_get_token(struct kv_txn *t, uint8_t token[TOKEN_LEN]);

/* Forgets it, once the centre knows the key. */
enum rc join_drop_token(struct kv_txn *t);

#endif

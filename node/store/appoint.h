/*
 * Who the centre's key is, when that changes: an appointment, signed by the
 * system's recovery key, which every invitation names.
 *
 *   centre   appoint_make: a key is lost or stolen; the directory is whole, or
 *            was restored. Writes a file for the offices.
 *   office   appoint_take: trusts the new key from now on, and no other
 *
 * Appointments are numbered from 1, and each names the key before it, so that
 * they are a chain. Meta "recovery" has the recovery key, "appointments" all of
 * them: what a former key has sealed and is held stays good.
 */
#ifndef KERWEN_APPOINT_H
#define KERWEN_APPOINT_H

#include "node/base/crypto.h"
#include "node/base/path.h"
#include "node/store/store.h"

#define APPOINT_HEAD "kerwen-appointment-1\n"

enum {
	APPOINT_LEN = 4 + 2 * KEY_LEN + SIG_LEN,
	APPOINT_MAX = 64, /* of a system */
	APPOINT_FILE_MAX = sizeof(APPOINT_HEAD) - 1 + SYSTEM_LEN + APPOINT_MAX * APPOINT_LEN
};

/* The recovery key that this node goes by. RC_NOTFOUND: the system has none. */
enum rc appoint_get_recovery(struct kv_txn *t, uint8_t key[KEY_LEN]);
/* Keeps it; another one than is kept already changes nothing. */
enum rc appoint_pin(struct kv_txn *t, const uint8_t key[KEY_LEN]);

/* All appointments, one after the other; borrows from the transaction. */
struct bytes appoint_list(struct kv_txn *t);

/* Whether a key was the centre's before the present one. */
bool appoint_is_former(struct kv_txn *t, const uint8_t key[KEY_LEN]);

/* Whether a seal over a text is that of any key that the centre has had. */
bool appoint_has_sealed(const struct store *s, struct kv_txn *t, struct bytes text,
			const uint8_t seal[SIG_LEN]);

/*
 * The centre: makes `key` its own, and writes what offices need into the file.
 * RC_DENIED: this is no centre; RC_BADSIG: it is not this system's recovery key;
 * RC_NOTFOUND: the system has none; RC_LIMIT: too often; else as commit_end.
 * why tells the user.
 */
enum rc appoint_make(struct store *s, const struct crypto_key *recovery, const uint8_t key[KEY_LEN],
		     struct bytes author, uint8_t file[APPOINT_FILE_MAX], size_t *len,
		     struct path_problem *why);

/*
 * An office: follows the chain from the key that it knows. *taken: it knew an
 * earlier one. RC_INVALID: not such a file; RC_SYSTEM: of another system;
 * RC_BADSIG: somebody else signed it; RC_NOTFOUND: the system has no recovery
 * key; RC_GAP: it does not begin with a key that was ever the centre's here.
 */
enum rc appoint_take(struct store *s, struct bytes file, bool *taken, struct path_problem *why);

/* The same of a list, in a writing transaction. Codes as appoint_take. */
enum rc appoint_follow(struct store *s, struct kv_txn *t, struct bytes list, bool *taken);

/* Keeps the list of an invitation: how the centre came to the key that this office
 * knows. RC_BADSIG: it did not. */
enum rc appoint_know(struct store *s, struct kv_txn *t, struct bytes list);

#endif

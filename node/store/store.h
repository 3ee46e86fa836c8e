/*
 * The store: one data directory, open.
 *
 * Start here. A `struct store` belongs to one thread; threads of one process
 * share the database below it (store_share). Everything is read and written
 * in transactions:
 *
 *   read   store_begin(s, false, &t) ... store_end(s, t)
 *   write  work_begin (work.h) - the one door - used by commit.h for what
 *          people write here, and by receive.h for what peers send
 *
 * What a store remembers between transactions (catalog.h: schema, offices) is
 * checked at the beginning of each against the national feed, and read anew
 * when that moved, whichever process moved it.
 */
#ifndef KERWEN_STORE_H
#define KERWEN_STORE_H

#include "node/store/catalog.h"
#include "node/store/kv.h"
#include "node/store/life.h"
#include "sync/arena.h"
#include "sync/crypto.h"

enum { STORE_FORMAT = 4 };

#define STORE_DIR "db" /* of the data directory */

/* Who this node is; written once, when the directory is made. */
struct store_info {
	bool is_centre;
	uint16_t number;      /* office number; 0 is the centre */
	uint32_t incarnation; /* this life of the directory */
	uint32_t centre_incarnation;
	char name[LIMIT_NAME_BYTES_MAX + 1];
	char system_name[LIMIT_NAME_BYTES_MAX + 1];
	uint8_t system[SYSTEM_LEN];
	uint8_t key[KEY_LEN];        /* own public key */
	uint8_t centre_key[KEY_LEN]; /* the centre's, pinned by the invitation */
};

/* What the store needs of the world outside; a simulator gives its own. */
struct store_world {
	const struct crypto *crypto;
	void (*random)(void *out, size_t len);
	int64_t (*now_ms)(void); /* wall clock, since 1970 UTC */
};

struct store {
	struct kv *kv; /* shared between the stores of a process */
	bool owns_kv;
	const struct store_world *world; /* borrowed */
	const struct crypto *crypto;     /* the world's */
	struct store_info info;          /* incarnation: the one that is written to */
	struct life_state life;          /* as of the transaction */
	int state_fd;                    /* the directory of the lease; -1: none is kept */
	struct catalog *catalog;         /* valid inside a transaction */
	struct epoch_past *past;         /* earlier ones, see epoch.h; NULL: none yet */
	struct arena arena;              /* of the transaction; reset when one begins */
	struct arena scratch;            /* of one change: small, so that it stays in the cache */
	struct kv_txn *txn;              /* the one under way, or NULL */
};

/*
 * Opens DIR/db of an initialised directory. Gives a store.
 * RC_NOTFOUND: no database; RC_VERSION: another format; else as kv_open.
 */
enum rc store_open(const char *dir, uint64_t max_bytes, const struct store_world *world,
		   struct store **out);

/* Makes DIR/db for a new node and opens it. RC_EXISTS: there is one. */
enum rc store_create(const char *dir, uint64_t max_bytes, const struct store_world *world,
		     const struct store_info *info, struct store **out);

/* Keeps the lease (lease.h) in another directory than DIR: before anything is
 * written and before the store is shared. NULL: keeps none, and a database that
 * is put back is not known as such. RC_NOTFOUND, RC_DENIED, RC_IO. */
enum rc store_keep_lease_in(struct store *s, const char *dir);

/* Another store on the same database, for another thread; close it first. */
enum rc store_share(const struct store *s, struct store **out);

void store_close(struct store *s); /* NULL is fine */

/* Begins a transaction: arena empty, catalog fresh. One at a time. */
enum rc store_begin(struct store *s, bool write, struct kv_txn **out);

/* Ends a reading transaction, or gives up a writing one. */
void store_end(struct store *s, struct kv_txn *t);

/* Makes a writing one durable; as kv_commit. */
enum rc store_commit(struct store *s, struct kv_txn *t);

/* Reads the catalog again inside a writing transaction that changed it. */
enum rc store_refresh(struct store *s);

/* Inside a writing transaction: this node has another key from its commit on.
 * Other stores on the database must be opened anew. */
enum rc store_put_key(struct store *s, const uint8_t key[KEY_LEN]);
/* An office: the centre has another key. */
enum rc store_put_centre_key(struct store *s, const uint8_t key[KEY_LEN]);

/* This node's feed in a scope, and the centre's. */
uint64_t store_own_feed(const struct store *s, uint16_t scope);
uint64_t store_centre_feed(const struct store *s, uint16_t scope);

#endif

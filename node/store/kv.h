/*
 * The key-value store below everything: ordered tables, one writer at a time,
 * many readers, transactions that are durable when kv_commit returns.
 *
 * There are two implementations of this interface, chosen when linking: LMDB
 * (kv_lmdb.c), and a simulated disk in tests/sim. Keys are 1 to
 * LIMIT_KEY_BYTES_MAX bytes, ordered like memcmp.
 *
 * Bytes that a look-up gives borrow from the store: they are valid until the
 * transaction ends or, in a writing one, until the next put or del.
 * A transaction and its cursors belong to the thread that began it.
 */
#ifndef KERWEN_KV_H
#define KERWEN_KV_H

#include "sync/bytes.h"

enum kv_table {
	KV_META,       /* by words: see node/README.md */
	KV_FEED,       /* feeds.h */
	KV_ENTRY,      /* feeds.h */
	KV_SEAL,       /* feeds.h */
	KV_CUT,        /* feeds.h */
	KV_RECORD,     /* records.h */
	KV_DOT,        /* records.h */
	KV_UNIQUE,     /* unique.h */
	KV_CONFLICT,   /* records.h */
	KV_QUARANTINE, /* quarantine.h */
	KV_FIGURE,     /* cells.h */
	KV_FILE,       /* imported files */
	KV_PEER,       /* peers.h */
	KV_ASIDE,      /* setaside.h */
	KV_REPLACED,   /* replaced.h */
	KV_ACCEPT,     /* quarantine.h */
	KV_PROOF,      /* equivocation.h */
	KV_BRANCH,     /* line.h */
	KV_TABLES
};

/* What a table is called, in the database and in backups. */
const char *kv_table_name(enum kv_table table);

/* The table of that name; KV_TABLES: there is none. */
enum kv_table kv_table_by_name(struct bytes name);

struct kv;
struct kv_txn;
struct kv_cursor;

/*
 * Opens the directory's database; makes it when create is set. max_bytes: the
 * size that is reserved once. Gives a kv; kv_close frees it.
 * RC_NOTFOUND: there is none; RC_BUSY: another process keeps it exclusively;
 * RC_DENIED: not readable by this user; RC_CORRUPT, RC_VERSION, RC_FULL, RC_IO.
 */
enum rc kv_open(const char *dir, uint64_t max_bytes, bool create, struct kv **out);
void kv_close(struct kv *kv);

/* Begins; a writing transaction waits for the one writer before it. */
enum rc kv_begin(struct kv *kv, bool write, struct kv_txn **out);

/*
 * Makes it durable and ends it, whatever the result. RC_FULL and RC_IO:
 * refused, nothing happened. RC_UNKNOWN: the outcome is not known and the kv
 * can only be closed: reopen and compare.
 */
enum rc kv_commit(struct kv_txn *t);
void kv_abort(struct kv_txn *t); /* NULL is fine */

/* The number of the last committed transaction that t builds on. */
uint64_t kv_txn_id(const struct kv_txn *t);

/* RC_NOTFOUND, or the value. */
enum rc kv_get(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes *value);
/* Puts or replaces. RC_FULL: the transaction can only be aborted. */
enum rc kv_put(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value);
/* As kv_put, in a table whose last key is below this one: faster. */
enum rc kv_append(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value);
/* Deletes; fine when there is none. */
enum rc kv_del(struct kv_txn *t, enum kv_table table, struct bytes key);

/* How many keys a table has. */
uint64_t kv_count(struct kv_txn *t, enum kv_table table);

/* What is left: of the reserved size, and of the disk (disk.h). A disk that
 * does not tell has room. */
struct kv_room {
	uint64_t used_bytes, max_bytes;
	uint64_t disk_free_bytes, disk_reserve_bytes;
};
void kv_room(struct kv_txn *t, struct kv_room *out);

/* A cursor; NULL when out of memory. End it before its transaction. */
struct kv_cursor *kv_cursor_open(struct kv_txn *t, enum kv_table table);
void kv_cursor_close(struct kv_cursor *c);

/* Moves to the first key >= key (seek), the last key <= key (seek_back), or
 * one on. RC_NOTFOUND: there is none. */
enum rc kv_cursor_seek(struct kv_cursor *c, struct bytes key, struct bytes *k, struct bytes *v);
enum rc kv_cursor_seek_back(struct kv_cursor *c, struct bytes key, struct bytes *k,
			    struct bytes *v);
enum rc kv_cursor_next(struct kv_cursor *c, struct bytes *k, struct bytes *v);

#endif

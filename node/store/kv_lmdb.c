/* kv.h on LMDB: durable by default, no DUPSORT, one map of a fixed size. */
#include "node/store/kv.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/base/disk.h"

enum { READERS_MAX = 256, PAGES_SHORT_MAX = 16, WRITES_PER_CHECK = 64 };

struct kv {
	MDB_env *env;
	MDB_dbi tables[KV_TABLES];
	uint64_t max_bytes;
	unsigned writes; /* begun; of the one writer */
};

/*
 * Each table has a cursor at hand, which stays where it was used last: keys that
 * follow one another are found on its page, without a way down the tree. It is
 * lent to whoever opens a cursor.
 */
struct kv_txn {
	struct kv *kv;
	MDB_txn *txn;
	MDB_cursor *at_hand[KV_TABLES];
	unsigned deletions[KV_TABLES]; /* counted: a cursor does not outlive one */
	bool write;
};

struct kv_cursor {
	struct kv_txn *txn; /* borrowed */
	enum kv_table table;
	unsigned deletions; /* of the table when it was lent */
	MDB_cursor *cursor;
};

/* The one place where LMDB's errors become ours. */
static enum rc rc_of(int err)
{
	switch (err) {
	case MDB_SUCCESS:
		return RC_OK;
	case MDB_NOTFOUND:
		return RC_NOTFOUND;
	case MDB_KEYEXIST:
		return RC_EXISTS;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
		return RC_FULL;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return RC_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return RC_VERSION;
	case MDB_PANIC:
		return RC_UNKNOWN;
	case MDB_READERS_FULL:
	case EAGAIN:
	case EBUSY:
		return RC_BUSY;
	case ENOENT:
		return RC_NOTFOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return RC_DENIED;
	case ENOMEM:
		return RC_NOMEM;
	case MDB_BAD_VALSIZE:
		return RC_LIMIT;
	}
	return RC_IO;
}

/* The same for what writes: a short write on a full disk is EIO to LMDB. */
static enum rc rc_of_write(const struct kv *kv, int err)
{
	const char *path = NULL;
	enum rc rc = rc_of(err);

	return rc == RC_IO && mdb_env_get_path(kv->env, &path) == 0 ? disk_judge(path, rc) : rc;
}

static MDB_val val_of(struct bytes b)
{
	/* LMDB does not write through what it is given. */
	MDB_val v = { .mv_size = b.len, .mv_data = (void *)(uintptr_t)b.p };
	return v;
}

static struct bytes bytes_of_val(MDB_val v)
{
	return bytes_at(v.mv_data, v.mv_size);
}

static enum rc open_tables(struct kv *kv, bool create)
{
	MDB_txn *txn = NULL;
	int err = mdb_txn_begin(kv->env, NULL, create ? 0 : MDB_RDONLY, &txn);
	unsigned i;

	for (i = 0; i < KV_TABLES && err == 0; i++) {
		err = mdb_dbi_open(txn, kv_table_name((enum kv_table)i), create ? MDB_CREATE : 0,
				   &kv->tables[i]);
	}
	if (err != 0) {
		mdb_txn_abort(txn);
		return err == MDB_NOTFOUND ? RC_CORRUPT : rc_of_write(kv, err);
	}
	return rc_of_write(kv, mdb_txn_commit(txn));
}

/* LMDB makes a missing file, and takes an empty one for a new one: neither
 * may happen to whoever only opens. */
static enum rc check_file(const char *dir)
{
	struct stat file;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/data.mdb", dir);

	if (len < 0 || (size_t)len >= sizeof(path)) {
		return RC_LIMIT;
	}
	if (stat(path, &file) != 0) {
		return rc_of(errno);
	}
	return S_ISREG(file.st_mode) && file.st_size > 0 ? RC_OK : RC_CORRUPT;
}

/*
 * A file that was cut off: reading a page behind its end would be the death
 * of the process (SIGBUS). Pages that a transaction took at the end and gave
 * back are never written, so that a file may be a little short.
 */
static enum rc check_size(MDB_env *env, const char *dir)
{
	MDB_envinfo info;
	MDB_stat pages;
	struct stat file;
	char path[PATH_MAX];
	uint64_t pages_there = 0, pages_known = 0, may_miss = 0;
	int len = snprintf(path, sizeof(path), "%s/data.mdb", dir);

	if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &file) != 0 ||
	    mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &pages) != 0) {
		return RC_IO;
	}
	pages_there = (uint64_t)file.st_size / pages.ms_psize;
	pages_known = (uint64_t)info.me_last_pgno + 1;
	may_miss = pages_known / 4 > PAGES_SHORT_MAX ? pages_known / 4 : PAGES_SHORT_MAX;
	return pages_there + may_miss < pages_known ? RC_CORRUPT : RC_OK;
}

/* Readers that were killed keep old pages from being used again: the file of a
 * daemon that runs for years would grow and grow. */
static void forget_dead_readers(struct kv *kv)
{
	int dead = 0;

	(void)mdb_reader_check(kv->env, &dead);
}

enum rc kv_open(const char *dir, uint64_t max_bytes, bool create, struct kv **out)
{
	struct kv *kv = calloc(1, sizeof(*kv));
	enum rc rc = RC_NOMEM;

	*out = NULL;
	if (kv == NULL) {
		return RC_NOMEM;
	}
	kv->max_bytes = max_bytes;
	rc = create ? RC_OK : check_file(dir);
	if (rc == RC_OK) {
		rc = rc_of(mdb_env_create(&kv->env));
	}
	if (rc == RC_OK) {
		rc = rc_of(mdb_env_set_mapsize(kv->env, (size_t)max_bytes));
	}
	if (rc == RC_OK) {
		rc = rc_of(mdb_env_set_maxdbs(kv->env, KV_TABLES));
	}
	if (rc == RC_OK) {
		rc = rc_of(mdb_env_set_maxreaders(kv->env, READERS_MAX));
	}
	if (rc == RC_OK) {
		rc = rc_of(mdb_env_open(kv->env, dir, MDB_NOTLS, 0600));
	}
	if (rc == RC_OK && !create) {
		rc = check_size(kv->env, dir);
	}
	if (rc == RC_OK) {
		forget_dead_readers(kv);
		rc = open_tables(kv, create);
	}
	if (rc != RC_OK) {
		kv_close(kv);
		return rc;
	}
	*out = kv;
	return RC_OK;
}

void kv_close(struct kv *kv)
{
	if (kv != NULL) {
		if (kv->env != NULL) {
			mdb_env_close(kv->env);
		}
		free(kv);
	}
}

enum rc kv_begin(struct kv *kv, bool write, struct kv_txn **out)
{
	struct kv_txn *t = calloc(1, sizeof(*t));
	int err = 0;

	*out = NULL;
	if (t == NULL) {
		return RC_NOMEM;
	}
	t->kv = kv;
	t->write = write;
	err = mdb_txn_begin(kv->env, NULL, write ? 0 : MDB_RDONLY, &t->txn);
	if (err != 0) {
		free(t);
		return rc_of(err);
	}
	if (write && kv->writes++ % WRITES_PER_CHECK == 0) {
		forget_dead_readers(kv);
	}
	*out = t;
	return RC_OK;
}

/* The cursor at hand of a table; made when it is first asked for. */
static int find_cursor(struct kv_txn *t, enum kv_table table, MDB_cursor **out)
{
	int err = 0;

	if (t->at_hand[table] == NULL) {
		err = mdb_cursor_open(t->txn, t->kv->tables[table], &t->at_hand[table]);
	}
	*out = t->at_hand[table];
	return err;
}

static void drop_cursor(struct kv_txn *t, enum kv_table table)
{
	if (t->at_hand[table] != NULL) {
		mdb_cursor_close(t->at_hand[table]);
		t->at_hand[table] = NULL;
	}
}

static void drop_cursors(struct kv_txn *t)
{
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		drop_cursor(t, (enum kv_table)i);
	}
}

/* A failure while writing pages is a refusal; one after the meta page was
 * touched turns into MDB_PANIC, which says that nobody knows. */
enum rc kv_commit(struct kv_txn *t)
{
	enum rc rc = RC_OK;

	drop_cursors(t);
	rc = rc_of_write(t->kv, mdb_txn_commit(t->txn));
	free(t);
	return rc;
}

void kv_abort(struct kv_txn *t)
{
	if (t != NULL) {
		drop_cursors(t);
		mdb_txn_abort(t->txn);
		free(t);
	}
}

uint64_t kv_txn_id(const struct kv_txn *t)
{
	uint64_t id = mdb_txn_id(t->txn);

	return t->write ? id - 1 : id;
}

enum rc kv_get(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes *value)
{
	MDB_val k = val_of(key), v = { 0, NULL };
	MDB_cursor *c = NULL;
	int err = find_cursor(t, table, &c);

	if (err == 0) {
		err = mdb_cursor_get(c, &k, &v, MDB_SET_KEY);
	}
	*value = bytes_of_val(v);
	return rc_of(err);
}

static enum rc put(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value,
		   unsigned flags)
{
	MDB_val k = val_of(key), v = val_of(value);
	MDB_cursor *c = NULL;
	int err = find_cursor(t, table, &c);

	assert(t->write);
	if (err == 0) {
		err = mdb_cursor_put(c, &k, &v, flags);
	}
	return rc_of_write(t->kv, err);
}

enum rc kv_put(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value)
{
	return put(t, table, key, value, 0);
}

enum rc kv_append(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value)
{
	enum rc rc = put(t, table, key, value, MDB_APPEND);

	return rc == RC_EXISTS ? put(t, table, key, value, 0) : rc;
}

enum rc kv_del(struct kv_txn *t, enum kv_table table, struct bytes key)
{
	MDB_val k = val_of(key);
	int err = 0;

	drop_cursor(t, table); /* its page may go */
	t->deletions[table]++;
	err = mdb_del(t->txn, t->kv->tables[table], &k, NULL);

	return err == MDB_NOTFOUND ? RC_OK : rc_of_write(t->kv, err);
}

uint64_t kv_count(struct kv_txn *t, enum kv_table table)
{
	MDB_stat stat;

	if (mdb_stat(t->txn, t->kv->tables[table], &stat) != 0) {
		return 0;
	}
	return stat.ms_entries;
}

/* Pages within the file that are free: LMDB lists them in its table 0, a
 * transaction's in a row, behind their number. Which ones a reader or the writer
 * still holds does not matter here. */
static uint64_t count_free_pages(MDB_env *env)
{
	MDB_txn *txn = NULL;
	MDB_cursor *c = NULL;
	MDB_val k, v;
	uint64_t pages = 0;
	size_t n = 0;

	if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0) {
		return 0;
	}
	if (mdb_cursor_open(txn, 0, &c) == 0) {
		while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0 && v.mv_size >= sizeof(n)) {
			memcpy(&n, v.mv_data, sizeof(n));
			pages += n;
		}
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	return pages;
}

void kv_room(struct kv_txn *t, struct kv_room *out)
{
	const char *path = NULL;
	struct disk disk;
	MDB_envinfo info;
	MDB_stat stat;

	*out = (struct kv_room){ .max_bytes = t->kv->max_bytes, .disk_free_bytes = UINT64_MAX };
	if (mdb_env_info(t->kv->env, &info) == 0 && mdb_env_stat(t->kv->env, &stat) == 0) {
		out->used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
		/* Worth counting only where it may matter. */
		if (out->used_bytes > out->max_bytes / 2) {
			out->used_bytes -= count_free_pages(t->kv->env) * stat.ms_psize;
		}
	}
	if (mdb_env_get_path(t->kv->env, &path) == 0 && disk_get(path, &disk) == RC_OK) {
		out->disk_free_bytes = disk.free_bytes;
		out->disk_reserve_bytes = disk.reserve_bytes;
	}
}

struct kv_cursor *kv_cursor_open(struct kv_txn *t, enum kv_table table)
{
	struct kv_cursor *c = calloc(1, sizeof(*c));

	if (c == NULL || find_cursor(t, table, &c->cursor) != 0) {
		free(c);
		return NULL;
	}
	c->txn = t;
	c->table = table;
	c->deletions = t->deletions[table];
	t->at_hand[table] = NULL;
	return c;
}

void kv_cursor_close(struct kv_cursor *c)
{
	if (c != NULL) {
		drop_cursor(c->txn, c->table);
		if (c->deletions == c->txn->deletions[c->table]) {
			c->txn->at_hand[c->table] = c->cursor;
		} else {
			mdb_cursor_close(c->cursor);
		}
		free(c);
	}
}

static enum rc move(struct kv_cursor *c, MDB_cursor_op op, struct bytes key, struct bytes *k,
		    struct bytes *v)
{
	MDB_val mk = val_of(key), mv = { 0, NULL };
	int err = mdb_cursor_get(c->cursor, &mk, &mv, op);

	*k = bytes_of_val(mk);
	*v = bytes_of_val(mv);
	return rc_of(err);
}

enum rc kv_cursor_seek(struct kv_cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	return move(c, key.len == 0 ? MDB_FIRST : MDB_SET_RANGE, key, k, v);
}

enum rc kv_cursor_seek_back(struct kv_cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	enum rc rc = move(c, MDB_SET_RANGE, key, k, v);

	if (rc == RC_OK && bytes_equal(*k, key)) {
		return RC_OK;
	}
	return rc == RC_OK       ? move(c, MDB_PREV, key, k, v) :
	       rc == RC_NOTFOUND ? move(c, MDB_LAST, key, k, v) :
				   rc;
}

enum rc kv_cursor_next(struct kv_cursor *c, struct bytes *k, struct bytes *v)
{
	return move(c, MDB_NEXT, bytes_at(NULL, 0), k, v);
}

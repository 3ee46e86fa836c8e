/* kv.h in memory, on persistent trees. */
#include "kv_sim.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ptree.h"
#include "sync/limits.h"

enum { SPOILT = 0xdb };

/* What is committed. Copies of it are holds on the same trees. */
struct content {
	struct ptree tables[KV_TABLES];
	uint64_t txn_id;
};

struct disk {
	struct disk *next;
	char *dir;
	struct content content;  /* under `lock` */
	pthread_mutex_t writing; /* held by the one writer */
	uint32_t opened;
};

struct kv {
	struct disk *disk;
	uint64_t max_bytes;
};

/* Bytes that a writing transaction gave out. */
struct loan {
	struct loan *next;
	size_t len;
	uint8_t bytes[];
};

struct kv_txn {
	struct kv *kv;
	struct content content;
	struct loan *loans;
	bool write, dirty;
};

enum cursor_at { CURSOR_START, CURSOR_KEY, CURSOR_END };

struct kv_cursor {
	struct kv_txn *txn;
	enum kv_table table;
	enum cursor_at at;
	uint8_t key[LIMIT_KEY_BYTES_MAX];
	size_t key_len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static struct disk *disks;
static struct kv_sim_calls calls;

static void count(uint64_t *what)
{
	(void)__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static uint64_t writes, fails_at;

void kv_sim_fail_at(uint64_t n)
{
	writes = 0;
	fails_at = n;
}

uint64_t kv_sim_writes(void)
{
	return writes;
}

/* Whether the disk stops at this write, or did. */
static bool fails(void)
{
	writes++;
	return fails_at > 0 && writes >= fails_at;
}

struct kv_sim_calls kv_sim_calls(void)
{
	return calls;
}

/* --- disks -------------------------------------------------------------------- */

static struct content hold_content(const struct content *c)
{
	struct content out = { .txn_id = c->txn_id };
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		out.tables[i] = ptree_hold(&c->tables[i]);
	}
	return out;
}

static void drop_content(struct content *c)
{
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		ptree_drop(&c->tables[i]);
	}
}

static struct disk **find_disk(const char *dir)
{
	struct disk **d = &disks;

	while (*d != NULL && strcmp((*d)->dir, dir) != 0) {
		d = &(*d)->next;
	}
	return d;
}

static struct disk *make_disk(const char *dir)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (d == NULL || (d->dir = strdup(dir)) == NULL) {
		abort();
	}
	(void)pthread_mutex_init(&d->writing, NULL);
	d->next = disks;
	disks = d;
	return d;
}

void kv_sim_forget(const char *dir)
{
	struct disk **place = NULL, *d = NULL;

	(void)pthread_mutex_lock(&lock);
	place = find_disk(dir);
	d = *place;
	if (d != NULL) {
		assert(d->opened == 0);
		*place = d->next;
		drop_content(&d->content);
		(void)pthread_mutex_destroy(&d->writing);
		free(d->dir);
		free(d);
	}
	(void)pthread_mutex_unlock(&lock);
}

void kv_sim_clone(const char *from, const char *to)
{
	struct disk *source = NULL, *target = NULL;

	(void)pthread_mutex_lock(&lock);
	source = *find_disk(from);
	target = *find_disk(to);
	assert(source != NULL && source != target);
	if (target == NULL) {
		target = make_disk(to);
	}
	drop_content(&target->content);
	target->content = hold_content(&source->content);
	(void)pthread_mutex_unlock(&lock);
}

enum rc kv_open(const char *dir, uint64_t max_bytes, bool create, struct kv **out)
{
	struct kv *kv = calloc(1, sizeof(*kv));
	enum rc rc = kv == NULL ? RC_NOMEM : RC_OK;

	*out = NULL;
	(void)pthread_mutex_lock(&lock);
	if (rc == RC_OK) {
		kv->max_bytes = max_bytes;
		kv->disk = *find_disk(dir);
		if (kv->disk == NULL && create) {
			kv->disk = make_disk(dir);
		}
		rc = kv->disk == NULL ? RC_NOTFOUND : RC_OK;
	}
	if (rc == RC_OK) {
		kv->disk->opened++;
		*out = kv;
	} else {
		free(kv);
	}
	(void)pthread_mutex_unlock(&lock);
	return rc;
}

void kv_close(struct kv *kv)
{
	if (kv != NULL) {
		(void)pthread_mutex_lock(&lock);
		kv->disk->opened--;
		(void)pthread_mutex_unlock(&lock);
		free(kv);
	}
}

/* --- transactions --------------------------------------------------------------- */

enum rc kv_begin(struct kv *kv, bool write, struct kv_txn **out)
{
	struct kv_txn *t = calloc(1, sizeof(*t));

	*out = t;
	if (t == NULL) {
		return RC_NOMEM;
	}
	t->kv = kv;
	t->write = write;
	if (write) {
		(void)pthread_mutex_lock(&kv->disk->writing);
	}
	(void)pthread_mutex_lock(&lock);
	t->content = hold_content(&kv->disk->content);
	(void)pthread_mutex_unlock(&lock);
	return RC_OK;
}

/* What was lent is not to be looked at any more, and to be seen if it is. */
static void spoil_loans(struct kv_txn *t)
{
	while (t->loans != NULL) {
		struct loan *loan = t->loans;

		t->loans = loan->next;
		memset(loan->bytes, SPOILT, loan->len);
		free(loan);
	}
}

static void end(struct kv_txn *t)
{
	spoil_loans(t);
	drop_content(&t->content);
	if (t->write) {
		(void)pthread_mutex_unlock(&t->kv->disk->writing);
	}
	free(t);
}

enum rc kv_commit(struct kv_txn *t)
{
	if (fails()) {
		kv_abort(t);
		return RC_IO;
	}
	if (t->dirty) {
		struct content before;

		t->content.txn_id++;
		(void)pthread_mutex_lock(&lock);
		before = t->kv->disk->content;
		t->kv->disk->content = t->content;
		(void)pthread_mutex_unlock(&lock);
		t->content = before;
	}
	end(t);
	return RC_OK;
}

void kv_abort(struct kv_txn *t)
{
	if (t != NULL) {
		end(t);
	}
}

uint64_t kv_txn_id(const struct kv_txn *t)
{
	return t->content.txn_id;
}

/* --- keys ----------------------------------------------------------------------- */

static bool is_key(struct bytes key)
{
	return key.len > 0 && key.len <= LIMIT_KEY_BYTES_MAX;
}

/* Readers may keep what they see until they end; writers get a loan. */
static enum rc lend(struct kv_txn *t, struct bytes from, struct bytes *out)
{
	struct loan *loan = NULL;

	*out = from;
	if (!t->write) {
		return RC_OK;
	}
	loan = malloc(sizeof(*loan) + from.len);
	if (loan == NULL) {
		return RC_NOMEM;
	}
	loan->next = t->loans;
	loan->len = from.len;
	memcpy(loan->bytes, from.p, from.len);
	t->loans = loan;
	out->p = loan->bytes;
	return RC_OK;
}

enum rc kv_get(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes *value)
{
	struct ptree_item item;

	count(&calls.gets);
	*value = bytes_at(NULL, 0);
	if (!is_key(key)) {
		return RC_LIMIT;
	}
	return ptree_find(&t->content.tables[table], key, &item) ? lend(t, item.value, value) :
								   RC_NOTFOUND;
}

static uint64_t bytes_used(const struct kv_txn *t)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		sum += t->content.tables[i].bytes;
	}
	return sum;
}

enum rc kv_put(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value)
{
	assert(t->write);
	count(&calls.puts);
	if (!is_key(key)) {
		return RC_LIMIT;
	}
	if (fails()) {
		return RC_IO;
	}
	if (bytes_used(t) + key.len + value.len > t->kv->max_bytes) {
		return RC_FULL;
	}
	t->dirty = true;
	/* The value may be one that this transaction lent. */
	ptree_put(&t->content.tables[table], key, value);
	spoil_loans(t);
	return RC_OK;
}

enum rc kv_append(struct kv_txn *t, enum kv_table table, struct bytes key, struct bytes value)
{
	return kv_put(t, table, key, value);
}

enum rc kv_del(struct kv_txn *t, enum kv_table table, struct bytes key)
{
	assert(t->write);
	count(&calls.dels);
	if (fails()) {
		return RC_IO;
	}
	t->dirty = true;
	ptree_del(&t->content.tables[table], key);
	spoil_loans(t);
	return RC_OK;
}

uint64_t kv_count(struct kv_txn *t, enum kv_table table)
{
	return t->content.tables[table].count;
}

/* As on a disk that does not tell: only the reserved size counts. */
void kv_room(struct kv_txn *t, struct kv_room *out)
{
	*out = (struct kv_room){ .used_bytes = bytes_used(t),
				 .max_bytes = t->kv->max_bytes,
				 .disk_free_bytes = UINT64_MAX };
}

/* --- cursors: the key where they stand, so that puts do not disturb them --------- */

struct kv_cursor *kv_cursor_open(struct kv_txn *t, enum kv_table table)
{
	struct kv_cursor *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->txn = t;
		c->table = table;
	}
	return c;
}

void kv_cursor_close(struct kv_cursor *c)
{
	free(c);
}

static enum rc stand(struct kv_cursor *c, bool found, const struct ptree_item *item,
		     struct bytes *k, struct bytes *v)
{
	enum rc rc = RC_OK;

	*k = *v = bytes_at(NULL, 0);
	c->at = found ? CURSOR_KEY : CURSOR_END;
	if (!found) {
		return RC_NOTFOUND;
	}
	c->key_len = item->key.len;
	memcpy(c->key, item->key.p, item->key.len);
	rc = lend(c->txn, item->key, k);
	return rc == RC_OK ? lend(c->txn, item->value, v) : rc;
}

enum rc kv_cursor_seek(struct kv_cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	struct ptree_item item;

	count(&calls.seeks);
	return stand(c, ptree_first_from(&c->txn->content.tables[c->table], key, &item), &item, k,
		     v);
}

enum rc kv_cursor_seek_back(struct kv_cursor *c, struct bytes key, struct bytes *k, struct bytes *v)
{
	struct ptree_item item;

	count(&calls.seeks);
	return stand(c, ptree_last_to(&c->txn->content.tables[c->table], key, &item), &item, k, v);
}

enum rc kv_cursor_next(struct kv_cursor *c, struct bytes *k, struct bytes *v)
{
	const struct ptree *table = &c->txn->content.tables[c->table];
	struct bytes from = bytes_at(c->key, c->at == CURSOR_KEY ? c->key_len : 0);
	struct ptree_item item;

	count(&calls.nexts);
	return stand(c, c->at != CURSOR_END && ptree_first_after(table, from, &item), &item, k, v);
}

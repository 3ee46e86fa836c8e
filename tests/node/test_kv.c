/* What every implementation of kv.h does: run over LMDB, and over the
 * simulated disk in build/tests/sim. */
#include "node/store/kv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20, KEYS = 300, ROUNDS = 4000 };

static char dir[64];
static struct kv *kv;

static void make(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/kerwen-test-kv-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(kv_open(dir, MAX_BYTES, true, &kv), RC_OK);
}

static void unmake(void)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	char path[96];
	size_t i;

	kv_close(kv);
	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)remove(path);
	}
	(void)remove(dir);
}

TestSuite(kv, .init = make, .fini = unmake);

static struct kv_txn *begin(bool write)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(kv_begin(kv, write, &t), RC_OK);
	return t;
}

static void put(struct kv_txn *t, const char *key, const char *value)
{
	cr_assert_eq(kv_put(t, KV_META, bytes_of(key), bytes_of(value)), RC_OK);
}

static void put_all(const char *const *keys)
{
	struct kv_txn *t = begin(true);

	for (; *keys != NULL; keys++) {
		put(t, *keys, *keys);
	}
	cr_assert_eq(kv_commit(t), RC_OK);
}

static bool has(struct kv_txn *t, const char *key, const char *value)
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_META, bytes_of(key), &v);

	cr_assert(rc == RC_OK || rc == RC_NOTFOUND);
	return rc == RC_OK && bytes_equal(v, bytes_of(value));
}

Test(kv, what_is_committed_is_there_and_what_is_aborted_is_not)
{
	struct kv_txn *t = begin(true);

	put(t, "a", "1");
	cr_assert(has(t, "a", "1"), "a writer sees what it wrote");
	cr_assert_eq(kv_commit(t), RC_OK);
	t = begin(true);
	put(t, "a", "2");
	put(t, "b", "2");
	cr_assert_eq(kv_del(t, KV_META, bytes_of("a")), RC_OK);
	kv_abort(t);
	t = begin(false);
	cr_assert(has(t, "a", "1"));
	cr_assert_not(has(t, "b", "2"));
	cr_assert_eq(kv_count(t, KV_META), 1u);
	cr_assert_eq(kv_count(t, KV_FEED), 0u, "tables are apart");
	kv_abort(t);
}

Test(kv, a_reader_keeps_what_it_began_with)
{
	static const char *const keys[] = { "a", "b", NULL };
	struct kv_txn *reader = NULL, *writer = NULL;

	put_all(keys);
	reader = begin(false);
	writer = begin(true);
	put(writer, "a", "new");
	put(writer, "c", "new");
	cr_assert_eq(kv_del(writer, KV_META, bytes_of("b")), RC_OK);
	cr_assert(has(reader, "a", "a"));
	cr_assert_eq(kv_commit(writer), RC_OK);
	cr_assert(has(reader, "a", "a"));
	cr_assert(has(reader, "b", "b"));
	cr_assert_not(has(reader, "c", "new"));
	kv_abort(reader);
	reader = begin(false);
	cr_assert(has(reader, "a", "new"));
	kv_abort(reader);
}

Test(kv, what_was_committed_outlives_the_handle)
{
	static const char *const keys[] = { "a", NULL };
	struct kv_txn *t = NULL;

	put_all(keys);
	kv_close(kv);
	cr_assert_eq(kv_open(dir, MAX_BYTES, false, &kv), RC_OK);
	t = begin(false);
	cr_assert(has(t, "a", "a"));
	kv_abort(t);
}

Test(kv, there_is_nothing_to_open_where_nothing_was_made)
{
	struct kv *other = NULL;

	cr_assert_eq(kv_open("/tmp/kerwen-test-kv-nowhere", MAX_BYTES, false, &other), RC_NOTFOUND);
	cr_assert_null(other);
}

Test(kv, the_number_of_the_last_commit_tells_whether_something_was_written)
{
	static const char *const keys[] = { "a", NULL };
	struct kv_txn *t = begin(false);
	uint64_t before = kv_txn_id(t);

	kv_abort(t);
	put_all(keys);
	t = begin(false);
	cr_assert_eq(kv_txn_id(t), before + 1);
	kv_abort(t);
	t = begin(true);
	cr_assert_eq(kv_txn_id(t), before + 1, "it builds on the last commit");
	put(t, "a", "b");
	kv_abort(t);
	t = begin(false);
	cr_assert_eq(kv_txn_id(t), before + 1);
	kv_abort(t);
}

static void assert_seek(enum rc (*seek)(struct kv_cursor *, struct bytes, struct bytes *,
					struct bytes *),
			struct kv_cursor *c, const char *key, const char *found)
{
	struct bytes k, v;
	enum rc rc = seek(c, bytes_of(key), &k, &v);

	if (found == NULL) {
		cr_assert_eq(rc, RC_NOTFOUND, "%s", key);
		return;
	}
	cr_assert_eq(rc, RC_OK, "%s", key);
	cr_assert(bytes_equal(k, bytes_of(found)) && bytes_equal(v, bytes_of(found)), "%s", key);
}

Test(kv, a_cursor_finds_the_next_and_the_last_key)
{
	static const char *const keys[] = { "b", "d", "da", NULL };
	struct kv_cursor *c = NULL;
	struct kv_txn *t = NULL;

	put_all(keys);
	t = begin(false);
	c = kv_cursor_open(t, KV_META);
	assert_seek(kv_cursor_seek, c, "a", "b");
	assert_seek(kv_cursor_seek, c, "d", "d");
	assert_seek(kv_cursor_seek, c, "db", NULL);
	assert_seek(kv_cursor_seek_back, c, "a", NULL);
	assert_seek(kv_cursor_seek_back, c, "c", "b");
	assert_seek(kv_cursor_seek_back, c, "d", "d");
	assert_seek(kv_cursor_seek_back, c, "z", "da");
	kv_cursor_close(c);
	kv_abort(t);
}

static void assert_next(struct kv_cursor *c, const char *found)
{
	struct bytes k, v;
	enum rc rc = kv_cursor_next(c, &k, &v);

	cr_assert_eq(rc, found == NULL ? RC_NOTFOUND : RC_OK, "before %s",
		     found == NULL ? "the end" : found);
	cr_assert(found == NULL || bytes_equal(k, bytes_of(found)), "%s", found);
}

Test(kv, a_cursor_walks_on_after_puts_and_dels_of_its_transaction)
{
	static const char *const keys[] = { "b", "d", "f", "h", NULL };
	struct kv_txn *t = NULL;
	struct kv_cursor *c = NULL;

	put_all(keys);
	t = begin(true);
	c = kv_cursor_open(t, KV_META);
	assert_seek(kv_cursor_seek, c, "b", "b");
	put(t, "b", "replaced, and longer than it was");
	put(t, "a", "behind it");
	put(t, "c", "c");
	assert_next(c, "c");
	cr_assert_eq(kv_del(t, KV_META, bytes_of("c")), RC_OK);
	assert_next(c, "d");
	cr_assert_eq(kv_del(t, KV_META, bytes_of("f")), RC_OK);
	assert_next(c, "h");
	assert_next(c, NULL);
	kv_cursor_close(c);
	kv_abort(t);
}

static struct bytes key_of(uint32_t n, uint8_t key[2])
{
	key[0] = (uint8_t)(n >> 8);
	key[1] = (uint8_t)n;
	return bytes_at(key, 2);
}

/* What is there, by number: the length of its value, or 0. */
static void assert_holds(struct kv_txn *t, const uint32_t *lens)
{
	struct kv_cursor *c = kv_cursor_open(t, KV_DOT);
	struct bytes k, v, none;
	enum rc rc = kv_cursor_seek(c, bytes_at("\0", 1), &k, &v);
	uint64_t count = 0;
	uint8_t key[2];
	uint32_t n;

	for (n = 0; n < KEYS; n++) {
		if (lens[n] == 0) {
			cr_assert_eq(kv_get(t, KV_DOT, key_of(n, key), &none), RC_NOTFOUND);
			continue;
		}
		cr_assert_eq(rc, RC_OK);
		cr_assert(bytes_equal(k, key_of(n, key)) && v.len == lens[n], "key %u", n);
		rc = kv_cursor_next(c, &k, &v);
		count++;
	}
	cr_assert_eq(rc, RC_NOTFOUND);
	cr_assert_eq(kv_count(t, KV_DOT), count);
	kv_cursor_close(c);
}

Test(kv, random_puts_dels_commits_and_aborts_leave_what_a_list_says)
{
	static uint32_t kept[KEYS], lens[KEYS], seen[KEYS];
	static const uint8_t value[600];
	struct kv_txn *t = begin(true), *reader = begin(false);
	uint64_t chance = 7;
	uint32_t round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t n, what;
		uint8_t key[2];

		chance = chance * UINT64_C(6364136223846793005) + 1;
		n = (uint32_t)(chance >> 33) % KEYS;
		what = (uint32_t)(chance >> 20) % 100;
		lens[n] = what < 60 ? 1 + (uint32_t)(chance >> 8) % 600 : what < 98 ? 0 : lens[n];
		if (what < 60) {
			cr_assert_eq(kv_put(t, KV_DOT, key_of(n, key), bytes_at(value, lens[n])),
				     RC_OK);
		} else if (what < 98) {
			cr_assert_eq(kv_del(t, KV_DOT, key_of(n, key)), RC_OK);
		} else {
			assert_holds(t, lens);
			assert_holds(reader, seen);
			kv_abort(reader);
			if (what == 98) {
				cr_assert_eq(kv_commit(t), RC_OK);
				memcpy(kept, lens, sizeof(kept));
			} else {
				kv_abort(t);
				memcpy(lens, kept, sizeof(kept));
			}
			memcpy(seen, kept, sizeof(kept));
			t = begin(true);
			reader = begin(false);
		}
	}
	kv_abort(reader);
	kv_abort(t);
}

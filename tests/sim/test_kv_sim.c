/* What the simulated disk does beyond kv.h. */
#include "kv_sim.h"

#include <criterion/criterion.h>

static void put(struct kv *kv, const char *key, const char *value)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	cr_assert_eq(kv_put(t, KV_META, bytes_of(key), bytes_of(value)), RC_OK);
	cr_assert_eq(kv_commit(t), RC_OK);
}

static bool has(struct kv *kv, const char *key, const char *value)
{
	struct kv_txn *t = NULL;
	struct bytes v;
	bool found = false;

	cr_assert_eq(kv_begin(kv, false, &t), RC_OK);
	found = kv_get(t, KV_META, bytes_of(key), &v) == RC_OK && bytes_equal(v, bytes_of(value));
	kv_abort(t);
	return found;
}

Test(kv_sim, a_clone_goes_its_own_way)
{
	struct kv *a = NULL, *b = NULL;

	cr_assert_eq(kv_open("a", 1 << 20, true, &a), RC_OK);
	put(a, "both", "x");
	kv_sim_clone("a", "b");
	cr_assert_eq(kv_open("b", 1 << 20, false, &b), RC_OK);
	put(a, "both", "only a");
	put(b, "more", "only b");
	cr_assert(has(a, "both", "only a"));
	cr_assert(has(b, "both", "x"));
	cr_assert_not(has(a, "more", "only b"));
	kv_close(a);
	kv_close(b);
	kv_sim_forget("a");
	cr_assert_eq(kv_open("a", 1 << 20, false, &a), RC_NOTFOUND);
	kv_sim_forget("b");
}

Test(kv_sim, what_a_writer_was_lent_is_spoilt_by_its_next_put)
{
	struct kv *kv = NULL;
	struct kv_txn *t = NULL;
	struct bytes v;

	cr_assert_eq(kv_open("c", 1 << 20, true, &kv), RC_OK);
	put(kv, "a", "x");
	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	cr_assert_eq(kv_get(t, KV_META, bytes_of("a"), &v), RC_OK);
	cr_assert_eq(kv_put(t, KV_META, bytes_of("b"), v), RC_OK, "it may be the value of a put");
	cr_assert_eq(kv_get(t, KV_META, bytes_of("b"), &v), RC_OK);
	cr_assert(bytes_equal(v, bytes_of("x")));
	kv_abort(t);
	kv_close(kv);
	kv_sim_forget("c");
}

Test(kv_sim, a_disk_that_is_full_says_so)
{
	static const uint8_t value[2048];
	struct kv *kv = NULL;
	struct kv_txn *t = NULL;
	struct kv_room room;

	cr_assert_eq(kv_open("d", 1024, true, &kv), RC_OK);
	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	cr_assert_eq(kv_put(t, KV_META, bytes_of("a"), bytes_at(value, 512)), RC_OK);
	kv_room(t, &room);
	cr_assert_eq(room.used_bytes, 513u, "a key of 1 byte and a value of 512");
	cr_assert_eq(room.max_bytes, 1024u);
	cr_assert_eq(kv_put(t, KV_META, bytes_of("b"), bytes_at(value, 2048)), RC_FULL);
	kv_abort(t);
	kv_close(kv);
	kv_sim_forget("d");
}

Test(kv_sim, every_call_is_counted)
{
	struct kv *kv = NULL;
	struct kv_sim_calls before, after;

	cr_assert_eq(kv_open("e", 1 << 20, true, &kv), RC_OK);
	before = kv_sim_calls();
	put(kv, "a", "x");
	cr_assert(has(kv, "a", "x"));
	after = kv_sim_calls();
	cr_assert_eq(after.puts - before.puts, 1u);
	cr_assert_eq(after.gets - before.gets, 1u);
	cr_assert_eq(after.seeks - before.seeks, 0u);
	kv_close(kv);
	kv_sim_forget("e");
}

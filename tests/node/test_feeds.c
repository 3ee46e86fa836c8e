/* Which seals of a feed are kept. */
#include "node/store/feeds.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "node/store/key.h"
#include "sync/feed.h"

enum { ENTRY_LEN = 1000 };

static struct fixture f;
static struct kv_txn *txn;

static void start(void)
{
	fixture_init(&f);
	cr_assert_eq(store_begin(f.centre.store, true, &txn), RC_OK);
}

static void stop(void)
{
	store_end(f.centre.store, txn);
	fixture_fini(&f);
}

TestSuite(feeds, .init = start, .fini = stop);

static void put_entries(uint64_t feed, uint64_t upto)
{
	static const uint8_t entry[ENTRY_LEN];
	struct dot d = { feed, 0 };

	while (d.seq < upto) {
		struct key k;

		d.seq++;
		k = key_dot(d);
		cr_assert_eq(kv_put(txn, KV_ENTRY, key_bytes(&k), bytes_at(entry, ENTRY_LEN)),
			     RC_OK);
	}
}

static void put_seal(uint64_t feed, uint64_t seq)
{
	static const uint8_t seal[SIG_LEN];

	cr_assert_eq(feeds_put_seal(txn, (struct dot){ feed, seq }, seal), RC_OK);
}

/* The first seal that vouches for an entry; 0: none does. */
static uint64_t find_seal(uint64_t feed, uint64_t seq)
{
	uint8_t seal[SIG_LEN];
	uint64_t found = 0;

	return feeds_get_seal(txn, (struct dot){ feed, seq }, &found, seal) == RC_OK ? found : 0;
}

Test(feeds, seals_are_kept_as_often_as_a_transfer_may_stop)
{
	enum { FIRST = 30, SECOND = 60, THIRD = 61, FOURTH = 100 };
	uint64_t one = feed_pack(1, 9, 1), two = feed_pack(2, 9, 1);

	put_entries(two, FOURTH);
	put_seal(two, FIRST);
	put_seal(two, SECOND);
	cr_expect_eq(find_seal(two, 1), (uint64_t)FIRST);
	put_seal(two, THIRD);
	cr_expect_eq(find_seal(two, FIRST + 1), (uint64_t)THIRD, "the one before is not needed");
	put_seal(two, FOURTH);
	cr_expect_eq(find_seal(two, FIRST + 1), (uint64_t)THIRD);
	cr_expect_eq(find_seal(two, THIRD + 1), (uint64_t)FOURTH);
	cr_expect_eq(find_seal(two, FOURTH + 1), 0u);
	cr_expect_eq(find_seal(one, 1), 0u);
}

Test(feeds, the_seals_of_another_feed_say_nothing)
{
	enum { FIRST = 30, SECOND = 60, OTHER = 900 };
	uint64_t one = feed_pack(1, 9, 1), two = feed_pack(2, 9, 1);

	put_entries(two, SECOND);
	put_seal(one, OTHER);
	put_seal(two, FIRST);
	put_seal(two, SECOND);
	cr_expect_eq(find_seal(two, 1), (uint64_t)FIRST);
	cr_expect_eq(find_seal(two, FIRST + 1), (uint64_t)SECOND);
}

/*
 * Receipts are cuts under the centre's seal. One for more than was sent is no
 * receipt: it confirms nothing, and what is here stays as it is.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/places.h"

static struct fixture f;
static struct fixture_node *a;
static struct forge g;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_add_many(a, "x", 3);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_add_many(a, "y", 2);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(receipt, .init = start, .fini = stop);

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

static void count(uint64_t *written, uint64_t *confirmed)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(a->store, false, &t), RC_OK);
	cr_assert_eq(places_count_own(a->store, t, written, confirmed), RC_OK);
	store_end(a->store, t);
}

/* An entry of the centre, whoever wrote it, that cuts a's feed up to seq. */
static struct run forge_cut(struct fixture_node *signer, uint64_t seq)
{
	static struct cut cut;
	uint64_t centre = store_centre_feed(a->store, region());
	struct feed_state before = forge_state(a, centre);
	uint8_t text[FEED_SEAL_TEXT_LEN];
	struct header h;
	struct run run;

	forge_begin(&g, signer, region());
	g.feed = centre;
	memcpy(g.hashes[0], before.hash, HASH_LEN);
	cut = (struct cut){ .feed = store_own_feed(a->store, region()), .seq = seq };
	memset(cut.hash, 6, HASH_LEN);
	h = forge_header(&g);
	h.seq = before.head + 1;
	h.seen_own = before.head;
	h.seen_centre = before.head;
	h.commit = before.head + 100;
	h.cuts = &cut;
	h.cuts_count = 1;
	forge_add(&g, &h, NULL, 0);
	run = forge_run(&g, 1, 1);
	run.first_seq = h.seq;
	run.genesis = bytes_at(NULL, 0);
	feed_seal_text(g.system, centre, h.seq, g.hashes[1], text);
	crypto_key_sign(&signer->key, bytes_at(text, sizeof(text)), run.seal);
	return run;
}

static void assert_nothing_changed(uint64_t confirmed_before)
{
	uint64_t written = 0, confirmed = 0;

	count(&written, &confirmed);
	cr_assert_eq(written, 5u);
	cr_assert_eq(confirmed, confirmed_before);
	cr_assert_eq(fixture_count(a, "person"), 5u);
}

Test(receipt, one_for_more_than_was_sent_confirms_nothing)
{
	uint64_t own = store_own_feed(a->store, region());
	uint64_t centre = store_centre_feed(a->store, region());
	uint64_t before = forge_state(a, centre).applied;
	struct receive_result result;
	struct run run = forge_cut(&f.centre, forge_state(a, own).head + 1);

	cr_assert_eq(forge_give(a, 0, &run, 1, &result), RC_OK);
	/* It waits, and what it names is asked for: this may be a restored copy. */
	cr_assert_eq(result.want.feed, own);
	cr_assert_eq(forge_state(a, centre).applied, before);
	assert_nothing_changed(3);
}

/* What is here has another hash than the receipt says. */
Test(receipt, one_for_something_else_confirms_nothing)
{
	uint64_t own = store_own_feed(a->store, region());
	struct receive_result result;
	struct run run = forge_cut(&f.centre, forge_state(a, own).head);

	cr_assert_eq(forge_give(a, 0, &run, 1, &result), RC_OK);
	cr_assert_eq(result.want.feed, own);
	assert_nothing_changed(3);
}

Test(receipt, one_by_somebody_else_is_refused)
{
	uint64_t own = store_own_feed(a->store, region());
	struct receive_result result;
	struct run run = forge_cut(a, forge_state(a, own).head);

	cr_assert_eq(forge_give(a, 0, &run, 1, &result), RC_BADSIG);
	assert_nothing_changed(3);
}

/*
 * P1, point 5 of identity: one feed in two branches. Who could not know better
 * is helped (test_rejoin.c); who was told and goes on in both is found out by
 * his own signature, and his feed is held.
 */
#include "node/store/equivocation.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/epoch.h"

static struct fixture f;
static struct fixture_node *a, *b;
static struct forge here, other; /* the branches */

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

static uint64_t centre_head(void)
{
	return forge_state(&f.centre, store_centre_feed(f.centre.store, region())).head;
}

static void add_person(struct forge *g, uint32_t n, const char *city, uint64_t seen_centre)
{
	struct header h = forge_header(g);
	struct change c = forge_person(g, forge_id(n), city);

	h.seen_centre = seen_centre;
	forge_add(g, &h, &c, 1);
}

/* One entry that both branches have, then one in which they part. */
static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	forge_begin(&here, a, region());
	forge_begin(&other, a, region());
	other.feed = here.feed;
	forge_genesis(&other, &(struct genesis){ .feed = 0 });
	other.genesis = here.genesis;
	memcpy(other.hashes[0], here.hashes[0], HASH_LEN);
	add_person(&here, 1, "both", 0);
	add_person(&other, 1, "both", 0);
	add_person(&here, 2, "here", 0);
	cr_assert_eq(forge_push(&here, &f.centre), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(equivocation, .init = start, .fini = stop);

/* The other branch comes, whole. */
static struct receive_result push_other(void)
{
	struct run run = forge_run(&other, 1, other.count);
	struct receive_result result;

	cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &result), RC_OK);
	cr_assert_eq(result.forked, feed_incarnation(here.feed));
	cr_assert_eq(result.entries, 0u);
	return result;
}

static bool find_proof(struct equivocation *e)
{
	struct kv_txn *t = NULL;
	bool found;

	cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
	found = equivocation_next(t, here.feed, e) == RC_OK;
	store_end(f.centre.store, t);
	return found;
}

static uint64_t closing_of(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	uint64_t last = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(epoch_closing(n->store, here.feed, NULL, &last), RC_OK);
	store_end(n->store, t);
	return last;
}

static void assert_seal(const struct equivocation_seal *s, const struct forge *g)
{
	uint8_t text[FEED_SEAL_TEXT_LEN];

	cr_assert_arr_eq(s->hash, g->hashes[s->seq], HASH_LEN);
	feed_seal_text(g->system, g->feed, s->seq, s->hash, text);
	cr_assert(f.centre.store->crypto->verify(a->key.public, bytes_at(text, sizeof(text)),
						 s->seal));
}

Test(equivocation, who_could_not_know_of_the_other_branch_is_no_equivocator)
{
	struct equivocation e;

	add_person(&other, 2, "other", centre_head() - 1);
	add_person(&other, 3, "other", centre_head() - 1);
	cr_assert_eq(push_other().proven, 0u);
	cr_assert_not(find_proof(&e));
	cr_assert_eq(closing_of(&f.centre), UINT64_MAX);
	add_person(&here, 3, "goes on", 0);
	cr_assert_eq(forge_push(&here, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
}

Test(equivocation, who_was_told_and_goes_on_in_both_is_held_and_both_seals_are_kept)
{
	struct equivocation e;
	uint8_t x[HASH_LEN], y[HASH_LEN];

	add_person(&other, 2, "other", 0);
	cr_assert_eq(push_other().proven, 0u); /* told now */
	add_person(&other, 3, "other", centre_head());
	cr_assert_eq(push_other().proven, feed_incarnation(here.feed));
	cr_assert(find_proof(&e));
	cr_assert_eq(e.fork, 2u);
	cr_assert_eq(e.told, 3u);
	assert_seal(&e.here, &here);
	assert_seal(&e.other, &other);
	cr_assert_eq(push_other().proven, 0u, "found once");

	/* What was confirmed stays; what lies behind is held, everywhere alike. */
	cr_assert_eq(closing_of(&f.centre), 2u);
	add_person(&here, 4, "behind", 0);
	cr_assert_eq(forge_push(&here, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 1u);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(closing_of(b), 2u);
	cr_assert_eq(forge_quarantined(b), 1u);
	cr_assert_str_eq(fixture_show(b, "person", forge_id(2), "city"), "here");
	cr_assert_str_eq(fixture_show(b, "person", forge_id(4), "city"), "?");
	fixture_digest(&f.centre, region(), x);
	fixture_digest(b, region(), y);
	cr_assert_arr_eq(x, y, HASH_LEN);

	/* The office itself goes on in another incarnation: no honest work waits. */
	(void)fixture_add(a, 0, "person", "nr=9", "city=Mary", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 1u);
	cr_assert_eq(fixture_count(&f.centre, "person"), 3u);
}

/* A branch that does not verify proves nothing against anybody. */
Test(equivocation, a_branch_without_its_seal_is_no_proof)
{
	struct receive_result result;
	struct equivocation e;
	struct run run;

	add_person(&other, 2, "other", centre_head());
	run = forge_run(&other, 1, other.count);
	run.seal[5] ^= 1;
	cr_assert_neq(forge_give(&f.centre, 1, &run, 1, &result), RC_OK);
	cr_assert_eq(result.proven, 0u);
	cr_assert_not(find_proof(&e));
	/* Neither does another office's. */
	run = forge_run(&other, 1, other.count);
	cr_assert_eq(forge_give(&f.centre, 2, &run, 1, &result), RC_DENIED);
	cr_assert_not(find_proof(&e));
}

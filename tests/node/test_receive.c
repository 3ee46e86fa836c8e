/* What a peer sends is checked whole before its first byte is kept. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"

static struct fixture f;
static struct fixture_node *a, *b; /* offices of one region */
static struct forge g, other;

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK); /* knows of b */
	forge_begin(&g, a, info_of(a)->scope_region);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(receive, .init = start, .fini = stop);

/* One honest entry: a person. */
static void add_person(struct forge *forge, uint32_t n, const char *city)
{
	struct header h = forge_header(forge);
	struct change c = forge_person(forge, forge_id(n), city);

	forge_add(forge, &h, &c, 1);
}

static const char *city_of(struct fixture_node *n, uint32_t person)
{
	return fixture_show(n, "person", forge_id(person), "city");
}

static enum rc give(const struct run *run)
{
	struct receive_result r;

	return forge_give(&f.centre, 1, run, 1, &r);
}

static void assert_untouched(void)
{
	cr_assert_eq(forge_state(&f.centre, g.feed).head, 0u);
	cr_assert_eq(fixture_count(&f.centre, "person"), 0u);
}

Test(receive, what_is_in_order_is_applied_and_reaches_the_region)
{
	add_person(&g, 1, "Mary");
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_str_eq(city_of(&f.centre, 1), "Mary");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city_of(b, 1), "Mary");
	cr_assert_eq(forge_quarantined(b), 0u);
}

Test(receive, no_bit_of_a_run_can_be_changed)
{
	struct run run;
	uint8_t copy[512];
	size_t i;

	add_person(&g, 1, "Mary");
	run = forge_run(&g, 1, 1);
	cr_assert_leq(g.entries[0].len, sizeof(copy));
	for (i = 0; i < 8 * g.entries[0].len; i++) {
		struct bytes altered = bytes_at(copy, g.entries[0].len);

		memcpy(copy, g.entries[0].p, altered.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		run.entries = &altered;
		cr_assert_neq(give(&run), RC_OK, "bit %zu", i);
	}
	run.entries = g.entries;
	for (i = 0; i < SIG_LEN; i++) {
		run.seal[i] ^= 0x10;
		cr_assert_eq(give(&run), RC_BADSIG, "byte %zu of the seal", i);
		run.seal[i] ^= 0x10;
	}
	assert_untouched();
	cr_assert_eq(give(&run), RC_OK);
}

Test(receive, a_seal_by_another_key_is_refused)
{
	struct run run;

	add_person(&g, 1, "Mary");
	g.node = b;
	run = forge_run(&g, 1, 1);
	cr_assert_eq(give(&run), RC_BADSIG);
	assert_untouched();
}

Test(receive, a_genesis_must_be_that_of_the_system_the_key_and_the_feed)
{
	static const char *const why[] = { "another system", "another key", "another feed",
					   "another scope" };
	static const enum rc refused[] = { RC_SYSTEM, RC_BADSIG, RC_BADSIG, RC_BADSIG };
	uint32_t i;

	for (i = 0; i < 4; i++) {
		struct genesis genesis;

		forge_begin(&g, a, info_of(a)->scope_region);
		genesis = forge_plain_genesis(&g);
		genesis.system[3] ^= i == 0;
		genesis.key[31] ^= i == 1;
		genesis.feed ^= i == 2 ? 1 : i == 3 ? UINT64_C(1) << 32 : 0;
		forge_genesis(&g, &genesis);
		add_person(&g, 1, "Mary");
		cr_assert_eq(forge_push(&g, &f.centre), refused[i], "%s", why[i]);
		assert_untouched();
	}
}

Test(receive, a_genesis_without_end_or_beginning_is_refused)
{
	static uint8_t large[FEEDS_GENESIS_MAX + 1];
	struct run run;

	add_person(&g, 1, "Mary");
	add_person(&g, 2, "Mary");
	run = forge_run(&g, 1, 1);
	run.genesis = bytes_at(NULL, 0);
	cr_assert_eq(give(&run), RC_GAP);
	run = forge_run(&g, 2, 1);
	run.genesis = g.genesis;
	cr_assert_eq(give(&run), RC_GAP, "it does not begin at 1");
	run = forge_run(&g, 1, 1);
	run.genesis = bytes_at(large, sizeof(large));
	cr_assert_neq(give(&run), RC_OK);
	run.genesis = bytes_at(g.genesis.p, g.genesis.len - 1);
	cr_assert_neq(give(&run), RC_OK);
	assert_untouched();
}

Test(receive, an_office_sends_its_own_shared_feeds_and_no_others)
{
	static const struct {
		uint16_t office, scope; /* scope: 1 to 3 stand for the author's own */
		const char *why;
	} rows[] = { { 2, 3, "another office's feed" },
		     { 0, 3, "the centre's feed, which the centre alone can seal" },
		     { 1, 0, "the nation's scope" },
		     { 0, 0, "the centre's national feed" },
		     { 1, 1, "the office scope, which the centre is not in" },
		     { 1, 999, "a scope that nobody has" },
		     { 77, 3, "an office that nobody knows" } };
	uint32_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t scopes[] = { 0, info_of(a)->scope_office, info_of(a)->scope_centre,
				      info_of(a)->scope_region };
		uint16_t scope = rows[i].scope < 4 ? scopes[rows[i].scope] : rows[i].scope;
		struct genesis genesis;

		forge_begin(&g, a, scope);
		g.feed = feed_pack(rows[i].office, scope, 5);
		genesis = forge_plain_genesis(&g);
		forge_genesis(&g, &genesis);
		add_person(&g, 1, "Mary");
		cr_assert_eq(forge_push(&g, &f.centre), rows[i].office == 0 ? RC_BADSIG : RC_DENIED,
			     "%s", rows[i].why);
		assert_untouched();
	}
}

Test(receive, an_office_takes_nothing_from_other_offices)
{
	struct receive_result r;
	struct run run;

	add_person(&g, 1, "Mary");
	run = forge_run(&g, 1, 1);
	cr_assert_eq(forge_give(b, 1, &run, 1, &r), RC_DENIED);
	cr_assert_eq(forge_state(b, g.feed).head, 0u);
}

Test(receive, an_office_writes_no_cuts)
{
	struct header h = forge_header(&g);
	struct cut cut = { .feed = feed_pack(2, info_of(a)->scope_region, 1), .seq = 1 };

	h.cuts = &cut;
	h.cuts_count = 1;
	forge_add(&g, &h, NULL, 0);
	cr_assert_eq(forge_push(&g, &f.centre), RC_CORRUPT);
	assert_untouched();
}

Test(receive, a_gap_is_refused_and_what_was_there_stays)
{
	struct run run;
	uint32_t i;

	for (i = 1; i <= 5; i++) {
		add_person(&g, i, "Mary");
	}
	run = forge_run(&g, 1, 2);
	cr_assert_eq(give(&run), RC_OK);
	run = forge_run(&g, 4, 2);
	cr_assert_eq(give(&run), RC_GAP);
	cr_assert_eq(forge_state(&f.centre, g.feed).head, 2u);
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
}

Test(receive, runs_that_overlap_in_any_order_count_once)
{
	static const struct {
		uint64_t first;
		uint32_t count, fresh;
	} rows[] = { { 1, 3, 3 }, { 1, 3, 0 }, { 2, 1, 0 }, { 2, 4, 2 }, { 1, 1, 0 },
		     { 1, 5, 0 }, { 5, 2, 1 }, { 1, 9, 3 }, { 9, 1, 0 } };
	struct receive_result r;
	uint32_t i;

	for (i = 1; i <= 9; i++) {
		add_person(&g, i, "Mary");
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run = forge_run(&g, rows[i].first, rows[i].count);

		cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK, "row %u", i);
		cr_assert_eq(r.entries, rows[i].fresh, "row %u", i);
		cr_assert_eq(r.changes, rows[i].fresh, "row %u", i);
	}
	cr_assert_eq(fixture_count(&f.centre, "person"), 9u);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 9);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
}

Test(receive, a_second_history_is_never_taken_in)
{
	struct receive_result r;
	uint32_t i;
	struct run run;

	for (i = 1; i <= 3; i++) {
		add_person(&g, i, "Mary");
	}
	memcpy(&other, &g, sizeof(other));
	other.arena.p = other.memory;
	add_person(&g, 4, "Mary");
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	for (i = 14; i <= 16; i++) {
		add_person(&other, i, "Merw");
	}
	run = forge_run(&other, 3, 3);
	/* It branches at 4: an office that was restored learns that when it hears
	 * what is here, and its other feeds go on. */
	cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK);
	cr_assert_eq(r.forked, feed_incarnation(g.feed));
	cr_assert_eq(r.entries, 0u);
	memset(run.seal, 7, sizeof(run.seal));
	cr_assert_eq(give(&run), RC_BADSIG, "a branch that its author did not seal");
	run = forge_run(&other, 5, 2);
	cr_assert_eq(give(&run), RC_BADSIG);
	cr_assert_eq(forge_state(&f.centre, g.feed).head, 4u);
	cr_assert_eq(fixture_count(&f.centre, "person"), 4u);
}

Test(receive, a_refused_run_does_not_take_those_before_it_along)
{
	struct receive_result r;
	struct run runs[2];

	add_person(&g, 1, "Mary");
	forge_begin(&other, a, info_of(a)->scope_region);
	add_person(&other, 2, "Mary");
	runs[0] = forge_run(&g, 1, 1);
	runs[1] = forge_run(&other, 1, 1);
	runs[1].seal[0] ^= 1;
	cr_assert_eq(forge_give(&f.centre, 1, runs, 2, &r), RC_BADSIG);
	cr_assert_eq(r.feed, other.feed, "the result names the bad one");
	cr_assert_eq(fixture_count(&f.centre, "person"), 1u);
}

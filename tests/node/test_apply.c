/*
 * Applying at an office: what a node does not know yet it keeps and merges,
 * and understands once it does; what was cut moves what is shown.
 */
#include "node/store/apply.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "lag.h"

static struct fixture f;
static struct fixture_node *a, *b, *c;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	c = fixture_office(&f, "Merw", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(apply, .init = start, .fini = stop);

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

static void assert_same(struct fixture_node *n, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, scope, x);
	fixture_digest(n, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "scope %u", scope);
}

Test(apply, what_knows_a_newer_schema_waits_for_it)
{
	struct uuid journey, person = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	struct feed_state state;
	uint32_t i;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	lag_adopt_newer(&f);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	journey =
		fixture_add(a, 0, "journey", "number=7", "goal=Merw", "days+=3", "stops+=x", NULL);
	for (i = 0; i < 3; i++) {
		(void)fixture_add(a, 0, "journey", "goal=Hiva", NULL);
	}
	cr_assert_eq(fixture_set(a, "person", person, "height=170", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "journey", journey, "goal=Balh", "days+=2", "stops+=y",
				 NULL),
		     RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", person, "height=171", NULL), RC_OK);

	lag_give_scope(&f, b, region());
	cr_assert_null(schema_kind_by_name(&b->store->catalog->schema, bytes_of("journey")));
	cr_assert_str_eq(fixture_show(b, "person", person, "city"), "Mary");
	cr_assert_str_eq(fixture_show(b, "person", person, "size"), "");
	state = forge_state(b, store_centre_feed(b->store, region()));
	cr_assert_lt(state.applied, state.head);

	lag_give_scope(&f, b, 0);
	assert_same(b, 0);
	assert_same(b, region());
	cr_assert_eq(forge_quarantined(b), 0u);
	cr_assert_str_eq(fixture_show(b, "journey", journey, "goal"), "Balh");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "days"), "5");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "stops"), "x|y");
	cr_assert_str_eq(fixture_show(b, "person", person, "height"), "171");
	cr_assert_eq(fixture_figure(b, "journeys"), 4);
	cr_assert_eq(fixture_figure(b, "heights"), 171);
	cr_assert_eq(fixture_figure(b, "people"), 1);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(b, region());
}

static struct forge g;

Test(apply, records_of_a_kind_not_known_yet_are_kept_and_understood_later)
{
	struct uuid journey = forge_id(2), person = forge_id(1);
	struct change change;
	struct header h;

	forge_begin(&g, a, region());
	h = forge_header(&g);
	change = forge_person(&g, person, "Mary");
	forge_add(&g, &h, &change, 1);
	lag_forge_newer(&g, person, journey);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(b, region());
	cr_assert_str_eq(fixture_show(b, "person", person, "city"), "Mary");

	lag_adopt_newer(&f);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	assert_same(b, region());
	cr_assert_str_eq(fixture_show(b, "journey", journey, "goal"), "Hiva");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "days"), "3");
	cr_assert_str_eq(fixture_show(b, "journey", journey, "stops"), "x");
	cr_assert_str_eq(fixture_show(b, "person", person, "height"), "170");
	cr_assert_eq(fixture_figure(b, "journeys"), 1);
	cr_assert_eq(fixture_figure(b, "heights"), 170);
	cr_assert_eq(fixture_figure(b, "people"), 1);
	assert_same(c, region());
	cr_assert_eq(forge_quarantined(c), 0u);
}

/* The other order, and a node that comes late: the same. */
Test(apply, a_late_office_reads_everything_alike)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "level=A", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "level=B", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "city=Merw", "tags+=q", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	lag_adopt_newer(&f);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "height=3", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	assert_same(c, region());
	assert_same(c, 0);
	cr_assert_eq(forge_quarantined(c), 0u);
	cr_assert_str_eq(fixture_show(c, "person", id, "level"), "B");
	cr_assert_eq(fixture_figure(c, "heights"), 3);
}

/* Both offices gave the first value without knowing of each other. At home the
 * own one is shown; the cut order says whose was first. */
Test(apply, a_cut_of_the_own_feed_moves_what_fixed_shows)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "origin=A", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "origin=B", NULL), RC_OK);
	cr_assert_str_eq(fixture_show(b, "person", id, "origin"), "B");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "origin"), "A");
	cr_assert_str_eq(fixture_show(b, "person", id, "origin"), "A");
	cr_assert_str_eq(fixture_show(a, "person", id, "origin"), "A");
	cr_assert_eq(fixture_figure(b, "marks"), 1);
}

Test(apply, what_comes_twice_and_out_of_turn_changes_nothing)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		fixture_add_many(a, i == 0 ? "a" : i == 1 ? "b" : "c", 50);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
		lag_give_scope(&f, b, region());
		lag_give_scope(&f, b, 0);
		lag_give_scope(&f, b, region());
	}
	cr_assert_eq(fixture_count(b, "person"), 150u);
	cr_assert_eq(fixture_figure(b, "people"), 150);
	assert_same(b, region());
}

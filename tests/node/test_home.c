/* Who says whose a record is: its maker and the centre, and nobody else. */
#include "node/store/home.h"

#include <criterion/criterion.h>

#include "fixture.h"
#include "forge.h"
#include "moving.h"

static struct fixture f;
static struct fixture_node *mary, *murgap, *merw; /* of one region */
static struct forge g;

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	murgap = fixture_office(&f, "Murgap", 2, "TM-M");
	merw = fixture_office(&f, "Merw", 3, "TM-M");
	moving_sync_all(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(home, .init = start, .fini = stop);

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

/* Murgap calls a record its own, and names a city; blind: as if it had seen nothing. */
static void seize(struct uuid id, const char *city, bool blind)
{
	struct change c = forge_person(&g, id, city);
	struct header h = forge_header(&g);
	uint8_t *home = (uint8_t *)(uintptr_t)c.ops[0].value.p;

	home[2] = (uint8_t)(region() >> 8);
	home[3] = (uint8_t)region();
	c.has_form = blind;
	if (!blind) {
		h.seen_centre =
			forge_state(&f.centre, store_centre_feed(f.centre.store, region())).head;
	}
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
}

static void expect_alike(uint64_t quarantined)
{
	struct fixture_node *const nodes[] = { mary, merw };
	uint8_t there[HASH_LEN], here[HASH_LEN];
	size_t i;

	moving_sync_all(&f);
	fixture_digest(&f.centre, region(), there);
	cr_expect_eq(forge_quarantined(&f.centre), quarantined);
	for (i = 0; i < 2; i++) {
		fixture_digest(nodes[i], region(), here);
		cr_expect_arr_eq(here, there, HASH_LEN, "%s", nodes[i]->store->info.name);
		cr_expect_eq(forge_quarantined(nodes[i]), quarantined, "%s",
			     nodes[i]->store->info.name);
	}
}

Test(home, an_office_does_not_become_the_home_of_anothers_record)
{
	struct uuid id = fixture_add(mary, 0, "person", "nr=1", "city=Mary", NULL);

	moving_sync_all(&f);
	forge_begin(&g, murgap, region());
	seize(id, "Murgap", false);
	seize(id, "Murgap, in the dark", true);
	expect_alike(2);
	cr_expect_eq(moving_home(&f.centre, id), 1);
	cr_expect_eq(moving_home(mary, id), 1);
	cr_expect_eq(moving_home(merw, id), 1);
	cr_expect_str_eq(fixture_show(merw, "person", id, "city"), "Mary");
	moving_verify_all(&f);
}

Test(home, of_what_moved_only_the_centre_says_whose_it_is)
{
	struct uuid id = fixture_add(mary, 0, "person", "nr=1", "city=Mary", NULL);

	moving_sync_all(&f);
	(void)moving_ask(mary, id, 3);
	moving_sync_all(&f);
	cr_assert_eq(moving_accept(merw, id), RC_OK);
	moving_sync_all(&f);
	cr_assert_eq(moving_home(&f.centre, id), 3);
	forge_begin(&g, murgap, region());
	seize(id, "Murgap", false);
	expect_alike(1);
	cr_expect_eq(moving_home(mary, id), 3);
	moving_verify_all(&f);
}

Test(home, who_makes_a_record_says_so_again_without_harm)
{
	struct uuid id = forge_id(1);

	forge_begin(&g, murgap, region());
	seize(id, "Murgap", true);
	seize(id, "Murgap again", true);
	expect_alike(0);
	cr_expect_eq(moving_home(merw, id), 2);
}

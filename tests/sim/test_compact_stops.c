/*
 * Clean-up on a disk that stops at every write in turn: what is on it opens,
 * verifies, holds the same, and the clean-up goes on to its end.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kv_sim.h"
#include "tests/node/cleaning.h"
#include "tests/node/fixture.h"

enum { CHECK_EVERY = 7 };

static struct fixture f;

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	kv_sim_fail_at(0);
	fixture_fini(&f);
}

TestSuite(compact_stops, .init = start, .fini = stop);

static void make_history(struct fixture_node *a)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "notes=a", "tags+=1", NULL);
	int i;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	for (i = 0; i < 6; i++) {
		cr_assert_eq(fixture_set(a, "person", id, "city=Mary", "notes=b", NULL), RC_OK);
		cr_assert_eq(fixture_set(&f.centre, "person", id, "city=Merw", NULL), RC_OK);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
	}
	cleaning_note_backup(&f.centre);
	cr_assert_eq(fixture_set(a, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
}

/* The whole of it, until the disk stops. */
static enum rc clean(struct fixture_node *n, const struct compact_plan *p)
{
	struct compact_result r = { .entries = 0 };
	enum rc rc = compact_step(n->store, p);

	return rc == RC_OK ? compact_drop(n->store, p->scope, NULL, NULL, &r) : rc;
}

Test(compact_stops, the_disk_stops_at_every_write)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint16_t scope = cleaning_region(&f, a);
	uint8_t before[HASH_LEN], after[HASH_LEN];
	struct compact_plan p;
	uint64_t n, stopped = 0;
	char disk[96];
	enum rc rc = RC_IO;

	make_history(a);
	fixture_digest(&f.centre, scope, before);
	p = cleaning_plan(&f.centre, scope);
	cr_assert_gt(p.target, p.floor);
	(void)snprintf(disk, sizeof(disk), "%s/db", f.centre.dir);
	kv_sim_clone(disk, "kept");
	for (n = 1; rc != RC_OK; n++) {
		kv_sim_clone("kept", disk);
		fixture_reopen(&f.centre);
		kv_sim_fail_at(n);
		rc = clean(&f.centre, &p);
		kv_sim_fail_at(0);
		stopped += rc != RC_OK;
		if (n % CHECK_EVERY != 0 && rc != RC_OK) {
			continue;
		}
		fixture_reopen(&f.centre);
		fixture_digest(&f.centre, scope, after);
		cr_assert_arr_eq(before, after, HASH_LEN, "stopped at write %u", (unsigned)n);
		cleaning_assert_sound(&f.centre);
		(void)cleaning_compact(&f.centre, scope);
		fixture_digest(&f.centre, scope, after);
		cr_assert_arr_eq(before, after, HASH_LEN, "gone on after write %u", (unsigned)n);
		cleaning_assert_sound(&f.centre);
	}
	cr_assert_gt(stopped, 30u);
	kv_sim_forget("kept");
	/* And the office, which is told of the floor, goes on with it. */
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_digest(&f.centre, scope, before);
	fixture_digest(a, scope, after);
	cr_assert_arr_eq(before, after, HASH_LEN);
}

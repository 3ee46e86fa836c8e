/*
 * What a wrong clock can do: of concurrent values of a `latest` field it has a
 * say in which one is shown, but only between the time of the last cut that
 * its author had seen and that of the cut that first covers the entry.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "fixture.h"
#include "node/base/clock.h"

#define YEAR_MS (INT64_C(31556952) * 1000)

enum { DAY_MS = 86400000 }; /* also a clock that begins in 1970 */

static int64_t clock_ms;

static int64_t now_ms(void)
{
	return clock_ms;
}

static struct store_world told_world;

static void tell_time(struct fixture_node *n)
{
	told_world = *n->store->world;
	told_world.now_ms = now_ms;
	n->store->world = &told_world;
}

static void sync_at(struct fixture *f, struct fixture_node *n, int64_t at_ms)
{
	clock_ms = at_ms;
	cr_assert_eq(fixture_sync(f, n), RC_OK);
}

static void set_at(struct fixture_node *n, struct uuid id, const char *city, int64_t at_ms)
{
	clock_ms = at_ms;
	cr_assert_eq(fixture_set(n, "person", id, city, NULL), RC_OK);
}

/* The centre's clock is right and ticks 1000 between what happens. */
enum { BEFORE_MS = 1000, FIRST_CUT_MS = 2000, BETWEEN_MS = 2500, SECOND_CUT_MS = 3000 };

/* Behind what the real clock said when the centre was founded. */
static int64_t now_is;

static void set_now(void)
{
	now_is = (int64_t)clock_now_ms() + DAY_MS;
}

TestSuite(clocks, .init = set_now);

struct row {
	int64_t first_ms;  /* the clock of Mary, whose value is cut first */
	int64_t second_ms; /* of Merw, who has not heard of it */
	const char *shown, *why;
};

static void try_row(const struct row *row)
{
	struct fixture f;
	struct fixture_node *mary = NULL, *merw = NULL;
	struct uuid id;

	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	merw = fixture_office(&f, "Merw", 2, "TM-M");
	tell_time(&f.centre);
	tell_time(mary);
	tell_time(merw);
	clock_ms = now_is;
	id = fixture_add(mary, 0, "person", "nr=1", NULL);
	sync_at(&f, mary, now_is + BEFORE_MS);
	sync_at(&f, merw, now_is + BEFORE_MS);
	sync_at(&f, mary, now_is + BEFORE_MS);
	set_at(mary, id, "city=first", row->first_ms);
	sync_at(&f, mary, now_is + FIRST_CUT_MS);
	set_at(merw, id, "city=second", row->second_ms);
	sync_at(&f, merw, now_is + SECOND_CUT_MS);
	sync_at(&f, mary, now_is + SECOND_CUT_MS);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), row->shown, "centre: %s",
			 row->why);
	cr_assert_str_eq(fixture_show(mary, "person", id, "city"), row->shown, "Mary: %s",
			 row->why);
	cr_assert_str_eq(fixture_show(merw, "person", id, "city"), row->shown, "Merw: %s",
			 row->why);
	fixture_fini(&f);
}

Test(clocks, a_wrong_clock_counts_no_more_than_its_cuts)
{
	const struct row rows[] = {
		{ now_is + FIRST_CUT_MS - 1, now_is + BETWEEN_MS, "second",
		  "both clocks are right: the later one is shown" },
		{ now_is + 73 * YEAR_MS, now_is + BETWEEN_MS, "second",
		  "2099 counts as the time of its cut, which is earlier" },
		{ now_is + 12 * YEAR_MS, now_is + BETWEEN_MS, "second", "so does 2038" },
		{ now_is + 10 * YEAR_MS, now_is + BETWEEN_MS, "second", "and a jump ahead" },
		{ now_is + 73 * YEAR_MS, now_is + FIRST_CUT_MS - 1, "first",
		  "2099 does count as the time of its cut: what was written before is earlier" },
		{ now_is + FIRST_CUT_MS - 1, DAY_MS, "first",
		  "1970 counts as the last cut that was seen, which is before" },
		{ DAY_MS, now_is + BEFORE_MS + 1, "second", "and so it does for the first" },
		{ now_is + 73 * YEAR_MS, now_is + 73 * YEAR_MS, "second",
		  "both are wrong: the later cut is later" },
		{ DAY_MS, DAY_MS, "second",
		  "both count as the same cut: the greater office is shown" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		try_row(&rows[i]);
	}
}

Test(clocks, who_has_seen_a_value_replaces_it_whatever_the_clocks_say)
{
	struct fixture f;
	struct fixture_node *mary = NULL, *merw = NULL;
	struct uuid id;

	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	merw = fixture_office(&f, "Merw", 2, "TM-M");
	tell_time(&f.centre);
	tell_time(mary);
	tell_time(merw);
	clock_ms = now_is + 73 * YEAR_MS;
	id = fixture_add(mary, 0, "person", "nr=1", "city=of 2099", NULL);
	sync_at(&f, mary, now_is);
	sync_at(&f, merw, now_is);
	set_at(merw, id, "city=of 1970", DAY_MS);
	sync_at(&f, merw, now_is - 10 * YEAR_MS);
	sync_at(&f, mary, now_is);
	cr_assert_str_eq(fixture_show(mary, "person", id, "city"), "of 1970");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "of 1970");
	fixture_fini(&f);
}

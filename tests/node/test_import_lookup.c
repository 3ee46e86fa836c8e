/* The table of import --key: what it lists, and what is added to it. */
#include "node/cmd/import_lookup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/base/mem.h"
#include "node/store/records.h"

static struct fixture f;
static struct fixture_node *a, *b;
static struct arena scratch;
static struct import_sheet sheet;
static struct import_lookup *lookup;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(mem_arena_open(&scratch, 1 << 24), RC_OK);
}

static void stop(void)
{
	import_lookup_close(lookup);
	mem_arena_close(&scratch);
	fixture_fini(&f);
}

TestSuite(import_lookup, .init = start, .fini = stop);

/* The table of the persons at a, by these columns. */
static void open_by(const char *key)
{
	static const struct bytes cells[] = { { (const uint8_t *)"city", 4 },
					      { (const uint8_t *)"born", 4 } };
	struct csvfile_row row = { cells, 2, 1 };
	struct path_problem why;

	sheet = (struct import_sheet){ .kind_name = bytes_of("person"), .key = bytes_of(key) };
	cr_assert_eq(import_sheet_header(&sheet, &row, &scratch, &why), RC_OK);
	cr_assert_eq(import_lookup_open(&sheet, a->store, &scratch, &lookup, &why), RC_OK);
}

/* How many persons are listed for a city, and the last of them. */
static uint32_t count_in(const char *city, struct uuid *last)
{
	uint8_t digest[UNIQUE_DIGEST_LEN];
	struct bytes value = bytes_of(city);
	struct import_lookup_walk w;
	uint32_t n = 0;

	unique_digest(a->store->crypto, &value, 1, digest);
	w = import_lookup_find(lookup, digest);
	while (import_lookup_next(lookup, &w, last)) {
		n++;
	}
	return n;
}

/* Begins a transaction, and adds what was written before it. */
static void follow(void)
{
	struct kv_txn *t = NULL;
	struct value_reader reader;
	struct path_problem why;

	cr_assert_eq(store_begin(a->store, true, &t), RC_OK);
	reader = value_arg_reader(a->store, t, &scratch, NULL);
	cr_assert_eq(import_sheet_bind(&sheet, &reader, &why), RC_OK);
	cr_assert_eq(import_lookup_follow(lookup, &sheet, a->store, t, &scratch), RC_OK);
	store_end(a->store, t);
}

Test(import_lookup, lists_what_is_there_by_its_values)
{
	struct uuid mary = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	struct uuid dead = fixture_add(a, 0, "person", "nr=2", "city=Tejen", NULL), last;

	(void)fixture_add(a, 0, "person", "nr=3", NULL);
	cr_assert_eq(fixture_delete(a, "person", dead), RC_OK);
	open_by("city");
	cr_assert_eq(count_in("Mary", &last), 1u);
	cr_assert(uuid_equal(last, mary));
	cr_assert_eq(count_in("Tejen", &last), 1u, "deleted ones, too");
	cr_assert_eq(count_in("", &last), 0u);
}

Test(import_lookup, follows_what_was_written_after_the_walk)
{
	struct uuid old = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL), last, id;

	open_by("city");
	id = fixture_add(a, 0, "person", "nr=2", "city=Tejen", NULL);
	cr_assert_eq(fixture_set(a, "person", old, "city=Kaka", NULL), RC_OK);
	cr_assert_eq(count_in("Tejen", &last), 0u, "not followed yet");
	follow();
	cr_assert_eq(count_in("Tejen", &last), 1u);
	cr_assert(uuid_equal(last, id));
	cr_assert_eq(count_in("Kaka", &last), 1u);
	follow();
	cr_assert_eq(count_in("Kaka", &last), 1u, "once");
	/* What another office wrote comes by way of the centre. */
	(void)fixture_add(b, 0, "person", "nr=3", "city=Bamy", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	follow();
	cr_assert_eq(count_in("Bamy", &last), 1u);
}

Test(import_lookup, lists_a_bounded_number_for_the_same_values)
{
	struct uuid last;
	char nr[16];
	uint32_t i;

	for (i = 0; i < IMPORT_LOOKUP_SAME_MAX + 4; i++) {
		(void)snprintf(nr, sizeof(nr), "nr=%u", i);
		(void)fixture_add(a, 0, "person", nr, "city=Mary", NULL);
	}
	open_by("city");
	cr_assert_eq(count_in("Mary", &last), (uint32_t)IMPORT_LOOKUP_SAME_MAX);
}

Test(import_lookup, grows_and_keeps_what_it_lists)
{
	struct uuid last;
	char city[32];
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(city, sizeof(city), "city=%u", i);
		(void)fixture_add(a, 0, "person", "nr=1", city, NULL);
	}
	open_by("city");
	for (i = 0; i < 1000; i++) {
		(void)snprintf(city, sizeof(city), "%u", i);
		cr_assert_eq(count_in(city, &last), 1u, "%s", city);
	}
}

Test(import_lookup, a_record_holds_values_as_long_as_it_shows_them)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL), last;
	struct kv_txn *t = NULL;
	uint8_t digest[UNIQUE_DIGEST_LEN];
	struct bytes value = bytes_of("Mary");
	uint32_t i;

	open_by("city");
	unique_digest(a->store->crypto, &value, 1, digest);
	for (i = 0; i < 2; i++) {
		struct records_stamps stamps;
		struct view_source source;
		struct record r;
		bool holds = false;

		cr_assert_eq(store_begin(a->store, false, &t), RC_OK);
		stamps = (struct records_stamps){ t, a->store->info.centre_incarnation, &scratch };
		source = records_source(&stamps);
		cr_assert_eq(records_get(t, a->store->catalog, sheet.kind->number, id, &scratch,
					 &r),
			     RC_OK);
		cr_assert_eq(import_lookup_holds(&sheet, a->store, &r, &source, &scratch, digest,
						 &holds),
			     RC_OK);
		store_end(a->store, t);
		cr_assert_eq(holds, i == 0);
		cr_assert_eq(count_in("Mary", &last), 1u, "listed all the same");
		cr_assert_eq(fixture_set(a, "person", id, "city=Kaka", NULL), RC_OK);
		follow();
	}
}

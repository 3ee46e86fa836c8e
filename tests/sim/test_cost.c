/*
 * What things cost, in look-ups of keys, which are counted and never timed:
 * merging an entry into a record, editing and reading one, costs the same
 * however long the record's history is.
 *
 * KERWEN_EDITS=N sets how long the long history is.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kv_sim.h"
#include "node/store/records.h"
#include "tests/node/fixture.h"

enum { EDITS = 100000, FEW = 2, READ_LOOKUPS_MAX = 8, EDIT_LOOKUPS_MAX = 16 };

/* Look-ups and writes since the last call. */
struct cost {
	uint64_t lookups, writes;
};

static struct cost cost_since(void)
{
	static struct kv_sim_calls last;
	struct kv_sim_calls now = kv_sim_calls();
	struct cost cost = {
		.lookups = now.gets + now.seeks + now.nexts - last.gets - last.seeks - last.nexts,
		.writes = now.puts + now.dels - last.puts - last.dels,
	};

	last = now;
	return cost;
}

static uint32_t edits(void)
{
	const char *text = getenv("KERWEN_EDITS");

	return text == NULL ? EDITS : (uint32_t)strtoul(text, NULL, 10);
}

static void edit(struct fixture_node *n, struct uuid id, uint32_t i)
{
	char city[32];

	(void)snprintf(city, sizeof(city), "city=%u", i);
	cr_assert_eq(fixture_set(n, "person", id, city, NULL), RC_OK);
}

static struct cost cost_of_edit(struct fixture_node *n, struct uuid id)
{
	(void)cost_since();
	edit(n, id, UINT32_MAX);
	return cost_since();
}

/* All that `show` needs of a record. */
static struct cost cost_of_reading(struct fixture_node *n, struct uuid id)
{
	struct store *s = n->store;
	struct records_stamps stamps;
	struct view_source source;
	struct field_view v;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t i;

	(void)cost_since();
	cr_assert_eq(store_begin(s, false, &t), RC_OK);
	stamps = (struct records_stamps){ t, s->info.centre_incarnation, &s->arena };
	source = records_source(&stamps);
	cr_assert_eq(records_get(t, s->catalog,
				 schema_kind_by_name(&s->catalog->schema, bytes_of("person"))
					 ->number,
				 id, &s->arena, &r),
		     RC_OK);
	for (i = 0; i < r.kind->fields_count; i++) {
		cr_assert_eq(view_field(&r, &r.kind->fields[i], &source, &s->arena, &v), RC_OK);
	}
	store_end(s, t);
	return cost_since();
}

/* A page of a list. */
static struct cost cost_of_list(struct fixture_node *n)
{
	(void)cost_since();
	cr_assert_eq(fixture_count(n, "person"), 1u);
	return cost_since();
}

static struct cost cost_of_sync(struct fixture *f, struct fixture_node *n)
{
	(void)cost_since();
	cr_assert_eq(fixture_sync(f, n), RC_OK);
	return cost_since();
}

struct costs {
	struct cost edit, reading, list, sync, contended, back;
};

/* A record with a history of so many edits: what the next ones cost. Nobody
 * else edits the record, then a second office does without having seen it. */
static void measure(uint32_t count, struct costs *out)
{
	struct fixture f;
	struct fixture_node *mary = NULL, *merw = NULL;
	struct uuid id;
	uint32_t i;

	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	merw = fixture_office(&f, "Merw", 2, "TM-M");
	id = fixture_add(mary, 0, "person", "nr=1", "city=a", "tags+=a", "visits+=1", NULL);
	for (i = 0; i < count; i++) {
		edit(mary, id, i);
	}
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, merw), RC_OK);
	out->edit = cost_of_edit(mary, id);
	out->reading = cost_of_reading(mary, id);
	out->list = cost_of_list(mary);
	edit(merw, id, count);
	out->sync = cost_of_sync(&f, mary);
	out->contended = cost_of_sync(&f, merw);
	out->back = cost_of_sync(&f, mary);
	cr_assert_neq(fixture_show(mary, "person", id, "city")[0], '\0');
	fixture_fini(&f);
}

static void assert_same(const char *what, struct cost few, struct cost many)
{
	(void)fprintf(stderr,
		      "  %-34s %3" PRIu64 " look-ups %3" PRIu64 " writes; %3" PRIu64
		      " and %3" PRIu64 "\n",
		      what, few.lookups, few.writes, many.lookups, many.writes);
	cr_assert_leq(many.lookups, few.lookups, "%s", what);
	cr_assert_leq(many.writes, few.writes, "%s", what);
}

Test(cost, a_long_history_costs_no_more_than_a_short_one)
{
	struct costs few, many;
	uint32_t count = edits();

	measure(FEW, &few);
	measure(count, &many);
	(void)fprintf(stderr, "a record edited %d times; %u times\n", FEW, count);
	assert_same("one more edit", few.edit, many.edit);
	assert_same("reading it", few.reading, many.reading);
	assert_same("listing its kind", few.list, many.list);
	assert_same("a sync that brings an edit", few.sync, many.sync);
	assert_same("a sync that brings a concurrent one", few.contended, many.contended);
	assert_same("a sync that takes it back", few.back, many.back);
	cr_assert_leq(few.reading.lookups, (uint64_t)READ_LOOKUPS_MAX);
	cr_assert_leq(few.edit.lookups, (uint64_t)EDIT_LOOKUPS_MAX);
}

/* Open conflicts: found without walking all records, and since when. */
#include "node/store/conflicts.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "node/store/history.h"
#include "node/store/key.h"
#include "node/store/records.h"

static struct fixture f;
static struct fixture_node *a, *b;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(conflicts, .init = start, .fini = stop);

static void sync_all(void)
{
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
}

/* A record that both know. */
static struct uuid shared(const char *kind, const char *field)
{
	struct uuid id = fixture_add(a, 0, kind, field, NULL);

	sync_all();
	return id;
}

/* Walks the table; the records found, up to max. */
static uint32_t walk(struct fixture_node *n, uint16_t kind, struct conflicts_place after,
		     struct conflicts_place *out, uint32_t max)
{
	struct conflicts_walk w;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t count = 0;
	uint8_t bits = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(conflicts_walk_start(&w, t, n->store->catalog, kind, after), RC_OK);
	while (conflicts_walk_next(&w, CONFLICTS_OPEN, &n->store->arena, &r, &bits) == RC_OK) {
		cr_assert_lt(count, max);
		cr_assert((bits & CONFLICTS_OPEN) != 0);
		cr_assert_eq(conflicts_get(t, r.kind_number, r.id), bits);
		out[count++] = (struct conflicts_place){ r.kind_number, r.id };
	}
	conflicts_walk_end(&w);
	store_end(n->store, t);
	return count;
}

static uint16_t number_of(const char *kind)
{
	return schema_kind_by_name(&a->store->catalog->schema, bytes_of(kind))->number;
}

Test(conflicts, are_walked_by_kind_then_id_from_any_place)
{
	static const struct conflicts_place start_place;
	struct conflicts_place found[8];
	struct uuid ids[3], permit, calm;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		ids[i] = shared("person", "nr=1");
	}
	calm = shared("person", "city=Merw");
	permit = shared("permit", "number=1");
	for (i = 0; i < 3; i++) {
		cr_assert_eq(fixture_set(a, "person", ids[i], "nr=2", NULL), RC_OK);
		cr_assert_eq(fixture_set(b, "person", ids[i], "nr=3", NULL), RC_OK);
	}
	/* Two values, but nothing to decide: the policy is `latest`. */
	cr_assert_eq(fixture_set(a, "person", calm, "city=Mary", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", calm, "city=Ahal", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "permit", permit, "number=2", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "permit", permit, "number=3", NULL), RC_OK);
	sync_all();

	cr_assert_eq(walk(a, 0, start_place, found, 8), 4u);
	for (i = 0; i < 3; i++) {
		cr_assert(uuid_equal(found[i].id, ids[i]));
		cr_assert_eq(found[i].kind, number_of("person"));
	}
	cr_assert(uuid_equal(found[3].id, permit));
	cr_assert_eq(walk(a, 0, found[0], found, 8), 3u, "behind a place");
	cr_assert(uuid_equal(found[0].id, ids[1]));
	cr_assert_eq(walk(a, number_of("permit"), start_place, found, 8), 1u, "one kind");
	cr_assert_eq(walk(a, number_of("decree"), start_place, found, 8), 0u);

	cr_assert_eq(fixture_set(a, "person", ids[1], "nr=2", NULL), RC_OK);
	cr_assert_eq(walk(a, number_of("person"), start_place, found, 8), 2u, "settled is gone");
	cr_assert(uuid_equal(found[1].id, ids[2]));
	sync_all();
	cr_assert_eq(walk(b, number_of("person"), start_place, found, 8), 2u, "everywhere");
}

/* The author's time of the last entry of a node in its region's scope. */
static int64_t last_time(struct fixture_node *n)
{
	const struct office_info *o = catalog_office(n->store->catalog, n->store->info.number);
	struct feed_state feed;
	struct kv_txn *t = NULL;
	struct entry e;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(feeds_get(t, store_own_feed(n->store, o->scope_region), &feed), RC_OK);
	cr_assert_eq(history_load(t, (struct dot){ feed.feed, feed.head }, &n->store->arena, &e),
		     RC_OK);
	store_end(n->store, t);
	return e.header.time_ms;
}

static int64_t since(struct fixture_node *n, const char *kind, struct uuid id)
{
	struct records_stamps stamps;
	struct view_source source;
	struct kv_txn *t = NULL;
	struct record r;
	int64_t ms = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, number_of(kind), id, &n->store->arena, &r),
		     RC_OK);
	stamps = (struct records_stamps){ t, n->store->info.centre_incarnation, &n->store->arena };
	source = records_source(&stamps);
	cr_assert_eq(conflicts_since(&r, &source, &n->store->arena, &ms), RC_OK);
	store_end(n->store, t);
	return ms;
}

static int64_t oldest(struct fixture_node *n)
{
	struct conflicts_oldest state = { .oldest_ms = 0 };

	while (!state.done) {
		struct records_stamps stamps;
		struct view_source source;
		struct kv_txn *t = NULL;

		cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
		stamps = (struct records_stamps){ t, n->store->info.centre_incarnation,
						  &n->store->arena };
		source = records_source(&stamps);
		cr_assert_eq(conflicts_find_oldest(t, n->store->catalog, &source, &n->store->arena,
						   0, &state),
			     RC_OK, "a slice of nothing still moves on");
		store_end(n->store, t);
	}
	return state.oldest_ms;
}

/* Lets the clock move on: times of entries differ. */
static void wait_ms(int64_t ms)
{
	int64_t end = a->store->world->now_ms() + ms;

	while (a->store->world->now_ms() < end) {
	}
}

Test(conflicts, begin_when_the_second_value_came)
{
	struct uuid first = shared("person", "nr=1"), second = shared("person", "nr=2");
	int64_t begins = 0;

	cr_assert_eq(since(a, "person", first), INT64_MAX, "it is in none");
	cr_assert_eq(oldest(a), 0);
	cr_assert_eq(fixture_set(a, "person", first, "nr=3", NULL), RC_OK);
	wait_ms(5);
	cr_assert_eq(fixture_set(b, "person", first, "nr=4", NULL), RC_OK);
	begins = last_time(b);
	wait_ms(5);
	cr_assert_eq(fixture_set(&f.centre, "person", first, "nr=5", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", second, "nr=6", NULL), RC_OK);
	wait_ms(5);
	cr_assert_eq(fixture_set(b, "person", second, "nr=7", NULL), RC_OK);
	sync_all();
	cr_assert_eq(since(a, "person", first), begins);
	cr_assert_eq(since(&f.centre, "person", first), begins);
	cr_assert_eq(since(a, "person", second), last_time(b));
	cr_assert_eq(oldest(&f.centre), begins);
	cr_assert_eq(fixture_set(a, "person", first, "nr=5", NULL), RC_OK);
	cr_assert_eq(oldest(a), last_time(b), "the next one is the oldest now");
}

Test(conflicts, of_a_flow_begin_when_two_had_come_as_far)
{
	struct uuid id = shared("person", "state=A");

	cr_assert_eq(fixture_set(a, "person", id, "state=B", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "state=C", NULL), RC_OK);
	sync_all();
	cr_assert_eq(since(a, "person", id), INT64_MAX, "one is further than the other");
	wait_ms(5);
	/* All three have seen both, and none the two others. */
	cr_assert_eq(fixture_set(a, "person", id, "state=B", NULL), RC_OK);
	wait_ms(5);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "state=C", NULL), RC_OK);
	wait_ms(5);
	cr_assert_eq(fixture_set(b, "person", id, "state=D", NULL), RC_OK);
	sync_all();
	cr_assert_eq(since(a, "person", id), last_time(b), "B is behind and takes no part");
}

Test(conflicts, of_life_begin_when_both_a_deletion_and_an_edit_were_there)
{
	struct uuid id = shared("person", "nr=1");

	cr_assert_eq(fixture_delete(a, "person", id), RC_OK);
	wait_ms(5);
	cr_assert_eq(fixture_set(b, "person", id, "city=Mary", NULL), RC_OK);
	sync_all();
	cr_assert_eq(since(a, "person", id), last_time(b));
	cr_assert_eq(oldest(b), last_time(b));
	cr_assert_eq(fixture_delete(a, "person", id), RC_OK);
	cr_assert_eq(oldest(a), 0);
}

Test(conflicts, of_fields_rest_while_the_record_is_deleted)
{
	static const struct conflicts_place start_place;
	struct uuid id = shared("person", "nr=1");
	struct conflicts_place found[1];

	cr_assert_eq(fixture_set(a, "person", id, "nr=2", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "nr=3", NULL), RC_OK);
	sync_all();
	cr_assert_eq(walk(a, 0, start_place, found, 1), 1u);
	cr_assert_eq(fixture_delete(a, "person", id), RC_OK);
	cr_assert_eq(walk(a, 0, start_place, found, 1), 0u);
	cr_assert_eq(since(a, "person", id), INT64_MAX, "it is in none");
	cr_assert_eq(oldest(a), 0);
	sync_all();
	cr_assert_eq(walk(b, 0, start_place, found, 1), 0u, "everywhere");
	cr_assert_eq(fixture_set(b, "person", id, "city=Mary", NULL), RC_OK, "brought back");
	cr_assert_eq(walk(b, 0, start_place, found, 1), 1u, "both values are there again");
	sync_all();
	cr_assert_eq(walk(a, 0, start_place, found, 1), 1u);
}

/* What a decision says: seen at one office, it holds at all. */
Test(conflicts, an_office_resolves_over_a_value_of_the_centre)
{
	struct uuid id = shared("person", "level=A");
	struct draft d = { .act = DRAFT_EDIT, .id = id, .resolves = true };
	struct draft_result result;
	struct draft_op op = { .code = OP_PUT, .value = bytes_of("C") };
	struct conflicts_place found[1];
	struct commit c;

	cr_assert_eq(fixture_set(&f.centre, "person", id, "level=B", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "level=D", NULL), RC_OK);
	sync_all();
	cr_assert_eq(walk(b, 0, (struct conflicts_place){ 0 }, found, 1), 1u);
	cr_assert_eq(commit_begin(&c, b->store, bytes_of("Aman"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&b->store->catalog->schema, bytes_of("person"));
	op.field = schema_field_by_name(d.kind, bytes_of("level"));
	d.ops = &op;
	d.ops_count = 1;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	cr_assert(result.settled);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	sync_all();
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "level"), "C");
	cr_assert_str_eq(fixture_show(a, "person", id, "level"), "C");
	cr_assert_eq(walk(a, 0, (struct conflicts_place){ 0 }, found, 1), 0u);
	cr_assert_eq(walk(&f.centre, 0, (struct conflicts_place){ 0 }, found, 1), 0u);
}

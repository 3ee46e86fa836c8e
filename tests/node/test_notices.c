/* Unique keys that two records use: who sees it, and what the centre tells. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "node/store/conflicts.h"
#include "node/store/feeds.h"
#include "node/store/notice.h"
#include "node/store/records.h"
#include "node/store/verify.h"
#include "node/store/world.h"

static struct fixture f;
static struct fixture_node *mary, *lebap, *ahal;

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	lebap = fixture_office(&f, "Lebap", 2, "TM-L");
	ahal = fixture_office(&f, "Ahal", 3, "TM-A");
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(fixture_sync(&f, ahal), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(notices, .init = start, .fini = stop);

static void sync_all(void)
{
	uint32_t i;

	for (i = 0; i < f.offices_count; i++) {
		cr_assert_eq(fixture_sync(&f, &f.offices[i]), RC_OK);
	}
	for (i = 0; i < f.offices_count; i++) {
		cr_assert_eq(fixture_sync(&f, &f.offices[i]), RC_OK);
	}
}

static bool shares(struct fixture_node *n, uint16_t kind, struct uuid id)
{
	struct kv_txn *t = NULL;
	uint8_t bits = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	bits = conflicts_get(t, kind, id);
	store_end(n->store, t);
	return (bits & CONFLICTS_SHARED) != 0;
}

static bool is_shared(struct fixture_node *n, struct uuid id)
{
	return shares(n, 16, id);
}

/* What the living notices about a record say: "nr: 2 3"; several joined by
 * "; ". Lives until the next call. */
static const char *told(struct fixture_node *n, struct uuid id)
{
	static char text[512];
	struct notice_list list;
	struct kv_txn *t = NULL;
	size_t len = 0;
	uint32_t i, k;

	text[0] = '\0';
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(notice_about(n->store, t, id, &n->store->arena, &list), RC_OK);
	for (i = 0; i < list.count; i++) {
		const struct notice *item = &list.items[i];

		if (item->deleted) {
			continue;
		}
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s%.*s:", len > 0 ? "; " : "", (int)item->fields.len,
					(const char *)item->fields.p);
		for (k = 0; k < item->offices_count; k++) {
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %u",
						item->offices[k]);
		}
	}
	store_end(n->store, t);
	return text;
}

static uint64_t count_notices(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	uint64_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(notice_count(t, &count), RC_OK);
	store_end(n->store, t);
	return count;
}

/* How many entries the centre has written in the centre scope of an office. */
static uint64_t centre_wrote(struct fixture_node *office)
{
	uint16_t scope = (uint16_t)(100 + 10 * office->store->info.number + 1);
	struct feed_state feed = { .head = 0 };
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
	(void)feeds_get(t, store_own_feed(f.centre.store, scope), &feed);
	store_end(f.centre.store, t);
	return feed.head;
}

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	cr_expect_fail("%s", text);
}

static void assert_sound(struct fixture_node *n)
{
	struct verify_options options = { .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "office %u", n->store->info.number);
	verify_free(v);
}

static void assert_all_sound(void)
{
	uint32_t i;

	assert_sound(&f.centre);
	for (i = 0; i < f.offices_count; i++) {
		assert_sound(&f.offices[i]);
	}
}

static void set_nr(struct fixture_node *n, struct uuid id, const char *op)
{
	cr_assert_eq(fixture_set(n, "person", id, op, NULL), RC_OK);
}

static void restore(struct fixture_node *n, struct uuid id)
{
	struct draft d = { .act = DRAFT_RESTORE, .id = id };
	struct draft_result result;
	struct commit c;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("tester"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
}

Test(notices, one_number_in_two_offices_is_kept_and_told_to_both)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=R0000001", NULL);
	struct uuid b = fixture_add(lebap, 0, "person", "nr=R0000001", NULL);

	sync_all();
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
	cr_assert(is_shared(&f.centre, a) && is_shared(&f.centre, b));
	cr_assert_str_eq(told(mary, a), "nr: 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	/* Neither office sees the other's record, so it has no conflict itself. */
	cr_assert(!is_shared(mary, a) && !is_shared(lebap, b));
	cr_assert_str_eq(fixture_show(mary, "person", b, "nr"), "?");
	cr_assert_eq(count_notices(mary), 1u);
	cr_assert_eq(count_notices(ahal), 0u);
	cr_assert_eq(count_notices(&f.centre), 2u);
	assert_all_sound();
}

Test(notices, it_is_gone_everywhere_when_one_of_them_changes)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(lebap, 0, "person", "nr=1", NULL);

	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2");
	set_nr(lebap, b, "nr=2");
	sync_all();
	cr_assert(!is_shared(&f.centre, a) && !is_shared(&f.centre, b));
	cr_assert_str_eq(told(mary, a), "");
	cr_assert_str_eq(told(lebap, b), "");
	cr_assert_eq(count_notices(&f.centre), 0u);
	/* And it comes again, as the same records. */
	set_nr(mary, a, "nr=2");
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	cr_assert_eq(fixture_count(mary, "notice"), 1u);
	assert_all_sound();
}

Test(notices, the_third_holder_is_told_and_tells_the_others)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(lebap, 0, "person", "nr=1", NULL);
	struct uuid c;

	sync_all();
	c = fixture_add(ahal, 0, "person", "nr=1", NULL);
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2 3");
	cr_assert_str_eq(told(lebap, b), "nr: 1 3");
	cr_assert_str_eq(told(ahal, c), "nr: 1 2");
	set_nr(mary, a, "nr=");
	sync_all();
	cr_assert_str_eq(told(mary, a), "");
	cr_assert_str_eq(told(lebap, b), "nr: 3");
	cr_assert_str_eq(told(ahal, c), "nr: 2");
	cr_assert(is_shared(&f.centre, b) && is_shared(&f.centre, c));
	set_nr(lebap, b, "nr=9");
	sync_all();
	cr_assert_eq(count_notices(&f.centre), 0u);
	cr_assert(!is_shared(&f.centre, c));
	assert_all_sound();
}

Test(notices, a_deleted_record_shares_nothing_until_it_is_restored)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(lebap, 0, "person", "nr=1", NULL);

	sync_all();
	cr_assert_eq(fixture_delete(lebap, "person", b), RC_OK);
	sync_all();
	cr_assert_str_eq(told(mary, a), "");
	cr_assert_str_eq(told(lebap, b), "");
	cr_assert(!is_shared(&f.centre, a) && !is_shared(&f.centre, b));
	assert_all_sound();
	restore(lebap, b);
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	cr_assert(is_shared(&f.centre, a) && is_shared(&f.centre, b));
	assert_all_sound();
}

Test(notices, offices_of_one_region_have_the_conflict_themselves)
{
	struct fixture_node *merw = fixture_office(&f, "Merw", 4, "TM-M");
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(merw, 0, "person", "nr=1", NULL);

	sync_all();
	cr_assert(is_shared(mary, a) && is_shared(mary, b));
	cr_assert(is_shared(merw, a) && is_shared(merw, b));
	cr_assert_str_eq(told(mary, a), "nr: 4");
	cr_assert_str_eq(told(merw, b), "nr: 1");
	/* A notice is for one office alone. */
	cr_assert_str_eq(told(mary, b), "");
	/* The other office may put it right. */
	set_nr(merw, a, "nr=2");
	sync_all();
	cr_assert(!is_shared(mary, a) && !is_shared(merw, b));
	cr_assert_eq(count_notices(&f.centre), 0u);
	assert_all_sound();
}

Test(notices, each_key_of_a_record_is_told_by_itself)
{
	enum { PAPER = 20 };
	struct uuid a = fixture_add(mary, 0, "paper", "series=1", "serial=1", NULL);
	struct uuid b = fixture_add(lebap, 0, "paper", "series=1", NULL);
	struct uuid c = fixture_add(ahal, 0, "paper", "serial=1", NULL);

	sync_all();
	cr_assert_str_eq(told(mary, a), "series: 2; serial: 3");
	cr_assert_str_eq(told(lebap, b), "series: 1");
	cr_assert_str_eq(told(ahal, c), "serial: 1");
	/* One is put right, the other still stands. */
	cr_assert_eq(fixture_set(lebap, "paper", b, "series=2", NULL), RC_OK);
	sync_all();
	cr_assert_str_eq(told(mary, a), "serial: 3");
	cr_assert_str_eq(told(lebap, b), "");
	cr_assert(shares(&f.centre, PAPER, a) && !shares(&f.centre, PAPER, b));
	cr_assert(shares(&f.centre, PAPER, c));
	/* What it does not change is still shared when it changes the other. */
	cr_assert_eq(fixture_set(mary, "paper", a, "series=9", NULL), RC_OK);
	sync_all();
	cr_assert(shares(&f.centre, PAPER, a));
	cr_assert_str_eq(told(mary, a), "serial: 3");
	assert_all_sound();
}

Test(notices, two_records_of_one_office_are_told_of_their_own_office)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid c;

	cr_assert(is_shared(mary, a) && is_shared(mary, b));
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 1");
	c = fixture_add(lebap, 0, "person", "nr=1", NULL);
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 1 2");
	cr_assert_str_eq(told(mary, b), "nr: 1 2");
	cr_assert_str_eq(told(lebap, c), "nr: 1");
	set_nr(mary, b, "nr=2");
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2");
	assert_all_sound();
}

Test(notices, what_the_centre_writes_for_an_office_counts_too)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b;

	sync_all();
	b = fixture_add(&f.centre, 2, "person", "nr=1", NULL);
	cr_assert_eq(count_notices(&f.centre), 2u);
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	set_nr(&f.centre, b, "nr=3");
	cr_assert_eq(count_notices(&f.centre), 0u);
	assert_all_sound();
}

Test(notices, nothing_is_written_twice)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	uint64_t wrote = 0;

	(void)fixture_add(lebap, 0, "person", "nr=1", NULL);
	sync_all();
	wrote = centre_wrote(mary);
	sync_all();
	cr_assert_eq(centre_wrote(mary), wrote);
	/* Another change of the record is no reason, nor are tables made anew. */
	set_nr(mary, a, "size=4");
	sync_all();
	fixture_derive(&f.centre);
	sync_all();
	cr_assert_eq(centre_wrote(mary), wrote);
	cr_assert_eq(count_notices(&f.centre), 2u);
	assert_all_sound();
}

/* Opens the centre's database as one that is nearly full. */
static void fill_centre(void)
{
	struct kv_txn *t = NULL;
	struct kv_room room;

	cr_assert_eq(store_begin(f.centre.store, false, &t), RC_OK);
	kv_room(t, &room);
	store_end(f.centre.store, t);
	store_close(f.centre.store);
	cr_assert_eq(store_open(f.centre.dir, room.used_bytes * 100 / 94, &world_real,
				&f.centre.store),
		     RC_OK);
}

Test(notices, a_nearly_full_store_still_tells)
{
	const char *const id = "nr=1";
	struct uuid a = fixture_add(mary, 0, "person", id, NULL), b;
	struct draft_result result;
	struct draft d = { .act = DRAFT_ADD, .home = 1 };
	struct commit c;

	fixture_add_many(mary, "n", 20000);
	b = fixture_add(lebap, 0, "person", id, NULL);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	fill_centre();
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_str_eq(told(mary, a), "nr: 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	/* While people are refused. */
	cr_assert_eq(commit_begin(&c, f.centre.store, bytes_of("x"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&f.centre.store->catalog->schema, bytes_of("person"));
	cr_assert_eq(commit_add(&c, &d, &result), RC_FULL);
	commit_abort(&c);
}

Test(notices, a_commit_that_adds_and_frees_a_number_ends_sound)
{
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(lebap, 0, "person", "nr=2", NULL);

	sync_all();
	/* They change numbers without knowing of each other. */
	set_nr(mary, a, "nr=2");
	set_nr(lebap, b, "nr=1");
	sync_all();
	cr_assert_eq(count_notices(&f.centre), 0u);
	set_nr(mary, a, "nr=1");
	set_nr(mary, a, "nr=3");
	sync_all();
	cr_assert_eq(count_notices(&f.centre), 0u);
	cr_assert(!is_shared(&f.centre, a) && !is_shared(&f.centre, b));
	assert_all_sound();
}

Test(notices, who_tells_the_others_may_leave_them_in_the_same_step)
{
	struct fixture_node *merw = fixture_office(&f, "Merw", 4, "TM-M");
	struct uuid a = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid b = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid c = fixture_add(mary, 0, "person", "nr=1", NULL);
	struct uuid d;

	sync_all();
	cr_assert_str_eq(told(mary, b), "nr: 1");
	/* One sync: somebody else joins, and the first of them goes. */
	d = fixture_add(merw, 0, "person", "nr=1", NULL);
	set_nr(merw, a, "nr=2");
	sync_all();
	cr_assert_str_eq(told(mary, a), "");
	cr_assert_str_eq(told(mary, b), "nr: 1 4");
	cr_assert_str_eq(told(mary, c), "nr: 1 4");
	cr_assert_str_eq(told(merw, d), "nr: 1");
	assert_all_sound();
}

Test(notices, those_who_tell_may_leave_one_after_the_other)
{
	struct fixture_node *merw = fixture_office(&f, "Merw", 4, "TM-M");
	struct uuid ids[5], first, last;
	uint32_t i;

	for (i = 0; i < 5; i++) {
		ids[i] = fixture_add(mary, 0, "person", "nr=1", NULL);
	}
	last = fixture_add(lebap, 0, "person", "nr=1", NULL);
	sync_all();
	first = fixture_add(merw, 0, "person", "nr=1", NULL);
	for (i = 0; i < 2; i++) {
		set_nr(merw, ids[i], "nr=2");
	}
	sync_all();
	cr_assert_str_eq(told(mary, ids[0]), "nr: 1");
	cr_assert_str_eq(told(mary, ids[4]), "nr: 1 2 4");
	cr_assert_str_eq(told(merw, first), "nr: 1 2");
	cr_assert_str_eq(told(lebap, last), "nr: 1 4");
	assert_all_sound();
}

/* The first record with a number that the node lists. */
static struct uuid find_by_nr(struct fixture_node *n, const char *nr)
{
	struct kv_txn *t = NULL;
	struct records_walk walk;
	struct record r;
	struct uuid found = { { 0 } };

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_walk_start(&walk, t, n->store->catalog, 16, NULL), RC_OK);
	while (records_walk_next(&walk, &n->store->arena, &r) == RC_OK) {
		struct records_stamps stamps = { t, n->store->info.centre_incarnation,
						 &n->store->arena };
		struct view_source source = records_source(&stamps);
		struct values v;

		cr_assert_eq(view_values(&r, &r.kind->fields[0], &source, &n->store->arena, &v),
			     RC_OK);
		if (v.count == 1 && bytes_equal(v.items[0], bytes_of(nr))) {
			found = r.id;
			break;
		}
	}
	records_walk_end(&walk);
	store_end(n->store, t);
	return found;
}

Test(notices, a_thousand_collisions_at_once_are_all_told)
{
	fixture_add_many(mary, "n", 1000);
	sync_all();
	fixture_add_many(lebap, "n", 1000);
	sync_all();
	cr_assert_eq(count_notices(&f.centre), 2000u);
	cr_assert_eq(count_notices(mary), 1000u);
	cr_assert_eq(count_notices(lebap), 1000u);
	cr_assert_str_eq(told(mary, find_by_nr(mary, "n999")), "nr: 2");
	cr_assert_str_eq(told(lebap, find_by_nr(lebap, "n0")), "nr: 1");
	assert_all_sound();
}

/* Adds records of one number. */
static void add_same(struct fixture_node *n, uint32_t count)
{
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("tester"), bytes_of("")), RC_OK);
	for (i = 0; i < count; i++) {
		const struct schema_kind *k =
			schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
		struct draft_op op = { &k->fields[0], OP_PUT, bytes_of("0") };
		struct draft d = { .act = DRAFT_ADD, .kind = k, .ops = &op, .ops_count = 1 };
		struct draft_result result;

		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
}

Test(notices, a_number_that_thousands_share_is_told_to_each_of_them)
{
	struct uuid a, b;

	add_same(mary, 3000);
	sync_all();
	cr_assert_eq(count_notices(mary), 3000u);
	b = fixture_add(lebap, 0, "person", "nr=0", NULL);
	sync_all();
	a = find_by_nr(mary, "0");
	cr_assert_str_eq(told(mary, a), "nr: 1 2");
	cr_assert_str_eq(told(lebap, b), "nr: 1");
	/* One more of an office that all know of: only that one is told. */
	a = fixture_add(mary, 0, "person", "nr=0", NULL);
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 1 2");
	cr_assert_eq(count_notices(mary), 3001u);
	set_nr(lebap, b, "nr=1");
	sync_all();
	cr_assert_str_eq(told(mary, a), "nr: 1");
	cr_assert_eq(count_notices(lebap), 0u);
	assert_all_sound();
}

/* --- a recount -------------------------------------------------------------------- */

enum { RECORDS_MAX = 24, NUMBERS = 4, STEPS = 60 };

/* What the centre holds, read record by record. */
struct row {
	struct uuid id;
	bool alive;
	uint16_t home;
	char nr[8]; /* "": unset */
};

static uint32_t list_seen(struct row *out)
{
	struct fixture_node *n = &f.centre;
	struct kv_txn *t = NULL;
	struct records_walk walk;
	struct record r;
	uint32_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_walk_start(&walk, t, n->store->catalog, 16, NULL), RC_OK);
	while (records_walk_next(&walk, &n->store->arena, &r) == RC_OK) {
		struct records_stamps stamps = { t, n->store->info.centre_incarnation,
						 &n->store->arena };
		struct view_source source = records_source(&stamps);
		struct row *s = &out[count++];
		uint16_t region = 0;
		struct values v;

		memset(s, 0, sizeof(*s));
		s->id = r.id;
		s->alive = view_life(&r).exists && !view_life(&r).deleted;
		cr_assert(view_home(&r, &s->home, &region));
		cr_assert_eq(view_values(&r, &r.kind->fields[0], &source, &n->store->arena, &v),
			     RC_OK);
		if (v.count == 1) {
			memcpy(s->nr, v.items[0].p, v.items[0].len);
		}
	}
	records_walk_end(&walk);
	store_end(n->store, t);
	return count;
}

/* Compares what is told of each record with who uses its number. */
static void check_all(unsigned seed)
{
	static struct row all[RECORDS_MAX];
	uint32_t i, k, count = list_seen(all);
	uint16_t office;

	for (i = 0; i < count; i++) {
		bool has[4] = { false }, shares = false;
		char wanted[32] = "";

		for (k = 0; k < count; k++) {
			if (k != i && all[k].alive && all[i].alive && all[i].nr[0] != '\0' &&
			    strcmp(all[k].nr, all[i].nr) == 0) {
				has[all[k].home] = shares = true;
			}
		}
		strcpy(wanted, shares ? "nr:" : "");
		for (office = 1; office < 4; office++) {
			size_t len = strlen(wanted);

			if (has[office]) {
				(void)snprintf(wanted + len, sizeof(wanted) - len, " %u", office);
			}
		}
		cr_assert_eq(is_shared(&f.centre, all[i].id), shares, "seed %u", seed);
		cr_assert_str_eq(told(&f.offices[all[i].home - 1], all[i].id), wanted, "seed %u",
				 seed);
	}
}

/* Somebody does something with one of the records here. */
static void do_something(struct fixture_node *n, struct uuid *ids, uint32_t *count)
{
	char op[16];
	uint32_t at = *count == 0 ? 0 : (uint32_t)rand() % *count;
	uint16_t home = 0;

	if (n == &f.centre) {
		home = (uint16_t)(1 + rand() % 3);
	}
	(void)snprintf(op, sizeof(op), "nr=%d", rand() % NUMBERS);
	if (*count < RECORDS_MAX && (*count < 6 || rand() % 4 == 0)) {
		ids[(*count)++] = fixture_add(n, home, "person", op, NULL);
		return;
	}
	if (strcmp(fixture_show(n, "person", ids[at], "nr"), "?") == 0) {
		return;
	}
	switch (rand() % 6) {
	case 0:
		cr_assert_eq(fixture_delete(n, "person", ids[at]), RC_OK);
		break;
	case 1:
		restore(n, ids[at]);
		break;
	case 2:
		set_nr(n, ids[at], "nr=");
		break;
	default:
		set_nr(n, ids[at], op);
		break;
	}
}

Test(notices, whatever_happens_they_say_what_a_recount_says)
{
	unsigned seed;

	for (seed = 1; seed <= 12; seed++) {
		struct uuid ids[RECORDS_MAX];
		uint32_t i, count = 0;

		srand(seed);
		for (i = 0; i < STEPS; i++) {
			int who = rand() % 5;

			if (who == 4) {
				cr_assert_eq(fixture_sync(&f, &f.offices[rand() % 3]), RC_OK);
			} else {
				do_something(who == 3 ? &f.centre : &f.offices[who], ids, &count);
			}
			if (i % 20 == 19) {
				sync_all();
				check_all(seed);
			}
		}
		assert_all_sound();
		stop();
		start();
	}
}

Test(notices, an_office_does_not_write_them)
{
	struct draft_op op = { .code = OP_PUT, .value = bytes_of(NOTICE_UNIQUE) };
	struct draft d = { .act = DRAFT_ADD, .ops = &op, .ops_count = 1 };
	struct draft_result result;
	struct commit c;

	d.kind = schema_kind_by_name(schema_builtin(), bytes_of("notice"));
	op.field = schema_field_by_name(d.kind, bytes_of("rule"));
	cr_assert_eq(commit_begin(&c, mary->store, bytes_of("x"), bytes_of("")), RC_OK);
	cr_assert_eq(commit_add(&c, &d, &result), RC_DENIED);
	commit_abort(&c);
}

/* A group of doubles counts once, whatever came in which order. */
#include "node/store/doubles.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "node/base/clock.h"
#include "node/store/records.h"
#include "node/store/summary.h"
#include "node/store/verify.h"

enum { HUMANS_MAX = 256, NODES = 4 };

static struct fixture f;
static struct fixture_node *mary, *murgap, *lebap;

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	murgap = fixture_office(&f, "Murgap", 2, "TM-M");
	lebap = fixture_office(&f, "Lebap", 3, "TM-L");
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(doubles, .init = start, .fini = stop, .timeout = 120);

/* --- counting again, in the plainest way ------------------------------------------ */

struct human {
	struct uuid id;
	bool is_live;
	int64_t size;
	struct uuid named[HUMANS_MAX];
	uint32_t named_count, group;
};

struct census {
	struct human *items;
	uint32_t count;
	int64_t people, sizes;
};

static void read_human(struct fixture_node *n, struct kv_txn *t, const struct record *r,
		       struct human *h)
{
	struct records_stamps stamps = { t, n->store->info.centre_incarnation, &n->store->arena };
	struct view_source source = records_source(&stamps);
	const struct schema_field *size = schema_field_by_name(r->kind, bytes_of("size"));
	const struct schema_field *same = schema_field_by_name(r->kind, bytes_of("same_as"));
	struct values v;
	uint32_t i;

	h->id = r->id;
	h->is_live = view_life(r).exists && !view_life(r).deleted;
	cr_assert_eq(view_values(r, size, &source, &n->store->arena, &v), RC_OK);
	h->size = v.count > 0 ? value_number(VALUE_INT, v.items[0]) : 0;
	cr_assert_eq(view_values(r, same, &source, &n->store->arena, &v), RC_OK);
	for (i = 0; i < v.count && i < HUMANS_MAX; i++) {
		memcpy(h->named[h->named_count++].b, v.items[i].p, UUID_LEN);
	}
}

static bool names(const struct human *h, struct uuid id)
{
	uint32_t i;

	for (i = 0; i < h->named_count; i++) {
		if (uuid_equal(h->named[i], id)) {
			return true;
		}
	}
	return false;
}

/* Groups get the number of their first member: merged until nothing moves. */
static void find_groups(struct census *c)
{
	bool moved = true;
	uint32_t i, k;

	for (i = 0; i < c->count; i++) {
		c->items[i].group = i;
	}
	while (moved) {
		moved = false;
		for (i = 0; i < c->count; i++) {
			for (k = 0; k < c->count; k++) {
				struct human *a = &c->items[i], *b = &c->items[k];

				if (a->group < b->group && names(a, b->id) && names(b, a->id)) {
					b->group = a->group;
					moved = true;
				} else if (a->group > b->group && names(a, b->id) &&
					   names(b, a->id)) {
					a->group = b->group;
					moved = true;
				}
			}
		}
	}
}

static bool stands_for_its_group(const struct census *c, const struct human *h)
{
	uint32_t i, members = 0;
	bool is_first = true;

	for (i = 0; i < c->count; i++) {
		const struct human *o = &c->items[i];

		if (o->group == h->group) {
			members++;
			is_first = is_first && (!o->is_live || uuid_compare(h->id, o->id) <= 0);
		}
	}
	return h->is_live && (is_first || members > LIMIT_GROUP_RECORDS_MAX);
}

static struct census count_again(struct fixture_node *n)
{
	struct census c = { calloc(HUMANS_MAX, sizeof(*c.items)), 0, 0, 0 };
	struct kv_txn *t = NULL;
	struct records_walk w;
	struct record r;
	uint32_t i;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_walk_start(&w, t, n->store->catalog,
					schema_kind_by_name(&n->store->catalog->schema,
							    bytes_of("human"))
						->number,
					NULL),
		     RC_OK);
	while (records_walk_next(&w, &n->store->arena, &r) == RC_OK) {
		cr_assert_lt(c.count, (uint32_t)HUMANS_MAX);
		read_human(n, t, &r, &c.items[c.count++]);
	}
	records_walk_end(&w);
	store_end(n->store, t);
	find_groups(&c);
	for (i = 0; i < c.count; i++) {
		bool counts = stands_for_its_group(&c, &c.items[i]);

		c.people += counts;
		c.sizes += counts ? c.items[i].size : 0;
	}
	free(c.items);
	return c;
}

static char said[256];

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	if (said[0] == '\0') {
		(void)snprintf(said, sizeof(said), "%s", text);
	}
}

/* verify finds every cell right. */
static void check_cells(struct fixture_node *n, const char *when)
{
	struct verify_options options = { .on_problem = on_problem };
	struct verify *v = NULL;

	said[0] = '\0';
	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "%s: %s", when, said);
	verify_free(v);
}

/* Figures are those of the plain count, too. */
static void check(struct fixture_node *n, const char *when)
{
	struct census c = count_again(n);

	cr_assert_eq(fixture_figure(n, "humans"), c.people, "%s: %" PRId64 ", not %" PRId64, when,
		     fixture_figure(n, "humans"), c.people);
	cr_assert_eq(fixture_figure(n, "human_sizes"), c.sizes, "%s: sizes", when);
	check_cells(n, when);
}

/* --- writing ------------------------------------------------------------------------ */

static const char *word(const char *field_and_sign, struct uuid id)
{
	static char texts[4][64];
	static unsigned next;
	char *text = texts[next++ % 4];
	char id_text[UUID_TEXT_LEN + 1];

	uuid_format(id, id_text);
	(void)snprintf(text, sizeof(texts[0]), "%s%s", field_and_sign, id_text);
	return text;
}

static enum rc name_same(struct fixture_node *n, struct uuid a, struct uuid b, bool yes)
{
	return fixture_set(n, "human", a, word(yes ? "same_as+=" : "same_as-=", b), NULL);
}

/* Both sides in one commit, as `kerwen link` does it. */
static enum rc link_both(struct fixture_node *n, struct uuid a, struct uuid b, bool yes)
{
	struct commit c;
	enum rc rc = commit_begin(&c, n->store, bytes_of("tester"), bytes_of(""));
	uint32_t i;

	for (i = 0; i < 2 && rc == RC_OK; i++) {
		const struct schema_kind *k =
			schema_kind_by_name(&n->store->catalog->schema, bytes_of("human"));
		struct uuid other = i == 0 ? b : a;
		struct draft_op op = { schema_doubles_same(k), yes ? OP_SET_ADD : OP_SET_REMOVE,
				       bytes_at(other.b, UUID_LEN) };
		struct draft d = { .act = DRAFT_EDIT,
				   .kind = k,
				   .id = i == 0 ? a : b,
				   .ops = &op,
				   .ops_count = 1 };
		struct draft_result result;

		rc = commit_add(&c, &d, &result);
	}
	if (rc == RC_OK) {
		return commit_end(&c);
	}
	commit_abort(&c);
	return rc;
}

/* The later one has the greater id. */
static struct uuid add_human(struct fixture_node *n, unsigned size)
{
	uint64_t now = clock_now_ms();
	char text[32];

	while (clock_now_ms() == now) {
	}
	(void)snprintf(text, sizeof(text), "size=%u", size);
	return fixture_add(n, 0, "human", "name=Aman", text, NULL);
}

static void sync_all(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		cr_assert_eq(fixture_sync(&f, mary), RC_OK);
		cr_assert_eq(fixture_sync(&f, murgap), RC_OK);
		cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	}
}

/* --- groups --------------------------------------------------------------------------- */

Test(doubles, two_offices_one_person)
{
	struct uuid a = add_human(lebap, 1), b = add_human(mary, 2);

	sync_all();
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 2);
	cr_assert_eq(name_same(&f.centre, a, b, true), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 2, "one side alone is no link");
	cr_assert_eq(name_same(&f.centre, b, a, true), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 1);
	cr_assert_eq(fixture_figure(&f.centre, "human_sizes"), 1, "the smallest id");
	check(&f.centre, "linked");
	sync_all();
	cr_assert_eq(fixture_figure(mary, "humans"), 1, "it has but one of them");
	cr_assert_eq(fixture_delete(lebap, "human", a), RC_OK);
	sync_all();
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 1);
	cr_assert_eq(fixture_figure(&f.centre, "human_sizes"), 2, "the smallest live id");
	check(&f.centre, "one of them deleted");
	cr_assert_eq(fixture_set(lebap, "human", a, "size=5", NULL), RC_OK);
	sync_all();
	cr_assert_eq(fixture_figure(&f.centre, "human_sizes"), 5, "restored");
	cr_assert_eq(link_both(&f.centre, a, b, false), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 2);
	cr_assert_eq(fixture_figure(&f.centre, "human_sizes"), 7);
	check(&f.centre, "unlinked");
}

Test(doubles, a_deleted_one_holds_its_group_together)
{
	struct uuid a = add_human(mary, 1), b = add_human(mary, 2), c = add_human(mary, 4);

	cr_assert_eq(link_both(mary, a, b, true), RC_OK);
	cr_assert_eq(link_both(mary, b, c, true), RC_OK);
	cr_assert_eq(fixture_figure(mary, "humans"), 1);
	cr_assert_eq(fixture_delete(mary, "human", b), RC_OK);
	cr_assert_eq(fixture_figure(mary, "humans"), 1);
	check(mary, "the middle deleted");
	cr_assert_eq(fixture_delete(mary, "human", a), RC_OK);
	cr_assert_eq(fixture_figure(mary, "human_sizes"), 4);
	cr_assert_eq(name_same(mary, c, b, false), RC_OK);
	check(mary, "taken out");
}

Test(doubles, a_record_is_not_its_own_double)
{
	struct uuid a = add_human(mary, 1);

	cr_assert_eq(name_same(mary, a, a, true), RC_INVALID);
	cr_assert_eq(fixture_set(mary, "human", a, word("not_same+=", a), NULL), RC_INVALID);
	cr_assert_eq(fixture_set(mary, "human", a,
				 word("same_as+=",
				      (struct uuid){ { 1, 2, 3, 4, 5, 6, 0x70, 8, 0x80 } }),
				 NULL),
		     RC_OK, "what is not here may be named");
	check(mary, "a dangling link");
}

/* A link that comes before the record it leads to, and the other way round. */
Test(doubles, links_and_records_may_come_in_any_order)
{
	struct uuid a = add_human(mary, 1), b = add_human(lebap, 2);

	cr_assert_eq(name_same(mary, a, b, true), RC_OK);
	cr_assert_eq(name_same(lebap, b, a, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	check(&f.centre, "one came");
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 1);
	check(&f.centre, "both came");
	fixture_derive(&f.centre);
	check(&f.centre, "made anew");
}

/* --- too large ------------------------------------------------------------------------- */

static void link_chain(struct fixture_node *n, const struct uuid *ids, uint32_t count)
{
	uint32_t i;

	for (i = 1; i < count; i++) {
		cr_assert_eq(link_both(n, ids[i - 1], ids[i], true), RC_OK, "link %u", i);
	}
}

Test(doubles, a_writer_refuses_more_than_fits_a_group)
{
	struct uuid ids[66];
	uint32_t i;

	for (i = 0; i < 66; i++) {
		ids[i] = add_human(mary, 1);
	}
	link_chain(mary, ids, 64);
	cr_assert_eq(fixture_figure(mary, "humans"), 3);
	cr_assert_eq(link_both(mary, ids[63], ids[64], true), RC_LIMIT);
	cr_assert_eq(link_both(mary, ids[64], ids[0], true), RC_LIMIT);
	cr_assert_eq(fixture_figure(mary, "humans"), 3);
	cr_assert_eq(link_both(mary, ids[0], ids[63], true), RC_OK, "a ring is no larger");
	cr_assert_eq(link_both(mary, ids[64], ids[65], true), RC_OK);
	cr_assert_eq(fixture_figure(mary, "humans"), 2);
	check(mary, "two groups");
}

/* Each office may make its half; together they are too many. */
Test(doubles, what_merges_into_too_large_a_group_counts_one_by_one)
{
	struct uuid a[40], b[40];
	uint32_t i;

	for (i = 0; i < 40; i++) {
		a[i] = add_human(mary, 1);
		b[i] = add_human(lebap, 1);
	}
	link_chain(mary, a, 40);
	link_chain(lebap, b, 40);
	sync_all();
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 2);
	cr_assert_eq(name_same(mary, a[7], b[9], true), RC_OK);
	cr_assert_eq(name_same(lebap, b[9], a[7], true), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	check(&f.centre, "half a link");
	cr_assert_eq(fixture_sync(&f, lebap), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 80);
	check(&f.centre, "80 in one group");
	cr_assert_eq(fixture_delete(&f.centre, "human", a[20]), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 79);
	check(&f.centre, "one deleted");
	cr_assert_eq(link_both(&f.centre, b[30], b[31], false), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 71 - 1 + 1, "71 are too many");
	cr_assert_eq(link_both(&f.centre, a[7], a[8], false), RC_OK);
	check(&f.centre, "three groups");
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 3);
	cr_assert_eq(name_same(&f.centre, a[7], b[9], false), RC_OK);
	check(&f.centre, "four groups");
	cr_assert_eq(fixture_figure(&f.centre, "humans"), 4);
}

/* --- whatever happens --------------------------------------------------------------------- */

static uint64_t chance = 2023;

/* splitmix64, as in tests/demo. */
static uint32_t below(uint32_t n)
{
	uint64_t z = chance += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

struct story {
	struct uuid ids[HUMANS_MAX];
	struct fixture_node *homes[HUMANS_MAX];
	uint32_t count;
};

static void expect_fine(enum rc rc)
{
	cr_assert(rc == RC_OK || rc == RC_NOTFOUND || rc == RC_LIMIT, "%s", rc_text(rc));
}

/* One event; gives the node where it happened. */
static struct fixture_node *happen(struct story *s)
{
	struct fixture_node *const nodes[NODES] = { mary, murgap, lebap, &f.centre };
	uint32_t i = below(s->count), what = below(100);
	/* Mostly neighbours, so that groups grow, meet and fall apart. */
	uint32_t k = (i + 1 + below(below(4) == 0 ? s->count - 1 : 3)) % s->count;
	struct fixture_node *n = below(2) == 0 ? s->homes[i] : &f.centre;
	char text[32];

	if (what < 8 && s->count < 90) {
		n = nodes[below(3)];
		s->homes[s->count] = n;
		s->ids[s->count++] = add_human(n, 1u << below(20));
	} else if (what < 30 && k != i) {
		expect_fine(name_same(n, s->ids[i], s->ids[k], what < 24));
	} else if (what < 60 && k != i) {
		n = &f.centre;
		expect_fine(link_both(n, s->ids[i], s->ids[k], what < 52));
	} else if (what < 68) {
		expect_fine(fixture_delete(n, "human", s->ids[i]));
	} else if (what < 84) {
		(void)snprintf(text, sizeof(text), what < 76 ? "size=%u" : "city=%u", below(1000));
		expect_fine(fixture_set(n, "human", s->ids[i], text, NULL));
	} else {
		n = nodes[below(3)];
		cr_assert_eq(fixture_sync(&f, n), RC_OK);
		check(&f.centre, "after a sync");
	}
	return n;
}

Test(doubles, figures_hold_whatever_is_linked_deleted_and_changed)
{
	struct story s = { .count = 4 };
	char when[32];
	uint32_t i;

	for (i = 0; i < s.count; i++) {
		s.homes[i] = mary;
		s.ids[i] = add_human(mary, 1u << i);
	}
	for (i = 0; i < 600; i++) {
		(void)snprintf(when, sizeof(when), "event %u", i);
		check(happen(&s), when);
	}
	sync_all();
	check(&f.centre, "in the end");
	check(mary, "in the end");
	check(murgap, "in the end");
	check(lebap, "in the end");
	fixture_derive(&f.centre);
	check(&f.centre, "made anew");
}

/* --- disputes ------------------------------------------------------------------------- */

static void expect_disputed(struct fixture_node *n, uint64_t wanted, const char *when)
{
	struct summary_count count = { .kind = 0 };
	struct kv_txn *t = NULL;

	while (!count.done) {
		cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
		cr_assert_eq(summary_count_records(n->store, t, &n->store->arena, 1000, &count),
			     RC_OK);
		store_end(n->store, t);
	}
	cr_expect_eq(count.disputed, wanted, "%s: %" PRIu64, when, count.disputed);
}

static void call_different(struct uuid a, struct uuid b)
{
	cr_assert_eq(fixture_set(mary, "human", a, word("not_same+=", b), NULL), RC_OK);
}

Test(doubles, a_disputed_pair_counts_once_whoever_of_it_says_so)
{
	struct uuid a = add_human(mary, 1), b = add_human(mary, 2), c = add_human(mary, 4);

	call_different(a, b);
	expect_disputed(mary, 0, "nobody calls them the same");
	cr_assert_eq(link_both(mary, a, c, true), RC_OK);
	cr_assert_eq(link_both(mary, c, b, true), RC_OK);
	expect_disputed(mary, 1, "of one group over a third, said by the smaller");
	call_different(b, a);
	expect_disputed(mary, 1, "said by both");
	call_different(c, b);
	expect_disputed(mary, 2, "another pair, said by the greater");
	cr_assert_eq(fixture_delete(mary, "human", c), RC_OK);
	expect_disputed(mary, 1, "one of a pair is gone, and holds the group together");
}

/* --- bounded memory ------------------------------------------------------------------- */

enum { GROUPS = 40, MEMBERS = LIMIT_GROUP_RECORDS_MAX, CROWDED_BYTES = 1 << 20 };

static void put_links(struct commit *c, struct uuid from, const struct uuid *to, uint32_t count)
{
	const struct schema_kind *k =
		schema_kind_by_name(&mary->store->catalog->schema, bytes_of("human"));
	struct draft_op ops[MEMBERS];
	struct draft d = {
		.act = DRAFT_EDIT, .kind = k, .id = from, .ops = ops, .ops_count = count
	};
	struct draft_result result;
	uint32_t i;

	for (i = 0; i < count; i++) {
		ops[i] = (struct draft_op){ schema_doubles_same(k), OP_SET_ADD,
					    bytes_at(to[i].b, UUID_LEN) };
	}
	cr_assert_eq(commit_add(c, &d, &result), RC_OK, "%s", result.text);
}

/* Mary makes a group as large as writers may: all are linked with the first. */
static struct uuid add_group(void)
{
	const struct schema_kind *k =
		schema_kind_by_name(&mary->store->catalog->schema, bytes_of("human"));
	struct draft d = { .act = DRAFT_ADD, .kind = k };
	struct uuid ids[MEMBERS];
	struct draft_result result;
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, mary->store, bytes_of("tester"), bytes_of("")), RC_OK);
	for (i = 0; i < MEMBERS; i++) {
		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
		ids[i] = d.id;
	}
	for (i = 1; i < MEMBERS; i++) {
		put_links(&c, ids[i], &ids[0], 1);
	}
	put_links(&c, ids[0], &ids[1], MEMBERS - 1);
	cr_assert_eq(commit_end(&c), RC_OK);
	return ids[0];
}

static void delete_all(const struct uuid *ids, uint32_t count)
{
	struct draft d = { .act = DRAFT_DELETE };
	struct draft_result result;
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, mary->store, bytes_of("tester"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&mary->store->catalog->schema, bytes_of("human"));
	for (i = 0; i < count; i++) {
		d.id = ids[i];
		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK, "not in %d bytes", CROWDED_BYTES);
}

/* One commit changes the groups of many that it does not name: what it needs
 * memory for are those that it names. */
Test(doubles, a_commit_that_changes_many_groups_needs_little_memory)
{
	struct uuid firsts[GROUPS];
	size_t max = mary->store->arena.max;
	uint32_t i;

	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	for (i = 0; i < GROUPS; i++) {
		firsts[i] = add_group();
	}
	cr_assert_eq(fixture_figure(mary, "humans"), GROUPS);
	mary->store->arena.max = CROWDED_BYTES;
	delete_all(firsts, GROUPS);
	mary->store->arena.max = max;
	cr_assert_eq(fixture_figure(mary, "humans"), GROUPS, "the next ones count");
	check_cells(mary, "the first of each deleted");
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "humans"), GROUPS);
	check_cells(&f.centre, "the first of each deleted");
}

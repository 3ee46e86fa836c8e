/*
 * P14: a change that may not stand stops nothing behind it. It is kept with
 * its reason, seen at both ends, and the centre accepts or discards it by an
 * entry, after which all nodes hold the same, whatever was written meanwhile.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/apply.h"
#include "node/store/records.h"
#include "node/store/ruling.h"
#include "node/store/verify.h"
#include "poison.h"
#include "sync/feed.h"

static struct fixture f;
static struct fixture_node *a, *b; /* offices of one region */
static struct forge g;

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	forge_begin(&g, a, info_of(a)->scope_region);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(quarantine, .init = start, .fini = stop);

static void on_problem(void *ctx, const char *text)
{
	(void)snprintf(ctx, 320, "%s", text);
}

static void assert_clean(struct fixture_node *n)
{
	char text[320] = "";
	struct verify_options options = { .ctx = text, .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "%s", text);
	verify_free(v);
}

static void assert_same(void)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, info_of(b)->scope_region, x);
	fixture_digest(b, info_of(b)->scope_region, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
	assert_clean(&f.centre);
	assert_clean(b);
}

static enum rc rule(struct dot d, uint32_t place, bool accept)
{
	return poison_rule(&f.centre, d, place, accept);
}

static enum quarantine_state state_of(struct fixture_node *n, struct dot d, uint32_t place)
{
	return poison_row(n, d, place).state;
}

/* A change that an office may not write: of a person whose home is another
 * office. Its form is good. */
static struct change foreign(uint32_t n, const char *city)
{
	static uint8_t home[HOME_LEN];
	struct change c = forge_person(&g, forge_id(n), city);
	struct op *ops = arena_take(&g.arena, 2 * sizeof(*ops));
	uint16_t region = info_of(a)->scope_region;

	home[1] = 2;
	home[2] = (uint8_t)(region >> 8);
	home[3] = (uint8_t)region;
	ops[0] = (struct op){ FIELD_HOME, OP_PUT, bytes_at(home, HOME_LEN) };
	ops[1] = c.ops[1];
	c.ops = ops;
	c.ops_count = 2;
	return c;
}

/* One entry with a poison change between two good ones, at the centre. */
static struct dot push_poison(uint32_t n)
{
	struct header h = forge_header(&g);
	struct change changes[3] = { forge_person(&g, forge_id(n), "before"),
				     foreign(n + 1, "poison"),
				     forge_person(&g, forge_id(n + 2), "behind") };

	forge_add(&g, &h, changes, 3);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	return (struct dot){ g.feed, g.count };
}

static const char *city(struct fixture_node *n, uint32_t person)
{
	return fixture_show(n, "person", forge_id(person), "city");
}

Test(quarantine, p14_one_poison_change_stops_nothing)
{
	struct dot d = push_poison(10);

	cr_assert_str_eq(city(&f.centre, 10), "before");
	cr_assert_str_eq(city(&f.centre, 11), "?");
	cr_assert_str_eq(city(&f.centre, 12), "behind");
	cr_assert_eq(state_of(&f.centre, d, 1), QUARANTINE_WAITING);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(state_of(b, d, 1), QUARANTINE_WAITING);
	assert_same();
}

Test(quarantine, p14_what_is_accepted_stands_on_every_node)
{
	struct dot d = push_poison(10);

	cr_assert_eq(rule(d, 1, true), RC_OK);
	cr_assert_str_eq(city(&f.centre, 11), "poison");
	cr_assert_eq(fixture_figure(&f.centre, "people"), 3);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(b, 11), "poison");
	cr_assert_eq(state_of(b, d, 1), QUARANTINE_ACCEPTED);
	assert_same();
	cr_assert_eq(rule(d, 1, true), RC_EXISTS);
	cr_assert_eq(rule(d, 1, false), RC_EXISTS);
}

Test(quarantine, p14_what_is_discarded_stays_out_until_the_centre_thinks_again)
{
	struct dot d = push_poison(10);

	cr_assert_eq(rule(d, 1, false), RC_OK);
	cr_assert_eq(rule(d, 1, false), RC_EXISTS);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(state_of(b, d, 1), QUARANTINE_DISCARDED);
	cr_assert_str_eq(city(b, 11), "?");
	assert_same();
	cr_assert_eq(rule(d, 1, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(b, 11), "poison");
	assert_same();
}

Test(quarantine, only_the_centre_rules_and_only_on_what_is_there)
{
	struct dot d = push_poison(10);
	struct ruling ruling = { d, 1, true };
	struct ruling_request request = { &ruling, 1, bytes_of("x"), bytes_of(""), false };
	struct path_problem why;
	uint32_t at = 0;

	cr_assert_eq(rule(d, 0, true), RC_NOTFOUND);
	cr_assert_eq(rule((struct dot){ d.feed, 99 }, 0, true), RC_NOTFOUND);
	cr_assert_eq(ruling_write(b->store, &request, &at, &why), RC_DENIED);
}

Test(quarantine, what_has_no_good_form_can_only_be_discarded)
{
	struct header h = forge_header(&g);
	struct bytes junk = bytes_of("\x08\xff");
	struct change c = forge_person(&g, forge_id(1), "x");
	struct op *op = arena_take(&g.arena, sizeof(*op));
	struct dot d = { g.feed, 1 }, e = { g.feed, 2 };

	forge_add_raw(&g, &h, &junk, 1);
	h = forge_header(&g);
	*op = forge_op(&g, "person", "born", OP_PUT, bytes_of("no date"));
	c.ops = op;
	c.ops_count = 1;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(rule(d, 0, true), RC_INVALID);
	cr_assert_eq(rule(e, 0, true), RC_INVALID);
	cr_assert_eq(rule(d, 0, false), RC_OK);
	cr_assert_eq(rule(e, 0, false), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same();
}

/* How many values stand in a person's city. */
static uint32_t count_cities(struct fixture_node *n, uint32_t person)
{
	const struct part_field *field = NULL;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t i, count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, g.kind, forge_id(person), &n->store->arena,
				 &r),
		     RC_OK);
	for (i = 0; i < r.parts_count; i++) {
		field = part_find(&r.parts[i].part, g.field, CLASS_REGISTER);
		count += field == NULL ? 0 : field->items_count;
	}
	store_end(n->store, t);
	return count;
}

Test(quarantine, an_accepted_change_stands_beside_what_was_written_without_knowing_it)
{
	struct header h = forge_header(&g);
	struct change c = forge_person(&g, forge_id(1), "first");
	struct dot d = { g.feed, 2 };

	forge_add(&g, &h, &c, 1);
	h = forge_header(&g);
	c = foreign(1, "poison");
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	/* The other office has the entry, but nobody saw what is in it. */
	cr_assert_eq(fixture_set(b, "person", forge_id(1), "nr=7", "city=newer", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(rule(d, 0, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same();
	cr_assert_str_eq(city(b, 1), "newer"); /* the latest; the other is listed */
	cr_assert_eq(count_cities(b, 1), 2u);
	/* And now everybody has seen it. */
	cr_assert_eq(fixture_set(b, "person", forge_id(1), "city=last", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same();
	cr_assert_str_eq(city(&f.centre, 1), "last");
	cr_assert_eq(count_cities(b, 1), 1u);
}

/* A form that was opened before the ruling had not seen what it accepted,
 * though a later entry of the same feed was there. */
Test(quarantine, a_form_from_before_the_ruling_drops_nothing)
{
	struct header h = forge_header(&g);
	struct change c = forge_person(&g, forge_id(1), "first");
	struct op *op = arena_take(&g.arena, sizeof(*op));
	struct draft_op put = { .code = OP_PUT, .value = bytes_of("form") };
	struct draft d = { .act = DRAFT_EDIT, .id = forge_id(1), .ops = &put, .ops_count = 1 };
	struct dot dots[8];
	struct draft_result result;
	struct kv_txn *t = NULL;
	struct commit commit;
	struct record r;

	forge_add(&g, &h, &c, 1);
	h = forge_header(&g);
	c = foreign(1, "poison");
	forge_add(&g, &h, &c, 1);
	h = forge_header(&g);
	*op = forge_op(&g, "person", "tags", OP_SET_ADD, bytes_of("x"));
	c.ops = op;
	c.ops_count = 1;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	d.has_form = true;
	d.form = (struct vv){ dots, 0, 8 };
	cr_assert_eq(store_begin(b->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, b->store->catalog, g.kind, forge_id(1), &b->store->arena, &r),
		     RC_OK);
	cr_assert_eq(view_version(&r, &d.form), RC_OK);
	store_end(b->store, t);
	cr_assert_eq(rule((struct dot){ g.feed, 2 }, 0, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(count_cities(b, 1), 1u); /* its own author went on: "first" is seen */
	d.kind = schema_kind_by_number(&b->store->catalog->schema, g.kind);
	put.field = schema_field_by_number(d.kind, g.field);
	cr_assert_eq(commit_begin(&commit, b->store, bytes_of("t"), bytes_of("")), RC_OK);
	cr_assert_eq(commit_add(&commit, &d, &result), RC_OK);
	cr_assert_eq(commit_end(&commit), RC_OK);
	cr_assert_eq(count_cities(b, 1), 2u);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(count_cities(&f.centre, 1), 2u);
	assert_same();
}

/* --- the other end --------------------------------------------------------------- */

static struct dot write_poison(struct fixture_node *n, uint32_t person)
{
	return poison_write(n, forge_id(person),
			    forge_op(&g, "person", "city", OP_PUT, bytes_of("poison")));
}

static void assert_same_at(struct fixture_node *n)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, info_of(b)->scope_region, x);
	fixture_digest(n, info_of(b)->scope_region, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
	assert_clean(n);
}

Test(quarantine, p14_the_office_whose_change_it_was_sees_it_too)
{
	struct dot d = write_poison(a, 1);

	cr_assert_str_eq(city(a, 1), "poison");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(state_of(a, d, 0), QUARANTINE_WAITING);
	cr_assert_str_eq(city(a, 1), "?");
	cr_assert_eq(fixture_figure(a, "people"), 0);
	assert_same_at(a);
	cr_assert_eq(rule(d, 0, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(city(a, 1), "poison");
	cr_assert_eq(fixture_figure(a, "people"), 1);
	assert_same_at(a);
}

Test(quarantine, p14_what_the_office_wrote_on_its_own_poison_stands_alone)
{
	struct uuid id = fixture_add(b, 0, "person", "nr=1", "city=b", NULL);
	struct dot d;

	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	(void)id;
	d = write_poison(a, 1);
	cr_assert_eq(fixture_set(a, "person", forge_id(1), "city=after", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(city(a, 1), "after");
	assert_same_at(a);
	cr_assert_eq(rule(d, 0, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city(b, 1), "after"); /* its own author had seen it */
	cr_assert_eq(fixture_figure(&f.centre, "people"), 2);
	assert_same_at(a);
	assert_same();
}

/* --- who may rule ------------------------------------------------------------------ */

Test(quarantine, a_ruling_that_is_not_the_centres_holds_its_feed)
{
	struct dot d = push_poison(10);
	struct ruling ruling = { d, 1, true };
	struct header h = forge_header(&g);

	h.rulings = &ruling;
	h.rulings_count = 1;
	forge_add(&g, &h, NULL, 0);
	cr_assert_eq(forge_push(&g, &f.centre), RC_CORRUPT);
	cr_assert_eq(state_of(&f.centre, d, 1), QUARANTINE_WAITING);
}

Test(quarantine, rulings_stand_alone_and_concern_their_scope)
{
	struct ruling ruling = { { feed_pack(1, 7, 1), 1 }, 0, true };
	struct cut cut = { .feed = ruling.dot.feed, .seq = 1 };
	struct header h = { .feed = feed_pack(0, 7, 1), .seq = 1, .commit = 1 };

	h.rulings = &ruling;
	h.rulings_count = 1;
	cr_assert_eq(apply_check_header(&h, NULL), RC_OK);
	h.changes_count = 1;
	cr_assert_eq(apply_check_header(&h, NULL), RC_CORRUPT);
	h.changes_count = 0;
	h.cuts = &cut;
	h.cuts_count = 1;
	cr_assert_eq(apply_check_header(&h, NULL), RC_CORRUPT);
	h.cuts_count = 0;
	ruling.dot.feed = feed_pack(1, 8, 1);
	cr_assert_eq(apply_check_header(&h, NULL), RC_CORRUPT);
}

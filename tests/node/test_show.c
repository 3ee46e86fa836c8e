/* What people see of one record: its history, times that cannot be right, what
 * the schema here does not know, and links that lead nowhere. */
#include "node/base/clock.h"
#include "node/cmd/show.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "lag.h"
#include "node/cmd/sibling.h"
#include "node/store/summary.h"

static struct fixture f;
static struct fixture_node *a, *b;
static struct forge g;
static char *printed;

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
}

static void stop(void)
{
	free(printed);
	fixture_fini(&f);
}

TestSuite(show, .init = start, .fini = stop);

static void sync_all(void)
{
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
}

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

/* Prints a record with its history; the text lives until the next call. */
static const char *print(struct fixture_node *n, struct uuid id, bool as_json)
{
	struct kv_txn *t = NULL;
	struct out o;
	struct show s;
	uint16_t kind = 0;
	size_t len = 0;

	free(printed);
	printed = NULL;
	o = out_init(open_memstream(&printed, &len), stderr);
	o.json = as_json;
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	show_begin(&s, &o, n->store, t);
	cr_assert_eq(records_find_kind(t, &n->store->catalog->schema, id, &kind), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, kind, id, s.arena, &s.record), RC_OK);
	s.history = true;
	cr_assert_eq(as_json ? show_print_json(&s) : show_print_text(&s), RC_OK);
	store_end(n->store, t);
	fclose(o.to);
	return printed;
}

/* Gives. */
static json_t *load(struct fixture_node *n, struct uuid id)
{
	json_t *document = json_loads(print(n, id, true), 0, NULL);

	cr_assert_not_null(document, "%s", printed);
	return document;
}

static void expect_text(struct fixture_node *n, struct uuid id, const char *wanted)
{
	cr_expect_not_null(strstr(print(n, id, false), wanted), "no \"%s\" in:\n%s", wanted,
			   printed);
}

/* --- history ---------------------------------------------------------------------- */

/* A step of a history in short: "2 born=set replaces 1 beside 3". */
static void expect_steps(struct fixture_node *n, struct uuid id, const char *const *wanted,
			 size_t count)
{
	json_t *document = load(n, id), *list = json_object_get(document, "history");
	size_t i, k;

	cr_assert_eq(json_array_size(list), count, "%s", printed);
	for (i = 0; i < count; i++) {
		json_t *step = json_array_get(list, i), *item = NULL;
		char text[512] = "";
		size_t len = 0;

		len += (size_t)snprintf(text, sizeof(text), "%d %s",
					(int)json_integer_value(json_object_get(step, "n")),
					json_string_value(json_object_get(step, "life")));
		json_array_foreach(json_object_get(step, "changes"), k, item)
		{
			json_t *value = json_object_get(item, "value");
			char number[24];

			(void)snprintf(number, sizeof(number), "%d",
				       (int)json_integer_value(value));
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %s.%s(%s)",
						json_string_value(json_object_get(item, "field")),
						json_string_value(json_object_get(item, "op")),
						json_is_string(value) ? json_string_value(value) :
						value != NULL         ? number :
									"");
		}
		json_array_foreach(json_object_get(step, "superseded"), k, item)
		{
			len += (size_t)snprintf(text + len, sizeof(text) - len, " -%d",
						(int)json_integer_value(item));
		}
		json_array_foreach(json_object_get(step, "beside"), k, item)
		{
			len += (size_t)snprintf(text + len, sizeof(text) - len, " |%d",
						(int)json_integer_value(item));
		}
		cr_expect_str_eq(text, wanted[i]);
	}
	json_decref(document);
}

#define EXPECT_STEPS(n, id, list) expect_steps((n), (id), (list), sizeof(list) / sizeof((list)[0]))

/* - replaces, | beside */
Test(show, a_history_says_what_replaced_what_and_what_stands_beside)
{
	static const char *const steps[] = {
		"1 alive nr.set(1) tags.add(q) secret.set(s)",
		"2 alive nr.set(2) -1 |4 |5",
		"3 alive nr.clear() visits.count(-2) -2 |4 |5",
		"4 alive nr.set(3) tags.remove(q) -1 |2 |3",
		"5 alive notes.log(hello) |2 |3",
		"6 alive nr.set(4) -3 -4",
		"7 deleted -6",
		"8 alive city.set(Merw) -7",
	};
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "tags+=q", "secret=s", NULL);
	struct uuid other = fixture_add(a, 0, "person", "nr=2", NULL);

	sync_all();
	cr_assert_eq(fixture_set(a, "person", id, "nr=2", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", other, "nr=3", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "nr=", "visits-=2", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "nr=3", "tags-=q", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "notes+=hello", NULL), RC_OK);
	sync_all();
	cr_assert_eq(fixture_set(b, "person", id, "nr=4", NULL), RC_OK);
	cr_assert_eq(fixture_delete(b, "person", id), RC_OK);
	sync_all();
	cr_assert_eq(fixture_set(a, "person", id, "city=Merw", NULL), RC_OK);
	EXPECT_STEPS(a, id, steps);
	/* For people: numbers in ranges, values, and what was cleared. */
	expect_text(a, id, "added nr=1 tags+=q secret=s");
	expect_text(a, id, "nr= visits+=-2");
	expect_text(a, id, "4-5");
}

/* Two who replace one value without knowing of each other both name it; what
 * comes later and saw one of them does not. */
Test(show, what_was_replaced_twice_is_named_twice)
{
	static const char *const steps[] = {
		"1 alive nr.set(1) tags.add(q)",
		"2 alive nr.set(2) tags.remove(q) -1 |3 |4",
		"3 alive nr.set(3) tags.remove(q) -1 |2",
		"4 alive nr.set(4) tags.remove(r) -3 |2",
		"5 alive nr.set(5) -2 -4",
	};
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "tags+=q", NULL);
	struct op ops[2];
	struct change c = { .id = id, .life = LIFE_ALIVE, .ops = ops, .ops_count = 2 };
	struct header h;

	sync_all();
	cr_assert_eq(fixture_set(a, "person", id, "nr=2", "tags-=q", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	/* By hand: it takes out what another took out, which no writer here would. */
	forge_begin(&g, b, region());
	c.kind = g.kind;
	ops[0] = forge_op(&g, "person", "nr", OP_PUT, bytes_of("3"));
	ops[1] = forge_op(&g, "person", "tags", OP_SET_REMOVE, bytes_of("q"));
	h = forge_header(&g);
	h.seen_centre = forge_state(b, store_centre_feed(b->store, region())).applied;
	forge_add(&g, &h, &c, 1);
	ops[0] = forge_op(&g, "person", "nr", OP_PUT, bytes_of("4"));
	ops[1] = forge_op(&g, "person", "tags", OP_SET_REMOVE, bytes_of("r"));
	h = forge_header(&g);
	h.seen_centre = forge_state(b, store_centre_feed(b->store, region())).applied;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "nr=5", NULL), RC_OK);
	EXPECT_STEPS(a, id, steps);
}

Test(show, a_stale_form_stands_beside_its_authors_own_later_edits)
{
	static const char *const steps[] = {
		"1 alive nr.set(1)",
		"2 alive nr.set(2) -1 |3",
		"3 alive nr.set(3) -1 |2",
	};
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct dot first = { store_own_feed(a->store, region()), 1 };
	struct draft_op op = { .code = OP_PUT, .value = bytes_of("3") };
	struct draft d = { .act = DRAFT_EDIT,
			   .id = id,
			   .has_form = true,
			   .form = { &first, 1, 1 },
			   .ops = &op,
			   .ops_count = 1 };
	struct draft_result result;
	struct commit c;

	cr_assert_eq(fixture_set(a, "person", id, "nr=2", NULL), RC_OK);
	cr_assert_eq(commit_begin(&c, a->store, bytes_of("Aman"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&a->store->catalog->schema, bytes_of("person"));
	op.field = schema_field_by_name(d.kind, bytes_of("nr"));
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	EXPECT_STEPS(a, id, steps);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	EXPECT_STEPS(&f.centre, id, steps);
}

/* --- clocks ----------------------------------------------------------------------- */

/* Forges an edit at a time, which knows the centre's entries up to now or
 * none; whether it is marked once the centre has cut it. */
static bool is_marked(struct uuid id, int64_t time_ms)
{
	struct change c = forge_person(&g, id, "Merw");
	struct header h = forge_header(&g);
	json_t *document = NULL, *list = NULL;
	bool marked = false;

	h.time_ms = time_ms;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	document = load(&f.centre, id);
	list = json_object_get(document, "history");
	marked = json_is_true(
		json_object_get(json_array_get(list, json_array_size(list) - 1), "implausible"));
	json_decref(document);
	return marked;
}

Test(show, a_time_that_cannot_be_right_is_shown_as_such)
{
	static const int64_t minute = 60000, day = INT64_C(86400000);
	int64_t now = f.centre.store->world->now_ms();
	struct uuid id = forge_id(1);

	forge_begin(&g, a, region());
	cr_expect_not(is_marked(id, now), "right");
	cr_expect_not(is_marked(id, now + minute), "a clock may be a little fast");
	cr_expect(is_marked(id, now + 60 * minute), "the centre had it before");
	cr_expect(is_marked(id, INT64_C(4070908800000)), "2099");
	cr_expect(is_marked(id, INT64_MAX), "the end of time");
	cr_expect_not(is_marked(id, now - 60 * minute), "a little slow");
	cr_expect(is_marked(id, now - 2 * day), "before the nation that it knew");
	cr_expect(is_marked(id, 0), "1970");
	expect_text(&f.centre, id, "1970-01-01T00:00:00Z clock?");
	expect_text(&f.centre, id, "9999-12-31T23:59:59Z clock?");
}

static int64_t now_days_later(void)
{
	return (int64_t)clock_now_ms() + 3 * INT64_C(86400000);
}

static struct store_world days_later;

Test(show, a_time_before_what_its_author_had_seen_is_marked)
{
	int64_t now = f.centre.store->world->now_ms();
	struct uuid id = fixture_add(b, 0, "person", "nr=1", NULL);
	struct op op;
	struct change c = { .id = id, .life = LIFE_ALIVE, .ops = &op, .ops_count = 1 };
	struct header h;

	/* The region's cut comes days after all that is known of the nation. */
	days_later = *f.centre.store->world;
	days_later.now_ms = now_days_later;
	f.centre.store->world = &days_later;
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	forge_begin(&g, a, region());
	c.kind = g.kind;
	op = forge_op(&g, "person", "nr", OP_PUT, bytes_of("2"));
	h = forge_header(&g);
	h.time_ms = now; /* nothing says that it is wrong */
	forge_add(&g, &h, &c, 1);
	h = forge_header(&g);
	h.time_ms = now;
	h.seen_centre = forge_state(&f.centre, store_centre_feed(f.centre.store, region())).head;
	forge_add(&g, &h, &c, 1);
	h = forge_header(&g);
	h.time_ms = 1000;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	{
		json_t *document = load(&f.centre, id);
		json_t *list = json_object_get(document, "history");

		cr_assert_eq(json_array_size(list), 4u);
		cr_expect(json_is_true(json_object_get(json_array_get(list, 3), "implausible")),
			  "this program was not there in 1970");
		cr_expect_null(json_object_get(json_array_get(list, 1), "implausible"),
			       "nothing says that it is wrong");
		cr_expect(json_is_true(json_object_get(json_array_get(list, 2), "implausible")));
		json_decref(document);
	}
}

static int64_t told_ms;

static int64_t tell_ms(void)
{
	return told_ms;
}

/* Whether the office itself, which looks at look_ms, marks what it wrote at
 * write_ms and the centre has not cut. */
static bool is_own_marked(struct uuid id, int64_t write_ms, int64_t look_ms)
{
	static struct store_world world;
	const struct store_world *real = a->store->world;
	json_t *document = NULL, *list = NULL;
	bool marked = false;

	world = *real;
	world.now_ms = tell_ms;
	a->store->world = &world;
	told_ms = write_ms;
	cr_assert_eq(fixture_set(a, "person", id, "visits+=1", NULL), RC_OK);
	told_ms = look_ms;
	document = load(a, id);
	a->store->world = real;
	list = json_object_get(document, "history");
	marked = json_is_true(
		json_object_get(json_array_get(list, json_array_size(list) - 1), "implausible"));
	json_decref(document);
	return marked;
}

Test(show, an_office_marks_a_time_that_nobody_else_has_seen_yet)
{
	static const int64_t minute = 60000, year = INT64_C(31622400000);
	int64_t now = f.centre.store->world->now_ms();
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_expect_not(is_own_marked(id, now, now), "right");
	cr_expect_not(is_own_marked(id, now + minute, now), "a little fast");
	cr_expect(is_own_marked(id, now + year, now), "a year that has not come");
	cr_expect_not(is_own_marked(id, now + year, now + year), "away from the centre for long");
	cr_expect(is_own_marked(id, now + 11 * year, now + 11 * year), "but not for so long");
	cr_expect(is_own_marked(id, now - year, now), "before the nation that it knew");
}

/* --- what is not known here --------------------------------------------------------- */

static struct summary_count count_all(struct fixture_node *n)
{
	struct summary_count count = { .kind = 0 };
	struct kv_txn *t = NULL;

	while (!count.done) {
		cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
		cr_assert_eq(summary_count_records(n->store, t, &n->store->arena, 1000, &count),
			     RC_OK);
		store_end(n->store, t);
	}
	return count;
}

Test(show, what_a_newer_schema_wrote_is_shown_as_unknown_and_then_understood)
{
	struct uuid journey = forge_id(1),
		    person = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	json_t *document = NULL, *item = NULL;
	struct summary_count count;
	char wanted[64];
	unsigned number;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	forge_begin(&g, a, region());
	number = lag_next_kind(&g);
	lag_forge_newer(&g, person, journey);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);

	document = load(b, person);
	item = json_object_get(document, "unknown");
	cr_assert_eq(json_array_size(item), 1u, "%s", printed);
	item = json_array_get(item, 0);
	cr_expect_eq(json_integer_value(json_object_get(item, "field")), 17);
	item = json_array_get(json_object_get(item, "items"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(item, "hex")), "d402");
	cr_expect_str_eq(json_string_value(json_object_get(item, "office")), "Mary");
	json_decref(document);
	expect_text(b, person, "field 17 (unknown here)");
	expect_text(b, person, "field 17=d402");

	document = load(b, journey);
	cr_expect(json_is_null(json_object_get(document, "kind")), "%s", printed);
	cr_expect_eq(json_integer_value(json_object_get(document, "kind_number")), number);
	cr_expect_str_eq(json_string_value(json_object_get(document, "home")), "Mary");
	cr_expect_eq(json_array_size(json_object_get(document, "unknown")), 4u, "%s", printed);
	json_decref(document);
	(void)snprintf(wanted, sizeof(wanted), "kind %u (unknown here)", number);
	expect_text(b, journey, wanted);
	expect_text(b, journey, "Hiva");
	count = count_all(b);
	cr_expect_eq(count.records, 1u);
	cr_expect_eq(count.unknown, 2u);

	lag_adopt_newer(&f);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	document = load(b, journey);
	cr_expect_str_eq(json_string_value(json_object_get(document, "kind")), "journey");
	cr_expect_null(json_object_get(document, "unknown"));
	item = json_object_get(json_object_get(document, "fields"), "goal");
	cr_expect_str_eq(json_string_value(json_object_get(item, "value")), "Hiva");
	json_decref(document);
	document = load(b, person);
	item = json_object_get(json_object_get(document, "fields"), "height");
	cr_expect_eq(json_integer_value(json_object_get(item, "value")), 170);
	cr_expect_null(json_object_get(document, "unknown"));
	json_decref(document);
	count = count_all(b);
	cr_expect_eq(count.records, 2u);
	cr_expect_eq(count.unknown, 0u);
}

/* --- links ------------------------------------------------------------------------ */

static json_t *link_of(json_t *document)
{
	json_t *field = json_object_get(json_object_get(document, "fields"), "person");

	return json_array_get(json_object_get(field, "siblings"), 0);
}

Test(show, a_link_that_leads_nowhere_says_so)
{
	struct uuid person = fixture_add(a, 0, "person", "nr=1", NULL), permit;
	char link[64], id[UUID_TEXT_LEN + 1];
	json_t *document = NULL;

	uuid_format(person, id);
	(void)snprintf(link, sizeof(link), "person=%s", id);
	permit = fixture_add(a, 0, "permit", "number=1", link, NULL);
	document = load(a, permit);
	cr_expect_null(json_object_get(link_of(document), "dangling"));
	json_decref(document);
	cr_assert_eq(fixture_delete(a, "person", person), RC_OK);
	document = load(a, permit);
	cr_expect(json_is_true(json_object_get(link_of(document), "dangling")));
	cr_expect_str_eq(json_string_value(json_object_get(link_of(document), "target")),
			 "deleted");
	json_decref(document);
	expect_text(a, permit, "(deleted)");

	uuid_format(forge_id(77), id);
	(void)snprintf(link, sizeof(link), "person=%s", id);
	cr_assert_eq(fixture_set(a, "permit", permit, link, NULL), RC_OK, "it is kept");
	document = load(a, permit);
	cr_expect(json_is_true(json_object_get(link_of(document), "dangling")));
	cr_expect_str_eq(json_string_value(json_object_get(link_of(document), "target")),
			 "missing");
	json_decref(document);
	expect_text(a, permit, "(not here)");
}

/* --- numbers ---------------------------------------------------------------------- */

Test(show, a_number_means_the_same_value_when_a_cut_moves_the_order)
{
	struct uuid id = fixture_add(a, 0, "person", "born=1985-03-17", NULL);
	json_t *document = NULL, *siblings = NULL;
	uint64_t now;
	uint32_t round;

	sync_all();
	cr_assert_eq(fixture_set(b, "person", id, "born=1985-07-03", NULL), RC_OK);
	/* The centre writes later, by its clock too. */
	for (now = clock_now_ms(); clock_now_ms() == now;) {
	}
	cr_assert_eq(fixture_set(&f.centre, "person", id, "born=1985-03-07", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Merw", NULL), RC_OK);
	for (round = 0; round < 2; round++) {
		size_t i;

		/* First at b, whose own value no cut covers yet. */
		if (round == 0) {
			lag_give_scope(&f, b, region());
		} else {
			sync_all();
		}
		document = load(b, id);
		siblings = json_object_get(json_object_get(json_object_get(document, "fields"),
							   "born"),
					   "siblings");
		cr_assert_eq(json_array_size(siblings), 2u);
		for (i = 0; i < 2; i++) {
			json_t *s = json_array_get(siblings, i);
			bool first = json_integer_value(json_object_get(s, "n")) == 1;

			cr_expect_str_eq(json_string_value(json_object_get(s, "value")),
					 first ? "1985-03-07" : "1985-07-03");
			cr_expect_eq(json_is_true(json_object_get(s, "shown")), i == 0);
		}
		/* The order of the view did move. */
		cr_expect_str_eq(json_string_value(
					 json_object_get(json_array_get(siblings, 0), "value")),
				 round == 0 ? "1985-07-03" : "1985-03-07");
		json_decref(document);
	}
	expect_text(b, id, "born (conflict) @1");
}

Test(show, numbers_go_by_value_and_a_clear_is_the_first)
{
	struct item items[4] = { { .value = bytes_of("\x14") },
				 { .cleared = true },
				 { .value = bytes_of("\x02") },
				 { .value = bytes_of("\x01") } };
	const struct item *list[4] = { &items[0], &items[1], &items[2], &items[3] };
	struct schema_field field = { .type = VALUE_INT };
	struct field_view v = { .items = list, .count = 4 };

	cr_expect_eq(sibling_number(&field, &v, 1), 1u, "cleared");
	cr_expect_eq(sibling_number(&field, &v, 3), 2u, "-1");
	cr_expect_eq(sibling_number(&field, &v, 2), 3u, "1");
	cr_expect_eq(sibling_number(&field, &v, 0), 4u, "10");
	cr_expect_eq(sibling_find(&field, &v, 4), 0u);
	cr_expect_eq(sibling_find(&field, &v, 0), 4u, "there is none");
	cr_expect_eq(sibling_find(&field, &v, 5), 4u);
}

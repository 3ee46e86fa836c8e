/*
 * The centre applies what an office sent: commits whole or not yet, never
 * twice; what has to wait waits; a change that may not stand is put aside, the
 * rest of its entry is applied.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"

static struct fixture f;
static struct fixture_node *a, *b; /* offices of one region */
static struct forge g, other;

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Murgap", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK); /* knows of b */
	forge_begin(&g, a, info_of(a)->scope_region);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(apply_office, .init = start, .fini = stop);

/* One honest entry: a person. */
static void add_person(struct forge *forge, uint32_t n, const char *city)
{
	struct header h = forge_header(forge);
	struct change c = forge_person(forge, forge_id(n), city);

	forge_add(forge, &h, &c, 1);
}

static const char *city_of(struct fixture_node *n, uint32_t person)
{
	return fixture_show(n, "person", forge_id(person), "city");
}

static enum rc give(const struct run *run)
{
	struct receive_result r;

	return forge_give(&f.centre, 1, run, 1, &r);
}

/* --- headers ----------------------------------------------------------------- */

/* Two entries, the second with a header that was spoilt. */
struct spoilt {
	const char *why;
	struct commit_part first[3], second[3];
	uint32_t first_count, second_count;
	uint64_t commit; /* of the second; the first has 5 */
	uint64_t seen_centre, epoch_seq;
	enum rc rc;
};

Test(apply_office, entries_of_one_commit_must_agree)
{
	uint16_t s = info_of(a)->scope_region, t = info_of(a)->scope_centre;
	const struct spoilt rows[] = {
		{ "sound", { { s, 2 } }, { { s, 2 } }, 1, 1, 5, 0, 0, RC_OK },
		{ "no parts", { { 0, 0 } }, { { 0, 0 } }, 0, 0, 5, 0, 0, RC_CORRUPT },
		{ "parts differ", { { s, 2 } }, { { s, 3 } }, 1, 1, 5, 0, 0, RC_CORRUPT },
		{ "a part more", { { s, 2 } }, { { s, 2 }, { t, 1 } }, 1, 2, 5, 0, 0, RC_CORRUPT },
		{ "it was over", { { s, 1 } }, { { s, 1 } }, 1, 1, 5, 0, 0, RC_CORRUPT },
		{ "own scope not named", { { t, 1 } }, { { t, 1 } }, 1, 1, 6, 0, 0, RC_CORRUPT },
		{ "saw more meanwhile", { { s, 2 } }, { { s, 2 } }, 1, 1, 5, 1, 0, RC_CORRUPT },
		{ "another epoch", { { s, 2 } }, { { s, 2 } }, 1, 1, 5, 0, 1, RC_CORRUPT },
		{ "an earlier commit", { { 0, 0 } }, { { 0, 0 } }, 0, 0, 4, 0, 0, RC_CORRUPT },
		{ "own scope named twice",
		  { { s, 2 }, { s, 1 } },
		  { { s, 2 }, { s, 1 } },
		  2,
		  2,
		  5,
		  0,
		  0,
		  RC_CORRUPT },
		{ "a scope named twice",
		  { { s, 2 }, { t, 1 }, { t, 1 } },
		  { { s, 2 }, { t, 1 }, { t, 1 } },
		  3,
		  3,
		  5,
		  0,
		  0,
		  RC_CORRUPT },
	};
	uint32_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct change c;
		struct header h;

		forge_begin(&g, a, s);
		h = forge_header(&g);
		h.commit = 5;
		h.parts = rows[i].first;
		h.parts_count = rows[i].first_count;
		c = forge_person(&g, forge_id(2 * i), "Mary");
		forge_add(&g, &h, &c, 1);
		h = forge_header(&g);
		h.commit = rows[i].commit;
		h.seen_centre = rows[i].seen_centre;
		h.epoch_seq -= rows[i].epoch_seq;
		h.parts = rows[i].second;
		h.parts_count = rows[i].second_count;
		c = forge_person(&g, forge_id(2 * i + 1), "Mary");
		forge_add(&g, &h, &c, 1);
		cr_assert_eq(forge_push(&g, &f.centre), rows[i].rc, "%s", rows[i].why);
	}
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
}

/* Entry n of a commit of `count` entries in the forge's scope. */
static void add_part(struct forge *forge, uint64_t commit, const struct commit_part *parts,
		     uint32_t parts_count, uint32_t person)
{
	struct header h = forge_header(forge);
	struct change c = forge_person(forge, forge_id(person), "Mary");

	h.commit = commit;
	h.parts = parts;
	h.parts_count = parts_count;
	forge_add(forge, &h, &c, 1);
}

Test(apply_office, half_a_commit_is_never_seen)
{
	struct commit_part parts[1] = { { info_of(a)->scope_region, 3 } };
	struct run run;
	uint32_t i;

	for (i = 1; i <= 3; i++) {
		add_part(&g, 9, parts, 1, i);
	}
	for (i = 1; i <= 3; i++) {
		run = forge_run(&g, i, 1);
		cr_assert_eq(give(&run), RC_OK);
		cr_assert_eq(fixture_count(&f.centre, "person"), i < 3 ? 0u : 3u);
		cr_assert_eq(fixture_figure(&f.centre, "people"), i < 3 ? 0 : 3);
	}
	cr_assert_eq(forge_state(&f.centre, g.feed).applied, 3u);
}

/* A part of a person's file, in the office's scope with the centre. */
static void add_file(struct forge *forge, const struct commit_part *parts, uint32_t parts_count,
		     uint32_t person)
{
	struct header h = forge_header(forge);
	struct op op = forge_op(forge, "person", "file", OP_PUT, bytes_of("x9"));
	struct change c = {
		.kind = forge->kind, .id = forge_id(person), .ops = &op, .ops_count = 1
	};

	h.parts = parts;
	h.parts_count = parts_count;
	forge_add(forge, &h, &c, 1);
}

/* The same incarnation as g, in the office's scope with the centre. */
static void begin_beside(void)
{
	struct genesis genesis;

	forge_begin(&other, a, info_of(a)->scope_centre);
	other.feed = feed_pack(1, info_of(a)->scope_centre, feed_incarnation(g.feed));
	genesis = forge_plain_genesis(&other);
	forge_genesis(&other, &genesis);
}

Test(apply_office, parts_in_two_scopes_are_applied_together_and_never_twice)
{
	struct commit_part parts[2] = { { info_of(a)->scope_region, 1 },
					{ info_of(a)->scope_centre, 1 } };

	begin_beside();
	add_part(&g, 1, parts, 2, 1);
	add_file(&other, parts, 2, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 0u, "half of it is not here");
	cr_assert_eq(forge_push(&other, &f.centre), RC_OK);
	cr_assert_str_eq(city_of(&f.centre, 1), "Mary");
	cr_assert_str_eq(fixture_show(&f.centre, "person", forge_id(1), "file"), "x9");
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
}

/* A header of one scope that claims an earlier end for another would turn
 * that one's mark back, and its entries would be applied again. */
Test(apply_office, a_commit_cannot_turn_another_lane_back)
{
	uint16_t s = info_of(a)->scope_region, t = info_of(a)->scope_centre;
	struct commit_part ends[2] = { { t, 4 }, { s, 2 } };
	struct commit_part back[2] = { { s, 1 }, { t, 1 } };
	uint32_t i;

	begin_beside();
	for (i = 1; i <= 3; i++) {
		add_file(&other, NULL, 0, i);
	}
	add_file(&other, ends, 2, 4);
	cr_assert_eq(forge_push(&other, &f.centre), RC_OK);
	cr_assert_eq(forge_state(&f.centre, other.feed).applied, 3u);
	add_part(&g, 4, back, 2, 5);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(forge_state(&f.centre, other.feed).applied, 3u);
	cr_assert_eq(forge_quarantined(&f.centre), 0u, "they were applied again");
}

Test(apply_office, a_commit_that_never_completes_stops_nobody_else)
{
	struct commit_part parts[2] = { { info_of(a)->scope_region, 1 },
					{ info_of(a)->scope_centre, 4 } };
	struct uuid id;

	add_part(&g, 1, parts, 2, 1);
	add_person(&g, 2, "Mary");
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 0u);
	cr_assert_eq(forge_state(&f.centre, g.feed).head, 2u, "it waits and is not lost");
	id = fixture_add(b, 0, "person", "city=Murgap", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Murgap");
}

/* --- waiting ----------------------------------------------------------------- */

Test(apply_office, what_was_written_with_eyes_on_the_future_waits_for_it)
{
	uint64_t head =
		forge_state(&f.centre, store_centre_feed(f.centre.store, info_of(a)->scope_region))
			.head;
	struct header h = forge_header(&g);
	struct change c = forge_person(&g, forge_id(1), "Mary");

	h.seen_centre = head + 2;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 0u);
	/* The centre writes in the scope: it adds, and cuts what b wrote. */
	(void)fixture_add(&f.centre, 2, "person", "city=Murgap", NULL);
	(void)fixture_add(&f.centre, 2, "person", "city=Murgap", NULL);
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
	add_person(&g, 2, "Mary");
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 4u);
}

Test(apply_office, what_knows_a_later_nation_waits_for_it)
{
	struct header h = forge_header(&g);
	struct change c = forge_person(&g, forge_id(1), "Mary");

	h.epoch_seq = f.centre.store->catalog->national_seq + 1;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 0u);
	(void)fixture_add(&f.centre, 0, "decree", "number=1", NULL);
	add_person(&g, 2, "Mary");
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
}

/* --- changes ----------------------------------------------------------------- */

Test(apply_office, a_record_named_twice_by_one_entry_counts_once)
{
	struct header h = forge_header(&g);
	struct change c[2];

	c[0] = forge_person(&g, forge_id(1), "Mary");
	c[1] = forge_person(&g, forge_id(1), "Merw");
	forge_add(&g, &h, c, 2);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_str_eq(city_of(&f.centre, 1), "Mary");
	cr_assert_eq(forge_quarantined(&f.centre), 1u);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(city_of(b, 1), "Mary");
	cr_assert_eq(forge_quarantined(b), 1u);
}

Test(apply_office, a_change_that_may_not_stand_is_put_aside_and_stops_nothing)
{
	uint8_t wrong_home[HOME_LEN] = { 0, 2, 0, 0 };
	struct op put_file = forge_op(&g, "person", "file", OP_PUT, bytes_of("x"));
	struct op secret = forge_op(&g, "person", "secret", OP_PUT, bytes_of("x"));
	struct op bad_text = forge_op(&g, "person", "city", OP_PUT, bytes_of("\xc3\x28"));
	struct op bad_date = forge_op(&g, "person", "born", OP_PUT, bytes_of("\x01\x02\x03"));
	struct op long_int = forge_op(&g, "person", "size", OP_PUT, bytes_of("\x80"));
	struct op put_set = forge_op(&g, "person", "tags", OP_PUT, bytes_of("x"));
	struct op add_city = forge_op(&g, "person", "city", OP_SET_ADD, bytes_of("x"));
	struct op count = forge_op(&g, "person", "visits", OP_COUNT, bytes_of("xx"));
	struct op home = { FIELD_HOME, OP_PUT, bytes_at(wrong_home, HOME_LEN) };
	struct op no_home = { FIELD_HOME, OP_PUT, bytes_of("xyz") };
	struct op clear_home = { FIELD_HOME, OP_CLEAR, bytes_at(NULL, 0) };
	struct {
		const char *why;
		struct op *op;
		enum life life;
		const char *kind;
	} rows[] = { { "a field of reach centre", &put_file, LIFE_ALIVE, "person" },
		     { "a field of reach office", &secret, LIFE_ALIVE, "person" },
		     { "a text that is not UTF-8", &bad_text, LIFE_ALIVE, "person" },
		     { "a date that is none", &bad_date, LIFE_ALIVE, "person" },
		     { "a number without end", &long_int, LIFE_ALIVE, "person" },
		     { "a put on a set", &put_set, LIFE_ALIVE, "person" },
		     { "an addition to a register", &add_city, LIFE_ALIVE, "person" },
		     { "a count that is none", &count, LIFE_ALIVE, "person" },
		     { "a home elsewhere", &home, LIFE_ALIVE, "person" },
		     { "a home that is none", &no_home, LIFE_ALIVE, "person" },
		     { "a home cleared", &clear_home, LIFE_ALIVE, "person" },
		     { "no life where it lives", NULL, LIFE_NONE, "person" },
		     { "a kind that only the centre writes", NULL, LIFE_ALIVE, "decree" },
		     { "an office, outside the nation", NULL, LIFE_ALIVE, "office" } };
	uint32_t i, count_rows = sizeof(rows) / sizeof(rows[0]);

	for (i = 0; i < count_rows; i++) {
		const struct schema *s = &a->store->catalog->schema;
		struct header h = forge_header(&g);
		struct change c[2];

		c[0] = (struct change){ .id = forge_id(100 + i),
					.life = rows[i].life,
					.ops = rows[i].op,
					.ops_count = rows[i].op != NULL };
		c[0].kind = schema_kind_by_name(s, bytes_of(rows[i].kind))->number;
		c[1] = forge_person(&g, forge_id(i), "Mary");
		forge_add(&g, &h, c, 2);
		cr_assert_eq(forge_push(&g, &f.centre), RC_OK, "%s", rows[i].why);
		cr_assert_eq(forge_quarantined(&f.centre), i + 1, "%s", rows[i].why);
		cr_assert_eq(fixture_count(&f.centre, "person"), i + 1, "%s", rows[i].why);
	}
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(forge_quarantined(b), count_rows);
	cr_assert_eq(fixture_count(b, "person"), count_rows);
}

Test(apply_office, a_change_that_does_not_decode_is_put_aside)
{
	static const uint8_t *const raw[] = {
		(const uint8_t *)"\x08", (const uint8_t *)"\xff\xff\xff", (const uint8_t *)"",
		(const uint8_t *)"\x08\x10\x10\x01\x20\x01" /* a step without a base */
	};
	static const size_t lens[] = { 1, 3, 0, 6 };
	uint32_t i;

	for (i = 0; i < 4; i++) {
		struct header h = forge_header(&g);
		struct bytes change = bytes_at(raw[i], lens[i]);

		forge_add_raw(&g, &h, &change, 1);
		cr_assert_eq(forge_push(&g, &f.centre), RC_OK, "row %u", i);
		cr_assert_eq(forge_quarantined(&f.centre), i + 1, "row %u", i);
	}
}

/* A form that names what is not written yet must not drop it on the nodes
 * alone that happen to have it: those of its author. */
Test(apply_office, a_form_from_the_future_drops_nothing_anywhere)
{
	uint16_t s = info_of(a)->scope_region;
	struct dot dots[2] = { { store_own_feed(b->store, s), 1000 } };
	struct uuid id = fixture_add(b, 0, "person", "city=Murgap", NULL);
	struct op city = { g.field, OP_PUT, bytes_of("Merw") };
	struct change c = { .kind = g.kind,
			    .id = id,
			    .life = LIFE_ALIVE,
			    .ops = &city,
			    .ops_count = 1,
			    .has_form = true,
			    .form = { dots, 1, 1 } };
	struct header h = forge_header(&g);
	uint8_t x[HASH_LEN], y[HASH_LEN];

	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "city=Mary", NULL), RC_OK);
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	fixture_digest(&f.centre, s, x);
	fixture_digest(b, s, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
}

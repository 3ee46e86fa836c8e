#include "tests/sync/told.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t memory[1 << 20];

Test(view, siblings_in_two_scopes_stand_side_by_side)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct told told[] = { { 3, 1, "x", 5, 1 }, { 2, 1, "y", 4, 2 } };
	struct told_source source = { .told = told, .count = 2 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct item items[2];
	struct part_field here = { .number = 1, .items = &items[0] };
	struct part_field there = { .number = 1, .items = &items[1] };
	struct schema_field f = { .number = 1, .policy = POLICY_FIXED };
	struct schema_kind kind = { .number = 20, .fields = &f, .fields_count = 1 };
	struct record r = told_moved_record(&here, &there);
	struct field_view v;
	bool open = false;

	told_add(&here, 3, 1, "x");
	told_add(&there, 2, 1, "y");
	r.parts[0].part.fields = &here;
	r.parts[1].part.fields = &there;
	r.kind = &kind;
	cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
	cr_assert_eq(v.count, 2);
	cr_assert(bytes_equal(v.items[0]->value, bytes_of("y")), "in the order of dots");
	cr_assert(v.conflict);
	cr_assert_eq(view_has_conflict(&r, &src, &a, &open), RC_OK);
	cr_assert(open);
}

Test(view, a_set_shows_each_member_once)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct item items[4];
	struct part_field here = { .number = 1, .class = CLASS_SET, .items = items };
	struct part_field there = { .number = 1, .class = CLASS_SET, .items = &items[3] };
	struct schema_field f = { .number = 1, .merge = MERGE_SET };
	struct record r = told_moved_record(&here, &there);
	struct values v;

	told_add(&here, 1, 1, "a");
	told_add(&here, 2, 1, "a");
	told_add(&here, 1, 1, "c");
	told_add(&there, 3, 1, "b");
	r.parts[0].part.fields = &here;
	r.parts[1].part.fields = &there;
	cr_assert_eq(view_values(&r, &f, NULL, &a, &v), RC_OK);
	cr_assert_eq(v.count, 3);
	cr_assert(bytes_equal(v.items[0], bytes_of("a")));
	cr_assert(bytes_equal(v.items[1], bytes_of("b")));
	cr_assert(bytes_equal(v.items[2], bytes_of("c")));
}

Test(view, a_log_stands_in_the_order_of_cuts)
{
	struct arena a = arena_init(memory, sizeof(memory));
	struct told told[] = {
		{ 1, 1, "a", 1, 5 }, { 1, 2, "b", 1, 9 }, { 2, 1, "c", 9, 4 }, { 2, 2, "d", 9, 0 }
	};
	struct told_source source = { .told = told, .count = 4 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct item items[4];
	struct part_field field = { .number = 1, .class = CLASS_LOG, .items = items };
	struct schema_field f = { .number = 1, .merge = MERGE_LOG };
	struct record r = told_record(&field, 1);
	char text[8] = "";
	struct values v;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		told_add(&field, told[i].office, told[i].seq, told[i].value);
	}
	cr_assert_eq(view_values(&r, &f, &src, &a, &v), RC_OK);
	cr_assert_eq(v.count, 4);
	for (i = 0; i < 4; i++) {
		text[i] = (char)v.items[i].p[0];
	}
	cr_assert_str_eq(text, "cabd");
}

Test(view, a_counter_is_the_sum_of_its_feeds_within_bounds)
{
	static const struct {
		const char *why;
		int64_t sums[3];
		int64_t sum;
	} rows[] = {
		{ "plain", { 1, 2, 3 }, 6 },
		{ "takes back", { 5, -7, 0 }, -2 },
		{ "nothing left is still counted", { 5, -5, 0 }, 0 },
		{ "large ones cancel out", { INT64_MAX, INT64_MIN, 9 }, 8 },
		{ "too large is the largest", { INT64_MAX, INT64_MAX, 1 }, VALUE_INT_MAX },
		{ "too small is the smallest", { INT64_MIN, INT64_MIN, -1 }, -VALUE_INT_MAX },
		{ "just within", { VALUE_INT_MAX, -1, 1 }, VALUE_INT_MAX },
		{ "just beyond", { VALUE_INT_MAX, 1, 0 }, VALUE_INT_MAX },
		{ "just within, below", { -VALUE_INT_MAX, 1, -1 }, -VALUE_INT_MAX },
		{ "the last one beyond, and back",
		  { 18014398509481977, -VALUE_INT_MAX, 0 },
		  VALUE_INT_MAX - 5 },
		{ "the same below", { -18014398509481977, VALUE_INT_MAX, 0 }, 5 - VALUE_INT_MAX },
		{ "halves of both signs", { INT64_C(1) << 32, -1, 0 }, INT64_C(0xffffffff) },
	};
	size_t i;
	uint16_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct item items[3];
		struct part_field field = { .number = 1, .class = CLASS_COUNTER, .items = items };
		struct schema_field f = { .number = 1, .type = VALUE_INT, .merge = MERGE_COUNTER };
		struct record r = told_record(&field, 1);
		struct field_view v;
		struct values values;

		for (k = 0; k < 3; k++) {
			told_add(&field, k, 0, "");
			items[k].sum = rows[i].sums[k];
		}
		cr_assert_eq(view_field(&r, &f, NULL, &a, &v), RC_OK);
		cr_expect_eq(v.sum, rows[i].sum, "%s", rows[i].why);
		cr_assert_eq(view_values(&r, &f, NULL, &a, &values), RC_OK);
		cr_assert_eq(values.count, 1);
		cr_expect_eq(value_number(VALUE_INT, values.items[0]), rows[i].sum, "%s",
			     rows[i].why);
		cr_expect_eq(value_check(VALUE_INT, values.items[0]), RC_OK, "%s", rows[i].why);
	}
}

Test(view, life_is_told_by_the_heads)
{
	static const struct {
		const char *why, *heads; /* a: alive, d: deleted */
		struct record_life life;
	} rows[] = {
		{ "no head: it is not there", "", { false, false, false, false } },
		{ "touched", "a", { true, false, false, false } },
		{ "touched twice at once", "aa", { true, false, false, false } },
		{ "deleted", "d", { true, true, false, false } },
		{ "deleted twice at once", "dd", { true, true, false, false } },
		{ "deleted and edited: it stays, marked", "da", { true, false, true, false } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct head heads[2];
		struct record r = told_record(NULL, 0);
		struct record_life life;
		bool open = false;
		uint32_t n = (uint32_t)strlen(rows[i].heads);
		uint32_t k;

		for (k = 0; k < n; k++) {
			heads[k].dot.feed = told_feed((uint16_t)(k + 1));
			heads[k].dot.seq = 1;
			heads[k].deleted = rows[i].heads[k] == 'd';
		}
		r.parts[0].part.heads = heads;
		r.parts[0].part.heads_count = n;
		life = view_life(&r);
		cr_expect_eq(life.exists, rows[i].life.exists, "%s", rows[i].why);
		cr_expect_eq(life.deleted, rows[i].life.deleted, "%s", rows[i].why);
		cr_expect_eq(life.conflict, rows[i].life.conflict, "%s", rows[i].why);
		cr_assert_eq(view_has_conflict(&r, NULL, &a, &open), RC_OK);
		cr_expect_eq(open, rows[i].life.conflict, "%s", rows[i].why);
	}
}

Test(view, a_part_that_is_left_counts_in_home_and_version_alone)
{
	static const struct schema_field fields[] = {
		{ .number = 1, .name = "city", .type = VALUE_TEXT, .policy = POLICY_ASK },
		{ .number = 2, .name = "visits", .type = VALUE_INT, .merge = MERGE_COUNTER },
	};
	static const struct schema_kind kind = {
		.number = 16, .name = "person", .fields = fields, .fields_count = 2
	};
	struct arena a = arena_init(memory, sizeof(memory));
	uint8_t home[HOME_LEN] = { 0, 4, 0, 9 };
	struct item homes[1], cities[2], visits[1], moved[1];
	struct part_field left[3] = { { .number = FIELD_HOME, .items = homes },
				      { .number = 1, .items = cities },
				      { .number = 2, .class = CLASS_COUNTER, .items = visits } };
	struct part_field there = { .number = 1, .items = moved };
	struct record r = told_moved_record(left, &there);
	struct dot dots[1] = { { told_feed(1), 3 } };
	struct head heads[2] = { { { told_feed(1), 1 }, false }, { { told_feed(1), 2 }, true } };
	struct head alive = { { told_feed(0), 1 }, false };
	uint16_t office = 0, region_scope = 0;
	struct dot room[4];
	struct vv version = { room, 0, 4 };
	struct field_view v;
	bool open = true;

	told_add(&left[0], 0, 1, "");
	homes[0].value = bytes_at(home, HOME_LEN);
	told_add(&left[1], 1, 1, "Mary");
	told_add(&left[1], 1, 2, "Merw");
	told_add(&left[2], 1, 0, "");
	visits[0].sum = 5;
	told_add(&there, 0, 1, "Lebap");
	r.kind = &kind;
	r.parts[0].part.fields_count = 3;
	r.parts[0].part.vector = (struct vv){ dots, 1, 1 };
	r.parts[0].part.heads = heads;
	r.parts[0].part.heads_count = 2;
	r.parts[0].left = true;
	cr_assert(view_life(&r).moved && !view_life(&r).exists && !view_life(&r).conflict);
	r.parts[1].part.heads = &alive;
	r.parts[1].part.heads_count = 1;
	cr_assert(!view_life(&r).moved && view_life(&r).exists && !view_life(&r).conflict);
	cr_assert_eq(view_field(&r, &fields[0], NULL, &a, &v), RC_OK);
	cr_assert_eq(v.count, 1u);
	cr_assert(bytes_equal(v.items[v.shown]->value, bytes_of("Lebap")));
	cr_assert_eq(view_field(&r, &fields[1], NULL, &a, &v), RC_OK);
	cr_assert_eq(v.sum, 0, "what was counted there is counted again here");
	cr_assert_eq(view_has_conflict(&r, NULL, &a, &open), RC_OK);
	cr_assert(!open);
	cr_assert(view_home(&r, &office, &region_scope));
	cr_assert_eq(office, 4);
	cr_assert_eq(view_version(&r, &version), RC_OK);
	cr_assert_eq(version.count, 1u);
}

Test(view, home_is_what_the_centre_says)
{
	static const struct {
		const char *why;
		struct told told[2]; /* the value is one digit: the office */
		uint16_t office;     /* 0: not known */
	} rows[] = {
		{ "not known here", { { 0 } }, 0 },
		{ "who made it", { { 3, 1, "3", 0, 0 } }, 3 },
		{ "the centre moved it", { { 0, 1, "4", 0, 0 }, { 3, 1, "3", 0, 0 } }, 4 },
		{ "two offices at once: the last by dot",
		  { { 2, 1, "2", 0, 0 }, { 3, 1, "3", 0, 0 } },
		  3 },
		{ "two moves at once: the last by dot",
		  { { 0, 1, "4", 0, 0 }, { 0, 2, "5", 0, 0 } },
		  5 },
		{ "a clear is no home", { { 3, 1, "-", 0, 0 } }, 0 },
	};
	size_t i;
	uint32_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t homes[2][HOME_LEN] = { { 0 } };
		struct item items[2];
		struct part_field field = { .number = FIELD_HOME, .items = items };
		struct record r = told_record(&field, 1);
		uint16_t office = 0, region_scope = 0;
		bool known = false;

		for (k = 0; k < 2 && rows[i].told[k].value != NULL; k++) {
			const struct told *t = &rows[i].told[k];

			told_add(&field, t->office, t->seq, t->value);
			homes[k][1] = (uint8_t)(t->value[0] - '0');
			homes[k][2] = 1;
			homes[k][3] = 2;
			if (t->value[0] != '-') {
				items[k].value = bytes_at(homes[k], HOME_LEN);
			}
		}
		known = view_home(&r, &office, &region_scope);
		cr_expect_eq(known, rows[i].office != 0, "%s", rows[i].why);
		cr_expect_eq(office, rows[i].office, "%s", rows[i].why);
		cr_expect_eq(region_scope, known ? 0x102 : 0, "%s", rows[i].why);
	}
}

Test(view, home_of_a_wrong_length_is_not_known)
{
	struct item items[1];
	struct part_field field = { .number = FIELD_HOME, .items = items };
	struct record r = told_record(&field, 1);
	uint16_t office = 0, region_scope = 0;

	told_add(&field, 1, 1, "\1\1\1\1\1");
	cr_assert(!view_home(&r, &office, &region_scope));
}

Test(view, a_conflict_is_open_where_the_schema_wants_a_decision)
{
	static const struct {
		const char *why;
		struct schema_field field;
		const char *second; /* beside "x" */
		bool open;
	} rows[] = {
		{ "siblings of ask", { .number = 2, .policy = POLICY_ASK }, "y", true },
		{ "that say the same", { .number = 2, .policy = POLICY_ASK }, "x", false },
		{ "latest needs no decision",
		  { .number = 2, .policy = POLICY_LATEST },
		  "y",
		  false },
		{ "a closed field cannot be decided",
		  { .number = 2, .policy = POLICY_ASK, .closed = true },
		  "y",
		  false },
		{ "a field that the schema does not know",
		  { .number = 3, .policy = POLICY_ASK },
		  "y",
		  false },
		{ "a field that was a register to a stranger only",
		  { .number = 2, .merge = MERGE_SET },
		  "y",
		  false },
	};
	struct told told[] = { { 1, 1, "x", 1, 1 }, { 2, 1, "y", 1, 1 } };
	struct told_source source = { .told = told, .count = 2 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct schema_kind kind = { .fields = &rows[i].field, .fields_count = 1 };
		struct item alone[1], items[2];
		struct part_field fields[] = { { .number = 1, .items = alone },
					       { .number = 2, .items = items } };
		struct record r = told_record(fields, 2);
		bool open = !rows[i].open;

		r.kind = &kind;
		told_add(&fields[0], 1, 1, "z");
		told_add(&fields[1], 1, 1, "x");
		told_add(&fields[1], 2, 1, rows[i].second);
		cr_assert_eq(view_has_conflict(&r, &src, &a, &open), RC_OK);
		cr_expect_eq(open, rows[i].open, "%s", rows[i].why);
		cr_expect_eq(a.used, 0, "%s: the arena is given back", rows[i].why);
	}
}

Test(view, what_is_deleted_is_in_no_open_conflict)
{
	static const struct {
		const char *why, *heads; /* a: alive, d: deleted */
		bool open;
	} rows[] = {
		{ "alive", "a", true },
		{ "deleted", "d", false },
		{ "deleted twice at once", "dd", false },
		{ "deleted, but edited", "da", true },
	};
	struct told told[] = { { 1, 1, "x", 1, 1 }, { 2, 1, "y", 1, 1 } };
	struct told_source source = { .told = told, .count = 2 };
	struct view_source src = { .ctx = &source, .stamp = told_stamp };
	struct schema_field f = { .number = 1, .policy = POLICY_ASK };
	struct schema_kind kind = { .fields = &f, .fields_count = 1 };
	size_t i;
	uint16_t k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct item items[2];
		struct part_field field = { .number = 1, .items = items };
		struct record r = told_record(&field, 1);
		struct head heads[2];
		struct field_view v;
		bool open = !rows[i].open;

		r.kind = &kind;
		told_add(&field, 1, 1, "x");
		told_add(&field, 2, 1, "y");
		for (k = 0; rows[i].heads[k] != '\0'; k++) {
			heads[k].dot.feed = told_feed((uint16_t)(k + 1));
			heads[k].dot.seq = 2;
			heads[k].deleted = rows[i].heads[k] == 'd';
		}
		r.parts[0].part.heads = heads;
		r.parts[0].part.heads_count = k;
		cr_assert_eq(view_has_conflict(&r, &src, &a, &open), RC_OK);
		cr_expect_eq(open, rows[i].open, "%s", rows[i].why);
		cr_assert_eq(view_field(&r, &f, &src, &a, &v), RC_OK);
		cr_expect(v.conflict && v.count == 2, "%s: the siblings stay", rows[i].why);
	}
}

Test(view, version_is_the_vectors_side_by_side)
{
	struct dot here[] = { { told_feed(1), 4 }, { told_feed(3), 1 } };
	struct dot there[] = { { told_feed(2), 9 } }, room[3];
	struct record r = told_moved_record(NULL, NULL);
	struct vv out = { .dots = room, .count = 3, .max = 3 };

	r.parts[0].part.fields_count = r.parts[1].part.fields_count = 0;
	r.parts[0].part.vector = (struct vv){ here, 2, 2 };
	r.parts[1].part.vector = (struct vv){ there, 1, 1 };
	cr_assert_eq(view_version(&r, &out), RC_OK);
	cr_assert_eq(out.count, 3);
	cr_assert_eq(vv_get(&out, told_feed(1)), 4);
	cr_assert_eq(vv_get(&out, told_feed(2)), 9);
	cr_assert_eq(vv_get(&out, told_feed(3)), 1);
	out.max = 2;
	cr_assert_eq(view_version(&r, &out), RC_LIMIT);
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/schema_yaml.h"

static struct arena take_arena(void)
{
	void *p = malloc(SCHEMA_YAML_ARENA_BYTES);

	cr_assert_not_null(p);
	return arena_init(p, SCHEMA_YAML_ARENA_BYTES);
}

static enum rc load(const char *file, struct arena *a, struct schema *s, struct schema_error *e)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "tests/data/schema/%s.yaml", file);
	return schema_yaml_load(path, a, s, e);
}

static struct schema load_or_fail(const char *path, struct arena *a)
{
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(schema_yaml_load(path, a, &s, &e), RC_OK, "%s: %s", path, e.text);
	return s;
}

Test(schema_yaml, refuses_hostile_files_with_place_and_reason)
{
	/* the file, named for the attack; what its error must say */
	static const struct {
		const char *file, *text;
	} ROWS[] = {
		{ "alias", "line 10, column 29: no anchors" },
		{ "alias_bomb", "line 3, column 4: no anchors" },
		{ "bad_utf8", "line 10, column 18: " },
		{ "check_of_int", "kind thing, field weight: check: mrz is only for registers" },
		{ "check_unknown", "line 10, column 42: check is one of none, mrz, not" },
		{ "control_escaped", "line 10, column 16: a text with control characters" },
		{ "cycle_of_one_run", "figure total: it cumulates itself, a cycle" },
		{ "cycle_of_runs", "figure total: a run cumulates a flow, but sum is a run" },
		{ "cycle_of_successors", "code list STATE: the successors of A run in a circle" },
		{ "deep_blocks", "nested too deeply" },
		{ "deep_nesting", "line 1, column 24: nested too deeply" },
		{ "empty", "expected a map" },
		{ "field_twice", "kind thing: field title stands there twice" },
		{ "key_twice", "line 13, column 35: this key stands here twice" },
		{ "kind_of_built_in", "kind office: Kerwen has a kind of this name" },
		{ "kind_twice", "kind thing: there are two" },
		{ "list_as_root", "expected a map" },
		{ "measure_unknown", "measure is count, sum(FIELD), -count or -sum(FIELD), not" },
		{ "merge_key", "line 13, column 10: unknown key \"<<\"" },
		{ "name_of_record", "kind thing, field id: id is the record's own" },
		{ "name_with_escape", "kind thing, field \"ti" },
		{ "no_for_false", "line 10, column 45: required must be true or false" },
		{ "nul", "line 10, column 18: control characters" },
		{ "nul_escaped", "line 10, column 16: a text with control characters" },
		{ "octal_scale", "line 13, column 46: scale must be a decimal number" },
		{ "octal_version", "line 2, column 10: version must be a decimal number" },
		{ "overlong_utf8", "line 10, column 19: " },
		{ "policy_max_of_text", "kind thing, field title: policies min and max" },
		{ "policy_of_set", "line 10, column 55: a set has no policy" },
		{ "policy_unknown", "line 10, column 43: policy is one of ask" },
		{ "reach_missing", "line 9, column 9: field title has no reach" },
		{ "reach_nation_for_all", "kind thing: only the centre writes" },
		{ "reach_nation_mixed", "state has reach region" },
		{ "reserved_word", "kind thing, field not: the word belongs to expressions" },
		{ "second_document", "line 16, column 1: a second document" },
		{ "sum_of_text", "figure things: only numbers can be summed" },
		{ "surrogate", "line 10, column 21: " },
		{ "tab_indent", "line 8, column 1: " },
		{ "tag", "line 2, column 10: no anchors and no tags" },
		{ "type_bytes", "line 10, column 29: field title has the unknown type" },
		{ "unique_of_set", "kind thing: field title cannot be unique" },
		{ "unknown_code_in_flow", "kind thing, field state: the flow names a code" },
		{ "unknown_code_list", "line 11, column 42: field state: there is no code list" },
		{ "unknown_field_in_figure", "figure things, by year(maid_on): " },
		{ "unknown_field_in_sum", "figure things: kind thing has no field wait" },
		{ "unknown_field_in_where", "figure things, where, column 1: " },
		{ "unknown_key_of_field", "line 13, column 24: unknown key \"typ\"; did you mean" },
		{ "unknown_key_of_figure", "line 15, column 59: unknown key \"to\"" },
		{ "unknown_key_of_root", "line 14, column 1: unknown key \"figurs\"" },
		{ "unknown_kind_in_figure", "figure things: it counts an unknown kind, think" },
		{ "unknown_kind_of_link", "field weight: it links to an unknown kind, scales" },
		{ "unknown_type", "line 12, column 31: field made_on has the unknown type" },
		{ "unterminated_quote", "line 16, column 1: " },
		{ "version_zero", "line 2, column 10: version must be a decimal number from 1 to" },
	};
	struct arena a = take_arena();
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct schema_error e = { .text = "" };
		struct schema s;

		arena_release(&a, 0);
		cr_expect_eq(load(ROWS[i].file, &a, &s, &e), RC_INVALID, "%s", ROWS[i].file);
		cr_expect_not_null(strstr(e.text, ROWS[i].text), "%s: %s", ROWS[i].file, e.text);
	}
	free(a.p);
}

Test(schema_yaml, the_file_that_the_attacks_vary_is_good)
{
	struct arena a = take_arena();
	struct schema s = load_or_fail("tests/data/schema/good.yaml", &a);

	cr_assert_str_eq(s.name, "attack");
	cr_assert_eq(s.kinds_count, 1);
	cr_assert_eq(s.figures_count, 1);
	free(a.p);
}

Test(schema_yaml, a_missing_file_is_not_found_and_named)
{
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(load("there_is_none", &a, &s, &e), RC_NOTFOUND);
	cr_assert_not_null(strstr(e.text, "there_is_none"), "%s", e.text);
	free(a.p);
}

Test(schema_yaml, a_file_over_one_megabyte_is_refused)
{
	static char text[1048577];
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	memset(text, '#', sizeof(text));
	cr_assert_eq(schema_yaml_parse(bytes_at(text, sizeof(text)), &a, &s, &e), RC_LIMIT);
	cr_assert_not_null(strstr(e.text, "1 MiB"), "%s", e.text);
	free(a.p);
}

Test(schema_yaml, changes_that_offices_could_not_follow_are_refused)
{
	static const struct {
		const char *file, *text;
	} ROWS[] = {
		{ "version_2_changed_reach", "kind thing, field title: its reach cannot change" },
		{ "version_2_changed_type", "kind thing, field weight: its type cannot change" },
		{ "version_2_changed_merge", "kind thing, field weight: its merge cannot change" },
		{ "version_1_changed", "version 1 is in force and differs" },
	};
	struct arena a = take_arena();
	struct schema good = load_or_fail("tests/data/schema/good.yaml", &a);
	struct schema_error e = { .text = "" };
	struct schema now, next, out;
	size_t i;

	cr_assert_eq(schema_adopt(NULL, &good, &a, &now, &e), RC_OK, "%s", e.text);
	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		cr_assert_eq(load(ROWS[i].file, &a, &next, &e), RC_OK, "%s", e.text);
		cr_expect_eq(schema_adopt(&now, &next, &a, &out, &e), RC_INVALID);
		cr_expect_not_null(strstr(e.text, ROWS[i].text), "%s", e.text);
	}
	free(a.p);
}

/* Wraps fields into the smallest schema. */
static enum rc parse_fields(const char *fields, struct arena *a, struct schema *s,
			    struct schema_error *e)
{
	char text[2048];
	int len = snprintf(text, sizeof(text),
			   "schema: s\nversion: 7\n"
			   "codes: [{name: C, values: [A, \"010\", NO]}]\n"
			   "kinds: [{name: k, reach: centre, fields: [%s]}]\n",
			   fields);

	return schema_yaml_parse(bytes_at(text, (size_t)len), a, s, e);
}

Test(schema_yaml, codes_stay_the_text_that_stands_there)
{
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(parse_fields("{name: f, type: code, codes: C}", &a, &s, &e), RC_OK, "%s",
		     e.text);
	cr_assert_str_eq(s.codes[0].codes[1].code, "010");
	cr_assert_str_eq(s.codes[0].codes[2].code, "NO");
	cr_assert_eq(s.version, 7);
	cr_assert_eq(s.kinds[0].fields[0].codes, &s.codes[0]);
	free(a.p);
}

Test(schema_yaml, a_flow_is_read_with_its_ranks)
{
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;
	const struct schema_field *f = NULL;

	cr_assert_eq(parse_fields("{name: f, type: code, codes: C, policy: flow( A < 010 | NO )}",
				  &a, &s, &e),
		     RC_OK, "%s", e.text);
	f = &s.kinds[0].fields[0];
	cr_assert_eq(f->policy, POLICY_FLOW);
	cr_assert_eq(f->ranks_count, 3);
	cr_assert_str_eq(f->ranks[0].value, "A");
	cr_assert_eq(f->ranks[0].rank, 0);
	cr_assert_str_eq(f->ranks[1].value, "010");
	cr_assert_eq(f->ranks[1].rank, 1);
	cr_assert_str_eq(f->ranks[2].value, "NO");
	cr_assert_eq(f->ranks[2].rank, 1);
	free(a.p);
}

Test(schema_yaml, a_field_without_reach_takes_the_kinds_and_the_widest_is_the_kinds)
{
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(parse_fields("{name: f, type: text}, {name: g, type: text, reach: region}", &a,
				  &s, &e),
		     RC_OK, "%s", e.text);
	cr_assert_eq(s.kinds[0].fields[0].reach, REACH_CENTRE);
	cr_assert_eq(s.kinds[0].fields[1].reach, REACH_REGION);
	cr_assert_eq(s.kinds[0].reach, REACH_REGION);
	free(a.p);
}

Test(schema_yaml, labels_are_composed)
{
	static const char TEXT[] = "schema: s\nversion: 1\ncodes:\n"
				   "  - {name: C, values: [{code: A, en: \"As\xcc\xa7gabat\", "
				   "tk: \"As\xcc\xa7\"}, {code: B, ru: Б}]}\n"
				   "kinds: [{name: k, reach: centre, fields: "
				   "[{name: f, type: text}]}]\n";
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(schema_yaml_parse(bytes_of(TEXT), &a, &s, &e), RC_OK, "%s", e.text);
	cr_assert_str_eq(s.codes[0].codes[0].label, "A\xc5\x9fgabat");
	cr_assert_str_eq(s.codes[0].codes[0].label_tk, "A\xc5\x9f");
	cr_assert_null(s.codes[0].codes[0].label_ru);
	cr_assert_str_eq(s.codes[0].codes[1].label, "");
	cr_assert_str_eq(s.codes[0].codes[1].label_ru, "Б");
	free(a.p);
}

Test(schema_yaml, recorded_may_be_one_map)
{
	static const char TEXT[] =
		"schema: s\nversion: 1\n"
		"kinds:\n"
		"  - {name: d, reach: nation, writers: centre, fields: [{name: no, type: text}, "
		"{name: n, type: int}]}\n"
		"  - {name: k, reach: centre, fields: [{name: d, type: link, to: d}]}\n"
		"figures:\n"
		"  - name: gap\n"
		"    type: control\n"
		"    recorded: {measure: count, of: k, by: [d]}\n"
		"    announced: {measure: sum(n), of: d, by: [no]}\n"
		"    match: {d: no}\n";
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;

	cr_assert_eq(schema_yaml_parse(bytes_of(TEXT), &a, &s, &e), RC_OK, "%s", e.text);
	cr_assert_eq(s.figures[0].recorded_count, 1);
	cr_assert_str_eq(s.figures[0].recorded[0].of, "k");
	cr_assert_str_eq(s.figures[0].announced.field, "n");
	cr_assert_str_eq(s.figures[0].match_announced, "no");
	free(a.p);
}

Test(schema_yaml, a_small_arena_is_an_ordinary_failure)
{
	uint8_t small[2048];
	struct arena a;
	struct schema_error e;
	struct schema s;
	size_t max;

	for (max = 0; max < sizeof(small); max += 64) {
		a = arena_init(small, max);
		cr_expect_eq(load("good", &a, &s, &e), RC_NOMEM, "%zu bytes", max);
		cr_expect_neq(e.text[0], '\0');
	}
}

static const struct schema_figure *find_figure(const struct schema *s, const char *name)
{
	return schema_figure_by_name(s, bytes_of(name));
}

Test(schema_yaml, the_shipped_schema_is_complete)
{
	static const char *const KINDS[] = { "person",   "application", "decision", "permit",
					     "document", "referral",    "activity", "decree" };
	static const char *const FIGURES[] = {
		"citizenship_granted",
		"citizenship_annulled",
		"citizenship_refugees",
		"citizenship_total",
		"permits_first",
		"permits_valid",
		"refugees",
		"stateless",
		"applications",
		"applications_persons",
		"pending",
		"decisions",
		"documents",
		"documents_handed",
		"referrals",
		"activities",
		"decree_gap",
		"activities_participants",
		"activities_hotline_calls",
	};
	struct arena a = take_arena();
	struct schema s = load_or_fail("configs/migration.yaml", &a);
	const struct schema_codes *countries = schema_codes_by_name(&s, bytes_of("COUNTRY"));
	size_t i;

	cr_assert_eq(s.kinds_count, sizeof(KINDS) / sizeof(KINDS[0]));
	for (i = 0; i < s.kinds_count; i++) {
		cr_expect_not_null(schema_kind_by_name(&s, bytes_of(KINDS[i])), "%s", KINDS[i]);
	}
	cr_assert_eq(s.figures_count, sizeof(FIGURES) / sizeof(FIGURES[0]));
	for (i = 0; i < s.figures_count; i++) {
		cr_expect_not_null(find_figure(&s, FIGURES[i]), "%s", FIGURES[i]);
	}
	cr_assert_not_null(countries);
	cr_assert_eq(countries->codes_count, 249 + 4);
	cr_assert_eq(find_figure(&s, "decree_gap")->recorded_count, 2);
	free(a.p);
}

Test(schema_yaml, names_and_birth_dates_never_leave_the_office)
{
	static const char *const FIELDS[] = { "name_tm", "name_ru", "birth_date", "contact" };
	struct arena a = take_arena();
	struct schema s = load_or_fail("configs/migration.yaml", &a);
	const struct schema_kind *person = schema_kind_by_name(&s, bytes_of("person"));
	size_t i;

	for (i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
		cr_expect_eq(schema_field_by_name(person, bytes_of(FIELDS[i]))->reach, REACH_OFFICE,
			     "%s", FIELDS[i]);
	}
	free(a.p);
}

Test(schema_yaml, the_schema_of_the_real_table_is_good)
{
	struct arena a = take_arena();
	struct schema s = load_or_fail("configs/unhcr.yaml", &a);

	cr_assert_eq(s.kinds[0].fields_count, 26);
	cr_assert_eq(s.kinds[0].uniques[0].fields_count, 7);
	cr_assert_eq(find_figure(&s, "population")->measure.by_count, 4);
	free(a.p);
}

Test(schema_yaml, doubles_and_their_key_are_read)
{
	static const char good[] =
		"{name: a, type: text}, {name: b, type: pdate}, {name: c, type: code, codes: C}, "
		"{name: key, type: text, derived: \"same(a, b,c )\"}, "
		"{name: yes, type: link, to: k, merge: set}, "
		"{name: no, type: link, to: k, merge: set}], "
		"doubles: {key: key, same: yes, different: no";
	static const struct {
		const char *fields, *text;
	} rows[] = {
		{ "{name: a, type: text, derived: \"same(a b, c, d)\"}",
		  "derived is year(DATE) or" },
		{ "{name: a, type: text, derived: \"same(a, b, c, d)\"}",
		  "derived is year(DATE) or" },
		{ "{name: a, type: text, derived: \"same(a, , c)\"}",
		  "derived from a field that the kind does not have, " },
		{ "{name: a, type: text, derived: \"like(a)\"}", "not \"like(a)\"" },
		{ "{name: a, type: text}], doubles: {key: a, same: b, different: c",
		  "kind k has no field b" },
		{ "{name: a, type: text}], doubles: {key: a, same: a", "different" },
		{ "{name: a, type: text}], doubles: {key: a, sam: a", "unknown key \"sam\"" },
	};
	struct arena a = take_arena();
	struct schema_error e = { .text = "" };
	struct schema s;
	const struct schema_kind *k = NULL;
	size_t i;

	/* The list of fields is closed early; its bracket then closes nothing. */
	for (i = 0; i <= sizeof(rows) / sizeof(rows[0]); i++) {
		char text[2048];
		bool last = i == sizeof(rows) / sizeof(rows[0]);
		const char *fields = last ? good : rows[i].fields;
		int len = snprintf(text, sizeof(text),
				   "schema: s\nversion: 7\n"
				   "codes: [{name: C, values: [A]}]\n"
				   "kinds: [{name: k, reach: centre, fields: [%s%s}]\n",
				   fields, strchr(fields, ']') == NULL ? "]" : "}");
		enum rc rc = schema_yaml_parse(bytes_at(text, (size_t)len), &a, &s, &e);

		cr_assert_eq(rc, last ? RC_OK : RC_INVALID, "%s: %s", fields, e.text);
		cr_expect(last || strstr(e.text, rows[i].text) != NULL, "%s: %s", fields, e.text);
	}
	k = &s.kinds[0];
	cr_assert_str_eq(schema_doubles_key(k)->name, "key");
	cr_assert_str_eq(schema_doubles_same(k)->name, "yes");
	cr_assert_str_eq(schema_doubles_different(k)->name, "no");
	cr_assert_str_eq(schema_doubles_key(k)->derive_from[0], "a");
	cr_assert_str_eq(schema_doubles_key(k)->derive_from[1], "b");
	cr_assert_str_eq(schema_doubles_key(k)->derive_from[2], "c");
	free(a.p);
}

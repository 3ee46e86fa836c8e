/*
 * What a record costs beside what was typed (SCENARIOS P9): the bytes of the
 * entries less those of the values as people write them. Twelve fields, which
 * live in three scopes, so that each record is three changes; the worst case
 * that schemas have.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/feeds.h"

enum { FIELDS = 12, RECORDS = 1000, PERCENT_MAX = 30, TEXT_MAX = 128 };

/* Made up, of the length and script of real ones. */
static const struct {
	const char *field, *text;
} row[FIELDS] = {
	{ "nr", "Nurmuhammedow Gurbangeldi Täçmyradowiç" },
	{ "city", "Daşoguz welaýaty, Köneürgenç" },
	{ "born", "1985-03-17" },
	{ "state", "B" },
	{ "tags", "Нурмухаммедов Курбангельды Тачмурадович" },
	{ "visits", "12" },
	{ "size", "5" },
	{ "secret", "+993 65 12 34 56, Bitarap Türkmenistan şaýoly 127, öý 14" },
	{ "file", "AH-2016-004711" },
	{ "notes", "Asked to bring the birth certificates of the three children." },
	{ "level", "A" },
	{ "origin", "C" },
};

/* The bytes of all entries of this node's feeds. */
static uint64_t entry_bytes(struct fixture_node *n)
{
	uint64_t from = (uint64_t)n->store->info.number << 48, sum = 0, seq;
	struct kv_txn *t = NULL;
	struct feed_state state;
	struct feed_entry e;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	while (feeds_next(t, from, &state) == RC_OK && state.feed >> 48 == n->store->info.number) {
		for (seq = 1; seq <= state.head; seq++) {
			cr_assert_eq(feeds_get_entry(t, (struct dot){ state.feed, seq }, &e),
				     RC_OK);
			sum += e.bytes.len;
		}
		from = state.feed + 1;
	}
	store_end(n->store, t);
	return sum;
}

static enum op_code code_of(const struct schema_field *f)
{
	switch (f->merge) {
	case MERGE_REGISTER:
		return OP_PUT;
	case MERGE_SET:
		return OP_SET_ADD;
	case MERGE_COUNTER:
		return OP_COUNT;
	case MERGE_LOG:
		return OP_LOG;
	}
	return OP_PUT;
}

/* Adds the row so often in one commit, as an import does. */
static void add_rows(struct fixture_node *n, uint32_t count)
{
	static uint8_t values[FIELDS][TEXT_MAX];
	struct draft_op ops[FIELDS];
	const struct schema_kind *k = NULL;
	struct commit c;
	uint32_t i;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("import"), bytes_of("")), RC_OK);
	k = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	for (i = 0; i < FIELDS; i++) {
		const struct schema_field *f = schema_field_by_name(k, bytes_of(row[i].field));
		struct bytes_writer w = bytes_writer_init(values[i], TEXT_MAX);

		cr_assert_eq(value_parse(f->merge == MERGE_COUNTER ? VALUE_INT : f->type, f->scale,
					 bytes_of(row[i].text), &w),
			     RC_OK);
		ops[i] = (struct draft_op){ f, code_of(f), bytes_written(&w) };
	}
	for (i = 0; i < count; i++) {
		struct draft d = { .act = DRAFT_ADD, .kind = k, .ops = ops, .ops_count = FIELDS };
		struct draft_result result;

		cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	}
	cr_assert_eq(commit_end(&c), RC_OK);
}

static uint64_t typed_bytes(void)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < FIELDS; i++) {
		sum += strlen(row[i].text);
	}
	return sum;
}

static uint64_t tell(const char *what, uint64_t entries, uint64_t typed)
{
	uint64_t percent = (entries - typed) * 100 / typed;

	(void)fprintf(stderr,
		      "%s: %" PRIu64 " bytes of entries for %" PRIu64 " bytes of values, %" PRIu64
		      " %% on top\n",
		      what, entries, typed, percent);
	return percent;
}

Test(overhead, an_import_costs_less_than_30_percent_on_top_of_its_values)
{
	struct fixture f;
	struct fixture_node *n = NULL;
	struct uuid id;
	uint64_t before, imported, added, edited;

	fixture_init(&f);
	n = fixture_office(&f, "Mary", 1, "TM-M");
	before = entry_bytes(n);
	add_rows(n, RECORDS);
	imported = entry_bytes(n);
	add_rows(n, 1);
	added = entry_bytes(n);
	id = fixture_add(n, 0, "person", "nr=1", NULL);
	edited = entry_bytes(n);
	cr_assert_eq(fixture_set(n, "person", id, "city=Mary", NULL), RC_OK);
	cr_assert_lt(tell("1000 records of 12 fields in 3 scopes, imported", imported - before,
			  RECORDS * typed_bytes()),
		     (uint64_t)PERCENT_MAX);
	(void)tell("one such record by itself", added - imported, typed_bytes());
	(void)tell("one field changed", entry_bytes(n) - edited, strlen("Mary"));
	fixture_fini(&f);
}

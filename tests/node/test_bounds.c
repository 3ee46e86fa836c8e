/* Bounds on what a record grows to: the writer is told, a receiver keeps what
 * comes and marks it, one decision makes it small again. */
#include "node/store/bounds.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/cmd/conflict_out.h"
#include "node/store/conflicts.h"
#include "node/store/records.h"
#include "node/store/verify.h"

enum { MANY = 200 };

static struct fixture f;
static struct fixture_node *a, *b;
static struct forge g;

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
	fixture_fini(&f);
}

TestSuite(bounds, .init = start, .fini = stop);

static uint16_t region(void)
{
	return catalog_office(f.centre.store->catalog, 1)->scope_region;
}

/* The record as the node holds it, until its next transaction. */
static struct record load(struct fixture_node *n, struct uuid id, struct bounds_excess *excess,
			  uint8_t *bits)
{
	struct kv_txn *t = NULL;
	struct record r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, SCHEMA_KIND_FIRST, id, &n->store->arena, &r),
		     RC_OK);
	*excess = bounds_of(&r, &n->store->arena);
	*bits = conflicts_get(t, r.kind_number, id) & (uint8_t)~CONFLICTS_SIBLINGS;
	store_end(n->store, t);
	return r;
}

static uint32_t count_siblings(const struct record *r, uint16_t field)
{
	return part_find(&r->parts[0].part, field, CLASS_REGISTER)->items_count;
}

/* What people read of a record: as text, or as JSON of the list of conflicts. */
static const char *read_out(struct fixture_node *n, struct uuid id, bool as_list)
{
	static char *text;
	struct kv_txn *t = NULL;
	struct show s;
	struct out o;
	size_t len = 0;

	free(text);
	o = out_init(open_memstream(&text, &len), stderr);
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	show_begin(&s, &o, n->store, t);
	cr_assert_eq(records_get(t, n->store->catalog, SCHEMA_KIND_FIRST, id, s.arena, &s.record),
		     RC_OK);
	cr_assert_eq(as_list ? conflict_out_json(&s, 0) : show_print_text(&s), RC_OK);
	store_end(n->store, t);
	fclose(o.to);
	return text;
}

/* Entries of a's hand, in several incarnations, each of which had seen nothing:
 * as many values and touches side by side. */
static void forge_values(struct uuid id, uint16_t field)
{
	static char texts[MANY][8];
	uint32_t i, k;

	for (i = 0; i < MANY; i += MANY / 4) {
		forge_begin(&g, a, region());
		for (k = i; k < i + MANY / 4; k++) {
			struct op op = { field, OP_PUT, { NULL, 0 } };
			struct change c = { .kind = g.kind,
					    .id = id,
					    .life = LIFE_ALIVE,
					    .ops = &op,
					    .ops_count = 1,
					    .has_form = true };
			struct header h = forge_header(&g);

			(void)snprintf(texts[k], sizeof(texts[k]), "n%u", k);
			op.value = bytes_of(texts[k]);
			forge_add(&g, &h, &c, 1);
		}
		cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	}
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
}

static uint64_t problems_of(struct fixture_node *n)
{
	struct verify_options options = { .on_problem = NULL };
	struct verify *v = NULL;
	uint64_t problems = 0;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	problems = verify_result(v)->problems;
	verify_free(v);
	return problems;
}

Test(bounds, two_hundred_values_are_kept_marked_and_decided_at_once)
{
	struct uuid id = fixture_add(b, 0, "person", "nr=1", NULL);
	const struct schema_kind *k = schema_kind_by_number(&b->store->catalog->schema, 16);
	uint16_t nr = schema_field_by_name(k, bytes_of("nr"))->number;
	struct bounds_excess excess;
	struct record r;
	uint8_t x[HASH_LEN], y[HASH_LEN], bits = 0;

	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	forge_values(id, nr);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	r = load(b, id, &excess, &bits);
	cr_assert_eq(count_siblings(&r, nr), MANY + 1u, "a receiver keeps what comes");
	cr_assert_eq(r.parts[0].part.heads_count, MANY + 1u);
	cr_assert_eq(excess.kind, BOUNDS_SIBLINGS);
	cr_assert_eq(excess.field, nr);
	cr_assert_eq(excess.has, MANY + 1u);
	cr_assert_eq(bits, CONFLICTS_OPEN | CONFLICTS_OVERSIZE);
	cr_assert_eq(problems_of(b), 0u);
	cr_assert_eq(problems_of(&f.centre), 0u);
	cr_assert_not_null(strstr(read_out(b, id, false),
				  "over a limit: 201 values of one field side by side, the most "
				  "is 64\n"));
	cr_assert_not_null(strstr(read_out(b, id, true), "\"oversize\":true"));

	cr_assert_eq(fixture_set(b, "person", id, "nr=n7", NULL), RC_OK,
		     "a decision makes it small");
	r = load(b, id, &excess, &bits);
	cr_assert_eq(count_siblings(&r, nr), 1u);
	cr_assert_eq(r.parts[0].part.heads_count, 1u);
	cr_assert_eq(excess.kind, BOUNDS_NONE);
	cr_assert_eq(bits, 0);
	cr_assert_null(strstr(read_out(b, id, false), "over a limit"));
	cr_assert_null(strstr(read_out(b, id, true), "oversize"));
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	(void)load(&f.centre, id, &excess, &bits);
	cr_assert_eq(excess.kind, BOUNDS_NONE);
	fixture_digest(&f.centre, region(), x);
	fixture_digest(b, region(), y);
	cr_assert_arr_eq(x, y, HASH_LEN);
	cr_assert_eq(problems_of(b), 0u);
}

/* A change with a form that shows only the record's first entry. */
static enum rc set_stale(struct fixture_node *n, struct uuid id, enum draft_act act,
			 const char *field, const char *text, struct draft_result *result)
{
	struct draft_op op = { .code = OP_PUT, .value = bytes_of(text) };
	struct draft d = { .act = act, .id = id, .has_form = true };
	struct dot first = { store_own_feed(n->store, region()), 1 };
	struct commit c;
	enum rc rc = RC_OK;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("Aman"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	d.form = (struct vv){ &first, 1, 1 };
	op.field = schema_field_by_name(d.kind, bytes_of(field));
	d.ops = &op;
	d.ops_count = act == DRAFT_EDIT;
	rc = commit_add(&c, &d, result);
	cr_assert_eq(commit_end(&c), RC_OK);
	return rc;
}

Test(bounds, the_writer_is_told_before_a_value_too_many)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct draft_result result;
	struct bounds_excess excess;
	uint8_t bits = 0;
	char text[16];
	uint32_t i;

	for (i = 0; i < LIMIT_SIBLINGS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "x%u", i);
		cr_assert_eq(set_stale(a, id, DRAFT_EDIT, "nr", text, &result), RC_OK, "%u: %s", i,
			     result.text);
	}
	cr_assert_eq(set_stale(a, id, DRAFT_EDIT, "nr", "one more", &result), RC_LIMIT);
	cr_assert_not_null(strstr(result.text, "65 values of one field"), "%s", result.text);
	cr_assert_not_null(strstr(result.hint, "kerwen resolve"), "%s", result.hint);
	/* Another field: the touch would be one too many. */
	cr_assert_eq(set_stale(a, id, DRAFT_EDIT, "city", "Merw", &result), RC_LIMIT);
	cr_assert_not_null(strstr(result.text, "65 edits"), "%s", result.text);
	cr_assert_eq(set_stale(a, id, DRAFT_DELETE, "nr", "", &result), RC_LIMIT);
	(void)load(a, id, &excess, &bits);
	cr_assert_eq(excess.kind, BOUNDS_NONE);
	cr_assert_eq(fixture_set(a, "person", id, "city=Merw", NULL), RC_OK, "seen, it may");
	cr_assert_eq(set_stale(a, id, DRAFT_EDIT, "nr", "one more", &result), RC_LIMIT);
	cr_assert_eq(fixture_set(a, "person", id, "nr=2", NULL), RC_OK);
	cr_assert_eq(set_stale(a, id, DRAFT_EDIT, "nr", "one more", &result), RC_OK);
}

static enum rc put(struct fixture_node *n, struct uuid id, const char *field, size_t len,
		   struct draft_result *out)
{
	static char line[LIMIT_VALUE_BYTES_MAX];
	struct draft_op op = { .value = bytes_at(line, len) };
	struct draft d = { .act = DRAFT_EDIT, .id = id, .ops = &op, .ops_count = 1 };
	struct commit c;
	enum rc rc = RC_OK;

	memset(line, 'x', sizeof(line));
	cr_assert_eq(commit_begin(&c, n->store, bytes_of("Aman"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	op.field = schema_field_by_name(d.kind, bytes_of(field));
	op.code = op.field->merge == MERGE_LOG ? OP_LOG : OP_PUT;
	rc = commit_add(&c, &d, out);
	cr_assert_eq(commit_end(&c), RC_OK);
	return rc;
}

static enum rc add_line(struct fixture_node *n, struct uuid id, size_t len,
			struct draft_result *out)
{
	return put(n, id, "notes", len, out);
}

Test(bounds, a_log_that_fills_its_record_is_told_to_go_on_elsewhere)
{
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "tags+=q", NULL);
	struct draft_result result = { .text = "" };
	struct bounds_excess excess;
	uint8_t bits = 0;
	uint32_t lines = 0;

	cr_assert_eq(put(a, id, "city", 3000, &result), RC_OK);
	while (add_line(a, id, LIMIT_VALUE_BYTES_MAX, &result) == RC_OK) {
		cr_assert_lt(++lines, 100u);
	}
	cr_assert_eq(lines, LIMIT_RECORD_BYTES_MAX / LIMIT_VALUE_BYTES_MAX - 1);
	cr_assert_not_null(strstr(result.text, "bytes in one scope, the most is 1048576"), "%s",
			   result.text);
	cr_assert_not_null(strstr(result.hint, "new record"), "%s", result.hint);
	cr_assert_eq(add_line(a, id, 1000, &result), RC_OK, "what fits is taken");
	(void)load(a, id, &excess, &bits);
	cr_assert_eq(excess.kind, BOUNDS_NONE);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	/* Two who fill what is left: both are kept, and the record is marked. */
	cr_assert_eq(add_line(a, id, 10000, &result), RC_OK);
	cr_assert_eq(add_line(b, id, 10000, &result), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	(void)load(b, id, &excess, &bits);
	cr_assert_eq(excess.kind, BOUNDS_BYTES);
	cr_assert_eq(bits, CONFLICTS_OVERSIZE);
	cr_assert_eq(problems_of(b), 0u);
	cr_assert_eq(add_line(b, id, 1, &result), RC_LIMIT);
	cr_assert_eq(fixture_set(b, "person", id, "tags-=q", NULL), RC_OK, "smaller it may get");
	cr_assert_eq(put(b, id, "city", 2000, &result), RC_OK, "though still too large");
	cr_assert_eq(put(b, id, "city", 3000, &result), RC_LIMIT);
	cr_assert_eq(fixture_delete(b, "person", id), RC_OK, "and go");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
}

static bool covers_all(void *ctx, struct dot d)
{
	(void)ctx;
	(void)d;
	return true;
}

/* A part that as many feeds touched as a vector may have. */
static struct part wide_part(void)
{
	static struct dot dots[LIMIT_VECTOR_FEEDS_MAX];
	struct part p = part_init();
	uint32_t i;

	for (i = 0; i < LIMIT_VECTOR_FEEDS_MAX; i++) {
		dots[i] = (struct dot){ i + 1, 1 };
	}
	p.vector = (struct vv){ dots, LIMIT_VECTOR_FEEDS_MAX, LIMIT_VECTOR_FEEDS_MAX };
	return p;
}

Test(bounds, the_last_author_is_told_and_old_ones_go_on)
{
	static _Alignas(16) uint8_t memory[1 << 20];
	struct arena arena = arena_init(memory, sizeof(memory));
	struct part p = wide_part();
	struct seen seen = { NULL, covers_all };
	struct op op = { 1, OP_PUT, { (const uint8_t *)"x", 1 } };
	struct change c = { .life = LIFE_ALIVE, .ops = &op, .ops_count = 1 };
	struct bounds_excess excess = { .kind = BOUNDS_NONE };
	size_t used = arena.used;

	cr_assert_eq(bounds_judge(&p, &c, (struct dot){ 7, 2 }, &seen, &arena, &excess), RC_OK);
	cr_assert_eq(bounds_judge(&p, &c, (struct dot){ 1 << 20, 1 }, &seen, &arena, &excess),
		     RC_LIMIT);
	cr_assert_eq(excess.kind, BOUNDS_FEEDS);
	cr_assert_eq(excess.has, LIMIT_VECTOR_FEEDS_MAX + 1u);
	cr_assert_eq(arena.used, used, "the arena is given back");
	cr_assert_eq(vv_get(&p.vector, 7), 1u, "the part is as it was");
	cr_assert_eq(p.fields_count, 0u);
}

/* An office's own hand in one of its scopes: a touch of a record that is not
 * its own. */
static void forge_touch(struct fixture_node *n, uint16_t scope, enum life life, const char *field,
			struct uuid id)
{
	struct op op;
	struct change c = { .id = id, .life = life, .ops = &op, .ops_count = 1 };
	struct header h;

	forge_begin(&g, n, scope);
	h = forge_header(&g);
	op = forge_op(&g, "person", field, OP_PUT, bytes_of(n->store->info.name));
	c.kind = g.kind;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
}

/* Nine offices of nine regions, each in both of its scopes; the last ones first
 * if `turned`. */
static void forge_parts(struct uuid id, bool turned)
{
	uint32_t i;

	for (i = 0; i < f.offices_count; i++) {
		struct fixture_node *n = &f.offices[turned ? f.offices_count - 1 - i : i];
		const struct office_info *o =
			catalog_office(f.centre.store->catalog, n->store->info.number);

		forge_touch(n, o->scope_region, LIFE_ALIVE, "city", id);
		forge_touch(n, o->scope_centre, LIFE_NONE, "room", id);
	}
}

Test(bounds, parts_in_any_number_and_order_are_kept)
{
	enum { OFFICES = 9, PARTS = 2 * OFFICES };
	static const char *const region_of[] = { "TM-A", "TM-B", "TM-C", "TM-D",
						 "TM-E", "TM-F", "TM-G" };
	struct uuid ids[2];
	struct bounds_excess excess;
	struct record r;
	uint8_t bits = 0;
	uint32_t i, k;

	fixture_fini(&f);
	fixture_init(&f);
	(void)fixture_office(&f, "Mary", 1, "TM-M");
	(void)fixture_office(&f, "Lebap", 2, "TM-L");
	for (i = 0; i < OFFICES - 2; i++) {
		(void)fixture_office(&f, region_of[i], (uint16_t)(3 + i), region_of[i]);
	}
	for (i = 0; i < OFFICES; i++) {
		cr_assert_eq(fixture_sync(&f, &f.offices[i]), RC_OK);
	}
	for (i = 0; i < 2; i++) {
		ids[i] = forge_id(i);
		forge_parts(ids[i], i == 1);
		r = load(&f.centre, ids[i], &excess, &bits);
		cr_assert_eq(r.parts_count, PARTS, "%u parts", r.parts_count);
		for (k = 1; k < PARTS; k++) {
			cr_assert_lt(r.parts[k - 1].scope, r.parts[k].scope);
		}
		cr_assert_eq(r.parts[0].part.fields_count, 1u);
	}
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	cr_assert_eq(problems_of(&f.centre), 0u);
}

/* No program writes it, but an entry can: one change that puts a field twice. */
Test(bounds, values_that_one_change_puts_side_by_side_are_marked)
{
	struct uuid id = forge_id(1);
	struct bounds_excess excess;
	struct change c;
	struct header h;
	struct op ops[3];
	uint8_t bits = 0;

	forge_begin(&g, a, region());
	h = forge_header(&g);
	c = forge_person(&g, id, "Mary");
	ops[0] = c.ops[0];
	ops[1] = forge_op(&g, "person", "nr", OP_PUT, bytes_of("1"));
	ops[2] = forge_op(&g, "person", "nr", OP_PUT, bytes_of("2"));
	c.ops = ops;
	c.ops_count = 3;
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	(void)load(&f.centre, id, &excess, &bits);
	cr_assert_eq(bits, CONFLICTS_OPEN);
	cr_assert_eq(problems_of(&f.centre), 0u);
}

/* What people write: judged as a whole, written once, or nothing at all. */
#include "node/store/commit.h"

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
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

TestSuite(commit, .init = start, .fini = stop);

static const struct schema_kind *kind_of(struct fixture_node *n, const char *kind)
{
	return schema_kind_by_name(&n->store->catalog->schema, bytes_of(kind));
}

/* An operation on a text or code field; NULL clears. */
static struct draft_op op_of(struct fixture_node *n, const char *kind, const char *field,
			     const char *text)
{
	struct draft_op op = { .field = schema_field_by_name(kind_of(n, kind), bytes_of(field)) };

	cr_assert_not_null(op.field);
	op.code = text == NULL ? OP_CLEAR : op.field->merge == MERGE_SET ? OP_SET_ADD : OP_PUT;
	op.value = text == NULL ? bytes_at(NULL, 0) : bytes_of(text);
	return op;
}

static void begin(struct commit *c, struct fixture_node *n)
{
	cr_assert_eq(commit_begin(c, n->store, bytes_of("Aman"), bytes_of("")), RC_OK);
}

static enum rc put(struct commit *c, struct fixture_node *n, enum draft_act act, struct uuid *id,
		   const char *field, const char *text, struct draft_result *result)
{
	struct draft_op op = { .field = NULL };
	struct draft d = { .act = act, .kind = kind_of(n, "person"), .id = *id };
	enum rc rc = RC_OK;

	if (field != NULL) {
		op = op_of(n, "person", field, text);
		d.ops = &op;
		d.ops_count = 1;
	}
	rc = commit_add(c, &d, result);
	*id = d.id;
	return rc;
}

/* One draft, one commit. */
static enum rc write_one(struct fixture_node *n, enum draft_act act, struct uuid *id,
			 const char *field, const char *text, struct draft_result *result)
{
	struct commit c;
	enum rc rc = RC_OK;

	begin(&c, n);
	rc = put(&c, n, act, id, field, text, result);
	cr_assert_eq(commit_end(&c), RC_OK);
	return rc;
}

static uint64_t head_of(struct fixture_node *n, const struct office_info *o)
{
	return forge_state(n, store_own_feed(n->store, o->scope_region)).head;
}

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static bool is_deleted(struct fixture_node *n, struct uuid id, bool *conflict)
{
	struct record_life life;
	struct kv_txn *t = NULL;
	struct record r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, kind_of(n, "person")->number, id,
				 &n->store->arena, &r),
		     RC_OK);
	life = view_life(&r);
	store_end(n->store, t);
	*conflict = life.conflict;
	return life.deleted;
}

static struct vv version_of(struct fixture_node *n, struct uuid id, struct dot dots[8])
{
	struct vv v = { dots, 0, 8 };
	struct kv_txn *t = NULL;
	struct record r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(records_get(t, n->store->catalog, kind_of(n, "person")->number, id,
				 &n->store->arena, &r),
		     RC_OK);
	cr_assert_eq(view_version(&r, &v), RC_OK);
	store_end(n->store, t);
	return v;
}

Test(commit, a_record_touched_twice_in_one_commit_ends_as_the_last_said)
{
	struct draft_result result;
	struct uuid id = { { 0 } }, other = { { 0 } };
	struct commit c;

	begin(&c, a);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &id, "city", "Mary", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &other, "city", "Ahal", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_EDIT, &id, "city", "Merw", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_EDIT, &id, "tags", "q", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_EDIT, &id, "city", "Murgap", &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Murgap");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Murgap");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "tags"), "q");
	cr_assert_str_eq(fixture_show(&f.centre, "person", other, "city"), "Ahal");
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 2);
}

Test(commit, made_deleted_and_restored_in_one_commit)
{
	struct draft_result result;
	struct uuid id = { { 0 } };
	struct commit c;
	bool conflict = false;

	begin(&c, a);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &id, "city", "Mary", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_DELETE, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_RESTORE, &id, NULL, NULL, &result), RC_OK);
	cr_assert(result.revived);
	cr_assert_eq(put(&c, a, DRAFT_DELETE, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert(is_deleted(a, id, &conflict) && !conflict);
	cr_assert(is_deleted(&f.centre, id, &conflict) && !conflict);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 0);
}

Test(commit, what_changes_nothing_writes_nothing)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "city=Mary", "tags+=q", "visits+=1", NULL);
	uint64_t head = head_of(a, info_of(a));

	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "city", "Mary", &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "tags", "q", &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "born", NULL, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "it was not set");
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_RESTORE, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "it is alive");
	cr_assert_eq(fixture_set(a, "person", id, "tags-=nobody", NULL), RC_OK);
	cr_assert_eq(head_of(a, info_of(a)), head);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=0", NULL), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "city", NULL, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_CHANGED);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "");
	head = head_of(a, info_of(a));
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "city", NULL, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "it is cleared already");
	cr_assert_eq(head_of(a, info_of(a)), head);
}

Test(commit, a_refused_draft_leaves_the_commit_usable)
{
	static const char long_city[] = "\xff";
	struct draft_result result;
	struct uuid id = { { 0 } }, bad = { { 0 } }, nobody = forge_id(1), next = { { 0 } };
	struct commit c;

	begin(&c, a);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &id, "city", "Mary", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &bad, "city", long_city, &result), RC_INVALID);
	cr_assert_neq(result.text[0], '\0');
	cr_assert_neq(result.hint[0], '\0');
	cr_assert_eq(put(&c, a, DRAFT_ADD, &bad, "level", "Z", &result), RC_INVALID, "no code");
	cr_assert_eq(put(&c, a, DRAFT_EDIT, &nobody, "city", "x", &result), RC_NOTFOUND);
	cr_assert_eq(put(&c, a, DRAFT_DELETE, &nobody, NULL, NULL, &result), RC_NOTFOUND);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &next, "city", "Ahal", &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_count(a, "person"), 2u);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
	cr_assert_str_eq(fixture_show(&f.centre, "person", next, "city"), "Ahal");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Mary");
	cr_assert_eq(fixture_figure(a, "people"), 2);
}

Test(commit, what_is_given_up_was_never_there)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "city=Mary", NULL), made = { { 0 } };
	struct commit c;

	begin(&c, a);
	cr_assert_eq(put(&c, a, DRAFT_EDIT, &id, "city", "Merw", &result), RC_OK);
	cr_assert_eq(put(&c, a, DRAFT_ADD, &made, "city", "Merw", &result), RC_OK);
	commit_abort(&c);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Mary");
	cr_assert_eq(fixture_count(a, "person"), 1u);
	cr_assert_eq(fixture_figure(a, "people"), 1);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
}

Test(commit, required_fields_bind_the_writer)
{
	struct draft d = { .act = DRAFT_ADD, .kind = kind_of(a, "permit") };
	struct draft_result result;
	struct draft_op op;
	struct commit c;

	begin(&c, a);
	cr_assert_eq(commit_add(&c, &d, &result), RC_INVALID);
	cr_assert_not_null(strstr(result.text, "permit.number is required"));
	op = op_of(a, "permit", "number", "7");
	d.ops = &op;
	d.ops_count = 1;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	d.act = DRAFT_EDIT;
	op = op_of(a, "permit", "number", NULL);
	cr_assert_eq(commit_add(&c, &d, &result), RC_INVALID, "it cannot be cleared");
	d.ops_count = 0;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "an edit need not repeat it");
	cr_assert_eq(commit_end(&c), RC_OK);
}

Test(commit, a_derived_year_follows_its_date)
{
	struct uuid id = fixture_add(a, 0, "permit", "number=7", "day=2016-12-09", NULL);

	cr_assert_str_eq(fixture_show(a, "permit", id, "year"), "2016");
	cr_assert_eq(fixture_set(a, "permit", id, "day=2017", NULL), RC_OK);
	cr_assert_str_eq(fixture_show(a, "permit", id, "year"), "2017");
	cr_assert_eq(fixture_set(a, "permit", id, "day=", NULL), RC_OK);
	cr_assert_str_eq(fixture_show(a, "permit", id, "year"), "");
	cr_assert_eq(fixture_set(a, "permit", id, "year=1999", NULL), RC_INVALID, "it is computed");
	cr_assert_eq(fixture_figure(a, "permits"), 1);
}

Test(commit, what_is_fixed_changes_by_resolution_alone)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "origin=A", NULL);
	struct draft_op op = op_of(a, "person", "origin", "B");
	struct draft d = { .act = DRAFT_EDIT,
			   .kind = kind_of(a, "person"),
			   .id = id,
			   .ops = &op,
			   .ops_count = 1 };
	struct commit c;

	begin(&c, a);
	cr_assert_eq(commit_add(&c, &d, &result), RC_DENIED);
	cr_assert_not_null(strstr(result.text, "fixed"));
	op = op_of(a, "person", "origin", NULL);
	cr_assert_eq(commit_add(&c, &d, &result), RC_DENIED, "nor is it cleared");
	op = op_of(a, "person", "origin", "A");
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "the same again is no change");
	op = op_of(a, "person", "origin", "B");
	d.resolves = true;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "origin"), "B");
}

Test(commit, an_office_does_not_speak_against_the_centre)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "level=A", NULL);

	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "level", "B", &result), RC_OK, "its own value");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "level=C", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "level", "D", &result), RC_DENIED);
	cr_assert_not_null(strstr(result.text, "set by the centre"));
	cr_assert_str_eq(fixture_show(a, "person", id, "level"), "C");
	cr_assert_eq(fixture_set(&f.centre, "person", id, "level=D", NULL), RC_OK);
}

Test(commit, a_deleted_record_comes_back_by_an_edit_or_not)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "city=Mary", NULL);
	struct draft_op op = op_of(a, "person", "city", "Merw");
	struct draft import = { .act = DRAFT_EDIT,
				.kind = kind_of(a, "person"),
				.id = id,
				.ops = &op,
				.ops_count = 1,
				.keep_deleted = true };
	struct commit c;

	cr_assert_eq(write_one(a, DRAFT_DELETE, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_DELETE, &id, NULL, NULL, &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "twice is once");
	cr_assert_eq(fixture_figure(a, "people"), 0);
	begin(&c, a);
	cr_assert_eq(commit_add(&c, &import, &result), RC_DENIED, "an import revives nothing");
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "city", "Mary", &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_UNCHANGED, "it says nothing new");
	cr_assert_not(result.revived);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "city", "Ahal", &result), RC_OK);
	cr_assert(result.revived);
	cr_assert_eq(fixture_figure(a, "people"), 1);
}

Test(commit, a_form_keeps_what_it_did_not_show)
{
	struct dot dots[8];
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	struct draft_op op = op_of(a, "person", "nr", "3");
	struct draft form = { .act = DRAFT_EDIT,
			      .kind = kind_of(a, "person"),
			      .id = id,
			      .ops = &op,
			      .ops_count = 1,
			      .has_form = true };
	struct commit c;

	form.form = version_of(a, id, dots);
	cr_assert_eq(fixture_set(a, "person", id, "nr=2", NULL), RC_OK);
	begin(&c, a);
	cr_assert_eq(commit_add(&c, &form, &result), RC_OK);
	cr_assert_not(result.settled);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	/* Both stand: a plain write settles it, and says so. */
	cr_assert_eq(write_one(b, DRAFT_EDIT, &id, "nr", "3", &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_CHANGED, "the same value alone is a change here");
	cr_assert(result.settled);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(write_one(a, DRAFT_EDIT, &id, "nr", "4", &result), RC_OK);
	cr_assert_not(result.settled, "there is nothing left to settle");
}

Test(commit, what_a_policy_has_chosen_needs_no_settling)
{
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "city=Mary", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Merw", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(write_one(b, DRAFT_EDIT, &id, "city", "Tejen", &result), RC_OK);
	cr_assert_eq(result.outcome, DRAFT_CHANGED);
	cr_assert_not(result.settled, "two values of a `latest` field are no conflict");
}

Test(commit, a_form_adds_to_a_set_what_it_did_not_show)
{
	struct dot dots[8];
	struct draft_result result;
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct draft_op op;
	struct draft form = { .act = DRAFT_EDIT, .id = id, .ops = &op, .ops_count = 1 };
	struct commit c;

	form.has_form = true;
	form.form = version_of(a, id, dots);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "tags+=q", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	begin(&c, a);
	form.kind = kind_of(a, "person");
	op = op_of(a, "person", "tags", "q");
	cr_assert_eq(commit_add(&c, &form, &result), RC_OK, "%s", result.text);
	cr_assert_eq(result.outcome, DRAFT_CHANGED);
	cr_assert_eq(commit_end(&c), RC_OK);
	/* Who takes out the one has not seen the other: it stays. */
	cr_assert_eq(fixture_set(b, "person", id, "tags-=q", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "tags"), "q");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "tags"), "q");
}

Test(commit, a_form_from_the_future_has_seen_only_what_is_there)
{
	struct dot dots[1] = { { store_own_feed(a->store, info_of(a)->scope_region), 1000 } };
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct draft_op op = op_of(a, "person", "nr", "2");
	struct draft form = { .act = DRAFT_EDIT,
			      .kind = kind_of(a, "person"),
			      .id = id,
			      .ops = &op,
			      .ops_count = 1,
			      .has_form = true,
			      .form = { dots, 1, 1 } };
	struct draft_result result;
	struct commit c;
	uint8_t x[HASH_LEN], y[HASH_LEN];

	begin(&c, a);
	cr_assert_eq(commit_add(&c, &form, &result), RC_OK);
	cr_assert_eq(commit_add(&c, &form, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "nr=5", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "nr"), "5");
	fixture_digest(a, info_of(a)->scope_region, x);
	fixture_digest(&f.centre, info_of(a)->scope_region, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
}

Test(commit, a_register_is_named_once)
{
	struct draft_op ops[2] = { op_of(a, "person", "city", "Mary"),
				   op_of(a, "person", "city", "Merw") };
	struct draft d = {
		.act = DRAFT_ADD, .kind = kind_of(a, "person"), .ops = ops, .ops_count = 2
	};
	struct draft_result result;
	struct commit c;

	begin(&c, a);
	cr_assert_eq(commit_add(&c, &d, &result), RC_INVALID);
	ops[0] = op_of(a, "person", "tags", "q");
	ops[1] = op_of(a, "person", "tags", "r");
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "a set takes several");
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", d.id, "tags"), "q|r");
}

Test(commit, a_change_too_large_for_an_entry_is_refused_and_nothing_lost)
{
	static char line[16000];
	struct draft_op ops[3];
	struct draft d = {
		.act = DRAFT_ADD, .kind = kind_of(a, "person"), .ops = ops, .ops_count = 3
	};
	struct draft_result result;
	struct commit c;
	uint32_t i;

	begin(&c, a);
	memset(line, 'x', sizeof(line) - 1);
	for (i = 0; i < 3; i++) {
		ops[i] = op_of(a, "person", "notes", line);
		ops[i].code = OP_LOG;
	}
	cr_assert_eq(commit_add(&c, &d, &result), RC_LIMIT);
	cr_assert_not_null(strstr(result.hint, "split"));
	d.ops_count = 1;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 1u);
}

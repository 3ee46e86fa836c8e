/* Offices that were restored from a copy (D19), or run in two places (D20). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/branchform.h"
#include "node/store/records.h"
#include "node/store/rejoin.h"
#include "node/store/restored.h"
#include "node/store/setaside.h"
#include "node/store/summary.h"
#include "node/store/verify.h"

static struct fixture f;

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(rejoin, .init = start, .fini = stop);

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void assert_same(struct fixture_node *a, struct fixture_node *b)
{
	uint16_t scopes[3];
	uint8_t x[HASH_LEN], y[HASH_LEN];
	size_t i;

	scopes[0] = 0;
	scopes[1] = info_of(a->store->info.is_centre ? b : a)->scope_region;
	scopes[2] = info_of(a->store->info.is_centre ? b : a)->scope_centre;
	for (i = 0; i < 3; i++) {
		fixture_digest(a, scopes[i], x);
		fixture_digest(b, scopes[i], y);
		cr_assert_arr_eq(x, y, HASH_LEN, "scope %u differs", scopes[i]);
	}
}

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	cr_assert_fail("%s", text);
}

static void assert_sound(struct fixture_node *n)
{
	struct verify_options o = { .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &o, &v), RC_OK);
	verify_free(v);
}

static struct restored story_of(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	struct restored r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	(void)restored_get(t, &r);
	store_end(n->store, t);
	return r;
}

static uint64_t unconfirmed(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	struct summary s;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(summary_get(n->store, t, &n->store->arena, &s), RC_OK);
	store_end(n->store, t);
	return s.unconfirmed;
}

static uint32_t life_of(struct fixture_node *n)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	store_end(n->store, t);
	return n->store->info.incarnation;
}

Test(rejoin, D19_what_was_confirmed_comes_back)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL), later;
	struct fixture_backup b;
	uint32_t life = life_of(a);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", "visits+=2", "secret=s", NULL),
		     RC_OK);
	later = fixture_add(a, 0, "person", "nr=2", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_restore(a, &b, true);
	cr_assert_str_eq(fixture_show(a, "person", later, "nr"), "?");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", later, "nr"), "2");
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Murgap");
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "3");
	cr_assert_eq(life_of(a), life, "nothing was written since");
	cr_assert_eq(story_of(a).returned, 2u);
	cr_assert_eq(story_of(a).parts_lost, 1u);
	cr_assert_eq(story_of(a).issued, 0u);
	cr_assert_neq(story_of(a).settled_ms, 0);
	assert_same(&f.centre, a);
	assert_sound(a);
	/* And what is written now goes on elsewhere. */
	cr_assert_eq(fixture_set(a, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_neq(life_of(a), life);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Kerki");
	assert_same(&f.centre, a);
	assert_sound(a);
	assert_sound(&f.centre);
	fixture_backup_drop(&b);
}

Test(rejoin, D19_what_was_written_after_it_is_issued_again)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *other = fixture_office(&f, "Bayramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL), mine;
	struct fixture_backup b;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "nr=2", "visits+=2", "notes=lost", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, other), RC_OK);
	fixture_restore(a, &b, true);
	cr_assert_eq(fixture_set(a, "person", id, "nr=3", "visits+=4", "notes=kept", "file=x",
				 NULL),
		     RC_OK);
	mine = fixture_add(a, 0, "person", "nr=9", NULL);
	cr_assert_eq(unconfirmed(a), 2u);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(unconfirmed(a), 0u);
	cr_assert_eq(story_of(a).returned, 1u);
	cr_assert_eq(story_of(a).issued, 2u);
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "7");
	cr_assert_str_eq(fixture_show(a, "person", id, "notes"), "lost|kept");
	cr_assert_str_eq(fixture_show(a, "person", mine, "nr"), "9");
	cr_assert_eq(fixture_count(&f.centre, "person"), 2u);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 2);
	assert_same(&f.centre, a);
	cr_assert_eq(fixture_sync(&f, other), RC_OK);
	cr_assert_str_eq(fixture_show(other, "person", id, "visits"), "7");
	assert_sound(a);
	assert_sound(&f.centre);
	assert_sound(other);
	/* Both wrote nr without knowing of each other: somebody decides. */
	cr_assert_eq(fixture_set(a, "person", id, "nr=4", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "nr"), "4");
	assert_same(&f.centre, a);
	fixture_backup_drop(&b);
}

Test(rejoin, D19_the_lease_sees_it_first_and_names_what_was_never_sent)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL);
	struct fixture_backup b;
	char text[RESTORED_TEXT_MAX];
	struct restored r;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=4", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=8", NULL), RC_OK);
	fixture_restore(a, &b, false);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=16", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "19");
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "19");
	r = story_of(a);
	cr_assert_eq(r.returned, 1u);
	cr_assert_eq(r.issued, 0u, "it went into a new incarnation at once");
	cr_assert_eq(restored_lost(&r), 2u);
	restored_text(&r, r.settled_ms, text);
	cr_assert_not_null(strstr(text, "entries 3-4 were written here and never sent"), "%s",
			   text);
	assert_same(&f.centre, a);
	assert_sound(a);
	fixture_backup_drop(&b);
}

Test(rejoin, D20_two_machines_run_one_office)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M"), *c = NULL;
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "visits+=1", NULL), x, y;
	uint32_t life = life_of(a);
	int i;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	c = fixture_clone(&f, a);
	for (i = 0; i < 3; i++) {
		cr_assert_eq(fixture_set(a, "person", id, "visits+=10", NULL), RC_OK);
		cr_assert_eq(fixture_set(c, "person", id, "visits+=100", NULL), RC_OK);
		x = fixture_add(a, 0, "person", "nr=a", NULL);
		y = fixture_add(c, 0, "person", "nr=c", NULL);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
		cr_assert_eq(fixture_sync(&f, c), RC_OK);
	}
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	cr_assert_neq(life_of(a), life_of(c));
	cr_assert(life_of(a) == life || life_of(c) == life, "one of them goes on as it was");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "331");
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "331");
	cr_assert_str_eq(fixture_show(c, "person", id, "visits"), "331");
	cr_assert_str_eq(fixture_show(a, "person", y, "nr"), "c");
	cr_assert_str_eq(fixture_show(c, "person", x, "nr"), "a");
	cr_assert_eq(fixture_count(&f.centre, "person"), 7u);
	assert_same(&f.centre, a);
	assert_same(&f.centre, c);
	assert_sound(a);
	assert_sound(c);
	assert_sound(&f.centre);
}

/* --- what two feeds say of one entry ---------------------------------------- */

static struct forge one, two;

/* A count on a person, in the next entry. */
static void add_visits(struct forge *g, struct uuid id, const struct cut *replaces)
{
	static const uint8_t ten = 20; /* zigzag */
	struct header h = forge_header(g);
	struct change c = forge_person(g, id, "Mary");
	struct op ops[3] = { c.ops[0], c.ops[1],
			     forge_op(g, "person", "visits", OP_COUNT, bytes_at(&ten, 1)) };

	c.ops = ops;
	c.ops_count = 3;
	if (replaces != NULL) {
		h.has_replaces = true;
		h.replaces = *replaces;
	}
	forge_add(g, &h, &c, 1);
}

static struct cut cut_of(const struct forge *g, uint64_t seq)
{
	struct cut c = { .feed = g->feed, .seq = seq };

	memcpy(c.hash, g->hashes[seq], HASH_LEN);
	return c;
}

/* Whichever comes first counts, on every node; the other does not. */
Test(rejoin, D19_of_an_entry_and_its_stand_in_exactly_one_counts)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	struct uuid first = forge_id(1), second = forge_id(2);
	struct cut old;

	forge_begin(&one, a, info_of(a)->scope_region);
	forge_begin(&two, a, info_of(a)->scope_region);
	add_visits(&one, first, NULL);
	add_visits(&one, second, NULL);
	/* The old one first: the new one is void. */
	old = cut_of(&one, 1);
	add_visits(&two, first, &old);
	cr_assert_eq(forge_push(&one, &f.centre), RC_OK);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", first, "visits"), "10");
	cr_assert_eq(forge_state(&f.centre, two.feed).applied, 1u, "it is cut like any other");
	/* The new one first: the old one is passed over. */
	old.seq = 3;
	add_visits(&one, first, NULL);
	old = cut_of(&one, 3);
	add_visits(&two, first, &old);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", first, "visits"), "20");
	cr_assert_eq(forge_push(&one, &f.centre), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", first, "visits"), "20");
	cr_assert_eq(forge_state(&f.centre, one.feed).applied, 3u);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(b, "person", first, "visits"), "20");
	assert_same(&f.centre, b);
	assert_sound(&f.centre);
	assert_sound(b);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
}

/* Two machines that run one office may both issue an entry again. */
Test(rejoin, D20_of_two_stand_ins_exactly_one_counts)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	struct uuid id = forge_id(1);
	struct receive_result r;
	struct run runs[2];
	struct cut old;

	forge_begin(&one, a, info_of(a)->scope_region);
	add_visits(&one, id, NULL);
	old = cut_of(&one, 1);
	forge_begin(&two, a, info_of(a)->scope_region);
	add_visits(&two, id, &old);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	forge_begin(&two, a, info_of(a)->scope_region);
	add_visits(&two, id, &old);
	add_visits(&two, forge_id(2), NULL);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "10");
	cr_assert_str_eq(fixture_show(&f.centre, "person", forge_id(2), "visits"), "10");
	cr_assert_eq(forge_state(&f.centre, two.feed).applied, 2u);
	/* In one transaction they would be cut together: the second waits. */
	forge_begin(&one, a, info_of(a)->scope_region);
	old.seq = 7;
	add_visits(&one, id, &old);
	forge_begin(&two, a, info_of(a)->scope_region);
	add_visits(&two, id, &old);
	runs[0] = forge_run(&one, 1, 1);
	runs[1] = forge_run(&two, 1, 1);
	cr_assert_eq(forge_give(&f.centre, 1, runs, 2, &r), RC_OK);
	cr_assert_eq(forge_state(&f.centre, one.feed).applied +
			     forge_state(&f.centre, two.feed).applied,
		     1u);
	cr_assert_eq(forge_give(&f.centre, 1, runs, 2, &r), RC_OK);
	cr_assert_eq(forge_state(&f.centre, two.feed).applied, 1u);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "20");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(&f.centre, b);
	assert_sound(&f.centre);
	assert_sound(b);
}

Test(rejoin, D19_another_entry_in_the_same_place_is_not_what_was_replaced)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = forge_id(1);
	struct cut other;

	forge_begin(&one, a, info_of(a)->scope_region);
	forge_begin(&two, a, info_of(a)->scope_region);
	add_visits(&one, id, NULL);
	other = cut_of(&one, 1);
	other.hash[0] ^= 1; /* of the other branch */
	add_visits(&two, id, &other);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	cr_assert_eq(forge_push(&one, &f.centre), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "20");
}

Test(rejoin, what_may_be_replaced_or_continued_is_judged)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	uint16_t scope = info_of(a)->scope_region;
	struct {
		uint64_t feed;
		const char *why;
	} rows[] = { { feed_pack(2, scope, 1), "another office's" },
		     { feed_pack(1, (uint16_t)(scope + 1), 1), "another scope's" },
		     { 0, "its own" } };
	struct cut c = { .seq = 1 };
	struct genesis g;
	size_t i;

	(void)b;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		forge_begin(&one, a, scope);
		c.feed = rows[i].feed == 0 ? one.feed : rows[i].feed;
		add_visits(&one, forge_id(1), &c);
		cr_expect_eq(forge_push(&one, &f.centre), RC_CORRUPT, "replaces %s", rows[i].why);
		forge_begin(&two, a, scope);
		g = forge_plain_genesis(&two);
		c.feed = rows[i].feed == 0 ? two.feed : rows[i].feed;
		g.follows = &c;
		g.follows_count = 1;
		forge_genesis(&two, &g);
		add_visits(&two, forge_id(1), NULL);
		cr_expect_eq(forge_push(&two, &f.centre), RC_CORRUPT, "continues %s", rows[i].why);
	}
}

/* A feed waits for what it continues; one that continues another history than
 * the one that is here is passed over, and blocks nobody. */
Test(rejoin, a_feed_waits_for_what_it_continues)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint16_t scope = info_of(a)->scope_region;
	struct receive_result r;
	struct genesis g;
	struct cut c;
	struct run run;

	forge_begin(&one, a, scope);
	add_visits(&one, forge_id(1), NULL);
	add_visits(&one, forge_id(1), NULL);
	c = cut_of(&one, 2);
	forge_begin(&two, a, scope);
	g = forge_plain_genesis(&two);
	g.follows = &c;
	g.follows_count = 1;
	forge_genesis(&two, &g);
	add_visits(&two, forge_id(1), NULL);
	cr_assert_eq(forge_push(&two, &f.centre), RC_OK);
	cr_assert_eq(forge_state(&f.centre, two.feed).head, 1u);
	cr_assert_eq(forge_state(&f.centre, two.feed).applied, 0u);
	cr_assert_eq(forge_push(&one, &f.centre), RC_OK);
	cr_assert_eq(forge_state(&f.centre, two.feed).applied, 1u);
	cr_assert_str_eq(fixture_show(&f.centre, "person", forge_id(1), "visits"), "30");
	forge_begin(&two, a, scope);
	c.hash[0] ^= 1;
	g.feed = two.feed;
	forge_genesis(&two, &g);
	add_visits(&two, forge_id(1), NULL);
	run = forge_run(&two, 1, 1);
	cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK);
	cr_assert_eq(r.forked, feed_incarnation(two.feed));
	cr_assert_eq(forge_state(&f.centre, two.feed).head, 0u);
}

/* --- forms ------------------------------------------------------------------ */

/* A form that shows the record as it is here. */
struct form {
	struct dot dots[16];
	struct vv vv;
};

static void open_form(struct fixture_node *n, struct uuid id, struct form *out)
{
	const struct record *r = NULL;
	struct commit c;
	uint32_t i, k;

	out->vv = (struct vv){ out->dots, 0, 16 };
	cr_assert_eq(commit_begin(&c, n->store, bytes_of("clerk"), bytes_of("")), RC_OK);
	r = work_record(c.work,
			schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"))->number,
			id);
	for (i = 0; i < r->parts_count; i++) {
		for (k = 0; k < r->parts[i].part.vector.count; k++) {
			cr_assert_eq(vv_raise(&out->vv, r->parts[i].part.vector.dots[k]), RC_OK);
		}
	}
	commit_abort(&c);
}

/* Puts nr through a form. */
static void save_form(struct fixture_node *n, struct uuid id, struct form *form, const char *nr)
{
	struct draft_result result = { .settled = false };
	struct draft d = { .act = DRAFT_EDIT, .id = id, .has_form = true, .ops_count = 1 };
	struct draft_op op = { .code = OP_PUT, .value = bytes_of(nr) };
	struct commit c;

	cr_assert_eq(commit_begin(&c, n->store, bytes_of("clerk"), bytes_of("")), RC_OK);
	d.kind = schema_kind_by_name(&n->store->catalog->schema, bytes_of("person"));
	op.field = schema_field_by_name(d.kind, bytes_of("nr"));
	d.ops = &op;
	cr_assert_eq(branchform_settle(n->store, c.work->txn,
				       work_record(c.work, d.kind->number, id), c.work->arena,
				       &form->vv),
		     RC_OK);
	d.form = form->vv;
	cr_assert_eq(commit_add(&c, &d, &result), RC_OK, "%s", result.text);
	cr_assert_eq(commit_end(&c), RC_OK);
}

static void set_by_form(struct fixture_node *n, struct uuid id, const char *nr)
{
	struct form form;

	open_form(n, id, &form);
	save_form(n, id, &form, nr);
}

static uint64_t open_conflicts(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	struct summary s;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(summary_get(n->store, t, &n->store->arena, &s), RC_OK);
	store_end(n->store, t);
	return s.conflicts;
}

static uint32_t count_siblings(struct fixture_node *n, struct uuid id, const char *field)
{
	const struct schema *schema = &n->store->catalog->schema;
	const struct schema_kind *k = NULL;
	const struct part_field *values = NULL;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t i, count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	k = schema_kind_by_name(schema, bytes_of("person"));
	cr_assert_eq(records_get(t, n->store->catalog, k->number, id, &n->store->arena, &r), RC_OK);
	for (i = 0; i < r.parts_count; i++) {
		values = part_find(&r.parts[i].part,
				   schema_field_by_name(k, bytes_of(field))->number,
				   CLASS_REGISTER);
		count += values == NULL ? 0 : values->items_count;
	}
	store_end(n->store, t);
	return count;
}

/* The form named entries of the branch. Past the fork those are others: it must
 * not seem to have shown what came back, but has shown what was issued again. */
Test(rejoin, D19_a_form_of_the_branch_did_not_show_what_came_back)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct fixture_backup b;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "nr=lost", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_restore(a, &b, true);
	cr_assert_eq(fixture_set(a, "person", id, "nr=typo", NULL), RC_OK);
	set_by_form(a, id, "right");
	cr_assert_str_eq(fixture_show(a, "person", id, "nr"), "right");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(open_conflicts(a), 1u, "both wrote nr");
	cr_assert_eq(open_conflicts(&f.centre), 1u);
	cr_assert_eq(count_siblings(&f.centre, id, "nr"), 2u, "lost and right, no typo");
	assert_same(&f.centre, a);
	assert_sound(a);
	fixture_backup_drop(&b);
}

/* The same, but the form is saved when the branch is gone already. */
Test(rejoin, D19_a_form_from_before_was_not_shown_what_came_since)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct fixture_backup b;
	struct form old, new;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(a, &b);
	cr_assert_eq(fixture_set(a, "person", id, "nr=lost", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_restore(a, &b, true);
	cr_assert_eq(fixture_set(a, "person", id, "nr=typo", NULL), RC_OK);
	open_form(a, id, &old);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	open_form(a, id, &new);
	save_form(a, id, &old, "right");
	cr_assert_eq(count_siblings(a, id, "nr"), 3u, "it had not shown what came back");
	save_form(a, id, &new, "last");
	cr_assert_eq(count_siblings(a, id, "nr"), 2u, "this one had");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	assert_same(&f.centre, a);
	assert_sound(a);
	fixture_backup_drop(&b);
}

/* --- what was on its way ---------------------------------------------------- */

/* The last entry of a node's feed as a chunk of its own, sealed; copied. */
static struct run take_last(struct fixture_node *n, uint64_t feed)
{
	static uint8_t copy[LIMIT_ENTRY_BYTES_MAX];
	static struct bytes entry;
	struct run run = { .feed = feed, .entries = &entry, .entries_count = 1 };
	uint8_t text[FEED_SEAL_TEXT_LEN];
	struct kv_txn *t = NULL;
	struct feed_state s;
	struct feed_entry e;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(feeds_get(t, feed, &s), RC_OK);
	cr_assert_eq(feeds_get_entry(t, (struct dot){ feed, s.head }, &e), RC_OK);
	memcpy(copy, e.bytes.p, e.bytes.len);
	entry = bytes_at(copy, e.bytes.len);
	run.first_seq = s.head;
	feed_seal_text(n->store->info.system, feed, s.head, e.hash, text);
	crypto_key_sign(&n->key, bytes_at(text, sizeof(text)), run.seal);
	store_end(n->store, t);
	return run;
}

/* What a sync does that finds the incarnation torn, without the centre. */
static void issue_all(struct fixture_node *n)
{
	uint32_t torn = life_of(n);
	struct work w;

	cr_assert_eq(work_begin(n->store, &w), RC_OK);
	cr_assert_eq(rejoin_leave(&w, &torn, 1), RC_OK);
	cr_assert_eq(rejoin_issue(&w), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
}

/* An entry that was issued again had reached the centre after all: it counts,
 * and what stands for it is void, here and there. */
Test(rejoin, D19_what_arrived_after_all_is_preferred_to_what_stands_for_it)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "visits+=1", NULL);
	struct receive_result r;
	struct run run;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=2", "notes=once", NULL), RC_OK);
	run = take_last(a, store_own_feed(a->store, info_of(a)->scope_region));
	issue_all(a);
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "3");
	cr_assert_eq(unconfirmed(a), 1u);
	assert_sound(a);
	cr_assert_eq(forge_give(&f.centre, 1, &run, 1, &r), RC_OK);
	cr_assert_eq(r.entries, 1u);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "3");
	cr_assert_str_eq(fixture_show(a, "person", id, "notes"), "once");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "3");
	assert_same(&f.centre, a);
	assert_sound(a);
	assert_sound(&f.centre);
	cr_assert_eq(unconfirmed(a), 0u);
}

/* The other machine's stand-in reached the centre first: this one's is void, and
 * is not issued again in its turn. */
Test(rejoin, D20_an_own_stand_in_gives_way_to_one_that_was_cut)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M"), *c = NULL;
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "visits+=1", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=2", NULL), RC_OK);
	c = fixture_clone(&f, a);
	issue_all(a);
	issue_all(c);
	issue_all(a); /* and again, in a third incarnation */
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "3");
	assert_sound(a);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "3");
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "3");
	cr_assert_eq(fixture_set(a, "person", id, "visits+=4", NULL), RC_OK);
	issue_all(a);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "7");
	assert_same(&f.centre, a);
	assert_sound(a);
	assert_sound(c);
	assert_sound(&f.centre);
	cr_assert_eq(unconfirmed(a), 0u);
}

/* The same, but the cut finds it among what was set aside. */
Test(rejoin, D19_what_was_set_aside_goes_back_when_a_cut_names_it)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "visits+=1", NULL);
	uint64_t feed = 0;
	struct feed_state before;
	struct work w;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "visits+=4", NULL), RC_OK);
	feed = store_own_feed(a->store, info_of(a)->scope_region);
	before = forge_state(a, feed);
	cr_assert_eq(work_begin(a->store, &w), RC_OK);
	cr_assert_eq(setaside_take(&w, feed, 2), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "1");
	cr_assert_eq(unconfirmed(a), 2u, "P19: what is set aside is not confirmed");
	assert_sound(a);
	cr_assert_eq(work_begin(a->store, &w), RC_OK);
	cr_assert_eq(setaside_return(&w, feed, 3, before.key), RC_NOTFOUND, "another hash");
	cr_assert_eq(setaside_return(&w, feed, 4, before.hash), RC_NOTFOUND, "more than there was");
	cr_assert_eq(setaside_return(&w, feed, 3, before.hash), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	cr_assert_eq(forge_state(a, feed).head, 3u);
	cr_assert_eq(forge_state(a, feed).applied, 1u, "to be applied by the cut");
	cr_assert_arr_eq(forge_state(a, feed).hash, before.hash, HASH_LEN);
	cr_assert_eq(forge_state(a, feed).changes, before.changes);
}

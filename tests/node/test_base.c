/* Bases that travel: new offices, rebuilt ones, those who were away (P7, P11, P12). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cleaning.h"
#include "fixture.h"
#include "node/store/base_take.h"
#include "node/store/feeds.h"
#include "node/store/history.h"
#include "node/store/quarantine.h"
#include "poison.h"
#include "proto/entry_codec.h"

static struct fixture f;

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(base, .init = start, .fini = stop);

static void assert_same(struct fixture_node *n, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, scope, x);
	fixture_digest(n, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
}

static uint64_t count_rows(struct fixture_node *n, enum kv_table table)
{
	struct kv_txn *t = NULL;
	uint64_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	count = kv_count(t, table);
	store_end(n->store, t);
	return count;
}

/* A region whose history is below the floor, and a little above it. */
static uint16_t make_history(struct fixture_node *a, struct uuid *id)
{
	uint16_t scope = cleaning_region(&f, a);
	int i;

	*id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL);
	fixture_add_many(a, "old", 300);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	for (i = 0; i < 5; i++) {
		cr_assert_eq(fixture_set(a, "person", *id, "visits+=1", "city=Murgap", NULL),
			     RC_OK);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
	}
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 0u);
	cr_assert_eq(fixture_set(a, "person", *id, "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	return scope;
}

Test(base, P12_a_new_office_begins_with_the_base)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M"), *b = NULL;
	struct uuid id;
	uint16_t scope = make_history(a, &id);

	b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(b, "person", id, "visits"), "7");
	assert_same(b, scope);
	cleaning_assert_sound(b);
	cr_assert_lt(count_rows(b, KV_ENTRY), count_rows(a, KV_ENTRY));
	cr_assert_eq(count_rows(b, KV_PIECE), 0u, "what was taken is given back");
	/* And it works like any other. */
	cr_assert_eq(fixture_set(b, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Kerki");
	assert_same(b, scope);
	assert_same(a, scope);
	cleaning_assert_sound(&f.centre);
	cleaning_assert_sound(a);
	cleaning_assert_sound(b);
	cr_assert_eq(fixture_figure(b, "people"), fixture_figure(&f.centre, "people"));
}

Test(base, P11_a_cut_base_goes_on_and_is_not_seen_before)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M"), *b = NULL;
	struct uuid id;
	uint16_t scope = 0;
	unsigned percent = 0, last = 0, tries = 0;
	enum rc rc = RC_CLOSED;

	/* Several pieces. */
	fixture_add_many(a, "many", 3000);
	scope = make_history(a, &id);
	b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	while (rc == RC_CLOSED) {
		struct kv_txn *t = NULL;
		bool taking = false;

		f.cut_after = 6;
		rc = fixture_sync(&f, b);
		cr_assert_eq(store_begin(b->store, false, &t), RC_OK);
		taking = base_take_percent(b->store, t, &percent);
		store_end(b->store, t);
		cr_assert_lt(++tries, 60u);
		if (taking) {
			cr_assert_str_eq(fixture_show(b, "person", id, "nr"), "?");
			cr_assert_eq(fixture_count(b, "person"), 0u);
			cr_assert_geq(percent, last, "what is here stays here");
			cr_assert_lt(percent, 100u);
			last = percent;
		}
	}
	cr_assert_eq(rc, RC_OK);
	cr_assert_gt(tries, 3u, "it was cut");
	cr_assert_gt(last, 0u);
	assert_same(b, scope);
	cleaning_assert_sound(b);
}

static struct quarantine first_proposal(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	struct quarantine q;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(quarantine_next(t, NULL, &q), RC_OK);
	store_end(n->store, t);
	return q;
}

/* The one that is about a record. */
static struct quarantine find_proposal(struct fixture_node *n, struct uuid id)
{
	struct kv_txn *t = NULL;
	struct quarantine q, last;
	struct change change;
	struct entry e;
	bool found = false;
	enum rc rc = RC_OK;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	rc = quarantine_next(t, NULL, &q);
	while (rc == RC_OK && !found) {
		cr_assert_eq(history_load(t, q.dot, &n->store->arena, &e), RC_OK);
		cr_assert_eq(entry_decode_change(&e, q.place, &n->store->arena, &change), RC_OK);
		found = uuid_equal(change.id, id);
		last = q;
		rc = found ? rc : quarantine_next(t, &last, &q);
	}
	store_end(n->store, t);
	cr_assert(found);
	return q;
}

/* A floor above all that is here. */
static void clean_all(struct fixture_node *a, struct fixture_node *b, uint16_t scope)
{
	struct compact_plan p = cleaning_plan(&f.centre, scope);
	uint64_t floor = p.floor;

	cr_assert_eq(compact_ask(f.centre.store, &p), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cleaning_note_backup(&f.centre);
	(void)cleaning_compact(&f.centre, scope);
	cr_assert_gt(cleaning_plan(&f.centre, scope).floor, floor);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	(void)cleaning_compact(b, scope);
}

Test(base, P7_who_was_away_proposes)
{
	struct fixture_node *c = NULL;
	struct quarantine q;
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL), mine;
	uint16_t scope = cleaning_region(&f, a);
	struct fixture_backup copy;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	/* Its disk is put back from a copy of long ago, and work goes on there. */
	fixture_backup(b, &copy);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	fixture_add(b, 0, "person", "nr=5", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 0u);
	fixture_restore(b, &copy, true);
	cr_assert_eq(fixture_set(b, "person", id, "city=Merw", NULL), RC_OK);
	mine = fixture_add(b, 0, "person", "nr=9", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Kerki");
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Kerki");
	cr_assert_str_eq(fixture_show(b, "person", id, "city"), "Kerki");
	cr_assert_str_eq(fixture_show(&f.centre, "person", mine, "nr"), "9");
	cr_assert_gt(count_rows(&f.centre, KV_QUARANTINE), 0u);
	cr_assert_eq(first_proposal(&f.centre).why, QUARANTINE_OLD);
	cr_assert_eq(count_rows(&f.centre, KV_QUARANTINE), count_rows(a, KV_QUARANTINE));
	cr_assert_eq(count_rows(&f.centre, KV_QUARANTINE), count_rows(b, KV_QUARANTINE));
	assert_same(a, scope);
	assert_same(b, scope);
	cleaning_assert_sound(&f.centre);
	cleaning_assert_sound(a);
	cleaning_assert_sound(b);
	/* Accepted, it stands everywhere, beside what its author had not seen; and
	 * the next floor takes it in. */
	q = find_proposal(&f.centre, id);
	cr_assert_eq(poison_rule(&f.centre, q.dot, q.place, true), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(a, scope);
	assert_same(b, scope);
	cleaning_assert_sound(&f.centre);
	cleaning_assert_sound(b);
	clean_all(a, b, scope);
	c = fixture_office(&f, "Kerki", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, c), RC_OK);
	assert_same(a, scope);
	assert_same(b, scope);
	assert_same(c, scope);
	cr_assert_str_eq(fixture_show(c, "person", id, "city"),
			 fixture_show(a, "person", id, "city"));
	cr_assert_eq(count_rows(c, KV_ACCEPT), 1u);
	cleaning_assert_sound(&f.centre);
	cleaning_assert_sound(b);
	cleaning_assert_sound(c);
	fixture_backup_drop(&copy);
}

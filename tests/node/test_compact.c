/* Clean-up: floors, bases, and what comes after them (P7, P9). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cleaning.h"
#include "fixture.h"
#include "node/store/compact.h"
#include "node/store/feeds.h"
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

TestSuite(compact, .init = start, .fini = stop);

static uint64_t count_rows(struct fixture_node *n, enum kv_table table)
{
	struct kv_txn *t = NULL;
	uint64_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	count = kv_count(t, table);
	store_end(n->store, t);
	return count;
}

Test(compact, P9_entries_go_and_states_stay)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint16_t scope = cleaning_region(&f, a);
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL);
	uint64_t before = 0;
	uint8_t x[HASH_LEN], y[HASH_LEN];
	int i;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	for (i = 0; i < 20; i++) {
		cr_assert_eq(fixture_set(a, "person", id, i % 2 == 0 ? "city=Murgap" : "city=Kerki",
					 "visits+=1", NULL),
			     RC_OK);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
	}
	before = count_rows(&f.centre, KV_ENTRY);
	fixture_digest(&f.centre, scope, x);
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 20u);
	cr_assert_lt(count_rows(&f.centre, KV_ENTRY), before - 20);
	fixture_digest(&f.centre, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "states stay as they were");
	cleaning_assert_sound(&f.centre);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Kerki");
	/* The office follows, with the same base. */
	cr_assert_eq(cleaning_compact(a, scope), 0u, "it has not heard of it");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_gt(cleaning_compact(a, scope), 20u);
	cleaning_assert_sound(a);
	/* And both go on. */
	cr_assert_eq(fixture_set(a, "person", id, "city=Bayramaly", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "city=Merw", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "visits"), "22");
	cr_assert_str_eq(fixture_show(a, "person", id, "city"),
			 fixture_show(&f.centre, "person", id, "city"));
	fixture_digest(&f.centre, scope, x);
	fixture_digest(a, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
	cleaning_assert_sound(a);
	cleaning_assert_sound(&f.centre);
}

Test(compact, P7_the_floor_waits_for_every_living_office)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	uint16_t scope = cleaning_region(&f, a);
	struct compact_plan p;

	fixture_add(a, 0, "person", "nr=1", NULL);
	fixture_add(b, 0, "person", "nr=2", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cleaning_note_backup(&f.centre);
	fixture_add(a, 0, "person", "nr=3", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	p = cleaning_plan(&f.centre, scope);
	cr_assert_eq(p.target, 0u, "the second office has confirmed nothing");
	cr_assert_eq(p.hold, COMPACT_OFFICE);
	cr_assert_eq(p.office, 2);
	/* Asked, it writes an empty entry, and all of it is only asked once. */
	cr_assert_eq(compact_ask(f.centre.store, &p), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	p = cleaning_plan(&f.centre, scope);
	cr_assert_eq(p.hold, COMPACT_BACKUP, "what no backup holds stays");
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 0u);
	cleaning_assert_sound(&f.centre);
	cr_assert_eq(count_rows(b, KV_QUARANTINE), 0u);
}

static uint32_t problems;

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
	problems++;
}

/* Deletes the first row of a table. */
static void damage(struct fixture_node *n, enum kv_table table)
{
	struct kv_cursor *c = NULL;
	struct bytes k, v;
	struct work w;
	struct key key;

	cr_assert_eq(work_begin(n->store, &w), RC_OK);
	c = kv_cursor_open(w.txn, table);
	cr_assert_eq(kv_cursor_seek(c, bytes_at(NULL, 0), &k, &v), RC_OK);
	memcpy(key.b, k.p, k.len);
	key.len = k.len;
	kv_cursor_close(c);
	cr_assert_eq(kv_del(w.txn, table, key_bytes(&key)), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
}

Test(compact, what_stands_for_entries_is_verified)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	uint16_t scope = cleaning_region(&f, a);
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);
	struct verify_options o = { .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Kerki", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 0u);
	cleaning_assert_sound(&f.centre);
	damage(&f.centre, KV_CONTEXT);
	cr_assert_eq(verify_run(f.centre.store, &o, &v), RC_OK);
	verify_free(v);
	cr_assert_gt(problems, 0u);
}

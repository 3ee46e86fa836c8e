/* Repairing after a clean-up: what lies below the floor stays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cleaning.h"
#include "fixture.h"
#include "node/store/damage.h"
#include "node/store/feeds.h"
#include "node/store/heal.h"
#include "node/store/key.h"
#include "node/store/verify.h"

static struct fixture f;
static struct fixture_node *a, *b;
static uint16_t scope;
static struct uuid old, touched;
static uint8_t digest[HASH_LEN];

/* One record as it was below the floor; one with entries on both sides of it, the
 * later ones in conflict. All nodes have cleaned up. */
static void start(void)
{
	fixture_init(&f);
	a = fixture_office(&f, "Mary", 1, "TM-M");
	b = fixture_office(&f, "Merw", 2, "TM-M");
	scope = cleaning_region(&f, a);
	old = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL);
	touched = fixture_add(a, 0, "person", "nr=2", "city=Murgap", "visits+=5", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", old, "city=Kerki", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", touched, "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	fixture_add(b, 0, "person", "nr=3", NULL);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cleaning_note_backup(&f.centre);
	cr_assert_gt(cleaning_compact(&f.centre, scope), 0u);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_gt(cleaning_compact(a, scope), 0u);
	cr_assert_eq(fixture_set(a, "person", touched, "nr=7", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", touched, "nr=8", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(a, "person", touched, "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_digest(&f.centre, scope, digest);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(compact_repair, .init = start, .fini = stop);

static uint32_t steps_left;

static bool is_stopped(void *ctx)
{
	(void)ctx;
	return steps_left-- == 0;
}

static void on_problem(void *ctx, const char *text)
{
	char *said = ctx;

	if (said[0] == '\0') {
		(void)snprintf(said, 320, "%s", text);
	}
}

/* A repair that ends after so many transactions. RC_CLOSED: it was not done. */
static enum rc repair(struct fixture_node *n, uint32_t steps, struct verify_report *out)
{
	char said[320] = "";
	struct verify_options o = { .on_problem = on_problem,
				    .ctx = said,
				    .is_stopped = is_stopped,
				    .repairs = true,
				    .is_eager = steps < UINT32_MAX };
	struct verify *v = NULL;
	enum rc rc;

	steps_left = steps;
	rc = verify_run(n->store, &o, &v);
	*out = *verify_result(v);
	verify_free(v);
	return rc;
}

static void assert_as_before(struct fixture_node *n, const char *what)
{
	uint8_t now[HASH_LEN];

	cleaning_assert_sound(n);
	fixture_digest(n, scope, now);
	cr_assert_arr_eq(now, digest, HASH_LEN, "%s", what);
	cr_assert_str_eq(fixture_show(n, "person", touched, "visits"), "10", "%s", what);
	cr_assert_str_eq(fixture_show(n, "person", old, "visits"), "2", "%s", what);
	cr_assert_str_eq(fixture_show(n, "person", old, "city"), "Kerki", "%s", what);
}

static void drop_row(struct fixture_node *n, enum kv_table table, const struct key *k)
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	cr_assert_eq(kv_del(t, table, key_bytes(k)), RC_OK);
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

/* Takes the rows of a table out that begin with a prefix. */
static uint32_t drop(struct fixture_node *n, enum kv_table table, const struct key *prefix)
{
	uint32_t count = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		struct kv_txn *t = NULL;
		struct kv_cursor *c = NULL;
		struct bytes k, v;
		struct key key = { .len = 0 };

		cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
		c = kv_cursor_open(t, table);
		rc = kv_cursor_seek(c, key_bytes(prefix), &k, &v);
		if (rc == RC_OK && key_has_prefix(k, prefix)) {
			memcpy(key.b, k.p, k.len);
			key.len = k.len;
		} else {
			rc = RC_NOTFOUND;
		}
		kv_cursor_close(c);
		store_end(n->store, t);
		if (rc == RC_OK) {
			drop_row(n, table, &key);
			count++;
		}
	}
	return count;
}

/* The cuts above the floor. */
static void drop_cuts(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	struct feed_cut cut;
	struct key k;
	uint64_t gone = 0,
		 feed = feed_pack(a->store->info.number, scope, a->store->info.incarnation);

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(feeds_cut_last(t, feed, &cut), RC_OK);
	cr_assert_eq(floor_gone(t, feed, &gone), RC_OK);
	store_end(n->store, t);
	cr_assert_gt(gone, 0u);
	cr_assert_gt(cut.seq, gone);
	k = key_dot((struct dot){ feed, cut.seq });
	drop_row(n, KV_CUT, &k);
}

/* What follows from the entries and the base. */
static void hurt_much(struct fixture_node *n)
{
	struct key kind = key_kind(16), part = key_part(16, touched, scope), figure = key_kind(1);

	(void)drop(n, KV_UNIQUE, &kind);
	(void)drop(n, KV_CONFLICT, &kind);
	(void)drop(n, KV_FIGURE, &figure);
	(void)drop(n, KV_DOT, &kind);
	drop_row(n, KV_RECORD, &part);
	drop_cuts(n);
}

Test(compact_repair, each_derived_table_is_made_anew_above_the_base)
{
	static const enum kv_table tables[] = { KV_UNIQUE, KV_CONFLICT, KV_FIGURE, KV_DOT };
	struct fixture_node *nodes[] = { a, &f.centre };
	struct key part = key_part(16, touched, scope);
	struct verify_report r;
	uint32_t i, n;

	for (n = 0; n < 2; n++) {
		assert_as_before(nodes[n], "before");
		for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
			struct key k = key_kind(tables[i] == KV_FIGURE ? 1 : 16);
			uint32_t count = drop(nodes[n], tables[i], &k);

			cr_assert(count > 0 || tables[i] == KV_FIGURE, "%u", i);
			cr_assert_eq(repair(nodes[n], UINT32_MAX, &r), RC_OK);
			cr_assert(count == 0 || r.repaired > 0);
			assert_as_before(nodes[n], kv_table_name(tables[i]));
		}
		drop_row(nodes[n], KV_RECORD, &part);
		cr_assert_eq(repair(nodes[n], UINT32_MAX, &r), RC_OK);
		cr_assert_gt(r.repaired, 0u);
		assert_as_before(nodes[n], "record");
		drop_cuts(nodes[n]);
		cr_assert_eq(repair(nodes[n], UINT32_MAX, &r), RC_OK);
		assert_as_before(nodes[n], "cut");
	}
}

Test(compact_repair, one_that_was_stopped_is_finished_the_next_time)
{
	struct verify_report r;
	uint32_t steps;
	enum rc rc = RC_CLOSED;

	for (steps = 0; rc == RC_CLOSED; steps += 3) {
		hurt_much(a);
		rc = repair(a, steps, &r);
		cr_assert(rc == RC_OK || rc == RC_CLOSED);
		cr_assert_eq(repair(a, UINT32_MAX, &r), RC_OK);
		assert_as_before(a, "stopped");
	}
	cr_assert_gt(steps, 30u);
}

/* The base is nobody's to make anew: what is left of a record is left as it is. */
Test(compact_repair, of_a_damaged_base_nothing_is_made_anew)
{
	struct key part = key_part(16, touched, scope);
	struct verify_report r;
	uint8_t now[HASH_LEN];

	drop_row(a, KV_BASE, &part);
	cr_assert_eq(repair(a, UINT32_MAX, &r), RC_OK);
	cr_assert_gt(r.problems, 0u);
	cr_assert_str_eq(fixture_show(a, "person", touched, "visits"), "10");
	fixture_digest(a, scope, now);
	cr_assert_arr_eq(now, digest, HASH_LEN);
}

Test(compact_repair, what_is_below_the_floor_is_not_asked_for)
{
	struct span spans[HEAL_SPANS_MAX];
	struct kv_txn *t = NULL;
	uint64_t notes = 0, gone = 0,
		 feed = feed_pack(a->store->info.number, scope, a->store->info.incarnation);
	uint32_t count = 0;

	cr_assert_eq(store_begin(f.centre.store, true, &t), RC_OK);
	cr_assert_eq(floor_gone(t, feed, &gone), RC_OK);
	cr_assert_gt(gone, 0u);
	cr_assert_eq(damage_note(t, (struct dot){ feed, 0 }, DAMAGE_GENESIS), RC_OK);
	cr_assert_eq(damage_note(t, (struct dot){ feed, gone }, DAMAGE_ENTRY), RC_OK);
	cr_assert_eq(damage_note(t, (struct dot){ feed, gone + 1 }, DAMAGE_ENTRY), RC_OK);
	cr_assert_eq(heal_list(f.centre.store, t, a->store->info.number, spans, &count, &notes),
		     RC_OK);
	store_end(f.centre.store, t);
	cr_assert_eq(count, 1u);
	cr_assert_eq(notes, 1u);
	cr_assert_eq(spans[0].first, gone + 1);
	cr_assert_eq(spans[0].last, gone + 1);
}

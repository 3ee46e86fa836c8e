/* A centre that was restored from an old backup. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/restored.h"
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

TestSuite(succeed, .init = start, .fini = stop);

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void assert_same(struct fixture_node *a)
{
	uint16_t scopes[3];
	uint8_t x[HASH_LEN], y[HASH_LEN];
	size_t i;

	scopes[0] = 0;
	scopes[1] = info_of(a)->scope_region;
	scopes[2] = info_of(a)->scope_centre;
	for (i = 0; i < 3; i++) {
		fixture_digest(a, scopes[i], x);
		fixture_digest(&f.centre, scopes[i], y);
		cr_assert_arr_eq(x, y, HASH_LEN, "scope %u differs", scopes[i]);
	}
}

static void on_problem(void *ctx, const char *text)
{
	cr_assert_fail("%s: %s", ((struct fixture_node *)ctx)->dir, text);
}

static void assert_sound(struct fixture_node *n)
{
	struct verify_options o = { .ctx = n, .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &o, &v), RC_OK);
	verify_free(v);
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
	return n->store->info.centre_incarnation;
}

Test(succeed, what_the_centre_had_confirmed_comes_back_to_it)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Bayramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=1", NULL), later;
	uint32_t life = life_of(&f.centre);
	struct fixture_backup copy;
	enum rc rc;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	fixture_backup(&f.centre, &copy);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", "visits+=2", "file=x", NULL),
		     RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "nr=2", "visits+=4", NULL), RC_OK);
	later = fixture_add(a, 0, "person", "nr=9", "notes=n", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(b, "person", later, "visits+=8", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(unconfirmed(a), 0u);
	fixture_restore(&f.centre, &copy, true);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "nr"), "1");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_neq(life_of(&f.centre), life);
	cr_assert_eq(life_of(a), life_of(&f.centre));
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "nr"), "2");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "visits"), "7");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "file"), "x");
	cr_assert_str_eq(fixture_show(&f.centre, "person", later, "visits"), "8",
			 "an office gives back what others wrote, too");
	cr_assert_eq(unconfirmed(a), 0u);
	assert_same(a);
	rc = fixture_sync(&f, b);
	cr_assert_eq(rc, RC_OK, "%s, %s, %s", rc_text(rc), f.office_end.text, f.centre_end.text);
	assert_same(b);
	cr_assert_eq(unconfirmed(b), 0u);
	assert_sound(&f.centre);
	assert_sound(a);
	assert_sound(b);
	fixture_backup_drop(&copy);
}

/* What nobody else had is lost: its numbers are not given out again. */
Test(succeed, numbers_that_may_have_been_given_out_are_passed_over)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M"), *c = NULL;
	uint16_t next = f.centre.store->catalog->scope_next;
	struct fixture_backup copy;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(&f.centre, &copy);
	fixture_restore(&f.centre, &copy, false);
	(void)fixture_add(&f.centre, 1, "person", "nr=1", NULL);
	fixture_restore(&f.centre, &copy, false);
	c = &f.centre;
	(void)fixture_add(c, 1, "person", "nr=1", NULL);
	cr_assert_geq(c->store->catalog->scope_next, next + 256);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	assert_same(a);
	fixture_backup_drop(&copy);
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

Test(succeed, what_came_back_and_what_may_be_lost_is_counted)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Ashgabat", 2, "TM-S");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL), known, unknown;
	char text[RESTORED_TEXT_MAX];
	struct fixture_backup copy;
	struct restored r;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	fixture_backup(&f.centre, &copy);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "nr=2", NULL), RC_OK);
	known = fixture_add(&f.centre, 1, "person", "nr=3", NULL);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	unknown = fixture_add(&f.centre, 2, "person", "nr=4", NULL);
	fixture_restore(&f.centre, &copy, false);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", known, "nr"), "3");
	cr_assert_str_eq(fixture_show(&f.centre, "person", unknown, "nr"), "?");
	r = story_of(&f.centre);
	cr_assert_eq(r.returned, 2u);
	cr_assert_eq(r.entries, 2u);
	cr_assert_eq(r.lost_last - r.lost_first + 1, 3u);
	restored_centre_text(&r, r.noticed_ms, text);
	cr_assert_not_null(strstr(text, "2 of its own entries, with 2 changes, came back"), "%s",
			   text);
	cr_assert_not_null(strstr(text, "were written after the copy"), "%s", text);
	assert_same(a);
	fixture_backup_drop(&copy);
}

/* Written on both sides of a restore that nobody noticed: two histories. */
Test(succeed, a_centre_that_wrote_on_without_knowing_is_refused)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);
	struct fixture_backup copy;

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_backup(&f.centre, &copy);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "nr=2", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	fixture_restore(&f.centre, &copy, true);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "nr=3", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_FORK);
	cr_assert_str_eq(fixture_show(a, "person", id, "nr"), "2");
	fixture_backup_drop(&copy);
}

/* Offices and the centre exchange through memory: the merge end to end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
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

TestSuite(exchange, .init = start, .fini = stop);

static uint16_t region_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number)->scope_region;
}

static void assert_same(struct fixture_node *a, struct fixture_node *b, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(a, scope, x);
	fixture_digest(b, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "scope %u differs", scope);
}

Test(exchange, an_office_knows_the_schema_from_the_start)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");

	cr_assert_eq(fixture_count(a, "person"), 0u);
	assert_same(&f.centre, a, 0);
}

Test(exchange, a_record_reaches_the_centre_and_counts_once)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "size=3", NULL);

	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "?");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "city"), "Mary");
	cr_assert_eq(fixture_figure(&f.centre, "people"), 1);
	cr_assert_eq(fixture_figure(&f.centre, "sizes"), 3);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 1);
	assert_same(&f.centre, a, region_of(a));
}

Test(exchange, an_office_field_stays_at_home)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "secret=geheim", "file=x9", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "secret"), "geheim");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "secret"), "");
	cr_assert_str_eq(fixture_show(&f.centre, "person", id, "file"), "x9");
	cr_assert_str_eq(fixture_show(b, "person", id, "nr"), "1");
	cr_assert_str_eq(fixture_show(b, "person", id, "file"), "");
}

Test(exchange, two_offices_of_a_region_merge_what_each_wrote)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", "visits+=42", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "born=1985-03-07", "visits+=31", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Murgap");
	cr_assert_str_eq(fixture_show(a, "person", id, "born"), "1985-03-07");
	cr_assert_str_eq(fixture_show(b, "person", id, "visits"), "74");
	assert_same(&f.centre, a, region_of(a));
	assert_same(&f.centre, b, region_of(a));
}

Test(exchange, a_concurrent_value_is_kept_and_an_overwrite_settles_it)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	struct uuid id = fixture_add(a, 0, "person", "nr=1", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "size=3", NULL), RC_OK);
	cr_assert_eq(fixture_set(b, "person", id, "size=5", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "sizes"), 5);
	cr_assert_eq(fixture_figure(a, "sizes"), 5);
	cr_assert_eq(fixture_set(a, "person", id, "size=4", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_figure(b, "sizes"), 4);
	assert_same(&f.centre, b, region_of(a));
}

Test(exchange, the_centre_speaks_to_all_and_corrects_one)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Lebap", 2, "TM-L");
	struct uuid decree = fixture_add(&f.centre, 0, "decree", "number=77", NULL);
	struct uuid id = fixture_add(a, 0, "person", "nr=1", "city=Mary", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_set(&f.centre, "person", id, "city=Merw", "file=c", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_str_eq(fixture_show(a, "decree", decree, "number"), "77");
	cr_assert_str_eq(fixture_show(b, "decree", decree, "number"), "77");
	cr_assert_str_eq(fixture_show(a, "person", id, "city"), "Merw");
	cr_assert_str_eq(fixture_show(a, "person", id, "file"), "c");
	cr_assert_str_eq(fixture_show(b, "person", id, "city"), "?");
	cr_assert_eq(fixture_set(&f.centre, "person", id, "secret=x", NULL), RC_DENIED);
}

Test(exchange, a_wire_that_breaks_after_every_frame_loses_nothing)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	char nr[32];
	int i, tries = 0;

	for (i = 0; i < 400; i++) {
		(void)snprintf(nr, sizeof(nr), "nr=%d", i);
		(void)fixture_add(a, 0, "person", nr, "city=Mary", "size=1", "secret=s", NULL);
	}
	do {
		f.cut_after = 1 + tries % 5;
		tries++;
	} while (fixture_sync(&f, a) != RC_OK && tries < 100);
	f.cut_after = -1;
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 400u);
	cr_assert_eq(fixture_figure(&f.centre, "sizes"), 400);
	cr_assert_eq(fixture_figure(b, "people"), 400);
	assert_same(&f.centre, a, region_of(a));
	assert_same(&f.centre, b, region_of(a));
}

Test(exchange, a_deletion_travels_and_an_edit_beside_it_is_a_conflict)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	struct uuid x = fixture_add(a, 0, "person", "nr=1", NULL);
	struct uuid y = fixture_add(a, 0, "person", "nr=2", NULL);

	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_delete(a, "person", x), RC_OK);
	cr_assert_eq(fixture_delete(a, "person", y), RC_OK);
	cr_assert_eq(fixture_set(b, "person", y, "city=Mary", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_figure(&f.centre, "people"), 1);
	cr_assert_eq(fixture_figure(a, "people"), 1);
	assert_same(&f.centre, a, region_of(a));
}

Test(exchange, a_commit_of_many_entries_arrives_whole_or_not_yet)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	int cut, seen = 0;

	fixture_add_many(a, "a", 3000);
	fixture_add_many(a, "b", 3000);
	for (cut = 0; cut < 24; cut++) {
		uint32_t count = 0;

		f.cut_after = 3; /* the hellos and one chunk */
		(void)fixture_sync(&f, a);
		count = fixture_count(&f.centre, "person");
		cr_assert(count % 3000 == 0, "half a commit: %u", count);
		seen += count == 3000;
	}
	f.cut_after = -1;
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_count(&f.centre, "person"), 6000u);
	cr_assert_gt(seen, 0, "the first commit was never seen alone");
	assert_same(&f.centre, a, region_of(a));
}

Test(exchange, a_commit_of_many_entries_of_the_centre_reaches_the_offices)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");

	fixture_add_many(&f.centre, "c", 3000);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_count(a, "person"), 3000u);
	assert_same(&f.centre, a, region_of(a));
}

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

/* Lets a node write an entry where it has no right to: a hostile build. */
static uint64_t forge(struct fixture_node *n, uint16_t scope)
{
	struct change c = { .kind = 99, .life = LIFE_ALIVE };
	uint8_t random[10] = { 1 }, buffer[128];
	struct bytes_writer encoded = bytes_writer_init(buffer, sizeof(buffer));
	struct author_scope *s = NULL;
	struct author a;
	uint32_t place = 0;
	struct work w;
	struct dot d;

	cr_assert_eq(work_begin(n->store, &w), RC_OK);
	cr_assert_eq(author_begin(&a, &w, bytes_of("x"), bytes_of("")), RC_OK);
	cr_assert_eq(author_open(&a, scope, &s), RC_OK);
	a.has_base = true;
	a.base_id = uuid_make(1, random);
	entry_encode_change(&c, 0, &encoded);
	cr_assert_eq(author_add(&a, s, bytes_written(&encoded), true, false, &d, &place), RC_OK);
	cr_assert_eq(author_finish(&a), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	return d.feed;
}

/* What the centre answers to a chunk of one feed of an office. */
static enum rc push(struct fixture_node *from, uint64_t feed)
{
	struct send_signer signer = { &from->key, sign };
	struct apply_cuts cuts = { NULL, 0, 0 };
	struct receive_result result;
	struct kv_txn *t = NULL;
	struct chunk chunk;
	struct send send;
	struct work w;
	enum rc rc = RC_OK;

	send_init(&send, 0, signer);
	cr_assert_eq(send_set_lane(&send, feed, 1), RC_OK);
	cr_assert_eq(store_begin(from->store, false, &t), RC_OK);
	cr_assert_eq(send_next(&send, from->store, t, &chunk), RC_OK);
	cr_assert_eq(chunk.runs_count, 1u);
	cr_assert_eq(work_begin(f.centre.store, &w), RC_OK);
	rc = receive_chunk(&w, from->store->info.number, NULL, &chunk, &cuts, &result);
	cr_assert_eq(apply_write_cuts(&w, &cuts), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
	apply_cuts_free(&cuts);
	store_end(from->store, t);
	send_fini(&send);
	return rc;
}

Test(exchange, an_office_that_speaks_for_the_nation_is_refused_and_stops_nobody)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Ahal", 2, "TM-A");

	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(push(a, forge(a, 0)), RC_DENIED);
	(void)fixture_office(&f, "Balkan", 3, "TM-B");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	assert_same(&f.centre, b, 0);
}

Test(exchange, an_office_that_writes_in_a_scope_of_another_is_refused)
{
	struct fixture_node *a = fixture_office(&f, "Mary", 1, "TM-M");
	struct fixture_node *b = fixture_office(&f, "Ahal", 2, "TM-A");
	uint64_t feed = forge(a, region_of(b));

	cr_assert_eq(push(a, feed), RC_OK, "a feed is taken, its changes are judged");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_figure(b, "people"), 0);
}

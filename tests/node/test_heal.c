/* Damaged entries are never served, and come back from whoever has them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/damage.h"
#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/verify.h"

enum { NATION = 0 };

static struct fixture f;
static struct fixture_node *mary, *merw;
static struct uuid person;
static char said[320];

static void start(void)
{
	fixture_init(&f);
	mary = fixture_office(&f, "Mary", 1, "TM-M");
	merw = fixture_office(&f, "Merw", 2, "TM-M");
	person = fixture_add(mary, 0, "person", "nr=1", "city=Mary", "secret=s", "file=x", NULL);
	cr_assert_eq(fixture_set(mary, "person", person, "city=Merw", "secret=t", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, merw), RC_OK);
	cr_assert_eq(fixture_set(merw, "person", person, "city=Tejen", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, merw), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(heal, .init = start, .fini = stop);

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	if (said[0] == '\0') {
		(void)snprintf(said, sizeof(said), "%s", text);
	}
}

static struct verify_report look(struct fixture_node *n)
{
	struct verify_options o = { .on_problem = on_problem };
	struct verify_report r;
	struct verify *v = NULL;

	said[0] = '\0';
	cr_assert_eq(verify_run(n->store, &o, &v), RC_OK);
	r = *verify_result(v);
	verify_free(v);
	return r;
}

static uint64_t count_notes(struct fixture_node *n)
{
	struct kv_txn *t = NULL;
	uint64_t count = 0;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(damage_count(t, &count), RC_OK);
	store_end(n->store, t);
	return count;
}

enum how { CHANGED, GONE, ALL_GONE, SEAL_CHANGED, SEAL_GONE, GENESIS_CHANGED };

/* Where a place in a row is that belongs to its last value. */
static void change(struct kv_txn *t, enum kv_table table, const struct key *k)
{
	uint8_t copy[65536];
	struct bytes v;

	cr_assert_eq(kv_get(t, table, key_bytes(k), &v), RC_OK);
	memcpy(copy, v.p, v.len);
	copy[v.len - 1] ^= 0x10;
	cr_assert_eq(kv_put(t, table, key_bytes(k), bytes_at(copy, v.len)), RC_OK);
}

/* Damages what stands at an entry of a feed. */
static void spoil(struct fixture_node *n, struct dot d, enum how how)
{
	struct key k = key_dot(d), feed = key_feed(d.feed);
	uint8_t seal[SIG_LEN];
	struct kv_txn *t = NULL;
	struct feed_state s;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	cr_assert_eq(feeds_get(t, d.feed, &s), RC_OK);
	if (how == CHANGED) {
		change(t, KV_ENTRY, &k);
	} else if (how == GONE || how == ALL_GONE) {
		uint64_t last = how == GONE ? d.seq : s.head;

		for (; d.seq <= last; d.seq++) {
			k = key_dot(d);
			cr_assert_eq(kv_del(t, KV_ENTRY, key_bytes(&k)), RC_OK);
		}
	} else if (how == GENESIS_CHANGED) {
		change(t, KV_FEED, &feed);
	} else {
		cr_assert_eq(feeds_get_seal(t, d, &d.seq, seal), RC_OK);
		k = key_dot(d);
		if (how == SEAL_CHANGED) {
			change(t, KV_SEAL, &k);
		} else {
			cr_assert_eq(kv_del(t, KV_SEAL, key_bytes(&k)), RC_OK);
		}
	}
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

static uint16_t scope_of(struct fixture_node *office, enum reach reach)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	uint16_t scope = 0;

	cr_assert_eq(store_begin(office->store, false, &t), RC_OK);
	o = catalog_office(office->store->catalog, office->store->info.number);
	scope = reach == REACH_OFFICE ? o->scope_office :
		reach == REACH_CENTRE ? o->scope_centre :
					o->scope_region;
	store_end(office->store, t);
	return scope;
}

static uint64_t feed_of(struct fixture_node *author, uint16_t scope)
{
	return feed_pack(author->store->info.number, scope, author->store->info.incarnation);
}

/* What is damaged where, and whose sync brings it back. */
static const struct {
	const char *why;
	int where, author; /* 0 the centre, 1 Mary, 2 Merw */
	enum reach scope;
	uint64_t seq;
	enum how how;
	int sync;
} rows[] = {
	{ "an office's copy of the nation's", 1, 0, REACH_NATION, 2, CHANGED, 1 },
	{ "a gone one", 1, 0, REACH_NATION, 3, GONE, 1 },
	{ "all of them", 1, 0, REACH_NATION, 1, ALL_GONE, 1 },
	{ "an office's copy of the centre's cuts", 1, 0, REACH_REGION, 1, CHANGED, 1 },
	{ "what another office wrote", 1, 2, REACH_REGION, 1, CHANGED, 1 },
	{ "what it wrote itself, from the centre", 1, 1, REACH_REGION, 2, CHANGED, 1 },
	{ "the first one", 1, 1, REACH_CENTRE, 1, GONE, 1 },
	{ "the centre's copy, from its author", 0, 1, REACH_REGION, 1, CHANGED, 1 },
	{ "the centre's copy of an office's own scope", 0, 1, REACH_CENTRE, 1, GONE, 1 },
	{ "the centre's copy, from another office", 0, 1, REACH_REGION, 2, CHANGED, 2 },
	{ "all of it, from another office", 0, 1, REACH_REGION, 1, ALL_GONE, 2 },
	{ "what the centre wrote itself", 0, 0, REACH_REGION, 1, CHANGED, 2 },
	{ "what it wrote for the nation", 0, 0, REACH_NATION, 2, CHANGED, 2 },
	{ "a seal at the centre", 0, 1, REACH_REGION, 1, SEAL_CHANGED, 1 },
	{ "a seal that is gone", 0, 1, REACH_REGION, 1, SEAL_GONE, 1 },
	{ "a seal from another office", 0, 1, REACH_REGION, 1, SEAL_CHANGED, 2 },
	{ "a seal of the centre's", 2, 0, REACH_REGION, 1, SEAL_CHANGED, 2 },
	{ "a genesis", 0, 1, REACH_REGION, 1, GENESIS_CHANGED, 1 },
	{ "the genesis of another", 2, 1, REACH_REGION, 1, GENESIS_CHANGED, 2 },
};

Test(heal, what_is_damaged_comes_back_from_whoever_has_it)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture_node *all[] = { &f.centre, mary, merw };
		struct fixture_node *where = all[rows[i].where], *author = all[rows[i].author];
		uint16_t scope = rows[i].scope == REACH_NATION ? NATION :
				 rows[i].author == 0           ? scope_of(mary, rows[i].scope) :
								 scope_of(author, rows[i].scope);
		struct dot d = { feed_of(author, scope), rows[i].seq };

		spoil(where, d, rows[i].how);
		cr_expect_gt(look(where).damaged, 0u, "%s: not found", rows[i].why);
		cr_expect_gt(count_notes(where), 0u, "%s: not noted", rows[i].why);
		cr_expect_eq(fixture_sync(&f, all[rows[i].sync]), RC_OK, "%s", rows[i].why);
		cr_expect_eq(look(where).problems, 0u, "%s: %s", rows[i].why, said);
		cr_expect_eq(count_notes(where), 0u, "%s: still noted", rows[i].why);
		stop();
		start();
	}
}

Test(heal, what_nobody_else_has_stays_named)
{
	struct dot d = { feed_of(mary, scope_of(mary, REACH_OFFICE)), 1 };

	spoil(mary, d, CHANGED);
	cr_assert_eq(look(mary).damaged, 1u, "%s", said);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK, "all else goes on");
	cr_assert_eq(count_notes(mary), 1u);
	cr_assert_eq(look(mary).damaged, 1u, "%s", said);
}

/* One that is damaged at both ends is asked for, in vain, and nothing hangs. */
Test(heal, what_is_damaged_at_both_ends_is_not_served)
{
	struct dot d = { feed_of(mary, scope_of(mary, REACH_REGION)), 1 };

	spoil(mary, d, CHANGED);
	spoil(&f.centre, d, CHANGED);
	cr_assert_eq(look(mary).damaged, 1u, "%s", said);
	cr_assert_eq(look(&f.centre).damaged, 1u, "%s", said);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(count_notes(mary), 1u);
	cr_assert_eq(count_notes(&f.centre), 1u);
	/* Merw has it: from there it comes to the centre, and on to Mary. */
	cr_assert_eq(fixture_sync(&f, merw), RC_OK);
	cr_assert_eq(look(&f.centre).problems, 0u, "%s", said);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(look(mary).problems, 0u, "%s", said);
}

static uint64_t head_at(struct fixture_node *n, uint64_t feed)
{
	struct kv_txn *t = NULL;
	struct feed_state s = { .head = 0 };

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	(void)feeds_get(t, feed, &s);
	store_end(n->store, t);
	return s.head;
}

/* Not even one that nobody noticed goes out, nor anything behind it. */
Test(heal, a_damaged_entry_is_never_served)
{
	uint64_t feed = feed_of(mary, scope_of(mary, REACH_REGION));
	struct dot d = { feed, head_at(mary, feed) + 2 };

	cr_assert_eq(fixture_set(mary, "person", person, "city=A", NULL), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", person, "city=B", NULL), RC_OK);
	cr_assert_eq(fixture_set(mary, "person", person, "city=C", NULL), RC_OK);
	spoil(mary, d, CHANGED);
	cr_assert_eq(fixture_sync(&f, mary), RC_CORRUPT);
	cr_assert_eq(head_at(&f.centre, feed), d.seq - 1);
	cr_assert_eq(look(&f.centre).problems, 0u, "%s", said);
}

/* The centre passes on nothing that is damaged either; healed, it does. */
Test(heal, the_centre_does_not_pass_on_what_is_damaged)
{
	uint64_t feed = feed_of(mary, scope_of(mary, REACH_REGION));
	struct dot d = { feed, head_at(mary, feed) + 1 };

	cr_assert_eq(fixture_set(mary, "person", person, "city=A", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	spoil(&f.centre, d, CHANGED);
	cr_assert_neq(fixture_sync(&f, merw), RC_OK);
	cr_assert_eq(head_at(merw, feed), d.seq - 1);
	cr_assert_eq(look(&f.centre).damaged, 1u, "%s", said);
	cr_assert_eq(fixture_sync(&f, mary), RC_OK);
	cr_assert_eq(fixture_sync(&f, merw), RC_OK);
	cr_assert_str_eq(fixture_show(merw, "person", person, "city"), "A");
	cr_assert_eq(look(merw).problems, 0u, "%s", said);
}

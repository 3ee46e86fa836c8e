/* verify: sound nodes are found sound, and every kind of damage is named. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "node/store/feeds.h"
#include "node/store/key.h"
#include "node/store/records.h"
#include "node/store/verify.h"

static struct fixture f;
static char said[1024];

static void start(void)
{
	fixture_init(&f);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(verify, .init = start, .fini = stop);

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	if (said[0] == '\0') {
		(void)snprintf(said, sizeof(said), "%s", text);
	}
}

static struct verify_report run_verify(struct fixture_node *n, bool repairs, bool eager)
{
	struct verify_options options = { .on_problem = on_problem,
					  .repairs = repairs,
					  .is_eager = eager };
	struct verify *v = NULL;
	struct verify_report report;

	said[0] = '\0';
	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	report = *verify_result(v);
	verify_free(v);
	return report;
}

static uint64_t count_problems(struct fixture_node *n)
{
	return run_verify(n, false, false).problems;
}

static void assert_sound(struct fixture_node *n)
{
	cr_assert_eq(count_problems(n), 0u, "%s", said);
}

/* A life with conflicts, forms, deletions, sets, counters and logs. */
static struct uuid live(struct fixture_node **a, struct fixture_node **b)
{
	struct uuid id, other;

	*a = fixture_office(&f, "Mary", 1, "TM-M");
	*b = fixture_office(&f, "Baýramaly", 2, "TM-M");
	id = fixture_add(*a, 0, "person", "nr=1", "city=Mary", "secret=s", "file=x", "tags+=q",
			 NULL);
	other = fixture_add(*a, 0, "person", "nr=2", "state=B", "visits+=4", "notes+=n", NULL);
	cr_assert_eq(fixture_sync(&f, *a), RC_OK);
	cr_assert_eq(fixture_sync(&f, *b), RC_OK);
	cr_assert_eq(fixture_set(*a, "person", id, "nr=7", "tags-=q", "visits+=1", NULL), RC_OK);
	cr_assert_eq(fixture_set(*b, "person", id, "nr=8", "tags+=r", "visits+=2", NULL), RC_OK);
	cr_assert_eq(fixture_delete(*a, "person", other), RC_OK);
	cr_assert_eq(fixture_set(*b, "person", other, "state=C", NULL), RC_OK);
	cr_assert_eq(fixture_sync(&f, *b), RC_OK);
	cr_assert_eq(fixture_sync(&f, *a), RC_OK);
	cr_assert_eq(fixture_sync(&f, *b), RC_OK);
	return id;
}

Test(verify, nodes_that_merged_conflicts_are_sound)
{
	struct fixture_node *a = NULL, *b = NULL;
	struct uuid id = live(&a, &b);

	assert_sound(&f.centre);
	assert_sound(a);
	assert_sound(b);
	/* One right after the other: the second has seen the first. */
	cr_assert_eq(fixture_set(a, "person", id, "city=Murgap", NULL), RC_OK);
	cr_assert_eq(fixture_set(a, "person", id, "city=Mary", NULL), RC_OK);
	assert_sound(a);
}

Test(verify, equal_nodes_print_equal_digests)
{
	struct fixture_node *a = NULL, *b = NULL;
	struct verify_options options = { .on_problem = on_problem };
	struct verify *x = NULL, *y = NULL;
	const struct verify_report *p = NULL, *q = NULL;
	uint32_t i, k, common = 0;

	(void)live(&a, &b);
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(verify_run(a->store, &options, &x), RC_OK);
	cr_assert_eq(verify_run(f.centre.store, &options, &y), RC_OK);
	p = verify_result(x);
	q = verify_result(y);
	for (i = 0; i < p->scopes_count; i++) {
		for (k = 0; k < q->scopes_count; k++) {
			if (p->scopes[i].scope == q->scopes[k].scope) {
				cr_assert_arr_eq(p->scopes[i].digest, q->scopes[k].digest, HASH_LEN,
						 "scope %u", p->scopes[i].scope);
				common++;
			}
		}
	}
	cr_assert_eq(common, 3u, "nation, centre, region");
	verify_free(x);
	verify_free(y);
}

/* --- damage ------------------------------------------------------------------ */

/* FLIP_STATE: of a record that is a state, not a reference (parts.h). */
enum damage {
	FLIP_LAST,
	FLIP_FIRST,
	FLIP_STATE,
	DROP,
	INVENT,
	FLIP_HEAD,    /* of a feed; see feeds.c */
	FLIP_APPLIED, /* the same */
	FLIP_HASH,
	FLIP_KEY
};

static size_t place_of(enum damage damage, size_t len)
{
	switch (damage) {
	case FLIP_FIRST:
		return 0;
	case FLIP_HEAD:
		return 6; /* far beyond what is there */
	case FLIP_APPLIED:
		return 15;
	case FLIP_HASH:
		return 24;
	case FLIP_KEY:
		return 56;
	case FLIP_LAST:
	case FLIP_STATE:
	case DROP:
	case INVENT:
		break;
	}
	return len - 1;
}

/* A key of a table that begins with the prefix, with its value. */
static bool find(struct kv_txn *t, enum kv_table table, const struct key *prefix,
		 enum damage damage, struct key *key, uint8_t *value, size_t *len)
{
	struct kv_cursor *c = kv_cursor_open(t, table);
	struct bytes k, v;
	bool found = kv_cursor_seek(c, key_bytes(prefix), &k, &v) == RC_OK &&
		     key_has_prefix(k, prefix);

	while (found && damage == FLIP_STATE && v.p[0] == 0) {
		found = kv_cursor_next(c, &k, &v) == RC_OK && key_has_prefix(k, prefix);
	}
	if (found) {
		memcpy(key->b, k.p, k.len);
		key->len = k.len;
		memcpy(value, v.p, v.len);
		*len = v.len;
	}
	kv_cursor_close(c);
	return found;
}

/* fetched: it cannot be made anew here, and comes from others (test_heal.c). */
static const struct {
	const char *why;
	enum kv_table table;
	uint16_t prefix; /* the key begins with it */
	enum damage damage;
	const char *says;
	bool fetched;
} rows[] = {
	{ "a value of a record", KV_RECORD, 16, FLIP_STATE, "not that of its entries", false },
	{ "a reference to a change", KV_RECORD, 16, FLIP_LAST, "", false },
	{ "a record that does not decode", KV_RECORD, 16, FLIP_FIRST, "", false },
	{ "a record that is gone", KV_RECORD, 16, DROP, "is not in the record", false },
	{ "a record of nobody", KV_RECORD, 16, INVENT, "", false },
	{ "an older dot that is gone", KV_DOT, 16, DROP, "is not in the record", false },
	{ "an older dot of nothing", KV_DOT, 16, INVENT, "", false },
	{ "an index key that is gone", KV_UNIQUE, 16, DROP, "is not in the index", false },
	{ "an index key of nobody", KV_UNIQUE, 16, INVENT, "values that it has not", false },
	{ "an open conflict forgotten", KV_CONFLICT, 16, DROP, "conflicts is wrong", false },
	{ "a conflict said to be settled", KV_CONFLICT, 16, FLIP_LAST, "conflicts is wrong",
	  false },
	{ "a conflict of nobody", KV_CONFLICT, 16, INVENT, "not here", false },
	{ "a cell with another amount", KV_FIGURE, 1, FLIP_FIRST, "a cell says", false },
	{ "a cell that is gone", KV_FIGURE, 1, DROP, "a cell says 0", false },
	{ "a cell of nothing", KV_FIGURE, 1, INVENT, "", false },
	{ "a receipt forgotten", KV_CUT, 1, DROP, "the receipt for entry", false },
	{ "a receipt of another time", KV_CUT, 1, FLIP_LAST, "the receipt for entry", false },
	{ "a receipt that nobody gave", KV_CUT, 1, INVENT, "", false },
	{ "a change put aside", KV_QUARANTINE, 0, INVENT, "a change that is not here", false },
	{ "a row of replaced entries", KV_REPLACED, 0, INVENT, "stands for", false },
	{ "a last contact", KV_PEER, 0, INVENT, "a row that is none", false },
	{ "how far a feed goes", KV_FEED, 1, FLIP_HEAD, "its row is not", false },
	{ "the hash at the end of a feed", KV_FEED, 1, FLIP_HASH, "its row is not", false },
	{ "how far a feed is applied", KV_FEED, 1, FLIP_APPLIED, "its row is not", false },
	{ "a feed's key", KV_FEED, 1, FLIP_KEY, "its key is not", false },
	{ "a feed's genesis", KV_FEED, 1, FLIP_LAST, "", true },
	{ "an entry's text", KV_ENTRY, 1, FLIP_LAST, "the chain is broken here", true },
	{ "an entry's hash", KV_ENTRY, 1, FLIP_FIRST, "its row is not what it says", false },
	{ "an entry that is gone", KV_ENTRY, 1, DROP, "is missing", true },
	{ "a seal", KV_SEAL, 1, FLIP_LAST, "the seal at", true },
	{ "a seal that is gone", KV_SEAL, 1, DROP, "is missing", true },
};

/* A row where there may be none. */
static void invent(struct kv_txn *t, enum kv_table table, struct key *key)
{
	static const uint8_t value[40] = { 1 };
	struct dot d = { feed_pack(1, 2, 77), 1 };

	if (table == KV_QUARANTINE) {
		*key = key_quarantine(d, 0);
	} else if (table == KV_PEER) {
		*key = key_kind(99);
	} else if (table == KV_REPLACED) {
		*key = key_dot(d);
	}
	cr_assert_eq(kv_put(t, table, key_bytes(key), bytes_at(value, sizeof(value))), RC_OK);
}

static void hurt(struct fixture_node *n, enum kv_table table, uint16_t prefix, enum damage damage)
{
	static uint8_t value[65536];
	struct key p = key_kind(prefix), key = { .len = 0 };
	struct kv_txn *t = NULL;
	size_t len = 0;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	if (prefix == 0) {
		invent(t, table, &key);
		cr_assert_eq(store_commit(n->store, t), RC_OK);
		return;
	}
	cr_assert(find(t, table, &p, damage, &key, value, &len), "nothing to hurt");
	if (damage == INVENT) {
		key.b[key.len - (table == KV_UNIQUE ? 17 : 1)] ^= 1;
	} else if (damage != DROP) {
		value[place_of(damage, len)] ^= 1;
	}
	if (damage == DROP) {
		cr_assert_eq(kv_del(t, table, key_bytes(&key)), RC_OK);
	} else {
		cr_assert_eq(kv_put(t, table, key_bytes(&key), bytes_at(value, len)), RC_OK);
	}
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

Test(verify, every_damage_is_found_named_and_put_right)
{
	struct fixture_node *a = NULL, *b = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verify_report r;

		(void)live(&a, &b);
		assert_sound(&f.centre);
		hurt(&f.centre, rows[i].table, rows[i].prefix, rows[i].damage);
		cr_expect_gt(count_problems(&f.centre), 0u, "not found: %s", rows[i].why);
		cr_expect(strstr(said, rows[i].says) != NULL, "%s: %s", rows[i].why, said);
		(void)run_verify(&f.centre, true, i % 2 == 0);
		r = run_verify(&f.centre, false, false);
		cr_expect_eq(r.problems > 0, rows[i].fetched, "%s: %s", rows[i].why, said);
		cr_expect_eq(r.damaged > 0, rows[i].fetched, "%s: %s", rows[i].why, said);
		fixture_fini(&f);
		fixture_init(&f);
	}
}

static void hurt_much(struct fixture_node *n)
{
	hurt(n, KV_UNIQUE, 16, DROP);
	hurt(n, KV_CONFLICT, 16, DROP);
	hurt(n, KV_FIGURE, 1, DROP);
	hurt(n, KV_RECORD, 16, DROP);
	hurt(n, KV_DOT, 16, DROP);
	hurt(n, KV_CUT, 1, FLIP_LAST);
}

Test(verify, a_repair_puts_all_right_at_once)
{
	struct fixture_node *a = NULL, *b = NULL;

	(void)live(&a, &b);
	hurt_much(&f.centre);
	cr_assert_geq(count_problems(&f.centre), 6u, "%s", said);
	cr_assert_gt(run_verify(&f.centre, true, false).repaired, 5u);
	assert_sound(&f.centre);
}

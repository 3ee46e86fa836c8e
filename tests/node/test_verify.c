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

static uint64_t count_problems(struct fixture_node *n)
{
	struct verify_options options = { .on_problem = on_problem };
	struct verify *v = NULL;
	uint64_t problems = 0;

	said[0] = '\0';
	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	problems = verify_result(v)->problems;
	verify_free(v);
	return problems;
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
enum damage { FLIP_LAST, FLIP_FIRST, FLIP_STATE, DROP, INVENT };

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

static const struct {
	const char *why;
	enum kv_table table;
	uint16_t prefix; /* the key begins with it */
	enum damage damage;
	const char *says;
} rows[] = {
	{ "a value of a record", KV_RECORD, 16, FLIP_STATE, "not that of its entries" },
	{ "a reference to a change", KV_RECORD, 16, FLIP_LAST, "" },
	{ "a record that does not decode", KV_RECORD, 16, FLIP_FIRST, "" },
	{ "a record that is gone", KV_RECORD, 16, DROP, "is not in the record" },
	{ "an older dot that is gone", KV_DOT, 16, DROP, "is not in the record" },
	{ "an index key that is gone", KV_UNIQUE, 16, DROP, "is not in the index" },
	{ "an index key of nobody", KV_UNIQUE, 16, INVENT, "values that it has not" },
	{ "an open conflict forgotten", KV_CONFLICT, 16, DROP, "conflicts is wrong" },
	{ "a conflict said to be settled", KV_CONFLICT, 16, FLIP_LAST, "conflicts is wrong" },
	{ "a cell with another amount", KV_FIGURE, 1, FLIP_FIRST, "a cell says" },
	{ "a cell that is gone", KV_FIGURE, 1, DROP, "a cell is missing" },
	{ "a cell of nothing", KV_FIGURE, 1, INVENT, "" },
	{ "an entry's text", KV_ENTRY, 1, FLIP_LAST, "" },
	{ "an entry's hash", KV_ENTRY, 1, FLIP_FIRST, "the chain is broken here" },
	{ "an entry that is gone", KV_ENTRY, 1, DROP, "is missing" },
	{ "a seal", KV_SEAL, 1, FLIP_LAST, "the seal at" },
};

static void hurt(struct fixture_node *n, enum kv_table table, uint16_t prefix, enum damage damage)
{
	static uint8_t value[65536];
	struct key p = key_kind(prefix), key = { .len = 0 };
	struct kv_txn *t = NULL;
	size_t len = 0;

	cr_assert_eq(store_begin(n->store, true, &t), RC_OK);
	cr_assert(find(t, table, &p, damage, &key, value, &len), "nothing to hurt");
	if (damage == FLIP_LAST || damage == FLIP_FIRST || damage == FLIP_STATE) {
		value[damage == FLIP_FIRST ? 0 : len - 1] ^= 1;
	}
	if (damage == INVENT) {
		key.b[key.len - (table == KV_UNIQUE ? 17 : 1)] ^= 1;
	}
	if (damage == DROP) {
		cr_assert_eq(kv_del(t, table, key_bytes(&key)), RC_OK);
	} else {
		cr_assert_eq(kv_put(t, table, key_bytes(&key), bytes_at(value, len)), RC_OK);
	}
	cr_assert_eq(store_commit(n->store, t), RC_OK);
}

Test(verify, every_damage_is_found_and_named)
{
	struct fixture_node *a = NULL, *b = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)live(&a, &b);
		assert_sound(&f.centre);
		hurt(&f.centre, rows[i].table, rows[i].prefix, rows[i].damage);
		cr_expect_gt(count_problems(&f.centre), 0u, "not found: %s", rows[i].why);
		cr_expect(strstr(said, rows[i].says) != NULL, "%s: %s", rows[i].why, said);
		fixture_fini(&f);
		fixture_init(&f);
	}
}

Test(verify, repair_makes_indexes_and_figures_anew)
{
	struct fixture_node *a = NULL, *b = NULL;

	(void)live(&a, &b);
	hurt(&f.centre, KV_UNIQUE, 16, DROP);
	hurt(&f.centre, KV_CONFLICT, 16, DROP);
	hurt(&f.centre, KV_FIGURE, 1, DROP);
	cr_assert_eq(count_problems(&f.centre), 3u, "%s", said);
	cr_assert_eq(verify_repair(f.centre.store), RC_OK);
	assert_sound(&f.centre);
}

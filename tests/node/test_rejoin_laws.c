/*
 * Random lives of an office: it writes, syncs over a road that may break, a
 * copy of its directory is taken, it goes on, the copy is put back, it goes on
 * again - many times over. Nothing that the centre, the copy or the restored
 * node holds is lost or doubled, what else was lost is counted by the product
 * as the test counts it, and all nodes are equal at the end.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/restored.h"
#include "node/store/summary.h"
#include "node/store/verify.h"

enum {
	WORLDS = 25,
	CYCLES = 12,       /* restores in each */
	CYCLES_MANY = 120, /* more incarnations than a hello has room for */
	CLONE_WORLDS = 20,
	CLONES = 3, /* in each */
	WRITES_MAX = 4096,
	OPS_MAX = 5 /* in a row */
};

enum write_type { WRITE_NOTE, WRITE_SECRET, WRITE_ADD, WRITE_TYPES };

struct write {
	enum write_type type;
	char text[16];
	struct uuid id; /* WRITE_ADD */
	bool since_copy, is_lost;
};

/* One world; the seed is printed when something is wrong. */
struct world {
	uint32_t seed, chance;
	struct fixture f;
	struct fixture_node *a, *b; /* two offices of a region; a has the accidents */
	struct uuid id;             /* the record that all write to */
	struct write writes[WRITES_MAX];
	uint32_t count;
};

static struct world w;

static uint32_t roll(uint32_t n)
{
	w.chance = w.chance * 1664525u + 1013904223u;
	return (w.chance >> 8) % n;
}

static void begin(uint32_t seed)
{
	memset(&w, 0, sizeof(w));
	w.seed = seed;
	w.chance = seed * 7919u + 1u;
	fixture_init(&w.f);
	w.a = fixture_office(&w.f, "Mary", 1, "TM-M");
	w.b = fixture_office(&w.f, "Bayramaly", 2, "TM-M");
	w.id = fixture_add(w.a, 0, "person", "nr=1", NULL);
	cr_assert_eq(fixture_sync(&w.f, w.a), RC_OK);
	cr_assert_eq(fixture_sync(&w.f, w.b), RC_OK);
}

static void write_one(struct fixture_node *n)
{
	struct write *x = &w.writes[w.count];
	char note[32], secret[32], nr[32];

	cr_assert_lt(w.count, (uint32_t)WRITES_MAX);
	(void)snprintf(x->text, sizeof(x->text), "w%u.", w.count++);
	(void)snprintf(note, sizeof(note), "notes=%s", x->text);
	(void)snprintf(secret, sizeof(secret), "secret=%s", x->text);
	(void)snprintf(nr, sizeof(nr), "nr=%s", x->text);
	x->type = (enum write_type)roll(WRITE_TYPES);
	x->since_copy = true;
	switch (x->type) {
	case WRITE_SECRET:
		if (n != w.b) {
			cr_assert_eq(fixture_set(n, "person", w.id, note, "visits+=1", secret,
						 NULL),
				     RC_OK);
			break;
		}
		x->type = WRITE_NOTE; /* not b's home */
		cr_assert_eq(fixture_set(n, "person", w.id, note, "visits+=1", NULL), RC_OK);
		break;
	case WRITE_NOTE:
		cr_assert_eq(fixture_set(n, "person", w.id, note, "visits+=1", "city=x", NULL),
			     RC_OK);
		break;
	case WRITE_ADD:
	case WRITE_TYPES:
		x->id = fixture_add(n, 0, "person", nr, "file=f", NULL);
		break;
	}
}

/* A sync; the road may break after any frame. */
static void sync_badly(struct fixture_node *n)
{
	w.f.cut_after = roll(2) == 0 ? (int64_t)roll(8) : -1;
	(void)fixture_sync(&w.f, n);
	w.f.cut_after = -1;
}

static void sync_well(struct fixture_node *n)
{
	enum rc rc = fixture_sync(&w.f, n);

	cr_assert_eq(rc, RC_OK, "seed %u: %s", w.seed, rc_text(rc));
}

static void live(struct fixture_node *n, bool may_sync)
{
	uint32_t i, ops = roll(OPS_MAX + 1);

	for (i = 0; i < ops; i++) {
		if (may_sync && roll(3) == 0) {
			sync_badly(n);
		} else {
			write_one(n);
		}
		if (roll(6) == 0) {
			write_one(w.b);
			w.writes[w.count - 1].since_copy = false;
		}
		if (roll(6) == 0) {
			sync_well(w.b);
		}
	}
}

static bool has(struct fixture_node *n, const struct write *x)
{
	return x->type == WRITE_ADD ?
		       strcmp(fixture_show(n, "person", x->id, "nr"), x->text) == 0 :
		       strstr(fixture_show(n, "person", w.id, "notes"), x->text) != NULL;
}

/* How often a note stands in a record. */
static uint32_t count_notes(struct fixture_node *n, const char *text)
{
	const char *p = fixture_show(n, "person", w.id, "notes");
	uint32_t count = 0;

	while ((p = strstr(p, text)) != NULL) {
		count++;
		p++;
	}
	return count;
}

static void check_node(struct fixture_node *n)
{
	uint32_t i, notes = 0, adds = 0;

	for (i = 0; i < w.count; i++) {
		const struct write *x = &w.writes[i];

		if (x->type == WRITE_ADD) {
			cr_assert_eq(has(n, x), !x->is_lost, "seed %u: record %s", w.seed, x->text);
			adds += !x->is_lost;
		} else {
			cr_assert_eq(count_notes(n, x->text), x->is_lost ? 0u : 1u,
				     "seed %u: note %s stands %u times in %s", w.seed, x->text,
				     count_notes(n, x->text), n->dir);
			notes += !x->is_lost;
		}
	}
	cr_assert_eq((uint32_t)atoi(fixture_show(n, "person", w.id, "visits")), notes, "seed %u",
		     w.seed);
	cr_assert_eq(fixture_count(n, "person"), adds + 1, "seed %u", w.seed);
}

static void compare(struct fixture_node *x, struct fixture_node *y, uint16_t scope)
{
	uint8_t a[HASH_LEN], b[HASH_LEN];

	fixture_digest(x, scope, a);
	fixture_digest(y, scope, b);
	cr_assert_arr_eq(a, b, HASH_LEN, "seed %u: scope %u", w.seed, scope);
}

/* The centre and an office, in the region's scope and, for a, the centre's. */
static void assert_same(struct fixture_node *n)
{
	struct office_info o;
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	o = *catalog_office(n->store->catalog, n->store->info.number);
	store_end(n->store, t);
	compare(&w.f.centre, n, o.scope_region);
	compare(&w.f.centre, n, o.scope_centre);
}

static void on_problem(void *ctx, const char *text)
{
	(void)ctx;
	cr_assert_fail("seed %u: %s", w.seed, text);
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
	struct summary s;
	struct restored r;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	(void)restored_get(t, &r);
	cr_assert_eq(summary_get(n->store, t, &n->store->arena, &s), RC_OK);
	cr_assert_eq(s.unconfirmed, 0u, "seed %u", w.seed);
	store_end(n->store, t);
	return r;
}

/* What is lost for good when a copy is put back now. */
struct losses {
	uint32_t returning; /* changes that the centre has and the copy has not */
	uint32_t parts;     /* of those, with a field that only the office has */
	uint32_t lost;      /* nobody has them */
};

static struct losses find_losses(void)
{
	struct losses l = { 0, 0, 0 };
	uint32_t i;

	for (i = 0; i < w.count; i++) {
		struct write *x = &w.writes[i];

		if (!x->since_copy || x->is_lost) {
			continue;
		}
		if (has(&w.f.centre, x)) {
			l.returning++;
			l.parts += x->type == WRITE_SECRET;
		} else {
			l.lost++;
			x->is_lost = true;
		}
	}
	return l;
}

static void forget_copy(void)
{
	uint32_t i;

	for (i = 0; i < w.count; i++) {
		w.writes[i].since_copy = false;
	}
}

/* Whether the office wrote something since the copy was taken, or put back. */
static bool has_written(void)
{
	uint32_t i;

	for (i = 0; i < w.count; i++) {
		if (w.writes[i].since_copy) {
			return true;
		}
	}
	return false;
}

static void check_story(const struct losses *l, bool lease_survived, bool wrote)
{
	struct restored r = story_of(w.a);

	if (l->returning > 0) {
		cr_assert_eq(r.returned, l->returning, "seed %u: %u came back, not %u", w.seed,
			     (unsigned)r.returned, l->returning);
		cr_assert_eq(r.parts_lost, l->parts, "seed %u", w.seed);
	}
	if (lease_survived && (l->returning > 0 || (wrote && l->lost > 0))) {
		cr_assert_eq(restored_lost(&r), l->lost, "seed %u: %u lost, not %u", w.seed,
			     (unsigned)restored_lost(&r), l->lost);
	}
	cr_assert(r.noticed_ms == 0 || r.settled_ms != 0, "seed %u", w.seed);
}

static void cycle(void)
{
	struct fixture_backup copy;
	struct losses l;
	bool with_lease = roll(2) == 0, wrote = false, left = false;

	live(w.a, true);
	fixture_backup(w.a, &copy);
	left = w.a->store->life.is_left;
	forget_copy();
	live(w.a, true);
	l = find_losses();
	fixture_restore(w.a, &copy, with_lease);
	forget_copy();
	live(w.a, false);
	if (!with_lease) {
		write_one(w.a); /* so that the lease is looked at in this cycle */
	}
	wrote = has_written();
	while (roll(3) == 0) {
		sync_badly(w.a);
	}
	sync_well(w.a);
	/* A copy from between two incarnations cannot know the one that followed:
	 * what comes back of it might be another machine's. */
	if (!left) {
		check_story(&l, !with_lease, wrote);
	}
	fixture_backup_drop(&copy);
}

static void settle(void)
{
	sync_well(w.a);
	sync_well(w.b);
	sync_well(w.a);
	sync_well(w.b);
	check_node(&w.f.centre);
	check_node(w.a);
	check_node(w.b);
	assert_same(w.a);
	assert_same(w.b);
	assert_sound(&w.f.centre);
	assert_sound(w.a);
	assert_sound(w.b);
}

/* KERWEN_TIMES: how many times as many worlds (`make long`). */
static uint32_t times(void)
{
	const char *text = getenv("KERWEN_TIMES");

	return text == NULL ? 1 : (uint32_t)strtoul(text, NULL, 10);
}

Test(rejoin_laws, P01_nothing_is_lost_or_doubled_by_300_restores)
{
	uint32_t i, k;

	for (i = 0; i < WORLDS * times(); i++) {
		begin(i + 1);
		for (k = 0; k < CYCLES; k++) {
			cycle();
		}
		settle();
		fixture_fini(&w.f);
	}
}

Test(rejoin_laws, P01_an_office_may_be_restored_more_often_than_a_hello_can_tell)
{
	uint32_t k;

	begin(1);
	for (k = 0; k < CYCLES_MANY; k++) {
		cycle();
	}
	settle();
	fixture_fini(&w.f);
}

/* Any of the machines that run the office does something. */
static void live_together(struct fixture_node **machines, uint32_t count)
{
	uint32_t i, steps = 4 + roll(8);

	for (i = 0; i < steps; i++) {
		live(machines[roll(count)], true);
	}
}

static void check_clones(struct fixture_node **machines, uint32_t count)
{
	uint32_t i, round;

	for (round = 0; round < 3; round++) {
		sync_well(w.b);
		for (i = 0; i < count; i++) {
			sync_well(machines[i]);
		}
	}
	sync_well(w.b);
	check_node(&w.f.centre);
	check_node(w.b);
	assert_sound(&w.f.centre);
	for (i = 0; i < count; i++) {
		check_node(machines[i]);
		assert_same(machines[i]);
		assert_sound(machines[i]);
		(void)story_of(machines[i]);
	}
}

Test(rejoin_laws, D20_nothing_is_lost_or_doubled_by_60_clones)
{
	struct fixture_node *machines[1 + CLONES];
	uint32_t i, k;

	for (i = 0; i < CLONE_WORLDS * times(); i++) {
		begin(10000 + i);
		machines[0] = w.a;
		for (k = 1; k <= CLONES; k++) {
			live_together(machines, k);
			machines[k] = fixture_clone(&w.f, machines[roll(k)]);
		}
		live_together(machines, 1 + CLONES);
		check_clones(machines, 1 + CLONES);
		fixture_fini(&w.f);
	}
}

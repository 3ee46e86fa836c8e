/*
 * Random lives of a centre: it and two offices write, sync over a road that may
 * break, a copy of the centre is taken, all go on, the copy is put back, all go on
 * again - many times over. Nothing that any node holds is lost or doubled, what only
 * the centre held is lost everywhere or nowhere, and all nodes are equal at the end.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/restored.h"
#include "node/store/summary.h"
#include "node/store/verify.h"

enum {
	WORLDS = 17,
	CYCLES = 6,        /* restores of the centre in each */
	OFFICE_ONE_IN = 3, /* cycles in which an office is restored, too */
	WRITES_MAX = 2048,
	OPS_MAX = 8, /* in a row */
	NODES = 3
};

enum write_type { WRITE_NOTE, WRITE_FILE, WRITE_ADD, WRITE_DECREE, WRITE_TYPES };

struct write {
	enum write_type type;
	char text[16];
	struct uuid id;
	uint32_t by;   /* node; 0: the centre */
	bool may_lose; /* only the centre had it when it was put back */
};

static struct {
	uint32_t seed, chance;
	struct fixture f;
	struct fixture_node *nodes[NODES]; /* the centre first */
	struct uuid id, file;              /* records that all write to; file: of office 1 */
	struct write writes[WRITES_MAX];
	uint32_t count, lost;
} w;

static uint32_t roll(uint32_t n)
{
	w.chance = w.chance * 1664525u + 1013904223u;
	return (w.chance >> 8) % n;
}

static void sync_well(uint32_t i)
{
	enum rc rc = fixture_sync(&w.f, w.nodes[i]);

	cr_assert_eq(rc, RC_OK, "seed %u: office %u: %s, %s, %s", w.seed, i, rc_text(rc),
		     w.f.office_end.text, w.f.centre_end.text);
}

/* The road may break after any frame. */
static void sync_badly(uint32_t i)
{
	w.f.cut_after = roll(2) == 0 ? (int64_t)roll(10) : -1;
	(void)fixture_sync(&w.f, w.nodes[i]);
	w.f.cut_after = -1;
}

static void begin(uint32_t seed)
{
	memset(&w, 0, sizeof(w));
	w.seed = seed;
	w.chance = seed * 7919u + 1u;
	fixture_init(&w.f);
	w.nodes[0] = &w.f.centre;
	w.nodes[1] = fixture_office(&w.f, "Mary", 1, "TM-M");
	w.nodes[2] = fixture_office(&w.f, "Bayramaly", 2, "TM-M");
	w.id = fixture_add(w.nodes[1], 0, "person", "nr=1", NULL);
	w.file = fixture_add(w.nodes[1], 0, "person", "nr=2", "room=1", NULL);
	sync_well(1);
	sync_well(2);
}

static void write_one(uint32_t by)
{
	struct write *x = &w.writes[w.count];
	struct fixture_node *n = w.nodes[by];
	char note[32], nr[32];

	cr_assert_lt(w.count, (uint32_t)WRITES_MAX);
	(void)snprintf(x->text, sizeof(x->text), "w%u.", w.count++);
	(void)snprintf(note, sizeof(note), "notes=%s", x->text);
	(void)snprintf(nr, sizeof(nr), "nr=%s", x->text);
	x->by = by;
	x->type = (enum write_type)roll(WRITE_TYPES);
	if (x->type == WRITE_DECREE && by != 0) {
		x->type = WRITE_NOTE;
	}
	switch (x->type) {
	case WRITE_NOTE:
		cr_assert_eq(fixture_set(n, "person", w.id, note, "visits+=1", nr, "city=x", NULL),
			     RC_OK);
		break;
	case WRITE_FILE:
		cr_assert_eq(fixture_set(n, "person", by == 2 ? w.id : w.file, note, "visits+=1",
					 by == 2 ? "tags+=b" : "room=2", NULL),
			     RC_OK);
		break;
	case WRITE_ADD:
		x->id = fixture_add(n, by == 0 ? 1 : 0, "person", nr, "file=f", NULL);
		break;
	case WRITE_DECREE:
	case WRITE_TYPES:
		x->id = fixture_add(n, 0, "decree", "number=1", NULL);
		break;
	}
}

static void live(void)
{
	uint32_t i, ops = roll(OPS_MAX + 1);

	for (i = 0; i < ops; i++) {
		if (roll(3) == 0) {
			sync_badly(1 + roll(NODES - 1));
		} else {
			write_one(roll(NODES));
		}
	}
}

static const char *kind_of(const struct write *x)
{
	return x->type == WRITE_DECREE ? "decree" : "person";
}

/* How often a write stands in a node. */
static uint32_t count_in(struct fixture_node *n, const struct write *x)
{
	const char *p = NULL;
	uint32_t count = 0, i;

	if (x->type == WRITE_ADD || x->type == WRITE_DECREE) {
		p = fixture_show(n, kind_of(x), x->id, x->type == WRITE_ADD ? "nr" : "number");
		return strcmp(p, "?") != 0;
	}
	for (i = 0; i < 2; i++) {
		p = fixture_show(n, "person", i == 0 ? w.id : w.file, "notes");
		while ((p = strstr(p, x->text)) != NULL) {
			count++;
			p++;
		}
	}
	return count;
}

/* What no office has is lost with the centre, unless it held more than it shows. */
static void note_losses(uint32_t since)
{
	uint32_t i;

	for (i = since; i < w.count; i++) {
		struct write *x = &w.writes[i];

		x->may_lose = x->may_lose || (x->by == 0 && count_in(w.nodes[1], x) == 0 &&
					      count_in(w.nodes[2], x) == 0);
	}
}

static void drop_lease(const struct fixture_node *n)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/lease", n->dir);
	(void)unlink(path);
}

static void cycle(void)
{
	struct fixture_backup copy, office;
	uint32_t since = 0, who = 1 + roll(NODES - 1);
	bool both = roll(OFFICE_ONE_IN) == 0;

	live();
	fixture_backup(w.nodes[0], &copy);
	since = w.count;
	live();
	live();
	note_losses(since);
	fixture_restore(w.nodes[0], &copy, false);
	if (roll(2) == 0) {
		drop_lease(w.nodes[0]);
	}
	live();
	if (both) {
		/* Nothing is written between: what is lost would be counted elsewhere. */
		fixture_backup(w.nodes[who], &office);
		sync_badly(who);
		fixture_restore(w.nodes[who], &office, false);
		fixture_backup_drop(&office);
	}
	live();
	fixture_backup_drop(&copy);
}

static void compare(struct fixture_node *n, uint16_t scope)
{
	uint8_t a[HASH_LEN], b[HASH_LEN];

	fixture_digest(w.nodes[0], scope, a);
	fixture_digest(n, scope, b);
	cr_assert_arr_eq(a, b, HASH_LEN, "seed %u: scope %u of %s", w.seed, scope, n->dir);
}

static void on_problem(void *ctx, const char *text)
{
	cr_assert_fail("seed %u: %s: %s", w.seed, ((struct fixture_node *)ctx)->dir, text);
}

static void check_node(uint32_t at)
{
	struct fixture_node *n = w.nodes[at];
	struct verify_options o = { .ctx = n, .on_problem = on_problem };
	struct verify *v = NULL;
	struct kv_txn *t = NULL;
	struct summary s;
	uint32_t i, notes = 0;

	for (i = 0; i < w.count; i++) {
		const struct write *x = &w.writes[i];
		uint32_t count = count_in(n, x), centre = count_in(w.nodes[0], x);

		cr_assert(count == 1 || (count == 0 && x->may_lose),
			  "seed %u: write %s of %u stands %u times in %s", w.seed, x->text, x->by,
			  count, n->dir);
		cr_assert_eq(count, centre, "seed %u: %s", w.seed, x->text);
		notes += (x->type == WRITE_NOTE || x->type == WRITE_FILE) && count == 1;
		w.lost += at == 0 && count == 0;
	}
	cr_assert_eq((uint32_t)(atoi(fixture_show(n, "person", w.id, "visits")) +
				atoi(fixture_show(n, "person", w.file, "visits"))),
		     notes, "seed %u: %s", w.seed, n->dir);
	cr_assert_eq(verify_run(n->store, &o, &v), RC_OK);
	verify_free(v);
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	cr_assert_eq(summary_get(n->store, t, &n->store->arena, &s), RC_OK);
	cr_assert_eq(s.unconfirmed, 0u, "seed %u", w.seed);
	store_end(n->store, t);
}

static void settle(void)
{
	struct office_info o[NODES];
	struct kv_txn *t = NULL;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		sync_well(1);
		sync_well(2);
	}
	cr_assert_eq(store_begin(w.nodes[0]->store, false, &t), RC_OK);
	for (i = 1; i < NODES; i++) {
		o[i] = *catalog_office(w.nodes[0]->store->catalog, (uint16_t)i);
	}
	store_end(w.nodes[0]->store, t);
	for (i = 0; i < NODES; i++) {
		check_node(i);
	}
	for (i = 1; i < NODES; i++) {
		compare(w.nodes[i], 0);
		compare(w.nodes[i], o[i].scope_region);
		compare(w.nodes[i], o[i].scope_centre);
	}
}

/* KERWEN_TIMES: how many times as many worlds (`make long`). */
static uint32_t times(void)
{
	const char *text = getenv("KERWEN_TIMES");

	return text == NULL ? 1 : (uint32_t)strtoul(text, NULL, 10);
}

Test(succeed_laws, P01_nothing_is_lost_or_doubled_by_100_restores_of_the_centre)
{
	const char *first = getenv("KERWEN_SEED");
	uint32_t i, k, seed = first == NULL ? 1 : (uint32_t)strtoul(first, NULL, 10);

	for (i = 0; i < WORLDS * times(); i++) {
		begin(seed + i);
		for (k = 0; k < CYCLES; k++) {
			cycle();
		}
		settle();
		fixture_fini(&w.f);
	}
}

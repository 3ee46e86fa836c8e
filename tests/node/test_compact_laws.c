/*
 * Random histories with clean-up at random moments: offices of a region write,
 * delete, sync over roads that may break; the centre and some offices clean up;
 * a disk is put back from an old copy, below the floor; new offices come and
 * begin with a base. One office, the keeper, never deletes an entry: what the
 * others hold and show must be what it does.
 *
 * KERWEN_SEED=n begins with another world, KERWEN_WORLDS=n plays so many.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleaning.h"
#include "fixture.h"

enum { WORLDS = 12, STEPS = 90, PEOPLE_MAX = 64, NEW_MAX = 3, COPIES_MAX = 2 };

struct world {
	uint32_t seed, chance;
	struct fixture f;
	uint16_t scope;
	struct fixture_node *nodes[2 + NEW_MAX + 1]; /* the keeper first */
	uint32_t nodes_count;
	struct uuid people[PEOPLE_MAX];
	bool was_deleted[PEOPLE_MAX];
	uint32_t people_count;
	struct fixture_backup copy;
	bool has_copy;
	uint32_t cleaned, restored, bases;
};

static struct world w;

static uint32_t roll(uint32_t n)
{
	w.chance = w.chance * 1664525u + 1013904223u;
	return (w.chance >> 8) % n;
}

static struct fixture_node *any_office(void)
{
	return w.nodes[roll(w.nodes_count)];
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

static void begin(uint32_t seed)
{
	memset(&w, 0, sizeof(w));
	w.seed = seed;
	w.chance = seed * 7919u + 1u;
	fixture_init(&w.f);
	w.nodes[0] = fixture_office(&w.f, "Keeper", 1, "TM-M");
	w.nodes[1] = fixture_office(&w.f, "Bayramaly", 2, "TM-M");
	w.nodes_count = 2;
	w.scope = cleaning_region(&w.f, w.nodes[0]);
	w.people[w.people_count++] = fixture_add(w.nodes[0], 0, "person", "nr=0", NULL);
	cr_assert_eq(fixture_sync(&w.f, w.nodes[0]), RC_OK);
}

static void write_one(struct fixture_node *n)
{
	static const char *const ops[] = { "city=%u", "size=%u", "notes=%u", "tags+=%u",
					   "visits+=%u" };
	uint32_t which = roll(w.people_count);
	struct uuid id = w.people[which];
	char text[32], nr[32];

	(void)snprintf(text, sizeof(text), ops[roll(5)], roll(4) + 1);
	if (roll(4) == 0 && w.people_count < PEOPLE_MAX) {
		(void)snprintf(nr, sizeof(nr), "nr=%u", w.people_count);
		w.people[w.people_count++] =
			fixture_add(n, n == &w.f.centre ? 1 : 0, "person", nr, text, NULL);
	} else if (strcmp(fixture_show(n, "person", id, "nr"), "?") == 0) {
		return; /* it has not come here yet */
	} else if (roll(12) == 0 && !w.was_deleted[which]) {
		w.was_deleted[which] = true;
		(void)fixture_delete(n, "person", id);
	} else {
		(void)fixture_set(n, "person", id, text, NULL);
	}
}

static void sync_one(struct fixture_node *n, bool badly)
{
	enum rc rc;

	w.f.cut_after = badly && roll(3) == 0 ? (int64_t)roll(8) : -1;
	rc = fixture_sync(&w.f, n);
	cr_assert(rc == RC_OK || (badly && rc == RC_CLOSED), "seed %u: %s: %s %s", w.seed,
		  rc_text(rc), w.f.office_end.text, w.f.centre_end.text);
	w.f.cut_after = -1;
}

/* The centre: with a backup, and all asked. */
static void clean_centre(void)
{
	struct compact_plan p = cleaning_plan(&w.f.centre, w.scope);

	uint32_t i;

	cr_assert_eq(compact_ask(w.f.centre.store, &p), RC_OK);
	for (i = 0; roll(2) == 0 && i < w.nodes_count; i++) {
		sync_one(w.nodes[i], true);
	}
	if (roll(2) == 0) {
		cleaning_note_backup(&w.f.centre);
	}
	w.cleaned += cleaning_compact(&w.f.centre, w.scope) > 0;
}

/* A copy is taken or put back: of the second office. */
static void use_copy(void)
{
	if (!w.has_copy) {
		fixture_backup(w.nodes[1], &w.copy);
		w.has_copy = true;
		return;
	}
	fixture_restore(w.nodes[1], &w.copy, true);
	fixture_backup_drop(&w.copy);
	w.has_copy = false;
	w.restored++;
}

static void add_office(void)
{
	char name[16];

	if (w.nodes_count < 2 + NEW_MAX) {
		(void)snprintf(name, sizeof(name), "New%u", w.nodes_count);
		w.nodes[w.nodes_count] =
			fixture_office(&w.f, name, (uint16_t)(w.nodes_count + 1), "TM-M");
		w.bases += cleaning_plan(&w.f.centre, w.scope).floor > 0;
		w.nodes_count++;
	}
}

static void step(void)
{
	struct fixture_node *n = any_office();

	switch (roll(16)) {
	case 0:
		clean_centre();
		break;
	case 1:
		if (n != w.nodes[0]) {
			(void)cleaning_compact(n, w.scope);
		}
		break;
	case 2:
		if (roll(3) == 0 && w.restored == 0) {
			use_copy();
		}
		break;
	case 3:
		if (roll(4) == 0) {
			add_office();
		}
		break;
	case 4:
		write_one(&w.f.centre);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		sync_one(n, true);
		break;
	default:
		write_one(n);
		break;
	}
}

/* What a node holds, shows and proposes is what the keeper does. */
static void compare(struct fixture_node *n)
{
	static const char *const fields[] = { "nr", "city", "size", "notes", "tags", "visits" };
	uint8_t x[HASH_LEN], y[HASH_LEN];
	char shown[256];
	uint32_t i, k;

	for (i = 0; i < w.people_count; i++) {
		for (k = 0; k < 6; k++) {
			(void)snprintf(shown, sizeof(shown), "%s",
				       fixture_show(w.nodes[0], "person", w.people[i], fields[k]));
			cr_assert_str_eq(fixture_show(n, "person", w.people[i], fields[k]), shown,
					 "seed %u: office %u, person %u, %s: %s, not %s", w.seed,
					 n->store->info.number, i, fields[k],
					 fixture_show(n, "person", w.people[i], fields[k]), shown);
		}
	}
	fixture_digest(w.nodes[0], w.scope, x);
	fixture_digest(n, w.scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "seed %u: states", w.seed);
	cr_assert_eq(fixture_figure(n, "people"), fixture_figure(w.nodes[0], "people"));
	cr_assert_eq(count_rows(n, KV_QUARANTINE), count_rows(w.nodes[0], KV_QUARANTINE),
		     "seed %u: office %u has %u proposals, not %u", w.seed, n->store->info.number,
		     (unsigned)count_rows(n, KV_QUARANTINE),
		     (unsigned)count_rows(w.nodes[0], KV_QUARANTINE));
	cleaning_assert_sound(n);
}

static void end(void)
{
	uint32_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < w.nodes_count; i++) {
			sync_one(w.nodes[i], false);
		}
	}
	for (i = 0; i < w.nodes_count; i++) {
		compare(w.nodes[i]);
	}
	compare(&w.f.centre);
	if (w.has_copy) {
		fixture_backup_drop(&w.copy);
	}
	fixture_fini(&w.f);
}

Test(compact_laws, P7_cleaning_changes_nothing_that_is_shown)
{
	const char *seed = getenv("KERWEN_SEED"), *worlds = getenv("KERWEN_WORLDS");
	uint32_t first = seed == NULL ? 1 : (uint32_t)strtoul(seed, NULL, 10);
	uint32_t count = worlds == NULL ? WORLDS : (uint32_t)strtoul(worlds, NULL, 10);
	uint32_t i, k, cleaned = 0, restored = 0, bases = 0;

	for (i = 0; i < count; i++) {
		begin(first + i);
		for (k = 0; k < STEPS; k++) {
			step();
		}
		end();
		cleaned += w.cleaned;
		restored += w.restored;
		bases += w.bases;
	}
	if (count >= WORLDS) {
		/* Else this proves nothing. */
		cr_assert_gt(cleaned, count / 4, "%u", cleaned);
		cr_assert_gt(restored, 0u);
		cr_assert_gt(bases, 0u);
	}
}

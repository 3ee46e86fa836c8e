/*
 * Random histories of what may not stand: an office that loses its rights and
 * gets them back, one that is closed, changes without form, rulings in between.
 * Nodes that hear of it scope by scope, in any order and in any portions, end
 * with the same verdict on every change, and the same records.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "forge.h"
#include "lag.h"
#include "node/store/builtin.h"
#include "node/store/closing.h"
#include "node/store/quarantine.h"
#include "node/store/verify.h"
#include "poison.h"

enum { HISTORIES = 12, STEPS = 60, ELSEWHERE = 999 };

static struct fixture f;
static struct fixture_node *moving, *closed, *readers[3];
static struct forge of_moving, of_closed;
static uint16_t region;
static uint64_t chance;
static uint32_t people;

static uint32_t draw(uint32_t n)
{
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(chance >> 33) % n;
}

static void begin(uint64_t seed)
{
	uint32_t i;

	chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	people = 0;
	fixture_init(&f);
	moving = fixture_office(&f, "Mary", 1, "TM-M");
	closed = fixture_office(&f, "Merw", 2, "TM-M");
	readers[0] = fixture_office(&f, "Murgap", 3, "TM-M");
	readers[1] = fixture_office(&f, "Tejen", 4, "TM-M");
	region = catalog_office(f.centre.store->catalog, 3)->scope_region;
	for (i = 1; i < 5; i++) {
		struct fixture_node *n = &f.offices[i - 1];

		cr_assert_eq(fixture_sync(&f, n), RC_OK);
	}
	readers[2] = fixture_office(&f, "Wekil", 5, "TM-M"); /* comes late */
	forge_begin(&of_moving, moving, region);
	forge_begin(&of_closed, closed, region);
}

static void move_office(uint16_t scope)
{
	struct draft_result result;
	struct builtin b;
	struct commit c;

	cr_assert_eq(commit_begin(&c, f.centre.store, bytes_of("t"), bytes_of("")), RC_OK);
	b = builtin_begin(&c, BUILTIN_OFFICE, &catalog_office(f.centre.store->catalog, 1)->id);
	builtin_put_number(&b, "scope_region", scope);
	cr_assert_eq(builtin_write(&b, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
}

/* An entry of several changes: some people, some of them twice, some no change
 * at all; by the rights that its author knows of now or knew before. */
static void write_entry(struct forge *g)
{
	struct commit_part parts[2];
	struct change changes[3];
	struct header h;
	uint32_t i, count = 1 + draw(3);

	if (draw(2) == 0) {
		g->epoch_seq = g->node->store->catalog->national_seq;
	}
	h = forge_header(g);
	if (g == &of_closed && draw(3) == 0) {
		parts[0] = (struct commit_part){ region, h.seq };
		parts[1] = (struct commit_part){
			catalog_office(f.centre.store->catalog, 2)->scope_centre, 1
		};
		h.parts = parts; /* the other part never comes: it waits */
		h.parts_count = 2;
	}
	if (draw(6) == 0) {
		struct bytes none = bytes_of("none");

		forge_add_raw(g, &h, &none, 1);
		return;
	}
	for (i = 0; i < count; i++) {
		uint32_t n = draw(5) == 0 && people > 0 ? draw(people) : people++;

		changes[i] = forge_person(g, forge_id(n), draw(2) == 0 ? "Mary" : "Merw");
	}
	forge_add(g, &h, changes, count);
}

static void rule(void)
{
	struct quarantine q;
	uint32_t n, count = 0;

	while (poison_find(&f.centre, count, &q)) {
		count++;
	}
	n = count == 0 ? 0 : draw(count);
	if (poison_find(&f.centre, n, &q)) {
		(void)poison_rule(&f.centre, q.dot, q.place, draw(2) == 0);
	}
}

static void close_one(void)
{
	struct closing_request r = { .type = CLOSING_REVOKE,
				     .number = 2,
				     .author = bytes_of("Orazow"),
				     .reason = bytes_of("stolen") };
	struct closing_report report;
	struct path_problem why;

	(void)closing_office(f.centre.store, &r, &report, &why);
	closing_report_free(&report);
}

/* The feed alone is closed, as that of an equivocator: its office goes on. */
static void close_feed(void)
{
	struct work w;

	cr_assert_eq(work_begin(f.centre.store, &w), RC_OK);
	cr_assert_eq(closing_incarnation(&w, 1, feed_incarnation(of_moving.feed)), RC_OK);
	cr_assert_eq(work_commit(&w), RC_OK);
}

static void step(void)
{
	switch (draw(10)) {
	case 0:
	case 1:
		write_entry(&of_moving);
		cr_assert_eq(forge_push(&of_moving, &f.centre), RC_OK);
		break;
	case 2:
	case 3:
		write_entry(&of_closed);
		(void)forge_push(&of_closed, &f.centre); /* refused once it is closed */
		break;
	case 4:
		move_office(draw(2) == 0 ? region : ELSEWHERE);
		break;
	case 5:
		rule();
		break;
	case 6:
		cr_assert_eq(fixture_sync(&f, moving), RC_OK); /* hears of its rights */
		break;
	case 7:
		if (draw(4) == 0) {
			close_one();
		} else if (draw(12) == 0) {
			close_feed();
		}
		break;
	default:
		lag_give_scope(&f, readers[draw(2)], draw(2) == 0 ? 0 : region);
		break;
	}
}

static void assert_same_verdicts(struct fixture_node *n, uint64_t seed)
{
	struct quarantine here, there;
	uint32_t i;

	for (i = 0; poison_find(&f.centre, i, &there); i++) {
		cr_assert(poison_find(n, i, &here), "seed %llu: a verdict is missing",
			  (unsigned long long)seed);
		cr_assert(dot_equal(here.dot, there.dot) && here.place == there.place &&
				  here.why == there.why && here.state == there.state &&
				  dot_equal(here.ruling, there.ruling),
			  "seed %llu: another verdict on %llu:%u", (unsigned long long)seed,
			  (unsigned long long)there.dot.seq, there.place);
	}
	cr_assert_not(poison_find(n, i, &here), "seed %llu: a verdict too many",
		      (unsigned long long)seed);
}

static void assert_verified(struct fixture_node *n)
{
	struct verify_options options = { .ctx = NULL };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(n->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u);
	verify_free(v);
}

static void assert_same(struct fixture_node *n, uint64_t seed)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	assert_same_verdicts(n, seed);
	fixture_digest(&f.centre, region, x);
	fixture_digest(n, region, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "seed %llu", (unsigned long long)seed);
	assert_verified(n);
}

/* met: how many verdicts of each sort there were, over all histories. */
static void count_met(uint32_t *met)
{
	struct quarantine q;
	uint32_t i;

	for (i = 0; poison_find(&f.centre, i, &q); i++) {
		met[q.why]++;
	}
}

Test(verdict_laws, the_verdict_on_every_change_is_the_same_whatever_the_order_of_arrival)
{
	uint32_t met[8] = { 0 }, i, s;
	uint64_t seed;

	for (seed = 1; seed <= HISTORIES; seed++) {
		begin(seed);
		for (s = 0; s < STEPS; s++) {
			step();
		}
		/* The last portions, in both orders; one node that has nothing yet. */
		lag_give_scope(&f, readers[0], 0);
		lag_give_scope(&f, readers[0], region);
		lag_give_scope(&f, readers[1], region);
		lag_give_scope(&f, readers[1], 0);
		cr_assert_eq(fixture_sync(&f, readers[2]), RC_OK);
		for (i = 0; i < 3; i++) {
			assert_same(readers[i], seed);
		}
		count_met(met);
		fixture_fini(&f);
	}
	cr_assert_gt(met[QUARANTINE_MALFORMED], 0u);
	cr_assert_gt(met[QUARANTINE_DENIED], 0u);
	cr_assert_gt(met[QUARANTINE_TWICE], 0u);
	cr_assert_gt(met[QUARANTINE_CLOSED], 0u);
}

/*
 * The laws of the merge on very many small cases: a base and three changes to
 * one record, which saw each other or did not.
 *
 *   commutative   every order that causality allows gives the same bytes
 *   associative   also if the state is written and read between any two
 *   idempotent    and if any of them comes again, at any time
 *   resolved      what somebody settled who had seen all of it stays settled
 *
 * KERWEN_TRIPLES=N sets how many, KERWEN_SEED=N where they begin: case k of
 * seed s is case 0 of seed s + k.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/feed.h"
#include "sync/part.h"

enum {
	TRIPLES = 1000000,
	FEEDS = 4,
	BASE_MAX = 3,
	THREE = 3,
	EVENTS_MAX = BASE_MAX + THREE + 1, /* and the one who settles it */
	OPS_MAX = 2,
	STATE_MAX = 2048,
	ORDERS = 6
};

struct sight {
	uint64_t seq[FEEDS];
};

struct event {
	struct dot dot;
	struct sight applied; /* by the author's node: these come before it */
	struct sight context; /* what the author saw of it */
	struct change change;
	struct op ops[OPS_MAX];
};

struct triple {
	struct event events[EVENTS_MAX];
	uint32_t base;  /* the first events, applied everywhere */
	uint32_t count; /* with the three */
};

struct counts {
	uint64_t orders, applications, settled;
};

static uint8_t memory[1 << 18];

static uint32_t draw(uint64_t *chance, uint32_t below)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return (uint32_t)((*chance >> 33) % below);
}

static bool covers(void *ctx, struct dot d)
{
	const struct sight *s = ctx;
	uint32_t i = feed_office(d.feed);

	return i < FEEDS && d.seq <= s->seq[i];
}

static void widen(struct sight *s, const struct sight *other)
{
	uint32_t i;

	for (i = 0; i < FEEDS; i++) {
		s->seq[i] = s->seq[i] > other->seq[i] ? s->seq[i] : other->seq[i];
	}
}

static void draw_change(uint64_t *chance, struct event *e)
{
	static const char *const texts[] = { "a", "b", "" };
	static const char *const counts[] = { "\x02", "\x05", "\x01" };
	uint32_t i;

	memset(&e->change, 0, sizeof(e->change));
	e->change.life = (enum life)draw(chance, 3);
	e->change.ops = e->ops;
	e->change.ops_count = draw(chance, OPS_MAX + 1);
	for (i = 0; i < e->change.ops_count; i++) {
		struct op *op = &e->ops[i];

		op->field = (uint16_t)draw(chance, 2);
		op->code = (enum op_code)draw(chance, OP_CODES);
		op->value = op->code == OP_CLEAR ? bytes_at(NULL, 0) :
			    op->code == OP_COUNT ? bytes_of(counts[draw(chance, 3)]) :
						   bytes_of(texts[draw(chance, 3)]);
	}
}

/* Each node hears of some of the others before it writes, and writes from an
 * older form now and then. */
static void make_triple(uint64_t *chance, struct triple *t)
{
	struct sight nodes[FEEDS], forms[FEEDS];
	uint32_t i;

	memset(nodes, 0, sizeof(nodes));
	memset(forms, 0, sizeof(forms));
	t->base = draw(chance, BASE_MAX + 1);
	t->count = t->base + THREE;
	for (i = 0; i < t->count; i++) {
		uint32_t who = draw(chance, FEEDS), k;
		struct event *e = &t->events[i];

		/* All that stands in the base is known to those who come after. */
		for (k = 0; i >= t->base && k < t->base; k++) {
			uint32_t of = feed_office(t->events[k].dot.feed);

			nodes[who].seq[of] = nodes[who].seq[of] > t->events[k].dot.seq ?
						     nodes[who].seq[of] :
						     t->events[k].dot.seq;
		}
		if (draw(chance, 2) == 0) {
			widen(&nodes[who], &nodes[draw(chance, FEEDS)]);
		}
		e->applied = nodes[who];
		e->context = draw(chance, 4) == 0 ? forms[who] : nodes[who];
		if (draw(chance, 3) == 0) {
			forms[who] = nodes[who];
		}
		nodes[who].seq[who] += 1 + draw(chance, 2); /* not all touch the record */
		e->dot =
			(struct dot){ feed_pack((uint16_t)who, 7, 100 - who), nodes[who].seq[who] };
		draw_change(chance, e);
	}
}

/* Somebody who has seen everything puts a value into field 0. */
static void make_settler(struct triple *t)
{
	struct event *e = &t->events[t->count];
	uint32_t i;

	memset(e, 0, sizeof(*e));
	for (i = 0; i < t->count; i++) {
		uint32_t of = feed_office(t->events[i].dot.feed);
		uint64_t seq = t->events[i].dot.seq;

		e->context.seq[of] = e->context.seq[of] > seq ? e->context.seq[of] : seq;
	}
	e->applied = e->context;
	e->dot = (struct dot){ feed_pack(0, 7, 100), e->context.seq[0] + 1 };
	e->ops[0] = (struct op){ 0, OP_PUT, bytes_of("settled") };
	e->change = (struct change){ .life = LIFE_ALIVE, .ops = e->ops, .ops_count = 1 };
}

static void apply(const struct event *e, struct part *p, struct arena *a, struct counts *n)
{
	struct seen seen = { .ctx = (void *)(uintptr_t)&e->context, .covers = covers };

	cr_assert_eq(part_apply(p, &e->change, e->dot, &seen, a), RC_OK);
	n->applications++;
}

static struct bytes encode(const struct part *p, struct arena *a)
{
	struct bytes_writer w = bytes_writer_init(arena_take(a, STATE_MAX), STATE_MAX);

	part_encode(p, &w);
	cr_assert_eq(w.rc, RC_OK);
	return bytes_written(&w);
}

static bool may_follow(const struct triple *t, uint32_t at, const bool *done)
{
	uint32_t i;

	for (i = t->base; i < t->count; i++) {
		if (!done[i] && i != at &&
		    covers((void *)(uintptr_t)&t->events[at].applied, t->events[i].dot)) {
			return false;
		}
	}
	return true;
}

/* Plays one order of the three; false if causality forbids it. */
static bool play(const struct triple *t, const uint8_t *order, uint64_t *chance, struct part *p,
		 struct arena *a, struct counts *n)
{
	bool done[EVENTS_MAX] = { false };
	uint32_t i;

	for (i = 0; i < THREE; i++) {
		uint32_t at = t->base + order[i];

		if (!may_follow(t, at, done)) {
			return false;
		}
		apply(&t->events[at], p, a, n);
		done[at] = true;
		if (draw(chance, 4) == 0) {
			uint32_t again = draw(chance, t->count);

			if (again < t->base || done[again]) {
				apply(&t->events[again], p, a, n);
			}
		}
		if (draw(chance, 4) == 0) {
			cr_assert_eq(part_decode(encode(p, a), a, p), RC_OK);
		}
	}
	n->orders++;
	return true;
}

/* After the one who saw it all, nothing of what was seen comes back. */
static void settle(struct triple *t, uint64_t *chance, struct part *p, struct arena *a,
		   struct counts *n, uint64_t seed)
{
	const struct part_field *f = NULL;
	struct bytes settled;
	uint32_t i;

	make_settler(t);
	apply(&t->events[t->count], p, a, n);
	settled = encode(p, a);
	for (i = 0; i < THREE; i++) {
		apply(&t->events[draw(chance, t->count + 1)], p, a, n);
	}
	f = part_find(p, 0, CLASS_REGISTER);
	cr_assert(f != NULL && f->items_count == 1 && p->heads_count == 1,
		  "KERWEN_SEED=%" PRIu64 ": it is not settled", seed);
	cr_assert(bytes_equal(encode(p, a), settled),
		  "KERWEN_SEED=%" PRIu64 ": it did not stay settled", seed);
	n->settled++;
}

static void try_triple(uint64_t seed, struct counts *n)
{
	static const uint8_t orders[ORDERS][THREE] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
						       { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct arena a = arena_init(memory, sizeof(memory));
	uint64_t chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	struct part base = part_init(), last = part_init();
	struct bytes state, first = bytes_at(NULL, 0);
	struct triple t;
	uint32_t i;

	make_triple(&chance, &t);
	for (i = 0; i < t.base; i++) {
		apply(&t.events[i], &base, &a, n);
	}
	state = encode(&base, &a);
	for (i = 0; i < ORDERS; i++) {
		struct part p;

		cr_assert(t.base == 0 || part_decode(state, &a, &p) == RC_OK);
		p = t.base == 0 ? part_init() : p;
		if (!play(&t, orders[i], &chance, &p, &a, n)) {
			continue;
		}
		if (first.p == NULL) {
			first = encode(&p, &a);
		}
		cr_assert(bytes_equal(first, encode(&p, &a)),
			  "KERWEN_SEED=%" PRIu64 ": order %u gives another state", seed, i);
		last = p;
	}
	settle(&t, &chance, &last, &a, n, seed);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

Test(part_triples, any_order_grouping_and_repetition_gives_the_same_bytes)
{
	uint64_t seed = setting("KERWEN_SEED", 1), count = setting("KERWEN_TRIPLES", TRIPLES), i;
	struct counts n = { 0, 0, 0 };

	for (i = 0; i < count; i++) {
		try_triple(seed + i, &n);
	}
	(void)fprintf(stderr,
		      "part triples: seed %" PRIu64 ", %" PRIu64 " triples, %" PRIu64
		      " orders, %" PRIu64 " applications, %" PRIu64 " settled\n",
		      seed, count, n.orders, n.applications, n.settled);
	cr_assert_eq(n.settled, count);
	cr_assert_gt(n.orders, 2 * count, "most triples have orders to choose from");
}

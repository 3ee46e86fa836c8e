#include "sync/part.h"

#include <criterion/criterion.h>
#include <string.h>

#include "sync/feed.h"

enum { FEEDS = 4, EVENTS = 40, STATE_MAX = 1 << 16 };

static uint8_t memory[1 << 22];

/* A small generator: the same seed gives the same histories everywhere. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed >> 33) % below);
}

/* What an author has seen: for each feed the last seq. */
struct sight {
	uint64_t seq[FEEDS];
};

struct event {
	struct dot dot;
	struct sight applied; /* by the author's node before it wrote */
	struct sight context; /* what the author saw: the disk, or an old form */
	struct change change;
	struct op ops[3];
};

struct history {
	struct event events[EVENTS];
};

static uint64_t feed_of(uint32_t i)
{
	return feed_pack((uint16_t)i, 7, 100 - i);
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

static struct bytes draw_value(uint64_t *seed, enum op_code code)
{
	static const char *const texts[] = { "a", "b", "ab", "" };
	static const char *const counts[] = { "\x02", "\x05",
					      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" };

	if (code == OP_CLEAR) {
		return bytes_at(NULL, 0);
	}
	return bytes_of(code == OP_COUNT ? counts[draw(seed, 3)] : texts[draw(seed, 4)]);
}

static void draw_change(uint64_t *seed, struct event *e)
{
	uint32_t i;

	memset(&e->change, 0, sizeof(e->change));
	e->change.life = (enum life)draw(seed, 3);
	e->change.ops = e->ops;
	e->change.ops_count = draw(seed, 4);
	for (i = 0; i < e->change.ops_count; i++) {
		e->ops[i].field = (uint16_t)draw(seed, 3);
		e->ops[i].code = (enum op_code)draw(seed, OP_CODES);
		e->ops[i].value = draw_value(seed, e->ops[i].code);
	}
}

/* Four nodes write to one record and hear of each other now and then. */
static void make_history(uint64_t *seed, struct history *h)
{
	struct sight nodes[FEEDS] = { { { 0 } } };
	struct sight forms[FEEDS] = { { { 0 } } };
	uint32_t i;

	for (i = 0; i < EVENTS; i++) {
		uint32_t who = draw(seed, FEEDS);
		struct event *e = &h->events[i];

		if (draw(seed, 2) == 0) {
			widen(&nodes[who], &nodes[draw(seed, FEEDS)]);
		}
		e->applied = nodes[who];
		e->context = draw(seed, 4) == 0 ? forms[who] : nodes[who];
		if (draw(seed, 4) == 0) {
			forms[who] = nodes[who];
		}
		nodes[who].seq[who] += 1 + draw(seed, 2); /* not all touch the record */
		e->dot.feed = feed_of(who);
		e->dot.seq = nodes[who].seq[who];
		draw_change(seed, e);
	}
}

/* Whether all that the author's node had applied was delivered before e. */
static bool is_ready(const struct history *h, const bool *done, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < EVENTS; i++) {
		if (!done[i] && covers((void *)&h->events[at].applied, h->events[i].dot)) {
			return false;
		}
	}
	return true;
}

static void deliver(const struct history *h, uint32_t at, struct part *p, struct arena *a)
{
	const struct event *e = &h->events[at];
	struct seen seen = { .ctx = (void *)&e->context, .covers = covers };

	cr_assert_eq(part_apply(p, &e->change, e->dot, &seen, a), RC_OK);
}

/* Applies a history in a random order that causality allows, with repetitions;
 * through its written form now and then, as a store does. */
static struct bytes play(uint64_t *seed, const struct history *h, struct arena *a)
{
	bool done[EVENTS] = { false };
	struct part p = part_init();
	uint32_t left = EVENTS;
	struct bytes_writer w;

	while (left > 0) {
		uint32_t at = draw(seed, EVENTS);

		if (done[at]) {
			deliver(h, at, &p, a);
		} else if (is_ready(h, done, at)) {
			deliver(h, at, &p, a);
			done[at] = true;
			left--;
		}
		if (left == 0 || draw(seed, 8) == 0) {
			w = bytes_writer_init(arena_take(a, STATE_MAX), STATE_MAX);
			part_encode(&p, &w);
			cr_assert_eq(w.rc, RC_OK);
			a->used = (size_t)(w.p + w.len - a->p);
			cr_assert_eq(part_decode(bytes_written(&w), a, &p), RC_OK);
		}
	}
	return bytes_written(&w);
}

Test(part_laws, any_causal_order_with_repetitions_gives_the_same_bytes)
{
	static struct history h;
	uint64_t seed = 20161209;
	uint32_t round, order;

	for (round = 0; round < 150; round++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct bytes first;

		make_history(&seed, &h);
		first = play(&seed, &h, &a);
		for (order = 0; order < 4; order++) {
			size_t mark = arena_mark(&a);

			cr_assert(bytes_equal(first, play(&seed, &h, &a)),
				  "round %u, order %u differs", round, order);
			arena_release(&a, mark);
		}
	}
}

Test(part_laws, encode_gives_what_decode_took)
{
	static struct history h;
	static uint8_t again[STATE_MAX];
	uint64_t seed = 3;
	uint32_t round;

	for (round = 0; round < 100; round++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct bytes_writer w = bytes_writer_init(again, sizeof(again));
		struct bytes state;
		struct part p;

		make_history(&seed, &h);
		state = play(&seed, &h, &a);
		cr_assert_eq(part_decode(state, &a, &p), RC_OK);
		part_encode(&p, &w);
		cr_assert(bytes_equal(bytes_written(&w), state));
	}
}

/* What decodes must be safe to change and to write again. */
static void try_bytes(struct bytes b, struct arena *a)
{
	static uint8_t out[2 * STATE_MAX];
	struct bytes_writer w = bytes_writer_init(out, sizeof(out));
	struct op ops[] = { { 1, OP_PUT, bytes_of("x") },
			    { 1, OP_SET_ADD, bytes_of("a") },
			    { 1, OP_SET_REMOVE, bytes_of("b") },
			    { 2, OP_COUNT, bytes_of("\x02") } };
	struct change c = { .life = LIFE_ALIVE, .ops = ops, .ops_count = 4 };
	struct sight nothing = { { 0 } };
	struct seen seen = { .ctx = &nothing, .covers = covers };
	struct dot e = { feed_of(1), UINT64_MAX };
	struct part p;

	if (part_decode(b, a, &p) != RC_OK) {
		return;
	}
	cr_assert(part_apply(&p, &c, e, &seen, a) == RC_OK);
	part_encode(&p, &w);
	cr_assert_eq(w.rc, RC_OK);
	cr_assert_eq(part_decode(bytes_written(&w), a, &p), RC_OK);
}

Test(part_laws, hostile_bytes_never_crash_decode)
{
	static struct history h;
	static uint8_t bad[STATE_MAX];
	uint64_t seed = 11;
	uint32_t round, i;

	for (round = 0; round < 30; round++) {
		struct arena a = arena_init(memory, sizeof(memory));
		struct bytes state;
		size_t len;

		make_history(&seed, &h);
		state = play(&seed, &h, &a);
		for (len = 0; len < state.len; len++) {
			size_t mark = arena_mark(&a);
			struct part p;

			/* Its end may fall between two fields: that is a state. */
			(void)part_decode(bytes_at(state.p, len), &a, &p);
			arena_release(&a, mark);
		}
		for (i = 0; i < 2000; i++) {
			size_t mark = arena_mark(&a);
			uint32_t flips = 1 + draw(&seed, 3);

			memcpy(bad, state.p, state.len);
			for (; flips > 0; flips--) {
				bad[draw(&seed, (uint32_t)state.len)] = (uint8_t)draw(&seed, 256);
			}
			try_bytes(bytes_at(bad, state.len), &a);
			arena_release(&a, mark);
		}
	}
}

Test(part_laws, running_out_of_memory_is_said)
{
	static struct history h;
	uint64_t seed = 5;
	size_t max;
	uint32_t i;

	make_history(&seed, &h);
	for (max = 0; max < 4096; max += 16) {
		struct arena a = arena_init(memory, max);
		struct part p = part_init();
		enum rc rc = RC_OK;

		for (i = 0; i < EVENTS && rc == RC_OK; i++) {
			struct seen seen = { .ctx = &h.events[i].context, .covers = covers };

			rc = part_apply(&p, &h.events[i].change, h.events[i].dot, &seen, &a);
		}
		cr_assert_eq(rc, RC_NOMEM);
	}
}

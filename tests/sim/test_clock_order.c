/*
 * The order of events never depends on a clock: random histories (play.h) are
 * played twice, once with clocks that are right and once with clocks of 1970,
 * 2038, 2099 and jumps of ten years. What is stored is the same to the byte,
 * and so is all that is shown, but which of several concurrent values counts
 * as the latest.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/records.h"
#include "tests/oracle/play.h"

enum { HISTORIES = 150, SHOWN_MAX = 1 << 20 };

struct shown {
	struct bytes_writer w;
	uint32_t records;
};

/* Whether a clock has a say in what the field shows. */
static bool asks_a_clock(const struct schema_field *f)
{
	if (f->merge != MERGE_REGISTER) {
		return false;
	}
	switch (f->policy) {
	case POLICY_ASK:
	case POLICY_LATEST:
	case POLICY_CENTRE:
	case POLICY_FLOW:
		return true;
	case POLICY_FIXED:
	case POLICY_MIN:
	case POLICY_MAX:
		return false;
	}
	return true;
}

static void put_field(struct bytes_writer *w, const struct schema_field *f,
		      const struct field_view *v)
{
	uint32_t i;

	bytes_put_u8(w, v->conflict);
	bytes_put_varint(w, v->count);
	bytes_put_zigzag(w, v->sum);
	if (asks_a_clock(f)) {
		return;
	}
	bytes_put_varint(w, v->shown);
	for (i = 0; i < v->count; i++) {
		bytes_put_block(w, v->items[i]->value);
	}
}

static void put_record(struct bytes_writer *w, struct store *s, struct kv_txn *t,
		       const struct record *r)
{
	struct records_stamps stamps = { t, s->info.centre_incarnation, &s->arena };
	struct view_source source = records_source(&stamps);
	struct record_life life = view_life(r);
	uint32_t i;

	bytes_put_u8(w, (uint8_t)(life.deleted | life.conflict << 1));
	for (i = 0; i < r->parts_count; i++) {
		bytes_put_be16(w, r->parts[i].scope);
		part_encode(&r->parts[i].part, w);
	}
	for (i = 0; i < r->kind->fields_count; i++) {
		struct field_view v;

		cr_assert_eq(view_field(r, &r->kind->fields[i], &source, &s->arena, &v), RC_OK);
		put_field(w, &r->kind->fields[i], &v);
	}
}

/* Records by the order in which they were made: their ids hold the time. */
static void on_look(void *ctx, struct play *p, uint32_t node, bool is_settled)
{
	struct shown *shown = ctx;
	struct store *s = p->nodes[node].wire.store;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t i;

	(void)is_settled;
	cr_assert_eq(store_begin(s, false, &t), RC_OK);
	bytes_put_be16(&shown->w, (uint16_t)node);
	for (i = 0; i < p->records_count; i++) {
		bytes_put_be16(&shown->w, (uint16_t)i);
		if (records_get(t, s->catalog, p->records[i].kind, p->records[i].id, &s->arena,
				&r) == RC_OK) {
			put_record(&shown->w, s, t, &r);
			shown->records++;
		}
	}
	store_end(s, t);
}

static void on_commit(void *ctx, struct play *p, uint32_t node, uint64_t commit,
		      const struct draft *d, uint32_t count)
{
	(void)ctx;
	(void)p;
	(void)node;
	(void)commit;
	(void)d;
	(void)count;
}

static void play_with(struct play *p, uint64_t seed, enum play_clocks clocks, struct shown *out)
{
	struct play_listener listener = { out, on_commit, on_look, NULL };

	out->w.len = 0;
	out->records = 0;
	p->listener = &listener;
	play_begin(p, seed, clocks);
	while (play_step(p)) {
	}
	play_settle(p);
	cr_assert_eq(out->w.rc, RC_OK);
}

Test(clock_order, other_clocks_leave_the_same_bytes)
{
	static const struct play_listener nobody = { NULL, on_commit, on_look, NULL };
	static struct play p;
	struct shown right = { .w = bytes_writer_init(malloc(SHOWN_MAX), SHOWN_MAX) };
	struct shown wrong = { .w = bytes_writer_init(malloc(SHOWN_MAX), SHOWN_MAX) };
	uint64_t seed;

	play_found(&p, &nobody);
	for (seed = 1; seed <= HISTORIES; seed++) {
		play_with(&p, seed, PLAY_CLOCKS_RIGHT, &right);
		play_with(&p, seed, PLAY_CLOCKS_WRONG, &wrong);
		cr_assert_gt(right.records, 0u);
		cr_assert(bytes_equal(bytes_written(&right.w), bytes_written(&wrong.w)),
			  "the history of seed %d depends on clocks", (int)seed);
	}
	play_close(&p);
	free(right.w.p);
	free(wrong.w.p);
}

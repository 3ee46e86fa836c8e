#include "play_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/store/records.h"
#include "play_world.h"

void play_must(bool is_sound, const struct play *p, const char *what)
{
	if (!is_sound) {
		(void)fprintf(stderr, "seed %llu, step %u: %s\n", (unsigned long long)p->seed,
			      p->step, what);
		abort();
	}
}

static uint32_t draw_from(uint64_t *chance, uint32_t below)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return (uint32_t)((*chance >> 33) % below);
}

uint32_t play_draw(struct play *p, uint32_t below)
{
	return draw_from(&p->chance, below);
}

void play_say(struct play *p, const char *format, ...)
{
	char text[160];
	va_list args;

	if (p->listener->on_text != NULL) {
		va_start(args, format);
		(void)vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		p->listener->on_text(p->listener->ctx, text);
	}
}

/* --- clocks --------------------------------------------------------------------- */

static const int64_t ten_years_ms = INT64_C(315569520000);

/* A clock that is wrong is wrong in one of the known ways. */
static int64_t draw_skew(struct play *p)
{
	static const int64_t times_ms[] = { 86400000, INT64_C(2147483647000),
					    INT64_C(4070908800000) }; /* 1970, 2038, 2099 */
	uint32_t n = draw_from(&p->clock_chance, 8);

	if (n < 3) {
		return times_ms[n] - p->time_ms;
	}
	return n == 3 ? ten_years_ms :
	       n == 4 ? -ten_years_ms :
	       n == 5 ? (int64_t)draw_from(&p->clock_chance, 20000) - 10000 :
			0;
}

/* Before a node does anything it looks at its clock. */
void play_turn(void *ctx)
{
	struct play_node *n = ctx;
	struct play *p = n->play;
	int64_t now = 0;

	p->time_ms += draw_from(&p->clock_chance, 3) == 0 ? 0 : draw_from(&p->clock_chance, 60000);
	if (p->clocks == PLAY_CLOCKS_WRONG && draw_from(&p->clock_chance, 12) == 0) {
		n->skew_ms = draw_skew(p);
	}
	now = p->time_ms + n->skew_ms;
	play_world_set_time(now < 1 ? 1 : now);
}

/* --- drafts --------------------------------------------------------------------- */

/* A few values of each type, so that people often write the same. */
static struct bytes draw_value(struct play *p, const struct schema_field *f, uint8_t *buffer,
			       size_t max)
{
	static const char *const texts[] = { "a", "b", "c", "ab" };
	static const char *const codes[] = { "A", "B", "C", "D", "E" };
	struct bytes_writer w = bytes_writer_init(buffer, max);

	if (f->type == VALUE_DATE) {
		value_put_number(&w, (2016 * 16 + 1 + play_draw(p, 3)) * 32 + 9);
	} else if (f->merge == MERGE_COUNTER || f->type == VALUE_INT) {
		value_put_number(&w, (int64_t)play_draw(p, 9) - 4);
	} else {
		return bytes_of(f->type == VALUE_CODE ? codes[play_draw(p, 5)] :
							texts[play_draw(p, 4)]);
	}
	return bytes_written(&w);
}

enum { VALUE_MAX = 16 };

struct play_draft {
	struct draft draft;
	struct draft_op ops[PLAY_OPS_MAX];
	uint8_t values[PLAY_OPS_MAX][VALUE_MAX];
	uint32_t record;
};

/* Links are drawn elsewhere, and nobody types what is derived. */
static const struct schema_field *draw_field(struct play *p, const struct schema_kind *k)
{
	const struct schema_field *f = &k->fields[play_draw(p, k->fields_count)];

	while (f->type == VALUE_LINK || f->derive != DERIVE_NONE) {
		f = &k->fields[play_draw(p, k->fields_count)];
	}
	return f;
}

static struct draft_op draw_op(struct play *p, const struct schema_kind *k, uint8_t *buffer)
{
	struct draft_op op = { .field = draw_field(p, k) };

	switch (op.field->merge) {
	case MERGE_REGISTER:
		op.code = play_draw(p, 6) == 0 ? OP_CLEAR : OP_PUT;
		break;
	case MERGE_SET:
		op.code = play_draw(p, 2) == 0 ? OP_SET_ADD : OP_SET_REMOVE;
		break;
	case MERGE_COUNTER:
		op.code = OP_COUNT;
		break;
	case MERGE_LOG:
		op.code = OP_LOG;
		break;
	}
	if (op.code != OP_CLEAR) {
		op.value = draw_value(p, op.field, buffer, VALUE_MAX);
	}
	return op;
}

static bool was_home(const struct play_record *r, uint32_t node)
{
	return (r->homes >> node & 1) != 0;
}

/* Whether the field may be written by this node of this record's offices. */
static bool is_within(const struct play_record *r, uint32_t node, const struct schema_field *f)
{
	return f->reach == REACH_OFFICE ? was_home(r, node) :
	       f->reach == REACH_CENTRE ? was_home(r, node) || node == 0 :
					  true;
}

/* Fields that the node may not write are mostly left out: those drafts would
 * be refused. */
static void draw_ops(struct play *p, struct play_draft *d, uint32_t node,
		     const struct play_record *r)
{
	uint32_t i, count = play_draw(p, PLAY_OPS_MAX + 1);

	d->draft.ops = d->ops;
	for (i = 0; i < count; i++) {
		struct draft_op op = draw_op(p, d->draft.kind, d->values[d->draft.ops_count]);

		if (is_within(r, node, op.field) || play_draw(p, 40) == 0) {
			d->ops[d->draft.ops_count++] = op;
		}
	}
}

static const struct play_form *find_form(const struct play *p, uint32_t node, uint32_t record)
{
	uint32_t i;

	for (i = 0; i < p->forms_count; i++) {
		if (p->forms[i].node == node && p->forms[i].record == record) {
			return &p->forms[i];
		}
	}
	return NULL;
}

static const struct schema_kind *kind_at(struct play *p, uint32_t node, uint16_t number)
{
	return schema_kind_by_number(&p->nodes[node].wire.store->catalog->schema, number);
}

static void draft_change(struct play *p, struct play_draft *d, uint32_t node, uint32_t record)
{
	const struct play_record *r = &p->records[record];
	const struct play_form *form = find_form(p, node, record);
	uint32_t what = play_draw(p, 10);

	d->record = record;
	d->draft.id = r->id;
	d->draft.kind = kind_at(p, node, r->kind);
	d->draft.act = what == 0 ? DRAFT_DELETE : what == 1 ? DRAFT_RESTORE : DRAFT_EDIT;
	d->draft.resolves = play_draw(p, 3) == 0;
	if (form != NULL && play_draw(p, 2) == 0) {
		d->draft.has_form = true;
		d->draft.form = form->seen;
	}
	if (d->draft.act == DRAFT_EDIT) {
		draw_ops(p, d, node, r);
	}
}

/* --- who may touch what ------------------------------------------------------------ */

static uint32_t region_of(uint32_t office)
{
	return (office - 1) / 3;
}

/* Old homes, too: they write until they hear that the record has left. */
static bool may_touch(const struct play_record *r, uint32_t node)
{
	uint32_t i;

	if (node == 0 || was_home(r, node)) {
		return true;
	}
	for (i = 1; i < PLAY_NODES && r->reach == PLAY_OF_REGION; i++) {
		if (was_home(r, i) && region_of(node) == region_of(i)) {
			return true;
		}
	}
	return false;
}

static uint32_t draw_member(struct play *p)
{
	return p->members[play_draw(p, p->members_count)];
}

/* One of the members who have this record to themselves. */
static uint32_t draw_writer(struct play *p, uint32_t record)
{
	uint32_t node = draw_member(p);

	while (!may_touch(&p->records[record], node)) {
		node = draw_member(p);
	}
	return node;
}

/* --- commits --------------------------------------------------------------------- */

static void draft_new(struct play *p, struct play_draft *d, uint32_t node)
{
	static const enum play_reach reaches[] = { PLAY_OF_REGION, PLAY_OF_REGION, PLAY_OF_REGION,
						   PLAY_OF_OFFICE };
	struct play_record *r = &p->records[d->record];

	memset(r, 0, sizeof(*r));
	r->reach = reaches[play_draw(p, 4)];
	if (node == 0 && play_draw(p, 4) == 0) {
		r->reach = PLAY_OF_NATION;
	}
	r->home = r->reach == PLAY_OF_NATION ? 0 :
		  node != 0                  ? (uint16_t)node :
			      (uint16_t)p->members[1 + play_draw(p, p->members_count - 1)];
	r->homes = r->home == 0 ? 0 : 1u << r->home;
	d->draft.act = DRAFT_ADD;
	d->draft.kind = play_world_kind(p->nodes[node].wire.store, r->reach);
	d->draft.home = node == 0 ? r->home : 0;
	r->kind = d->draft.kind->number;
	draw_ops(p, d, node, r);
}

/* Writes the drafts as one commit, and says which of them wrote. */
static void write_commit(struct play *p, uint32_t node, struct play_draft *drafts, uint32_t count)
{
	struct draft wrote[PLAY_DRAFTS_MAX];
	uint32_t i, wrote_count = 0, made = 0;
	struct draft_result result;
	struct commit c;
	enum rc rc = commit_begin(&c, p->nodes[node].wire.store, bytes_of("t"), bytes_of(""));

	play_must(rc == RC_OK, p, "no commit");
	for (i = 0; i < count; i++) {
		rc = commit_add(&c, &drafts[i].draft, &result);
		play_must(rc == RC_OK || commit_is_refusal(rc), p, rc_text(rc));
		if (rc == RC_OK && drafts[i].draft.act == DRAFT_ADD) {
			p->records[drafts[i].record].id = drafts[i].draft.id;
			made++;
		}
		if (rc == RC_OK && result.outcome != DRAFT_UNCHANGED) {
			wrote[wrote_count++] = drafts[i].draft;
		}
	}
	play_must(commit_end(&c) == RC_OK, p, "a commit that cannot end");
	p->records_count += made;
	p->operations += wrote_count;
	if (wrote_count > 0) {
		p->listener->on_commit(p->listener->ctx, p, node, c.author.commit, wrote,
				       wrote_count);
	}
}

static void do_commit(struct play *p)
{
	static struct play_draft drafts[PLAY_DRAFTS_MAX];
	uint32_t i, count = play_draw(p, 3) == 0 ? 1 + play_draw(p, PLAY_DRAFTS_MAX) : 1;
	uint32_t node = 0;
	bool adds = p->records_count == 0 ||
		    (p->records_count < PLAY_RECORDS_MAX && play_draw(p, 8) == 0);

	memset(drafts, 0, sizeof(drafts));
	if (adds) {
		node = draw_member(p);
		count = 1;
		drafts[0].record = p->records_count;
		draft_new(p, &drafts[0], node);
	} else {
		uint32_t record = play_draw(p, p->records_count);

		node = draw_writer(p, record);
		draft_change(p, &drafts[0], node, record);
		for (i = 1; i < count; i++) {
			draft_change(p, &drafts[i], node, play_draw(p, p->records_count));
		}
	}
	play_turn(&p->nodes[node]);
	play_say(p, "node %u writes %u drafts", node, count);
	write_commit(p, node, drafts, count);
}

/* One side of a link, or of what is known to be none. */
static void draft_link(struct play *p, struct play_draft *d, uint32_t node, uint32_t record,
		       uint32_t other, const struct draft_op *op)
{
	draft_change(p, d, node, record);
	d->draft.act = DRAFT_EDIT;
	d->ops[0] = *op;
	d->ops[0].value = bytes_at(p->records[other].id.b, UUID_LEN);
	d->draft.ops = d->ops;
	d->draft.ops_count = 1;
}

/* Links two records in one commit, or unlinks them; now and then one side is
 * forgotten. */
static void do_link(struct play *p)
{
	static struct play_draft drafts[2];
	uint32_t a = play_draw(p, p->records_count), b = play_draw(p, p->records_count);
	uint32_t node = draw_writer(p, a), sides = play_draw(p, 8) == 0 ? 1 : 2;
	const struct schema_kind *k = kind_at(p, node, p->records[a].kind);
	struct draft_op op = { .code = play_draw(p, 4) == 0 ? OP_SET_REMOVE : OP_SET_ADD };

	if (a == b || p->records[b].kind != k->number || schema_doubles_same(k) == NULL) {
		return;
	}
	op.field = play_draw(p, 5) == 0 ? schema_doubles_different(k) : schema_doubles_same(k);
	memset(drafts, 0, sizeof(drafts));
	draft_link(p, &drafts[0], node, a, b, &op);
	draft_link(p, &drafts[1], node, b, a, &op);
	play_turn(&p->nodes[node]);
	play_say(p, "node %u links records %u and %u", node, a, b);
	write_commit(p, node, drafts, sides);
}

/* --- forms, wires, looks ------------------------------------------------------------ */

/* Opens a form: remembers the version of a record, as a page would. */
static void do_open(struct play *p)
{
	uint32_t record = play_draw(p, p->records_count), node = draw_writer(p, record);
	uint32_t place = p->forms_count < PLAY_FORMS_MAX ? p->forms_count :
							   play_draw(p, PLAY_FORMS_MAX);
	struct play_form *form = &p->forms[place];
	struct store *s = p->nodes[node].wire.store;
	struct kv_txn *t = NULL;
	struct record r;

	play_must(store_begin(s, false, &t) == RC_OK, p, "no transaction");
	if (records_get(t, s->catalog, p->records[record].kind, p->records[record].id, &s->arena,
			&r) == RC_OK) {
		play_say(p, "node %u opens a form of record %u", node, record);
		form->node = node;
		form->record = record;
		form->seen = (struct vv){ form->dots, 0, PLAY_FORM_DOTS_MAX };
		play_must(view_version(&r, &form->seen) == RC_OK, p, "a version too long");
		p->forms_count += place == p->forms_count;
	}
	store_end(s, t);
}

void play_sync_office(struct play *p, uint32_t node, int64_t cut_after)
{
	int64_t left = cut_after;
	enum rc rc = RC_OK;

	play_say(p, "node %u syncs, the wire holds for %d frames", node, (int)cut_after);
	rc = wire_sync(&p->nodes[node].wire, &p->nodes[0].wire, &left);
	play_must(rc == RC_OK || (cut_after >= 0 && rc == RC_CLOSED), p, rc_text(rc));
	p->operations++;
}

static void do_sync(struct play *p)
{
	uint32_t node = p->members[1 + play_draw(p, p->members_count - 1)];

	play_sync_office(p, node, play_draw(p, 3) == 0 ? (int64_t)play_draw(p, 9) : -1);
}

bool play_step(struct play *p)
{
	uint32_t what = play_draw(p, p->has_moves ? 30 : p->has_links ? 22 : 20);

	if (p->step == p->steps) {
		return false;
	}
	p->step++;
	if (what < 10 || p->records_count == 0) {
		do_commit(p);
	} else if (what < 13) {
		do_open(p);
	} else if (what < 19) {
		do_sync(p);
	} else if (what > 21) {
		play_move(p);
	} else if (what > 19) {
		do_link(p);
	} else {
		p->listener->on_look(p->listener->ctx, p, draw_member(p), false);
	}
	return true;
}

void play_settle(struct play *p)
{
	uint32_t i, round;

	for (round = 0; round < 2; round++) {
		for (i = 1; i < p->members_count; i++) {
			play_sync_office(p, p->members[i], -1);
		}
	}
	for (i = 0; i < p->members_count; i++) {
		p->listener->on_look(p->listener->ctx, p, p->members[i], true);
	}
}

/* --- beginning ------------------------------------------------------------------- */

/* 2 to 8 offices: of one region, or of several. */
static void draw_members(struct play *p)
{
	uint32_t wanted = 2 + (play_draw(p, 3) == 0 ? play_draw(p, 7) : play_draw(p, 2));
	uint32_t first = 1 + play_draw(p, PLAY_OFFICES), i;

	p->members_count = 1;
	p->members[0] = 0;
	for (i = 0; i < wanted; i++) {
		p->members[p->members_count++] = 1 + (first - 1 + i) % PLAY_OFFICES;
	}
}

void play_begin(struct play *p, uint64_t seed, enum play_clocks clocks)
{
	uint32_t i;

	p->seed = seed;
	p->chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	p->clock_chance = seed * UINT64_C(0xd6e8feb86659fd93) + 1 + clocks;
	p->clocks = clocks;
	p->step = p->records_count = p->forms_count = 0;
	p->operations = 0;
	p->time_ms = INT64_C(1790000000000);
	p->steps = PLAY_STEPS_MIN + play_draw(p, PLAY_STEPS_MAX - PLAY_STEPS_MIN + 1);
	p->steps += p->has_moves ? p->steps / 2 : 0; /* moves take a few of them */
	draw_members(p);
	play_world_reset(p, seed);
	for (i = 0; i < PLAY_NODES; i++) {
		p->nodes[i].skew_ms = clocks == PLAY_CLOCKS_WRONG ? draw_skew(p) : 0;
		p->nodes[i].wire.on_turn = play_turn;
		p->nodes[i].wire.ctx = &p->nodes[i];
	}
}

void play_found(struct play *p, const struct play_listener *listener)
{
	memset(p, 0, sizeof(*p));
	p->listener = listener;
	play_world_found(p);
}

void play_close(struct play *p)
{
	play_world_close(p);
}

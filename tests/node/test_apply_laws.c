/*
 * The law of the merge, on real stores: whatever three offices of one region
 * and their centre do, in whatever order it arrives and however often the wire
 * breaks, in the end all hold the same bytes, and at any moment the derived
 * tables of each are what a recount makes of its records.
 *
 * Histories are drawn. A failure names its seed: KERWEN_SEED=N runs that one
 * alone, KERWEN_STEPS=N sets how long a history is, KERWEN_HISTORIES=N how
 * many there are.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "node/store/cells.h"
#include "node/store/derive.h"
#include "node/store/records.h"
#include "node/store/verify.h"
#include "poison.h"
#include "sync/feed.h"

enum {
	OFFICES = 3,
	NODES = OFFICES + 1,
	RECORDS_MAX = 6, /* few, so that they are touched often */
	FORMS_MAX = 16,
	FORM_DOTS_MAX = 64,
	DRAFTS_MAX = 4,
	OPS_MAX = 4,
	VALUE_MAX = 12000
};

/* What somebody opened and has not saved yet. */
struct form {
	uint32_t node, record;
	struct dot dots[FORM_DOTS_MAX];
	struct vv seen;
};

struct world {
	struct fixture f;
	struct fixture_node *nodes[NODES]; /* 0: the centre */
	struct uuid ids[RECORDS_MAX];
	uint32_t ids_count;
	struct form forms[FORMS_MAX];
	uint32_t forms_count;
	bool has_poison;
	uint64_t seed; /* as printed */
	uint32_t step;
	char doing[96];
};

/* The world of the stores has no context of its own. */
static uint64_t chance, id_chance;
static int64_t clock_ms;

static uint32_t draw(uint32_t below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)((chance >> 33) % below);
}

static void draw_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	for (; len > 0; len--) {
		id_chance = id_chance * UINT64_C(6364136223846793005) + 1442695040888963407;
		*p++ = (uint8_t)(id_chance >> 56);
	}
}

static int64_t now_ms(void)
{
	return clock_ms;
}

static const struct store_world drawn_world = {
	.crypto = &crypto_sodium,
	.random = draw_bytes,
	.now_ms = now_ms,
};

static void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct world *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(w->doing, sizeof(w->doing), format, args);
	va_end(args);
	if (getenv("KERWEN_SEED") != NULL) {
		(void)fprintf(stderr, "step %u: %s\n", w->step, w->doing);
	}
}

/* --- looking ----------------------------------------------------------------- */

static void hash_table(struct kv_txn *t, enum kv_table table, uint8_t out[HASH_LEN])
{
	struct kv_cursor *c = kv_cursor_open(t, table);
	struct bytes k, v;
	enum rc rc = RC_OK;

	memset(out, 0, HASH_LEN);
	for (rc = kv_cursor_seek(c, bytes_at("\0", 1), &k, &v); rc == RC_OK;
	     rc = kv_cursor_next(c, &k, &v)) {
		struct bytes pieces[3] = { bytes_at(out, HASH_LEN), k, v };

		crypto_sodium.hash(out, pieces, 3);
	}
	kv_cursor_close(c);
}

/* The derived tables as they are and as a recount makes them. */
static void assert_derived(struct world *w, uint32_t node)
{
	static const struct {
		enum kv_table table;
		const char *name;
	} derived[] = { { KV_FIGURE, "figures" },
			{ KV_CONFLICT, "conflicts" },
			{ KV_UNIQUE, "unique keys" } };
	uint8_t before[3][HASH_LEN], after[HASH_LEN];
	struct work work;
	uint32_t i;

	cr_assert_eq(work_begin(w->nodes[node]->store, &work), RC_OK);
	for (i = 0; i < 3; i++) {
		hash_table(work.txn, derived[i].table, before[i]);
	}
	cr_assert_eq(derive_rebuild(&work), RC_OK);
	for (i = 0; i < 3; i++) {
		hash_table(work.txn, derived[i].table, after);
		cr_assert_arr_eq(before[i], after, HASH_LEN,
				 "KERWEN_SEED=%" PRIu64 " step %u, %s: the %s of node %u are not "
				 "those of its records",
				 w->seed, w->step, w->doing, derived[i].name, node);
	}
	work_abort(&work);
}

static enum rc hash_cell(void *ctx, struct bytes cell, int64_t amount)
{
	struct bytes pieces[3] = { bytes_at(ctx, HASH_LEN), cell,
				   bytes_at(&amount, sizeof(amount)) };

	crypto_sodium.hash(ctx, pieces, 3);
	return RC_OK;
}

static void hash_figure(struct fixture_node *n, const char *figure, uint8_t out[HASH_LEN])
{
	const struct schema_figure *f = NULL;
	struct kv_txn *t = NULL;

	memset(out, 0, HASH_LEN);
	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	f = schema_figure_by_name(&n->store->catalog->schema, bytes_of(figure));
	cr_assert_eq(cells_walk(t, f->number, 0, out, hash_cell), RC_OK);
	store_end(n->store, t);
}

static void on_problem(void *ctx, const char *text)
{
	(void)snprintf(ctx, 256, "%s", text);
}

/* States follow from entries, by the other road of verify. */
static void assert_verified(struct world *w, uint32_t node)
{
	char text[256] = "";
	struct verify_options options = { .ctx = text, .on_problem = on_problem };
	struct verify *v = NULL;

	cr_assert_eq(verify_run(w->nodes[node]->store, &options, &v), RC_OK);
	cr_assert_eq(verify_result(v)->problems, 0u, "KERWEN_SEED=%" PRIu64 " step %u, node %u: %s",
		     w->seed, w->step, node, text);
	verify_free(v);
}

static void assert_same_scope(struct world *w, uint32_t node, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(w->nodes[0], scope, x);
	fixture_digest(w->nodes[node], scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN, "KERWEN_SEED=%" PRIu64 ": node %u differs in scope %u",
			 w->seed, node, scope);
}

static void hash_quarantine(struct fixture_node *n, uint8_t out[2][HASH_LEN])
{
	struct kv_txn *t = NULL;

	cr_assert_eq(store_begin(n->store, false, &t), RC_OK);
	hash_table(t, KV_QUARANTINE, out[0]);
	hash_table(t, KV_ACCEPT, out[1]);
	store_end(n->store, t);
}

/* All poison is in the region, which all nodes share. */
static void assert_same_quarantine(struct world *w)
{
	uint8_t x[2][HASH_LEN], y[2][HASH_LEN];
	uint32_t node;

	hash_quarantine(w->nodes[0], x);
	for (node = 1; node < NODES; node++) {
		hash_quarantine(w->nodes[node], y);
		cr_assert_arr_eq(x, y, sizeof(x),
				 "KERWEN_SEED=%" PRIu64 ": the quarantine of node %u differs",
				 w->seed, node);
	}
}

static void assert_same(struct world *w)
{
	static const char *const figures[] = { "people", "sizes", "marks" };
	uint32_t node, i;

	for (node = 1; node < NODES; node++) {
		const struct office_info *o =
			catalog_office(w->nodes[0]->store->catalog, (uint16_t)node);

		assert_same_scope(w, node, 0);
		assert_same_scope(w, node, o->scope_centre);
		assert_same_scope(w, node, o->scope_region);
		for (i = 0; i < 3; i++) {
			uint8_t x[HASH_LEN], y[HASH_LEN];

			hash_figure(w->nodes[0], figures[i], x);
			hash_figure(w->nodes[node], figures[i], y);
			cr_assert_arr_eq(x, y, HASH_LEN,
					 "KERWEN_SEED=%" PRIu64 ": %s of node %u differ", w->seed,
					 figures[i], node);
		}
	}
}

/* --- doing ------------------------------------------------------------------- */

/* Clocks differ, stand still, run on and jump back. */
static void move_clock(uint32_t node)
{
	static const int64_t skew[NODES] = { 0, -3000, 0, 4000 };
	static int64_t base = INT64_C(1789999999000);

	if (draw(3) > 0) {
		base += draw(1500);
	}
	clock_ms = base + skew[node] - (draw(8) == 0 ? draw(5000) : 0);
}

static struct bytes draw_value(const struct schema_field *f, uint8_t *buffer)
{
	static const char *const texts[] = { "a", "b", "c", "ab" };
	static const char *const codes[] = { "A", "B", "C", "D" };
	static const char *const dates[] = { "1985-03-07", "2001-12-31" };
	struct bytes_writer w = bytes_writer_init(buffer, VALUE_MAX);

	if (f->merge == MERGE_COUNTER || f->type == VALUE_INT) {
		value_put_number(&w, (int64_t)draw(9) - 4);
	} else if (f->type == VALUE_DATE) {
		cr_assert_eq(value_parse(f->type, 0, bytes_of(dates[draw(2)]), &w), RC_OK);
	} else if (f->merge == MERGE_LOG && draw(6) == 0) {
		memset(buffer, 'x', VALUE_MAX); /* so that a commit is several entries */
		return bytes_at(buffer, VALUE_MAX);
	} else {
		return bytes_of(f->type == VALUE_CODE ? codes[draw(4)] : texts[draw(4)]);
	}
	return bytes_written(&w);
}

static struct draft_op draw_op(const struct schema_kind *k, uint8_t *buffer)
{
	struct draft_op op = { .field = &k->fields[draw(k->fields_count)] };

	switch (op.field->merge) {
	case MERGE_REGISTER:
		op.code = draw(5) == 0 ? OP_CLEAR : OP_PUT;
		break;
	case MERGE_SET:
		op.code = draw(2) == 0 ? OP_SET_ADD : OP_SET_REMOVE;
		break;
	case MERGE_COUNTER:
		op.code = OP_COUNT;
		break;
	case MERGE_LOG:
		op.code = OP_LOG;
		break;
	}
	op.value = op.code == OP_CLEAR ? bytes_at(NULL, 0) : draw_value(op.field, buffer);
	return op;
}

/* Opens a form: remembers the version of a record, as a page would. */
static void open_form(struct world *w, uint32_t node)
{
	struct form *form =
		&w->forms[w->forms_count < FORMS_MAX ? w->forms_count : draw(FORMS_MAX)];
	struct store *s = w->nodes[node]->store;
	struct kv_txn *t = NULL;
	struct record r;
	uint32_t record = draw(w->ids_count);

	cr_assert_eq(store_begin(s, false, &t), RC_OK);
	if (records_get(t, s->catalog,
			schema_kind_by_name(&s->catalog->schema, bytes_of("person"))->number,
			w->ids[record], &s->arena, &r) == RC_OK) {
		form->node = node;
		form->record = record;
		form->seen = (struct vv){ form->dots, 0, FORM_DOTS_MAX };
		cr_assert_eq(view_version(&r, &form->seen), RC_OK);
		w->forms_count += w->forms_count < FORMS_MAX;
	}
	store_end(s, t);
}

static const struct form *find_form(const struct world *w, uint32_t node, uint32_t record)
{
	uint32_t i;

	for (i = 0; i < w->forms_count; i++) {
		if (w->forms[i].node == node && w->forms[i].record == record) {
			return &w->forms[i];
		}
	}
	return NULL;
}

static enum draft_act draw_act(const struct world *w)
{
	uint32_t n = draw(12);

	if (w->ids_count < 4 || (n == 0 && w->ids_count < RECORDS_MAX)) {
		return DRAFT_ADD;
	}
	return n == 1 ? DRAFT_DELETE : n == 2 ? DRAFT_RESTORE : DRAFT_EDIT;
}

/* One draft of a commit. New records are noted once the commit is durable. */
static enum rc add_draft(struct world *w, struct commit *c, uint32_t node, struct uuid *made,
			 uint32_t *made_count)
{
	static uint8_t values[OPS_MAX][VALUE_MAX];
	const struct schema_kind *k =
		schema_kind_by_name(&w->nodes[node]->store->catalog->schema, bytes_of("person"));
	uint32_t i, record = w->ids_count == 0 ? 0 : draw(w->ids_count);
	const struct form *form = find_form(w, node, record);
	struct draft_op ops[OPS_MAX];
	struct draft d = { .act = draw_act(w), .kind = k, .ops = ops };
	struct draft_result result;
	enum rc rc = RC_OK;

	d.resolves = draw(3) == 0;
	if (d.act == DRAFT_ADD && w->ids_count + *made_count == RECORDS_MAX) {
		return RC_OK;
	}
	if (d.act == DRAFT_ADD) {
		d.home = node == 0 ? (uint16_t)(1 + draw(OFFICES)) : 0;
	} else {
		d.id = w->ids[record];
	}
	if (form != NULL && d.act != DRAFT_ADD && draw(2) == 0) {
		d.has_form = true;
		d.form = form->seen;
	}
	d.ops_count = d.act == DRAFT_ADD || d.act == DRAFT_EDIT ? draw(OPS_MAX + 1) : 0;
	for (i = 0; i < d.ops_count; i++) {
		ops[i] = draw_op(k, values[i]);
	}
	rc = commit_add(c, &d, &result);
	if (rc == RC_OK && d.act == DRAFT_ADD) {
		made[(*made_count)++] = d.id;
	}
	return commit_is_refusal(rc) && c->work->rc == RC_OK ? RC_OK : rc;
}

static void write_commit(struct world *w, uint32_t node)
{
	struct uuid made[DRAFTS_MAX];
	uint32_t i, made_count = 0, count = 1 + draw(draw(3) == 0 ? DRAFTS_MAX : 1);
	struct commit c;

	say(w, "node %u commits %u drafts", node, count);
	cr_assert_eq(commit_begin(&c, w->nodes[node]->store, bytes_of("t"), bytes_of("")), RC_OK);
	for (i = 0; i < count; i++) {
		enum rc rc = add_draft(w, &c, node, made, &made_count);

		cr_assert_eq(rc, RC_OK, "KERWEN_SEED=%" PRIu64 " step %u: %s", w->seed, w->step,
			     rc_text(rc));
	}
	if (draw(15) == 0) {
		commit_abort(&c);
		return;
	}
	cr_assert_eq(commit_end(&c), RC_OK);
	for (i = 0; i < made_count; i++) {
		w->ids[w->ids_count++] = made[i];
	}
}

static void exchange(struct world *w, uint32_t node, int64_t cut_after)
{
	enum rc rc = RC_OK;

	say(w, "node %u syncs, the wire holds for %d frames", node, (int)cut_after);
	w->f.cut_after = cut_after;
	rc = fixture_sync(&w->f, w->nodes[node]);
	w->f.cut_after = -1;
	cr_assert(rc == RC_OK || cut_after >= 0, "KERWEN_SEED=%" PRIu64 " step %u: sync: %s",
		  w->seed, w->step, rc_text(rc));
}

/* An office writes what it may not; nobody knows that yet. */
static void write_poison(struct world *w, uint32_t node)
{
	static uint8_t value[VALUE_MAX];
	const struct schema_kind *k =
		schema_kind_by_name(&w->nodes[node]->store->catalog->schema, bytes_of("person"));
	struct draft_op op;

	do {
		op = draw_op(k, value);
	} while (op.field->reach != REACH_REGION);
	say(w, "node %u writes poison", node);
	(void)poison_write(w->nodes[node], w->ids[draw(w->ids_count)],
			   (struct op){ op.field->number, op.code, op.value });
}

/* The centre accepts or discards something; twice is no harm. */
static void rule(struct world *w)
{
	struct quarantine q;
	bool accept = draw(3) > 0;

	if (poison_find(w->nodes[0], draw(8), &q)) {
		say(w, "the centre %s %u:%u", accept ? "accepts" : "discards",
		    feed_office(q.dot.feed), (unsigned)q.dot.seq);
		(void)poison_rule(w->nodes[0], q.dot, q.place, accept);
	}
}

static void step(struct world *w)
{
	uint32_t node = draw(NODES), what = draw(w->has_poison ? 13 : 10);

	move_clock(node);
	if (what > 10 && w->ids_count > 0) {
		rule(w);
		node = 0;
	} else if (what == 10 && w->ids_count > 0 && node > 0) {
		write_poison(w, node);
	} else if (what < 5 || w->ids_count == 0) {
		write_commit(w, node);
	} else if (what < 7) {
		say(w, "node %u opens a form", node);
		open_form(w, node);
	} else if (node > 0) {
		exchange(w, node, draw(3) == 0 ? (int64_t)draw(9) : -1);
		assert_derived(w, 0);
	}
	assert_derived(w, node);
}

static void begin(struct world *w, uint64_t seed)
{
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	id_chance = seed;
	fixture_init(&w->f);
	w->nodes[0] = &w->f.centre;
	for (i = 1; i < NODES; i++) {
		w->nodes[i] = fixture_office(&w->f,
					     i == 1 ? "Mary" :
					     i == 2 ? "Murgap" :
						      "Merw",
					     (uint16_t)i, "TM-M");
		/* Nothing is written yet: the feeds get the names of the seed. */
		w->nodes[i]->store->info.incarnation = (uint32_t)seed + 10 - i;
		w->nodes[i]->store->world = &drawn_world;
	}
	w->f.centre.store->world = &drawn_world;
}

static void live(uint64_t seed, uint32_t steps, bool has_poison)
{
	static struct world w;
	uint32_t node, round;

	begin(&w, seed);
	w.has_poison = has_poison;
	for (node = 1; has_poison && node < NODES; node++) {
		exchange(&w, node, -1); /* it knows the others, whose home poison claims */
	}
	for (w.step = 0; w.step < steps; w.step++) {
		step(&w);
	}
	for (round = 0; round < 2; round++) {
		for (node = 1; node < NODES; node++) {
			exchange(&w, node, -1);
		}
	}
	for (node = 0; node < NODES; node++) {
		assert_derived(&w, node);
		assert_verified(&w, node);
	}
	assert_same(&w);
	assert_same_quarantine(&w);
	fixture_fini(&w.f);
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

static void live_all(bool has_poison)
{
	uint32_t seed = setting("KERWEN_SEED", 0), steps = setting("KERWEN_STEPS", 120);
	uint32_t i, count = setting("KERWEN_HISTORIES", 16);

	if (seed != 0) {
		live(seed, steps, has_poison);
		return;
	}
	for (i = 1; i <= count; i++) {
		live(i, steps, has_poison);
	}
}

Test(apply_laws, all_nodes_end_with_the_same_bytes_and_figures_equal_a_recount)
{
	live_all(false);
}

/* P14: and so they do when offices write what they may not, and the centre
 * accepts or discards it at any time. */
Test(apply_laws, poison_and_what_the_centre_makes_of_it_leave_all_nodes_equal)
{
	live_all(true);
}

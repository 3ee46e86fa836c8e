/*
 * Figures, counted again from the records and compared cell by cell.
 *
 * That takes one state of both. As long as nobody writes, reading transactions
 * that follow each other have one; else it is counted beside what others write, in
 * short writing transactions (counting.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/base/mem.h"
#include "node/store/cells.h"
#include "node/store/counting.h"
#include "node/store/doubles.h"
#include "node/store/verify_run.h"

enum { CELLS_BYTES = 1 << 30, TRIES = 5 }; /* address space for all cells */

struct cell {
	struct bytes key; /* figure 2, part 2, cell */
	int64_t amount;   /* that it should say */
	int64_t stored;
	UT_hash_handle hh;
};

struct count {
	struct verify *v;
	struct cell *cells;
	struct arena arena;
	const struct counter *counter; /* the one compared */
	struct counting place;         /* token 0: nobody writes meanwhile */
};

/* The whole key of a cell. p NULL: no memory. */
static struct bytes name_cell(struct count *c, const struct counter *counter, struct bytes key)
{
	struct bytes_writer w = bytes_writer_init(arena_take(&c->arena, key.len + 4), key.len + 4);

	if (w.p == NULL) {
		return bytes_at(NULL, 0);
	}
	bytes_put_be16(&w, counter->figure);
	bytes_put_be16(&w, counter->part);
	bytes_put(&w, key.p, key.len);
	return bytes_written(&w);
}

/* The cell of a name, made if need be: the name must live as long as the count,
 * and is given back if the cell is there. NULL: no memory. */
static struct cell *take_cell(struct count *c, struct bytes name, size_t mark)
{
	struct cell *cell = NULL;

	if (name.p == NULL) {
		return NULL;
	}
	HASH_FIND(hh, c->cells, name.p, name.len, cell);
	if (cell != NULL) {
		arena_release(&c->arena, mark);
		return cell;
	}
	cell = arena_take_zeroed(&c->arena, 1, sizeof(*cell));
	if (cell != NULL) {
		cell->key = name;
		HASH_ADD_KEYPTR(hh, c->cells, cell->key.p, cell->key.len, cell);
	}
	return cell;
}

static enum rc on_count(void *ctx, const struct counter *counter, struct bytes key, int64_t amount)
{
	struct count *c = ctx;
	size_t mark = arena_mark(&c->arena);
	struct cell *cell = take_cell(c, name_cell(c, counter, key), mark);

	if (cell != NULL) {
		cell->amount = value_add(cell->amount, amount);
	}
	return cell == NULL ? RC_NOMEM : RC_OK;
}

static enum rc on_beside(void *ctx, struct bytes name, int64_t amount)
{
	struct count *c = ctx;
	size_t mark = arena_mark(&c->arena);
	struct cell *cell = take_cell(c, arena_copy(&c->arena, name), mark);

	if (cell != NULL) {
		cell->amount = value_add(cell->amount, amount);
	}
	return cell == NULL ? RC_NOMEM : RC_OK;
}

static struct bytes name_office(void *ctx, uint16_t office)
{
	const char *name = catalog_office_name(ctx, office);

	return bytes_of(name == NULL ? "" : name);
}

/* A group counts once. */
static bool is_counted(struct verify *v, const struct record *r, enum rc *rc)
{
	struct doubles_store s = { v->txn, v->store->catalog };
	struct doubles_source source = doubles_stored(&s);
	bool counted = false;

	*rc = doubles_is_counted(&source, r, &v->arena, &counted);
	return counted;
}

static enum rc count_record(void *ctx, const struct record *r)
{
	struct count *c = ctx;
	struct verify *v = c->v;
	const struct counters *all = &v->store->catalog->counters;
	struct records_stamps stamps = { v->txn, v->store->info.centre_incarnation, &v->arena };
	struct view_source source = records_source(&stamps);
	struct figure_sink sink = { .ctx = c, .add = on_count };
	enum rc rc = RC_OK;
	uint32_t i;

	if (!is_counted(v, r, &rc)) {
		return rc;
	}
	for (i = 0; i < all->count && rc == RC_OK; i++) {
		if (all->items[i].kind->number != r->kind_number) {
			continue;
		}
		rc = figure_add(&all->items[i], r, &source, name_office, v->store->catalog, 1,
				&v->arena, &sink);
		rc = rc == RC_LIMIT ? RC_OK : rc; /* as work.c: too many cells are none */
	}
	return rc;
}

/* How far the count has come becomes known with the end of the transaction. */
static enum rc before_renewal(void *ctx, uint16_t kind, struct uuid last)
{
	struct count *c = ctx;

	if (c->place.token == 0) {
		return RC_OK;
	}
	c->place.kind = kind;
	c->place.id = last;
	c->v->dirty = true;
	return counting_put(c->v->txn, &c->place);
}

/* RC_GAP: something was written meanwhile, or the place was taken away. */
static enum rc check_place(struct count *c)
{
	struct counting now;
	enum rc rc = counting_get(c->v->txn, &now);

	if (c->place.token == 0) {
		return c->v->marked ? RC_GAP : RC_OK;
	}
	return rc == RC_OK && now.token != c->place.token ? RC_GAP : rc;
}

static enum rc on_record(void *ctx, const struct record *r)
{
	struct count *c = ctx;
	enum rc rc = c->v->fresh ? check_place(c) : RC_OK;

	c->v->fresh = false;
	return rc == RC_OK ? count_record(c, r) : rc;
}

/* The kind with the next number behind one: places go by kind, then id. */
static bool next_kind(const struct schema *s, uint32_t after, uint16_t *out)
{
	bool found = false;
	uint32_t i;

	for (i = 0; i < s->kinds_count; i++) {
		if (s->kinds[i].number > after && (!found || s->kinds[i].number < *out)) {
			*out = s->kinds[i].number;
			found = true;
		}
	}
	return found;
}

static enum rc on_stored(void *ctx, struct bytes key, int64_t amount)
{
	struct count *c = ctx;
	size_t mark = arena_mark(&c->arena);
	struct cell *cell = take_cell(c, name_cell(c, c->counter, key), mark);

	c->v->report.cells++;
	if (cell != NULL) {
		cell->stored = value_add(cell->stored, amount);
	}
	return cell == NULL ? RC_NOMEM : RC_OK;
}

static enum rc compare_cell(struct count *c, const struct cell *cell)
{
	struct bytes_reader r = bytes_reader_init(cell->key);
	uint16_t figure = bytes_get_be16(&r), part = bytes_get_be16(&r);

	if (cell->stored == cell->amount ||
	    !verify_differs(c->v,
			    "figure %u, part %u: a cell says %" PRId64 ", the records %" PRId64,
			    figure, part, cell->stored, cell->amount)) {
		return RC_OK;
	}
	verify_touch(c->v);
	return cells_add(c->v->txn, c->v->store->crypto, figure, part,
			 bytes_at(r.p, (size_t)(r.end - r.p)), cell->amount - cell->stored);
}

/* Everything in the one transaction. */
static enum rc compare(struct count *c)
{
	const struct counters *all = &c->v->store->catalog->counters;
	const struct cell *cell = NULL;
	enum rc rc = check_place(c);
	uint32_t i;

	if (rc == RC_OK && c->place.token != 0) {
		rc = counting_walk(c->v->txn, c, on_beside);
	}
	for (i = 0; i < all->count && rc == RC_OK; i++) {
		c->counter = &all->items[i];
		rc = cells_walk(c->v->txn, c->counter->figure, c->counter->part, c, on_stored);
	}
	for (cell = c->cells; cell != NULL && rc == RC_OK; cell = cell->hh.next) {
		rc = compare_cell(c, cell);
	}
	if (rc == RC_OK && c->place.token != 0) {
		c->v->dirty = true;
		rc = counting_drop(c->v->txn);
	}
	return rc;
}

static enum rc start_place(struct count *c)
{
	enum rc rc = counting_drop(c->v->txn);

	while (c->place.token == 0) {
		c->v->store->world->random(&c->place.token, sizeof(c->place.token));
	}
	c->v->dirty = true;
	return rc == RC_OK ? counting_put(c->v->txn, &c->place) : rc;
}

/* RC_GAP: what was counted does not belong together. */
static enum rc count_once(struct verify *v, bool beside)
{
	struct count c = { .v = v };
	struct verify_walker w = { &c, on_record, before_renewal };
	enum rc rc = mem_arena_open(&c.arena, CELLS_BYTES);
	uint16_t kind = 0;

	v->marked = v->fresh = false;
	if (rc == RC_OK && beside) {
		rc = start_place(&c);
	}
	while (rc == RC_OK && next_kind(&v->store->catalog->schema, kind, &kind)) {
		rc = verify_walk_records(v, kind, &w);
	}
	if (rc == RC_OK) {
		rc = compare(&c);
	}
	HASH_CLEAR(hh, c.cells);
	mem_arena_close(&c.arena);
	return rc;
}

/* --- cells of figures that there are not ------------------------------------------ */

static enum rc check_cell_key(struct verify *v, struct bytes key, struct bytes value)
{
	const struct counters *all = &v->store->catalog->counters;
	struct bytes_reader r = bytes_reader_init(key);
	uint16_t figure = bytes_get_be16(&r), part = bytes_get_be16(&r);
	struct key k = { .len = key.len };
	uint32_t i = 0;

	(void)value;
	while (i < all->count && (all->items[i].figure != figure || all->items[i].part != part)) {
		i++;
	}
	if (r.rc == RC_OK && (i < all->count || figure == 0)) {
		return RC_OK; /* 0: see counting.h */
	}
	memcpy(k.b, key.p, key.len);
	return verify_differs(v, "there is a cell of a figure that does not exist") ?
		       verify_del(v, KV_FIGURE, &k) :
		       RC_OK;
}

enum rc verify_figures(struct verify *v)
{
	bool beside = v->repairs;
	unsigned i;
	enum rc rc = RC_GAP;

	if (v->store->catalog->is_partial) {
		return RC_OK; /* told with the indexes */
	}
	for (i = 0; i < TRIES && rc == RC_GAP; i++) {
		rc = verify_restart(v, beside);
		rc = rc == RC_OK ? count_once(v, beside) : rc;
		beside = true; /* somebody writes */
	}
	if (rc == RC_GAP) {
		rc = RC_BUSY;
	}
	return rc == RC_OK ? verify_walk_table(v, KV_FIGURE, check_cell_key) : rc;
}

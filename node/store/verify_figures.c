/* Figures, counted again from the records and compared cell by cell. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/base/mem.h"
#include "node/store/cells.h"
#include "node/store/doubles.h"
#include "node/store/verify_run.h"

enum { CELLS_BYTES = 1 << 30 }; /* address space for all cells */

struct cell {
	struct bytes key; /* figure 2, part 2, cell */
	int64_t amount;
	bool seen;
	UT_hash_handle hh;
};

struct count {
	struct verify *v;
	struct cell *cells;
	struct arena arena;
	const struct counter *counter; /* the one compared */
};

static struct cell *find_cell(struct count *c, const struct counter *counter, struct bytes key,
			      bool make)
{
	size_t mark = arena_mark(&c->arena);
	struct bytes_writer w = bytes_writer_init(arena_take(&c->arena, key.len + 4), key.len + 4);
	struct cell *cell = NULL;

	if (w.p == NULL) {
		return NULL;
	}
	bytes_put_be16(&w, counter->figure);
	bytes_put_be16(&w, counter->part);
	bytes_put(&w, key.p, key.len);
	HASH_FIND(hh, c->cells, w.p, w.len, cell);
	if (cell != NULL || !make) {
		arena_release(&c->arena, mark);
		return cell;
	}
	cell = arena_take_zeroed(&c->arena, 1, sizeof(*cell));
	if (cell != NULL) {
		cell->key = bytes_written(&w);
		HASH_ADD_KEYPTR(hh, c->cells, cell->key.p, cell->key.len, cell);
	}
	return cell;
}

static enum rc on_count(void *ctx, const struct counter *counter, struct bytes key, int64_t amount)
{
	struct cell *cell = find_cell(ctx, counter, key, true);

	if (cell == NULL) {
		return RC_NOMEM;
	}
	cell->amount = value_add(cell->amount, amount);
	return RC_OK;
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

static enum rc count_record(struct count *c, const struct record *r)
{
	struct verify *v = c->v;
	const struct counters *all = &v->store->catalog->counters;
	struct records_stamps stamps = { v->txn, v->store->info.centre_incarnation, &v->arena };
	struct view_source source = records_source(&stamps);
	struct figure_sink sink = { .ctx = c, .add = on_count };
	enum rc rc = RC_OK;
	uint32_t i;

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

/* RC_GAP: something was written meanwhile. */
static enum rc count_kind(struct count *c, uint16_t kind)
{
	struct verify *v = c->v;
	struct records_walk w;
	struct record r;
	struct uuid last;
	bool begun = false;
	enum rc rc = records_walk_start(&w, v->txn, v->store->catalog, kind, NULL);

	while (rc == RC_OK) {
		size_t mark = arena_mark(&v->arena);

		rc = records_walk_next(&w, &v->arena, &r);
		if (rc == RC_OK && !(begun && uuid_equal(r.id, last)) && is_counted(v, &r, &rc)) {
			rc = count_record(c, &r);
		}
		arena_release(&v->arena, mark);
		if (rc != RC_OK) {
			break;
		}
		last = r.id;
		begun = true;
		if (!verify_is_due(v)) {
			continue;
		}
		records_walk_end(&w);
		rc = verify_renew(v);
		if (rc == RC_OK) {
			rc = v->marked ?
				     RC_GAP :
				     records_walk_start(&w, v->txn, v->store->catalog, kind, &last);
		}
	}
	records_walk_end(&w);
	return rc == RC_NOTFOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc on_stored(void *ctx, struct bytes key, int64_t amount)
{
	struct count *c = ctx;
	struct cell *cell = find_cell(c, c->counter, key, false);

	c->v->report.cells++;
	if (cell != NULL) {
		cell->seen = true;
	}
	if (cell == NULL || cell->amount != amount) {
		verify_differs(c->v,
			       "figure %u, part %u: a cell says %" PRId64 ", the records %" PRId64,
			       c->counter->figure, c->counter->part, amount,
			       cell == NULL ? (int64_t)0 : cell->amount);
	}
	return RC_OK;
}

static enum rc compare(struct count *c)
{
	const struct counters *all = &c->v->store->catalog->counters;
	const struct cell *cell = NULL;
	uint64_t before = c->v->report.cells;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < all->count && rc == RC_OK; i++) {
		c->counter = &all->items[i];
		rc = cells_walk(c->v->txn, c->counter->figure, c->counter->part, c, on_stored);
	}
	for (cell = c->cells; cell != NULL && rc == RC_OK; cell = cell->hh.next) {
		if (!cell->seen && cell->amount != 0) {
			verify_differs(c->v,
				       "figure %u: a cell is missing, the records say %" PRId64,
				       (unsigned)(cell->key.p[0] << 8 | cell->key.p[1]),
				       cell->amount);
		}
	}
	if (rc == RC_OK && c->v->report.cells - before != kv_count(c->v->txn, KV_FIGURE)) {
		verify_differs(c->v, "there are cells of figures that do not exist");
	}
	return rc;
}

enum rc verify_figures(struct verify *v)
{
	const struct schema *schema = &v->store->catalog->schema;
	struct count c = { .v = v };
	enum rc rc = mem_arena_open(&c.arena, CELLS_BYTES);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < schema->kinds_count; i++) {
		rc = count_kind(&c, schema->kinds[i].number);
	}
	if (rc == RC_OK) {
		rc = compare(&c);
	}
	HASH_CLEAR(hh, c.cells);
	mem_arena_close(&c.arena);
	return rc;
}

#include "node/store/work.h"

#include <string.h>

#include "node/base/mem.h"
#include "node/store/cells.h"
#include "node/store/claims.h"
#include "node/store/conflicts.h"
#include "node/store/derive.h"
#include "node/store/epoch.h"
#include "node/store/floor.h"
#include "node/store/notice.h"
#include "node/store/parts.h"
#include "node/store/react.h"
#include "node/store/records.h"
#include "node/store/work_priv.h"

/* The arena is emptied at so many eighths. The rest is for one more change, and for
 * what the derived tables take while everything is written. */
enum { LARGE_EIGHTHS = 3, SPILL_EIGHTHS = 5 };

struct work_cell {
	uint16_t figure, part;
	int64_t amount;
	int64_t beside;   /* of it: of records that are counted again already */
	struct bytes key; /* figure 2, part 2, cell; in the arena */
	UT_hash_handle hh;
};

enum rc work_begin(struct store *s, struct work *w)
{
	memset(w, 0, sizeof(*w));
	w->store = s;
	w->arena = &s->arena;
	w->scratch = &s->scratch;
	w->rc = store_begin(s, true, &w->txn);
	return w->rc;
}

static void forget(struct work *w)
{
	HASH_CLEAR(hh, w->records);
	HASH_CLEAR(hh, w->cells);
	w->entries = NULL;
	w->records_count = 0;
}

/* What the catalog read of a transaction that is gone must be read again. */
static void forget_catalog(struct work *w)
{
	if (w->catalog_moved || w->national_moved) {
		w->store->catalog->national_seq = UINT64_MAX;
		epoch_forget(w->store);
	}
}

void work_abort(struct work *w)
{
	life_undo(w);
	forget_catalog(w);
	forget(w);
	react_forget(w);
	store_end(w->store, w->txn);
	w->txn = NULL;
}

static enum rc fail(struct work *w, enum rc rc)
{
	if (w->rc == RC_OK) {
		w->rc = rc;
	}
	return w->rc;
}

static struct records_stamps stamps_of(struct work *w)
{
	struct records_stamps stamps = {
		.txn = w->txn,
		.centre_incarnation = w->store->info.centre_incarnation,
		.scratch = w->arena,
	};
	return stamps;
}

/* Moves a figure cell in memory. */
static enum rc add_cell(void *ctx, const struct counter *c, struct bytes key, int64_t amount)
{
	struct work *w = ctx;
	struct work_cell *cell = NULL;
	uint8_t *name = arena_take(w->arena, 4 + key.len);

	if (name == NULL) {
		return RC_NOMEM;
	}
	name[0] = (uint8_t)(c->figure >> 8);
	name[1] = (uint8_t)c->figure;
	name[2] = (uint8_t)(c->part >> 8);
	name[3] = (uint8_t)c->part;
	memcpy(name + 4, key.p, key.len);
	HASH_FIND(hh, w->cells, name, 4 + key.len, cell);
	if (cell == NULL) {
		cell = arena_take_zeroed(w->arena, 1, sizeof(*cell));
		if (cell == NULL) {
			return RC_NOMEM;
		}
		cell->figure = c->figure;
		cell->part = c->part;
		cell->key = bytes_at(name, 4 + key.len);
		HASH_ADD_KEYPTR(hh, w->cells, cell->key.p, cell->key.len, cell);
	}
	cell->amount = value_add(cell->amount, amount);
	if (w->counts_beside) {
		cell->beside = value_add(cell->beside, amount);
	}
	return RC_OK;
}

/* Whether what this record counts is to be written beside, too. */
static enum rc look_beside(struct work *w, const struct record *r)
{
	enum rc rc = RC_OK;

	if (!w->knows_counting) {
		rc = counting_get(w->txn, &w->counting);
		w->knows_counting = rc == RC_OK;
	}
	w->counts_beside = rc == RC_OK && counting_has(&w->counting, r->kind_number, r->id);
	return rc;
}

static struct bytes name_office(void *ctx, uint16_t office)
{
	const char *name = catalog_office_name(ctx, office);

	return name == NULL ? bytes_of("") : bytes_of(name);
}

enum rc work_count(struct work *w, const struct record *r, int sign)
{
	const struct counters *all = &w->store->catalog->counters;
	struct records_stamps stamps = stamps_of(w);
	struct view_source source = records_source(&stamps);
	struct figure_sink sink = { .ctx = w, .add = add_cell };
	enum rc rc = look_beside(w, r);
	uint32_t i;

	for (i = 0; i < all->count && rc == RC_OK; i++) {
		if (all->items[i].kind->number == r->kind_number) {
			rc = figure_add(&all->items[i], r, &source, name_office, w->store->catalog,
					sign, w->arena, &sink);
			/* Too many cells: what does not fit is not counted, before
			 * and after alike, and blocks nobody. */
			rc = rc == RC_LIMIT ? RC_OK : rc;
		}
	}
	return rc;
}

static enum rc find_claims(struct work *w, const struct record *r, const struct unique_known *known,
			   struct claims *out)
{
	struct records_stamps stamps = stamps_of(w);
	struct view_source source = records_source(&stamps);

	return claims_of(w->store->crypto, r, &source, known, w->arena, out);
}

/* What the derived tables say of a record before it changes. */
static enum rc remember_before(struct work *w, struct work_record *r)
{
	bool counted = false;
	enum rc rc = RC_OK;

	if (!r->existed || r->record.kind == NULL) {
		return claims_of_none(&r->record, w->arena, &r->claims);
	}
	rc = find_claims(w, &r->record, NULL, &r->claims);
	if (rc == RC_OK) {
		rc = work_groups_remember(w, r);
	}
	if (rc == RC_OK) {
		rc = work_groups_was_counted(w, r, &counted);
	}
	return rc == RC_OK && counted ? work_count(w, &r->record, -1) : rc;
}

/* Where a touched record comes from. */
enum load {
	LOAD_STORED,
	LOAD_DERIVED_ANEW, /* stored, but the derived tables hold nothing of it */
	LOAD_NEW           /* nowhere: its id was made just now */
};

static struct work_record *load_record(struct work *w, const struct record_name *name,
				       uint16_t kind, enum load load)
{
	struct work_record *r = arena_take_zeroed(w->arena, 1, sizeof(*r));
	enum rc rc = RC_NOMEM;

	if (r != NULL) {
		r->name = *name;
		records_begin(&r->record, &w->store->catalog->schema, kind, name->id);
		rc = load == LOAD_NEW ? RC_NOTFOUND :
					records_get(w->txn, w->store->catalog, kind, name->id,
						    w->arena, &r->record);
		r->existed = rc == RC_OK && load == LOAD_STORED;
		r->is_new = load == LOAD_NEW;
		r->is_derived = load == LOAD_DERIVED_ANEW; /* of a group that is, too */
		if (rc == RC_NOTFOUND) {
			rc = RC_OK;
		}
	}
	if (rc == RC_OK) {
		rc = work_follow_parts(w, r);
	}
	if (rc == RC_OK) {
		rc = remember_before(w, r);
	}
	if (rc != RC_OK) {
		(void)fail(w, rc);
		return NULL;
	}
	HASH_ADD(hh, w->records, name, sizeof(r->name), r);
	w->records_count++;
	return r;
}

static struct record_name name_of(uint16_t kind, struct uuid id)
{
	struct record_name name = { .kind = { (uint8_t)(kind >> 8), (uint8_t)kind }, .id = id };
	return name;
}

struct work_record *work_find(struct work *w, uint16_t kind, struct uuid id)
{
	struct record_name name = name_of(kind, id);
	struct work_record *r = NULL;

	HASH_FIND(hh, w->records, &name, sizeof(name), r);
	return r;
}

static struct work_record *touch_record(struct work *w, uint16_t kind, struct uuid id,
					enum load load)
{
	struct record_name name = name_of(kind, id);
	struct work_record *r = w->rc == RC_OK ? work_find(w, kind, id) : NULL;

	return r != NULL || w->rc != RC_OK ? r : load_record(w, &name, kind, load);
}

struct work_record *work_touch(struct work *w, uint16_t kind, struct uuid id)
{
	return touch_record(w, kind, id, LOAD_STORED);
}

enum rc work_derive(struct work *w, uint16_t kind, struct uuid id)
{
	struct record_name name = name_of(kind, id);

	if (w->rc == RC_OK) {
		(void)load_record(w, &name, kind, LOAD_DERIVED_ANEW);
	}
	return w->rc;
}

const struct record *work_record(struct work *w, uint16_t kind, struct uuid id)
{
	struct work_record *r = touch_record(w, kind, id, LOAD_STORED);

	return r == NULL ? NULL : &r->record;
}

const struct record *work_new_record(struct work *w, uint16_t kind, struct uuid id,
				     const struct unique_known *known)
{
	struct work_record *r = touch_record(w, kind, id, LOAD_NEW);

	if (r != NULL && known != NULL) {
		r->known = arena_take(w->arena, sizeof(*r->known));
		if (r->known == NULL) {
			(void)fail(w, RC_NOMEM);
			return NULL;
		}
		*r->known = *known;
	}
	return r == NULL ? NULL : &r->record;
}

const struct kv_room *work_room(struct work *w)
{
	if (!w->knows_room) {
		kv_room(w->txn, &w->room);
		w->knows_room = true;
	}
	return &w->room;
}

/* The vector will name e; what it named of e's feed goes to the index. */
static enum rc index_dot(struct work *w, const struct change *c, const struct part *p, struct dot e)
{
	struct dot last = { e.feed, vv_get(&p->vector, e.feed) };
	struct key k;

	if (last.seq == 0 || last.seq >= e.seq) {
		return RC_OK;
	}
	k = key_record_dot(c->kind, c->id, last);
	return kv_put(w->txn, KV_DOT, key_bytes(&k), bytes_at(NULL, 0));
}

static bool names_home(const struct change *c)
{
	uint32_t i = 0;

	while (i < c->ops_count && c->ops[i].field != FIELD_HOME) {
		i++;
	}
	return i < c->ops_count;
}

enum rc work_apply(struct work *w, const struct change *c, struct dot e, uint32_t place,
		   const struct seen *seen)
{
	struct work_record *r = touch_record(w, c->kind, c->id, LOAD_STORED);
	struct part *part = NULL;
	uint32_t i = 0, parts_count = r == NULL ? 0 : r->record.parts_count;
	enum rc rc = RC_OK;

	if (r == NULL) {
		return w->rc;
	}
	rc = work_take_part(w, r, feed_scope(e.feed), &i);
	if (rc != RC_OK) {
		return fail(w, rc);
	}
	part = &r->record.parts[i].part;
	if (vv_covers(&part->vector, e)) {
		return RC_INVALID; /* the entry names this record twice */
	}
	r->parts[i] = (struct work_part){ true, part->vector.count == 0, place };
	r->known = part->vector.count == 0 ? r->known : NULL;
	rc = index_dot(w, c, part, e);
	if (rc == RC_OK) {
		rc = part_apply(part, c, e, seen, w->arena);
	}
	if (rc == RC_OK && (r->record.parts_count > parts_count || names_home(c))) {
		records_settle(w->store->catalog, &r->record);
	}
	w->national_moved = w->national_moved ||
			    (c->kind < SCHEMA_KIND_FIRST && feed_scope(e.feed) == 0);
	if (rc == RC_OK) {
		rc = react_watch(w, &r->record, i, c, e, place, seen);
	}
	return rc == RC_OK ? RC_OK : fail(w, rc);
}

enum rc work_quarantine(struct work *w, struct dot e, uint32_t place, enum quarantine_reason why)
{
	struct quarantine q = { .dot = e, .place = place, .why = why };

	return w->rc == RC_OK ? fail(w, quarantine_put(w->txn, &q)) : w->rc;
}

struct part *work_open_part(struct work *w, uint16_t kind, struct uuid id, uint16_t scope,
			    enum rc *rc)
{
	struct work_record *r = touch_record(w, kind, id, LOAD_STORED);
	uint32_t i = 0;

	*rc = r == NULL ? w->rc : fail(w, work_take_part(w, r, scope, &i));
	if (*rc != RC_OK) {
		return NULL;
	}
	r->parts[i] = (struct work_part){ .dirty = true };
	r->known = NULL;
	w->national_moved = w->national_moved || (kind < SCHEMA_KIND_FIRST && scope == 0);
	return &r->record.parts[i].part;
}

void work_close_part(struct work *w, uint16_t kind, struct uuid id)
{
	struct work_record *r = work_find(w, kind, id);

	if (r != NULL) {
		records_settle(w->store->catalog, &r->record);
	}
}

/* New records mostly have the last ids: appended, they fill their pages. */
static enum rc put_part(struct work *w, const struct work_record *r, const struct key *k,
			struct bytes state)
{
	return r->existed ? kv_put(w->txn, KV_RECORD, key_bytes(k), state) :
			    kv_append(w->txn, KV_RECORD, key_bytes(k), state);
}

/* Where the changes of the entries at hand lie: those of a few scopes. */
struct work_entry {
	struct dot dot;
	const struct parts_place *places;
	uint32_t count;
};

enum { ENTRIES_AT_HAND = 4 };

/* Finds a change in its entry; NULL when it cannot be referred to. */
static const struct parts_place *locate(struct work *w, struct dot d, uint32_t place)
{
	struct work_entry *e = NULL;
	struct parts_place *places = NULL;
	struct feed_entry stored;
	uint32_t i;

	if (w->entries == NULL) {
		w->entries = arena_take_zeroed(w->arena, ENTRIES_AT_HAND, sizeof(*w->entries));
	}
	for (i = 0; w->entries != NULL && i < ENTRIES_AT_HAND && e == NULL; i++) {
		e = dot_equal(w->entries[i].dot, d) ? &w->entries[i] : NULL;
	}
	if (w->entries != NULL && e == NULL) {
		e = &w->entries[feed_scope(d.feed) % ENTRIES_AT_HAND];
		e->count = 0;
		e->dot = d;
		if (feeds_get_entry(w->txn, d, &stored) == RC_OK &&
		    parts_list(stored.bytes, w->arena, &places, &i) == RC_OK) {
			e->places = places;
			e->count = i;
		}
	}
	return e != NULL && place < e->count && e->places[place].len > 0 ? &e->places[place] : NULL;
}

/* A state, or a reference to the one change that made it (parts.h). */
static void encode_part(struct work *w, const struct work_record *r, uint32_t i,
			struct bytes_writer *out)
{
	const struct part *part = &r->record.parts[i].part;
	const struct parts_place *place =
		r->parts[i].fresh ? locate(w, part->vector.dots[0], r->parts[i].place) : NULL;

	*out = bytes_writer_init(w->arena->p + w->arena->used, w->arena->max - w->arena->used);
	if (place != NULL) {
		parts_put_reference(out, part->vector.dots[0], *place);
	} else {
		part_encode(part, out);
	}
}

static enum rc write_parts(struct work *w, const struct work_record *r)
{
	const struct record *rec = &r->record;
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < rec->parts_count && rc == RC_OK; i++) {
		struct key k = key_part(rec->kind_number, rec->id, rec->parts[i].scope);
		struct bytes_writer out;

		if (!r->parts[i].dirty) {
			continue;
		}
		rc = r->existed ? floor_keep(w->txn, &k, rec->parts[i].scope, w->arena) : RC_OK;
		if (rc != RC_OK) {
			return rc;
		}
		if (rec->parts[i].part.vector.count == 0) {
			rc = kv_del(w->txn, KV_RECORD, key_bytes(&k)); /* all of it was withdrawn */
			continue;
		}
		encode_part(w, r, i, &out);
		rc = out.rc == RC_OK ? put_part(w, r, &k, bytes_written(&out)) : RC_NOMEM;
	}
	return rc;
}

/* Whether one change in each scope is all there is to a record: then it is not
 * too large, and nothing stands beside it but what one change puts twice. */
static bool is_fresh(const struct work_record *r)
{
	uint32_t i = 0;

	while (i < r->record.parts_count && r->parts[i].dirty && r->parts[i].fresh) {
		i++;
	}
	return i == r->record.parts_count;
}

/* The index of unique fields, and the table of records to look at. */
static enum rc update_indexes(struct work *w, const struct work_record *r)
{
	struct records_stamps stamps = stamps_of(w);
	struct view_source source = records_source(&stamps);
	const struct record *rec = &r->record;
	uint8_t bits = 0, before = 0;
	bool moved = false, shares = false;
	struct claims now;
	/* A draft that was refused left nothing. */
	const struct unique_known *known = rec->parts_count == 0 ? NULL : r->known;
	enum rc rc = find_claims(w, rec, known, &now);

	if (rc == RC_OK) {
		rc = claims_move(w, rec, &r->claims, &now, &moved, &shares);
	}
	if (rc == RC_OK && (!is_fresh(r) || derive_is_contended(rec))) {
		rc = conflicts_judge(rec, &source, w->arena, &bits);
	}
	/* What others decide stands there already, also while a rebuild goes on;
	 * only a notice may have come before its record. */
	if (r->existed || r->is_derived) {
		before = conflicts_get(w->txn, rec->kind_number, rec->id);
	} else if (!r->is_new && !w->store->info.is_centre &&
		   notice_stands(w->store, w->txn, rec->id)) {
		bits |= CONFLICTS_NOTICED;
	}
	shares = moved ? shares : (before & CONFLICTS_SHARED) != 0;
	bits = (uint8_t)(bits | (shares ? CONFLICTS_SHARED : 0) | (before & CONFLICTS_NOTICED));
	if (rc == RC_OK && bits != before) {
		rc = conflicts_put(w->txn, rec->kind_number, rec->id, bits);
	}
	if (rc == RC_OK) {
		rc = notice_mark(w->store, w->txn, rec, &source, w->arena);
	}
	return rc == RC_OK && moved && ((bits | before) & CONFLICTS_SHARED) != 0 ?
		       react_ask(w, REACT_UNIQUE, rec->kind_number, rec->id) :
		       rc;
}

static enum rc flush_record(struct work *w, const struct work_record *r)
{
	bool counted = false;
	enum rc rc = write_parts(w, r);

	if (rc != RC_OK || r->record.kind == NULL) {
		return rc;
	}
	rc = update_indexes(w, r);
	if (rc == RC_OK) {
		rc = work_groups_is_counted(w, r, &counted);
	}
	return rc == RC_OK && counted ? work_count(w, &r->record, 1) : rc;
}

static enum rc flush_cells(struct work *w)
{
	const struct work_cell *cell = NULL;
	enum rc rc = RC_OK;

	for (cell = w->cells; cell != NULL && rc == RC_OK; cell = cell->hh.next) {
		struct bytes key = bytes_at(cell->key.p + 4, cell->key.len - 4);

		if (cell->amount != 0) {
			rc = cells_add(w->txn, w->store->crypto, cell->figure, cell->part, key,
				       cell->amount);
		}
		if (rc == RC_OK && cell->beside != 0) {
			rc = counting_add(w->txn, w->store->crypto, cell->key, cell->beside);
		}
	}
	return rc;
}

enum rc work_spill_cells(struct work *w, size_t mark)
{
	enum rc rc = RC_OK;

	if (w->arena->used < w->arena->max / 8 * SPILL_EIGHTHS) {
		return RC_OK;
	}
	rc = flush_cells(w);
	HASH_CLEAR(hh, w->cells);
	w->entries = NULL;
	arena_release(w->arena, mark);
	return rc;
}

enum rc work_flush(struct work *w)
{
	const struct work_record *r = NULL;
	size_t mark = arena_mark(w->arena);
	enum rc rc = w->rc == RC_OK ? work_groups_recount(w) : w->rc;

	for (r = w->records; r != NULL && rc == RC_OK; r = r->hh.next) {
		rc = work_spill_cells(w, mark);
		rc = rc == RC_OK ? flush_record(w, r) : rc;
	}
	if (rc == RC_OK) {
		rc = flush_cells(w);
	}
	forget(w);
	mem_arena_reset(w->arena);
	return rc == RC_OK ? RC_OK : fail(w, rc);
}

bool work_is_large(const struct work *w)
{
	return w->arena->used > w->arena->max / 8 * LARGE_EIGHTHS;
}

/* A catalog that moved may change what the derived tables mean. */
static enum rc follow_catalog(struct work *w)
{
	enum rc rc = RC_OK;

	if (!w->national_moved && !w->catalog_moved) {
		return RC_OK;
	}
	if (w->national_moved) {
		rc = store_refresh(w->store);
	}
	w->national_moved = false;
	w->catalog_moved = true;
	return rc == RC_OK ? derive_follow_schema(w) : rc;
}

enum rc work_commit(struct work *w)
{
	enum rc rc = work_flush(w);

	if (rc == RC_OK) {
		rc = follow_catalog(w);
	}
	if (rc == RC_OK) {
		rc = react_run(w);
	}
	if (rc == RC_OK) {
		rc = life_before_commit(w);
	}
	if (rc != RC_OK) {
		work_abort(w);
		return rc;
	}
	rc = store_commit(w->store, w->txn);
	w->txn = NULL;
	life_after_commit(w, rc);
	if (rc != RC_OK) {
		forget_catalog(w);
	}
	return rc;
}

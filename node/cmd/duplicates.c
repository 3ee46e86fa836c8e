#include "node/cmd/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/cmd/duplicates_key.h"

enum { SLICE_MS = 500, ENTRIES_MAX = 1 << 20 };

/* What pairs are made of. */
struct duplicates_entry {
	uint8_t name[SAMEKEY_HASH_LEN], same[SAMEKEY_HASH_LEN];
	bool has_same;
	bool may_be_stale; /* the third value was corrected by others since */
	bool has_third;
	int32_t year; /* 0: not known */
	struct uuid id;
};

/* --- slices ----------------------------------------------------------------------- */

static const struct schema_field *field_named(const struct schema_kind *k, const char *name)
{
	return name == NULL ? NULL : schema_field_by_name(k, bytes_of(name));
}

/* The field that holds the year of the date: it often travels further. */
static const struct schema_field *find_year(const struct schema_kind *k, const char *date)
{
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		const struct schema_field *f = &k->fields[i];

		if (f->derive == DERIVE_YEAR && strcmp(f->derive_from[0], date) == 0) {
			return f;
		}
	}
	return NULL;
}

static int open_slice(struct duplicates *d, struct duplicates_slice *s)
{
	const struct schema_field *key = NULL;
	int code = open_read(d->c, d->node, &s->txn);

	if (code != CMD_OK) {
		return code;
	}
	s->arena = &d->node->store->arena;
	s->kind = schema_kind_by_name(&d->node->store->catalog->schema, bytes_of(d->kind_name));
	key = s->kind == NULL ? NULL : schema_doubles_key(s->kind);
	if (key == NULL) {
		store_end(d->node->store, s->txn);
		return cmd_fail(d->c, CMD_SCHEMA, "try again",
				"the schema changed meanwhile: %s has no doubles any more",
				d->kind_name);
	}
	s->name = field_named(s->kind, key->derive_from[0]);
	s->date = field_named(s->kind, key->derive_from[1]);
	s->third = field_named(s->kind, key->derive_from[2]);
	s->year = find_year(s->kind, key->derive_from[1]);
	s->stamps = (struct records_stamps){ s->txn, d->node->store->info.centre_incarnation,
					     s->arena };
	s->source = records_source(&s->stamps);
	d->end_ms = clock_monotonic_ms() + SLICE_MS;
	return CMD_OK;
}

static void close_slice(struct duplicates *d, const struct duplicates_slice *s)
{
	store_end(d->node->store, s->txn);
}

/* --- the walk ---------------------------------------------------------------------- */

/* Where a walk stands between its slices. */
struct place {
	struct uuid last;
	bool has_last, is_end;
	uint64_t parts, total;
};

static enum rc walk_slice(struct duplicates *d, const struct duplicates_slice *s, struct place *p,
			  enum rc (*each)(struct duplicates *d, const struct duplicates_slice *s,
					  const struct record *r))
{
	struct records_walk w;
	struct record r;
	enum rc rc = records_walk_start(&w, s->txn, d->node->store->catalog, s->kind->number,
					p->has_last ? &p->last : NULL);

	while (rc == RC_OK && clock_monotonic_ms() < d->end_ms) {
		size_t mark = arena_mark(s->arena);

		rc = records_walk_next(&w, s->arena, &r);
		if (rc == RC_OK && !(p->has_last && uuid_equal(r.id, p->last))) {
			p->last = r.id;
			p->has_last = true;
			p->parts += r.parts_count;
			rc = each(d, s, &r);
		}
		arena_release(s->arena, mark);
	}
	records_walk_end(&w);
	p->is_end = rc == RC_NOTFOUND;
	p->total = kv_count(s->txn, KV_RECORD);
	return p->is_end ? RC_OK : rc;
}

/* Calls each for all records of the kind. */
static int walk(struct duplicates *d,
		enum rc (*each)(struct duplicates *d, const struct duplicates_slice *s,
				const struct record *r))
{
	struct place p = { .has_last = false };
	int code = CMD_OK;

	while (code == CMD_OK && !p.is_end) {
		struct duplicates_slice s;
		enum rc rc = RC_OK;

		code = open_slice(d, &s);
		if (code != CMD_OK) {
			return code;
		}
		rc = walk_slice(d, &s, &p, each);
		close_slice(d, &s);
		out_progress_at(&d->bar, d->share * p.total + p.parts, d->shares * p.total);
		if (rc != RC_OK) {
			code = open_fail(d->c, rc, "the records cannot be read");
		}
	}
	return code;
}

/* --- groups ------------------------------------------------------------------------ */

static bool is_first(const struct doubles_group *g, struct uuid id)
{
	uint32_t i;

	for (i = 0; i < g->count; i++) {
		if (uuid_compare(g->members[i].id, id) < 0) {
			return false;
		}
	}
	return true;
}

static enum rc find_group(struct duplicates *d, const struct duplicates_slice *s,
			  const struct record *r, struct doubles_group *out)
{
	struct doubles_store stored = { s->txn, d->node->store->catalog };
	struct doubles_source source = doubles_stored(&stored);

	return doubles_find_group(&source, r, s->arena, out);
}

/* A group is told when its first member passes. */
static enum rc tell_group(struct duplicates *d, const struct duplicates_slice *s,
			  const struct record *r)
{
	struct doubles_group group;
	enum rc rc = RC_OK;

	if (!doubles_has_links(r)) {
		return RC_OK;
	}
	rc = find_group(d, s, r, &group);
	if (rc == RC_OK && doubles_is_large(&group)) {
		d->oversized++;
	} else if (rc == RC_OK && group.count > 1 && is_first(&group, r->id)) {
		rc = d->on_group(d, s, &group);
	}
	return rc;
}

int duplicates_find_groups(struct duplicates *d)
{
	int code = CMD_OK;

	d->oversized = 0;
	d->share = 0;
	d->shares = 1;
	d->bar = out_progress_start(d->c->out, "linked");
	code = walk(d, tell_group);
	out_progress_end(&d->bar);
	return code;
}

/* --- keys -------------------------------------------------------------------------- */

/* The share of the keys that a name's hash belongs to. */
static uint32_t share_of(const uint8_t name[SAMEKEY_HASH_LEN], uint32_t shares)
{
	uint32_t i, sum = 0;

	for (i = 0; i < 8; i++) {
		sum = sum * 37 + name[i];
	}
	return sum % shares;
}

static bool is_live(const struct record *r)
{
	struct record_life life = view_life(r);

	return life.exists && !life.deleted;
}

static enum rc take_key(struct duplicates *d, const struct duplicates_slice *s,
			const struct record *r)
{
	struct duplicates_entry *e = &d->entries[d->count];
	uint8_t buffer[SAMEKEY_LEN_MAX];
	struct samekey key;
	bool stale = false;

	if (!is_live(r) || !duplicates_key(d, s, r, buffer, &key, &stale) ||
	    share_of(key.name.p, d->shares) != d->share) {
		return RC_OK;
	}
	if (d->count == d->entries_max) {
		d->is_cut = true;
		return RC_OK;
	}
	memset(e, 0, sizeof(*e));
	memcpy(e->name, key.name.p, SAMEKEY_HASH_LEN);
	e->has_same = key.same.len > 0;
	if (e->has_same) {
		memcpy(e->same, key.same.p, SAMEKEY_HASH_LEN);
	}
	e->may_be_stale = stale;
	e->has_third = !duplicates_is_unknown(s->third, duplicates_value(s, r, s->third));
	e->year = duplicates_year(s, r);
	e->id = r->id;
	d->count++;
	return RC_OK;
}

static int order_entries(const void *a, const void *b)
{
	const struct duplicates_entry *x = a, *y = b;
	int order = memcmp(x->name, y->name, SAMEKEY_HASH_LEN);

	return order != 0 ? order : uuid_compare(x->id, y->id);
}

/* --- pairs ------------------------------------------------------------------------- */

/* What the keys say: likely, and possible as far as they know. One that may be
 * stale is not held against them (third values that differ still are: look). */
static bool are_likely(const struct duplicates_entry *a, const struct duplicates_entry *b)
{
	if (!a->has_same || !b->has_same) {
		return false;
	}
	return memcmp(a->same, b->same, SAMEKEY_HASH_LEN) == 0 ||
	       ((a->may_be_stale || b->may_be_stale) && a->year != 0 && a->year == b->year &&
		a->has_third && b->has_third);
}

static bool may_be_one(const struct duplicates_entry *a, const struct duplicates_entry *b)
{
	return a->year == 0 || b->year == 0 || a->year == b->year;
}

static bool contradict(const struct duplicates_slice *s, const struct record *a,
		       const struct record *b)
{
	struct bytes x = duplicates_value(s, a, s->third), y = duplicates_value(s, b, s->third);

	return !duplicates_is_unknown(s->third, x) && !duplicates_is_unknown(s->third, y) &&
	       !bytes_equal(x, y);
}

/* What people have to look at. */
static bool is_open(enum duplicates_state state)
{
	return state == DUPLICATES_CANDIDATE || state == DUPLICATES_DISPUTED;
}

static enum rc find_state(struct duplicates *d, const struct duplicates_slice *s,
			  struct duplicates_pair *pair)
{
	const struct schema_field *different = schema_doubles_different(s->kind);
	struct doubles_group group = { .count = 0 };
	enum rc rc = RC_OK;
	uint32_t i;

	pair->state = DUPLICATES_CANDIDATE;
	if (doubles_has_links(pair->a) && doubles_has_links(pair->b)) {
		rc = find_group(d, s, pair->a, &group);
	}
	if (doubles_names(pair->a, different, pair->b->id) ||
	    doubles_names(pair->b, different, pair->a->id)) {
		pair->state = DUPLICATES_NOT_SAME;
	}
	for (i = 0; i < group.count; i++) {
		if (uuid_equal(group.members[i].id, pair->b->id)) {
			pair->state = pair->state == DUPLICATES_NOT_SAME ? DUPLICATES_DISPUTED :
									   DUPLICATES_LINKED;
			break;
		}
	}
	return rc;
}

/* Looks at two records whose keys make them a pair. */
static enum rc look(struct duplicates *d, const struct duplicates_slice *s,
		    const struct duplicates_entry *a, const struct duplicates_entry *b)
{
	const struct catalog *catalog = d->node->store->catalog;
	struct record x, y;
	struct duplicates_pair pair = { .a = &x, .b = &y, .is_likely = are_likely(a, b) };
	enum rc rc = records_get(s->txn, catalog, s->kind->number, a->id, s->arena, &x);

	if (rc == RC_OK) {
		rc = records_get(s->txn, catalog, s->kind->number, b->id, s->arena, &y);
	}
	if (rc != RC_OK || !is_live(&x) || !is_live(&y) || contradict(s, &x, &y)) {
		return rc == RC_NOTFOUND ? RC_OK : rc;
	}
	rc = find_state(d, s, &pair);
	return rc == RC_OK && (d->all || is_open(pair.state)) ? d->on_pair(d, s, &pair) : rc;
}

/* Where the pairs of a share stand between slices: entries a < b. */
struct pairs {
	uint32_t a, b;
	bool likely; /* these first */
};

/* Whether the names are still the same; if not, the next a. */
static bool is_in_run(const struct duplicates *d, const struct pairs *p)
{
	return p->b < d->count &&
	       memcmp(d->entries[p->a].name, d->entries[p->b].name, SAMEKEY_HASH_LEN) == 0;
}

static enum rc pairs_slice(struct duplicates *d, const struct duplicates_slice *s, struct pairs *p)
{
	enum rc rc = RC_OK;

	for (; p->a < d->count; p->a++, p->b = p->a + 1) {
		for (; is_in_run(d, p); p->b++) {
			const struct duplicates_entry *a = &d->entries[p->a];
			const struct duplicates_entry *b = &d->entries[p->b];
			size_t mark = arena_mark(s->arena);

			if (are_likely(a, b) != p->likely || !may_be_one(a, b)) {
				continue;
			}
			if (clock_monotonic_ms() >= d->end_ms) {
				return RC_OK;
			}
			rc = look(d, s, a, b);
			arena_release(s->arena, mark);
			if (rc != RC_OK || d->is_done) {
				return rc;
			}
		}
	}
	return RC_OK;
}

static int tell_pairs(struct duplicates *d, bool likely)
{
	struct pairs p = { .a = 0, .b = 1, .likely = likely };
	int code = CMD_OK;

	while (code == CMD_OK && p.a < d->count && !d->is_done) {
		struct duplicates_slice s;
		enum rc rc = RC_OK;

		code = open_slice(d, &s);
		if (code != CMD_OK) {
			return code;
		}
		rc = pairs_slice(d, &s, &p);
		close_slice(d, &s);
		if (rc != RC_OK) {
			code = open_fail(d->c, rc, "the records cannot be read");
		}
	}
	return code;
}

/* So many shares that each will fit twice: hashes spread them evenly. */
static int count_shares(struct duplicates *d)
{
	struct kv_txn *t = NULL;
	int code = open_read(d->c, d->node, &t);

	if (code == CMD_OK) {
		d->shares = 1 + (uint32_t)(2 * kv_count(t, KV_RECORD) / d->entries_max);
		store_end(d->node->store, t);
	}
	return code;
}

static int look_through(struct duplicates *d)
{
	int code = count_shares(d);

	for (d->share = 0; code == CMD_OK && d->share < d->shares && !d->is_done; d->share++) {
		d->count = 0;
		code = walk(d, take_key);
		if (code == CMD_OK && d->count > 1) {
			qsort(d->entries, d->count, sizeof(*d->entries), order_entries);
			code = tell_pairs(d, true);
		}
		if (code == CMD_OK && d->count > 1) {
			code = tell_pairs(d, false);
		}
	}
	return code;
}

int duplicates_find_pairs(struct duplicates *d)
{
	struct arena memory = { NULL, 0, 0 };
	int code = CMD_OK;

	d->entries_max = d->entries_max == 0 ? ENTRIES_MAX : d->entries_max;
	if (mem_arena_open(&memory, (d->entries_max + 1) * sizeof(*d->entries)) == RC_OK) {
		d->entries = arena_take(&memory, (d->entries_max + 1) * sizeof(*d->entries));
	}
	d->bar = out_progress_start(d->c->out, "doubles");
	code = d->entries == NULL ? open_fail(d->c, RC_NOMEM, "the records cannot be read") :
				    look_through(d);
	out_progress_end(&d->bar);
	mem_arena_close(&memory);
	return code;
}

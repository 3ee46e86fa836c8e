#include "node/store/mover.h"

#include <string.h>

#include "node/base/mem.h"
#include "node/store/carry.h"

enum {
	PIECES_MAX = 240, /* of one commit in one scope: each is an entry, or two */
	LANES_MAX = 2,
	SCOPES_MAX = LIMIT_PARTS_PER_COMMIT_MAX,
	FEEDS_MAX = 256, /* so that a form fits its entry */
	PARTS_SPARE = 4  /* the new home's, and those of the transfers */
};

static const char system_author[] = "kerwen";

/* One scope of the old home and the one that stands for it at the new. */
struct lane {
	enum reach reach;
	uint16_t from, to; /* equal: it stays */
	struct carry carry;
	uint32_t done;
	struct carry_target target;
};

struct mover {
	struct work *w;
	const struct transfer *transfer;
	const struct schema_kind *kind;
	struct arena arena; /* outlives the flushes */
	struct records_stamps stamps;
	struct view_source source;
	struct bytes reason;
	uint16_t old_region, new_region;
	struct lane lanes[LANES_MAX];
	uint32_t lanes_count;
	uint16_t scopes[SCOPES_MAX]; /* where the home is put */
	uint32_t scopes_count;
	bool is_contended; /* deleted, but edited */
	struct author_origin deleted_by;
};

/* --- may it be? ------------------------------------------------------------------- */

static const char *check_kind(const struct work *w, const struct transfer *t)
{
	const struct catalog *c = w->store->catalog;
	const struct schema_kind *k = schema_kind_by_number(&c->schema, t->kind);
	const struct office_info *to = catalog_office(c, t->to);

	if (k == NULL || k->number < SCHEMA_KIND_FIRST || k->reach == REACH_NATION ||
	    k->reach == REACH_OFFICE) {
		return "records of this kind do not move";
	}
	return to == NULL || to->is_closed ? "the receiving office is not in use" : NULL;
}

static const char *check_record(const struct record *r, const struct transfer *t)
{
	struct record_life life = view_life(r);
	uint16_t office = 0, region_scope = 0;
	uint32_t i;

	if (!life.exists || !view_home(r, &office, &region_scope)) {
		return "the centre does not have this record";
	}
	if (office != t->from) {
		return "the record is not the asking office's any more";
	}
	if (life.deleted) {
		return "the record was deleted";
	}
	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].part.vector.count > FEEDS_MAX) {
			return "the record was written by too many nodes";
		}
	}
	return r->parts_count + PARTS_SPARE > SCOPES_MAX ?
		       "the record was moved through too many offices" :
		       NULL;
}

enum rc mover_check_asked(struct work *w, const struct transfer *t, const char **why)
{
	const struct record *r = NULL;

	*why = check_kind(w, t);
	if (*why != NULL) {
		return RC_OK;
	}
	r = work_record(w, t->kind, t->record);
	if (r == NULL) {
		return w->rc;
	}
	/* It may not have come yet. */
	*why = r->parts_count == 0 ? NULL : check_record(r, t);
	return RC_OK;
}

/* --- what is to be written -------------------------------------------------------- */

static const struct part *find_part(const struct record *r, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (r->parts[i].scope == scope) {
			return &r->parts[i].part;
		}
	}
	return NULL;
}

static enum rc copy_vector(const struct part *p, struct arena *a, struct vv *out)
{
	uint32_t count = p == NULL ? 0 : p->vector.count;

	*out = (struct vv){ arena_take(a, (size_t)count * sizeof(*out->dots)), count, count };
	if (out->dots == NULL) {
		return RC_NOMEM;
	}
	if (count > 0) {
		memcpy(out->dots, p->vector.dots, count * sizeof(*out->dots));
	}
	return RC_OK;
}

static enum rc load_lane(struct mover *m, const struct record *r, enum reach reach, struct lane *l)
{
	const struct catalog *c = m->w->store->catalog;
	const struct transfer *t = m->transfer;
	const struct part *from = NULL, *there = NULL;
	enum rc rc = catalog_scope_of(c, reach, t->from, m->old_region, &l->from);

	l->reach = reach;
	if (rc == RC_OK) {
		rc = catalog_scope_of(c, reach, t->to, m->new_region, &l->to);
	}
	from = find_part(r, l->from);
	there = find_part(r, l->to);
	l->target.scope = l->to;
	l->target.kind = t->kind;
	l->target.id = t->record;
	l->target.life = reach == m->kind->reach ? LIFE_ALIVE : LIFE_NONE;
	if (rc == RC_OK) {
		rc = copy_vector(there, &m->arena, &l->target.form);
	}
	if (rc == RC_OK && l->from != l->to && from != NULL) {
		rc = carry_take(m->w->txn, from, &m->source, &m->arena, &l->carry);
	}
	return rc == RC_OK && l->from != l->to && there != NULL ?
		       carry_fit(&l->carry, there, &m->source, &m->arena) :
		       rc;
}

static void add_scope(struct mover *m, uint16_t scope)
{
	uint32_t i;

	for (i = 0; i < m->scopes_count; i++) {
		if (m->scopes[i] == scope) {
			return;
		}
	}
	m->scopes[m->scopes_count++] = scope;
}

/* The home goes into all parts that there are, and will be. */
static void list_scopes(struct mover *m, const struct record *r)
{
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		add_scope(m, r->parts[i].scope);
	}
	for (i = 0; i < m->lanes_count; i++) {
		const struct lane *l = &m->lanes[i];

		if (l->reach == m->kind->reach || l->carry.count > 0) {
			add_scope(m, l->to);
		}
	}
}

static enum rc find_deletion(struct mover *m, const struct record *r)
{
	enum rc rc = RC_OK;
	uint32_t i, k;

	m->is_contended = view_life(r).conflict;
	for (i = 0; m->is_contended && i < r->parts_count && rc == RC_OK; i++) {
		const struct part *p = &r->parts[i].part;

		for (k = 0; !r->parts[i].left && k < p->heads_count && rc == RC_OK; k++) {
			if (p->heads[k].deleted) {
				rc = carry_origin(m->w->txn, p->heads[k].dot, &m->source, &m->arena,
						  &m->deleted_by);
			}
		}
	}
	return rc;
}

static enum rc plan(struct mover *m, const struct record *r)
{
	uint16_t office = 0;
	enum reach reach;
	enum rc rc = RC_OK;

	(void)view_home(r, &office, &m->old_region);
	m->new_region = catalog_office(m->w->store->catalog, m->transfer->to)->scope_region;
	m->reason = arena_copy(&m->arena, m->transfer->reason.len > LIMIT_REASON_BYTES_MAX ?
						  bytes_at(NULL, 0) :
						  m->transfer->reason);
	if (m->reason.p == NULL) {
		return RC_NOMEM;
	}
	for (reach = REACH_CENTRE; reach <= m->kind->reach && rc == RC_OK; reach++) {
		rc = load_lane(m, r, reach, &m->lanes[m->lanes_count++]);
	}
	if (rc == RC_OK) {
		list_scopes(m, r);
		rc = find_deletion(m, r);
	}
	return rc;
}

/* --- writing ---------------------------------------------------------------------- */

static enum rc begin(struct mover *m, struct commit *c)
{
	return commit_join(c, m->w, bytes_of(system_author), m->reason);
}

static enum rc put_pieces(struct mover *m, struct commit *c)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < m->lanes_count && rc == RC_OK; i++) {
		struct lane *l = &m->lanes[i];

		rc = carry_put(c, &l->target, &l->carry, &l->done, PIECES_MAX);
	}
	return rc;
}

static bool has_many(const struct mover *m)
{
	uint32_t i;

	for (i = 0; i < m->lanes_count; i++) {
		if (m->lanes[i].carry.count - m->lanes[i].done > PIECES_MAX) {
			return true;
		}
	}
	return false;
}

/* Puts the home into one part. It has seen all that is there, so of the heads
 * one is left. */
static enum rc put_home(struct mover *m, struct commit *c, uint16_t scope)
{
	const struct scope_info *info = catalog_scope(m->w->store->catalog, scope);
	enum reach reach = info == NULL ? REACH_REGION : info->reach;
	uint8_t home[HOME_LEN];
	struct bytes_writer w = bytes_writer_init(home, sizeof(home));
	struct op op = { .field = FIELD_HOME, .code = OP_PUT };
	struct change change = { .kind = m->transfer->kind,
				 .id = m->transfer->record,
				 .ops_count = 1 };
	struct op *kept = arena_take(&m->arena, sizeof(*kept));

	bytes_put_be16(&w, m->transfer->to);
	bytes_put_be16(&w, m->new_region);
	op.value = arena_copy(&m->arena, bytes_written(&w));
	if (kept == NULL || op.value.p == NULL) {
		return RC_NOMEM;
	}
	*kept = op;
	change.ops = kept;
	change.life = reach == m->kind->reach ? LIFE_ALIVE : LIFE_NONE;
	return commit_put(c, scope, &change, NULL);
}

/* A deletion that nobody decided about stays one. */
static enum rc put_deletion(struct mover *m, struct commit *c)
{
	const struct lane *l = &m->lanes[m->lanes_count - 1]; /* where existence lives */
	struct change change = { .kind = m->transfer->kind,
				 .id = m->transfer->record,
				 .life = LIFE_DELETED,
				 .has_form = true,
				 .form = l->target.form };

	return commit_put(c, l->to, &change, &m->deleted_by);
}

static enum rc put_end(struct mover *m, struct commit *c, const struct mover_finish *finish)
{
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < m->scopes_count && rc == RC_OK; i++) {
		rc = put_home(m, c, m->scopes[i]);
	}
	if (rc == RC_OK && m->is_contended) {
		rc = put_deletion(m, c);
	}
	return rc == RC_OK ? finish->write(finish->ctx, c) : rc;
}

static enum rc write_all(struct mover *m, const struct mover_finish *finish)
{
	struct commit c;
	enum rc rc = RC_OK;

	while (rc == RC_OK && has_many(m)) {
		rc = begin(m, &c);
		if (rc == RC_OK) {
			rc = put_pieces(m, &c);
		}
		rc = rc == RC_OK ? commit_end(&c) : rc;
	}
	if (rc == RC_OK) {
		rc = begin(m, &c);
	}
	if (rc == RC_OK) {
		rc = put_pieces(m, &c);
	}
	if (rc == RC_OK) {
		rc = put_end(m, &c, finish);
	}
	return rc == RC_OK ? commit_end(&c) : rc;
}

enum rc mover_run(struct work *w, const struct transfer *t, const struct mover_finish *finish,
		  const char **why)
{
	struct mover m = { .w = w, .transfer = t };
	const struct record *r = NULL;
	enum rc rc = RC_OK;

	*why = check_kind(w, t);
	if (*why == NULL) {
		r = work_record(w, t->kind, t->record);
		rc = r == NULL ? w->rc : RC_OK;
	}
	if (r != NULL) {
		*why = check_record(r, t);
	}
	if (rc != RC_OK || *why != NULL) {
		return rc;
	}
	rc = mem_arena_open(&m.arena, LIMIT_STEP_ARENA_BYTES);
	if (rc != RC_OK) {
		return rc;
	}
	m.kind = schema_kind_by_number(&w->store->catalog->schema, t->kind);
	m.stamps = (struct records_stamps){ w->txn, w->store->info.centre_incarnation, &m.arena };
	m.source = records_source(&m.stamps);
	rc = plan(&m, r);
	if (rc == RC_OK) {
		rc = write_all(&m, finish);
	}
	mem_arena_close(&m.arena);
	return rc;
}

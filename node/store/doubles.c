#include "node/store/doubles.h"

#include <string.h>

#include "node/store/records.h"

/* --- what a record says ---------------------------------------------------------- */

static const struct part_field *find_part_field(const struct record *r, uint32_t part,
						const struct schema_field *f)
{
	return view_find(r, part, f->number, CLASS_SET);
}

bool doubles_has_links(const struct record *r)
{
	const struct schema_field *f = r->kind == NULL ? NULL : schema_doubles_same(r->kind);
	uint32_t i;

	for (i = 0; f != NULL && i < r->parts_count; i++) {
		if (find_part_field(r, i, f) != NULL) {
			return true;
		}
	}
	return false;
}

enum rc doubles_named(const struct record *r, const struct schema_field *f, struct arena *a,
		      struct values *out)
{
	static const struct view_source none = { NULL, NULL }; /* sets need no stamps */

	return view_values(r, f, &none, a, out);
}

bool doubles_names(const struct record *r, const struct schema_field *f, struct uuid other)
{
	struct bytes wanted = bytes_at(other.b, UUID_LEN);
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct part_field *state = find_part_field(r, i, f);

		for (k = 0; state != NULL && k < state->items_count; k++) {
			if (bytes_equal(state->items[k].value, wanted)) {
				return true;
			}
		}
	}
	return false;
}

bool doubles_other(const struct record *r, struct bytes value, struct uuid *out)
{
	if (value.len != UUID_LEN) {
		return false;
	}
	memcpy(out->b, value.p, UUID_LEN);
	return !uuid_equal(*out, r->id);
}

/* --- what the store has ----------------------------------------------------------- */

static enum rc find_stored(void *ctx, uint16_t kind, struct uuid id, struct arena *a,
			   const struct record **out)
{
	const struct doubles_store *s = ctx;
	struct record *r = arena_take(a, sizeof(*r));
	enum rc rc = r == NULL ? RC_NOMEM : records_get(s->txn, s->catalog, kind, id, a, r);

	*out = rc == RC_OK ? r : NULL;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

struct doubles_source doubles_stored(struct doubles_store *s)
{
	struct doubles_source source = { .ctx = s, .find = find_stored };
	return source;
}

/* --- groups ------------------------------------------------------------------------ */

static bool is_live(const struct record *r)
{
	struct record_life life = view_life(r);

	return life.exists && !life.deleted;
}

static bool has_member(const struct doubles_group *g, struct uuid id)
{
	uint32_t i;

	for (i = 0; i < g->count; i++) {
		if (uuid_equal(g->members[i].id, id)) {
			return true;
		}
	}
	return false;
}

static void add_member(struct doubles_group *g, const struct record *r)
{
	g->members[g->count++] = (struct doubles_member){ r->id, is_live(r) };
}

/* Adds those that are linked with r and not there yet. */
static enum rc add_linked(const struct doubles_source *source, const struct record *r,
			  struct arena *scratch, struct doubles_group *g)
{
	const struct schema_field *f = schema_doubles_same(r->kind);
	struct values named = { NULL, 0 };
	enum rc rc = doubles_named(r, f, scratch, &named);
	uint32_t i;

	for (i = 0; i < named.count && rc == RC_OK && !doubles_is_large(g); i++) {
		const struct record *other = NULL;
		size_t mark = arena_mark(scratch);
		struct uuid id;

		if (!doubles_other(r, named.items[i], &id) || has_member(g, id)) {
			continue;
		}
		rc = source->find(source->ctx, r->kind_number, id, scratch, &other);
		if (rc == RC_OK && other != NULL && doubles_names(other, f, r->id)) {
			add_member(g, other);
		}
		arena_release(scratch, mark);
	}
	return rc;
}

enum rc doubles_find_group(const struct doubles_source *source, const struct record *r,
			   struct arena *scratch, struct doubles_group *out)
{
	size_t mark = arena_mark(scratch);
	enum rc rc = RC_OK;
	uint32_t i;

	out->count = 0;
	add_member(out, r);
	if (doubles_has_links(r)) {
		rc = add_linked(source, r, scratch, out);
	}
	for (i = 1; i < out->count && rc == RC_OK && !doubles_is_large(out); i++) {
		const struct record *member = NULL;

		arena_release(scratch, mark);
		rc = source->find(source->ctx, r->kind_number, out->members[i].id, scratch,
				  &member);
		if (rc == RC_OK && member != NULL) {
			rc = add_linked(source, member, scratch, out);
		}
	}
	arena_release(scratch, mark);
	return rc;
}

/* Whether a member of r's group that r calls different makes a pair which r is
 * to tell of: the other does not, or has the greater id. */
static enum rc is_told_by(const struct doubles_source *source, const struct record *r,
			  const struct doubles_member *m, struct arena *scratch, bool *out)
{
	const struct schema_field *f = schema_doubles_different(r->kind);
	const struct record *other = NULL;
	size_t mark = arena_mark(scratch);
	enum rc rc = RC_OK;

	*out = m->is_live && !uuid_equal(m->id, r->id) && doubles_names(r, f, m->id);
	if (*out && uuid_compare(m->id, r->id) < 0) {
		rc = source->find(source->ctx, r->kind_number, m->id, scratch, &other);
		*out = rc == RC_OK && (other == NULL || !doubles_names(other, f, r->id));
	}
	arena_release(scratch, mark);
	return rc;
}

static bool calls_different(const struct record *r)
{
	const struct schema_field *f = r->kind == NULL || !r->kind->doubles.is_set ?
					       NULL :
					       schema_doubles_different(r->kind);
	uint32_t i;

	for (i = 0; f != NULL && i < r->parts_count; i++) {
		if (find_part_field(r, i, f) != NULL) {
			return true;
		}
	}
	return false;
}

enum rc doubles_count_disputed(const struct doubles_source *source, const struct record *r,
			       struct arena *scratch, uint64_t *count)
{
	struct doubles_group group;
	enum rc rc = RC_OK;
	bool told = false;
	uint32_t i;

	*count = 0;
	if (!calls_different(r) || !doubles_has_links(r) || !is_live(r)) {
		return RC_OK;
	}
	rc = doubles_find_group(source, r, scratch, &group);
	for (i = 0; rc == RC_OK && i < group.count; i++) {
		rc = is_told_by(source, r, &group.members[i], scratch, &told);
		*count += rc == RC_OK && told;
	}
	return rc;
}

bool doubles_is_large(const struct doubles_group *g)
{
	return g->count > LIMIT_GROUP_RECORDS_MAX;
}

bool doubles_counts(const struct doubles_group *g, struct uuid id)
{
	uint32_t i;

	for (i = 0; !doubles_is_large(g) && i < g->count; i++) {
		if (g->members[i].is_live && uuid_compare(g->members[i].id, id) < 0) {
			return false;
		}
	}
	return true;
}

enum rc doubles_is_counted(const struct doubles_source *source, const struct record *r,
			   struct arena *scratch, bool *out)
{
	struct doubles_group group;
	enum rc rc = RC_OK;

	*out = true;
	if (doubles_has_links(r)) {
		rc = doubles_find_group(source, r, scratch, &group);
		*out = rc == RC_OK && doubles_counts(&group, r->id);
	}
	return rc;
}

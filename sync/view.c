#include "sync/view.h"

#include "sync/feed.h"

const struct part_field *view_find(const struct record *r, uint32_t part, uint16_t number,
				   enum field_class class)
{
	return r->parts[part].left ? NULL : part_find(&r->parts[part].part, number, class);
}

struct record_life view_life(const struct record *r)
{
	uint32_t i, k, alive = 0, deleted = 0, left = 0;
	struct record_life life;

	for (i = 0; i < r->parts_count; i++) {
		const struct part *p = &r->parts[i].part;

		if (r->parts[i].left) {
			left += p->heads_count;
			continue;
		}
		for (k = 0; k < p->heads_count; k++) {
			deleted += p->heads[k].deleted;
			alive += !p->heads[k].deleted;
		}
	}
	life.exists = alive + deleted > 0;
	life.moved = !life.exists && left > 0;
	life.deleted = deleted > 0 && alive == 0;
	life.conflict = deleted > 0 && alive > 0;
	return life;
}

/* Whether a stands before b as the home of a record: the centre's before an
 * office's, else the last by dot. Homes are written once and moved only by
 * the centre, so that siblings are rare and no clock is asked. */
static bool is_better_home(const struct item *a, const struct item *b)
{
	bool a_centre = feed_office(a->dot.feed) == 0, b_centre = feed_office(b->dot.feed) == 0;

	return a_centre != b_centre ? a_centre : dot_compare(a->dot, b->dot) > 0;
}

bool view_home(const struct record *r, uint16_t *office, uint16_t *region_scope)
{
	const struct item *home = NULL;
	struct bytes_reader reader;
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct part_field *f =
			part_find(&r->parts[i].part, FIELD_HOME, CLASS_REGISTER);

		for (k = 0; f != NULL && k < f->items_count; k++) {
			if (home == NULL || is_better_home(&f->items[k], home)) {
				home = &f->items[k];
			}
		}
	}
	if (home == NULL || home->value.len != HOME_LEN) {
		return false;
	}
	reader = bytes_reader_init(home->value);
	*office = bytes_get_be16(&reader);
	*region_scope = bytes_get_be16(&reader);
	return true;
}

/* Whether a field of the record's part `place` may have siblings: there, or
 * with an earlier part. */
static bool has_siblings(const struct record *r, uint32_t place, const struct part_field *f)
{
	uint32_t i;

	if (f->class != CLASS_REGISTER) {
		return false;
	}
	for (i = 0; i < place && f->items_count == 1; i++) {
		if (view_find(r, i, f->number, f->class) != NULL) {
			return true;
		}
	}
	return f->items_count > 1;
}

static enum rc check_conflict(const struct record *r, uint16_t number,
			      const struct view_source *src, struct arena *a, bool *out)
{
	const struct schema_field *f = schema_field_by_number(r->kind, number);
	size_t mark = arena_mark(a);
	struct field_view v;
	enum rc rc;

	if (f == NULL || f->closed || f->merge != MERGE_REGISTER) {
		return RC_OK;
	}
	rc = view_field(r, f, src, a, &v);
	*out = rc == RC_OK && v.conflict;
	arena_release(a, mark);
	return rc;
}

enum rc view_has_conflict(const struct record *r, const struct view_source *src, struct arena *a,
			  bool *out)
{
	struct record_life life = view_life(r);
	enum rc rc = RC_OK;
	uint32_t i, k;

	*out = life.conflict;
	if (r->kind == NULL || life.deleted) {
		return RC_OK;
	}
	for (i = 0; i < r->parts_count && !*out; i++) {
		const struct part *p = &r->parts[i].part;

		for (k = 0; !r->parts[i].left && k < p->fields_count && !*out && rc == RC_OK; k++) {
			if (has_siblings(r, i, &p->fields[k])) {
				rc = check_conflict(r, p->fields[k].number, src, a, out);
			}
		}
	}
	return rc;
}

enum rc view_version(const struct record *r, struct vv *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	out->count = 0;
	for (i = 0; i < r->parts_count && rc == RC_OK; i++) {
		rc = vv_merge(out, &r->parts[i].part.vector);
	}
	return rc;
}

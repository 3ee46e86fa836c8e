/*
 * The successor of a schema, in four steps: code lists, kinds with their
 * fields, figures, and at last whether the version had to rise.
 *
 * What is in force never goes away: values, entries and releases refer to it.
 * Code lists are ordered by name, kinds and figures by number, so that equal
 * histories give equal schemas.
 */
#include "sync/refuse.h"
#include "sync/schema.h"

#include <string.h>

/* One adoption. */
struct adopt {
	const struct schema *now, *next; /* borrowed */
	struct arena *arena;             /* borrowed */
	struct schema *out;              /* borrowed; complete only in the end */
	struct schema_error *error;      /* borrowed */
};

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The codes of next in its order, then those that only the old list had. */
static enum rc merge_list(const struct adopt *t, const struct schema_codes *old,
			  const struct schema_codes *next, struct schema_codes *out)
{
	size_t max = (size_t)next->codes_count + (old == NULL ? 0 : old->codes_count);
	struct schema_code *codes = arena_take(t->arena, max * sizeof(*codes));
	uint32_t count = next->codes_count;
	uint32_t i;

	if (codes == NULL) {
		return RC_NOMEM;
	}
	memcpy(codes, next->codes, count * sizeof(*codes));
	for (i = 0; old != NULL && i < old->codes_count; i++) {
		if (schema_code_find(next, bytes_of(old->codes[i].code)) == NULL) {
			codes[count++] = old->codes[i];
		}
	}
	if (count > LIMIT_CODES_PER_LIST_MAX) {
		return REFUSE(t->error, "code list ", next->name,
			      ": more than 4096 codes, with those of earlier versions");
	}
	*out = (struct schema_codes){ .name = next->name, .codes = codes, .codes_count = count };
	return RC_OK;
}

static void sort_lists(struct schema_codes *lists, uint32_t count)
{
	uint32_t i, j;

	for (i = 1; i < count; i++) {
		struct schema_codes moved = lists[i];

		for (j = i; j > 0 && strcmp(lists[j - 1].name, moved.name) > 0; j--) {
			lists[j] = lists[j - 1];
		}
		lists[j] = moved;
	}
}

static enum rc adopt_lists(const struct adopt *t)
{
	size_t max = (size_t)t->now->codes_count + t->next->codes_count;
	struct schema_codes *lists = arena_take_zeroed(t->arena, max, sizeof(*lists));
	uint32_t count = 0;
	uint32_t i;

	if (lists == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < t->next->codes_count; i++) {
		const struct schema_codes *next = &t->next->codes[i];
		const struct schema_codes *old = schema_codes_by_name(t->now, bytes_of(next->name));
		enum rc rc = merge_list(t, old, next, &lists[count]);

		if (rc != RC_OK) {
			return rc;
		}
		count++;
	}
	for (i = 0; i < t->now->codes_count; i++) {
		const struct schema_codes *old = &t->now->codes[i];

		if (schema_codes_by_name(t->next, bytes_of(old->name)) == NULL) {
			lists[count++] = *old;
		}
	}
	if (count > LIMIT_CODE_LISTS_MAX) {
		return REFUSE(t->error, "schema ", t->next->name,
			      ": more than 256 code lists, with those of earlier versions");
	}
	sort_lists(lists, count);
	t->out->codes = lists;
	t->out->codes_count = count;
	return RC_OK;
}

static enum rc refuse_field(const struct adopt *t, const char *kind, const char *field,
			    const char *what)
{
	return REFUSE(t->error, "kind ", kind, ", field ", field, ": ", what,
		      " cannot change; close the field and add a new one");
}

static enum rc compare_field(const struct adopt *t, const char *kind,
			     const struct schema_field *old, const struct schema_field *next)
{
	if (old->type != next->type) {
		return refuse_field(t, kind, next->name, "its type");
	}
	if (old->merge != next->merge) {
		return refuse_field(t, kind, next->name, "its merge");
	}
	if (old->reach != next->reach) {
		return refuse_field(t, kind, next->name, "its reach");
	}
	if (old->scale != next->scale) {
		return refuse_field(t, kind, next->name, "its scale");
	}
	if (!is_same(old->to, next->to)) {
		return refuse_field(t, kind, next->name, "the kind it links to");
	}
	if (!is_same(old->codes == NULL ? NULL : old->codes->name,
		     next->codes == NULL ? NULL : next->codes->name)) {
		return refuse_field(t, kind, next->name, "its code list");
	}
	return RC_OK;
}

static void link_codes(const struct adopt *t, struct schema_field *f)
{
	if (f->codes != NULL) {
		f->codes = schema_codes_by_name(t->out, bytes_of(f->codes->name));
	}
}

static uint16_t next_number(const struct schema *now, uint16_t last)
{
	return last < now->floor ? now->floor : (uint16_t)(last + 1);
}

static uint16_t find_free_field(const struct schema *now, const struct schema_kind *old)
{
	uint16_t last = 0;
	uint32_t i;

	for (i = 0; old != NULL && i < old->fields_count; i++) {
		if (old->fields[i].number > last) {
			last = old->fields[i].number;
		}
	}
	return old == NULL ? 1 : next_number(now, last);
}

/* Numbers the fields of next, which come first and in its order, so that title
 * and unique keep their places; appends those that are gone, as closed. */
static enum rc adopt_fields(const struct adopt *t, const struct schema_kind *old,
			    struct schema_kind *kind)
{
	size_t max = (size_t)kind->fields_count + (old == NULL ? 0 : old->fields_count);
	struct schema_field *fields = arena_take_zeroed(t->arena, max, sizeof(*fields));
	uint16_t free_number = find_free_field(t->now, old);
	uint32_t count = kind->fields_count;
	uint32_t i;

	if (fields == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < kind->fields_count; i++) {
		const struct schema_field *was = NULL;

		fields[i] = kind->fields[i];
		if (old != NULL) {
			was = schema_field_by_name(old, bytes_of(fields[i].name));
		}
		if (was != NULL && compare_field(t, kind->name, was, &fields[i]) != RC_OK) {
			return RC_INVALID;
		}
		fields[i].number = was != NULL ? was->number : free_number++;
		link_codes(t, &fields[i]);
	}
	for (i = 0; old != NULL && i < old->fields_count; i++) {
		if (schema_field_by_name(kind, bytes_of(old->fields[i].name)) == NULL) {
			fields[count] = old->fields[i];
			fields[count].closed = true;
			link_codes(t, &fields[count]);
			count++;
		}
	}
	kind->fields = fields;
	kind->fields_count = count;
	return RC_OK;
}

static enum rc adopt_kind(const struct adopt *t, const struct schema_kind *old,
			  struct schema_kind *kind)
{
	enum rc rc = adopt_fields(t, old, kind);
	uint32_t i;

	if (rc != RC_OK || old == NULL) {
		return rc;
	}
	if (kind->fields_count > LIMIT_FIELDS_PER_KIND_MAX) {
		return REFUSE(t->error, "kind ", kind->name,
			      ": more than 256 fields, with those of earlier versions");
	}
	/* Closed fields count: existence stays where it was. */
	for (i = 0; i < kind->fields_count; i++) {
		if (kind->fields[i].reach > old->reach) {
			return REFUSE(t->error, "kind ", kind->name, ", field ",
				      kind->fields[i].name, ": reach ",
				      schema_reach_text(kind->fields[i].reach),
				      " is wider than the kind's, ", schema_reach_text(old->reach),
				      ", which cannot change; make a new kind");
		}
	}
	kind->reach = old->reach;
	return RC_OK;
}

static void sort_kinds(struct schema_kind *kinds, uint32_t count)
{
	uint32_t i, j;

	for (i = 1; i < count; i++) {
		struct schema_kind moved = kinds[i];

		for (j = i; j > 0 && kinds[j - 1].number > moved.number; j--) {
			kinds[j] = kinds[j - 1];
		}
		kinds[j] = moved;
	}
}

static uint16_t find_free_kind(const struct schema *now)
{
	uint16_t last = SCHEMA_KIND_FIRST - 1;
	uint32_t i;

	for (i = 0; i < now->kinds_count; i++) {
		if (now->kinds[i].number > last) {
			last = now->kinds[i].number;
		}
	}
	return next_number(now, last);
}

/* A kind that is gone stays as it was, closed. */
static enum rc close_kind(const struct adopt *t, const struct schema_kind *old,
			  struct schema_kind *kind)
{
	*kind = *old;
	kind->closed = true;
	return adopt_fields(t, old, kind);
}

static enum rc adopt_kinds(const struct adopt *t)
{
	size_t max = (size_t)t->now->kinds_count + t->next->kinds_count;
	struct schema_kind *kinds = arena_take_zeroed(t->arena, max, sizeof(*kinds));
	uint16_t free_number = find_free_kind(t->now);
	uint32_t count = 0;
	uint32_t i;
	enum rc rc = kinds == NULL ? RC_NOMEM : RC_OK;

	for (i = 0; i < t->next->kinds_count && rc == RC_OK; i++) {
		struct schema_kind *kind = &kinds[count++];
		const struct schema_kind *old;

		*kind = t->next->kinds[i];
		old = schema_kind_by_name(t->now, bytes_of(kind->name));
		kind->number = old != NULL ? old->number : free_number++;
		rc = adopt_kind(t, old, kind);
	}
	for (i = 0; i < t->now->kinds_count && rc == RC_OK; i++) {
		const struct schema_kind *old = &t->now->kinds[i];

		if (schema_kind_by_name(t->next, bytes_of(old->name)) == NULL) {
			rc = close_kind(t, old, &kinds[count++]);
		}
	}
	if (rc != RC_OK) {
		return rc;
	}
	if (count > LIMIT_KINDS_MAX) {
		return REFUSE(t->error, "schema ", t->next->name,
			      ": more than 256 kinds, with those of earlier versions");
	}
	sort_kinds(kinds, count);
	t->out->kinds = kinds;
	t->out->kinds_count = count;
	return RC_OK;
}

static void sort_figures(struct schema_figure *figures, uint32_t count)
{
	uint32_t i, j;

	for (i = 1; i < count; i++) {
		struct schema_figure moved = figures[i];

		for (j = i; j > 0 && figures[j - 1].number > moved.number; j--) {
			figures[j] = figures[j - 1];
		}
		figures[j] = moved;
	}
}

static uint16_t find_free_figure(const struct schema *now)
{
	uint16_t last = 0;
	uint32_t i;

	for (i = 0; i < now->figures_count; i++) {
		if (now->figures[i].number > last) {
			last = now->figures[i].number;
		}
	}
	return next_number(now, last);
}

static enum rc adopt_figures(const struct adopt *t)
{
	size_t max = (size_t)t->now->figures_count + t->next->figures_count;
	struct schema_figure *figures = arena_take_zeroed(t->arena, max, sizeof(*figures));
	uint16_t free_number = find_free_figure(t->now);
	uint32_t count = 0;
	uint32_t i;

	if (figures == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < t->next->figures_count; i++) {
		struct schema_figure *figure = &figures[count++];
		const struct schema_figure *old;

		*figure = t->next->figures[i];
		old = schema_figure_by_name(t->now, bytes_of(figure->name));
		figure->number = old != NULL ? old->number : free_number++;
	}
	for (i = 0; i < t->now->figures_count; i++) {
		const struct schema_figure *old = &t->now->figures[i];

		if (schema_figure_by_name(t->next, bytes_of(old->name)) == NULL) {
			figures[count] = *old;
			figures[count].closed = true;
			count++;
		}
	}
	if (count > LIMIT_FIGURES_MAX) {
		return REFUSE(t->error, "schema ", t->next->name,
			      ": more than 256 figures, with those of earlier versions");
	}
	sort_figures(figures, count);
	t->out->figures = figures;
	t->out->figures_count = count;
	return RC_OK;
}

static enum rc check_version(const struct adopt *t)
{
	const struct schema *now = t->now;
	char text[REFUSE_NUMBER_MAX];

	if (t->next->version > now->version) {
		return RC_OK;
	}
	if (t->next->version == now->version && schema_equal(now, t->out)) {
		return RC_OK;
	}
	return REFUSE(t->error, "schema ", now->name, ": version ",
		      refuse_number(text, now->version),
		      " is in force and differs; give the new one a higher version");
}

enum rc schema_adopt(const struct schema *now, const struct schema *next, struct arena *a,
		     struct schema *out, struct schema_error *e)
{
	static const struct schema NOTHING = { .name = "", .version = 0 };
	struct adopt t = { .now = now == NULL ? &NOTHING : now,
			   .next = next,
			   .arena = a,
			   .out = out,
			   .error = e };
	enum rc rc;

	e->text[0] = '\0';
	*out = (struct schema){ .name = next->name, .version = next->version };
	if (now != NULL && !is_same(now->name, next->name)) {
		return REFUSE(e, "schema ", next->name, ": this system works with schema ",
			      now->name, "; a name cannot change");
	}
	rc = adopt_lists(&t);
	if (rc == RC_OK) {
		rc = adopt_kinds(&t);
	}
	if (rc == RC_OK) {
		rc = adopt_figures(&t);
	}
	if (rc == RC_OK) {
		rc = check_version(&t);
	}
	if (rc == RC_NOMEM) {
		(void)REFUSE(e, "schema ", next->name, ": it does not fit into memory");
	}
	return rc;
}

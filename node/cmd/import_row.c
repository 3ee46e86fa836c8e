#include "node/cmd/import_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/store/records.h"
#include "node/store/unique.h"

enum rc import_row_header(struct import_sheet *s, const struct csvfile_row *row, struct arena *a,
			  struct path_problem *why)
{
	uint32_t i, k;

	if (row->cells_count > IMPORT_COLUMNS_MAX) {
		return path_fail(why, RC_INVALID, NULL, "the header has more than %d columns",
				 IMPORT_COLUMNS_MAX);
	}
	for (i = 0; i < row->cells_count; i++) {
		for (k = 0; k < i; k++) {
			if (bytes_equal(row->cells[i], row->cells[k])) {
				return path_fail(why, RC_INVALID, "leave one of them out",
						 "the column \"%.*s\" stands there twice",
						 (int)(row->cells[i].len > 64 ? 64 :
										row->cells[i].len),
						 (const char *)row->cells[i].p);
			}
		}
		s->columns[i].name = arena_copy(a, row->cells[i]);
		if (s->columns[i].name.p == NULL) {
			return RC_NOMEM;
		}
	}
	s->columns_count = row->cells_count;
	return RC_OK;
}

static enum rc bind_column(struct import_sheet *s, struct import_column *column,
			   struct value_reader *r, struct path_problem *why)
{
	const struct schema_field *f = NULL;

	column->field = NULL;
	column->role = IMPORT_FIELD;
	if (bytes_equal(column->name, bytes_of("id"))) {
		column->role = IMPORT_ID;
		s->has_id = true;
		return RC_OK;
	}
	if (bytes_equal(column->name, bytes_of("_version"))) {
		column->role = IMPORT_VERSION;
		return RC_OK;
	}
	f = value_arg_field(r, column->name);
	if (f == NULL) {
		return path_fail(why, RC_INVALID, r->hint, "%s", r->text);
	}
	if (f->closed) {
		return path_fail(why, RC_INVALID, "leave the column out",
				 "%s.%s: this field is closed", s->kind->name, f->name);
	}
	if (f->derive != DERIVE_NONE) {
		return path_fail(why, RC_INVALID, "leave the column out",
				 "%s.%s is computed from %s", s->kind->name, f->name,
				 f->derive_from);
	}
	column->field = f;
	s->has_others = s->has_others || f->merge != MERGE_REGISTER;
	return RC_OK;
}

static bool find_column(const struct import_sheet *s, const struct schema_field *f, uint32_t *out)
{
	uint32_t i;

	for (i = 0; i < s->columns_count; i++) {
		if (s->columns[i].field == f) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Whether this node may write a field, going by its reach alone. */
static bool is_ours(const struct value_reader *r, const struct schema_field *f)
{
	return r->store->info.is_centre ? f->reach != REACH_OFFICE : f->reach != REACH_NATION;
}

/* Rows that name their record by its id need not be complete. */
static enum rc check_required(const struct import_sheet *s, const struct value_reader *r,
			      struct path_problem *why)
{
	uint32_t i, at = 0;

	for (i = 0; i < s->kind->fields_count && !s->has_id; i++) {
		const struct schema_field *f = &s->kind->fields[i];

		if (f->required && !f->closed && f->derive == DERIVE_NONE && is_ours(r, f) &&
		    !find_column(s, f, &at)) {
			return path_fail(why, RC_INVALID, "add the column",
					 "%s.%s is required, and the file has no such column",
					 s->kind->name, f->name);
		}
	}
	return RC_OK;
}

/* Finds the columns of unique number u; false: one is not in the file. */
static bool find_key_columns(struct import_sheet *s, uint32_t u)
{
	const struct schema_key *key = &s->kind->uniques[u];
	uint32_t i;

	for (i = 0; i < key->fields_count; i++) {
		if (!find_column(s, &s->kind->fields[key->fields[i]], &s->key_columns[i])) {
			return false;
		}
	}
	s->unique = u;
	return true;
}

/* Takes the next name of a list "a,b,c"; false at its end. */
static bool next_name(struct bytes *list, struct bytes *name)
{
	size_t len = 0;

	if (list->p == NULL) {
		return false;
	}
	while (len < list->len && list->p[len] != ',') {
		len++;
	}
	*name = bytes_at(list->p, len);
	*list = len == list->len ? bytes_at(NULL, 0) :
				   bytes_at(list->p + len + 1, list->len - len - 1);
	return true;
}

/* Whether --key names exactly the fields of a unique, in any order. */
static bool is_same_key(const struct schema_kind *k, const struct schema_key *key,
			struct bytes list)
{
	struct bytes name;
	uint32_t i, found = 0, count = 0;

	while (next_name(&list, &name)) {
		count++;
		for (i = 0; i < key->fields_count; i++) {
			found += bytes_equal(bytes_of(k->fields[key->fields[i]].name), name);
		}
	}
	return found == count && count == key->fields_count;
}

static enum rc bind_key(struct import_sheet *s, struct path_problem *why)
{
	const struct schema_kind *k = s->kind;
	uint32_t u = 0;

	if (s->key.len == 0) {
		s->has_key = k->uniques_count > 0 && find_key_columns(s, 0);
		return RC_OK;
	}
	while (u < k->uniques_count && !is_same_key(k, &k->uniques[u], s->key)) {
		u++;
	}
	if (u == k->uniques_count) {
		return path_fail(why, RC_INVALID, "see `kerwen schema show` for those it has",
				 "--key: these fields are not a unique of %s", k->name);
	}
	s->has_key = find_key_columns(s, u);
	return s->has_key ? RC_OK :
			    path_fail(why, RC_INVALID, "add the column",
				      "--key: the file lacks one of these columns");
}

enum rc import_row_bind(struct import_sheet *s, struct value_reader *r, struct path_problem *why)
{
	enum rc rc = RC_OK;
	uint32_t i;

	s->has_id = s->has_key = s->has_others = false;
	s->kind = value_arg_kind(r, s->kind_name);
	if (s->kind == NULL) {
		return path_fail(why, RC_INVALID, r->hint, "%s", r->text);
	}
	if (s->kind->number < SCHEMA_KIND_FIRST) {
		return path_fail(why, RC_INVALID, "see `kerwen office` and `kerwen schema`",
				 "records of the kind %s are not imported", s->kind->name);
	}
	r->kind = s->kind;
	for (i = 0; i < s->columns_count && rc == RC_OK; i++) {
		rc = bind_column(s, &s->columns[i], r, why);
	}
	if (rc == RC_OK) {
		rc = check_required(s, r, why);
	}
	return rc == RC_OK ? bind_key(s, why) : rc;
}

static enum rc reject(struct import_reject *why, struct bytes column, const char *text)
{
	why->column = column;
	(void)snprintf(why->text, sizeof(why->text), "%s", text);
	return RC_INVALID;
}

/* Exports join the entries of a log by "|", as the elements of a set. */
static enum rc read_log(struct value_reader *r, const struct schema_field *f, struct bytes text,
			struct value_ops *ops)
{
	size_t from = 0, end = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && from <= text.len) {
		for (end = from; end < text.len && text.p[end] != '|'; end++) {
		}
		rc = value_arg_cell(r, f, bytes_at(text.p + from, end - from), ops);
		from = end + 1;
	}
	return rc;
}

/* A value that needs no look at the store. */
static bool is_plain(const struct schema_field *f)
{
	return f->merge == MERGE_REGISTER && f->type != VALUE_LINK;
}

/* The key of the row, when all of its fields are set. */
static bool find_key(const struct import_sheet *s, const struct value_reader *r,
		     const struct bytes *values, struct key *out)
{
	struct bytes fields[LIMIT_DIMENSIONS_MAX];
	uint32_t i, count = s->kind->uniques[s->unique].fields_count;

	for (i = 0; i < count; i++) {
		fields[i] = values[s->key_columns[i]];
		if (fields[i].p == NULL) {
			return false;
		}
	}
	*out = unique_key(r->store->crypto, s->kind, s->unique, fields);
	return true;
}

static void mark_bad(struct import_input *in, struct bytes column, const char *text)
{
	in->is_bad = true;
	(void)reject(&in->reject, column, text);
}

enum rc import_row_parse(const struct import_sheet *s, struct value_reader *r,
			 struct import_input *in)
{
	uint32_t i;

	if (in->row.cells_count != s->columns_count) {
		char text[96];

		(void)snprintf(text, sizeof(text),
			       "the row has %" PRIu32 " cells, the header %" PRIu32,
			       in->row.cells_count, s->columns_count);
		mark_bad(in, bytes_of(""), text);
		return RC_OK;
	}
	in->values = arena_take_zeroed(r->arena, s->columns_count, sizeof(*in->values));
	if (in->values == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < s->columns_count; i++) {
		const struct schema_field *f = s->columns[i].field;
		enum rc rc = RC_OK;

		if (f != NULL && in->row.cells[i].len > 0 && is_plain(f)) {
			rc = value_arg_read(r, f, in->row.cells[i], &in->values[i]);
		}
		if (rc == RC_INVALID) {
			mark_bad(in, s->columns[i].name, r->text);
			return RC_OK;
		}
		if (rc != RC_OK) {
			return rc;
		}
	}
	in->has_key = s->has_key && find_key(s, r, in->values, &in->key);
	return RC_OK;
}

/* The operations of the fields, and where each column's begin. */
struct cells {
	struct value_ops ops;
	uint32_t first[IMPORT_COLUMNS_MAX + 1];
};

/* A cell that was not read ahead. */
static enum rc read_late(struct value_reader *r, const struct schema_field *f, struct bytes text,
			 struct value_ops *ops)
{
	return f->merge == MERGE_LOG ? read_log(r, f, text, ops) : value_arg_cell(r, f, text, ops);
}

static enum rc read_cells(const struct import_sheet *s, struct value_reader *r,
			  const struct import_input *in, struct cells *out,
			  struct import_reject *why)
{
	struct value_ops *ops = &out->ops;
	enum rc rc = RC_OK;
	uint32_t i;

	ops->count = 0;
	ops->max = s->columns_count;
	ops->items = arena_take(r->arena, ops->max * sizeof(*ops->items));
	if (ops->items == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < s->columns_count && rc == RC_OK; i++) {
		const struct schema_field *f = s->columns[i].field;

		out->first[i] = ops->count;
		if (in->values[i].p != NULL && ops->count < ops->max) {
			ops->items[ops->count++] = (struct draft_op){ f, OP_PUT, in->values[i] };
		} else if (f != NULL && in->row.cells[i].len > 0) {
			rc = read_late(r, f, in->row.cells[i], ops);
		}
		if (rc == RC_INVALID) {
			return reject(why, s->columns[i].name, r->text);
		}
	}
	out->first[i] = ops->count;
	return rc;
}

/* The key of a row, some cells of which were read late. */
static bool find_late_key(const struct import_sheet *s, const struct value_reader *r,
			  const struct cells *cells, struct key *out)
{
	struct bytes values[IMPORT_COLUMNS_MAX];
	uint32_t i;

	for (i = 0; i < s->columns_count; i++) {
		bool is_set = cells->first[i + 1] > cells->first[i];

		values[i] = is_set ? cells->ops.items[cells->first[i]].value : bytes_at(NULL, 0);
	}
	return find_key(s, r, values, out);
}

/* Among the records that hold the key, the first that is not deleted, else
 * the first. RC_NOTFOUND: none does. */
static enum rc find_holder(const struct import_sheet *s, struct commit *c, const struct key *k,
			   struct uuid *out)
{
	struct uuid id, first;
	enum rc rc = unique_find(c->work.txn, k, NULL, &id);

	first = id;
	while (rc == RC_OK) {
		const struct record *r = work_record(&c->work, s->kind->number, id);

		if (r == NULL) {
			return c->work.rc;
		}
		if (!view_life(r).deleted) {
			*out = id;
			return RC_OK;
		}
		*out = first;
		rc = unique_find(c->work.txn, k, &id, &id);
		if (rc == RC_NOTFOUND) {
			return RC_OK;
		}
	}
	return rc;
}

/* The record that an id names. */
static enum rc choose_by_id(const struct import_input *in, uint32_t column, struct bytes name,
			    struct import_row *out, struct import_reject *why)
{
	if (uuid_parse(in->row.cells[column], &out->draft.id) != RC_OK) {
		return reject(why, name, "this is not an id");
	}
	out->draft.act = DRAFT_EDIT;
	out->has_digest = true;
	memcpy(out->digest, out->draft.id.b, IMPORT_DIGEST_LEN);
	return RC_OK;
}

static enum rc choose_record(const struct import_sheet *s, struct value_reader *r, struct commit *c,
			     const struct import_input *in, const struct cells *cells,
			     struct import_row *out, struct import_reject *why)
{
	struct key late;
	const struct key *k = in->has_key ? &in->key : NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	out->draft.act = DRAFT_ADD;
	for (i = 0; i < s->columns_count && s->has_id; i++) {
		if (s->columns[i].role == IMPORT_ID && in->row.cells[i].len > 0) {
			return choose_by_id(in, i, s->columns[i].name, out, why);
		}
	}
	if (k == NULL && s->has_key && find_late_key(s, r, cells, &late)) {
		k = &late;
	}
	if (k == NULL) {
		return RC_OK;
	}
	out->has_digest = true;
	memcpy(out->digest, k->b + k->len - IMPORT_DIGEST_LEN, IMPORT_DIGEST_LEN);
	rc = find_holder(s, c, k, &out->draft.id);
	if (rc == RC_OK) {
		out->draft.act = DRAFT_EDIT;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What the person who made the file had seen of the record. */
static enum rc read_version(const struct record *rec, struct value_reader *r, struct bytes column,
			    struct bytes text, struct draft *d, struct import_reject *why)
{
	struct vv now = { .max = LIMIT_VECTOR_FEEDS_MAX };
	enum rc rc = RC_OK;

	d->form.max = (uint32_t)(text.len / 18 + 1);
	d->form.dots = arena_take(r->arena, d->form.max * sizeof(*d->form.dots));
	now.dots = arena_take(r->arena, now.max * sizeof(*now.dots));
	if (d->form.dots == NULL || now.dots == NULL) {
		return RC_NOMEM;
	}
	if (vv_parse(text, &d->form) != RC_OK) {
		return reject(why, column, "this is not a version");
	}
	rc = view_version(rec, &now);
	if (rc != RC_OK) {
		return rc;
	}
	switch (vv_compare(&d->form, &now)) {
	case VV_EQUAL:
		return RC_OK;
	case VV_BEFORE:
		d->has_form = true;
		return RC_OK;
	case VV_AFTER:
	case VV_CONCURRENT:
		break;
	}
	return reject(why, column, "this record never had this version here");
}

static enum rc append(struct value_reader *r, struct value_ops *ops, struct draft_op op)
{
	struct draft_op *wider = NULL;

	if (ops->count == ops->max) {
		wider = arena_take(r->arena, 2 * (ops->max + 8) * sizeof(*wider));
		if (wider == NULL) {
			return RC_NOMEM;
		}
		if (ops->count > 0) {
			memcpy(wider, ops->items, ops->count * sizeof(*wider));
		}
		ops->items = wider;
		ops->max = 2 * (ops->max + 8);
	}
	ops->items[ops->count++] = op;
	return RC_OK;
}

static bool has_value(const struct values *v, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < v->count; i++) {
		if (bytes_equal(v->items[i], value)) {
			return true;
		}
	}
	return false;
}

static bool has_op(const struct draft_op *ops, uint32_t count, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (bytes_equal(ops[i].value, value)) {
			return true;
		}
	}
	return false;
}

/* The step from what a counter shows to what the cell says. */
static enum rc diff_counter(struct value_reader *r, const struct values *now, struct draft_op op,
			    struct value_ops *out)
{
	int64_t shown = now->count == 0 ? 0 : value_number(VALUE_INT, now->items[0]);
	int64_t step = value_number(VALUE_INT, op.value) - shown;
	uint8_t *p = arena_take(r->arena, 10);
	struct bytes_writer w = bytes_writer_init(p, 10);

	if (p == NULL) {
		return RC_NOMEM;
	}
	value_put_number(&w, step);
	op.value = bytes_written(&w);
	return step == 0 ? RC_OK : append(r, out, op);
}

/* The operations that bring a field to what its cell says. */
static enum rc diff_field(struct value_reader *r, const struct schema_field *f,
			  const struct values *now, const struct draft_op *ops, uint32_t count,
			  struct value_ops *out)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (f->merge == MERGE_COUNTER) {
		return diff_counter(r, now, ops[0], out);
	}
	for (i = 0; i < count && rc == RC_OK; i++) {
		if (f->merge == MERGE_REGISTER || !has_value(now, ops[i].value)) {
			rc = append(r, out, ops[i]);
		}
	}
	for (i = 0; i < now->count && rc == RC_OK && f->merge == MERGE_SET; i++) {
		if (!has_op(ops, count, now->items[i])) {
			rc = append(r, out, (struct draft_op){ f, OP_SET_REMOVE, now->items[i] });
		}
	}
	return rc;
}

/* For a record that is there: its sets, counters and logs follow the cells. */
static enum rc diff_cells(const struct import_sheet *s, struct value_reader *r,
			  const struct record *rec, struct cells *cells)
{
	struct records_stamps stamps = { r->txn, r->store->info.centre_incarnation, r->arena };
	struct view_source source = records_source(&stamps);
	struct value_ops out = { NULL, 0, 0 };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < s->columns_count && rc == RC_OK; i++) {
		const struct schema_field *f = s->columns[i].field;
		uint32_t first = cells->first[i], count = cells->first[i + 1] - first;
		struct values now = { NULL, 0 };

		if (count > 0 && f->merge != MERGE_REGISTER) {
			rc = view_values(rec, f, &source, r->arena, &now);
		}
		if (count > 0 && rc == RC_OK) {
			rc = diff_field(r, f, &now, &cells->ops.items[first], count, &out);
		}
	}
	cells->ops = out;
	return rc;
}

/* What an existing record needs beyond the cells as they are. */
static enum rc read_existing(const struct import_sheet *s, struct value_reader *r, struct commit *c,
			     const struct csvfile_row *row, struct cells *cells,
			     struct import_row *out, struct import_reject *why)
{
	const struct record *rec = work_record(&c->work, s->kind->number, out->draft.id);
	enum rc rc = RC_OK;
	uint32_t i;

	if (rec == NULL) {
		return c->work.rc;
	}
	if (rec->parts_count == 0) {
		return reject(why, bytes_of("id"), "there is no record with this id here");
	}
	for (i = 0; i < s->columns_count && rc == RC_OK && s->has_id; i++) {
		if (s->columns[i].role == IMPORT_VERSION && row->cells[i].len > 0) {
			rc = read_version(rec, r, s->columns[i].name, row->cells[i], &out->draft,
					  why);
		}
	}
	return rc == RC_OK && s->has_others ? diff_cells(s, r, rec, cells) : rc;
}

enum rc import_row_read(const struct import_sheet *s, struct value_reader *r, struct commit *c,
			const struct import_input *in, struct import_row *out,
			struct import_reject *why)
{
	struct cells cells;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (in->is_bad) {
		*why = in->reject;
		return RC_INVALID;
	}
	rc = read_cells(s, r, in, &cells, why);
	if (rc == RC_OK) {
		rc = choose_record(s, r, c, in, &cells, out, why);
	}
	if (rc == RC_OK && out->draft.act == DRAFT_EDIT) {
		rc = read_existing(s, r, c, &in->row, &cells, out, why);
	}
	out->draft.kind = s->kind;
	out->draft.home = s->home;
	out->draft.ops = cells.ops.items;
	out->draft.ops_count = cells.ops.count;
	out->draft.keep_deleted = true;
	return rc;
}

struct bytes import_row_column(const struct import_sheet *s, const char *text)
{
	size_t kind_len = strlen(s->kind->name);
	uint32_t i;

	if (strncmp(text, s->kind->name, kind_len) != 0 || text[kind_len] != '.') {
		return bytes_of("");
	}
	text += kind_len + 1;
	for (i = 0; i < s->columns_count; i++) {
		struct bytes name = s->columns[i].name;

		if (strncmp(text, (const char *)name.p, name.len) == 0 &&
		    (text[name.len] == ' ' || text[name.len] == ':')) {
			return name;
		}
	}
	return bytes_of("");
}

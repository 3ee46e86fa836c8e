#include "node/cmd/import_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/cmd/import_diff.h"
#include "node/cmd/import_find.h"
#include "node/store/branchform.h"
#include "node/store/draft.h"
#include "node/store/records.h"

enum rc import_row_reject(struct import_reject *why, struct bytes column, const char *text,
			  const char *hint)
{
	bool has_hint = hint != NULL && hint[0] != '\0';

	why->column = column;
	(void)snprintf(why->text, sizeof(why->text), "%s%s%s", text, has_hint ? "; " : "",
		       has_hint ? hint : "");
	return RC_INVALID;
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
	uint32_t i;

	for (i = 0; i < s->key_count; i++) {
		fields[i] = values[s->key_columns[i]];
		if (fields[i].p == NULL) {
			return false;
		}
	}
	if (s->looks_up) {
		unique_digest(r->store->crypto, fields, s->key_count, out->b);
		out->len = UNIQUE_DIGEST_LEN;
	} else {
		*out = unique_key(r->store->crypto, s->kind, s->unique, fields);
	}
	return true;
}

/* Whether a cell is what a new record may have. If not, its draft is told why. */
static bool is_formed(const struct import_sheet *s, const struct schema_field *f, struct bytes v)
{
	struct draft_op op = { f, OP_PUT, v };
	struct draft_result result;

	return draft_judge_form(s->kind, &op, &result) == RC_OK;
}

static void mark_bad(struct import_input *in, struct bytes column, const char *text,
		     const char *hint)
{
	in->is_bad = true;
	(void)import_row_reject(&in->reject, column, text, hint);
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
		mark_bad(in, bytes_of(""), text, "quote a cell that holds the separator");
		return RC_OK;
	}
	in->values = arena_take_zeroed(r->arena, s->columns_count, sizeof(*in->values));
	if (in->values == NULL) {
		return RC_NOMEM;
	}
	in->is_formed = true;
	for (i = 0; i < s->columns_count; i++) {
		const struct schema_field *f = s->columns[i].field;
		enum rc rc = RC_OK;

		if (f == NULL || in->row.cells[i].len == 0) {
			continue;
		}
		if (is_plain(f)) {
			rc = value_arg_read(r, f, in->row.cells[i], &in->values[i]);
		}
		in->is_formed = in->is_formed && in->values[i].p != NULL &&
				is_formed(s, f, in->values[i]);
		if (rc == RC_INVALID) {
			mark_bad(in, s->columns[i].name, r->text, r->hint);
			return RC_OK;
		}
		if (rc != RC_OK) {
			return rc;
		}
	}
	in->key.number = s->unique;
	in->has_key = s->has_key && find_key(s, r, in->values, &in->key.key);
	return RC_OK;
}

/* The operations of the fields, and where each column's begin. */
struct cells {
	struct value_ops ops;
	uint32_t first[IMPORT_COLUMNS_MAX + 1];
};

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
			rc = value_arg_cell(r, f, in->row.cells[i], ops);
		}
		if (rc == RC_INVALID) {
			return import_row_reject(why, s->columns[i].name, r->text, r->hint);
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

/* The record that an id names. */
static enum rc choose_by_id(const struct import_input *in, uint32_t column, struct bytes name,
			    struct import_row *out, struct import_reject *why)
{
	if (uuid_parse(in->row.cells[column], &out->draft.id) != RC_OK) {
		return import_row_reject(why, name, "this is not an id",
					 "leave it empty for a new record");
	}
	out->draft.act = DRAFT_EDIT;
	out->has_digest = true;
	memcpy(out->digest, out->draft.id.b, IMPORT_DIGEST_LEN);
	return RC_OK;
}

static enum rc choose_record(const struct import_context *x, const struct import_input *in,
			     const struct cells *cells, struct import_row *out,
			     struct import_reject *why)
{
	const struct import_sheet *s = x->sheet;
	struct key late;
	const struct key *k = in->has_key ? &in->key.key : NULL;
	enum rc rc = RC_OK;
	uint32_t i;

	out->draft.act = DRAFT_ADD;
	for (i = 0; i < s->columns_count && s->has_id; i++) {
		if (s->columns[i].role == IMPORT_ID && in->row.cells[i].len > 0) {
			return choose_by_id(in, i, s->columns[i].name, out, why);
		}
	}
	if (k == NULL && s->has_key && find_late_key(s, x->reader, cells, &late)) {
		k = &late;
	}
	if (k == NULL) {
		return RC_OK;
	}
	out->has_digest = true;
	memcpy(out->digest, k->b + k->len - IMPORT_DIGEST_LEN, IMPORT_DIGEST_LEN);
	rc = import_find(x, k, &out->draft.id, why);
	if (rc == RC_OK) {
		out->draft.act = DRAFT_EDIT;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static const char version_hint[] = "take it as `kerwen export` wrote it, or leave it empty";

/* The record that a row means. */
struct target {
	const struct record *now;
	struct record stored; /* without what this batch changed */
	struct record then;   /* as of the row's version; has_then */
	bool has_then;
};

/* Whether what is stored can have had this version. What this batch changed is
 * not looked at: its row waits for the next one. */
static enum rc check_version(const struct import_context *x, const struct vv *version,
			     struct target *t, bool *had)
{
	struct work *w = x->commit->work;
	struct arena *a = x->reader->arena;
	enum rc rc = records_get(w->txn, w->store->catalog, t->now->kind_number, t->now->id, a,
				 &t->stored);

	*had = false;
	if (rc == RC_OK) {
		rc = replay_had(x->replay, &t->stored, version, a, had);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What the person who made the file had seen of the record. */
static enum rc read_version(const struct import_context *x, struct bytes column, struct bytes text,
			    struct target *t, struct draft *d, struct import_reject *why)
{
	struct arena *a = x->reader->arena;
	struct vv now = { .max = LIMIT_VECTOR_FEEDS_MAX };
	enum rc rc = RC_OK;
	bool had = false;

	d->form.max = (uint32_t)(text.len / 18 + 1);
	d->form.dots = arena_take(a, d->form.max * sizeof(*d->form.dots));
	now.dots = arena_take(a, now.max * sizeof(*now.dots));
	if (d->form.dots == NULL || now.dots == NULL) {
		return RC_NOMEM;
	}
	if (vv_parse(text, &d->form) != RC_OK) {
		return import_row_reject(why, column, "this is not a version", version_hint);
	}
	rc = branchform_settle(x->commit->work->store, x->commit->work->txn, t->now, a, &d->form);
	if (rc == RC_OK) {
		rc = view_version(t->now, &now);
	}
	if (rc != RC_OK || vv_compare(&d->form, &now) == VV_EQUAL) {
		return rc;
	}
	d->has_form = true;
	rc = check_version(x, &d->form, t, &had);
	if (rc != RC_OK || had) {
		return rc;
	}
	return import_row_reject(why, column, "this record never had this version here",
				 version_hint);
}

/* The record as the maker of an old file saw it. */
static enum rc look_back(const struct import_context *x, const struct draft *d, struct target *t)
{
	enum rc rc = replay_as_of(x->replay, &t->stored, &d->form, x->reader->arena, &t->then);

	t->has_then = rc == RC_OK;
	return rc;
}

/* Whether a counter counted in a scope of which the version says nothing. */
static bool is_unseen(const struct target *t, const struct schema_field *f)
{
	uint32_t i;

	for (i = 0; i < t->stored.parts_count; i++) {
		if (view_find(&t->stored, i, f->number, CLASS_COUNTER) != NULL &&
		    t->then.parts[i].part.vector.count == 0) {
			return true;
		}
	}
	return false;
}

/* A step from a number that the maker of the file cannot have seen would count
 * all of it twice. */
static enum rc check_counters(const struct import_context *x, const struct target *t,
			      const struct cells *cells, struct import_reject *why)
{
	uint32_t i;

	for (i = 0; i < x->sheet->columns_count; i++) {
		const struct schema_field *f = x->sheet->columns[i].field;

		if (cells->first[i + 1] > cells->first[i] && f->merge == MERGE_COUNTER &&
		    is_unseen(t, f)) {
			return import_row_reject(why, x->sheet->columns[i].name,
						 "the row's version does not show this number",
						 "export the record again");
		}
	}
	return RC_OK;
}

/* Keeps of each cell what it says that the record did not. */
static enum rc diff_cells(const struct import_context *x, const struct target *t,
			  struct cells *cells)
{
	struct value_reader *r = x->reader;
	struct records_stamps stamps = { r->txn, r->store->info.centre_incarnation, r->arena };
	struct view_source source = records_source(&stamps);
	struct value_ops out = { NULL, 0, 0 };
	enum rc rc = RC_OK;
	uint32_t i;

	for (i = 0; i < x->sheet->columns_count && rc == RC_OK; i++) {
		const struct schema_field *f = x->sheet->columns[i].field;
		uint32_t first = cells->first[i], count = cells->first[i + 1] - first;
		struct import_shown shown;

		if (count == 0) {
			continue;
		}
		rc = view_values(t->now, f, &source, r->arena, &shown.now);
		shown.then = shown.now;
		if (rc == RC_OK && t->has_then) {
			rc = view_values(&t->then, f, &source, r->arena, &shown.then);
		}
		if (rc == RC_OK) {
			rc = import_diff_field(r, f, &shown, &cells->ops.items[first], count, &out);
		}
	}
	cells->ops = out;
	return rc;
}

/* The codes that the row changes. What a form had not seen is not counted: it
 * may stand beside the row's value. */
static enum rc find_moves(const struct value_reader *r, const struct record *rec,
			  const struct cells *cells, struct import_row *out)
{
	struct records_stamps stamps = { r->txn, r->store->info.centre_incarnation, r->arena };
	struct view_source source = records_source(&stamps);
	struct import_move *moves = arena_take(r->arena, cells->ops.count * sizeof(*moves));
	enum rc rc = moves == NULL ? RC_NOMEM : RC_OK;
	uint32_t i;

	for (i = 0; i < cells->ops.count && rc == RC_OK && !out->draft.has_form; i++) {
		const struct draft_op *op = &cells->ops.items[i];
		struct values now = { NULL, 0 };

		if (op->code != OP_PUT || op->field->type != VALUE_CODE) {
			continue;
		}
		rc = view_values(rec, op->field, &source, r->arena, &now);
		if (rc == RC_OK && now.count == 1 && !bytes_equal(now.items[0], op->value)) {
			struct bytes from = arena_copy(r->arena, now.items[0]);

			moves[out->moves_count++] =
				(struct import_move){ op->field, from, op->value };
			rc = from.p == NULL ? RC_NOMEM : RC_OK;
		}
	}
	out->moves = moves;
	return rc;
}

static bool was_said(const struct replay_ops *said, const struct draft_op *op)
{
	uint32_t i;

	for (i = 0; i < said->count; i++) {
		if (said->items[i].field == op->field->number && said->items[i].code == op->code &&
		    bytes_equal(said->items[i].value, op->value)) {
			return true;
		}
	}
	return false;
}

/* Takes away what this author said from the same version before. */
static enum rc drop_said(const struct import_context *x, const struct draft *d,
			 const struct target *t, struct value_ops *ops)
{
	struct replay_author author = { x->commit->work->store->info.number,
					x->commit->author.name };
	struct replay_ops said;
	enum rc rc = replay_said(x->replay, &t->stored, &d->form, author, x->reader->arena, &said);
	uint32_t i, kept = 0;

	for (i = 0; i < ops->count && rc == RC_OK; i++) {
		if (!was_said(&said, &ops->items[i])) {
			ops->items[kept++] = ops->items[i];
		}
	}
	ops->count = rc == RC_OK ? kept : ops->count;
	return rc;
}

/* The operations of a row on a record that is there. */
static enum rc follow_cells(const struct import_context *x, struct target *t, struct cells *cells,
			    struct import_row *out, struct import_reject *why)
{
	enum rc rc = RC_OK;

	if (out->draft.has_form && cells->ops.count > 0) {
		rc = look_back(x, &out->draft, t);
	}
	if (t->has_then) {
		rc = check_counters(x, t, cells, why);
	}
	if (rc == RC_OK) {
		rc = diff_cells(x, t, cells);
	}
	return rc == RC_OK && t->has_then && cells->ops.count > 0 ?
		       drop_said(x, &out->draft, t, &cells->ops) :
		       rc;
}

/* What an existing record needs beyond the cells as they are. */
static enum rc read_existing(const struct import_context *x, const struct csvfile_row *row,
			     struct cells *cells, struct import_row *out, struct import_reject *why)
{
	const struct import_sheet *s = x->sheet;
	struct target t = { .has_then = false };
	struct record_life life;
	enum rc rc = RC_OK;
	uint32_t i;

	t.now = work_record(x->commit->work, s->kind->number, out->draft.id);
	if (t.now == NULL) {
		return x->commit->work->rc;
	}
	if (t.now->parts_count == 0) {
		return import_row_reject(why, bytes_of("id"),
					 "there is no record with this id here",
					 "leave it empty for a new record");
	}
	life = view_life(t.now);
	if (life.deleted && !life.conflict) {
		return import_row_reject(why, bytes_of(""), "this record was deleted",
					 "use `kerwen restore` if it was deleted by mistake");
	}
	for (i = 0; i < s->columns_count && rc == RC_OK && s->has_id; i++) {
		if (s->columns[i].role == IMPORT_VERSION && row->cells[i].len > 0) {
			rc = read_version(x, s->columns[i].name, row->cells[i], &t, &out->draft,
					  why);
		}
	}
	if (rc == RC_OK) {
		rc = follow_cells(x, &t, cells, out, why);
	}
	if (rc == RC_OK) {
		rc = find_moves(x->reader, t.now, cells, out);
	}
	out->is_unchanged = rc == RC_OK && cells->ops.count == 0;
	return rc;
}

enum rc import_row_read(const struct import_context *x, const struct import_input *in,
			struct import_row *out, struct import_reject *why)
{
	struct cells cells;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	if (in->is_bad) {
		*why = in->reject;
		return RC_INVALID;
	}
	rc = read_cells(x->sheet, x->reader, in, &cells, why);
	if (rc == RC_OK) {
		rc = choose_record(x, in, &cells, out, why);
	}
	if (rc == RC_OK && out->draft.act == DRAFT_EDIT) {
		rc = read_existing(x, &in->row, &cells, out, why);
	}
	out->draft.kind = x->sheet->kind;
	out->draft.home = x->sheet->home;
	out->draft.ops = cells.ops.items;
	out->draft.ops_count = cells.ops.count;
	out->draft.keep_deleted = true;
	out->draft.known = in->has_key && !x->sheet->looks_up ? &in->key : NULL;
	out->draft.is_formed = in->is_formed && out->draft.act == DRAFT_ADD;
	return rc;
}

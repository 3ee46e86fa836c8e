#include "node/cmd/import_sheet.h"

#include <string.h>

enum rc import_sheet_header(struct import_sheet *s, const struct csvfile_row *row, struct arena *a,
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
	char from[SCHEMA_DERIVE_TEXT_MAX];

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
				 schema_derive_text(f, from));
	}
	column->field = f;
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

/* Takes unique number u for the key; false: a column of it is not in the file,
 * which missing names. */
static bool take_unique(struct import_sheet *s, uint32_t u, const char **missing)
{
	const struct schema_key *key = &s->kind->uniques[u];
	uint32_t i;

	for (i = 0; i < key->fields_count; i++) {
		const struct schema_field *f = &s->kind->fields[key->fields[i]];

		if (!find_column(s, f, &s->key_columns[i])) {
			*missing = f->name;
			return false;
		}
	}
	s->unique = u;
	s->key_count = key->fields_count;
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

static bool has_name(struct bytes list, const char *name)
{
	struct bytes one;

	while (next_name(&list, &one)) {
		if (bytes_equal(one, bytes_of(name))) {
			return true;
		}
	}
	return false;
}

/* Whether --key names exactly the fields of a unique, in any order. */
static bool is_same_key(const struct schema_kind *k, const struct schema_key *key,
			struct bytes list)
{
	struct bytes name;
	uint32_t i, count = 0;

	for (i = 0; i < key->fields_count; i++) {
		if (!has_name(list, k->fields[key->fields[i]].name)) {
			return false;
		}
	}
	while (next_name(&list, &name)) {
		count++;
	}
	return count == key->fields_count;
}

static enum rc refuse_missing(const char *name, struct path_problem *why)
{
	return path_fail(why, RC_INVALID, "add the column", "--key: the file lacks the column %s",
			 name);
}

/* Whether records can be told apart by a field that is no unique's. */
static enum rc judge_key_field(const struct import_sheet *s, const struct value_reader *r,
			       const struct schema_field *f, struct path_problem *why)
{
	if (f->merge != MERGE_REGISTER) {
		return path_fail(why, RC_INVALID, "name fields that hold one value",
				 "--key: %s.%s is a %s", s->kind->name, f->name,
				 schema_merge_text(f->merge));
	}
	if (r->store->info.is_centre && f->reach == REACH_OFFICE) {
		return path_fail(why, RC_INVALID, "import the file at the office",
				 "--key: %s.%s does not leave its office", s->kind->name, f->name);
	}
	return RC_OK;
}

/* Adds a field to a key that is no unique. */
static enum rc add_key_field(struct import_sheet *s, struct value_reader *r, struct bytes name,
			     struct path_problem *why)
{
	const struct schema_field *f = NULL;
	uint32_t i, column = 0;
	enum rc rc = RC_OK;

	if (bytes_equal(name, bytes_of("id"))) {
		return path_fail(why, RC_INVALID, "leave --key out",
				 "--key: a column id names its record by itself");
	}
	f = value_arg_field(r, name);
	if (f == NULL) {
		return path_fail(why, RC_INVALID, r->hint, "--key: %s", r->text);
	}
	if (!find_column(s, f, &column)) {
		return refuse_missing(f->name, why);
	}
	rc = judge_key_field(s, r, f, why);
	for (i = 0; i < s->key_count && rc == RC_OK; i++) {
		if (s->key_columns[i] == column) {
			return path_fail(why, RC_INVALID, "leave one of them out",
					 "--key: %s is named twice", f->name);
		}
	}
	if (rc == RC_OK && s->key_count == LIMIT_DIMENSIONS_MAX) {
		return path_fail(why, RC_INVALID, "name fewer", "--key: more than %d fields",
				 LIMIT_DIMENSIONS_MAX);
	}
	if (rc == RC_OK) {
		s->key_columns[s->key_count++] = column;
	}
	return rc;
}

static enum rc bind_any_fields(struct import_sheet *s, struct value_reader *r,
			       struct path_problem *why)
{
	struct bytes list = s->key, name;
	enum rc rc = RC_OK;

	s->looks_up = true;
	s->key_count = 0;
	while (rc == RC_OK && next_name(&list, &name)) {
		rc = add_key_field(s, r, name, why);
	}
	s->has_key = rc == RC_OK;
	return rc;
}

static enum rc bind_key(struct import_sheet *s, struct value_reader *r, struct path_problem *why)
{
	const struct schema_kind *k = s->kind;
	const char *missing = NULL;
	uint32_t u = 0;

	s->looks_up = false;
	if (s->key.p == NULL) {
		s->has_key = k->uniques_count > 0 && take_unique(s, 0, &missing);
		return RC_OK;
	}
	while (u < k->uniques_count && !is_same_key(k, &k->uniques[u], s->key)) {
		u++;
	}
	if (u == k->uniques_count) {
		return bind_any_fields(s, r, why);
	}
	s->has_key = take_unique(s, u, &missing);
	return s->has_key ? RC_OK : refuse_missing(missing, why);
}

enum rc import_sheet_bind(struct import_sheet *s, struct value_reader *r, struct path_problem *why)
{
	enum rc rc = RC_OK;
	uint32_t i;

	s->has_id = s->has_key = false;
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
	return rc == RC_OK ? bind_key(s, r, why) : rc;
}

struct bytes import_sheet_column(const struct import_sheet *s, const char *text)
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

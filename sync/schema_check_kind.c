#include "sync/refuse.h"
#include "sync/schema_check.h"

#include <string.h>

static enum reach find_widest(const struct schema_kind *k)
{
	enum reach reach = REACH_OFFICE;
	uint32_t i;

	for (i = 0; i < k->fields_count; i++) {
		if (k->fields[i].reach > reach) {
			reach = k->fields[i].reach;
		}
	}
	return reach;
}

/* Only the centre writes in the national scope, and never in an office's. */
static enum rc check_writers(const struct schema_check *c, const struct schema_kind *k)
{
	uint32_t i;

	if (k->reach == REACH_NATION && k->writers != WRITERS_CENTRE) {
		return REFUSE(
			c->error, "kind ", k->name,
			": only the centre writes what has reach nation; say writers: centre");
	}
	for (i = 0; i < k->fields_count; i++) {
		const struct schema_field *f = &k->fields[i];

		if (k->reach == REACH_NATION && f->reach != REACH_NATION) {
			return REFUSE(c->error, "kind ", k->name,
				      ": one field has reach nation, so all need it; ", f->name,
				      " has reach ", schema_reach_text(f->reach));
		}
		if (k->writers == WRITERS_CENTRE && f->reach == REACH_OFFICE) {
			return REFUSE(c->error, "kind ", k->name,
				      ": only the centre writes it, but it cannot write field ",
				      f->name, " of reach office");
		}
	}
	return RC_OK;
}

static enum rc check_key(const struct schema_check *c, const struct schema_kind *k,
			 const char *what, const struct schema_key *key)
{
	uint32_t i, j;

	for (i = 0; i < key->fields_count; i++) {
		if (key->fields[i] >= k->fields_count) {
			return REFUSE(c->error, "kind ", k->name, ": ", what,
				      " names a field that it does not have");
		}
		for (j = 0; j < i; j++) {
			if (key->fields[i] == key->fields[j]) {
				return REFUSE(c->error, "kind ", k->name, ": ", what, " names ",
					      k->fields[key->fields[i]].name, " twice");
			}
		}
	}
	return RC_OK;
}

static enum rc check_unique(const struct schema_check *c, const struct schema_kind *k,
			    const struct schema_key *key)
{
	enum rc rc = check_key(c, k, "unique", key);
	uint32_t i;

	if (rc == RC_OK && key->fields_count == 0) {
		return REFUSE(c->error, "kind ", k->name, ": an empty list in unique");
	}
	for (i = 0; i < key->fields_count && rc == RC_OK; i++) {
		const struct schema_field *f = &k->fields[key->fields[i]];

		if (f->merge != MERGE_REGISTER) {
			rc = REFUSE(c->error, "kind ", k->name, ": field ", f->name,
				    " cannot be unique; a ", schema_merge_text(f->merge),
				    " has no single value");
		}
	}
	return rc;
}

/* A set of links to the kind itself, as far as the key. */
static enum rc check_verdicts(const struct schema_check *c, const struct schema_kind *k,
			      const struct schema_field *f)
{
	if (f->merge != MERGE_SET || f->type != VALUE_LINK || strcmp(f->to, k->name) != 0) {
		return REFUSE(c->error, "kind ", k->name, ": doubles needs ", f->name,
			      " to be a set of links to the kind itself");
	}
	if (f->reach != schema_doubles_key(k)->reach) {
		return REFUSE(c->error, "kind ", k->name, ": doubles needs fields of one reach; ",
			      f->name, " has ", schema_reach_text(f->reach), ", the key ",
			      schema_reach_text(schema_doubles_key(k)->reach));
	}
	return RC_OK;
}

static enum rc check_doubles(const struct schema_check *c, const struct schema_kind *k)
{
	const struct schema_field *key = schema_doubles_key(k);
	const struct schema_field *same = schema_doubles_same(k);
	const struct schema_field *different = schema_doubles_different(k);
	enum rc rc = RC_OK;

	if (!k->doubles.is_set) {
		return RC_OK;
	}
	if (key == NULL || same == NULL || different == NULL || same == different) {
		return REFUSE(c->error, "kind ", k->name,
			      ": doubles needs three fields of the kind: key, same, different");
	}
	if (key->derive != DERIVE_SAME) {
		return REFUSE(c->error, "kind ", k->name, ": the key of doubles, ", key->name,
			      ", must be derived: same(NAME, DATE, FIELD)");
	}
	if (!k->closed && (key->closed || same->closed || different->closed)) {
		return REFUSE(c->error, "kind ", k->name, ": doubles names a field that is closed");
	}
	rc = check_verdicts(c, k, same);
	return rc == RC_OK ? check_verdicts(c, k, different) : rc;
}

static enum rc check_fields(const struct schema_check *c, const struct schema_kind *k)
{
	enum rc rc = RC_OK;
	uint32_t i;

	if (k->fields_count == 0 || k->fields_count > LIMIT_FIELDS_PER_KIND_MAX) {
		return REFUSE(c->error, "kind ", k->name,
			      ": it needs 1 to 256 fields (closed ones count)");
	}
	for (i = 0; i < k->fields_count && rc == RC_OK; i++) {
		const struct schema_field *f = &k->fields[i];

		if (schema_field_by_name(k, bytes_of(f->name)) != f) {
			return REFUSE(c->error, "kind ", k->name, ": field ", f->name,
				      " stands there twice");
		}
		if (f->number != 0 && schema_field_by_number(k, f->number) != f) {
			return REFUSE(c->error, "kind ", k->name, ": the number of field ", f->name,
				      " is used twice");
		}
		rc = schema_check_field(c, k, f);
	}
	return rc;
}

enum rc schema_check_kind(const struct schema_check *c, const struct schema_kind *k)
{
	enum rc rc = schema_check_name(c, NULL, "kind", k->name);
	uint32_t i;

	if (rc == RC_OK && schema_kind_by_name(schema_builtin(), bytes_of(k->name)) != NULL) {
		return REFUSE(c->error, "kind ", k->name,
			      ": Kerwen has a kind of this name built in; choose another name");
	}
	if (rc == RC_OK && k->number != 0 && k->number < SCHEMA_KIND_FIRST) {
		return REFUSE(c->error, "kind ", k->name, ": its number is one of the built-in");
	}
	if (rc == RC_OK) {
		rc = check_fields(c, k);
	}
	if (rc == RC_OK && k->reach != find_widest(k)) {
		rc = REFUSE(c->error, "kind ", k->name,
			    ": its reach is not the widest of its fields");
	}
	if (rc == RC_OK) {
		rc = check_writers(c, k);
	}
	if (rc == RC_OK) {
		rc = check_key(c, k, "title", &k->title);
	}
	if (rc == RC_OK) {
		rc = check_doubles(c, k);
	}
	for (i = 0; i < k->uniques_count && rc == RC_OK; i++) {
		rc = check_unique(c, k, &k->uniques[i]);
	}
	return rc;
}

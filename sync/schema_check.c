#include "sync/schema_check.h"

#include <string.h>

#include "sync/refuse.h"

/* Words of the expression language: a field of such a name could not be used. */
static const char *const RESERVED[] = { "and", "or", "not", "in", "is", "set", "true", "false" };

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_identifier(const char *name)
{
	size_t i;

	if (!is_letter(name[0])) {
		return false;
	}
	for (i = 1; name[i] != '\0'; i++) {
		if (!is_letter(name[i]) && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_') {
			return false;
		}
	}
	return i <= LIMIT_NAME_BYTES_MAX;
}

enum rc schema_check_name(const struct schema_check *c, const struct schema_kind *kind,
			  const char *what, const char *name)
{
	const char *before = kind == NULL ? "" : "kind ";
	const char *owner = kind == NULL ? "" : kind->name;
	const char *after = kind == NULL ? "" : ", ";
	size_t i;

	if (!is_identifier(name)) {
		return REFUSE(c->error, before, owner, after, what, " \"", name,
			      "\": a name begins with a letter and has up to 64 letters, digits "
			      "and _");
	}
	for (i = 0; i < sizeof(RESERVED) / sizeof(RESERVED[0]); i++) {
		if (strcmp(name, RESERVED[i]) == 0) {
			return REFUSE(c->error, before, owner, after, what, " ", name,
				      ": the word belongs to expressions; choose another name");
		}
	}
	return RC_OK;
}

static enum rc check_count(const struct schema_check *c, const char *what, uint32_t count,
			   uint32_t max)
{
	char text[REFUSE_NUMBER_MAX];

	if (count <= max) {
		return RC_OK;
	}
	return REFUSE(c->error, "the schema has too many ", what, " (closed ones count); ",
		      refuse_number(text, max), " are allowed");
}

static enum rc check_head(const struct schema_check *c)
{
	const struct schema *s = c->schema;
	enum rc rc = schema_check_name(c, NULL, "schema", s->name);

	if (rc == RC_OK && s->version == 0) {
		rc = REFUSE(c->error, "schema ", s->name, ": versions begin with 1");
	}
	if (rc == RC_OK && s->kinds_count == 0) {
		rc = REFUSE(c->error, "schema ", s->name, ": it has no kinds; add at least one");
	}
	if (rc == RC_OK) {
		rc = check_count(c, "kinds", s->kinds_count, LIMIT_KINDS_MAX);
	}
	if (rc == RC_OK) {
		rc = check_count(c, "code lists", s->codes_count, LIMIT_CODE_LISTS_MAX);
	}
	if (rc == RC_OK) {
		rc = check_count(c, "figures", s->figures_count, LIMIT_FIGURES_MAX);
	}
	return rc;
}

static enum rc check_lists(const struct schema_check *c)
{
	const struct schema *s = c->schema;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < s->codes_count && rc == RC_OK; i++) {
		const struct schema_codes *list = &s->codes[i];

		if (schema_codes_by_name(s, bytes_of(list->name)) != list) {
			return REFUSE(c->error, "code list ", list->name, ": there are two");
		}
		rc = schema_check_codes(c, list);
	}
	return rc;
}

static enum rc check_kinds(const struct schema_check *c)
{
	const struct schema *s = c->schema;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < s->kinds_count && rc == RC_OK; i++) {
		const struct schema_kind *k = &s->kinds[i];

		if (schema_kind_by_name(s, bytes_of(k->name)) != k) {
			return REFUSE(c->error, "kind ", k->name, ": there are two");
		}
		if (k->number != 0 && schema_kind_by_number(s, k->number) != k) {
			return REFUSE(c->error, "kind ", k->name, ": its number is used twice");
		}
		rc = schema_check_kind(c, k);
	}
	return rc;
}

static bool has_number_before(const struct schema *s, uint32_t end, uint16_t number)
{
	uint32_t i;

	for (i = 0; i < end; i++) {
		if (number != 0 && s->figures[i].number == number) {
			return true;
		}
	}
	return false;
}

static enum rc check_figures(const struct schema_check *c)
{
	const struct schema *s = c->schema;
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < s->figures_count && rc == RC_OK; i++) {
		const struct schema_figure *f = &s->figures[i];

		if (schema_figure_by_name(s, bytes_of(f->name)) != f) {
			return REFUSE(c->error, "figure ", f->name, ": there are two");
		}
		if (has_number_before(s, i, f->number)) {
			return REFUSE(c->error, "figure ", f->name, ": its number is used twice");
		}
		rc = schema_check_figure(c, f);
	}
	return rc;
}

enum rc schema_check(const struct schema *s, struct arena *scratch, struct schema_error *e)
{
	struct schema_check c = { .schema = s, .scratch = scratch, .error = e };
	size_t mark = arena_mark(scratch);
	enum rc rc;

	e->text[0] = '\0';
	rc = check_head(&c);
	if (rc == RC_OK) {
		rc = check_lists(&c);
	}
	if (rc == RC_OK) {
		rc = check_kinds(&c);
	}
	if (rc == RC_OK) {
		rc = check_figures(&c);
	}
	if (rc == RC_NOMEM) {
		(void)REFUSE(e, "schema ", s->name, ": it does not fit into memory");
	}
	arena_release(scratch, mark);
	return rc;
}

/* Texts to values, and the names and ids that people type. */
#include "node/cmd/value_arg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/code_label.h"
#include "node/store/records.h"
#include "sync/nearest.h"

enum { NUMBER_BYTES_MAX = 32 };

struct value_reader value_arg_reader(const struct store *s, struct kv_txn *t, struct arena *a,
				     const struct schema_kind *kind)
{
	struct value_reader r = { .store = s, .txn = t, .arena = a, .kind = kind };

	return r;
}

enum rc value_arg_refuse(struct value_reader *r, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
	(void)snprintf(r->hint, sizeof(r->hint), "%s", hint);
	return RC_INVALID;
}

/* "did you mean X?", or what else to do. */
static const char *suggest(char *buffer, size_t max, const char *found, const char *otherwise)
{
	if (found == NULL) {
		return otherwise;
	}
	(void)snprintf(buffer, max, "did you mean \"%s\"?", found);
	return buffer;
}

static int shown_len(struct bytes b)
{
	return b.len > LIMIT_NAME_BYTES_MAX ? LIMIT_NAME_BYTES_MAX : (int)b.len;
}

const struct schema_kind *value_arg_kind(struct value_reader *r, struct bytes name)
{
	const struct schema *s = &r->store->catalog->schema;
	const struct schema_kind *k = schema_kind_by_name(s, name);
	struct nearest n = nearest_init(name);
	char hint[160];
	uint32_t i;

	if (k != NULL) {
		return k;
	}
	for (i = 0; i < s->kinds_count; i++) {
		if (!s->kinds[i].closed) {
			nearest_offer(&n, s->kinds[i].name, s->kinds[i].name);
		}
	}
	(void)value_arg_refuse(r,
			       suggest(hint, sizeof(hint), n.found,
				       r->store->catalog->own.name == NULL ?
					       "this node has no schema yet: sync, or apply one" :
					       "see `kerwen schema show` for the kinds"),
			       "there is no kind \"%.*s\"", shown_len(name), (const char *)name.p);
	return NULL;
}

const struct schema_field *value_arg_field(struct value_reader *r, struct bytes name)
{
	const struct schema_field *f = schema_field_by_name(r->kind, name);
	struct nearest n = nearest_init(name);
	char hint[160];
	uint32_t i;

	if (f != NULL) {
		return f;
	}
	for (i = 0; i < r->kind->fields_count; i++) {
		if (!r->kind->fields[i].closed) {
			nearest_offer(&n, r->kind->fields[i].name, r->kind->fields[i].name);
		}
	}
	(void)value_arg_refuse(r,
			       suggest(hint, sizeof(hint), n.found,
				       "see `kerwen schema show` for the fields"),
			       "%s has no field \"%.*s\"", r->kind->name, shown_len(name),
			       (const char *)name.p);
	return NULL;
}

static enum rc refuse_code(struct value_reader *r, const struct schema_field *f, struct bytes text)
{
	struct nearest n = nearest_init(text);
	char hint[160];
	uint32_t i, k;

	for (i = 0; i < f->codes->codes_count; i++) {
		const struct schema_code *c = &f->codes->codes[i];

		nearest_offer(&n, c->code, c->code);
		for (k = 0; k < SCHEMA_LABELS; k++) {
			const char *label = schema_code_label(c, k);

			if (label != NULL) {
				nearest_offer(&n, label, c->code);
			}
		}
	}
	return value_arg_refuse(r,
				suggest(hint, sizeof(hint), n.found,
					"see `kerwen schema show` for the codes"),
				"%s.%s: this is not a code of %s", r->kind->name, f->name,
				f->codes->name);
}

static enum rc refuse_label(struct value_reader *r, const struct schema_field *f,
			    const struct code_label *label)
{
	char hint[200] = "write one of the codes:";
	size_t len = strlen(hint);
	uint32_t i;

	for (i = 0; i < label->count && i < CODE_LABEL_FOUND_MAX && len < sizeof(hint); i++) {
		len += (size_t)snprintf(hint + len, sizeof(hint) - len, "%s %.40s",
					i == 0 ? "" : ",", label->found[i]->code);
	}
	return value_arg_refuse(r, hint, "%s.%s: this is what %" PRIu32 " codes of %s are called",
				r->kind->name, f->name, label->count, f->codes->name);
}

/* A code, or what people call it. */
static enum rc read_code(struct value_reader *r, const struct schema_field *f, struct bytes text,
			 struct bytes *out)
{
	struct code_label label;
	enum rc rc = text_normalise(text, TEXT_LINE, r->arena, out);

	if (rc != RC_OK) {
		*out = text;
	}
	if (f->codes == NULL || schema_code_find(f->codes, *out) != NULL) {
		return RC_OK;
	}
	rc = code_label_find(f->codes, *out, r->arena, &label);
	if (rc == RC_OK && label.count == 0) {
		rc = refuse_code(r, f, *out);
	} else if (rc == RC_OK && label.count > 1) {
		rc = refuse_label(r, f, &label);
	} else if (rc == RC_OK) {
		*out = bytes_of(label.found[0]->code);
	}
	return rc;
}

/* What a value of the type looks like. */
static const char *describe(const struct schema_field *f, enum value_type type)
{
	switch (type) {
	case VALUE_TEXT:
		return "text is 1 to 16384 bytes of UTF-8";
	case VALUE_INT:
		return "a whole number is written like 1381 or -4, "
		       "between -9007199254740991 and 9007199254740991";
	case VALUE_DECIMAL:
		return f->scale == 0 ?
			       "a number without digits after the point is written like 12" :
			       "a number is written like 12.5, with not more digits after "
			       "the point than the field keeps";
	case VALUE_BOOL:
		return "write true or false";
	case VALUE_DATE:
		return "a date is written like 2016-12-09";
	case VALUE_PDATE:
		return "a date is written like 2016-12-09, or 2016-12, or 2016 if that is all "
		       "that is known";
	case VALUE_TIME:
		return "a time is written like 2016-12-09T08:30:00Z";
	case VALUE_CODE:
		return "see `kerwen schema show` for the codes";
	case VALUE_LINK:
		return "a link is the id of a record, or its last 6 or more digits";
	case VALUE_BYTES:
		return "bytes are written as hexadecimal digits";
	}
	return "";
}

/* With the article that belongs to it. */
static const char *name_type(enum value_type type)
{
	switch (type) {
	case VALUE_TEXT:
		return "a text";
	case VALUE_INT:
		return "a whole number";
	case VALUE_DECIMAL:
		return "a number";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_DATE:
	case VALUE_PDATE:
		return "a date";
	case VALUE_TIME:
		return "a time";
	case VALUE_CODE:
		return "a code";
	case VALUE_LINK:
		return "a link";
	case VALUE_BYTES:
		return "bytes";
	}
	return "";
}

static enum rc refuse_type(struct value_reader *r, const struct schema_field *f,
			   enum value_type type, enum rc rc)
{
	return value_arg_refuse(r, describe(f, type),
				rc == RC_LIMIT ? "%s.%s: %s that is too large" :
						 "%s.%s: this is not %s",
				r->kind->name, f->name, name_type(type));
}

/* Ids may be repeated in a message; anything else may be a person's. */
static bool has_digits_only(struct bytes text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (strchr("0123456789abcdefABCDEF-", text.p[i]) == NULL || text.p[i] == '\0') {
			return false;
		}
	}
	return text.len > 0;
}

static enum rc refuse_id(struct value_reader *r, struct bytes text)
{
	static const char hint[] = "give a whole id, or its last 6 or more digits";

	return has_digits_only(text) ?
		       value_arg_refuse(r, hint, "%.*s: this is not an id", shown_len(text),
					(const char *)text.p) :
		       value_arg_refuse(r, hint,
					"this is not an id: it is empty, or has other signs than "
					"0-9, a-f and -");
}

enum rc value_arg_record(struct value_reader *r, struct bytes text, uint16_t *kind, struct uuid *id)
{
	const struct schema *s = &r->store->catalog->schema;
	enum rc rc = uuid_parse(text, id);

	rc = rc == RC_OK ? records_find_kind(r->txn, s, *id, kind) :
			   records_find_ending(r->txn, s, text, kind, id);
	if (rc == RC_INVALID) {
		return refuse_id(r, text);
	}
	if (rc == RC_EXISTS) {
		return value_arg_refuse(r, "give more of its last digits",
					"%.*s: the ids of several records end like this",
					shown_len(text), (const char *)text.p);
	}
	if (rc == RC_NOTFOUND) {
		(void)value_arg_refuse(r, "see `kerwen list KIND`",
				       "%.*s: there is no record with this id here",
				       shown_len(text), (const char *)text.p);
	}
	return rc;
}

/* A whole id may name a record that has not come yet; an ending may not. */
static enum rc read_link(struct value_reader *r, const struct schema_field *f, struct bytes text,
			 struct uuid *id)
{
	const struct schema *s = &r->store->catalog->schema;
	const struct schema_kind *found = NULL;
	uint16_t kind = 0;
	enum rc rc = uuid_parse(text, id);

	if (rc == RC_OK) {
		rc = records_find_kind(r->txn, s, *id, &kind);
		if (rc == RC_NOTFOUND) {
			return RC_OK;
		}
	} else {
		char reason[sizeof(r->text)];

		rc = value_arg_record(r, text, &kind, id);
		if (rc == RC_INVALID || rc == RC_NOTFOUND) {
			rc = RC_INVALID;
			(void)snprintf(reason, sizeof(reason), "%s", r->text);
			(void)snprintf(r->text, sizeof(r->text), "%s.%s: %.200s", r->kind->name,
				       f->name, reason);
		}
	}
	if (rc != RC_OK) {
		return rc;
	}
	found = schema_kind_by_number(s, kind);
	if (f->to != NULL && found != NULL && strcmp(found->name, f->to) != 0) {
		return value_arg_refuse(r, "give the id of a record of that kind",
					"%s.%s links to a %s; this is the id of a %s",
					r->kind->name, f->name, f->to, found->name);
	}
	return RC_OK;
}

static enum rc keep(struct value_reader *r, const void *p, size_t len, struct bytes *out)
{
	*out = arena_copy(r->arena, bytes_at(p, len));
	return out->p == NULL ? RC_NOMEM : RC_OK;
}

static enum rc refuse_text(struct value_reader *r, const struct schema_field *f, struct bytes text)
{
	int32_t control = 0;

	if (text_find_control(text, TEXT_LINES, &control)) {
		return value_arg_refuse(r, "take it out: only line breaks and tabs are kept",
					"%s.%s: this holds a control character (U+%04X)",
					r->kind->name, f->name, (unsigned)control);
	}
	return value_arg_refuse(r, "save it as UTF-8", "%s.%s: this is not text in UTF-8",
				r->kind->name, f->name);
}

static enum rc read_text(struct value_reader *r, const struct schema_field *f, struct bytes text,
			 struct bytes *out)
{
	enum rc rc = text_normalise(text, TEXT_LINES, r->arena, out);

	if (rc == RC_INVALID) {
		return refuse_text(r, f, text);
	}
	if (rc == RC_OK && (out->len == 0 || out->len > LIMIT_VALUE_BYTES_MAX)) {
		return refuse_type(r, f, VALUE_TEXT, out->len == 0 ? RC_INVALID : RC_LIMIT);
	}
	return rc == RC_OK ? keep(r, out->p, out->len, out) : rc;
}

/* Everything but text is short; a code's list decides by itself. */
static enum rc read_typed(struct value_reader *r, const struct schema_field *f,
			  enum value_type type, struct bytes text, struct bytes *out)
{
	uint8_t buffer[LIMIT_NAME_BYTES_MAX + NUMBER_BYTES_MAX];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));
	enum rc rc = value_parse(type, f->scale, text, &w);

	if (rc == RC_OK && w.rc == RC_OK) {
		return keep(r, buffer, w.len, out);
	}
	return refuse_type(r, f, type, rc == RC_OK ? w.rc : rc);
}

static enum rc read_bytes(struct value_reader *r, const struct schema_field *f, struct bytes text,
			  struct bytes *out)
{
	size_t max = text.len / 2 + 1;
	struct bytes_writer w = bytes_writer_init(arena_take(r->arena, max), max);
	enum rc rc = w.p == NULL ? RC_NOMEM : value_parse(VALUE_BYTES, 0, text, &w);

	*out = bytes_written(&w);
	return rc == RC_OK || rc == RC_NOMEM ? rc : refuse_type(r, f, VALUE_BYTES, rc);
}

enum rc value_arg_read(struct value_reader *r, const struct schema_field *f, struct bytes text,
		       struct bytes *out)
{
	enum value_type type = f->merge == MERGE_COUNTER ? VALUE_INT : f->type;
	struct bytes normal = text;
	struct uuid id;
	enum rc rc = RC_OK;

	switch (type) {
	case VALUE_TEXT:
		return read_text(r, f, text, out);
	case VALUE_BYTES:
		return read_bytes(r, f, text, out);
	case VALUE_LINK:
		rc = read_link(r, f, text, &id);
		return rc == RC_OK ? keep(r, id.b, UUID_LEN, out) : rc;
	case VALUE_CODE:
		rc = read_code(r, f, text, &normal);
		break;
	case VALUE_INT:
	case VALUE_DECIMAL:
	case VALUE_BOOL:
	case VALUE_DATE:
	case VALUE_PDATE:
	case VALUE_TIME:
		break;
	}
	return rc == RC_OK ? read_typed(r, f, type, normal, out) : rc;
}

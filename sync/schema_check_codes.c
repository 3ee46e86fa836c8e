#include "sync/date.h"
#include "sync/refuse.h"
#include "sync/schema_check.h"

#include <string.h>

/* A bare code stands in expressions, flows and CSV sets; what separates there
 * cannot be part of it. */
static bool is_code(const char *code)
{
	size_t len = strlen(code);
	size_t i;

	for (i = 0; i < len; i++) {
		if ((uint8_t)code[i] <= ' ' || code[i] == 0x7f ||
		    strchr("|<>()=,!\"'", code[i]) != NULL) {
			return false;
		}
	}
	return len > 0 && len <= LIMIT_NAME_BYTES_MAX;
}

static enum rc check_code(const struct schema_check *c, const struct schema_codes *list,
			  const struct schema_code *code)
{
	struct schema_error *e = c->error;

	if (!is_code(code->code)) {
		return REFUSE(
			e, "code list ", list->name, ": \"", code->code,
			"\" is no code; 1 to 64 bytes without spaces and | < > ( ) = , ! \" '");
	}
	if (schema_code_find(list, bytes_of(code->code)) != code) {
		return REFUSE(e, "code list ", list->name, ": ", code->code, " stands there twice");
	}
	if (code->valid_to != 0 && !date_is_valid(code->valid_to, false)) {
		return REFUSE(e, "code list ", list->name, ": valid_to of ", code->code,
			      " is no date");
	}
	if (code->successor != NULL && schema_code_find(list, bytes_of(code->successor)) == NULL) {
		return REFUSE(e, "code list ", list->name, ": successor ", code->successor, " of ",
			      code->code, " is not in the list");
	}
	return RC_OK;
}

/*
 * Follows the successors. Each code is walked over once: seen[i] is 0 for not
 * yet, else the number of the walk that came by; meeting the own walk is a
 * cycle.
 */
static enum rc check_successors(const struct schema_check *c, const struct schema_codes *list)
{
	uint32_t *seen = arena_take_zeroed(c->scratch, list->codes_count, sizeof(*seen));
	uint32_t start;

	if (seen == NULL) {
		return RC_NOMEM;
	}
	for (start = 0; start < list->codes_count; start++) {
		const struct schema_code *code = &list->codes[start];

		while (code != NULL && seen[code - list->codes] == 0) {
			seen[code - list->codes] = start + 1;
			if (code->successor == NULL) {
				break;
			}
			code = schema_code_find(list, bytes_of(code->successor));
			if (code != NULL && seen[code - list->codes] == start + 1) {
				return REFUSE(c->error, "code list ", list->name,
					      ": the successors of ", code->code,
					      " run in a circle");
			}
		}
	}
	return RC_OK;
}

enum rc schema_check_codes(const struct schema_check *c, const struct schema_codes *list)
{
	enum rc rc = schema_check_name(c, NULL, "code list", list->name);
	size_t mark = arena_mark(c->scratch);
	uint32_t i;

	if (rc == RC_OK &&
	    (list->codes_count == 0 || list->codes_count > LIMIT_CODES_PER_LIST_MAX)) {
		return REFUSE(c->error, "code list ", list->name, ": it needs 1 to 4096 codes");
	}
	for (i = 0; i < list->codes_count && rc == RC_OK; i++) {
		rc = check_code(c, list, &list->codes[i]);
	}
	if (rc == RC_OK) {
		rc = check_successors(c, list);
	}
	arena_release(c->scratch, mark);
	return rc;
}

/* Closed codes that a draft writes. */
#include "node/store/draft.h"
#include "sync/date.h"

enum { DAY_MS = 86400000 };

/* The code if there may be something to say of it; mostly none is, so that few
 * are compared. */
static const struct schema_code *find_marked(const struct schema_codes *list, struct bytes value)
{
	uint32_t i;

	for (i = 0; i < list->codes_count; i++) {
		const struct schema_code *code = &list->codes[i];

		if ((code->valid_to != 0 || code->successor != NULL) &&
		    bytes_equal(bytes_of(code->code), value)) {
			return code;
		}
	}
	return NULL;
}

enum rc draft_note_closed(struct work *w, const struct draft_op *op, struct draft_result *result)
{
	const struct schema_code *code = NULL;
	int64_t now = 0;
	enum rc rc = RC_OK;

	if (op->field->codes != NULL && (op->code == OP_PUT || op->code == OP_SET_ADD) &&
	    result->closed_code == NULL) {
		code = find_marked(op->field->codes, op->value);
	}
	if (code == NULL) {
		return RC_OK;
	}
	rc = author_time(w, &now);
	if (rc == RC_OK && date_time_is_valid(now) &&
	    schema_code_is_closed(code, date_from_days((int32_t)(now / DAY_MS)))) {
		result->closed_field = op->field;
		result->closed_code = code;
	}
	return rc;
}

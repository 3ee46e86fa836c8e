/* The list of parts of a touched record, and what the work knows of each. */
#include <string.h>

#include "node/store/records.h"
#include "node/store/work_priv.h"

enum rc work_follow_parts(struct work *w, struct work_record *r)
{
	struct work_part *parts = r->parts;

	if (r->parts_max == r->record.parts_max) {
		return RC_OK;
	}
	parts = arena_take_zeroed(w->arena, r->record.parts_max, sizeof(*parts));
	if (parts == NULL) {
		return RC_NOMEM;
	}
	if (r->parts_max > 0) {
		memcpy(parts, r->parts, r->parts_max * sizeof(*parts));
	}
	r->parts = parts;
	r->parts_max = r->record.parts_max;
	return RC_OK;
}

enum rc work_take_part(struct work *w, struct work_record *r, uint16_t scope, uint32_t *place)
{
	struct record *rec = &r->record;
	uint32_t i = 0, behind = 0;
	enum rc rc = RC_OK;

	while (i < rec->parts_count && rec->parts[i].scope < scope) {
		i++;
	}
	*place = i;
	if (i < rec->parts_count && rec->parts[i].scope == scope) {
		return RC_OK;
	}
	behind = rec->parts_count - i;
	rc = records_add_part(rec, i, scope, w->arena);
	if (rc == RC_OK) {
		rc = work_follow_parts(w, r);
	}
	if (rc == RC_OK) {
		memmove(&r->parts[i + 1], &r->parts[i], behind * sizeof(r->parts[0]));
		memset(&r->parts[i], 0, sizeof(r->parts[i]));
	}
	return rc;
}

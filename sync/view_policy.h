/*
 * The policies: which of several siblings is shown. The table is in view.h.
 */
#ifndef KERWEN_VIEW_POLICY_H
#define KERWEN_VIEW_POLICY_H

#include "sync/view_order.h"

/* Two or more siblings that do not all say the same. */
struct contest {
	const struct schema_field *field; /* borrowed */
	const struct view_source *source; /* borrowed */
	struct arena *arena;
	struct sibling *items; /* by dot */
	uint32_t count;
};

struct verdict {
	const struct item *shown; /* one of the siblings; it may be a clear */
	bool conflict;
};

/*
 * Decides by the field's policy. `ask` and `latest` leave the siblings latest
 * first, the others as they were. RC_NOMEM, or what the source returned.
 */
enum rc view_policy_decide(struct contest *c, struct verdict *out);

/* How far along a flow a value is: 0 for a clear, 1 for a code that the flow
 * does not name, then the ranks. */
uint32_t view_policy_rank(const struct schema_field *f, const struct item *item);

#endif

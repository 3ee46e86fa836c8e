/*
 * Whether a record change may stand: form and rights, a pure function of the
 * entry and of what the national scope said at its epoch. A change that may
 * not is put in quarantine; everything else of its entry goes on.
 *
 * What a node does not know - a kind or field of a newer schema - is no
 * reason to refuse: it is merged by its operations.
 */
#ifndef KERWEN_RIGHTS_H
#define KERWEN_RIGHTS_H

#include "sync/entry.h"
#include "sync/schema.h"

/* Who writes where. */
struct rights {
	const struct schema_kind *kind; /* NULL: not known here */
	enum reach scope;               /* what the scope of the feed is */
	uint16_t office;                /* the author's */
	bool is_centre;                 /* the author is the centre */
	bool is_member;                 /* the author's office is in the scope */
};

/* RC_OK; RC_DENIED: not this author's to write, or not in this scope;
 * RC_INVALID: the form is broken. */
enum rc rights_judge(const struct rights *r, const struct change *c);

#endif

/*
 * What a change from the command line does to the conflicts of its record:
 * which were open before and after it, and which fields of it stand beside
 * values that its author had not seen.
 */
#ifndef KERWEN_EDIT_REPORT_H
#define KERWEN_EDIT_REPORT_H

#include "node/cmd/out.h"
#include "node/store/commit.h"
#include "sync/view.h"

/* Names of fields; they outlive the transaction. */
struct edit_names {
	const char **items;
	uint32_t count;
};

/* What of a record is in open conflict. */
struct edit_open {
	struct edit_names fields;
	bool life; /* deleted, but edited */
};

struct edit_report {
	struct edit_open before, after;
	struct edit_names concurrent; /* written beside what was not seen */
};

/* Notes what is open now. a: where the names live; scratch is given back.
 * RC_NOMEM, or what the store answered. */
enum rc edit_report_open(const struct record *r, const struct view_source *src, struct arena *a,
			 struct arena *scratch, struct edit_open *out);

/* Notes the fields of a draft that the record has values of which its form
 * does not show: before it is written. RC_NOMEM. */
enum rc edit_report_concurrent(const struct record *r, const struct draft *d, struct arena *a,
			       struct edit_names *out);

/* Says for people what was settled, what is kept side by side, what is open;
 * deleted: how the record stands. */
void edit_report_note(const struct edit_report *r, struct out *o, bool deleted);

/* Sets "settles", "concurrent" and "open", lists of fields, of an object;
 * "(life)" stands for deleted, but edited. RC_NOMEM. */
enum rc edit_report_put_json(const struct edit_report *r, json_t *object);

static inline bool edit_open_is_any(const struct edit_open *o)
{
	return o->life || o->fields.count > 0;
}

#endif

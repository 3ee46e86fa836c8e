/* A touched record, for work.c and work_groups.c alone; see work.h. */
#ifndef KERWEN_WORK_PRIV_H
#define KERWEN_WORK_PRIV_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/store/claims.h"
#include "node/store/work.h"
#include "sync/view.h"

struct record_name {
	uint8_t kind[2];
	struct uuid id;
};

struct work_record {
	struct record_name name;
	struct record record;
	bool existed;               /* derived tables hold it from before this work */
	bool is_new;                /* its id was made by this work */
	struct unique_known *known; /* a claim of it, as long as it is new; or NULL */
	struct work_part {
		bool dirty;     /* to be written */
		bool fresh;     /* one change of this work is all there is to it */
		uint32_t place; /* of that change in its entry */
	} * parts;              /* for each of the record's */
	uint32_t parts_max;
	struct claims claims; /* what the index holds of it */
	bool was_live;
	struct values links; /* what it named as the same, before this work */
	bool is_derived;     /* touched only because it is counted anew */
	UT_hash_handle hh;
};

/* --- work.c ----------------------------------------------------------------------- */

/* The touched record; NULL: it was not touched. */
struct work_record *work_find(struct work *w, uint16_t kind, struct uuid id);

/* Touches a stored record: what it counted is taken back. NULL: the work failed. */
struct work_record *work_touch(struct work *w, uint16_t kind, struct uuid id);

/* Adds (1) or takes back (-1) what the record counts in all figures of its kind. */
enum rc work_count(struct work *w, const struct record *r, int sign);

/* When memory runs low, writes all cells, and gives back what was taken since the
 * mark: nothing else of it may be in use. */
enum rc work_spill_cells(struct work *w, size_t mark);

/* --- work_parts.c ----------------------------------------------------------------- */

/* What the work knows of each part grows with the record's list of them. RC_NOMEM. */
enum rc work_follow_parts(struct work *w, struct work_record *r);

/* The place of the part of a scope; made where it belongs. RC_NOMEM. */
enum rc work_take_part(struct work *w, struct work_record *r, uint16_t scope, uint32_t *place);

/* --- work_groups.c ------------------------------------------------------------------ */

/* Remembers what figures need of a record that was just loaded, before it
 * changes. */
enum rc work_groups_remember(struct work *w, struct work_record *r);

/* Whether figures count the record: before this work, or with what it did. */
enum rc work_groups_was_counted(struct work *w, const struct work_record *r, bool *out);
enum rc work_groups_is_counted(struct work *w, const struct work_record *r, bool *out);

/* Counts anew all records whose groups this work changed, and which it did not
 * touch. Before anything is written. */
enum rc work_groups_recount(struct work *w);

#endif

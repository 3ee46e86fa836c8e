/*
 * The view: what a record shows, by the policies of its schema.
 *
 * State is policy-free (part.h). A view is a pure function of state, cuts and
 * schema:
 *
 *   policy   shows                                  open conflict when
 *   ask      the latest sibling                     siblings differ
 *   latest   the latest sibling                     never
 *   fixed    the sibling first in cut order         siblings differ
 *   centre   the centre's sibling, else the latest  an office's differs from it
 *   min max  the smallest, largest sibling          never
 *   flow     the furthest sibling                   siblings of that rank differ
 *
 * Equal values count as one. A clear stands for "unset" and is a sibling like
 * any other; min, max and flow look past it while another value stands.
 * Latest: by the author's time, clamped between the centre's time of the last
 * cut that the author had seen and of the cut that first covered the entry;
 * then by (office, incarnation, seq); what no cut covers comes last, so it is
 * the latest. A sibling by the centre is one whose feed's office is 0.
 *
 * A record that moved has parts in the scopes of its homes, old and new. What
 * it shows is what its present home's scopes hold: parts that are `left` count
 * in view_home and view_version alone. What the centre wrote again for the new
 * home says whose it was and when (struct header, is_carried), and stands as
 * theirs.
 */
#ifndef KERWEN_VIEW_H
#define KERWEN_VIEW_H

#include "sync/expr.h"
#include "sync/part.h"

struct record_part {
	uint16_t scope;
	bool left; /* not a scope of the record's present home: it moved away */
	struct part part;
};

/* One record: all parts of it that this node has. However many scopes a record
 * was written in, they are kept: a copy of the struct shares them. */
struct record {
	const struct schema_kind *kind; /* NULL: unknown here */
	uint16_t kind_number;
	struct uuid id;
	struct record_part *parts; /* by scope; in an arena */
	uint32_t parts_count, parts_max;
};

/* Where an entry stands among others. */
struct stamp {
	uint64_t place;  /* the centre's seq of the first cut that covers it, or
			  * its own seq if it is the centre's; UINT64_MAX: uncut */
	int64_t time_ms; /* the author's time, clamped as above; if carried, theirs */
	uint16_t office; /* who said it: the feed's office, or whose it was */
};

struct view_source {
	void *ctx; /* borrowed */
	/* Fills in where d stands; office is set already to the feed's. Asked
	 * only when siblings differ. */
	enum rc (*stamp)(void *ctx, struct dot d, struct stamp *out);
};

/* The siblings of a register field (equal values counted once, clears too),
 * members of a set, lines of a log or feeds of a counter, and what is shown. */
struct field_view {
	const struct item **items; /* in the arena */
	uint32_t count;
	uint32_t shown; /* registers: place in items; count when unset or cleared */
	bool conflict;  /* in open conflict: a field that is closed never is */
	int64_t sum;    /* counters, clamped to +-VALUE_INT_MAX */
};

/* What a field that merges so is to the merge (part.h). */
enum field_class view_class(enum merge merge);

/* A field's state in one of the record's parts; NULL: there is none, or the
 * part is left. */
const struct part_field *view_find(const struct record *r, uint32_t part, uint16_t number,
				   enum field_class class);

/*
 * The view of one field. items of registers come latest first for `ask` and
 * `latest`, else in dot order; members of sets by value; logs in causal order
 * (place, then author and seq).
 * RC_NOMEM, or what the source returned.
 */
enum rc view_field(const struct record *r, const struct schema_field *f,
		   const struct view_source *src, struct arena *a, struct field_view *out);

/* The values shown, as expressions and figures want them: borrowed from the
 * record or in the arena. Counters give one int when ever counted. One sibling
 * alone costs no memory, and the source is not asked. Fails like view_field. */
enum rc view_values(const struct record *r, const struct schema_field *f,
		    const struct view_source *src, struct arena *a, struct values *out);

/* How a record stands: heads of its existence part. */
struct record_life {
	bool exists;   /* there is a head at all */
	bool deleted;  /* all heads are deletions */
	bool conflict; /* some are, some are not: deleted, but edited */
	bool moved;    /* there is none, but in parts that are left */
};
struct record_life view_life(const struct record *r);

/* The record's home (FIELD_HOME) over all its parts, left or not: the centre's
 * sibling, else the last by dot. False: not known here. */
bool view_home(const struct record *r, uint16_t *office, uint16_t *region_scope);

/* Whether any field of the record, or its life, is in open conflict. Closed
 * fields are not looked at: nobody could settle them. A record that is deleted
 * is in none: nothing of it is shown or counted. Its siblings stay, and are to
 * be decided once it is brought back; view_field says so all along. */
enum rc view_has_conflict(const struct record *r, const struct view_source *src, struct arena *a,
			  bool *out);

/* The record's vector over all its parts, for forms and `_version`. Scopes
 * are part of feed ids, so the parts' vectors only stand side by side.
 * RC_LIMIT: more than out->max feeds. */
enum rc view_version(const struct record *r, struct vv *out);

#endif

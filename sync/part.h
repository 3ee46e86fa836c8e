/*
 * The merge: the state of one record in one scope, and applying a change.
 *
 * Four kinds of field, chosen by the operation alone:
 *
 *   class     state                  a change with context c, named by dot e
 *   register  siblings {dot, value}  drops siblings covered by c, adds e
 *   set       value -> dots          remove: drops the value's dots covered by
 *                                    c; add: does that and adds e
 *   counter   feed -> sum            sum[e.feed] += n
 *   log       {dot, value}           adds e
 *
 * `heads` are the touches that no later touch covers, each alive or deleted;
 * only the scope where existence lives has them. `vector` holds, for each
 * feed that touched the record here, the last seq applied.
 *
 * The state is a pure function of the applied entries: any causally allowed
 * order gives the same bytes. Memory is the arena's; a part borrows from the
 * bytes it was decoded from and from the changes applied to it.
 */
#ifndef KERWEN_PART_H
#define KERWEN_PART_H

#include "sync/arena.h"
#include "sync/entry.h"

enum field_class { CLASS_REGISTER, CLASS_SET, CLASS_COUNTER, CLASS_LOG };

/* One sibling, set member, feed's sum or log line. */
struct item {
	struct dot dot;     /* counters: seq is 0, only the feed counts */
	struct bytes value; /* not for counters */
	bool cleared;       /* registers: unset by a clear; value is empty */
	int64_t sum;        /* counters */
};

struct part_field {
	uint16_t number;
	enum field_class class;
	struct item *items; /* by dot, then value (sets: by value, then dot) */
	uint32_t items_count;
	uint32_t items_max; /* room while a change is applied, else of no meaning */
};

struct head {
	struct dot dot;
	bool deleted;
};

struct part {
	struct vv vector;
	struct head *heads; /* by dot */
	uint32_t heads_count;
	struct part_field *fields; /* by number, then class */
	uint32_t fields_count;
};

/* What the author of a change had seen. */
struct seen {
	void *ctx; /* borrowed */
	/* Whether the entry d was covered. Failures are kept in ctx. */
	bool (*covers)(void *ctx, struct dot d);
};

/* The class that an operation implies. */
enum field_class part_class_of(enum op_code code);

/* The order in which a field lists its items; 0 only for the same item. */
int part_compare_items(enum field_class class, const struct item *a, const struct item *b);

/* A part without history. */
struct part part_init(void);

/*
 * Applies one change, named by dot e, to p. A change that is not newer than
 * the vector says is ignored: applying twice changes nothing.
 * RC_NOMEM: the arena is exhausted, p is not to be used any more.
 */
enum rc part_apply(struct part *p, const struct change *c, struct dot e, const struct seen *seen,
		   struct arena *a);

/* A field's state, or NULL. */
const struct part_field *part_find(const struct part *p, uint16_t number, enum field_class class);

/*
 * The canonical bytes of a state, and back. The written form is described in
 * proto/README.md. Decoding borrows from b; it refuses whatever is out of order,
 * there twice or empty, so that a state has one written form.
 * part_encode: sticky error of w. part_decode: RC_CORRUPT, RC_NOMEM; out is
 * then not set.
 */
void part_encode(const struct part *p, struct bytes_writer *w);
enum rc part_decode(struct bytes b, struct arena *a, struct part *out);

#endif

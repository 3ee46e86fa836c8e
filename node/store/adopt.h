/*
 * Bringing a schema into force: at the centre, as records of the built-in kind
 * schema_part, which then travel to the offices like everything national.
 *
 *   commit_begin -> adopt_plan -> adopt_write -> commit_end
 *
 * Only parts that say something else than before are written. All parts of a
 * version belong to one commit, so that no node ever holds half a schema.
 */
#ifndef KERWEN_ADOPT_H
#define KERWEN_ADOPT_H

#include "node/store/commit.h"
#include "proto/schema_codec.h"

enum { ADOPT_ARENA_BYTES = 67108864 };

enum adopt_change { ADOPT_SAME, ADOPT_NEW, ADOPT_CHANGED };

struct adopt_part {
	struct schema_codec_part part;
	enum adopt_change change;
	struct uuid id; /* of its record, unless it is new */
};

struct adopt_plan {
	struct schema schema; /* numbered */
	const struct adopt_part *parts;
	uint32_t parts_count, changes_count;
};

/*
 * Numbers `next` (checked) after the schema in force and finds what of it is
 * new. The plan lives in a (ADOPT_ARENA_BYTES are enough) and borrows from
 * next and the store's catalog: it is good until the commit ends.
 * RC_INVALID with e: it cannot follow what is in force; see schema_adopt.
 * RC_LIMIT: a part is too large.
 */
enum rc adopt_plan(struct commit *c, const struct schema *next, struct arena *a,
		   struct adopt_plan *out, struct schema_error *e);

/* Writes what changes. Fails as commit_add. */
enum rc adopt_write(struct commit *c, const struct adopt_plan *plan, struct draft_result *why);

#endif

/*
 * The parts of `kerwen show`: one record with all its siblings, as JSON and
 * for people, and its history.
 */
#ifndef KERWEN_SHOW_H
#define KERWEN_SHOW_H

#include "node/cmd/origin.h"
#include "node/store/records.h"

struct show {
	struct out *out;
	const struct store *store;
	struct kv_txn *txn;
	struct arena *arena; /* the store's: of the transaction */
	struct record record;
	struct records_stamps stamps;
	struct view_source source;
	bool history; /* list it, too */
};

/* Prints the record. RC_NOMEM, RC_CORRUPT, RC_IO ... */
enum rc show_print_json(struct show *s);
enum rc show_print_text(struct show *s);

/* One commit that touched the record. */
struct show_step {
	struct origin origin;
	enum life life;
	struct bytes *changes; /* "FIELD=", "FIELD+=" ...: what, not the values */
	uint32_t changes_count, changes_max;
};

/* The commits in causal order; *steps in the arena. */
enum rc show_history(struct show *s, struct show_step **steps, uint32_t *count);

#endif

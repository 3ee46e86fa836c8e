/*
 * The commits that touched a record, in causal order: what each changed, what
 * it superseded, and which ones stand beside it - written without knowing of
 * each other.
 *
 * Every write also touches the scope where existence lives, so its entries
 * give the order; what the same commit wrote in narrower scopes is added to
 * its step. Steps are numbered from 1 for people; numbers here count from 0.
 */
#ifndef KERWEN_SHOW_HISTORY_H
#define KERWEN_SHOW_HISTORY_H

#include "node/cmd/show.h"

struct show_change {
	const struct schema_field *field; /* NULL: not known here */
	uint16_t number;                  /* of the field */
	enum op_code code;
	struct bytes value; /* canonical; empty for a clear; in the arena */
	uint32_t replaced;  /* how many values it took the place of */
};

/* Places of steps, ascending, each once; in the arena. */
struct show_places {
	uint32_t *items;
	uint32_t count, max;
};

struct show_step {
	struct origin origin; /* its dot is the one that gives the order */
	enum life life;
	struct show_change *changes;
	uint32_t changes_count;
	struct show_places superseded; /* whose values, deletion or life it replaced */
	struct show_places beside;     /* up to LIMIT_HEADS_MAX of them */
	uint64_t place;                /* of the first cut (history.h) */
	uint64_t seen_centre, seen_own;
	bool has_form;
	struct vv form;
};

/* Gives the steps, in the arena. RC_NOMEM, or what the store answered. */
enum rc show_history(struct show *s, struct show_step **steps, uint32_t *count);

/* Whether older steps are gone: a base stands for them (store/floor.h). */
enum rc show_history_is_cut(struct show *s, bool *out);

/* Adds a place. RC_NOMEM. */
enum rc show_places_add(struct show_places *p, uint32_t place, struct arena *a);

/* Fills in `beside` of all steps, from what each had seen. RC_NOMEM. */
enum rc show_beside(struct show_step *steps, uint32_t count, struct arena *a);

/* Values of registers, members of sets, touches. */
struct show_items {
	struct show_live *items;
	uint32_t count, max;
};

/* What stands of a part while its changes are replayed, and what stood. */
struct show_replay {
	struct arena *arena;
	struct show_items live, gone;
};

/* Notes what a change of entry dot, in step `at`, replaced, and what it left.
 * covers: as for part_apply. RC_NOMEM. */
enum rc show_replay_change(struct show_replay *r, struct show_step *steps, uint32_t at,
			   const struct change *c, struct dot dot, const struct seen *seen);

/* Prints. */
enum rc show_print_history(struct show *s);
enum rc show_put_history(struct show *s, json_t *document);

#endif

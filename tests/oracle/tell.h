/*
 * Tells histories to the model (compare.py) as a stream of messages: a letter,
 * be32 length, payload. Numbers are big-endian.
 *
 *   W                    a founded world: what follows belongs to all histories
 *   H  8 seed            a history begins in it
 *   G  8 feed, genesis   a feed begins
 *   E  8 feed, entry     its next entry, as stored
 *   C  a commit: 2 office, 4 incarnation, 8 commit number, 2 count of feeds (8 feed, 8 applied
 *      now each), 2 count of drafts; each: 2 kind, 16 id, 1 act (0 add, 1 edit, 2 delete,
 *      3 restore), 1 has_form, 2 count of dots (8 feed, 8 seq each), 2 count of ops (2 field,
 *      1 code, 2 length, value each)
 *   D  a look at a node: 2 office, 1 whether all is settled, 2 count of feeds (8 feed, 8 head,
 *      8 applied, 32 chain hash at the head each), 2 count of records; each: 2 kind, 16 id,
 *      1 count of parts (2 scope, 2 length, canonical state each), 2 length, view, 1 how many
 *      records its group of doubles has (0: of such a kind it is not), 1 whether it counts
 *   T  text: what happens, if asked for
 *   Z  8 operations: the history is over
 *
 * A view: 1 byte of flags (1 deleted, 2 deleted but edited, 4 in conflict,
 * 8 moved away, 16 here), 4 bytes of home, then for each field of the kind, by number: 1 in
 * conflict, the shown value of a register or the sum of a counter, 2 count of siblings, members or
 * lines, each a value. A value: 1 set (1) or not (0), 2 length, bytes. Nothing if the kind is not
 * of the schema.
 */
#ifndef KERWEN_TELL_H
#define KERWEN_TELL_H

#include <stdio.h>

#include "play.h"

struct tell {
	FILE *out;
	/* Up to where feeds were told: of the world, and of this history. */
	struct vv world, history;
	uint8_t *buffer;
	struct bytes_writer w; /* of the message that is being written */
};

/* Gives; tell_close frees. */
void tell_open(struct tell *t, FILE *out);
void tell_close(struct tell *t);

void tell_world(struct tell *t, struct play *p);
void tell_begin(struct tell *t, struct play *p);
void tell_commit(struct tell *t, struct play *p, uint32_t node, uint64_t commit,
		 const struct draft *drafts, uint32_t count);
void tell_look(struct tell *t, struct play *p, uint32_t node, bool is_settled);
void tell_text(struct tell *t, const char *text);
void tell_end(struct tell *t, const struct play *p);
void tell_all_over(struct tell *t);

#endif

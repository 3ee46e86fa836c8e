/*
 * One record in open conflict, for people and as JSON: what it is, every value
 * of each contested field with its origin and age, and which figures the
 * decision could move.
 */
#ifndef KERWEN_CONFLICT_OUT_H
#define KERWEN_CONFLICT_OUT_H

#include "node/cmd/show.h"

/* s: begun, with the record. now_ms: for ages. Memory is left to the caller
 * to give back. RC_NOMEM, RC_IO, or what the store answered. */
enum rc conflict_out_text(struct show *s, int64_t now_ms);
enum rc conflict_out_json(struct show *s, int64_t now_ms);

#endif

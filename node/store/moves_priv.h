/* What the two files of moves.h share. Not for others. */
#ifndef KERWEN_MOVES_PRIV_H
#define KERWEN_MOVES_PRIV_H

#include "node/store/moves.h"

/* Fills in why; returns rc. */
enum rc moves_refuse(struct moves_refusal *why, enum rc rc, const char *hint, const char *format,
		     ...) __attribute__((format(printf, 4, 5)));

/* The same with what a draft was refused for. */
enum rc moves_fail_write(const struct draft_result *result, enum rc rc, struct moves_refusal *why);

/* The name of an office, for texts. */
const char *moves_name(const struct store *s, uint16_t office);

#endif

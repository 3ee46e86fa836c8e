/* What the two files of carry.h share. Not for others. */
#ifndef KERWEN_CARRY_FIT_H
#define KERWEN_CARRY_FIT_H

#include "node/store/carry.h"

/* The sum of a counter over all feeds, held within +-VALUE_INT_MAX. */
int64_t carry_sum(const struct part_field *f);

/* Adds an op to a piece that has room for it; the value is copied into a. */
enum rc carry_add_op(struct carry_piece *p, uint16_t field, enum op_code code, struct bytes value,
		     struct arena *a);
enum rc carry_add_count(struct carry_piece *p, uint16_t field, int64_t n, struct arena *a);

#endif

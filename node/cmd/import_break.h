/*
 * Breaks in a series: many records of a file that pass from one and the same
 * code to another, as when a category is renamed. A figure by that code falls
 * while nobody has left; an import says so.
 *
 * Passages are counted while rows are written, in bounded memory: when there
 * is no room for another one, the rarest is forgotten; of those the one that
 * came first. What makes a break comes again before it is its turn.
 */
#ifndef KERWEN_IMPORT_BREAK_H
#define KERWEN_IMPORT_BREAK_H

#include "sync/figure.h"

enum {
	/* A break has at least so many rows, and so many of 100 rows of the file:
	 * fewer are people whose status changed, one by one. */
	IMPORT_BREAK_ROWS_MIN = 100,
	IMPORT_BREAK_PERCENT_MIN = 5,

	IMPORT_PASSAGES_MAX = 64,
	IMPORT_PASSAGE_LEN = 12 + 2 * LIMIT_NAME_BYTES_MAX /* encoded, at most */
};

/* Records that passed from one code of a field to another. */
struct import_passage {
	uint16_t field; /* number */
	uint8_t from_len, to_len;
	uint8_t from[LIMIT_NAME_BYTES_MAX], to[LIMIT_NAME_BYTES_MAX];
	uint64_t rows;
};

/* All zero in the beginning. */
struct import_passages {
	struct import_passage items[IMPORT_PASSAGES_MAX];
	uint32_t count;
	uint32_t hand; /* where the next search for the rarest begins; not kept */
};

/* Counts one record. Codes of a wrong length are passed over. */
void import_break_count(struct import_passages *p, uint16_t field, struct bytes from,
			struct bytes to);

/* Whether a passage is a break in a file of that many rows. */
bool import_break_is(const struct import_passage *p, uint64_t rows);

void import_break_encode(const struct import_passages *p, struct bytes_writer *w);
/* RC_CORRUPT. */
enum rc import_break_decode(struct bytes_reader *r, struct import_passages *out);

/* Whether a figure in use looks at a field: in `where`, as a dimension, or
 * through the flow that it cumulates. */
bool import_break_touches(const struct schema *s, const struct counters *all,
			  const struct schema_figure *figure, const struct schema_kind *kind,
			  const struct schema_field *field);

#endif

/*
 * Records for tests, told sibling by sibling: no entries, no merge.
 */
#ifndef KERWEN_TESTS_TOLD_H
#define KERWEN_TESTS_TOLD_H

#include "sync/view.h"

enum { TOLD_SCOPE = 7 };

/* One sibling as the row of a table spells it. */
struct told {
	uint16_t office;
	uint64_t seq;
	const char *value; /* "-": a clear */
	int64_t time_ms;
	uint64_t place; /* 0: no cut covers it */
};

/* Stamps by such rows, and how often they were asked for. */
struct told_source {
	const struct told *told; /* borrowed */
	uint32_t count, asked;
	enum rc rc; /* what asking returns */
};

/* The feed of an office. Incarnations run against the offices' numbers. */
uint64_t told_feed(uint16_t office);

/* For struct view_source; ctx is a struct told_source. */
enum rc told_stamp(void *ctx, struct dot d, struct stamp *out);

/* Adds an item behind the others; the caller made room. Borrows value. */
void told_add(struct part_field *f, uint16_t office, uint64_t seq, const char *value);

/* A record of one part with these fields; of two parts, each with one field:
 * a record that moved has a field in the scopes of both homes. Borrows. */
struct record told_record(struct part_field *fields, uint32_t count);
struct record told_moved_record(struct part_field *here, struct part_field *there);

#endif

/*
 * A schema for tests of figures - permits and decrees - and records of it.
 */
#ifndef KERWEN_TESTS_PERMITS_H
#define KERWEN_TESTS_PERMITS_H

#include "sync/figure.h"

enum { PERMITS_FIELDS_MAX = 16, PERMITS_ITEMS_MAX = 600 };

/* Kind 0 is `permit`, kind 1 `decree`. */
extern const struct schema permits_schema;

/* A record under construction, alive and at home in office 3. */
struct permits_draft {
	struct record record;
	struct record_part part;
	struct part_field fields[PERMITS_FIELDS_MAX];
	struct item items[PERMITS_ITEMS_MAX];
	struct head heads[2];
	uint32_t items_count;
};

/*
 * Reads "field=value field=value|value"; fields by number, members of sets in
 * their order. Several values of a register are siblings. d borrows from a.
 */
void permits_draft(struct permits_draft *d, const struct schema_kind *kind, const char *text,
		   struct arena *a);

/* One counter of those compiled from the schema, or NULL. */
const struct counter *permits_counter(const struct counters *all, uint16_t figure, uint16_t part);

#endif

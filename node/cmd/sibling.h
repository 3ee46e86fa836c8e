/*
 * The numbers of siblings, as show and conflicts print them and as `resolve
 * FIELD@N` takes them.
 *
 * Values that stand side by side are numbered from 1 in the order of the
 * values: a clear first, then by number, date or bytes. Unlike the order in
 * which a view lists them - latest first - that does not change when a cut
 * arrives, so that a number means the same until a value comes or goes.
 */
#ifndef KERWEN_SIBLING_H
#define KERWEN_SIBLING_H

#include "sync/view.h"

/* The number of items[i] of a register's view. */
uint32_t sibling_number(const struct schema_field *f, const struct field_view *v, uint32_t i);

/* Whether items[i] is what the view shows; a clear shows as unset. */
bool sibling_is_shown(const struct field_view *v, uint32_t i);

/* The place in items of the one with this number; v->count: there is none. */
uint32_t sibling_find(const struct schema_field *f, const struct field_view *v, uint64_t number);

#endif

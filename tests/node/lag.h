/*
 * A national scope that lags: entries that know a newer schema reach a node
 * before that schema does. Those wait.
 *
 *   lag_adopt_newer(&f);              at the centre: a kind and a field more
 *   lag_give_scope(&f, b, region);    b has what was written, not the schema
 *   lag_give_scope(&f, b, 0);         now it has
 *
 * And entries that use what no schema knows, at their epoch.
 */
#ifndef KERWEN_LAG_H
#define KERWEN_LAG_H

#include "fixture.h"
#include "forge.h"

/* Puts into force, at the centre, the fixture's schema with a kind more
 * ("journey") and a field more for persons ("height"). */
void lag_adopt_newer(struct fixture *f);

/* Hands over one scope of the centre alone, whatever belongs before it. */
void lag_give_scope(struct fixture *f, struct fixture_node *to, uint16_t scope);

/* The number that the centre will give to the next kind. */
uint16_t lag_next_kind(const struct forge *g);

/* Appends an entry with a height of a person and a journey, as if the newer
 * schema were in force already; it may become so later. */
void lag_forge_newer(struct forge *g, struct uuid person, struct uuid journey);

#endif

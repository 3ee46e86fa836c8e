/*
 * A national scope that lags: entries that know a newer schema reach a node
 * before that schema does.
 *
 *   lag_adopt_newer(&f);              at the centre: a kind and a field more
 *   lag_give_scope(&f, b, region);    b has what was written, not the schema
 *   lag_give_scope(&f, b, 0);         now it has
 */
#ifndef KERWEN_LAG_H
#define KERWEN_LAG_H

#include "fixture.h"

/* Puts into force, at the centre, the fixture's schema with a kind more
 * ("journey") and a field more for persons ("height"). */
void lag_adopt_newer(struct fixture *f);

/* Hands over one scope of the centre alone, whatever belongs before it. */
void lag_give_scope(struct fixture *f, struct fixture_node *to, uint16_t scope);

#endif

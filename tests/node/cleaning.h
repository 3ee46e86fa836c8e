/* Clean-up on the simulated offices of fixture.h. */
#ifndef KERWEN_CLEANING_H
#define KERWEN_CLEANING_H

#include "fixture.h"
#include "node/store/compact.h"

/* The scope of an office's region. */
uint16_t cleaning_region(struct fixture *f, const struct fixture_node *office);

/* As if a backup of the centre had just been completed. */
void cleaning_note_backup(struct fixture_node *centre);

struct compact_plan cleaning_plan(struct fixture_node *n, uint16_t scope);

/* Moves the floor as far as it goes and deletes what is below. Gives how many
 * entries were deleted. */
uint64_t cleaning_compact(struct fixture_node *n, uint16_t scope);

/* `verify` finds nothing. */
void cleaning_assert_sound(struct fixture_node *n);

#endif

/*
 * A bump allocator over the caller's memory: one step or transaction takes
 * what it needs from it and gives everything back at once.
 *
 * Running out is an ordinary outcome: arena_take returns NULL and the caller
 * returns RC_NOMEM. Memory is aligned for any type and not cleared.
 */
#ifndef KERWEN_ARENA_H
#define KERWEN_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "sync/bytes.h"

struct arena {
	uint8_t *p; /* borrowed */
	size_t used, max;
};

struct arena arena_init(void *p, size_t max);

/* len bytes, or NULL when the arena is exhausted. len may be 0. */
void *arena_take(struct arena *a, size_t len);

/* count * size bytes set to zero, or NULL (also on overflow). */
void *arena_take_zeroed(struct arena *a, size_t count, size_t size);

/* A copy of b that lives in the arena; .p is NULL when it is exhausted. An
 * empty b gives a valid pointer. */
struct bytes arena_copy(struct arena *a, struct bytes b);

/* A mark, and giving back everything taken since it. */
size_t arena_mark(const struct arena *a);
void arena_release(struct arena *a, size_t mark);

#endif

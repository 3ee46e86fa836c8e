/*
 * Memory that is not malloc's: arenas for steps and transactions, and locked
 * memory for secrets.
 */
#ifndef KERWEN_MEM_H
#define KERWEN_MEM_H

#include "sync/arena.h"

/*
 * Opens an arena over max bytes of address space; pages cost memory only once
 * they are touched. RC_NOMEM.
 */
enum rc mem_arena_open(struct arena *out, size_t max);

/*
 * Empties it. Pages beyond the first 8 megabytes go back to the system when the
 * arena is fuller than that now: end a step with this, not arena_release(a, 0).
 */
void mem_arena_reset(struct arena *a);

/* Gives the address space back. An arena of zeroes is fine. */
void mem_arena_close(struct arena *a);

/*
 * len bytes that are never swapped out or dumped (where the system allows
 * it), between guard pages. Gives; NULL when out of memory.
 */
void *mem_secret_new(size_t len);

/* Wipes and frees; NULL is fine. */
void mem_secret_free(void *p);

#endif

/*
 * Chance, from the operating system (by libsodium): fit for keys and ids.
 */
#ifndef KERWEN_RANDOM_H
#define KERWEN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Once, before anything else here or in crypto.h. Ends the process when the
 * system has no randomness to give. Calling it again is fine. */
void random_init(void);

void random_bytes(void *out, size_t len);
uint32_t random_u32(void);

/* An even chance for each of 0 .. bound-1; 0 when bound is 0. */
uint32_t random_below(uint32_t bound);

#endif

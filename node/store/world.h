/* The real world for a store: libsodium, the system's chance and clock. */
#ifndef KERWEN_WORLD_H
#define KERWEN_WORLD_H

#include "node/store/store.h"

/* random_init (node/base/random.h) comes first. */
extern const struct store_world world_real;

#endif

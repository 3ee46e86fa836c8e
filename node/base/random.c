#include "node/base/random.h"

#include <sodium.h>
#include <stdlib.h>

void random_init(void)
{
	if (sodium_init() < 0) {
		abort();
	}
}

void random_bytes(void *out, size_t len)
{
	randombytes_buf(out, len);
}

uint32_t random_u32(void)
{
	return randombytes_random();
}

uint32_t random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

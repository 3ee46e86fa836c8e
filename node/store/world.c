#include "node/store/world.h"

#include "node/base/clock.h"
#include "node/base/crypto.h"
#include "node/base/random.h"

static int64_t now_ms(void)
{
	return (int64_t)clock_now_ms();
}

const struct store_world world_real = {
	.crypto = &crypto_sodium,
	.random = random_bytes,
	.now_ms = now_ms,
};

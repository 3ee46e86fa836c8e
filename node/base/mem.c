#include "node/base/mem.h"

#include <sodium.h>
#include <sys/mman.h>

enum { KEPT_BYTES = 8 << 20 };

enum rc mem_arena_open(struct arena *out, size_t max)
{
	void *p = mmap(NULL, max, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*out = arena_init(NULL, 0);
	if (p == MAP_FAILED) {
		return RC_NOMEM;
	}
	*out = arena_init(p, max);
	return RC_OK;
}

void mem_arena_reset(struct arena *a)
{
	if (a->used > KEPT_BYTES) {
		/* Refused, the pages stay; the arena is empty all the same. */
		(void)madvise(a->p + KEPT_BYTES, a->max - KEPT_BYTES, MADV_DONTNEED);
	}
	a->used = 0;
}

void mem_arena_close(struct arena *a)
{
	if (a->p != NULL) {
		(void)munmap(a->p, a->max);
	}
	*a = arena_init(NULL, 0);
}

void *mem_secret_new(size_t len)
{
	return sodium_malloc(len);
}

void mem_secret_free(void *p)
{
	sodium_free(p);
}

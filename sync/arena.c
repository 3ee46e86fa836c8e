#include "sync/arena.h"

#include <assert.h>
#include <string.h>

enum { ALIGN = 16 };

struct arena arena_init(void *p, size_t max)
{
	struct arena a = { .p = p, .used = 0, .max = max };
	return a;
}

void *arena_take(struct arena *a, size_t len)
{
	size_t at = (a->used + ALIGN - 1) / ALIGN * ALIGN;

	if (at > a->max || len > a->max - at) {
		return NULL;
	}
	a->used = at + len;
	return a->p + at;
}

void *arena_take_zeroed(struct arena *a, size_t count, size_t size)
{
	void *p = NULL;

	if (size != 0 && count > SIZE_MAX / size) {
		return NULL;
	}
	p = arena_take(a, count * size);
	if (p != NULL) {
		memset(p, 0, count * size);
	}
	return p;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	void *p = arena_take(a, b.len == 0 ? 1 : b.len);

	if (p != NULL && b.len > 0) {
		memcpy(p, b.p, b.len);
	}
	return bytes_at(p, p == NULL ? 0 : b.len);
}

size_t arena_mark(const struct arena *a)
{
	return a->used;
}

void arena_release(struct arena *a, size_t mark)
{
	assert(mark <= a->used);
	a->used = mark;
}

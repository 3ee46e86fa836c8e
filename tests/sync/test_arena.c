#include <criterion/criterion.h>

#include "sync/arena.h"

static _Alignas(16) uint8_t memory[256];

Test(arena, takes_are_aligned_and_do_not_overlap)
{
	struct arena a = arena_init(memory, sizeof(memory));
	uint8_t *x = arena_take(&a, 1);
	uint8_t *y = arena_take(&a, 17);
	uint8_t *z = arena_take(&a, 0);

	cr_assert(x != NULL && y != NULL && z != NULL);
	cr_expect_eq((uintptr_t)y % 16, 0);
	cr_expect_eq((uintptr_t)z % 16, 0);
	cr_expect(y >= x + 1);
	cr_expect(z >= y + 17);
}

Test(arena, running_out_gives_null_and_takes_nothing)
{
	struct arena a = arena_init(memory, 64);
	size_t mark;

	cr_expect_not_null(arena_take(&a, 32));
	mark = arena_mark(&a);
	cr_expect_null(arena_take(&a, 33));
	cr_expect_null(arena_take(&a, SIZE_MAX));
	cr_expect_eq(arena_mark(&a), mark);
	cr_expect_not_null(arena_take(&a, 32), "what fits exactly is given");
	cr_expect_null(arena_take(&a, 1));
}

Test(arena, zeroed_memory_is_zero_and_its_size_cannot_overflow)
{
	struct arena a = arena_init(memory, sizeof(memory));
	uint8_t *p;
	size_t i;

	memset(memory, 0xff, sizeof(memory));
	p = arena_take_zeroed(&a, 5, 8);
	cr_assert_not_null(p);
	for (i = 0; i < 40; i++) {
		cr_expect_eq(p[i], 0);
	}
	cr_expect_eq(p[40], 0xff);
	cr_expect_null(arena_take_zeroed(&a, SIZE_MAX / 2 + 1, 2), "the product would be 0");
	cr_expect_not_null(arena_take_zeroed(&a, 0, 8));
}

Test(arena, a_copy_lives_on_its_own)
{
	struct arena a = arena_init(memory, 48);
	char text[] = "text";
	struct bytes copy = arena_copy(&a, bytes_of(text));

	text[0] = 'n';
	cr_expect(bytes_equal(copy, bytes_of("text")));
	cr_expect_not_null(arena_copy(&a, bytes_at(NULL, 0)).p, "an empty copy is no failure");
	cr_expect_null(arena_copy(&a, bytes_of("a text longer than what is left")).p);
}

Test(arena, release_gives_back_what_came_after_the_mark)
{
	struct arena a = arena_init(memory, 64);
	void *kept = arena_take(&a, 16);
	size_t mark = arena_mark(&a);
	void *first = arena_take(&a, 48);

	cr_expect_not_null(kept);
	cr_expect_null(arena_take(&a, 1));
	arena_release(&a, mark);
	cr_expect_eq(arena_take(&a, 48), first);
}

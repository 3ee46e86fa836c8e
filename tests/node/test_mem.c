#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "node/base/mem.h"
#include "node/base/random.h"

enum { BIG = 64 << 20 };

/* How many pages of the arena are in memory. */
static size_t resident(const struct arena *a)
{
	static unsigned char pages[BIG / 4096];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0, i;

	cr_assert_eq(mincore(a->p, a->max, pages), 0);
	for (i = 0; i < a->max / page; i++) {
		count += pages[i] & 1;
	}
	return count;
}

Test(mem, an_arena_costs_nothing_until_it_is_touched)
{
	struct arena a;

	cr_assert_eq(mem_arena_open(&a, BIG), RC_OK);
	cr_assert_eq(resident(&a), 0);
	memset(arena_take(&a, 8192), 1, 8192);
	cr_assert_lt(resident(&a), 16);
	mem_arena_close(&a);
	cr_assert_null(a.p);
}

Test(mem, a_reset_gives_large_memory_back_and_keeps_the_first_megabytes)
{
	struct arena a;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	cr_assert_eq(mem_arena_open(&a, BIG), RC_OK);
	memset(arena_take(&a, BIG / 2), 1, BIG / 2);
	cr_assert_geq(resident(&a), BIG / 2 / page);
	mem_arena_reset(&a);
	cr_assert_eq(a.used, 0);
	cr_assert_leq(resident(&a), (8 << 20) / page);
	cr_assert_gt(resident(&a), 0);
	memset(arena_take(&a, BIG / 2), 2, BIG / 2); /* and it can be used again */
	mem_arena_close(&a);
}

Test(mem, refuses_what_no_machine_has)
{
	struct arena a;

	cr_assert_eq(mem_arena_open(&a, SIZE_MAX / 2), RC_NOMEM);
	cr_assert_null(arena_take(&a, 1));
	mem_arena_close(&a);
}

Test(mem, secrets_can_be_written_and_freed)
{
	char *p;

	random_init();
	p = mem_secret_new(64);
	cr_assert_not_null(p);
	memset(p, 1, 64);
	mem_secret_free(p);
	mem_secret_free(NULL);
}

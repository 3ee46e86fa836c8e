/*
 * Rights are those of an entry's epoch: a node that comes late, when the nation
 * has moved on, judges old entries as everybody did when they came.
 */
#include <criterion/criterion.h>

#include "fixture.h"
#include "forge.h"
#include "node/store/builtin.h"

static struct fixture f;
static struct fixture_node *a, *b; /* offices of one region */
static struct forge g;

static const struct office_info *info_of(const struct fixture_node *n)
{
	return catalog_office(n->store->catalog, n->store->info.number);
}

static void start(void)
{
	fixture_init(&f);
	b = fixture_office(&f, "Murgap", 1, "TM-M");
	a = fixture_office(&f, "Mary", 2, "TM-M");
	cr_assert_eq(fixture_sync(&f, a), RC_OK);
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
}

static void stop(void)
{
	fixture_fini(&f);
}

TestSuite(epoch, .init = start, .fini = stop);

/* The centre writes another region's scope into an office's record. */
static void move_office(uint16_t number, uint16_t scope)
{
	struct draft_result result;
	struct builtin builtin;
	struct commit c;

	cr_assert_eq(commit_begin(&c, f.centre.store, bytes_of("t"), bytes_of("")), RC_OK);
	builtin = builtin_begin(&c, BUILTIN_OFFICE,
				&catalog_office(f.centre.store->catalog, number)->id);
	builtin_put_number(&builtin, "scope_region", scope);
	cr_assert_eq(builtin_write(&builtin, &result), RC_OK);
	cr_assert_eq(commit_end(&c), RC_OK);
}

static void push_person(uint16_t scope)
{
	struct change c;
	struct header h;

	forge_begin(&g, a, scope);
	h = forge_header(&g);
	c = forge_person(&g, forge_id(1), "Mary");
	forge_add(&g, &h, &c, 1);
	cr_assert_eq(forge_push(&g, &f.centre), RC_OK);
}

static void assert_same(struct fixture_node *n, uint16_t scope)
{
	uint8_t x[HASH_LEN], y[HASH_LEN];

	fixture_digest(&f.centre, scope, x);
	fixture_digest(n, scope, y);
	cr_assert_arr_eq(x, y, HASH_LEN);
	cr_assert_eq(forge_quarantined(n), forge_quarantined(&f.centre));
}

Test(epoch, what_a_member_wrote_stands_though_it_left_since)
{
	uint16_t region = info_of(b)->scope_region;
	struct fixture_node *late = NULL;

	push_person(region);
	cr_assert_eq(forge_quarantined(&f.centre), 0u);
	move_office(2, 999);
	late = fixture_office(&f, "Merw", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, late), RC_OK);
	assert_same(b, region);
	assert_same(late, region);
	cr_assert_str_eq(fixture_show(late, "person", forge_id(1), "city"), "Mary");
}

Test(epoch, what_a_stranger_wrote_does_not_stand_though_it_came_in_since)
{
	uint16_t region = info_of(b)->scope_region;
	struct fixture_node *late = NULL;

	move_office(2, 999);
	cr_assert_eq(fixture_sync(&f, a), RC_OK); /* it knows that it left */
	push_person(region);
	cr_assert_eq(forge_quarantined(&f.centre), 1u);
	move_office(2, region);
	late = fixture_office(&f, "Merw", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, b), RC_OK);
	cr_assert_eq(fixture_sync(&f, late), RC_OK);
	assert_same(b, region);
	assert_same(late, region);
	cr_assert_str_eq(fixture_show(late, "person", forge_id(1), "city"), "?");
}

/* The whole way back: through several changes of the nation, each way. */
Test(epoch, each_entry_is_judged_by_its_own_epoch)
{
	uint16_t region = info_of(b)->scope_region;
	struct fixture_node *late = NULL;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		move_office(2, i % 2 == 0 ? 999 : region);
		cr_assert_eq(fixture_sync(&f, a), RC_OK);
		push_person(region);
	}
	cr_assert_eq(forge_quarantined(&f.centre), 3u);
	late = fixture_office(&f, "Merw", 3, "TM-M");
	cr_assert_eq(fixture_sync(&f, late), RC_OK);
	assert_same(late, region);
}

/* Disks that are full, or nearly. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "node/base/disk.h"
#include "node/store/room.h"
#include "tests/node/fakedisk.h"
#include "tests/node/fixture.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static struct fixture f;
static struct fixture_node *office;

static void init(void)
{
	fixture_init(&f);
	office = fixture_office(&f, "Mary", 1, "TM-M");
	cr_assert_eq(fixture_sync(&f, office), RC_OK);
}

static void fini(void)
{
	memset(&fakedisk, 0, sizeof(fakedisk));
	fixture_fini(&f);
}

TestSuite(room, .init = init, .fini = fini);

Test(room, is_what_the_disk_and_max_size_leave)
{
	static const struct {
		struct kv_room room;
		const char *text; /* NULL: there is room */
		const char *hint;
		const char *why;
	} rows[] = {
		{ { 0, GIB, UINT64_MAX, 0 }, NULL, NULL, "the disk does not tell" },
		{ { 899 * MIB, 1000 * MIB, GIB, MIB }, NULL, NULL, "below 90 %" },
		{ { 900 * MIB, 1000 * MIB, GIB, MIB },
		  "the database is nearly full: 900.0 MiB of max_size 1000.0 MiB are used, new "
		  "records need a tenth free",
		  "raise max_size in kerwen.yaml; syncs and deletions still work",
		  "at 90 %" },
		{ { 0, GIB, 22 * MIB, 22 * MIB }, NULL, NULL, "just the reserve" },
		{ { 0, GIB, 22 * MIB - 1, 22 * MIB },
		  "the disk is nearly full: 21.9 MiB are free, new records need 22.0 MiB",
		  "make room on this disk; syncs and deletions still work",
		  "a byte less" },
		{ { 0, GIB, MIB - 1, 22 * MIB },
		  "the disk is full: 0.9 MiB are free, new records need 22.0 MiB",
		  "make room on this disk",
		  "syncs would not work" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct path_problem why = { .text = "" };
		enum rc rc = room_check(&rows[i].room, &why);

		cr_expect_eq(rc, rows[i].text == NULL ? RC_OK : RC_FULL, "%s", rows[i].why);
		if (rc == RC_FULL && rows[i].text != NULL) {
			cr_expect_str_eq(why.text, rows[i].text, "%s", rows[i].why);
			cr_expect_str_eq(why.hint, rows[i].hint, "%s", rows[i].why);
		}
	}
}

Test(room, of_a_small_disk_is_a_tenth_of_it)
{
	static const struct {
		uint64_t all, reserve;
	} rows[] = { { 220 * MIB, 22 * MIB },
		     { 2560 * MIB, 256 * MIB },
		     { 1000 * GIB, 256 * MIB } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct disk d;

		fakedisk = (struct fakedisk){ .is_set = true, .all_bytes = rows[i].all };
		cr_assert_eq(disk_get("/", &d), RC_OK);
		cr_expect_eq(d.reserve_bytes, rows[i].reserve);
	}
}

static enum rc add(void)
{
	const struct schema_kind *k = NULL;
	struct draft_op op = { .code = OP_PUT, .value = bytes_of("x") };
	struct draft d = { .act = DRAFT_ADD, .ops = &op, .ops_count = 1 };
	struct draft_result result = { .outcome = DRAFT_NEW };
	struct commit c;
	enum rc rc;

	cr_assert_eq(commit_begin(&c, office->store, bytes_of("tester"), bytes_of("")), RC_OK);
	k = schema_kind_by_name(&office->store->catalog->schema, bytes_of("person"));
	cr_assert_not_null(k);
	d.kind = k;
	op.field = schema_field_by_name(k, bytes_of("nr"));
	rc = commit_add(&c, &d, &result);
	if (rc != RC_OK) {
		commit_abort(&c);
		return rc;
	}
	return commit_end(&c);
}

Test(room, is_asked_for_by_new_records_only)
{
	struct uuid id = fixture_add(office, 0, "person", "nr=before", NULL);

	fakedisk.is_set = true;
	fakedisk.all_bytes = 220 * MIB;
	fakedisk.free_bytes = 218 * MIB;
	cr_assert_eq(add(), RC_OK, "a small disk that is empty");
	fakedisk.free_bytes = 21 * MIB;
	cr_assert_eq(add(), RC_FULL);
	cr_assert_eq(fixture_delete(office, "person", id), RC_OK);
	cr_assert_eq(fixture_sync(&f, office), RC_OK);
}

Test(room, that_the_centre_lacks_is_told_to_the_office)
{
	static const struct {
		struct fakedisk disk;
		const char *prefix, *why;
	} rows[] = {
		{ { .is_set = true, .write_errno = ENOSPC }, "a", "as the system says" },
		{ { .is_set = true, .all_bytes = GIB, .writes_short = true },
		  "b",
		  "a short write" },
		{ { .is_set = true, .all_bytes = GIB, .write_errno = EIO },
		  "c",
		  "EIO on a full disk" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_add_many(office, rows[i].prefix, 20);
		fakedisk = rows[i].disk;
		cr_expect_eq(fixture_sync(&f, office), RC_FULL, "%s", rows[i].why);
		memset(&fakedisk, 0, sizeof(fakedisk));
		cr_expect(f.office_end.was_refused, "%s", rows[i].why);
		cr_expect_str_eq(f.office_end.text,
				 "the centre cannot store anything: its disk is full, or its "
				 "max_size reached",
				 "%s", rows[i].why);
		cr_expect_str_eq(f.centre_end.text,
				 "this node's disk is full, or its max_size reached");
		cr_expect_eq(fixture_sync(&f, office), RC_OK, "nothing is lost: %s", rows[i].why);
		cr_expect_eq(fixture_count(&f.centre, "person"), 20 * (i + 1));
	}
}

Test(room, that_the_office_lacks_is_its_own_trouble)
{
	fixture_add(&f.centre, 1, "person", "nr=x", NULL);
	fakedisk = (struct fakedisk){ .is_set = true, .write_errno = ENOSPC };
	cr_expect_eq(fixture_sync(&f, office), RC_FULL);
	memset(&fakedisk, 0, sizeof(fakedisk));
	cr_expect(!f.office_end.was_refused);
	cr_expect_str_eq(f.office_end.text, "this node's disk is full, or its max_size reached");
	cr_expect(f.centre_end.was_refused);
}

Test(room, is_not_what_a_broken_disk_lacks)
{
	fixture_add(office, 0, "person", "nr=x", NULL);
	fakedisk = (struct fakedisk){
		.is_set = true, .all_bytes = GIB, .free_bytes = GIB, .write_errno = EIO
	};
	cr_expect_eq(fixture_sync(&f, office), RC_IO);
	cr_expect_str_eq(f.office_end.text,
			 "the centre cannot store anything: input or output failed");
}

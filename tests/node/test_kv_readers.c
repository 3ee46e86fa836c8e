/* The database under the store: what a reader that was killed leaves behind. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/store/kv.h"

enum { VALUE_BYTES = 100000, ROUNDS = 500, FILE_BYTES_MAX = 20 << 20 };

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/kerwen-kv-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	rmdir(dir);
}

TestSuite(kv_readers, .init = make_dir, .fini = remove_dir);

/* A process of its own that reads, and is killed while it does. */
static void leave_dead_reader(void)
{
	struct kv *kv = NULL;
	struct kv_txn *t = NULL;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (kv_open(dir, 1 << 30, false, &kv) == RC_OK &&
		    kv_begin(kv, false, &t) == RC_OK) {
			(void)raise(SIGKILL);
		}
		_exit(1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status), "the reader did not get that far");
}

Test(kv_readers, a_killed_reader_does_not_make_the_file_grow)
{
	static uint8_t value[VALUE_BYTES];
	struct kv *kv = NULL;
	struct kv_txn *t = NULL;
	char path[96];
	struct stat st;
	int i;

	cr_assert_eq(kv_open(dir, 1 << 30, true, &kv), RC_OK);
	for (i = 0; i < ROUNDS; i++) {
		if (i == 1) {
			leave_dead_reader();
		}
		value[0] = (uint8_t)i;
		cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
		cr_assert_eq(kv_put(t, KV_FILE, bytes_of("k"), bytes_at(value, sizeof(value))),
			     RC_OK);
		cr_assert_eq(kv_commit(t), RC_OK);
	}
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_lt(st.st_size, (off_t)FILE_BYTES_MAX, "%ld bytes", (long)st.st_size);
	kv_close(kv);
}

Test(kv_readers, what_was_deleted_is_room_again)
{
	enum { MAP = 16 << 20, ROWS = 700, ROW = 16000 };
	static uint8_t row[ROW];
	struct kv *kv = NULL;
	struct kv_txn *t = NULL;
	struct kv_room full, freed;
	uint32_t i;

	cr_assert_eq(kv_open(dir, MAP, true, &kv), RC_OK);
	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	for (i = 0; i < ROWS; i++) {
		cr_assert_eq(kv_put(t, KV_ENTRY, bytes_at(&i, sizeof(i)), bytes_at(row, ROW)),
			     RC_OK);
	}
	cr_assert_eq(kv_commit(t), RC_OK);
	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	kv_room(t, &full);
	for (i = 0; i < ROWS; i++) {
		cr_assert_eq(kv_del(t, KV_ENTRY, bytes_at(&i, sizeof(i))), RC_OK);
	}
	cr_assert_eq(kv_commit(t), RC_OK);
	cr_assert_eq(kv_begin(kv, true, &t), RC_OK);
	kv_room(t, &freed);
	kv_abort(t);
	cr_assert_gt(full.used_bytes, (uint64_t)ROWS * ROW);
	cr_assert_lt(freed.used_bytes, full.used_bytes / 4);
	kv_close(kv);
}

Test(kv_readers, every_table_has_a_name_of_its_own)
{
	unsigned i;

	for (i = 0; i < KV_TABLES; i++) {
		cr_expect_eq(kv_table_by_name(bytes_of(kv_table_name((enum kv_table)i))), i);
	}
	cr_expect_eq(kv_table_by_name(bytes_of("nova")), KV_TABLES);
	cr_expect_eq(kv_table_by_name(bytes_of("")), KV_TABLES);
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/unfinished.h"

static char dir[64];

static const char *at(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put_file(const char *name)
{
	FILE *f = fopen(at(name), "w");

	cr_assert_not_null(f);
	cr_assert_eq(fclose(f), 0);
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/kerwen.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	static const char *const names[] = { "kerwen.yaml", "key", "db/data.mdb", UNFINISHED_FILE };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)unlink(at(names[i]));
	}
	(void)rmdir(at("db"));
	(void)rmdir(dir);
}

TestSuite(unfinished, .init = make_dir, .fini = remove_dir);

/* Both saw an empty directory; one was done before the other put its mark. */
Test(unfinished, what_another_init_made_meanwhile_is_left_alone)
{
	struct path_problem why;
	int fd = -1;

	put_file("kerwen.yaml");
	put_file("key");
	cr_assert_eq(mkdir(at("db"), 0700), 0);
	put_file("db/data.mdb");
	cr_assert_eq(unfinished_mark(dir, &fd, &why), RC_EXISTS);
	cr_assert_not_null(strstr(why.text, "is not empty"), "%s", why.text);
	(void)close(fd);
	cr_assert_eq(access(at("kerwen.yaml"), F_OK), 0);
	cr_assert_eq(access(at("key"), F_OK), 0);
	cr_assert_eq(access(at("db/data.mdb"), F_OK), 0);
	cr_assert_neq(access(at(UNFINISHED_FILE), F_OK), 0);
}

Test(unfinished, an_empty_directory_gets_the_mark_once)
{
	struct path_problem why;
	int fd = -1, other = -1;

	cr_assert_eq(unfinished_mark(dir, &fd, &why), RC_OK);
	cr_assert(unfinished_is(dir));
	cr_assert_eq(unfinished_mark(dir, &other, &why), RC_BUSY);
	unfinished_undo(dir, &fd);
	cr_assert_not(unfinished_is(dir));
}

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/path.h"
#include "tests/node/fakedisk.h"

static char dir[64];
static struct path_problem why;

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/kerwen-path-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(path, .init = make_dir, .fini = remove_dir);

static const char *in_dir(const char *name)
{
	static char path[PATH_BYTES_MAX];

	cr_assert_eq(path_join(path, dir, name), RC_OK);
	return path;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 0777;
}

Test(path, joins_and_keeps_absolute_names)
{
	char out[PATH_BYTES_MAX], *longer = malloc(PATH_BYTES_MAX + 1);

	cr_expect_eq(path_join(out, "a", "b"), RC_OK);
	cr_expect_str_eq(out, "a/b");
	cr_expect_eq(path_join(out, "a/", "b"), RC_OK);
	cr_expect_str_eq(out, "a/b");
	cr_expect_eq(path_join(out, "a", "/b"), RC_OK);
	cr_expect_str_eq(out, "/b");
	memset(longer, 'x', PATH_BYTES_MAX);
	longer[PATH_BYTES_MAX] = '\0';
	cr_expect_eq(path_join(out, "a", longer), RC_LIMIT);
	free(longer);
}

Test(path, makes_a_private_directory_and_refuses_a_full_one)
{
	char path[PATH_BYTES_MAX];

	snprintf(path, sizeof(path), "%s", in_dir("node"));
	cr_assert_eq(path_make_dir(path, &why), RC_OK);
	cr_assert_eq(mode_of(path), 0700);
	chmod(path, 0755);
	cr_assert_eq(path_make_dir(path, &why), RC_OK, "an empty one is taken");
	cr_assert_eq(mode_of(path), 0700, "and closed");
	cr_assert_eq(path_write(in_dir("node/file"), bytes_of("x"), PATH_NEW, &why), RC_OK);
	cr_assert_eq(path_make_dir(path, &why), RC_EXISTS);
	cr_expect_not_null(strstr(why.text, "not empty"));
	cr_expect_not_null(strstr(why.text, path));
	cr_assert_eq(path_make_dir(in_dir("node/file"), &why), RC_EXISTS);
	cr_assert_eq(path_make_dir(in_dir("no/such"), &why), RC_NOTFOUND);
}

Test(path, tells_the_command_that_closes_an_open_directory)
{
	char path[PATH_BYTES_MAX];

	snprintf(path, sizeof(path), "%s", in_dir("open"));
	cr_assert_eq(path_make_dir(path, &why), RC_OK);
	cr_assert_eq(path_check_owner(path, "status", &why), RC_OK);
	chmod(path, 0750);
	cr_assert_eq(path_check_owner(path, "status", &why), RC_DENIED);
	cr_expect_not_null(strstr(why.hint, "chmod 700 "));
	cr_assert_eq(path_check_owner(in_dir("none"), NULL, &why), RC_NOTFOUND);
}

Test(path, says_what_keeps_it_from_being_written)
{
	static const struct {
		const char *name; /* a directory ends with a slash */
		mode_t mode;
		bool is_read_only;
		const char *text, *hint; /* NULL: it can be written */
	} rows[] = {
		{ "own/", 0700, false, NULL, NULL },
		{ "file", 0600, false, NULL, NULL },
		{ "shut/", 0500, false, "may not be written by its owner", "chmod u+rwx " },
		{ "kept", 0400, false, "may not be written by its owner", "chmod u+rw " },
		{ "cd", 0600, true, "a file system that is read-only", "mount it writable" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = in_dir(rows[i].name);

		if (strchr(rows[i].name, '/') != NULL) {
			cr_assert_eq(mkdir(path, 0700), 0);
		} else {
			cr_assert_eq(path_write(path, bytes_of("x"), PATH_NEW, &why), RC_OK);
		}
		cr_assert_eq(chmod(path, rows[i].mode), 0);
		fakedisk.is_set = fakedisk.is_read_only = rows[i].is_read_only;
		cr_expect_eq(path_check_writable(path, &why),
			     rows[i].text == NULL ? RC_OK : RC_DENIED, "%s", rows[i].name);
		memset(&fakedisk, 0, sizeof(fakedisk));
		if (rows[i].text != NULL) {
			cr_expect_not_null(strstr(why.text, rows[i].text), "%s", why.text);
			cr_expect_not_null(strstr(why.hint, rows[i].hint), "%s", why.hint);
		}
	}
	cr_expect_eq(path_check_writable(in_dir("none"), &why), RC_NOTFOUND);
}

Test(path, names_the_user_to_be_when_the_directory_is_another_s)
{
	if (geteuid() == 0) {
		cr_assert_eq(chown(dir, 65534, (gid_t)-1), 0);
		cr_assert_eq(path_check_owner(dir, "status", &why), RC_DENIED);
		cr_expect_not_null(strstr(why.hint, "sudo -u nobody kerwen -C "));
	} else {
		cr_assert_eq(path_check_owner("/", "status", &why), RC_DENIED);
		cr_expect_not_null(strstr(why.hint, "sudo -u root kerwen -C / status"));
	}
}

Test(path, refuses_a_key_that_others_can_read)
{
	const char *path = in_dir("key");

	cr_assert_eq(path_write(path, bytes_of("k"), PATH_NEW, &why), RC_OK);
	cr_assert_eq(path_check_private(path, &why), RC_OK);
	chmod(path, 0640);
	cr_assert_eq(path_check_private(path, &why), RC_DENIED);
	cr_expect_not_null(strstr(why.hint, "chmod 600 "));
}

Test(path, knows_network_file_systems)
{
	static const struct {
		uint64_t magic;
		bool is_network;
		const char *why;
	} rows[] = {
		{ 0x6969, true, "NFS" },
		{ 0xFF534D42, true, "CIFS" },
		{ UINT64_C(0xFFFFFFFFFF534D42), true, "CIFS where f_type is a signed int" },
		{ 0xFE534D42, true, "SMB2" },
		{ 0x65735546, true, "FUSE, which sshfs is" },
		{ 0xEF53, false, "ext4" },
		{ 0x58465342, false, "XFS" },
		{ 0x9123683E, false, "btrfs" },
		{ 0x01021994, false, "tmpfs" },
		{ 0x794C7630, false, "overlayfs of containers" },
		{ 0xF2F52010, false, "F2FS of memory cards" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(path_network_name(rows[i].magic) != NULL, rows[i].is_network, "%s",
			     rows[i].why);
	}
	cr_expect_eq(path_check_local(in_dir("none"), &why), RC_NOTFOUND);
}

Test(path, writes_privately_and_replaces_only_when_told)
{
	const char *path = in_dir("file");
	char *text = NULL;
	size_t len;

	umask(0);
	cr_assert_eq(path_write(path, bytes_of("one"), PATH_NEW, &why), RC_OK);
	cr_assert_eq(mode_of(path), 0600);
	cr_assert_eq(path_write(path, bytes_of("two"), PATH_NEW, &why), RC_EXISTS);
	cr_expect_not_null(strstr(why.text, "exists already"));
	cr_assert_eq(path_read(path, 10, &text, &len, &why), RC_OK);
	cr_assert_str_eq(text, "one");
	free(text);
	cr_assert_eq(path_write(path, bytes_of("three"), PATH_REPLACE, &why), RC_OK);
	cr_assert_eq(path_read(path, 5, &text, &len, &why), RC_OK);
	cr_assert_str_eq(text, "three");
	cr_assert_eq(len, 5);
	free(text);
}

Test(path, leaves_nothing_behind_but_the_file)
{
	const char *path = in_dir("file");
	char command[128];

	path_write(path, bytes_of("one"), PATH_NEW, &why);
	path_write(path, bytes_of("two"), PATH_NEW, &why);
	path_write(path, bytes_of("three"), PATH_REPLACE, &why);
	snprintf(command, sizeof(command), "test \"$(ls %s)\" = file", dir);
	cr_assert_eq(system(command), 0);
}

Test(path, names_a_directory_that_is_not_there)
{
	cr_assert_eq(path_write(in_dir("no/such"), bytes_of("a"), PATH_NEW, &why), RC_NOTFOUND);
	cr_expect_not_null(strstr(why.text, "no/such"));
}

Test(path, reads_no_more_than_asked)
{
	const char *path = in_dir("file");
	char *text = NULL;
	size_t len;

	path_write(path, bytes_of("12345"), PATH_NEW, &why);
	cr_assert_eq(path_read(path, 4, &text, &len, &why), RC_LIMIT);
	cr_assert_null(text);
	cr_assert_eq(path_read(in_dir("none"), 4, &text, &len, &why), RC_NOTFOUND);
	cr_assert_eq(path_read(dir, 4, &text, &len, &why), RC_EXISTS, "a directory");
}

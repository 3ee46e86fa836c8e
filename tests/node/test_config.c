#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/config.h"

static uint8_t room[CONFIG_ARENA_BYTES];

static enum rc parse(const char *text, struct config *c, struct config_error *e)
{
	struct arena a = arena_init(room, sizeof(room));

	e->text[0] = '\0';
	return config_parse(bytes_of(text), &a, c, e);
}

Test(config, an_office_gets_the_defaults)
{
	struct config_error e;
	struct config c;

	cr_assert_eq(parse("name: Lebap\nrole: office\ncentre: [\"a.example:7370\"]\n", &c, &e),
		     RC_OK, "%s", e.text);
	cr_assert_str_eq(c.name, "Lebap");
	cr_assert_eq(c.role, CONFIG_OFFICE);
	cr_assert_null(c.listen);
	cr_assert_eq(c.centres_count, 1);
	cr_assert_str_eq(c.centres[0], "a.example:7370");
	cr_assert_eq(c.max_size, (uint64_t)32 << 30);
	cr_assert_eq(c.sync_every, 900);
}

Test(config, what_is_wrong_is_named_with_its_place)
{
	static const struct {
		const char *text, *error, *why;
	} ROWS[] = {
		{ "name: a\nrole: office\nlsten: x\n",
		  "line 3, column 1: unknown key \"lsten\"; did "
		  "you mean listen?",
		  "a typo must not be ignored" },
		{ "name: a\nrole: office\n  \nfoo: 3\n", "line 4, column 1: unknown key \"foo\"",
		  "blank lines count" },
		{ "role: office\n", "the key name is missing", "needed" },
		{ "name: a\n", "the key role is missing", "needed" },
		{ "name: a\nrole: boss\n", "line 2, column 7: role is one of centre, office",
		  "closed list" },
		{ "name: a\nrole: centre\nlisten: nohost\n",
		  "line 3, column 9: expected an address", "no port" },
		{ "name: a\nrole: centre\nlisten: \"h:65536\"\n", "expected an address",
		  "16 bits" },
		{ "name: a\nrole: centre\nlisten: \":1\"\n", "expected an address", "no host" },
		{ "name: a\nrole: centre\nlisten: \"a b:1\"\n", "expected an address", "a blank" },
		{ "name: a\nrole: centre\nlisten: \"::1:1\"\n", "expected an address",
		  "IPv6 needs brackets" },
		{ "name: a\nrole: office\nlisten: \"h:1\"\n", "only a centre listens", "role" },
		{ "name: a\nrole: centre\ncentre: [\"h:1\"]\n", "only an office has a centre",
		  "role" },
		{ "name: a\nrole: office\ncentre: h:1\n", "line 3, column 9: centre must be a list",
		  "one address is a list too" },
		{ "name: a\nrole: office\ncentre: [\"h:0\"]\n", "cannot be 0", "nobody to call" },
		{ "name: a\nrole: office\ncentre: [[a]]\n", "expected an address", "nesting" },
		{ "name: a\nrole: office\nmax_size: 32X\n", "line 3, column 11: max_size", "unit" },
		{ "name: a\nrole: office\nmax_size: 010M\n", "max_size", "octal" },
		{ "name: a\nrole: office\nmax_size: 1K\n", "max_size", "too small" },
		{ "name: a\nrole: office\nmax_size: 99999999999999999999\n", "max_size",
		  "wraps around 64 bits" },
		{ "name: a\nrole: office\nmax_size: 20000000000T\n", "max_size", "shifts out" },
		{ "name: a\nrole: office\nsync_every: 0900\n", "sync_every must be a decimal",
		  "octal" },
		{ "name: a\nrole: office\nsync_every: -1\n", "sync_every must be a decimal",
		  "sign" },
		{ "name: a\nname: b\nrole: office\n",
		  "line 2, column 1: this key stands here twice", "which one counts?" },
		{ "name: &a x\nrole: *a\n", "line 1, column 7: no anchors", "anchor" },
		{ "name: \"a\\0b\"\nrole: office\n", "control characters", "NUL" },
		{ "name: a\xff\nrole: office\n", "line 1, column 8: ", "bad UTF-8" },
		{ "name: [a]\nrole: office\n", "line 1, column 7: name must be a single value",
		  "type" },
		{ "name:\nrole: office\n", "line 1, column 6: name has no value", "empty" },
		{ "", "expected a map", "empty file" },
	};
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct config_error e;
		struct config c;

		cr_expect_eq(parse(ROWS[i].text, &c, &e), RC_INVALID, "%s", ROWS[i].why);
		cr_expect_not_null(strstr(e.text, ROWS[i].error), "%s: %s", ROWS[i].why, e.text);
	}
}

Test(config, a_seventeenth_address_is_refused)
{
	char text[512] = "name: a\nrole: office\ncentre: [";
	struct config_error e;
	struct config c;
	unsigned i;

	for (i = 0; i < CONFIG_CENTRES_MAX + 1; i++) {
		strcat(text, "\"h:1\",");
	}
	strcat(text, "]\n");
	cr_assert_eq(parse(text, &c, &e), RC_INVALID);
	cr_assert_not_null(strstr(e.text, "at most 16"), "%s", e.text);
}

Test(config, sizes_are_steps_of_1024)
{
	static const struct {
		const char *text;
		enum rc rc;
		uint64_t size;
	} ROWS[] = {
		{ "1048576", RC_OK, 1048576 },
		{ "1025K", RC_OK, 1049600 / 4096 * 4096 },
		{ "512M", RC_OK, (uint64_t)512 << 20 },
		{ "32G", RC_OK, (uint64_t)32 << 30 },
		{ "64T", RC_OK, (uint64_t)64 << 40 },
		{ "65T", RC_LIMIT, 0 },
		{ "0", RC_LIMIT, 0 },
		{ "", RC_INVALID, 0 },
		{ "G", RC_INVALID, 0 },
		{ "1GB", RC_INVALID, 0 },
		{ "1g", RC_INVALID, 0 },
		{ "1.5G", RC_INVALID, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		uint64_t size = 0;

		cr_expect_eq(config_parse_size(ROWS[i].text, &size), ROWS[i].rc, "%s",
			     ROWS[i].text);
		cr_expect_eq(size, ROWS[i].size, "%s", ROWS[i].text);
	}
}

Test(config, addresses_are_split)
{
	char host[CONFIG_HOST_MAX + 1];
	uint16_t port = 1;

	cr_assert_eq(config_split_address("[fe80::1%eth0]:7370", host, &port), RC_OK);
	cr_assert_str_eq(host, "fe80::1%eth0");
	cr_assert_eq(port, 7370);
	cr_assert_eq(config_split_address("0.0.0.0:0", host, &port), RC_OK);
	cr_assert_str_eq(host, "0.0.0.0");
	cr_assert_eq(port, 0);
	cr_assert_eq(config_split_address("[::1]", host, &port), RC_INVALID);
	cr_assert_eq(config_split_address("[]:1", host, &port), RC_INVALID);
	cr_assert_eq(config_split_address("h:", host, &port), RC_INVALID);
}

static char dir[64];

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/kerwen-config-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/kerwen.yaml", dir);
	(void)unlink(path);
	cr_expect_eq(rmdir(dir), 0, "something else was left in %s", dir);
}

Test(config, what_is_written_is_read_back, .init = make_dir, .fini = remove_dir)
{
	struct arena a = arena_init(room, sizeof(room));
	struct config_error e = { .text = "" };
	struct config c = config_default();
	struct config back;

	c.name = "Daşoguz \"2\" \\ #: {";
	c.role = CONFIG_OFFICE;
	c.centres[0] = "[2001:db8::1]:7370";
	c.centres[1] = "centre.example:1";
	c.centres_count = 2;
	c.max_size = (uint64_t)1536 << 20;
	c.sync_every = 0;
	cr_assert_eq(config_write(dir, &c, &e), RC_OK, "%s", e.text);
	cr_assert_eq(config_load(dir, &a, &back, &e), RC_OK, "%s", e.text);
	cr_assert_str_eq(back.name, c.name);
	cr_assert_eq(back.role, CONFIG_OFFICE);
	cr_assert_eq(back.centres_count, 2);
	cr_assert_str_eq(back.centres[0], c.centres[0]);
	cr_assert_str_eq(back.centres[1], c.centres[1]);
	cr_assert_eq(back.max_size, c.max_size);
	cr_assert_eq(back.sync_every, 0);
}

Test(config, a_rewrite_replaces_the_file_and_a_bad_one_leaves_it, .init = make_dir,
     .fini = remove_dir)
{
	struct arena a = arena_init(room, sizeof(room));
	struct config_error e = { .text = "" };
	struct config c = config_default();
	struct config back;

	c.name = "capital";
	c.role = CONFIG_CENTRE;
	cr_assert_eq(config_write(dir, &c, &e), RC_OK, "%s", e.text);
	c.listen = "127.0.0.1:0";
	cr_assert_eq(config_write(dir, &c, &e), RC_OK, "%s", e.text);
	c.listen = "no address";
	cr_assert_eq(config_write(dir, &c, &e), RC_INVALID);
	cr_assert_neq(e.text[0], '\0');
	cr_assert_eq(config_load(dir, &a, &back, &e), RC_OK, "%s", e.text);
	cr_assert_str_eq(back.listen, "127.0.0.1:0");
}

Test(config, what_would_read_differently_is_not_written, .init = make_dir, .fini = remove_dir)
{
	struct config_error e = { .text = "" };
	struct config c = config_default();
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/kerwen.yaml", dir);
	c.name = "As\xcc\xa7gabat"; /* decomposed: would come back in NFC */
	cr_expect_eq(config_write(dir, &c, &e), RC_INVALID);
	c.name = "two\nlines";
	cr_expect_eq(config_write(dir, &c, &e), RC_INVALID);
	c.name = "Lebap";
	c.role = CONFIG_OFFICE;
	c.listen = "127.0.0.1:1"; /* an office does not listen */
	cr_expect_eq(config_write(dir, &c, &e), RC_INVALID);
	cr_expect_neq(e.text[0], '\0');
	cr_expect_neq(access(path, F_OK), 0);
}

Test(config, the_file_is_the_owners_alone, .init = make_dir, .fini = remove_dir)
{
	struct config_error e = { .text = "" };
	struct config c = config_default();
	char path[128];
	struct stat st;

	c.name = "capital";
	c.role = CONFIG_CENTRE;
	cr_assert_eq(config_write(dir, &c, &e), RC_OK, "%s", e.text);
	(void)snprintf(path, sizeof(path), "%s/kerwen.yaml", dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
}

Test(config, a_directory_without_one_is_not_found, .init = make_dir, .fini = remove_dir)
{
	struct arena a = arena_init(room, sizeof(room));
	struct config_error e = { .text = "" };
	struct config c;

	cr_assert_eq(config_load(dir, &a, &c, &e), RC_NOTFOUND);
	cr_assert_not_null(strstr(e.text, "kerwen.yaml"), "%s", e.text);
}

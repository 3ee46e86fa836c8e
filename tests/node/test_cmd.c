#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/cmd_args.h"

static int run_nothing(struct cmd_context *c, const struct cmd_args *args)
{
	(void)c;
	(void)args;
	return CMD_OK;
}

static const struct cmd_option list_options[] = {
	{ .name = "where", .value = "EXPR", .help = "only these" },
	{ .name = "limit", .value = "N", .help = "at most N" },
	{ .name = "address", .value = "A", .help = "an address", .may_repeat = true },
	{ .name = "csv", .help = "as CSV" },
	{ 0 },
};

static const struct cmd_option invite_options[] = {
	{ .name = "number", .value = "N", .help = "office number", .is_required = true },
	{ 0 },
};

static const struct command list = {
	.name = "list",
	.words = "KIND [F=V]...",
	.words_min = 1,
	.words_max = 3,
	.summary = "lists records",
	.options = list_options,
	.run = run_nothing,
};

static const struct command invite = {
	.name = "office invite",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "invites an office",
	.options = invite_options,
	.run = run_nothing,
};

static const struct command show = {
	.name = "office show",
	.summary = "shows an office",
	.run = run_nothing,
};

static const struct command *const table[] = { &list, &invite, &show, NULL };

/* One parse of a command line, and what it printed. */
struct trial {
	char *argv[16];
	struct out out;
	struct cmd_context c;
	struct cmd_args args;
	char *results, *errors;
	size_t results_len, errors_len;
};

static void trial_close(struct trial *t)
{
	size_t i;

	fclose(t->out.to);
	fclose(t->out.notes);
	free(t->results);
	free(t->errors);
	for (i = 0; i < 16; i++) {
		t->argv[i] = NULL;
	}
}

/* Words are separated by one space; "''" stands for an empty one. */
static enum cmd_args_result trial_parse(struct trial *t, const char *line)
{
	static char copy[512];
	enum cmd_args_result result;
	char *word;
	int argc = 0;

	memset(t, 0, sizeof(*t));
	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		t->argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	t->out = out_init(open_memstream(&t->results, &t->results_len),
			  open_memstream(&t->errors, &t->errors_len));
	t->c = (struct cmd_context){ .dir = ".", .out = &t->out, .table = table };
	result = cmd_args_parse(&t->c, argc, t->argv, &t->args);
	fflush(t->out.to);
	fflush(t->out.notes);
	return result;
}

Test(cmd, takes_options_before_between_and_after_words)
{
	static const char *const lines[] = {
		"kerwen -C /d --json -q list person a=1 --limit 5 --csv",
		"kerwen list --limit=5 -C/d person --csv --json a=1 --quiet",
		"kerwen --dir=/d --quiet list --csv --limit 5 --json -- person a=1",
	};
	struct trial t;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_assert_eq(trial_parse(&t, lines[i]), CMD_ARGS_RUN, "%s: %s", lines[i], t.errors);
		cr_expect_str_eq(t.c.dir, "/d");
		cr_expect(t.out.json);
		cr_expect(t.out.quiet);
		cr_expect_eq(t.args.command, &list);
		cr_assert_eq(t.args.words_count, 2);
		cr_expect_str_eq(t.args.words[0], "person");
		cr_expect_str_eq(t.args.words[1], "a=1");
		cr_expect_str_eq(cmd_option(&t.args, "limit"), "5");
		cr_expect(cmd_has(&t.args, "csv"));
		cr_expect_null(cmd_option(&t.args, "where"));
		trial_close(&t);
	}
}

Test(cmd, words_that_look_odd_stay_words)
{
	struct trial t;

	cr_assert_eq(trial_parse(&t, "kerwen list k notes-=x -"), CMD_ARGS_RUN);
	cr_expect_str_eq(t.args.words[1], "notes-=x");
	cr_expect_str_eq(t.args.words[2], "-");
	trial_close(&t);
	cr_assert_eq(trial_parse(&t, "kerwen list -- --json --csv"), CMD_ARGS_RUN);
	cr_expect_str_eq(t.args.words[0], "--json");
	cr_expect_not(t.out.json);
	trial_close(&t);
	cr_assert_eq(trial_parse(&t, "kerwen list --where --csv k"), CMD_ARGS_RUN);
	cr_expect_str_eq(cmd_option(&t.args, "where"), "--csv", "a value may begin with dashes");
	trial_close(&t);
}

Test(cmd, keeps_all_values_of_an_option_that_may_repeat)
{
	struct trial t;

	cr_assert_eq(trial_parse(&t, "kerwen list k --address a --address b"), CMD_ARGS_RUN);
	cr_expect_str_eq(cmd_option_nth(&t.args, "address", 0), "a");
	cr_expect_str_eq(cmd_option_nth(&t.args, "address", 1), "b");
	cr_expect_null(cmd_option_nth(&t.args, "address", 2));
	trial_close(&t);
}

Test(cmd, says_what_is_wrong_and_what_was_meant)
{
	static const struct {
		const char *line, *says, *hint;
	} rows[] = {
		{ "kerwen", "no command", "kerwen help" },
		{ "kerwen lsit k", "no command \"lsit\"", "did you mean list?" },
		{ "kerwen xyzzy", "no command \"xyzzy\"", "kerwen help" },
		{ "kerwen ofice invite", "no command \"ofice\"", "did you mean office?" },
		{ "kerwen office invit x", "\"office invit\"", "did you mean office invite?" },
		{ "kerwen office", "needs a second word", "invite show" },
		{ "kerwen list k --limt 5", "--limt", "did you mean --limit?" },
		{ "kerwen --jsn list k", "--jsn", "did you mean --json?" },
		{ "kerwen list k -x", "-x", "kerwen list --help" },
		{ "kerwen list k --limit", "needs a value: N", "" },
		{ "kerwen list k --csv=yes", "takes no value", "" },
		{ "kerwen list k --csv --csv", "given twice", "" },
		{ "kerwen list", "needs more: KIND", "usage: kerwen list KIND" },
		{ "kerwen list a b c d", "\"d\" is too much", "usage: kerwen list" },
		{ "kerwen office show x", "\"x\" is too much", "usage: kerwen office show;" },
		{ "kerwen office invite x", "needs --number N", "--help" },
		{ "kerwen -C '' list k", "-C needs a directory", "" },
		{ "kerwen -C", "-C needs a value: DIR", "" },
	};
	struct trial t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(trial_parse(&t, rows[i].line), CMD_ARGS_WRONG, "%s", rows[i].line);
		cr_expect_not_null(strstr(t.errors, rows[i].says), "%s: %s", rows[i].line,
				   t.errors);
		cr_expect_not_null(strstr(t.errors, rows[i].hint), "%s: %s", rows[i].line,
				   t.errors);
		cr_expect_eq(t.results_len, 0);
		trial_close(&t);
	}
}

Test(cmd, reports_errors_as_json_wherever_the_option_stands)
{
	struct trial t;
	json_t *error;

	cr_assert_eq(trial_parse(&t, "kerwen lsit \x1b[1m --json"), CMD_ARGS_WRONG);
	error = json_loads(t.errors, 0, NULL);
	cr_assert_not_null(error, "%s", t.errors);
	cr_expect_eq(json_integer_value(json_object_get(error, "code")), CMD_USAGE);
	cr_expect_str_eq(json_string_value(json_object_get(error, "hint")), "did you mean list?");
	cr_expect_not_null(json_object_get(error, "message"));
	json_decref(error);
	trial_close(&t);
}

Test(cmd, escapes_what_the_user_typed)
{
	struct trial t;

	cr_assert_eq(trial_parse(&t, "kerwen \x1b]0;x\x07"), CMD_ARGS_WRONG);
	cr_expect_null(strchr(t.errors, '\x1b'));
	cr_expect_not_null(strstr(t.errors, "\\x1b]0;x\\x07"));
	trial_close(&t);
}

Test(cmd, help_is_everywhere)
{
	static const struct {
		const char *line;
		enum cmd_args_result result;
	} rows[] = {
		{ "kerwen --help", CMD_ARGS_OVERVIEW },
		{ "kerwen -h", CMD_ARGS_OVERVIEW },
		{ "kerwen -h list", CMD_ARGS_HELP },
		{ "kerwen list --help", CMD_ARGS_HELP },
		{ "kerwen list a b c d -h", CMD_ARGS_HELP },
		{ "kerwen office --help", CMD_ARGS_GROUP_HELP },
		{ "kerwen office invite -h", CMD_ARGS_HELP },
	};
	struct trial t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(trial_parse(&t, rows[i].line), rows[i].result, "%s", rows[i].line);
		trial_close(&t);
	}
}

Test(cmd, help_names_every_option_and_command)
{
	struct trial t;

	trial_parse(&t, "kerwen list --help");
	cr_assert(cmd_print_help(&t.c, "list"));
	cr_assert(cmd_print_help(&t.c, "office"));
	cr_assert_not(cmd_print_help(&t.c, "off"));
	cmd_print_overview(&t.c);
	fflush(t.out.to);
	cr_expect_not_null(strstr(t.results, "kerwen list KIND [F=V]... [--where EXPR]"));
	cr_expect_not_null(strstr(t.results, "[--address A]..."));
	cr_expect_not_null(strstr(t.results, "kerwen office invite NAME --number N\n"));
	cr_expect_not_null(strstr(t.results, "130  interrupted"));
	trial_close(&t);
}

Test(cmd, reads_numbers_strictly)
{
	static const struct {
		const char *line;
		bool is_fine;
	} rows[] = {
		{ "kerwen list k --limit 1", true },
		{ "kerwen list k --limit 100", true },
		{ "kerwen list k --limit 0", false },
		{ "kerwen list k --limit 101", false },
		{ "kerwen list k --limit -5", false },
		{ "kerwen list k --limit 5x", false },
		{ "kerwen list k --limit ''", false },
		{ "kerwen list k --limit +5", false },
		{ "kerwen list k --limit 0x5", false },
		{ "kerwen list k --limit 99999999999999999999999", false },
	};
	struct trial t;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 7;
		int code;

		cr_assert_eq(trial_parse(&t, rows[i].line), CMD_ARGS_RUN);
		code = cmd_option_number(&t.c, &t.args, "limit", 1, 100, &value);
		cr_expect_eq(code, rows[i].is_fine ? CMD_OK : CMD_USAGE, "%s", rows[i].line);
		cr_expect(rows[i].is_fine || value == 7, "%s", rows[i].line);
		trial_close(&t);
	}
}

Test(cmd, an_absent_number_leaves_the_default)
{
	struct trial t;
	uint64_t value = 60;

	trial_parse(&t, "kerwen list k");
	cr_expect_eq(cmd_option_number(&t.c, &t.args, "limit", 1, 100, &value), CMD_OK);
	cr_expect_eq(value, 60);
	trial_close(&t);
}

Test(cmd, refuses_more_options_than_it_has_room_for)
{
	static char *argv[2 * CMD_GIVEN_MAX + 8];
	struct trial t;
	int argc = 0, i;

	trial_parse(&t, "kerwen list k");
	argv[argc++] = (char *)"kerwen";
	argv[argc++] = (char *)"list";
	argv[argc++] = (char *)"k";
	for (i = 0; i <= CMD_GIVEN_MAX; i++) {
		argv[argc++] = (char *)"--address";
		argv[argc++] = (char *)"a";
	}
	t.args = (struct cmd_args){ 0 };
	cr_expect_eq(cmd_args_parse(&t.c, argc, argv, &t.args), CMD_ARGS_WRONG);
	trial_close(&t);
}

Test(cmd, every_result_has_an_exit_code_with_a_text)
{
	int rc;

	for (rc = RC_OK; rc <= RC_UNKNOWN; rc++) {
		enum cmd_exit code = cmd_exit_of((enum rc)rc);

		cr_expect_eq(code == CMD_OK, rc == RC_OK);
		cr_expect_not_null(cmd_exit_text((int)code));
	}
	cr_expect_null(cmd_exit_text(99));
}

Test(cmd, the_real_table_is_well_formed)
{
	const struct command *const *c;

	for (c = cmd_table; *c != NULL; c++) {
		const struct cmd_option *o = (*c)->options;

		cr_expect_not_null((*c)->run);
		cr_expect_not_null((*c)->summary);
		cr_expect_eq(cmd_args_find(cmd_table, (*c)->name), *c, "%s twice", (*c)->name);
		cr_expect((*c)->words_max == 0 || (*c)->words != NULL, "%s", (*c)->name);
		cr_expect_leq((*c)->words_min, (*c)->words_max);
		for (; o != NULL && o->name != NULL; o++) {
			const struct cmd_args_global *g = cmd_args_globals;

			cr_expect_not_null(o->help, "%s --%s", (*c)->name, o->name);
			for (; g->option.name != NULL; g++) {
				cr_expect_str_neq(g->option.name, o->name);
			}
		}
	}
}

#include "node/cmd/cmd_args.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"

enum { CANDIDATES_MAX = 64, NAME_MAX_LEN = 64 };

const struct cmd_args_global cmd_args_globals[] = {
	{ 'C', { .name = "dir", .value = "DIR", .help = "the node's directory" } },
	{ 0, { .name = "json", .help = "the result as JSON, errors too" } },
	{ 'q', { .name = "quiet", .help = "no remarks and no progress" } },
	{ 'h', { .name = "help", .help = "this help" } },
	{ 0, { 0 } },
};

struct parser {
	struct cmd_context *c;
	struct cmd_args *args;
	char **argv;
	int argc, at;
	bool options_ended, wants_help;
};

const struct command *cmd_args_find(const struct command *const *table, const char *name)
{
	for (; *table != NULL; table++) {
		if (strcmp((*table)->name, name) == 0) {
			return *table;
		}
	}
	return NULL;
}

bool cmd_args_is_group(const struct command *const *table, const char *name)
{
	size_t len = strlen(name);

	for (; *table != NULL; table++) {
		if (strncmp((*table)->name, name, len) == 0 && (*table)->name[len] == ' ') {
			return true;
		}
	}
	return false;
}

static const struct cmd_option *find_option(const struct command *command, const char *name,
					    size_t len)
{
	const struct cmd_option *o = command == NULL ? NULL : command->options;

	for (; o != NULL && o->name != NULL; o++) {
		if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0') {
			return o;
		}
	}
	return NULL;
}

static const struct cmd_args_global *find_global(const char *arg, size_t len)
{
	const struct cmd_args_global *g;

	for (g = cmd_args_globals; g->option.name != NULL; g++) {
		bool is_short = arg[1] == g->letter && g->letter != 0;

		if (is_short || (arg[1] == '-' && strlen(g->option.name) == len &&
				 strncmp(g->option.name, arg + 2, len) == 0)) {
			return g;
		}
	}
	return NULL;
}

static int fail_option(struct parser *p, const char *arg, size_t len)
{
	const char *names[CANDIDATES_MAX], *meant = NULL;
	const struct command *command = p->c->command;
	const struct cmd_args_global *g;
	const struct cmd_option *o = command == NULL ? NULL : command->options;
	char name[NAME_MAX_LEN + 1], hint[256];
	size_t count = 0;

	for (g = cmd_args_globals; g->option.name != NULL; g++) {
		names[count++] = g->option.name;
	}
	for (; o != NULL && o->name != NULL && count < CANDIDATES_MAX; o++) {
		names[count++] = o->name;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(len < NAME_MAX_LEN ? len : NAME_MAX_LEN),
		 arg[1] == '-' ? arg + 2 : "");
	meant = text_nearest(name, names, count);
	if (meant != NULL) {
		snprintf(hint, sizeof(hint), "did you mean --%s?", meant);
	} else {
		snprintf(hint, sizeof(hint), "see kerwen %s%s--help",
			 command == NULL ? "" : command->name, command == NULL ? "" : " ");
	}
	return cmd_fail(p->c, CMD_USAGE, hint, "unknown option %s", arg);
}

static bool take_global(struct parser *p, const struct cmd_args_global *g, const char *value)
{
	if (strcmp(g->option.name, "dir") == 0) {
		p->c->dir = value;
		if (value[0] == '\0') {
			cmd_fail(p->c, CMD_USAGE, NULL, "-C needs a directory");
			return false;
		}
	} else if (strcmp(g->option.name, "json") == 0) {
		p->c->out->json = true;
	} else if (strcmp(g->option.name, "quiet") == 0) {
		p->c->out->quiet = true;
	} else {
		p->wants_help = true;
	}
	return true;
}

static bool take_own(struct parser *p, const struct cmd_option *o, const char *value)
{
	unsigned i;

	for (i = 0; i < p->args->given_count; i++) {
		if (p->args->given[i].option == o && !o->may_repeat) {
			cmd_fail(p->c, CMD_USAGE, NULL, "--%s is given twice", o->name);
			return false;
		}
	}
	if (p->args->given_count == CMD_GIVEN_MAX) {
		cmd_fail(p->c, CMD_USAGE, NULL, "more than %d options", CMD_GIVEN_MAX);
		return false;
	}
	p->args->given[p->args->given_count].option = o;
	p->args->given[p->args->given_count++].value = value;
	return true;
}

/* The value of an option: behind "=", behind the letter, or the next argument. */
static const char *read_value(struct parser *p, const char *arg, const struct cmd_option *o,
			      const char *attached)
{
	if (o->value == NULL) {
		if (attached != NULL) {
			cmd_fail(p->c, CMD_USAGE, NULL, "--%s takes no value", o->name);
			return NULL;
		}
		return "";
	}
	if (attached != NULL) {
		return attached;
	}
	if (p->at == p->argc) {
		cmd_fail(p->c, CMD_USAGE, NULL, "%s needs a value: %s", arg, o->value);
		return NULL;
	}
	return p->argv[p->at++];
}

/* -x, -xVALUE, --name, --name VALUE or --name=VALUE */
static bool parse_option(struct parser *p, const char *arg)
{
	bool is_long = arg[1] == '-';
	const char *equals = is_long ? strchr(arg, '=') : NULL;
	size_t len = equals != NULL ? (size_t)(equals - arg - 2) : strlen(arg) - 2 + !is_long;
	const struct cmd_option *own = is_long ? find_option(p->c->command, arg + 2, len) : NULL;
	const struct cmd_args_global *g = own == NULL ? find_global(arg, len) : NULL;
	const char *attached = equals != NULL ? equals + 1 : NULL;
	const char *value;

	if (own == NULL && g == NULL) {
		fail_option(p, arg, len);
		return false;
	}
	if (!is_long && arg[2] != '\0') {
		attached = arg + 2;
	}
	value = read_value(p, arg, own != NULL ? own : &g->option, attached);
	if (value == NULL) {
		return false;
	}
	return own != NULL ? take_own(p, own, value) : take_global(p, g, value);
}

/* Reads options up to the next word. NULL: no more words, or *failed. */
static char *next_word(struct parser *p, bool *failed)
{
	while (p->at < p->argc) {
		char *arg = p->argv[p->at++];

		if (p->options_ended || arg[0] != '-' || arg[1] == '\0') {
			return arg;
		}
		if (strcmp(arg, "--") == 0) {
			p->options_ended = true;
		} else if (!parse_option(p, arg)) {
			*failed = true;
			return NULL;
		}
	}
	return NULL;
}

/* So that a mistake in front of --json is reported as JSON, too. */
static void look_for_json(struct parser *p)
{
	int i;

	for (i = 1; i < p->argc && strcmp(p->argv[i], "--") != 0; i++) {
		if (strcmp(p->argv[i], "--json") == 0) {
			p->c->out->json = true;
		}
	}
}

static enum cmd_args_result fail_group(struct parser *p, const char *group)
{
	const struct command *const *t;
	char hint[512];
	size_t len = 0;

	len = (size_t)snprintf(hint, sizeof(hint), "one of:");
	for (t = p->c->table; *t != NULL && len < sizeof(hint); t++) {
		if (strncmp((*t)->name, group, strlen(group)) == 0 &&
		    (*t)->name[strlen(group)] == ' ') {
			len += (size_t)snprintf(hint + len, sizeof(hint) - len, " %s",
						(*t)->name + strlen(group) + 1);
		}
	}
	cmd_fail(p->c, CMD_USAGE, hint, "%s needs a second word", group);
	return CMD_ARGS_WRONG;
}

/* Finds the command, of one word or two. CMD_ARGS_RUN: go on with its words. */
static enum cmd_args_result find_command(struct parser *p)
{
	bool failed = false;
	char *first = next_word(p, &failed), *second = NULL;
	char both[2 * NAME_MAX_LEN];

	if (first == NULL && !failed && !p->wants_help) {
		cmd_fail(p->c, CMD_USAGE, "kerwen help lists the commands", "no command given");
	}
	if (first == NULL) {
		return p->wants_help && !failed ? CMD_ARGS_OVERVIEW : CMD_ARGS_WRONG;
	}
	p->c->command = cmd_args_find(p->c->table, first);
	if (p->c->command != NULL) {
		return CMD_ARGS_RUN;
	}
	if (!cmd_args_is_group(p->c->table, first)) {
		cmd_fail_unknown(p->c, first);
		return CMD_ARGS_WRONG;
	}
	second = next_word(p, &failed);
	if (failed) {
		return CMD_ARGS_WRONG;
	}
	if (second == NULL) {
		p->argv[0] = first;
		return p->wants_help ? CMD_ARGS_GROUP_HELP : fail_group(p, first);
	}
	snprintf(both, sizeof(both), "%.*s %.*s", NAME_MAX_LEN - 1, first, NAME_MAX_LEN - 1,
		 second);
	p->c->command = cmd_args_find(p->c->table, both);
	if (p->c->command == NULL) {
		cmd_fail_unknown(p->c, both);
		return CMD_ARGS_WRONG;
	}
	return CMD_ARGS_RUN;
}

/* What is asked for must be there, no less and no more. */
static enum cmd_args_result check_counts(struct parser *p)
{
	const struct command *command = p->c->command;
	const struct cmd_option *o = command->options;
	const char *words = command->words == NULL ? "" : command->words;
	char hint[512];

	snprintf(hint, sizeof(hint), "usage: kerwen %s%s%s; see kerwen %s --help", command->name,
		 words[0] == '\0' ? "" : " ", words, command->name);
	for (; o != NULL && o->name != NULL; o++) {
		if (o->is_required && cmd_option(p->args, o->name) == NULL) {
			cmd_fail(p->c, CMD_USAGE, hint, "%s needs --%s %s", command->name, o->name,
				 o->value == NULL ? "" : o->value);
			return CMD_ARGS_WRONG;
		}
	}
	if (p->args->words_count < command->words_min) {
		cmd_fail(p->c, CMD_USAGE, hint, "%s needs more: %s", command->name, words);
		return CMD_ARGS_WRONG;
	}
	if (p->args->words_count > command->words_max) {
		cmd_fail(p->c, CMD_USAGE, hint, "%s: \"%s\" is too much", command->name,
			 p->args->words[command->words_max]);
		return CMD_ARGS_WRONG;
	}
	return CMD_ARGS_RUN;
}

enum cmd_args_result cmd_args_parse(struct cmd_context *c, int argc, char **argv,
				    struct cmd_args *args)
{
	struct parser p = { .c = c, .args = args, .argv = argv, .argc = argc, .at = 1 };
	enum cmd_args_result result;
	bool failed = false;
	char *word;

	look_for_json(&p);
	/* The words move to the front of argv: never past the one read last. */
	args->words = (const char *const *)argv;
	result = find_command(&p);
	if (result != CMD_ARGS_RUN) {
		return result;
	}
	args->command = c->command;
	while ((word = next_word(&p, &failed)) != NULL) {
		argv[args->words_count++] = word;
	}
	if (failed) {
		return CMD_ARGS_WRONG;
	}
	return p.wants_help ? CMD_ARGS_HELP : check_counts(&p);
}

const char *cmd_option_nth(const struct cmd_args *args, const char *name, unsigned nth)
{
	unsigned i, seen = 0;

	assert(find_option(args->command, name, strlen(name)) != NULL);
	for (i = 0; i < args->given_count; i++) {
		if (strcmp(args->given[i].option->name, name) == 0 && seen++ == nth) {
			return args->given[i].value;
		}
	}
	return NULL;
}

const char *cmd_option(const struct cmd_args *args, const char *name)
{
	return cmd_option_nth(args, name, 0);
}

const char *cmd_option_if(const struct cmd_args *args, const char *name)
{
	return find_option(args->command, name, strlen(name)) == NULL ? NULL :
									cmd_option(args, name);
}

bool cmd_has(const struct cmd_args *args, const char *name)
{
	return cmd_option(args, name) != NULL;
}

int cmd_option_number(struct cmd_context *c, const struct cmd_args *args, const char *name,
		      uint64_t min, uint64_t max, uint64_t *value)
{
	const char *text = cmd_option(args, name);
	char *end = NULL;
	unsigned long long number;

	if (text == NULL) {
		return CMD_OK;
	}
	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < min ||
	    number > max) {
		return cmd_fail(c, CMD_USAGE, NULL,
				"--%s needs a whole number from %" PRIu64 " to %" PRIu64
				", not \"%s\"",
				name, min, max, text);
	}
	*value = number;
	return CMD_OK;
}

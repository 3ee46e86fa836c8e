/* `kerwen help`, and --help everywhere: printed from the table of commands. */
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/cmd_args.h"

enum { CANDIDATES_MAX = 128, COLUMN = 18, OPTION_COLUMN = 20 };

static void print_usage(FILE *to, const struct command *command)
{
	const struct cmd_option *o = command->options;

	fprintf(to, "kerwen %s", command->name);
	if (command->words != NULL) {
		fprintf(to, " %s", command->words);
	}
	for (; o != NULL && o->name != NULL; o++) {
		fprintf(to, o->is_required ? " --%s%s%s" : " [--%s%s%s]", o->name,
			o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
		if (o->may_repeat) {
			fputs("...", to);
		}
	}
	fputc('\n', to);
}

static void print_option(FILE *to, char letter, const struct cmd_option *o)
{
	char left[128];

	if (letter == 0) {
		snprintf(left, sizeof(left), "--%s %s", o->name, o->value == NULL ? "" : o->value);
	} else {
		snprintf(left, sizeof(left), "-%c%s%s, --%s", letter, o->value == NULL ? "" : " ",
			 o->value == NULL ? "" : o->value, o->name);
	}
	fprintf(to, "  %-*s  %s\n", OPTION_COLUMN, left, o->help);
}

static void print_command(FILE *to, const struct command *command)
{
	const struct cmd_option *o = command->options;
	const struct cmd_args_global *g;

	fputs("usage: ", to);
	print_usage(to, command);
	fprintf(to, "\n%s\n", command->summary);
	if (command->details != NULL) {
		fprintf(to, "\n%s\n", command->details);
	}
	fputs("\nOptions:\n", to);
	for (; o != NULL && o->name != NULL; o++) {
		print_option(to, 0, o);
	}
	for (g = cmd_args_globals; g->option.name != NULL; g++) {
		print_option(to, g->letter, &g->option);
	}
}

static void print_group(struct cmd_context *c, const char *name)
{
	const struct command *const *t;
	size_t len = strlen(name);

	for (t = c->table; *t != NULL; t++) {
		if (strncmp((*t)->name, name, len) == 0 && (*t)->name[len] == ' ') {
			print_usage(c->out->to, *t);
			fprintf(c->out->to, "        %s\n", (*t)->summary);
		}
	}
}

bool cmd_print_help(struct cmd_context *c, const char *name)
{
	const struct command *command = cmd_args_find(c->table, name);

	if (command != NULL) {
		print_command(c->out->to, command);
		return true;
	}
	if (cmd_args_is_group(c->table, name)) {
		print_group(c, name);
		return true;
	}
	return false;
}

void cmd_print_overview(struct cmd_context *c)
{
	const struct command *const *t;
	const struct cmd_args_global *g;
	FILE *to = c->out->to;
	int code;

	fputs("usage: kerwen [-C DIR] [--json] [-q] COMMAND ...\n\nCommands:\n", to);
	for (t = c->table; *t != NULL; t++) {
		fprintf(to, "  %-*s  %s\n", COLUMN, (*t)->name, (*t)->summary);
	}
	fputs("\nOptions, before or after the command:\n", to);
	for (g = cmd_args_globals; g->option.name != NULL; g++) {
		print_option(to, g->letter, &g->option);
	}
	fputs("\nDIR is the current directory if neither -C nor KERWEN_DIR names one.\n"
	      "`kerwen help COMMAND` says more about a command.\n\nExit codes:\n",
	      to);
	for (code = 0; code <= CMD_INTERRUPTED; code++) {
		if (cmd_exit_text(code) != NULL) {
			fprintf(to, "  %3d  %s\n", code, cmd_exit_text(code));
		}
	}
}

int cmd_fail_unknown(struct cmd_context *c, const char *name)
{
	const char *names[CANDIDATES_MAX], *meant;
	const struct command *const *t;
	char first[64], hint[256];
	size_t count = 0;

	for (t = c->table; *t != NULL && count < CANDIDATES_MAX; t++) {
		names[count++] = (*t)->name;
	}
	meant = text_nearest(name, names, count);
	if (meant == NULL) {
		/* The first word of a pair may be what is misspelt. */
		for (t = c->table; *t != NULL && meant == NULL; t++) {
			const char *candidate = first;

			snprintf(first, sizeof(first), "%.*s", (int)strcspn((*t)->name, " "),
				 (*t)->name);
			meant = text_nearest(name, &candidate, 1);
		}
	}
	if (meant == NULL) {
		snprintf(hint, sizeof(hint), "kerwen help lists the commands");
	} else {
		snprintf(hint, sizeof(hint), "did you mean %s?", meant);
	}
	return cmd_fail(c, CMD_USAGE, hint, "there is no command \"%s\"", name);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	char name[128];

	if (args->words_count == 0) {
		cmd_print_overview(c);
		return CMD_OK;
	}
	snprintf(name, sizeof(name), "%s%s%s", args->words[0], args->words_count > 1 ? " " : "",
		 args->words_count > 1 ? args->words[1] : "");
	return cmd_print_help(c, name) ? CMD_OK : cmd_fail_unknown(c, name);
}

const struct command cmd_help_command = {
	.name = "help",
	.words = "[COMMAND]",
	.words_max = 2,
	.summary = "what the commands are, or how to use one",
	.run = run,
};

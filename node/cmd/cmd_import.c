/* `kerwen import KIND FILE.csv`: records from a CSV file. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/author_arg.h"
#include "node/cmd/import.h"
#include "node/cmd/open.h"

static const struct cmd_option options[] = {
	{ .name = "key",
	  .value = "F,...",
	  .help = "fields that tell records apart (default: the first unique)" },
	{ .name = "dry-run", .help = "judge every row, and write nothing" },
	{ .name = "again", .help = "from the start, though the file was imported before" },
	{ .name = "for", .value = "OFFICE", .help = "at the centre: whose new records are" },
	{ .name = "fail-on-conflict",
	  .help = "exit with 4 if a row leaves its record in conflict" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

enum { TEXT_MAX = 512 };

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* The office that --for names, by name or number. */
static int find_home(struct cmd_context *c, struct cmd_node *n, const char *name, uint16_t *out)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	char *end = NULL;
	unsigned long number = strtoul(name, &end, 10);
	int code = open_read(c, n, &t);

	if (code != CMD_OK) {
		return code;
	}
	o = catalog_office_by_name(n->store->catalog, bytes_of(name));
	if (o == NULL && *name != '\0' && *end == '\0' && number <= LIMIT_OFFICE_MAX) {
		o = catalog_office(n->store->catalog, (uint16_t)number);
	}
	if (o == NULL) {
		code = cmd_fail(c, CMD_USAGE, "see `kerwen office list`",
				"there is no office \"%s\"", name);
	} else if (!n->store->info.is_centre && o->number != n->store->info.number) {
		code = cmd_fail(c, CMD_FAILED, "let that office import it, or the centre",
				"an office adds records for itself only");
	} else if (o->is_closed) {
		code = cmd_fail(c, CMD_FAILED, "see `kerwen office list`", "%s is closed", o->name);
	} else {
		*out = n->store->info.is_centre ? o->number : 0;
	}
	store_end(n->store, t);
	return code;
}

static int fail(struct cmd_context *c, const struct import *i, enum rc rc,
		const struct path_problem *why)
{
	enum cmd_exit code = rc == RC_INVALID || rc == RC_LIMIT ? CMD_USAGE : cmd_exit_of(rc);
	bool is_named = strstr(why->text, i->request.path) != NULL;

	if (i->progress.place.offset > 0 && !i->request.is_dry) {
		out_note(c->out,
			 "the rows before line %" PRIu64 " are imported; the same command "
			 "goes on there",
			 i->progress.place.line);
	}
	return cmd_fail(c, code, why->hint, "%s%s%s", is_named ? "" : i->request.path,
			is_named ? "" : ": ", why->text);
}

static uint64_t count_rows(const struct import_progress *p)
{
	return p->added + p->changed + p->unchanged + p->rejected;
}

/* The figures that a field's codes are counted in, as a list of names. */
static json_t *list_figures(const struct import *i, const struct schema_field *f)
{
	const struct catalog *c = i->store->catalog;
	json_t *names = json_array();
	uint32_t k;

	for (k = 0; k < c->own.figures_count; k++) {
		if (import_break_touches(&c->own, &c->counters, &c->own.figures[k], i->sheet.kind,
					 f)) {
			json_array_append_new(names, json_string(c->own.figures[k].name));
		}
	}
	return names;
}

static json_t *list_breaks(const struct import *i)
{
	const struct import_progress *p = &i->progress;
	json_t *list = json_array();
	uint32_t k;

	for (k = 0; k < p->passages.count && !i->was_done; k++) {
		const struct import_passage *one = &p->passages.items[k];
		const struct schema_field *f = schema_field_by_number(i->sheet.kind, one->field);

		if (f != NULL && import_break_is(one, count_rows(p))) {
			json_array_append_new(list, json_pack("{s:s, s:s%, s:s%, s:I, s:o}",
							      "field", f->name, "from", one->from,
							      (size_t)one->from_len, "to", one->to,
							      (size_t)one->to_len, "rows",
							      (json_int_t)one->rows, "figures",
							      list_figures(i, f)));
		}
	}
	return list;
}

/* "a, b" of a list of names; what does not fit is cut. */
static const char *join(const json_t *names, char out[TEXT_MAX])
{
	size_t k, len = 0;

	out[0] = '\0';
	for (k = 0; k < json_array_size(names) && len < TEXT_MAX; k++) {
		len += (size_t)snprintf(out + len, TEXT_MAX - len, "%s%s", k == 0 ? "" : ", ",
					json_string_value(json_array_get(names, k)));
	}
	return out;
}

/* A figure falls and nobody has left: that has to be told. */
static void note_breaks(struct cmd_context *c, const struct import *i)
{
	json_t *breaks = list_breaks(i);
	size_t k;

	for (k = 0; k < json_array_size(breaks); k++) {
		const json_t *b = json_array_get(breaks, k), *names = json_object_get(b, "figures");
		size_t count = json_array_size(names);
		char text[TEXT_MAX];

		out_note(c->out,
			 "%s: %" JSON_INTEGER_FORMAT " of %" PRIu64
			 " %s records pass from %s to %s: a break%s%s%s, not a loss of records",
			 json_string_value(json_object_get(b, "field")),
			 json_integer_value(json_object_get(b, "rows")), count_rows(&i->progress),
			 i->sheet.kind->name, json_string_value(json_object_get(b, "from")),
			 json_string_value(json_object_get(b, "to")),
			 count == 0 ? "" : " in the series ", join(names, text),
			 count == 0 ? " that no figure shows" : "");
	}
	json_decref(breaks);
}

static void note_conflicts(struct cmd_context *c, const struct import *i)
{
	uint64_t settled = i->progress.settled, open = i->progress.open;

	if (settled > 0) {
		out_note(c->out, "note: %" PRIu64 " %s an open conflict", settled,
			 settled == 1 ? "row settles" : "rows settle");
	}
	if (open > 0) {
		out_note(c->out, "note: %" PRIu64 " %s in open conflict; see `kerwen conflicts %s`",
			 open, open == 1 ? "row leaves its record" : "rows leave their records",
			 i->sheet.kind->name);
	}
}

static enum rc print_json(struct cmd_context *c, const struct import *i)
{
	const struct import_progress *p = &i->progress;
	json_t *document = out_document();
	bool counts = !i->was_done;

	json_object_set_new(document, "new", json_integer(counts ? (json_int_t)p->added : 0));
	json_object_set_new(document, "changed", json_integer(counts ? (json_int_t)p->changed : 0));
	json_object_set_new(document, "unchanged",
			    json_integer(counts ? (json_int_t)p->unchanged : 0));
	json_object_set_new(document, "rejected",
			    json_integer(counts ? (json_int_t)p->rejected : 0));
	json_object_set_new(document, "settled", json_integer(counts ? (json_int_t)p->settled : 0));
	json_object_set_new(document, "open", json_integer(counts ? (json_int_t)p->open : 0));
	json_object_set_new(document, "breaks", list_breaks(i));
	if (i->was_done) {
		json_object_set_new(document, "already_imported", json_true());
	}
	if (i->resumed > 0) {
		json_object_set_new(document, "resumed_at_line",
				    json_integer((json_int_t)i->resumed));
	}
	return out_json(c->out, document);
}

/* Rows that were not taken weigh more than conflicts. */
static int choose_exit(const struct import *i)
{
	if (i->progress.rejected > 0) {
		return CMD_REJECTED;
	}
	return i->request.fails_on_conflict && i->progress.open > 0 ? CMD_CONFLICT : CMD_OK;
}

static int report(struct cmd_context *c, const struct import *i)
{
	const struct import_progress *p = &i->progress;

	if (i->was_done) {
		out_line(c->out, "already imported: %s (--again imports it once more)",
			 i->request.path);
		return c->out->json ? (int)cmd_exit_of(print_json(c, i)) : CMD_OK;
	}
	if (i->resumed > 0) {
		out_note(c->out, "went on at line %" PRIu64 ", where it was cut", i->resumed);
	}
	out_line(c->out,
		 "%s%" PRIu64 " new, %" PRIu64 " changed, %" PRIu64 " unchanged, %" PRIu64
		 " rejected",
		 i->request.is_dry ? "would be: " : "", p->added, p->changed, p->unchanged,
		 p->rejected);
	note_conflicts(c, i);
	note_breaks(c, i);
	if (c->out->json && print_json(c, i) != RC_OK) {
		return CMD_FAILED;
	}
	if (i->closed > 0) {
		out_note(c->out,
			 "note: %" PRIu64
			 " %s a code that is closed; it is kept, and counts as its "
			 "successor",
			 i->closed, i->closed == 1 ? "row has" : "rows have");
	}
	if (p->rejected > 0 && !i->request.is_dry) {
		out_note(c->out, "the rejected rows, with the reasons, are in %s",
			 i->rejected.path);
	}
	return choose_exit(i);
}

static int import(struct cmd_context *c, struct import *i, const struct import_request *r,
		  struct cmd_node *n)
{
	struct out_progress progress = out_progress_start(c->out, "importing");
	struct path_problem why;
	enum rc rc = import_open(i, r, n->store, &n->scratch, &why);

	while (rc == RC_OK && !i->progress.is_done && !is_interrupted) {
		rc = import_batch(i, &why);
		out_progress_at(&progress, i->progress.place.offset, csvfile_size(i->file));
	}
	out_progress_end(&progress);
	if (i->progress.added + i->progress.changed > 0 && !r->is_dry) {
		open_poke(c);
	}
	if (rc != RC_OK) {
		return fail(c, i, rc, &why);
	}
	if (!i->progress.is_done) {
		return cmd_fail(c, CMD_INTERRUPTED,
				i->request.is_dry ?
					"nothing was written" :
					"the same command goes on there; without --again",
				"interrupted before line %" PRIu64, i->progress.place.line);
	}
	return report(c, i);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	const char *key = cmd_option(args, "key"), *office = cmd_option(args, "for");
	struct import_request r = { .path = args->words[1],
				    .kind = bytes_of(args->words[0]),
				    .key = key == NULL ? bytes_at(NULL, 0) : bytes_of(key),
				    .is_dry = cmd_has(args, "dry-run"),
				    .again = cmd_has(args, "again"),
				    .fails_on_conflict = cmd_has(args, "fail-on-conflict") };
	struct import i = { .file = NULL };
	struct author_arg author;
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code != CMD_OK) {
		return code;
	}
	code = author_arg_get(c, args, &author);
	r.author = author.name;
	r.reason = author.reason;
	if (code == CMD_OK && office != NULL) {
		code = find_home(c, &n, office, &r.home);
	}
	if (code == CMD_OK) {
		catch_signals();
		code = import(c, &i, &r, &n);
	}
	import_close(&i);
	open_close(&n);
	return code;
}

const struct command cmd_import_command = {
	.name = "import",
	.words = "KIND FILE.csv",
	.words_min = 2,
	.words_max = 2,
	.summary = "adds and changes records from a CSV file",
	.details =
		"Columns are named after fields, or `id`. A cell that is empty, or says what the\n"
		"record shows, says nothing. Where a record changed since its row was exported\n"
		"(`_version`), what the row changes stands beside that. Elements of sets and\n"
		"lines of logs are joined by \"|\"; inside write \"\\|\" and \"\\\\\". Rejected\n"
		"rows go to FILE.rejected.csv. A file that was cut short goes on where it was.\n"
		"\n"
		"Fields of --key that are no unique of the kind are compared in memory: up to\n"
		"64 bytes a record, for as many records as `kerwen limits` says.",
	.options = options,
	.run = run,
};

/*
 * `kerwen conflicts [KIND]`: what people have to decide, one block a record.
 *
 * The records come from the table of open conflicts, in slices of at most a
 * second, each of which begins behind the last record of the one before it.
 */
#include <string.h>

#include "node/base/clock.h"
#include "node/cmd/conflict_out.h"
#include "node/cmd/open.h"
#include "node/cmd/value_arg.h"
#include "node/store/conflicts.h"

enum { SLICE_MS = 500 };

/* What is listed, and what of it --fail-on-conflict minds. */
enum { TO_DECIDE = CONFLICTS_ANY | CONFLICTS_NOTICED, LISTED = TO_DECIDE | CONFLICTS_OVERSIZE };

/* The listing, over all slices. */
struct listing {
	struct cmd_context *c;
	struct cmd_node node;
	const char *kind_name;        /* NULL: all kinds */
	const char *after;            /* NULL, or a record to begin behind */
	struct conflicts_place place; /* the last record looked at */
	uint64_t left;                /* records still wanted */
	uint64_t printed, open;       /* records so far; those in open conflict */
	bool is_done, has_more;
	int64_t now_ms;
};

/* Where --after begins. */
static int read_after(struct listing *l, struct value_reader *r)
{
	struct uuid id;
	enum rc rc = RC_OK;

	if (l->after == NULL) {
		return CMD_OK;
	}
	rc = value_arg_record(r, bytes_of(l->after), &l->place.kind, &id);
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(l->c, CMD_USAGE, "take what the list before it ended with",
				"--after: %s", r->text);
	}
	l->place.id = id;
	l->after = NULL;
	return rc == RC_OK ? CMD_OK : open_fail(l->c, rc, "the conflicts cannot be listed");
}

static int read_kind(struct listing *l, struct value_reader *r, uint16_t *kind)
{
	const struct schema_kind *k = NULL;

	*kind = 0;
	if (l->kind_name == NULL) {
		return CMD_OK;
	}
	k = value_arg_kind(r, bytes_of(l->kind_name));
	if (k == NULL) {
		return cmd_fail(l->c, CMD_USAGE, r->hint, "%s", r->text);
	}
	*kind = k->number;
	return CMD_OK;
}

/* Prints one record. */
static enum rc take_record(struct listing *l, struct show *s, uint8_t bits)
{
	enum rc rc = RC_OK;

	if (l->left == 0) {
		l->is_done = l->has_more = true;
		return RC_OK;
	}
	l->place = (struct conflicts_place){ s->record.kind_number, s->record.id };
	l->left--;
	if (l->c->out->json) {
		(void)fputs(l->printed > 0 ? "," : "", l->c->out->to);
		rc = conflict_out_json(s, l->now_ms);
	} else {
		if (l->printed > 0) {
			out_line(l->c->out, "%s", "");
		}
		rc = conflict_out_text(s, l->now_ms);
	}
	l->printed++;
	l->open += (bits & TO_DECIDE) != 0;
	return rc;
}

static enum rc walk(struct listing *l, struct kv_txn *t, uint16_t kind)
{
	uint64_t end_ms = clock_monotonic_ms() + SLICE_MS;
	const struct catalog *catalog = l->node.store->catalog;
	struct arena *a = &l->node.store->arena;
	struct conflicts_walk w;
	enum rc rc = conflicts_walk_start(&w, t, catalog, kind, l->place);

	while (rc == RC_OK && !l->is_done && clock_monotonic_ms() < end_ms) {
		size_t mark = arena_mark(a);
		struct show s;
		uint8_t bits = 0;

		show_begin(&s, l->c->out, l->node.store, t);
		rc = conflicts_walk_next(&w, LISTED, a, &s.record, &bits);
		if (rc == RC_OK) {
			rc = take_record(l, &s, bits);
		} else if (rc == RC_NOTFOUND) {
			l->is_done = true;
		}
		arena_release(a, mark);
	}
	conflicts_walk_end(&w);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static int run_slice(struct listing *l, bool is_first)
{
	struct kv_txn *t = NULL;
	struct value_reader r;
	uint16_t kind = 0;
	enum rc rc = RC_OK;
	int code = open_read(l->c, &l->node, &t);

	if (code != CMD_OK) {
		return code;
	}
	r = value_arg_reader(l->node.store, t, &l->node.store->arena, NULL);
	code = read_kind(l, &r, &kind);
	if (code == CMD_OK) {
		code = read_after(l, &r);
	}
	if (code == CMD_OK && is_first && l->c->out->json) {
		fprintf(l->c->out->to, "{\"format\":1,\"conflicts\":[");
	}
	if (code == CMD_OK) {
		rc = walk(l, t, kind);
	}
	store_end(l->node.store, t);
	return rc == RC_OK ? code : open_fail(l->c, rc, "the conflicts cannot be listed");
}

static void print_end(const struct listing *l)
{
	struct out *o = l->c->out;
	char next[UUID_TEXT_LEN + 1];

	uuid_format(l->place.id, next);
	if (o->json && l->has_more) {
		fprintf(o->to, "],\"next\":\"%s\"}\n", next);
	} else if (o->json) {
		fprintf(o->to, "],\"next\":null}\n");
	} else if (l->printed == 0) {
		out_line(o, "nothing is in open conflict here");
	} else if (l->has_more) {
		out_note(o, "there are more: --after %s", next);
	}
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct listing l = { .c = c, .left = UINT64_MAX, .after = cmd_option(args, "after") };
	bool is_first = true;
	int code = cmd_option_number(c, args, "limit", 1, UINT32_MAX, &l.left);

	l.kind_name = args->words_count > 0 ? args->words[0] : NULL;
	l.now_ms = (int64_t)clock_now_ms();
	if (code == CMD_OK) {
		code = open_node(c, &l.node);
	}
	while (code == CMD_OK && !l.is_done) {
		code = run_slice(&l, is_first);
		is_first = false;
	}
	if (code == CMD_OK) {
		print_end(&l);
	}
	open_close(&l.node);
	return code == CMD_OK && l.open > 0 && cmd_has(args, "fail-on-conflict") ? CMD_CONFLICT :
										   code;
}

static const struct cmd_option options[] = {
	{ .name = "limit", .value = "N", .help = "at most N records (default: all)" },
	{ .name = "after", .value = "NEXT", .help = "go on where a limited list ended" },
	{ .name = "fail-on-conflict", .help = "exit with 4 if there is any" },
	{ 0 },
};

const struct command cmd_conflicts_command = {
	.name = "conflicts",
	.words = "[KIND]",
	.words_min = 0,
	.words_max = 1,
	.summary = "lists what is in open conflict, with every value and its author",
	.details =
		"Each value has a number, which `resolve ID FIELD@N` takes. \"moves\" names the\n"
		"figures that a decision could move. Records that use one unique key are listed,\n"
		"too, at an office as the centre says; so is a record over a limit.",
	.options = options,
	.run = run,
};

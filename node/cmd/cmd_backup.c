/* `kerwen backup`: a whole node in one encrypted file, while it works. */
#include <inttypes.h>
#include <string.h>

#include "node/cmd/ask.h"
#include "node/cmd/interrupt.h"
#include "node/cmd/open.h"
#include "node/store/backup.h"
#include "node/store/verify.h"

struct job {
	struct cmd_context *c;
	struct out_progress bar;
	uint8_t recipients[BACKUP_LOCKS_MAX][RECIPIENT_LEN];
	char problem[320]; /* the first one that verify named */
};

static const struct cmd_option options[] = {
	{ .name = "passphrase-file",
	  .value = "FILE",
	  .help = "holds the passphrase (-: stdin); without it you are asked" },
	{ .name = "recipient",
	  .value = "KEY",
	  .help = "in place of a passphrase: who may open it (kerwen backup-key)",
	  .may_repeat = true },
	{ 0 },
};

static int read_recipients(struct job *j, const struct cmd_args *args, struct backup_options *o)
{
	const char *text = NULL;

	while ((text = cmd_option_nth(args, "recipient", o->recipients_count)) != NULL) {
		if (o->recipients_count == BACKUP_LOCKS_MAX) {
			return cmd_fail(j->c, CMD_USAGE, NULL, "more than %d recipients",
					BACKUP_LOCKS_MAX);
		}
		if (recipient_parse(text, j->recipients[o->recipients_count]) != RC_OK) {
			return cmd_fail(j->c, CMD_USAGE,
					"give what `kerwen backup-key` printed, all of it",
					"--recipient: %.80s is not a key for backups", text);
		}
		o->recipients_count++;
	}
	o->recipients = (const uint8_t(*)[RECIPIENT_LEN])j->recipients;
	return CMD_OK;
}

static int read_secret(struct job *j, const struct cmd_args *args, struct backup_options *o)
{
	const struct ask ask = { .path = cmd_option(args, "passphrase-file"),
				 .prompt = "Passphrase of the backup",
				 .is_new = true,
				 .failed = CMD_USAGE,
				 .hint = "give --passphrase-file FILE or --recipient KEY" };
	int code = read_recipients(j, args, o);

	if (code == CMD_OK && o->recipients_count > 0 && ask.path != NULL) {
		code = cmd_fail(j->c, CMD_USAGE, "give one of the two",
				"a backup has a passphrase or recipients, not both");
	}
	if (code == CMD_OK && o->recipients_count == 0) {
		code = ask_passphrase(j->c, &ask, &o->passphrase);
	}
	return code;
}

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct job *j = ctx;

	out_progress_at(&j->bar, done, total);
	return !interrupt_came();
}

static void on_verified(void *ctx, uint64_t done, uint64_t total)
{
	struct job *j = ctx;

	out_progress_at(&j->bar, done, total);
}

static void on_problem(void *ctx, const char *text)
{
	struct job *j = ctx;

	if (j->problem[0] == '\0') {
		(void)snprintf(j->problem, sizeof(j->problem), "%s", text);
	}
}

static bool is_stopped(void *ctx)
{
	(void)ctx;
	return interrupt_came();
}

static int fail_interrupted(struct cmd_context *c)
{
	return cmd_fail(c, CMD_INTERRUPTED, "nothing was left behind", "backup: interrupted");
}

/* What a restore will ask for: a backup that fails it would help nobody. */
static int check(struct job *j, struct cmd_node *n)
{
	const struct verify_options o = { .ctx = j,
					  .on_problem = on_problem,
					  .on_progress = on_verified,
					  .is_stopped = is_stopped };
	struct verify *v = NULL;
	uint64_t problems = 0;
	enum rc rc;

	j->bar = out_progress_start(j->c->out, "verify");
	rc = verify_run_feeds(n->store, &o, &v);
	out_progress_end(&j->bar);
	problems = rc == RC_OK ? verify_result(v)->problems : 0;
	verify_free(v);
	if (rc == RC_CLOSED) {
		return fail_interrupted(j->c);
	}
	if (rc != RC_OK) {
		return open_fail(j->c, rc, "it cannot be verified");
	}
	return problems == 0 ? CMD_OK :
			       cmd_fail(j->c, CMD_INTEGRITY,
					"a backup of it could not be restored; `kerwen verify` "
					"names all that differs",
					"%s is damaged: %s", j->c->dir, j->problem);
}

static enum cmd_exit exit_of(enum rc rc)
{
	return rc == RC_BADSIG || rc == RC_CORRUPT ? CMD_WRONG_KEY : cmd_exit_of(rc);
}

static int print(struct cmd_context *c, const char *file, const struct backup_result *r)
{
	json_t *document = NULL;

	out_note(c->out, "%s: %" PRIu64 " entries of %s as of now, %" PRIu64 " bytes", file,
		 r->header.entries, r->header.name, r->bytes);
	if (!c->out->json) {
		return CMD_OK;
	}
	document = json_pack("{s:i, s:s, s:I, s:I, s:I, s:o}", "format", 1, "file", file, "bytes",
			     (json_int_t)r->bytes, "entries", (json_int_t)r->header.entries, "rows",
			     (json_int_t)r->header.rows, "time", out_time(r->header.time_ms));
	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

static int write_backup(struct job *j, struct cmd_node *n, struct backup_options *o)
{
	struct backup_result result;
	struct path_problem why = { .text = "" };
	enum rc rc;
	int code;

	interrupt_watch();
	code = check(j, n);
	if (code != CMD_OK) {
		return code;
	}
	j->bar = out_progress_start(j->c->out, "backup");
	rc = backup_write(n->store, o, &result, &why);
	out_progress_end(&j->bar);
	if (rc == RC_CLOSED) {
		return fail_interrupted(j->c);
	}
	return rc == RC_OK ? print(j->c, o->path, &result) : cmd_fail_path(j->c, exit_of(rc), &why);
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct job j = { .c = c };
	struct backup_options o = { .dir = c->dir,
				    .path = args->words[0],
				    .cost = passphrase_cost_default,
				    .ctx = &j,
				    .on_progress = on_progress };
	struct cmd_node n = { .store = NULL };
	int code = CMD_OK;

	if (path_exists(o.path)) {
		return cmd_fail(c, CMD_FAILED, "choose another name, or move it away",
				"%s exists already", o.path);
	}
	code = open_node(c, &n);
	if (code == CMD_OK) {
		code = read_secret(&j, args, &o);
	}
	if (code == CMD_OK) {
		code = write_backup(&j, &n, &o);
	}
	passphrase_drop(&o.passphrase);
	open_close(&n);
	return code;
}

const struct command cmd_backup_command = {
	.name = "backup",
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.summary = "writes all of DIR, its key too, into one encrypted file",
	.details = "The node may work meanwhile. Keep the passphrase, or the key of the recipient, "
		   "in\n"
		   "another place than FILE: without it nobody can read the backup.",
	.options = options,
	.run = run,
};

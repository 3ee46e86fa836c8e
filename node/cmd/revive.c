#include "node/cmd/revive.h"

#include <inttypes.h>

#include "node/base/clock.h"
#include "node/cmd/ask.h"
#include "node/cmd/interrupt.h"
#include "node/cmd/open.h"
#include "node/store/restore.h"

struct revival {
	struct cmd_context *c;
	struct out_progress bar;
	enum restore_step step;
};

enum { SYSTEM_HEX_LEN = 2 * SYSTEM_LEN };

bool revive_is_meant(const struct cmd_args *args)
{
	return cmd_has(args, "list") || cmd_has(args, "key-file") ||
	       cmd_has(args, "passphrase-file");
}

/* --- looking ----------------------------------------------------------------- */

static const char *system_text(const struct backup_header *h, char out[SYSTEM_HEX_LEN + 1])
{
	unsigned i;

	for (i = 0; i < SYSTEM_LEN; i++) {
		(void)snprintf(out + (size_t)2 * i, 3, "%02x", h->system[i]);
	}
	return out;
}

static json_t *recipients_of(const struct backup_header *h)
{
	json_t *list = json_array();
	char text[RECIPIENT_TEXT_LEN + 1];
	uint32_t i;

	for (i = 0; i < h->locks_count; i++) {
		if (h->locks[i].kind == BACKUP_RECIPIENT) {
			recipient_format(h->locks[i].recipient, text);
			(void)json_array_append_new(list, json_string(text));
		}
	}
	return list;
}

static int list_json(struct cmd_context *c, const struct backup *b)
{
	const struct backup_header *h = &b->header;
	char system[SYSTEM_HEX_LEN + 1];
	json_t *document =
		json_pack("{s:i, s:s, s:b, s:o, s:s, s:o, s:i, s:o, s:o, s:I, s:I, s:I, s:o}",
			  "format", 1, "file", b->path, "verified", 0, "system_name",
			  out_string(bytes_of(h->system_name)), "system", system_text(h, system),
			  "name", out_string(bytes_of(h->name)), "number", (int)h->number, "role",
			  json_string(h->number == 0 ? "centre" : "office"), "time",
			  out_time(h->time_ms), "entries", (json_int_t)h->entries, "rows",
			  (json_int_t)h->rows, "bytes", (json_int_t)b->bytes, "recipients",
			  recipients_of(h));

	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

static void list_recipients(struct cmd_context *c, const struct backup_header *h)
{
	char text[RECIPIENT_TEXT_LEN + 1];
	uint32_t i;

	for (i = 0; i < h->locks_count; i++) {
		if (h->locks[i].kind == BACKUP_RECIPIENT) {
			recipient_format(h->locks[i].recipient, text);
			out_line(c->out, "opens with  the key of %s", text);
		} else {
			out_line(c->out, "opens with  a passphrase");
		}
	}
}

static int list(struct cmd_context *c, const struct backup *b)
{
	const struct backup_header *h = &b->header;
	char time[CLOCK_TEXT_LEN + 1], system[SYSTEM_HEX_LEN + 1];

	if (c->out->json) {
		return list_json(c, b);
	}
	clock_format(h->time_ms, time);
	out_line(c->out, "What the file says of itself; it is proved only by restoring it.");
	out_line(c->out, "node        %s, %s %u", h->name, h->number == 0 ? "centre" : "office",
		 h->number);
	out_line(c->out, "system      %s, %s", h->system_name, system_text(h, system));
	out_line(c->out, "made        %s", time);
	out_line(c->out,
		 "holds       key, settings and database: %" PRIu64 " entries, %" PRIu64 " rows",
		 h->entries, h->rows);
	out_line(c->out, "size        %" PRIu64 " bytes", b->bytes);
	list_recipients(c, h);
	return CMD_OK;
}

/* --- restoring --------------------------------------------------------------- */

static enum cmd_exit unlock_exit_of(enum rc rc)
{
	return rc == RC_BADSIG || rc == RC_DENIED ? CMD_WRONG_KEY : cmd_exit_of_new(rc);
}

static int unlock_with_key(struct cmd_context *c, struct backup *b, const char *path)
{
	struct recipient_key key;
	struct path_problem why;
	enum rc rc = recipient_key_load(path, &key, &why);

	if (rc != RC_OK) {
		return cmd_fail_path(c, CMD_WRONG_KEY, &why);
	}
	rc = backup_unlock_recipient(b, &key, &why);
	recipient_key_drop(&key);
	return rc == RC_OK ? CMD_OK : cmd_fail_path(c, unlock_exit_of(rc), &why);
}

static bool wants_key(const struct backup_header *h)
{
	return h->locks[0].kind == BACKUP_RECIPIENT;
}

static int unlock_with_passphrase(struct cmd_context *c, struct backup *b, const char *path)
{
	const struct ask ask = { .path = path,
				 .prompt = "Passphrase of the backup",
				 .failed = CMD_USAGE,
				 .hint = "give --passphrase-file FILE" };
	struct passphrase p;
	struct path_problem why;
	enum rc rc;
	int code;

	if (path == NULL && wants_key(&b->header)) {
		return cmd_fail(c, CMD_WRONG_KEY, "give the key with --key-file FILE",
				"%s is locked with a key, not with a passphrase", b->path);
	}
	code = ask_passphrase(c, &ask, &p);
	if (code != CMD_OK) {
		return code;
	}
	rc = backup_unlock_passphrase(b, &p, &why);
	passphrase_drop(&p);
	return rc == RC_OK ? CMD_OK : cmd_fail_path(c, unlock_exit_of(rc), &why);
}

static bool on_progress(void *ctx, enum restore_step step, uint64_t done, uint64_t total)
{
	struct revival *r = ctx;

	if (step != r->step) {
		out_progress_end(&r->bar);
		r->bar = out_progress_start(r->c->out, "verify");
		r->step = step;
	}
	out_progress_at(&r->bar, done, total);
	return !interrupt_came();
}

static int print(struct cmd_context *c, const struct backup *b, const struct restore_result *r)
{
	const struct backup_header *h = &b->header;
	char time[CLOCK_TEXT_LEN + 1];
	json_t *document = NULL;

	clock_format(h->time_ms, time);
	out_note(c->out, "%s is %s of %s again, as of %s: %" PRIu64 " entries, all proved", c->dir,
		 h->name, h->system_name, time, r->entries);
	out_note(c->out,
		 r->is_centre ?
			 "If it wrote more after that, its offices keep what they have of it and "
			 "refuse to sync (exit 15)." :
			 "What it sent after that comes back from the centre at the next sync; "
			 "fields that only it has do not.");
	if (r->key_is_protected) {
		out_note(c->out, "Its key is still under the passphrase that it had.");
	}
	if (!c->out->json) {
		return CMD_OK;
	}
	document = json_pack("{s:i, s:o, s:i, s:o, s:I, s:I, s:b}", "format", 1, "name",
			     out_string(bytes_of(h->name)), "number", (int)h->number, "time",
			     out_time(h->time_ms), "entries", (json_int_t)r->entries, "rows",
			     (json_int_t)r->rows, "protected", (int)r->key_is_protected);
	return out_json(c->out, document) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_FAILED, NULL, "the result could not be written");
}

static int restore(struct cmd_context *c, struct backup *b)
{
	struct revival r = { .c = c, .step = RESTORE_READ };
	const struct restore_options o = {
		.dir = c->dir, .world = &open_world, .ctx = &r, .on_progress = on_progress
	};
	struct restore_result result;
	struct path_problem why = { .text = "" };
	enum rc rc;

	interrupt_watch();
	r.bar = out_progress_start(c->out, "restore");
	rc = restore_run(b, &o, &result, &why);
	out_progress_end(&r.bar);
	if (rc == RC_CLOSED) {
		return cmd_fail(c, CMD_INTERRUPTED, "nothing was left behind",
				"restore: interrupted");
	}
	return rc == RC_OK ? print(c, b, &result) : cmd_fail_path(c, cmd_exit_of_new(rc), &why);
}

int revive_run(struct cmd_context *c, const struct cmd_args *args)
{
	const char *key_file = cmd_option(args, "key-file");
	const char *passphrase_file = cmd_option(args, "passphrase-file");
	struct backup b;
	struct path_problem why;
	enum rc rc = backup_open(&b, args->words[0], &why);
	int code = CMD_OK;

	if (rc != RC_OK) {
		return cmd_fail_path(c, rc == RC_DENIED ? CMD_FAILED : cmd_exit_of_new(rc), &why);
	}
	if (cmd_has(args, "list")) {
		code = list(c, &b);
		backup_close(&b);
		return code;
	}
	if (key_file != NULL && passphrase_file != NULL) {
		code = cmd_fail(c, CMD_USAGE, "give the one that it was made with",
				"--key-file and --passphrase-file are two ways to open it");
	}
	if (code == CMD_OK) {
		code = key_file != NULL ? unlock_with_key(c, &b, key_file) :
					  unlock_with_passphrase(c, &b, passphrase_file);
	}
	if (code == CMD_OK) {
		code = restore(c, &b);
	}
	backup_close(&b);
	return code;
}

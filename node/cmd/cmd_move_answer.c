/* `kerwen move accept ID`, `move decline ID` and `move withdraw ID`. */
#include "node/cmd/author_arg.h"
#include "node/cmd/move.h"
#include "node/cmd/origin.h"

struct answer {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct author_arg author;
	struct transfer transfer;
};

static int begin(struct answer *a)
{
	int code = author_arg_get(a->c, a->args, &a->author);

	return code == CMD_OK ? open_node(a->c, &a->node) : code;
}

/* Finds the transfer in a transaction that is under way; its texts are of that
 * transaction. */
static int find(struct answer *a, struct kv_txn *t)
{
	struct move m = { a->c, a->node.store, t, &a->node.scratch, NULL };

	return move_find(&m, a->args->words[0], &a->transfer);
}

static int print(struct answer *a, const char *what)
{
	char id[UUID_TEXT_LEN + 1], record[UUID_TEXT_LEN + 1];
	json_t *document = NULL;
	enum rc rc = RC_OK;

	uuid_format(a->transfer.id, id);
	uuid_format(a->transfer.record, record);
	open_poke(a->c);
	if (!a->c->out->json) {
		out_line(a->c->out, "%s %s; the centre hears of it with the next sync", what,
			 record);
		return CMD_OK;
	}
	document = out_document();
	if (json_object_set_new(document, "id", json_string(id)) != 0 ||
	    json_object_set_new(document, "record", json_string(record)) != 0) {
		json_decref(document);
		document = NULL;
	}
	rc = out_json(a->c->out, document);
	return rc == RC_OK ? CMD_OK : open_fail(a->c, rc, "the result cannot be printed");
}

static int accept(struct answer *a)
{
	struct moves_refusal why = { "", "" };
	struct crypto_key key = { .secret = NULL };
	struct kv_txn *t = NULL;
	enum rc rc = RC_OK;
	int code = open_key(a->c, &a->node, &key);

	if (code == CMD_OK) {
		code = open_read(a->c, &a->node, &t);
	}
	if (code == CMD_OK) {
		code = find(a, t);
		store_end(a->node.store, t);
	}
	if (code == CMD_OK) {
		rc = moves_accept(a->node.store, a->author.name, a->author.reason, a->transfer.id,
				  &key, &why);
		code = rc == RC_OK ? print(a, "accepted") :
				     move_fail(a->c, rc, &why, "it cannot be written");
	}
	crypto_key_drop(&key);
	return code;
}

/* The others: one change of the transfer. */
static int change(struct answer *a, bool withdraw)
{
	struct moves_refusal why = { "", "" };
	struct commit c;
	enum rc rc = commit_begin(&c, a->node.store, a->author.name, a->author.reason);
	int code = CMD_OK;

	if (rc != RC_OK) {
		return open_fail(a->c, rc, "it cannot be written");
	}
	code = find(a, c.work->txn);
	if (code == CMD_OK) {
		rc = withdraw ? moves_withdraw(&c, &a->transfer, a->author.reason, &why) :
				moves_decline(&c, &a->transfer, a->author.reason, &why);
		code = rc == RC_OK ? CMD_OK : move_fail(a->c, rc, &why, "it cannot be written");
	}
	if (code != CMD_OK) {
		commit_abort(&c);
		return code;
	}
	rc = commit_end(&c);
	return rc == RC_OK ? print(a, withdraw ? "withdrew" : "declined") :
			     open_fail(a->c, rc, "it cannot be written");
}

static int finish(struct answer *a, int code)
{
	open_close(&a->node);
	return code;
}

static int run_accept(struct cmd_context *c, const struct cmd_args *args)
{
	struct answer a = { .c = c, .args = args };
	int code = begin(&a);

	return finish(&a, code == CMD_OK ? accept(&a) : code);
}

static int run_decline(struct cmd_context *c, const struct cmd_args *args)
{
	struct answer a = { .c = c, .args = args };
	int code = begin(&a);

	return finish(&a, code == CMD_OK ? change(&a, false) : code);
}

static int run_withdraw(struct cmd_context *c, const struct cmd_args *args)
{
	struct answer a = { .c = c, .args = args };
	int code = begin(&a);

	return finish(&a, code == CMD_OK ? change(&a, true) : code);
}

static const struct cmd_option options[] = { AUTHOR_ARG_OPTIONS, OPEN_KEY_OPTION, { 0 } };

const struct command cmd_move_accept_command = {
	.name = "move accept",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "takes over a record that another office offers",
	.details = "It is here when the centre has heard of it and this office has synced again.\n"
		   "ID is the record's, or its last 6 or more digits.",
	.options = options,
	.run = run_accept,
};

const struct command cmd_move_decline_command = {
	.name = "move decline",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "leaves a record with the office that offers it",
	.options = options,
	.run = run_decline,
};

const struct command cmd_move_withdraw_command = {
	.name = "move withdraw",
	.words = "ID",
	.words_min = 1,
	.words_max = 1,
	.summary = "takes back what this office asked for",
	.details = "It holds once the centre has confirmed it; who was quicker decides.",
	.options = options,
	.run = run_withdraw,
};

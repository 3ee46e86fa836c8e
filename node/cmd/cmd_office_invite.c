/* `kerwen office invite` and `kerwen office rekey`: they write invitations. */
#include <stdlib.h>
#include <string.h>

#include "node/base/text.h"
#include "node/cmd/author_arg.h"
#include "node/cmd/open.h"
#include "node/store/admit.h"
#include "proto/invitation_codec.h"

static const struct cmd_option options[] = {
	{ .name = "number", .value = "N", .help = "its number, 1 to 65535" },
	{ .name = "region", .value = "CODE", .help = "the code of its region" },
	{ .name = "centre",
	  .value = "HOST:PORT",
	  .help = "where it reaches the centre (default: the centre's own)",
	  .may_repeat = true },
	{ .name = "out", .value = "FILE", .help = "the invitation", .is_required = true },
	OPEN_KEY_OPTION,
	{ .name = "again", .help = "a new invitation for an office that is admitted already" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static void sign(void *ctx, struct bytes text, uint8_t seal[SIG_LEN])
{
	crypto_key_sign(ctx, text, seal);
}

/* The request as it was typed, in memory of its own. */
struct invite {
	struct admit_request request;
	struct bytes addresses[INVITATION_ADDRESSES_MAX];
	struct bytes reason;
	const char *out;
	bool again, is_rekey;
};

static int read_line(struct cmd_context *c, const char *what, const char *text, struct arena *a,
		     struct bytes *out)
{
	return text_normalise(bytes_of(text), TEXT_LINE, a, out) == RC_OK ?
		       CMD_OK :
		       cmd_fail(c, CMD_USAGE, "write one line of UTF-8", "%s: not a line of text",
				what);
}

static int read_addresses(struct cmd_context *c, const struct cmd_args *args, struct invite *i)
{
	char host[CONFIG_HOST_MAX + 1];
	const char *text = NULL;
	uint16_t port = 0;

	for (;;) {
		uint32_t n = i->request.addresses_count;

		text = cmd_option_nth(args, "centre", n);
		if (text == NULL) {
			break;
		}
		if (n == INVITATION_ADDRESSES_MAX) {
			return cmd_fail(c, CMD_USAGE, "leave some out",
					"--centre: at most %d addresses", INVITATION_ADDRESSES_MAX);
		}
		if (config_split_address(text, host, &port) != RC_OK || port == 0) {
			return cmd_fail(c, CMD_USAGE, "write HOST:PORT or [IPv6]:PORT",
					"--centre: %s is not an address to dial", text);
		}
		i->addresses[n] = bytes_of(text);
		i->request.addresses_count = n + 1;
	}
	i->request.addresses = i->addresses;
	return CMD_OK;
}

static int read_args(struct cmd_context *c, const struct cmd_args *args, struct arena *a,
		     struct invite *i)
{
	const char *region = cmd_option(args, "region");
	uint64_t number = 0;
	int code;

	memset(i, 0, sizeof(*i));
	i->out = cmd_option(args, "out");
	i->again = cmd_has(args, "again");
	if (!i->again && (region == NULL || !cmd_has(args, "number"))) {
		return cmd_fail(c, CMD_USAGE, "see `kerwen office invite --help`",
				"a new office needs --number and --region");
	}
	code = cmd_option_number(c, args, "number", 1, LIMIT_OFFICE_MAX, &number);
	i->request.number = (uint16_t)number;
	if (code == CMD_OK) {
		code = read_line(c, "NAME", args->words[0], a, &i->request.name);
	}
	if (code == CMD_OK) {
		code = read_line(c, "--region", region == NULL ? "" : region, a,
				 &i->request.region);
	}
	return code == CMD_OK ? read_addresses(c, args, i) : code;
}

/* The office that is asked for again, by its name. */
static int find_again(struct cmd_context *c, struct cmd_node *n, struct invite *i)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	int code = open_read(c, n, &t);

	if (code != CMD_OK) {
		return code;
	}
	o = catalog_office_by_name(n->store->catalog, i->request.name);
	if (o == NULL) {
		code = cmd_fail(c, CMD_FAILED, "see `kerwen office list`",
				"there is no office \"%.*s\"", (int)i->request.name.len,
				(const char *)i->request.name.p);
	} else if ((i->request.number != 0 && i->request.number != o->number) ||
		   (i->request.region.len > 0 &&
		    !bytes_equal(i->request.region, bytes_of(o->region)))) {
		code = cmd_fail(c, CMD_FAILED, "leave --number and --region out",
				"%s has number %u in region %s", o->name, o->number, o->region);
	} else {
		i->request.number = o->number;
	}
	store_end(n->store, t);
	return code;
}

static int write_file(struct cmd_context *c, struct cmd_node *n, const struct invite *i,
		      const uint8_t token[TOKEN_LEN], struct crypto_key *key)
{
	struct send_signer signer = { .ctx = key, .sign = sign };
	struct path_problem why;
	uint8_t *file = NULL;
	size_t len = 0;
	enum rc rc = admit_invitation(n->store, &i->request, token, signer, &file, &len);

	if (rc != RC_OK) {
		return open_fail(c, rc, "the invitation cannot be made");
	}
	rc = path_write(i->out, bytes_at(file, len), PATH_NEW, &why);
	memset(file, 0, len);
	free(file);
	if (rc != RC_OK) {
		return cmd_fail(c, CMD_FAILED,
				"the office is admitted; give the command with --again and "
				"another file",
				"%s", why.text);
	}
	return CMD_OK;
}

static void tell(struct cmd_context *c, const struct cmd_node *n, const struct invite *i)
{
	out_note(c->out, "%s admits office %u, %.*s; it joins with `kerwen init --join %s`", i->out,
		 i->request.number, (int)i->request.name.len, (const char *)i->request.name.p,
		 i->out);
	if (i->request.addresses_count == 0 && n->store->catalog->centre_addresses_count == 0) {
		out_note(c->out, "it names no address of the centre: write one into the "
				 "office's " CONFIG_FILE ", or use --centre HOST:PORT");
	}
}

static enum rc admit(struct store *s, const struct invite *i, uint8_t token[TOKEN_LEN],
		     struct path_problem *why)
{
	if (i->is_rekey) {
		return admit_rekey(s, i->request.number, i->request.author, i->reason, token, why);
	}
	return i->again ? admit_again(s, i->request.number, i->request.author, token, why) :
			  admit_office(s, &i->request, token, why);
}

static int invite(struct cmd_context *c, struct cmd_node *n, struct invite *i)
{
	uint8_t token[TOKEN_LEN];
	struct path_problem why;
	struct crypto_key key;
	enum rc rc;
	int code = open_key(c, n, &key);

	if (code == CMD_OK && (i->again || i->is_rekey)) {
		code = find_again(c, n, i);
	}
	if (code == CMD_OK) {
		rc = admit(n->store, i, token, &why);
		code = rc == RC_OK ?
			       write_file(c, n, i, token, &key) :
			       cmd_fail_path(c, rc == RC_INVALID ? CMD_USAGE : cmd_exit_of(rc),
					     &why);
	}
	memset(token, 0, sizeof(token));
	crypto_key_drop(&key);
	if (code == CMD_OK) {
		open_poke(c);
		tell(c, n, i);
	}
	return code;
}

/* The part of a command that both have; i was read already. */
static int write_invitation(struct cmd_context *c, const struct cmd_args *args, struct cmd_node *n,
			    struct invite *i)
{
	struct author_arg author;
	struct path_problem why;
	int code = author_arg_get(c, args, &author);

	i->request.author = author.name;
	i->reason = author.reason;
	if (code == CMD_OK && i->is_rekey && i->reason.len == 0) {
		code = cmd_fail(c, CMD_USAGE, "say why: --reason TEXT",
				"making a key void needs a reason");
	}
	if (code == CMD_OK && path_check_new(i->out, &why) != RC_OK) {
		code = cmd_fail_path(c, CMD_FAILED, &why);
	}
	return code == CMD_OK ? invite(c, n, i) : code;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	struct invite i;
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = read_args(c, args, &n.scratch, &i);
	}
	if (code == CMD_OK) {
		code = write_invitation(c, args, &n, &i);
	}
	open_close(&n);
	return code;
}

static int run_rekey(struct cmd_context *c, const struct cmd_args *args)
{
	struct invite i = { .out = cmd_option(args, "out"), .is_rekey = true };
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = read_line(c, "NAME", args->words[0], &n.scratch, &i.request.name);
	}
	if (code == CMD_OK) {
		code = read_addresses(c, args, &i);
	}
	if (code == CMD_OK) {
		code = write_invitation(c, args, &n, &i);
	}
	open_close(&n);
	return code;
}

const struct command cmd_office_invite_command = {
	.name = "office invite",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "admits an office and writes its invitation",
	.details = "The file opens the system's door once: hand it over in person or by a safe\n"
		   "road. The office can work offline as soon as it has it.",
	.options = options,
	.run = run,
};

static const struct cmd_option rekey_options[] = {
	{ .name = "centre",
	  .value = "HOST:PORT",
	  .help = "where it reaches the centre (default: the centre's own)",
	  .may_repeat = true },
	{ .name = "out", .value = "FILE", .help = "the invitation", .is_required = true },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

const struct command cmd_office_rekey_command = {
	.name = "office rekey",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "makes an office's key void and invites it anew (the centre)",
	.details =
		"For a lost or stolen key. What the old key wrote and the centre confirmed "
		"stays.\n"
		"`kerwen init --join FILE` in the office's own directory gives it a new key and\n"
		"keeps all records; in a new one the office begins with what the centre has.",
	.options = rekey_options,
	.run = run_rekey,
};

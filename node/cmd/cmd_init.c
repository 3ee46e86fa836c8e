/* `kerwen init`: makes the data directory of a centre or of an office. */
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/base/recovery.h"
#include "node/base/schema_yaml.h"
#include "node/base/text.h"
#include "node/cmd/author_arg.h"
#include "node/cmd/new_key.h"
#include "node/cmd/open.h"
#include "node/store/found.h"
#include "node/store/join.h"
#include "node/store/unfinished.h"

static const struct cmd_option options[] = {
	{ .name = "centre", .help = "a new system, of which this is the centre" },
	{ .name = "name", .value = "NAME", .help = "with --centre: of the system" },
	{ .name = "schema", .value = "FILE", .help = "with --centre: its schema" },
	{ .name = "listen", .value = "HOST:PORT", .help = "with --centre: where offices reach it" },
	{ .name = "join", .value = "FILE", .help = "an office, from its invitation" },
	AUTHOR_ARG_OPTIONS,
	{ 0 },
};

static int read_schema(struct cmd_context *c, const char *path, struct arena *a, struct schema *out)
{
	struct schema_error e = { "" };
	enum rc rc = mem_arena_open(a, SCHEMA_YAML_ARENA_BYTES);

	if (rc == RC_OK) {
		rc = schema_yaml_load(path, a, out, &e);
	}
	if (rc == RC_OK) {
		return CMD_OK;
	}
	return cmd_fail(c, rc == RC_INVALID ? CMD_SCHEMA : CMD_FAILED,
			rc == RC_INVALID ? "correct the file; see `kerwen schema check`" :
					   "name the file of the schema",
			rc == RC_INVALID ? "%s: %s" : "%.0s%s", path,
			e.text[0] == '\0' ? rc_text(rc) : e.text);
}

/* The name that people see everywhere: one line, in one form. */
static int read_name(struct cmd_context *c, const char *given, char out[LIMIT_NAME_BYTES_MAX + 1])
{
	uint8_t memory[1024];
	struct arena a = arena_init(memory, sizeof(memory));
	struct bytes name;

	if (text_normalise(bytes_of(given), TEXT_LINE, &a, &name) != RC_OK || name.len == 0 ||
	    name.len > LIMIT_NAME_BYTES_MAX) {
		return cmd_fail(c, CMD_USAGE, "choose a short name in one line",
				"--name: not a name of 1 to %d bytes", LIMIT_NAME_BYTES_MAX);
	}
	memcpy(out, name.p, name.len);
	out[name.len] = '\0';
	return CMD_OK;
}

static int check_centre_options(struct cmd_context *c, const struct cmd_args *args)
{
	const char *listen = cmd_option(args, "listen");
	char host[CONFIG_HOST_MAX + 1];
	uint16_t port = 0;

	if (cmd_option(args, "name") == NULL || cmd_option(args, "schema") == NULL) {
		return cmd_fail(c, CMD_USAGE, "kerwen init --centre --name NAME --schema FILE",
				"a centre needs --name and --schema");
	}
	if (listen != NULL && config_split_address(listen, host, &port) != RC_OK) {
		return cmd_fail(c, CMD_USAGE, "write HOST:PORT or [IPv6]:PORT",
				"--listen: %s is not an address", listen);
	}
	return CMD_OK;
}

/* The one time that it is shown. */
static int show_recovery(struct cmd_context *c, const struct crypto_key *key)
{
	char text[RECOVERY_TEXT_LEN + 1];
	json_t *document = NULL;
	enum rc rc = RC_OK;

	recovery_format(key, text);
	out_line(c->out, "recovery key  %s", text);
	out_note(c->out, "write the recovery key down and keep it far from this machine: it is "
			 "shown only now, and can give the centre another key");
	if (c->out->json) {
		document = json_pack("{s:i, s:s}", "format", 1, "recovery_key", text);
		rc = out_json(c->out, document);
	}
	explicit_bzero(text, sizeof(text));
	return rc == RC_OK ? CMD_OK :
			     cmd_fail(c, CMD_FAILED, "make the centre anew, in another directory",
				      "the recovery key could not be shown");
}

static int found(struct cmd_context *c, struct found *f)
{
	struct path_problem why;
	struct crypto_key recovery;
	enum rc rc = crypto_key_make(&recovery);
	int code = CMD_OK;

	if (rc != RC_OK) {
		return open_fail(c, rc, "its recovery key cannot be made");
	}
	f->recovery = recovery.public;
	rc = found_centre(c->dir, CONFIG_MAX_SIZE, f, &open_world, &why);
	if (rc != RC_OK) {
		code = cmd_fail_path(c, cmd_exit_of_new(rc), &why);
	} else {
		out_note(c->out,
			 "%s is the centre of %s; admit offices with "
			 "`kerwen office invite`",
			 c->dir, f->name);
		code = show_recovery(c, &recovery);
	}
	crypto_key_drop(&recovery);
	return code;
}

static int init_centre(struct cmd_context *c, const struct cmd_args *args)
{
	struct found f = { .listen = cmd_option(args, "listen") };
	char name[LIMIT_NAME_BYTES_MAX + 1];
	struct arena memory = { NULL, 0, 0 };
	struct author_arg author;
	struct schema schema;
	int code = check_centre_options(c, args);

	if (code == CMD_OK) {
		code = read_name(c, cmd_option(args, "name"), name);
	}
	if (code == CMD_OK) {
		code = author_arg_get(c, args, &author);
	}
	if (code == CMD_OK) {
		code = read_schema(c, cmd_option(args, "schema"), &memory, &schema);
	}
	if (code == CMD_OK) {
		f.name = name;
		f.schema = &schema;
		f.author = author.name;
		code = found(c, &f);
	}
	mem_arena_close(&memory);
	return code;
}

/* Reads the file and says what is wrong with it. */
static int read_invitation(struct cmd_context *c, const char *path, struct arena *a,
			   struct invitation *out)
{
	struct path_problem why;
	char *text = NULL;
	size_t len = 0;
	enum rc rc = path_read(path, INVITATION_BYTES_MAX, &text, &len, &why);

	if (rc == RC_LIMIT || rc == RC_EXISTS) {
		return cmd_fail(c, CMD_USAGE, "give the file that `kerwen office invite` wrote",
				"%s", why.text);
	}
	if (rc != RC_OK) {
		return cmd_fail_path(c, CMD_FAILED, &why);
	}
	rc = mem_arena_open(a, invitation_arena_bytes(len));
	if (rc == RC_OK) {
		rc = invitation_decode(bytes_at(text, len), open_world.crypto, a, out);
	}
	free(text);
	if (rc == RC_INVALID) {
		return cmd_fail(c, CMD_USAGE, "give the file that `kerwen office invite` wrote",
				"%s is not an invitation", path);
	}
	if (rc == RC_VERSION) {
		return cmd_fail(c, CMD_USAGE, "use the version of kerwen that the centre has",
				"%s is an invitation of another format", path);
	}
	if (rc != RC_OK) {
		return cmd_fail(c, rc == RC_NOMEM ? CMD_FAILED : CMD_INTEGRITY,
				"ask the centre for it again", "%s was altered or damaged: %s",
				path, rc_text(rc));
	}
	return CMD_OK;
}

/* The addresses go into kerwen.yaml, which is written anew. */
static int renew_config(struct cmd_context *c, struct cmd_node *n, const struct invitation *i)
{
	struct config_error e = { "" };
	enum rc rc = join_addresses(i, &n->scratch, &n->config);

	if (rc == RC_OK) {
		rc = config_write(c->dir, &n->config, &e);
	}
	return rc == RC_OK ? CMD_OK :
			     cmd_fail(c, CMD_FAILED, "write the centre's addresses into it by hand",
				      "%s", e.text[0] == '\0' ? rc_text(rc) : e.text);
}

static enum cmd_exit join_exit_of(enum rc rc)
{
	if (rc == RC_DENIED) {
		return CMD_USAGE;
	}
	return rc == RC_BADSIG ? CMD_WRONG_KEY : cmd_exit_of(rc);
}

/* A new invitation for the office that lives here already. */
static int renew(struct cmd_context *c, const struct invitation *i)
{
	struct path_problem why;
	struct cmd_node n;
	enum rc rc;
	int code = open_node(c, &n);

	if (code != CMD_OK) {
		return code;
	}
	rc = join_take(n.store, i, &why);
	code = rc == RC_OK ? renew_config(c, &n, i) : cmd_fail_path(c, join_exit_of(rc), &why);
	if (code == CMD_OK) {
		code = new_key_if_void(c, &n);
	}
	if (code == CMD_OK) {
		out_note(c->out, "%s took the new invitation and kept its records", c->dir);
	}
	open_close(&n);
	return code;
}

static int init_office(struct cmd_context *c, const struct invitation *i)
{
	struct path_problem why;
	enum rc rc = join_office(c->dir, CONFIG_MAX_SIZE, i, &open_world, &why);

	if (rc != RC_OK) {
		return cmd_fail_path(c, cmd_exit_of_new(rc), &why);
	}
	out_note(c->out, "%s is office %u, %.*s, of %.*s; it can work at once", c->dir, i->number,
		 (int)i->name.len, (const char *)i->name.p, (int)i->system_name.len,
		 (const char *)i->system_name.p);
	return CMD_OK;
}

static int join(struct cmd_context *c, const struct cmd_args *args)
{
	char db[PATH_BYTES_MAX];
	struct arena memory = { NULL, 0, 0 };
	struct invitation i;
	int code = read_invitation(c, cmd_option(args, "join"), &memory, &i);

	if (code == CMD_OK) {
		bool is_ours = path_join(db, c->dir, STORE_DIR) == RC_OK && path_exists(db) &&
			       !unfinished_is(c->dir);

		code = is_ours ? renew(c, &i) : init_office(c, &i);
	}
	mem_arena_close(&memory);
	return code;
}

static int run(struct cmd_context *c, const struct cmd_args *args)
{
	bool is_centre = cmd_has(args, "centre"), joins = cmd_has(args, "join");

	if (is_centre == joins) {
		return cmd_fail(c, CMD_USAGE, "see `kerwen init --help`",
				"give either --centre or --join FILE");
	}
	if (joins &&
	    (cmd_has(args, "name") || cmd_has(args, "schema") || cmd_has(args, "listen"))) {
		return cmd_fail(c, CMD_USAGE, "leave the others out",
				"--join takes everything from the invitation");
	}
	return is_centre ? init_centre(c, args) : join(c, args);
}

const struct command cmd_init_command = {
	.name = "init",
	.summary = "makes a centre, or an office from its invitation",
	.details = "DIR (-C) must be new or empty, or left by an init that was cut off. On an\n"
		   "office's own DIR, --join takes a new invitation and keeps the records.",
	.options = options,
	.run = run,
};

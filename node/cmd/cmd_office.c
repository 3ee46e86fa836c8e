/* `kerwen office list` and `kerwen office show NAME`. */
#include <string.h>

#include "node/base/clock.h"
#include "node/cmd/office_arg.h"
#include "node/cmd/office_branches.h"
#include "node/cmd/open.h"
#include "node/store/peers.h"
#include "sync/date.h"

static enum rc put_text(json_t *o, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0') {
		return RC_OK;
	}
	return json_object_set_new(o, name, out_string(bytes_of(text))) == 0 ? RC_OK : RC_NOMEM;
}

static const char *state_of(const struct office_info *o)
{
	if (o->is_closed) {
		return o->is_revoked ? "revoked" : "retired";
	}
	return o->has_key ? "active" : "invited";
}

/* The day from which a closed office is not counted. */
static struct bytes since(const struct office_info *o, char buffer[DATE_TIME_TEXT_MAX])
{
	struct bytes_writer w = bytes_writer_init(buffer, DATE_TIME_TEXT_MAX);

	if (o->is_closed && date_is_valid(o->closed_on, false)) {
		date_format(o->closed_on, &w);
	}
	return bytes_written(&w);
}

static enum rc put_closing(json_t *object, const struct office_info *o)
{
	char date[DATE_TIME_TEXT_MAX];
	struct bytes text = since(o, date);

	if (!o->is_closed) {
		return RC_OK;
	}
	if (text.len > 0 && json_object_set_new(object, "closed_on", out_string(text)) != 0) {
		return RC_NOMEM;
	}
	return put_text(object, "closed_for", o->closed_for);
}

static json_t *describe(const struct office_info *o, struct kv_txn *t)
{
	json_t *object = json_pack("{s:i, s:s}", "number", (int)o->number, "state", state_of(o));
	struct peer_state peer;

	if (object == NULL || put_text(object, "name", o->name) != RC_OK ||
	    put_text(object, "region", o->region) != RC_OK || put_closing(object, o) != RC_OK) {
		json_decref(object);
		return NULL;
	}
	if (peers_get(t, o->number, &peer) == RC_OK && peer.contact_ms > 0) {
		json_object_set_new(object, "last_contact", out_time((uint64_t)peer.contact_ms));
	}
	return object;
}

static enum rc list_json(struct out *o, const struct catalog *c, struct kv_txn *t)
{
	json_t *document = out_document(), *list = json_array();
	uint32_t i;

	for (i = 0; i < c->offices_count; i++) {
		json_array_append_new(list, describe(&c->offices[i], t));
	}
	if (json_object_set_new(document, "offices", list) != 0) {
		json_decref(document);
		document = NULL;
	}
	return out_json(o, document);
}

static enum rc list_table(struct out *o, const struct catalog *c)
{
	static const struct out_column columns[] = { { .name = "number", .is_number = true },
						     { .name = "name" },
						     { .name = "region" },
						     { .name = "state" },
						     { .name = "since" } };
	struct out_table *t = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	uint32_t i;

	for (i = 0; i < c->offices_count; i++) {
		const struct office_info *office = &c->offices[i];
		char date[DATE_TIME_TEXT_MAX];

		out_table_row(t);
		out_table_number(t, office->number);
		out_table_text(t, office->name);
		out_table_text(t, office->region);
		out_table_text(t, state_of(office));
		out_table_cell(t, since(office, date));
	}
	return out_table_print(o, t);
}

static int run_list(struct cmd_context *c, const struct cmd_args *args)
{
	struct kv_txn *t = NULL;
	struct cmd_node n;
	enum rc rc;
	int code = open_node(c, &n);

	(void)args;
	if (code == CMD_OK) {
		code = open_read(c, &n, &t);
	}
	if (code == CMD_OK) {
		const struct catalog *catalog = n.store->catalog;

		rc = c->out->json ? list_json(c->out, catalog, t) : list_table(c->out, catalog);
		store_end(n.store, t);
		code = rc == RC_OK ? CMD_OK : open_fail(c, rc, "the offices cannot be listed");
	}
	open_close(&n);
	return code;
}

/* The incarnations that called: more than one that still does means that the
 * office runs in two places. */
static json_t *list_lives(const struct office_info *o, struct kv_txn *t)
{
	json_t *list = json_array();
	uint32_t incarnation = 0;
	int64_t contact_ms = 0;
	char text[16];

	while (peers_next_life(t, o->number, &incarnation, &contact_ms) == RC_OK) {
		(void)snprintf(text, sizeof(text), "%08lx", (unsigned long)incarnation);
		json_array_append_new(list,
				      json_pack("{s:s, s:o}", "incarnation", text, "last_contact",
						out_time((uint64_t)contact_ms)));
		if (incarnation++ == UINT32_MAX) {
			break;
		}
	}
	return list;
}

static void show_lives(struct cmd_context *c, const struct office_info *o, struct kv_txn *t)
{
	json_t *list = list_lives(o, t), *life = NULL;
	size_t i;

	json_array_foreach(list, i, life)
	{
		out_line(c->out, "incarnation   %s, last contact %s",
			 json_string_value(json_object_get(life, "incarnation")),
			 json_string_value(json_object_get(life, "last_contact")));
	}
	json_decref(list);
}

static int show_json(struct cmd_context *c, const struct office_info *o, struct kv_txn *t)
{
	json_t *document = out_document(), *object = describe(o, t);
	int failed =
		json_object_update(document, object) |
		json_object_set_new(document, "incarnations", list_lives(o, t)) |
		json_object_set_new(document, "two_branches", office_branches_list(o->number, t));

	json_decref(object);
	if (failed != 0) {
		json_decref(document);
		document = NULL;
	}
	return (int)cmd_exit_of(out_json(c->out, document));
}

static int show(struct cmd_context *c, const struct office_info *o, struct kv_txn *t)
{
	struct peer_state peer;
	char contact[32], date[DATE_TIME_TEXT_MAX];

	if (c->out->json) {
		return show_json(c, o, t);
	}
	out_line(c->out, "name          %s", o->name);
	out_line(c->out, "number        %u", o->number);
	out_line(c->out, "region        %s", o->region);
	out_line(c->out, "state         %s", state_of(o));
	if (o->is_closed) {
		struct bytes day = since(o, date);

		out_line(c->out, "since         %.*s", (int)day.len, (const char *)day.p);
		out_line(c->out, "reason        %s", o->closed_for);
	}
	if (peers_get(t, o->number, &peer) == RC_OK && peer.contact_ms > 0) {
		clock_format((uint64_t)peer.contact_ms, contact);
		out_line(c->out, "last contact  %s", contact);
	}
	show_lives(c, o, t);
	office_branches_show(c, o->number, t);
	return CMD_OK;
}

static int run_show(struct cmd_context *c, const struct cmd_args *args)
{
	const struct office_info *o = NULL;
	struct kv_txn *t = NULL;
	struct cmd_node n;
	int code = open_node(c, &n);

	if (code == CMD_OK) {
		code = open_read(c, &n, &t);
	}
	if (code == CMD_OK) {
		code = office_arg_find(c, n.store->catalog, args->words[0], &o);
		code = code == CMD_OK ? show(c, o, t) : code;
		store_end(n.store, t);
	}
	open_close(&n);
	return code;
}

const struct command cmd_office_list_command = {
	.name = "office list",
	.summary = "the offices of the system",
	.details =
		"invited: its invitation was not used yet; active: its key is known; retired and\n"
		"revoked: it is not admitted any more.",
	.run = run_list,
};

const struct command cmd_office_show_command = {
	.name = "office show",
	.words = "NAME",
	.words_min = 1,
	.words_max = 1,
	.summary = "one office",
	.run = run_show,
};

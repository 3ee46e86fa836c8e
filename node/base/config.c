#include "node/base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/path.h"
#include "node/base/yamltree.h"
#include "sync/limits.h"

enum { PAGE = 4096, PORT_MAX = 65535 };

static const char *const ROLES[] = { "centre", "office", NULL };

struct config config_default(void)
{
	struct config c = { .max_size = CONFIG_MAX_SIZE, .sync_every = CONFIG_SYNC_EVERY };

	return c;
}

enum rc config_parse_size(const char *text, uint64_t *out)
{
	static const char UNITS[] = "KMGT";
	const char *unit = NULL;
	uint64_t v = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		v = v * 10 + (uint64_t)(text[i] - '0');
		if (v > CONFIG_MAX_SIZE_MOST) {
			return RC_LIMIT;
		}
	}
	if (i == 0 || (text[0] == '0' && i > 1)) {
		return RC_INVALID;
	}
	if (text[i] != '\0') {
		unit = strchr(UNITS, text[i]);
		if (unit == NULL || text[i + 1] != '\0') {
			return RC_INVALID;
		}
		v = v > CONFIG_MAX_SIZE_MOST >> (10 * (unit - UNITS + 1)) ?
			    CONFIG_MAX_SIZE_MOST + 1 :
			    v << (10 * (unit - UNITS + 1));
	}
	if (v < CONFIG_MAX_SIZE_LEAST || v > CONFIG_MAX_SIZE_MOST) {
		return RC_LIMIT;
	}
	*out = v / PAGE * PAGE;
	return RC_OK;
}

static bool parse_port(const char *text, uint16_t *out)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && v <= PORT_MAX; i++) {
		v = v * 10 + (uint32_t)(text[i] - '0');
	}
	*out = (uint16_t)v;
	return i > 0 && text[i] == '\0' && v <= PORT_MAX;
}

/* Host names, IPv4 and, in brackets, IPv6. */
static bool is_host(const char *text, size_t len, bool is_bracketed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = text[i];
		bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';

		if (!is_name && !(is_bracketed && (c == ':' || c == '%'))) {
			return false;
		}
	}
	return len > 0 && len <= CONFIG_HOST_MAX;
}

enum rc config_split_address(const char *text, char host[CONFIG_HOST_MAX + 1], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[';
	size_t len = 0;

	if (colon == NULL || !parse_port(colon + 1, port)) {
		return RC_INVALID;
	}
	len = (size_t)(colon - text);
	if (is_bracketed) {
		if (len < 2 || text[len - 1] != ']') {
			return RC_INVALID;
		}
		text++;
		len -= 2;
	}
	if (!is_host(text, len, is_bracketed)) {
		return RC_INVALID;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	return RC_OK;
}

/* An address of a key or list element; port 0 only where one listens. */
static void check_address(struct yamltree *t, const struct yamltree_node *n, bool is_listening)
{
	char host[CONFIG_HOST_MAX + 1];
	uint16_t port = 0;

	if (n->type != YAMLTREE_TEXT || config_split_address(n->text, host, &port) != RC_OK) {
		yamltree_fail(t, n, "expected an address, HOST:PORT or [IPv6]:PORT");
	} else if (port == 0 && !is_listening) {
		yamltree_fail(t, n, "the port of a centre cannot be 0");
	}
}

static void read_listen(struct yamltree *t, struct config *out)
{
	out->listen = yamltree_text(t, t->root, "listen");
	if (out->listen == NULL) {
		return;
	}
	check_address(t, yamltree_find(t->root, "listen"), true);
	if (out->role != CONFIG_CENTRE) {
		yamltree_fail(t, yamltree_find(t->root, "listen"),
			      "only a centre listens; remove this key");
	}
}

static void read_centres(struct yamltree *t, struct config *out)
{
	const struct yamltree_node *list = yamltree_get(t, t->root, "centre", YAMLTREE_LIST);
	const struct yamltree_node *n = NULL;

	if (list == NULL) {
		return;
	}
	if (out->role != CONFIG_OFFICE && list->count > 0) {
		yamltree_fail(t, list, "only an office has a centre; remove this key");
	}
	if (list->count > CONFIG_CENTRES_MAX) {
		yamltree_fail(t, list, "at most 16 addresses");
	}
	for (n = list->first; n != NULL && t->rc == RC_OK; n = n->next) {
		check_address(t, n, false);
		out->centres[out->centres_count++] = n->text;
	}
}

static void read_size(struct yamltree *t, struct config *out)
{
	const char *text = yamltree_text(t, t->root, "max_size");

	if (text != NULL && config_parse_size(text, &out->max_size) != RC_OK) {
		yamltree_fail(t, yamltree_find(t->root, "max_size"),
			      "max_size is a number of bytes from 1M to 64T, as 512M or 32G, not "
			      "\"%.40s\"",
			      text);
	}
}

static void read_state(struct yamltree *t, struct config *out)
{
	out->state = yamltree_text(t, t->root, "state");
	if (out->state != NULL && out->state[0] != '/') {
		yamltree_fail(t, yamltree_find(t->root, "state"),
			      "state is the full path of a directory, from / on");
	}
}

static void read_root(struct yamltree *t, struct config *out)
{
	static const char *const KEYS[] = { "name",     "role",       "listen", "centre",
					    "max_size", "sync_every", "state",  NULL };

	if (t->rc != RC_OK) {
		return;
	}
	yamltree_only(t, t->root, KEYS);
	out->name = yamltree_need_text(t, t->root, "name");
	if (strlen(out->name) > LIMIT_NAME_BYTES_MAX || strpbrk(out->name, "\n\t") != NULL) {
		yamltree_fail(t, yamltree_find(t->root, "name"),
			      "a name has at most 64 bytes and one line");
	}
	(void)yamltree_need_text(t, t->root, "role");
	out->role = (enum config_role)yamltree_choice(t, t->root, "role", ROLES, CONFIG_OFFICE);
	read_listen(t, out);
	read_centres(t, out);
	read_size(t, out);
	read_state(t, out);
	out->sync_every = yamltree_uint(t, t->root, "sync_every",
					(struct yamltree_range){ 0, CONFIG_SYNC_EVERY_MAX },
					CONFIG_SYNC_EVERY);
}

static void say(struct config_error *e, const struct yamltree *t)
{
	(void)snprintf(e->text, sizeof(e->text), "%s: %s", CONFIG_FILE,
		       t->error[0] != '\0' ? t->error : rc_text(t->rc));
}

/* The file itself could not be read: the error names it already. */
static void say_file(struct config_error *e, const struct yamltree *t)
{
	if (t->error[0] == '\0') {
		say(e, t);
	} else {
		(void)snprintf(e->text, sizeof(e->text), "%s", t->error);
	}
}

enum rc config_parse(struct bytes text, struct arena *a, struct config *out, struct config_error *e)
{
	struct yamltree t;

	*out = config_default();
	(void)yamltree_parse(&t, text, a);
	read_root(&t, out);
	if (t.rc != RC_OK) {
		say(e, &t);
	}
	return t.rc;
}

enum rc config_load(const char *dir, struct arena *a, struct config *out, struct config_error *e)
{
	char path[PATH_BYTES_MAX];
	struct yamltree t;

	*out = config_default();
	if (path_join(path, dir, CONFIG_FILE) != RC_OK) {
		(void)snprintf(e->text, sizeof(e->text), "the path of the directory is too long");
		return RC_LIMIT;
	}
	(void)yamltree_load(&t, path, a);
	read_root(&t, out);
	if (t.rc == RC_INVALID) {
		(void)snprintf(e->text, sizeof(e->text), "%.180s: %s", path, t.error);
	} else if (t.rc != RC_OK) {
		say_file(e, &t);
	}
	return t.rc;
}

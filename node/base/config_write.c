#include "node/base/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/path.h"

enum { FILE_MAX = 65536 };

/* Text that grows in a fixed buffer; too long a text is seen at the end. */
struct draft {
	char text[FILE_MAX];
	size_t len;
};

static void put(struct draft *d, const char *text)
{
	size_t len = strlen(text);

	if (len < FILE_MAX - d->len) {
		memcpy(d->text + d->len, text, len);
	}
	d->len = len < FILE_MAX - d->len ? d->len + len : FILE_MAX;
}

/* A text in double quotes, so that nothing in it means anything to YAML. */
static void put_quoted(struct draft *d, const char *text)
{
	char one[2] = { 0, 0 };

	put(d, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			put(d, "\\");
		}
		one[0] = *text;
		put(d, one);
	}
	put(d, "\"");
}

/* "KEY: VALUE", or commented out with an example when there is none. */
static void put_key(struct draft *d, const char *key, const char *value, const char *example)
{
	put(d, value == NULL ? "# " : "");
	put(d, key);
	put(d, ": ");
	put_quoted(d, value == NULL ? example : value);
	put(d, "\n");
}

static void put_centres(struct draft *d, const struct config *c)
{
	uint32_t i;

	put(d, "\n# Addresses of the centre, HOST:PORT; they are tried in this order.\n");
	put(d, "centre: [");
	for (i = 0; i < c->centres_count; i++) {
		put(d, i > 0 ? ", " : "");
		put_quoted(d, c->centres[i]);
	}
	put(d, "]\n");
}

static void put_size(struct draft *d, uint64_t size)
{
	static const char *const UNITS[] = { "", "K", "M", "G", "T" };
	unsigned unit = 0;
	char text[64];

	while (unit < 4 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	(void)snprintf(text, sizeof(text), "max_size: %" PRIu64 "%s\n", size, UNITS[unit]);
	put(d, text);
}

static void put_number(struct draft *d, const char *key, uint32_t v)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s: %" PRIu32 "\n", key, v);
	put(d, text);
}

static void put_all(struct draft *d, const struct config *c)
{
	put(d, "# Settings of this data directory. Unknown keys are errors; a change takes\n"
	       "# effect at the next start.\n\n"
	       "# What people call this node.\n");
	put_key(d, "name", c->name, "");
	put(d, "\n# centre or office; decided when the directory was made.\n");
	put_key(d, "role", c->role == CONFIG_CENTRE ? "centre" : "office", "");
	if (c->role == CONFIG_CENTRE) {
		put(d, "\n# Where offices reach this centre, HOST:PORT; port 0 is chosen by the\n"
		       "# system and shown by `kerwen status`.\n");
		put_key(d, "listen", c->listen, "0.0.0.0:7370");
	} else {
		put_centres(d, c);
		put(d, "\n# A running daemon keeps a link to the centre. The longest wait, in "
		       "seconds,\n"
		       "# before it calls again when the link fell; 0: sync only by hand.\n");
		put_number(d, "sync_every", c->sync_every);
		put(d, "\n# Where the file `lease` lies, which shows that the database was "
		       "restored from\n"
		       "# a copy: best on another disk, a directory of this user. Without it, "
		       "here.\n");
		put_key(d, "state", c->state, "/var/lib/kerwen-state");
	}
	put(d, "\n# The most that the database may grow to (K, M, G, T). Only address space is\n"
	       "# set aside; at 90 % of it new records are refused.\n");
	put_size(d, c->max_size);
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_equal(const struct config *a, const struct config *b)
{
	uint32_t i;

	if (!is_same(a->name, b->name) || a->role != b->role || !is_same(a->listen, b->listen) ||
	    a->max_size != b->max_size || a->centres_count != b->centres_count) {
		return false;
	}
	for (i = 0; i < a->centres_count; i++) {
		if (!is_same(a->centres[i], b->centres[i])) {
			return false;
		}
	}
	return a->role != CONFIG_OFFICE ||
	       (a->sync_every == b->sync_every && is_same(a->state, b->state));
}

/* Reads the draft back: what is written must say what was meant. */
static enum rc check_draft(const struct draft *d, const struct config *c, struct config_error *e)
{
	void *room = malloc(CONFIG_ARENA_BYTES);
	struct arena a = arena_init(room, CONFIG_ARENA_BYTES);
	struct config back;
	enum rc rc;

	if (room == NULL) {
		return RC_NOMEM;
	}
	rc = config_parse(bytes_at(d->text, d->len), &a, &back, e);
	if (rc == RC_OK && !is_equal(&back, c)) {
		(void)snprintf(e->text, sizeof(e->text),
			       "%s: a value cannot be written so that it reads the same",
			       CONFIG_FILE);
		rc = RC_INVALID;
	}
	free(room);
	return rc;
}

enum rc config_text(const struct config *c, char **out, size_t *len, struct config_error *e)
{
	struct draft *d = calloc(1, sizeof(*d));
	enum rc rc = RC_NOMEM;

	*out = NULL;
	(void)snprintf(e->text, sizeof(e->text), "%s: %s", CONFIG_FILE, rc_text(rc));
	if (d == NULL) {
		return rc;
	}
	put_all(d, c);
	rc = d->len < FILE_MAX ? check_draft(d, c, e) : RC_LIMIT;
	if (rc == RC_LIMIT) {
		(void)snprintf(e->text, sizeof(e->text), "%s: %s", CONFIG_FILE, rc_text(rc));
	}
	if (rc != RC_OK) {
		free(d);
		return rc;
	}
	*out = d->text;
	*len = d->len;
	return RC_OK;
}

enum rc config_write(const char *dir, const struct config *c, struct config_error *e)
{
	struct path_problem why = { .text = "" };
	char path[PATH_BYTES_MAX], *text = NULL;
	size_t len = 0;
	enum rc rc = path_join(path, dir, CONFIG_FILE);

	(void)snprintf(e->text, sizeof(e->text), "%s: %s", CONFIG_FILE, rc_text(rc));
	if (rc == RC_OK) {
		rc = config_text(c, &text, &len, e);
	}
	if (rc == RC_OK) {
		rc = path_write(path, bytes_at(text, len), PATH_REPLACE, &why);
		(void)snprintf(e->text, sizeof(e->text), "%s", why.text);
	}
	free(text);
	return rc;
}

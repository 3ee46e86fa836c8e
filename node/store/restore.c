#include "node/store/restore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/crypto.h"
#include "node/base/keyfile.h"
#include "node/base/mem.h"
#include "node/store/datadir.h"
#include "node/store/restore_rows.h"
#include "node/store/unfinished.h"
#include "node/store/verify.h"

struct restoring {
	struct backup *b;
	const struct restore_options *o;
	struct restore_result *out;
	struct path_problem *why;
	int mark; /* see unfinished.h */
	struct secretfile_reader *in;
	struct arena memory; /* of the config */
	struct config config;
	char *config_text; /* written last */
	size_t config_len;
	struct store *store;
	uint8_t key[KEY_LEN]; /* public, of the key file */
	bool is_stopped;
	char problem[320]; /* the first one that verify named */
};

static enum rc fail_damaged(struct restoring *r, const char *what)
{
	return path_fail(r->why, RC_CORRUPT, "take another copy of it, or an older backup",
			 "%s: %s", r->b->path, what);
}

static enum rc explain(struct restoring *r, enum rc rc)
{
	switch (rc) {
	case RC_BADSIG:
		(void)fail_damaged(r, "it was cut short or altered");
		return RC_BADSIG;
	case RC_CORRUPT:
	case RC_EXISTS:
		return fail_damaged(r, "what is in it does not hold together");
	case RC_VERSION:
		return path_fail(r->why, rc,
				 "use the version of kerwen that made it, or a newer one",
				 "%s is a backup of a database of another format", r->b->path);
	case RC_FULL:
		return path_fail(r->why, rc, "make room on the disk and try again",
				 "the disk of %s is full", r->o->dir);
	case RC_CLOSED:
		return path_fail(r->why, rc, NULL, "interrupted");
	case RC_OK:
	case RC_NOMEM:
	case RC_LIMIT:
	case RC_NOTFOUND:
	case RC_INVALID:
	case RC_GAP:
	case RC_FORK:
	case RC_DENIED:
	case RC_IO:
	case RC_BUSY:
	case RC_TIMEOUT:
	case RC_UNREACHED:
	case RC_SYSTEM:
	case RC_UNKNOWN:
		break;
	}
	return path_fail(r->why, rc, NULL, "%s cannot be restored: %s", r->b->path, rc_text(rc));
}

/* One of the two small files. Gives. */
static enum rc read_file(struct restoring *r, size_t max, char **out, size_t *len)
{
	uint8_t b[4];
	struct bytes_reader n = bytes_reader_init(bytes_at(b, sizeof(b)));
	enum rc rc = secretfile_get(r->in, b, sizeof(b));

	*out = NULL;
	*len = rc == RC_OK ? bytes_get_be32(&n) : 0;
	if (rc == RC_OK && *len > max) {
		rc = RC_CORRUPT;
	}
	if (rc == RC_OK) {
		*out = malloc(*len + 1);
		rc = *out == NULL ? RC_NOMEM : secretfile_get(r->in, *out, *len);
	}
	return rc == RC_OK ? RC_OK : explain(r, rc);
}

static enum rc restore_config(struct restoring *r)
{
	struct config_error e = { "" };
	enum rc rc = read_file(r, BACKUP_FILE_BYTES_MAX, &r->config_text, &r->config_len);

	if (rc == RC_OK && config_parse(bytes_at(r->config_text, r->config_len), &r->memory,
					&r->config, &e) != RC_OK) {
		rc = fail_damaged(r, "the settings in it cannot be read");
	}
	return rc;
}

static enum rc fail_long(struct restoring *r)
{
	return path_fail(r->why, RC_LIMIT, NULL, "the path %.64s... is too long", r->o->dir);
}

static enum rc restore_key(struct restoring *r)
{
	struct crypto_file key = { .content = NULL };
	char path[PATH_BYTES_MAX], *text = NULL;
	size_t len = 0;
	enum rc rc = read_file(r, KEYFILE_BYTES_MAX, &text, &len);

	if (rc == RC_OK && crypto_file_parse(bytes_at(text, len), &key) != RC_OK) {
		rc = fail_damaged(r, "the key in it cannot be read");
	}
	if (rc == RC_OK) {
		memcpy(r->key, key.public, KEY_LEN);
		r->out->key_is_protected = key.is_protected;
		rc = path_join(path, r->o->dir, DATADIR_KEY_FILE) == RC_OK ?
			     path_write(path, bytes_at(text, len), PATH_NEW, r->why) :
			     fail_long(r);
	}
	if (text != NULL) {
		explicit_bzero(text, len);
	}
	free(text);
	crypto_file_drop(&key);
	return rc;
}

static bool on_rows(void *ctx, uint64_t done)
{
	struct restoring *r = ctx;

	return r->o->on_progress == NULL ||
	       r->o->on_progress(r->o->ctx, RESTORE_READ, done, r->b->header.rows);
}

static enum rc restore_database(struct restoring *r)
{
	struct restore_rows rows = { .in = r->in, .ctx = r, .on_rows = on_rows };
	char db[PATH_BYTES_MAX], data[PATH_BYTES_MAX];
	enum rc rc;

	if (path_join(db, r->o->dir, STORE_DIR) != RC_OK ||
	    path_join(data, db, "data.mdb") != RC_OK) {
		return fail_long(r);
	}
	rc = path_make_dir(db, r->why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = kv_open(db, r->config.max_size, true, &rows.kv);
	if (rc == RC_OK) {
		rc = restore_rows_run(&rows);
	}
	kv_close(rows.kv);
	if (rc == RC_OK) {
		rc = secretfile_end(r->in);
	}
	if (rc == RC_OK && rows.count != r->b->header.rows) {
		rc = RC_CORRUPT;
	}
	r->out->rows = rows.count;
	return rc == RC_OK ? path_sync_directory_of(data, r->why) : explain(r, rc);
}

/* Whether key, settings, header and database are of one node. */
static enum rc check_whole(struct restoring *r)
{
	const struct backup_header *h = &r->b->header;
	const struct store_info *i = NULL;
	enum rc rc = h->store_format == STORE_FORMAT ? RC_OK : RC_VERSION;

	if (rc == RC_OK) {
		rc = store_open(r->o->dir, r->config.max_size, r->o->world, &r->store);
	}
	if (rc != RC_OK) {
		return explain(r, rc == RC_NOTFOUND ? RC_CORRUPT : rc);
	}
	i = &r->store->info;
	r->out->is_centre = i->is_centre;
	if (memcmp(i->system, h->system, SYSTEM_LEN) != 0 || i->number != h->number ||
	    i->incarnation != h->incarnation || strcmp(i->name, h->name) != 0 ||
	    strcmp(i->system_name, h->system_name) != 0) {
		return fail_damaged(r, "the database in it is of another node than it says");
	}
	if (memcmp(i->key, r->key, KEY_LEN) != 0) {
		return fail_damaged(r, "the key in it is not that of the database");
	}
	if (i->is_centre != (r->config.role == CONFIG_CENTRE)) {
		return fail_damaged(r, "the settings in it are not of this database");
	}
	return RC_OK;
}

static void on_problem(void *ctx, const char *text)
{
	struct restoring *r = ctx;

	if (r->problem[0] == '\0') {
		(void)snprintf(r->problem, sizeof(r->problem), "%s", text);
	}
}

static void on_verified(void *ctx, uint64_t done, uint64_t total)
{
	struct restoring *r = ctx;

	if (r->o->on_progress != NULL &&
	    !r->o->on_progress(r->o->ctx, RESTORE_VERIFY, done, total)) {
		r->is_stopped = true;
	}
}

static bool is_stopped(void *ctx)
{
	const struct restoring *r = ctx;

	return r->is_stopped;
}

static enum rc check_feeds(struct restoring *r)
{
	const struct verify_options options = { .ctx = r,
						.on_problem = on_problem,
						.on_progress = on_verified,
						.is_stopped = is_stopped };
	struct verify *v = NULL;
	enum rc rc = verify_run_feeds(r->store, &options, &v);

	if (rc == RC_OK) {
		r->out->entries = verify_result(v)->entries;
		r->out->seals = verify_result(v)->seals;
		if (verify_result(v)->problems > 0) {
			rc = fail_damaged(r, r->problem);
		}
	} else {
		rc = explain(r, rc);
	}
	verify_free(v);
	return rc;
}

static enum rc fill(struct restoring *r)
{
	enum rc rc = secretfile_open(r->b->fd, &r->b->key, &r->in);

	if (rc == RC_OK) {
		rc = mem_arena_open(&r->memory, CONFIG_ARENA_BYTES);
	}
	if (rc != RC_OK) {
		return explain(r, rc);
	}
	rc = restore_config(r);
	if (rc == RC_OK) {
		rc = restore_key(r);
	}
	if (rc == RC_OK) {
		rc = restore_database(r);
	}
	if (rc == RC_OK) {
		rc = check_whole(r);
	}
	return rc == RC_OK ? check_feeds(r) : rc;
}

/* The mark becomes kerwen.yaml: from then on it is a data directory. */
enum rc restore_run(struct backup *b, const struct restore_options *o, struct restore_result *out,
		    struct path_problem *why)
{
	struct restoring r = { .b = b, .o = o, .out = out, .why = why };
	bool was_there = false;
	enum rc rc = unfinished_begin(o->dir, &r.mark, &was_there, why);

	memset(out, 0, sizeof(*out));
	if (rc != RC_OK) {
		return rc;
	}
	rc = fill(&r);
	store_close(r.store);
	secretfile_reader_free(r.in);
	if (rc == RC_OK) {
		rc = unfinished_end(o->dir, &r.mark, bytes_at(r.config_text, r.config_len), why);
	}
	if (rc != RC_OK) {
		unfinished_undo(o->dir, &r.mark);
		if (!was_there) {
			(void)rmdir(o->dir);
		}
	}
	mem_arena_close(&r.memory);
	free(r.config_text);
	return rc;
}

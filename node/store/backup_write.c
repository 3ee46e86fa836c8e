/* Writing a backup: header, key and settings, then every row of every table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/config.h"
#include "node/base/crypto.h"
#include "node/base/keyfile.h"
#include "node/base/log.h"
#include "node/base/mem.h"
#include "node/base/partfile.h"
#include "node/store/backup.h"
#include "node/store/compact.h"
#include "node/store/datadir.h"

enum { PROGRESS_EVERY = 1024 };

struct writing {
	struct store *store;
	const struct backup_options *o;
	struct path_problem *why;
	struct partfile file;
	struct backup_header header;
	struct secretfile_key key;
	struct secretfile_writer *out;
	char *key_text, *config_text;
	size_t key_len, config_len;
	uint64_t done;     /* rows */
	struct dot *heads; /* of the centre: what the backup holds */
	uint32_t heads_count;
};

static enum rc read_file(struct writing *w, const char *name, size_t max, char **out, size_t *len)
{
	char path[PATH_BYTES_MAX];
	enum rc rc = path_join(path, w->o->dir, name);

	return rc == RC_OK ?
		       path_read(path, max, out, len, w->why) :
		       path_fail(w->why, rc, NULL, "the path %.64s... is too long", w->o->dir);
}

/* The key file goes in as it is: under its passphrase if it has one. */
static enum rc read_files(struct writing *w)
{
	struct crypto_file key;
	enum rc rc = read_file(w, DATADIR_KEY_FILE, KEYFILE_BYTES_MAX, &w->key_text, &w->key_len);

	if (rc == RC_OK) {
		rc = read_file(w, CONFIG_FILE, BACKUP_FILE_BYTES_MAX, &w->config_text,
			       &w->config_len);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = crypto_file_parse(bytes_at(w->key_text, w->key_len), &key);
	if (rc == RC_NOMEM) {
		return path_fail(w->why, rc, NULL, "no memory for a key");
	}
	if (rc != RC_OK || memcmp(key.public, w->store->info.key, KEY_LEN) != 0) {
		rc = path_fail(w->why, RC_BADSIG, "put back the key that belongs to this directory",
			       "%s/" DATADIR_KEY_FILE " is not the key of this database",
			       w->o->dir);
	}
	crypto_file_drop(&key);
	return rc;
}

static enum rc lock_for_recipients(struct writing *w)
{
	uint32_t i;
	enum rc rc = RC_OK;

	for (i = 0; i < w->o->recipients_count && rc == RC_OK; i++) {
		struct backup_lock *l = &w->header.locks[i];

		l->kind = BACKUP_RECIPIENT;
		memcpy(l->recipient, w->o->recipients[i], RECIPIENT_LEN);
		rc = recipient_lock(l->recipient, w->key.key, l->lock);
	}
	w->header.locks_count = w->o->recipients_count;
	return rc == RC_OK ? RC_OK :
			     path_fail(w->why, rc, "give one that `kerwen backup-key` printed",
				       "a recipient is not a key");
}

/* A key of the file's own, and who gets to it. */
static enum rc make_locks(struct writing *w)
{
	enum rc rc;

	w->key.key = mem_secret_new(SECRETFILE_KEY_LEN);
	if (w->key.key == NULL) {
		return path_fail(w->why, RC_NOMEM, NULL, "no memory for a key");
	}
	w->store->world->random(w->key.key, SECRETFILE_KEY_LEN);
	if (w->o->passphrase.len == 0) {
		return lock_for_recipients(w);
	}
	w->header.locks_count = 1;
	w->header.locks[0].kind = BACKUP_PASSPHRASE;
	rc = passphrase_lock(&w->o->passphrase, &w->o->cost, w->key.key, w->header.locks[0].lock);
	return rc == RC_OK ? RC_OK :
			     path_fail(w->why, rc, "end other programs and try again",
				       "no memory to make a key of the passphrase");
}

static enum rc fail_writing(struct writing *w, enum rc rc)
{
	return errno != 0 ? path_fail_errno(w->why, "write", w->file.part) :
			    path_fail(w->why, rc, NULL, "cannot write %s: %s", w->file.part,
				      rc_text(rc));
}

/* What the header says is part of what every piece proves. */
static enum rc begin_file(struct writing *w)
{
	uint8_t head[BACKUP_HEAD_BYTES_MAX + BACKUP_MAGIC_LEN];
	struct bytes_writer text = bytes_writer_init(head, sizeof(head));
	struct bytes all;
	enum rc rc = backup_header_encode(&w->header, &text);

	all = bytes_written(&text);
	errno = 0;
	if (rc == RC_OK && write(w->file.fd, all.p, all.len) != (ssize_t)all.len) {
		rc = RC_IO;
	}
	if (rc == RC_OK) {
		w->store->crypto->hash(w->key.context, &all, 1);
		rc = secretfile_create(w->file.fd, &w->key, &w->out);
	}
	return rc == RC_OK ? RC_OK : fail_writing(w, rc);
}

static void put_number(struct writing *w, uint64_t v, unsigned len)
{
	uint8_t b[8];
	unsigned i;

	for (i = 0; i < len; i++) {
		b[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
	}
	secretfile_put(w->out, bytes_at(b, len));
}

static void put_file(struct writing *w, const char *text, size_t len)
{
	put_number(w, len, 4);
	secretfile_put(w->out, bytes_at(text, len));
}

static bool goes_on(struct writing *w)
{
	w->done++;
	return w->done % PROGRESS_EVERY != 0 || w->o->on_progress == NULL ||
	       w->o->on_progress(w->o->ctx, w->done, w->header.rows);
}

static enum rc put_table(struct writing *w, enum kv_table table)
{
	struct bytes name = bytes_of(kv_table_name(table)), k, v;
	struct kv_cursor *c = kv_cursor_open(w->store->txn, table);
	enum rc rc = c == NULL ? RC_NOMEM : kv_cursor_seek(c, bytes_at(NULL, 0), &k, &v);

	put_number(w, name.len, 1);
	secretfile_put(w->out, name);
	while (rc == RC_OK) {
		put_number(w, k.len, 1);
		secretfile_put(w->out, k);
		put_number(w, v.len, 4);
		secretfile_put(w->out, v);
		rc = v.len > BACKUP_ROW_BYTES_MAX ? RC_LIMIT : secretfile_failure(w->out);
		if (rc == RC_OK) {
			rc = goes_on(w) ? kv_cursor_next(c, &k, &v) : RC_CLOSED;
		}
	}
	put_number(w, 0, 1);
	kv_cursor_close(c);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc put_all(struct writing *w)
{
	unsigned i;
	enum rc rc = RC_OK;

	errno = 0;
	put_file(w, w->config_text, w->config_len);
	put_file(w, w->key_text, w->key_len);
	for (i = 0; i < KV_TABLES && rc == RC_OK; i++) {
		rc = put_table(w, (enum kv_table)i);
	}
	put_number(w, 0, 1);
	if (rc == RC_OK) {
		rc = secretfile_finish(w->out);
	}
	return rc == RC_OK ? RC_OK : fail_writing(w, rc);
}

static void fill_header(struct writing *w)
{
	const struct store_info *info = &w->store->info;
	struct backup_header *h = &w->header;
	unsigned i;

	h->store_format = STORE_FORMAT;
	h->time_ms = (uint64_t)w->store->world->now_ms();
	memcpy(h->system, info->system, SYSTEM_LEN);
	h->number = info->number;
	h->incarnation = info->incarnation;
	memcpy(h->system_name, info->system_name, sizeof(h->system_name));
	memcpy(h->name, info->name, sizeof(h->name));
	h->entries = kv_count(w->store->txn, KV_ENTRY);
	for (i = 0; i < KV_TABLES; i++) {
		h->rows += kv_count(w->store->txn, (enum kv_table)i);
	}
}

/* All that is read of the database, in one transaction. */
static enum rc write_snapshot(struct writing *w)
{
	struct kv_txn *t = NULL;
	enum rc rc = store_begin(w->store, false, &t);

	if (rc != RC_OK) {
		return path_fail(w->why, rc, NULL, "the database in %s cannot be read: %s",
				 w->o->dir, rc_text(rc));
	}
	fill_header(w);
	rc = begin_file(w);
	if (rc == RC_OK) {
		rc = put_all(w);
	}
	if (rc == RC_OK) {
		rc = compact_read_heads(w->store, t, &w->heads, &w->heads_count);
		rc = rc == RC_OK ? RC_OK : fail_writing(w, rc);
	}
	store_end(w->store, t);
	return rc;
}

static void drop(struct writing *w)
{
	secretfile_writer_free(w->out);
	mem_secret_free(w->key.key);
	if (w->key_text != NULL) {
		explicit_bzero(w->key_text, w->key_len);
	}
	free(w->key_text);
	free(w->config_text);
	free(w->heads);
	partfile_drop(&w->file);
}

enum rc backup_write(struct store *s, const struct backup_options *o, struct backup_result *out,
		     struct path_problem *why)
{
	struct writing w = { .store = s, .o = o, .why = why, .file.fd = -1 };
	off_t end = 0;
	enum rc rc = read_files(&w);

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK) {
		rc = partfile_open(&w.file, o->path, why);
	}
	if (rc == RC_OK) {
		rc = make_locks(&w);
	}
	if (rc == RC_OK) {
		rc = write_snapshot(&w);
	}
	if (rc == RC_OK) {
		end = lseek(w.file.fd, 0, SEEK_CUR);
		out->header = w.header;
		out->bytes = end < 0 ? 0 : (uint64_t)end;
		rc = partfile_keep(&w.file, why);
	}
	/* Without the statement the backup is as good: floors stay lower. */
	if (rc == RC_OK && compact_note_backup(s, w.heads, w.heads_count) != RC_OK) {
		log_warn("the database could not note that it has a backup: `kerwen compact` "
			 "will not go by it");
	}
	drop(&w);
	return rc;
}

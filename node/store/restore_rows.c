#include "node/store/restore_rows.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/backup.h"

enum { BATCH_BYTES = 16 << 20, BATCH_ROWS = 50000, PROGRESS_EVERY = 1024 };

/* One table under way. */
struct filling {
	struct restore_rows *r;
	struct kv_txn *txn;
	enum kv_table table;
	size_t batch_bytes, batch_rows;
	uint8_t key[LIMIT_KEY_BYTES_MAX];
	size_t key_len; /* of the row before; 0: there is none */
	uint8_t *value;
	size_t value_max;
};

static enum rc get_number(struct secretfile_reader *in, unsigned len, uint64_t *out)
{
	uint8_t b[8];
	unsigned i;
	enum rc rc = secretfile_get(in, b, len);

	for (i = 0, *out = 0; i < len && rc == RC_OK; i++) {
		*out = *out << 8 | b[i];
	}
	return rc;
}

static enum rc grow(struct filling *f, size_t len)
{
	uint8_t *value = NULL;

	if (len <= f->value_max) {
		return RC_OK;
	}
	value = realloc(f->value, len);
	if (value == NULL) {
		return RC_NOMEM;
	}
	f->value = value;
	f->value_max = len;
	return RC_OK;
}

/* The next key; *is_end: there is none. It must be behind the one before. */
static enum rc get_key(struct filling *f, bool *is_end)
{
	uint8_t key[LIMIT_KEY_BYTES_MAX];
	uint64_t len = 0;
	enum rc rc = get_number(f->r->in, 1, &len);

	*is_end = rc == RC_OK && len == 0;
	if (rc != RC_OK || *is_end) {
		return rc;
	}
	if (len > sizeof(key)) {
		return RC_CORRUPT;
	}
	rc = secretfile_get(f->r->in, key, (size_t)len);
	if (rc != RC_OK) {
		return rc;
	}
	if (f->key_len > 0 &&
	    bytes_compare(bytes_at(f->key, f->key_len), bytes_at(key, (size_t)len)) >= 0) {
		return RC_CORRUPT;
	}
	memcpy(f->key, key, (size_t)len);
	f->key_len = (size_t)len;
	return RC_OK;
}

/* A transaction for every so many bytes: none grows beyond memory. */
static enum rc put(struct filling *f, struct bytes value)
{
	enum rc rc = f->txn == NULL ? kv_begin(f->r->kv, true, &f->txn) : RC_OK;

	if (rc == RC_OK) {
		rc = kv_append(f->txn, f->table, bytes_at(f->key, f->key_len), value);
	}
	f->batch_bytes += f->key_len + value.len;
	f->batch_rows++;
	if (rc == RC_OK && (f->batch_bytes >= BATCH_BYTES || f->batch_rows >= BATCH_ROWS)) {
		rc = kv_commit(f->txn);
		f->txn = NULL;
		f->batch_bytes = f->batch_rows = 0;
	}
	return rc;
}

static enum rc take_row(struct filling *f, bool *is_end)
{
	uint64_t len = 0;
	enum rc rc = get_key(f, is_end);

	if (rc != RC_OK || *is_end) {
		return rc;
	}
	rc = get_number(f->r->in, 4, &len);
	if (rc == RC_OK && len > BACKUP_ROW_BYTES_MAX) {
		rc = RC_CORRUPT;
	}
	if (rc == RC_OK) {
		rc = grow(f, (size_t)len);
	}
	if (rc == RC_OK && len > 0) {
		rc = secretfile_get(f->r->in, f->value, (size_t)len);
	}
	if (rc == RC_OK) {
		rc = put(f, bytes_at(f->value, (size_t)len));
	}
	return rc;
}

static enum rc take_table(struct restore_rows *r, enum kv_table table)
{
	struct filling f = { .r = r, .table = table };
	bool is_end = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !is_end) {
		rc = take_row(&f, &is_end);
		r->count += rc == RC_OK && !is_end;
		if (rc == RC_OK && r->count % PROGRESS_EVERY == 0 &&
		    !r->on_rows(r->ctx, r->count)) {
			rc = RC_CLOSED;
		}
	}
	if (rc == RC_OK && f.txn != NULL) {
		rc = kv_commit(f.txn);
		f.txn = NULL;
	}
	kv_abort(f.txn);
	free(f.value);
	return rc;
}

/* The name of the next table; *is_end: there is none. */
static enum rc get_table(struct restore_rows *r, enum kv_table *out, bool *is_end)
{
	uint8_t name[BACKUP_TABLE_NAME_MAX];
	uint64_t len = 0;
	enum rc rc = get_number(r->in, 1, &len);

	*is_end = rc == RC_OK && len == 0;
	if (rc != RC_OK || *is_end) {
		return rc;
	}
	if (len > sizeof(name)) {
		return RC_CORRUPT;
	}
	rc = secretfile_get(r->in, name, (size_t)len);
	*out = rc == RC_OK ? kv_table_by_name(bytes_at(name, (size_t)len)) : KV_TABLES;
	return rc == RC_OK && *out == KV_TABLES ? RC_VERSION : rc;
}

enum rc restore_rows_run(struct restore_rows *r)
{
	bool is_known[KV_TABLES] = { false }, is_end = false;
	enum kv_table table = KV_TABLES;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !is_end) {
		rc = get_table(r, &table, &is_end);
		if (rc == RC_OK && !is_end) {
			rc = is_known[table] ? RC_CORRUPT : take_table(r, table);
			is_known[table] = true;
		}
	}
	return rc;
}

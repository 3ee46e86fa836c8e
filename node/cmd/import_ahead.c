/*
 * Two blocks of rows go round: the reader fills one while the other is used.
 *
 *   EMPTY --reader--> FULL --user--> EMPTY
 *
 * The last block carries the code with which reading ended.
 */
#include "node/cmd/import_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"

enum { BLOCKS = 2, BLOCK_ROWS = 1000, BLOCK_BYTES = 4194304, BLOCK_ARENA_BYTES = 134217728 };

struct block {
	struct arena arena;
	struct import_input rows[BLOCK_ROWS];
	uint32_t rows_count;
	enum rc rc; /* RC_OK: more blocks follow */
	struct path_problem why;
	bool is_full;
};

struct import_ahead {
	struct store *store; /* the reader's own */
	struct import_sheet sheet;
	struct csvfile *file;
	struct block blocks[BLOCKS];
	uint32_t block, row; /* of the user: the next row */
	pthread_t thread;
	pthread_mutex_t mutex; /* for is_full and stops */
	pthread_cond_t moved;
	bool stops;
};

/* Copies a row out of the file's buffer and reads its cells. */
static enum rc take_row(struct import_ahead *a, struct block *b, const struct csvfile_row *row,
			struct csvfile_place place)
{
	struct import_input *in = &b->rows[b->rows_count];
	struct bytes *cells = arena_take(&b->arena, row->cells_count * sizeof(*cells));
	struct value_reader reader = value_arg_reader(a->store, NULL, &b->arena, a->sheet.kind);
	uint32_t i;

	if (cells == NULL) {
		return RC_NOMEM;
	}
	for (i = 0; i < row->cells_count; i++) {
		cells[i] = arena_copy(&b->arena, row->cells[i]);
		if (cells[i].p == NULL) {
			return RC_NOMEM;
		}
	}
	memset(in, 0, offsetof(struct import_input, reject));
	in->row = *row;
	in->row.cells = cells;
	in->place = place;
	in->next = csvfile_at(a->file);
	b->rows_count++;
	return import_row_parse(&a->sheet, &reader, in);
}

static void fill_block(struct import_ahead *a, struct block *b)
{
	uint64_t start = csvfile_at(a->file).offset;

	mem_arena_reset(&b->arena);
	b->rows_count = 0;
	b->rc = RC_OK;
	while (b->rc == RC_OK && b->rows_count < BLOCK_ROWS &&
	       csvfile_at(a->file).offset - start < BLOCK_BYTES) {
		struct csvfile_place place = csvfile_at(a->file);
		struct csvfile_row row;

		b->rc = csvfile_next(a->file, &row, &b->why);
		if (b->rc == RC_OK) {
			b->rc = take_row(a, b, &row, place);
			if (b->rc != RC_OK) {
				path_fail(&b->why, b->rc, NULL, "no memory to import");
			}
		}
	}
}

/* Waits until a block is full, or is not; false: the reader is to stop. */
static bool wait_for(struct import_ahead *a, const struct block *b, bool full)
{
	bool stops = false;

	(void)pthread_mutex_lock(&a->mutex);
	while (b->is_full != full && !a->stops) {
		(void)pthread_cond_wait(&a->moved, &a->mutex);
	}
	stops = a->stops;
	(void)pthread_mutex_unlock(&a->mutex);
	return !stops;
}

static void mark(struct import_ahead *a, struct block *b, bool full)
{
	(void)pthread_mutex_lock(&a->mutex);
	b->is_full = full;
	(void)pthread_cond_broadcast(&a->moved);
	(void)pthread_mutex_unlock(&a->mutex);
}

static void *read_blocks(void *ctx)
{
	struct import_ahead *a = ctx;
	enum rc rc = RC_OK;
	uint32_t i = 0;

	while (rc == RC_OK && wait_for(a, &a->blocks[i], false)) {
		fill_block(a, &a->blocks[i]);
		rc = a->blocks[i].rc;
		mark(a, &a->blocks[i], true);
		i = (i + 1) % BLOCKS;
	}
	return NULL;
}

/* Binds the reader's sheet to the catalog of the reader's store. */
static enum rc bind_sheet(struct import_ahead *a, struct path_problem *why)
{
	struct kv_txn *t = NULL;
	struct value_reader reader;
	enum rc rc = store_begin(a->store, false, &t);

	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the database cannot be read: %s", rc_text(rc));
	}
	reader = value_arg_reader(a->store, t, &a->store->arena, NULL);
	rc = import_sheet_bind(&a->sheet, &reader, why);
	store_end(a->store, t);
	return rc;
}

static void free_all(struct import_ahead *a)
{
	uint32_t i;

	for (i = 0; i < BLOCKS; i++) {
		mem_arena_close(&a->blocks[i].arena);
	}
	store_close(a->store);
	free(a);
}

static enum rc open_all(struct import_ahead *a, const struct store *s, struct path_problem *why)
{
	enum rc rc = store_share(s, &a->store);
	uint32_t i;

	for (i = 0; i < BLOCKS && rc == RC_OK; i++) {
		rc = mem_arena_open(&a->blocks[i].arena, BLOCK_ARENA_BYTES);
	}
	return rc == RC_OK ? bind_sheet(a, why) : path_fail(why, rc, NULL, "no memory to import");
}

enum rc import_ahead_start(const struct import_sheet *sheet, struct csvfile *file,
			   const struct store *s, struct import_ahead **out,
			   struct path_problem *why)
{
	struct import_ahead *a = calloc(1, sizeof(*a));
	enum rc rc = RC_OK;

	*out = NULL;
	if (a == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory to import");
	}
	a->sheet = *sheet;
	a->file = file;
	rc = open_all(a, s, why);
	if (rc != RC_OK) {
		free_all(a);
		return rc;
	}
	(void)pthread_mutex_init(&a->mutex, NULL);
	(void)pthread_cond_init(&a->moved, NULL);
	if (pthread_create(&a->thread, NULL, read_blocks, a) != 0) {
		free_all(a);
		return path_fail(why, RC_NOMEM, NULL, "no thread to import");
	}
	*out = a;
	return RC_OK;
}

void import_ahead_stop(struct import_ahead *a)
{
	if (a == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&a->mutex);
	a->stops = true;
	(void)pthread_cond_broadcast(&a->moved);
	(void)pthread_mutex_unlock(&a->mutex);
	(void)pthread_join(a->thread, NULL);
	(void)pthread_cond_destroy(&a->moved);
	(void)pthread_mutex_destroy(&a->mutex);
	free_all(a);
}

enum rc import_ahead_next(struct import_ahead *a, const struct import_input **out,
			  struct path_problem *why)
{
	struct block *b = &a->blocks[a->block];

	(void)wait_for(a, b, true);
	while (a->row == b->rows_count) {
		if (b->rc != RC_OK) {
			*why = b->why;
			return b->rc;
		}
		mark(a, b, false);
		a->row = 0;
		a->block = (a->block + 1) % BLOCKS;
		b = &a->blocks[a->block];
		(void)wait_for(a, b, true);
	}
	*out = &b->rows[a->row++];
	return RC_OK;
}

bool import_ahead_is_current(const struct import_ahead *a, const struct store *s)
{
	return memcmp(a->store->catalog->schema_hash, s->catalog->schema_hash, HASH_LEN) == 0;
}

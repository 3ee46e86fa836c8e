#include "node/cmd/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/store/records.h"

enum { SEEN_SLOTS = 4096 };

/* Reads and binds the header, so that a wrong one is told at once. */
static enum rc read_header(struct import *i, struct csvfile *file, struct path_problem *why)
{
	struct csvfile_row row;
	struct kv_txn *t = NULL;
	struct value_reader reader;
	enum rc rc = csvfile_next(file, &row, why);

	if (rc == RC_NOTFOUND) {
		return path_fail(why, RC_INVALID, "its first line names the columns", "%s is empty",
				 i->request.path);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = import_sheet_header(&i->sheet, &row, i->scratch, why);
	if (rc != RC_OK) {
		return rc;
	}
	rc = store_begin(i->store, false, &t);
	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the database cannot be read: %s", rc_text(rc));
	}
	reader = value_arg_reader(i->store, t, i->scratch, NULL);
	rc = import_sheet_bind(&i->sheet, &reader, why);
	if (rc == RC_OK) {
		i->key[HASH_LEN] = (uint8_t)(i->sheet.kind->number >> 8);
		i->key[HASH_LEN + 1] = (uint8_t)i->sheet.kind->number;
		i->key[HASH_LEN + 2] = (uint8_t)(i->request.home >> 8);
		i->key[HASH_LEN + 3] = (uint8_t)i->request.home;
	}
	store_end(i->store, t);
	return rc;
}

/* Reads the file to its end, for its form and its hash. */
static enum rc look_through(struct import *i, struct path_problem *why)
{
	struct csvfile *file = NULL;
	struct csvfile_row row;
	enum rc rc = csvfile_open(i->request.path, i->store->crypto, &file, why);

	if (rc != RC_OK) {
		return rc;
	}
	rc = read_header(i, file, why);
	while (rc == RC_OK) {
		rc = csvfile_next(file, &row, why);
	}
	if (rc == RC_NOTFOUND) {
		csvfile_digest(file, i->key);
		rc = RC_OK;
	}
	csvfile_close(file);
	return rc;
}

static enum rc load_progress(struct import *i)
{
	struct kv_txn *t = NULL;
	struct bytes v;
	enum rc rc = store_begin(i->store, false, &t);

	if (rc != RC_OK) {
		return rc;
	}
	rc = kv_get(t, KV_FILE, bytes_at(i->key, sizeof(i->key)), &v);
	if (rc == RC_OK && v.len <= sizeof(i->kept)) {
		memcpy(i->kept, v.p, v.len);
		i->kept_len = v.len;
	}
	if (rc == RC_OK && !i->request.again) {
		rc = import_progress_decode(v, &i->progress);
	}
	store_end(i->store, t);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Opens the file behind its header, or where it was cut. */
static enum rc open_again(struct import *i, struct path_problem *why)
{
	struct csvfile_row row;
	enum rc rc = csvfile_open(i->request.path, NULL, &i->file, why);

	if (rc == RC_OK) {
		rc = csvfile_next(i->file, &row, why);
	}
	if (rc == RC_OK && i->progress.place.offset > 0) {
		i->resumed = i->progress.place.line;
		rc = csvfile_seek(i->file, i->progress.place);
	}
	if (rc == RC_OK) {
		i->at = csvfile_at(i->file);
		rc = import_ahead_start(&i->sheet, i->file, i->store, &i->ahead, why);
	}
	return rc;
}

enum rc import_open(struct import *i, const struct import_request *r, struct store *s,
		    struct arena *scratch, struct path_problem *why)
{
	enum rc rc = RC_OK;

	memset(i, 0, sizeof(*i));
	i->request = *r;
	i->store = s;
	i->scratch = scratch;
	i->sheet.kind_name = r->kind;
	i->sheet.key = r->key;
	i->sheet.home = r->home;
	i->seen = calloc(SEEN_SLOTS, sizeof(*i->seen));
	if (i->seen == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory to import");
	}
	rc = import_rejected_name(&i->rejected, r->path, why);
	if (rc == RC_OK) {
		rc = look_through(i, why);
	}
	if (rc != RC_OK) {
		return rc;
	}
	rc = load_progress(i);
	if (rc != RC_OK) {
		return path_fail(why, rc, NULL, "the database cannot be read: %s", rc_text(rc));
	}
	i->was_done = i->progress.is_done;
	i->rejected.bytes = i->progress.rejected_bytes;
	i->mark = arena_mark(scratch);
	if (!i->was_done && i->sheet.looks_up) {
		rc = import_lookup_open(&i->sheet, s, scratch, &i->lookup, why);
	}
	return rc == RC_OK && !i->was_done ? open_again(i, why) : rc;
}

void import_close(struct import *i)
{
	import_rejected_close(&i->rejected);
	import_ahead_stop(i->ahead);
	replay_close(&i->replay);
	import_lookup_close(i->lookup);
	csvfile_close(i->file);
	free(i->seen);
	i->ahead = NULL;
	i->lookup = NULL;
	i->file = NULL;
	i->seen = NULL;
}

static enum rc write_rejected(struct import *i, const struct import_reject *r,
			      struct path_problem *why)
{
	i->progress.rejected++;
	return i->request.is_dry ?
		       RC_OK :
		       import_rejected_write(&i->rejected, &i->sheet, &i->row->row, r, why);
}

/* Notes a key; false when this batch has it already. Digests are hashes or
 * ids whose last bytes are random: they spread by themselves. */
static bool note_key(struct import *i, const uint8_t digest[IMPORT_DIGEST_LEN])
{
	static const uint8_t none[IMPORT_DIGEST_LEN];
	uint32_t at = ((uint32_t)digest[14] << 8 | digest[15]) % SEEN_SLOTS;

	while (memcmp(i->seen[at], none, IMPORT_DIGEST_LEN) != 0) {
		if (memcmp(i->seen[at], digest, IMPORT_DIGEST_LEN) == 0) {
			return false;
		}
		at = (at + 1) % SEEN_SLOTS;
	}
	memcpy(i->seen[at], digest, IMPORT_DIGEST_LEN);
	return true;
}

/* The batch under way. */
struct batch {
	struct import *i;
	struct commit commit;
	struct value_reader reader;
	struct import_progress before;
	uint32_t rows;
	uint64_t start; /* offset of its first row */
	bool is_full;   /* a row must wait for the next one */
};

static enum rc fail_store(struct path_problem *why, enum rc rc, const char *text, const char *hint)
{
	return path_fail(why, rc, hint, "the rows cannot be written: %s",
			 text == NULL || text[0] == '\0' ? rc_text(rc) : text);
}

static void count_row(struct import_progress *p, enum draft_outcome outcome)
{
	switch (outcome) {
	case DRAFT_NEW:
		p->added++;
		break;
	case DRAFT_CHANGED:
		p->changed++;
		break;
	case DRAFT_UNCHANGED:
		p->unchanged++;
		break;
	}
}

static void count_moves(struct import_progress *p, const struct import_row *row,
			enum draft_outcome outcome)
{
	uint32_t i;

	for (i = 0; i < row->moves_count && outcome == DRAFT_CHANGED; i++) {
		const struct import_move *m = &row->moves[i];

		import_break_count(&p->passages, m->field->number, m->from, m->to);
	}
}

/* Whether the record of a row is in open conflict, as the commit has it. */
static enum rc look(struct batch *b, const struct import_row *row, bool *open)
{
	struct arena *a = b->i->scratch;
	struct work *w = b->commit.work;
	struct records_stamps stamps = { w->txn, b->i->store->info.centre_incarnation, a };
	struct view_source source = records_source(&stamps);
	size_t mark = arena_mark(a);
	const struct record *r = NULL;
	enum rc rc = RC_OK;

	*open = false;
	if (row->is_unchanged || row->draft.act == DRAFT_ADD) {
		return RC_OK;
	}
	r = work_record(w, row->draft.kind->number, row->draft.id);
	rc = r == NULL ? w->rc : view_has_conflict(r, &source, a, open);
	arena_release(a, mark);
	return rc;
}

/* A row that carries a version settles what was open when nothing is any more. */
static void count_conflicts(struct import_progress *p, const struct draft_result *result,
			    bool before, bool after)
{
	if (result->outcome == DRAFT_CHANGED) {
		p->settled += result->settled || (before && !after);
		p->open += after;
	}
}

/* Adds and counts a draft, unless it says nothing. A refusal is in result. */
static enum rc write_row(struct batch *b, struct import_row *row, struct draft_result *result)
{
	bool before = false, after = false;
	enum rc rc = look(b, row, &before);

	if (rc == RC_OK && !row->is_unchanged) {
		rc = commit_add(&b->commit, &row->draft, result);
	}
	if (rc == RC_OK) {
		rc = look(b, row, &after);
	}
	if (rc == RC_OK) {
		count_row(&b->i->progress, result->outcome);
		count_moves(&b->i->progress, row, result->outcome);
		count_conflicts(&b->i->progress, result, before, after);
		b->i->closed += result->closed_code != NULL;
	}
	return rc;
}

/* Adds the draft of a row; what the rules refuse is a rejected row. */
static enum rc add_row(struct batch *b, struct import_row *row, struct path_problem *why)
{
	struct import_reject reject;
	struct draft_result result = { .outcome = DRAFT_UNCHANGED };
	enum rc rc = write_row(b, row, &result);

	if (rc == RC_OK) {
		return RC_OK;
	}
	if (!commit_is_refusal(rc) || b->commit.work->rc != RC_OK || rc == RC_FULL) {
		return fail_store(why, rc, result.text, result.hint);
	}
	(void)import_row_reject(&reject, import_sheet_column(&b->i->sheet, result.text),
				result.text, result.hint);
	return write_rejected(b->i, &reject, why);
}

/* Takes the row that was read, or leaves it for the next batch. */
static enum rc take_row(struct batch *b, struct path_problem *why)
{
	struct import *i = b->i;
	struct import_context context = { &i->sheet, &b->reader, &b->commit, &i->replay,
					  i->lookup };
	struct import_reject reject;
	struct import_row row;
	enum rc rc = RC_OK;

	arena_release(i->scratch, i->mark);
	rc = import_row_read(&context, i->row, &row, &reject);
	if (rc == RC_INVALID && b->commit.work->rc == RC_OK) {
		rc = write_rejected(i, &reject, why);
	} else if (rc != RC_OK) {
		return fail_store(why, rc, NULL, NULL);
	} else if (row.has_digest && !note_key(i, row.digest)) {
		b->is_full = true;
		return RC_OK;
	} else {
		rc = add_row(b, &row, why);
	}
	i->at = i->row->next;
	i->row = NULL;
	b->rows++;
	return rc;
}

/* The row that waits, or the next one; none at the end of the file. */
static enum rc read_row(struct import *i, struct path_problem *why)
{
	enum rc rc = i->row == NULL ? import_ahead_next(i->ahead, &i->row, why) : RC_OK;

	if (rc == RC_NOTFOUND) {
		i->progress.is_done = true;
		return RC_OK;
	}
	return rc;
}

/* Lists what was written since the last batch, by whomever. */
static enum rc follow_others(struct batch *b, struct path_problem *why)
{
	struct import *i = b->i;
	enum rc rc = RC_OK;

	if (i->lookup == NULL) {
		return RC_OK;
	}
	arena_release(i->scratch, i->mark);
	rc = import_lookup_follow(i->lookup, &i->sheet, i->store, b->commit.work->txn, i->scratch);
	if (rc == RC_LIMIT) {
		return import_lookup_refuse(&i->sheet, why);
	}
	return rc == RC_OK ? RC_OK : fail_store(why, rc, NULL, NULL);
}

static enum rc fill_batch(struct batch *b, struct path_problem *why)
{
	struct import *i = b->i;
	enum rc rc = import_sheet_bind(&i->sheet, &b->reader, why);

	if (rc == RC_OK && !import_ahead_is_current(i->ahead, i->store)) {
		return path_fail(why, RC_INVALID, "give the same command again",
				 "the schema changed during the import");
	}
	memset(i->seen, 0, SEEN_SLOTS * sizeof(*i->seen));
	rc = rc == RC_OK ? follow_others(b, why) : rc;
	while (rc == RC_OK && !b->is_full && !i->progress.is_done && b->rows < IMPORT_BATCH_ROWS &&
	       !commit_is_large(&b->commit) && i->at.offset - b->start < IMPORT_BATCH_BYTES) {
		rc = read_row(i, why);
		if (rc == RC_OK && i->row != NULL) {
			rc = take_row(b, why);
		}
	}
	i->progress.place = i->at;
	if (rc == RC_OK) {
		rc = import_rejected_flush(&i->rejected, why);
		i->progress.rejected_bytes = i->rejected.bytes;
	}
	return rc;
}

static enum rc keep_progress(struct batch *b)
{
	uint8_t buffer[IMPORT_PROGRESS_LEN];
	struct bytes_writer w = bytes_writer_init(buffer, sizeof(buffer));

	import_progress_encode(&b->i->progress, &w);
	memcpy(b->i->kept, buffer, w.len);
	b->i->kept_len = w.len;
	b->commit.has_more = true;
	return kv_put(b->commit.work->txn, KV_FILE, bytes_at(b->i->key, sizeof(b->i->key)),
		      bytes_written(&w));
}

static enum rc end_batch(struct batch *b, struct path_problem *why)
{
	enum rc rc = RC_OK;

	if (b->i->request.is_dry) {
		commit_abort(&b->commit);
		return RC_OK;
	}
	rc = keep_progress(b);
	if (rc != RC_OK) {
		commit_abort(&b->commit);
		return fail_store(why, rc, NULL, NULL);
	}
	rc = commit_end(&b->commit);
	if (rc == RC_OK) {
		if (b->i->progress.is_done && b->i->progress.rejected == 0) {
			import_rejected_drop(&b->i->rejected);
		}
	}
	return rc == RC_OK ? RC_OK : fail_store(why, rc, NULL, NULL);
}

/* Two commands that import one file at a time would make every row twice. */
static enum rc check_alone(const struct batch *b, struct path_problem *why)
{
	const struct import *i = b->i;
	struct bytes v = { NULL, 0 };
	enum rc rc = kv_get(b->commit.work->txn, KV_FILE, bytes_at(i->key, sizeof(i->key)), &v);

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		return fail_store(why, rc, NULL, NULL);
	}
	if (bytes_equal(v, bytes_at(i->kept, i->kept_len))) {
		return RC_OK;
	}
	return path_fail(why, RC_BUSY, "let it finish; what it has read is kept",
			 "%s: another command is importing this file", i->request.path);
}

enum rc import_batch(struct import *i, struct path_problem *why)
{
	struct batch b = { .i = i, .before = i->progress };
	enum rc rc = commit_begin(&b.commit, i->store, i->request.author, i->request.reason);

	if (rc != RC_OK) {
		return fail_store(why, rc, NULL, NULL);
	}
	rc = check_alone(&b, why);
	if (rc != RC_OK) {
		commit_abort(&b.commit);
		return rc;
	}
	b.start = i->at.offset;
	i->replay.txn = b.commit.work->txn;
	replay_forget(&i->replay);
	b.reader = value_arg_reader(i->store, b.commit.work->txn, i->scratch, NULL);
	rc = fill_batch(&b, why);
	if (rc == RC_OK) {
		return end_batch(&b, why);
	}
	commit_abort(&b.commit);
	i->progress = b.before;
	return rc;
}

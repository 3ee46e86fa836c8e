#include "node/store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/store/derive.h"
#include "node/store/verify_run.h"

enum { RENEW_MS = 1000, PROGRESS_EVERY = 256, STAGES = 3, FIGURE_TRIES = 3 };

void verify_differs(struct verify *v, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->report.problems++;
	v->options->on_problem(v->options->ctx, text);
}

struct verify_name verify_record_name(const struct verify *v, uint16_t kind, struct uuid id)
{
	const struct schema_kind *k = schema_kind_by_number(&v->store->catalog->schema, kind);
	struct verify_name out;
	char text[UUID_TEXT_LEN + 1];

	uuid_format(id, text);
	if (k == NULL) {
		(void)snprintf(out.text, sizeof(out.text), "kind %u %s", kind, text);
	} else {
		(void)snprintf(out.text, sizeof(out.text), "%s %s", k->name, text);
	}
	return out;
}

static enum rc begin(struct verify *v)
{
	enum rc rc = store_begin(v->store, false, &v->txn);
	uint64_t id = rc == RC_OK ? kv_txn_id(v->txn) : 0;

	if (rc == RC_OK && v->txn_id != 0 && id != v->txn_id) {
		v->marked = v->report.moved = true;
	}
	v->txn_id = id;
	v->replay.txn = v->txn;
	v->began_ms = clock_monotonic_ms();
	return rc;
}

static void end(struct verify *v)
{
	if (v->txn != NULL) {
		store_end(v->store, v->txn);
		v->txn = NULL;
	}
}

bool verify_is_due(struct verify *v)
{
	if (++v->done % PROGRESS_EVERY != 0) {
		return false;
	}
	if (v->options->on_progress != NULL) {
		v->options->on_progress(v->options->ctx, v->done, v->total);
	}
	return !v->hold && clock_monotonic_ms() - v->began_ms >= RENEW_MS;
}

enum rc verify_renew(struct verify *v)
{
	end(v);
	if (v->options->is_stopped != NULL && v->options->is_stopped(v->options->ctx)) {
		return RC_CLOSED;
	}
	return begin(v);
}

/* Runs one stage in transactions of its own. */
static enum rc run_stage(struct verify *v, enum rc (*stage)(struct verify *v))
{
	enum rc rc = begin(v);

	if (rc == RC_OK) {
		rc = stage(v);
	}
	end(v);
	mem_arena_reset(&v->arena);
	return rc;
}

/* Figures compare with all records at once: that takes one state of both. */
static enum rc run_figures(struct verify *v)
{
	unsigned i;
	enum rc rc = RC_GAP;

	for (i = 0; i < FIGURE_TRIES && rc == RC_GAP; i++) {
		v->hold = i == FIGURE_TRIES - 1;
		v->txn_id = 0;
		v->marked = false;
		rc = run_stage(v, verify_figures);
	}
	v->hold = false;
	return rc;
}

static struct verify *new_run(struct store *s, const struct verify_options *o)
{
	struct verify *v = calloc(1, sizeof(*v));
	enum rc rc = RC_OK;

	if (v == NULL) {
		return NULL;
	}
	v->store = s;
	v->options = o;
	rc = mem_arena_open(&v->arena, LIMIT_STEP_ARENA_BYTES);
	if (rc != RC_OK) {
		verify_free(v);
		return NULL;
	}
	return v;
}

/* How many things there are to look at, for the bar. */
static enum rc count_things(struct verify *v, uint64_t stages)
{
	enum rc rc = begin(v);

	if (rc == RC_OK) {
		v->total = kv_count(v->txn, KV_ENTRY) + stages * kv_count(v->txn, KV_RECORD);
	}
	end(v);
	return rc;
}

enum rc verify_run(struct store *s, const struct verify_options *o, struct verify **out)
{
	struct verify *v = new_run(s, o);
	enum rc rc = v == NULL ? RC_NOMEM : count_things(v, STAGES);

	*out = v;
	if (rc == RC_OK) {
		rc = run_stage(v, verify_feeds);
	}
	if (rc == RC_OK) {
		rc = run_stage(v, verify_records);
	}
	if (rc == RC_OK) {
		rc = run_stage(v, verify_indexes);
	}
	if (rc == RC_OK) {
		rc = run_figures(v);
	}
	if (v != NULL) {
		v->report.scopes = v->scopes;
		v->report.scopes_count = v->scopes_count;
	}
	return rc;
}

enum rc verify_run_feeds(struct store *s, const struct verify_options *o, struct verify **out)
{
	struct verify *v = new_run(s, o);
	enum rc rc = v == NULL ? RC_NOMEM : count_things(v, 0);

	*out = v;
	return rc == RC_OK ? run_stage(v, verify_feeds) : rc;
}

const struct verify_report *verify_result(const struct verify *v)
{
	return &v->report;
}

void verify_free(struct verify *v)
{
	if (v == NULL) {
		return;
	}
	replay_close(&v->replay);
	mem_arena_close(&v->arena);
	free(v->scopes);
	free(v);
}

enum rc verify_repair(struct store *s)
{
	struct work w;
	enum rc rc = work_begin(s, &w);

	if (rc == RC_OK) {
		rc = derive_rebuild(&w);
		if (rc != RC_OK) {
			work_abort(&w);
			return rc;
		}
		rc = work_commit(&w);
	}
	return rc;
}

#include "node/store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/base/clock.h"
#include "node/base/mem.h"
#include "node/store/feeds.h"
#include "node/store/verify_run.h"

enum { SLICE_MS = 500, WRITE_SLICE_MS = 200, STEPS = 64, STAGES = 3 };

static const char meta_repair[] = "repair";

bool verify_differs(struct verify *v, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->report.problems++;
	v->options->on_problem(v->options->ctx, text);
	return v->repairs;
}

void verify_damaged(struct verify *v, struct dot d, enum damage_what what)
{
	v->report.damaged++;
	if (v->damaged_count < VERIFY_DAMAGED_MAX) {
		v->damaged[v->damaged_count++] = (struct verify_damaged){ d, what };
	}
}

void verify_touch(struct verify *v)
{
	v->touched = v->dirty = true;
	v->report.repaired++;
}

enum rc verify_put(struct verify *v, enum kv_table table, const struct key *k, struct bytes value)
{
	verify_touch(v);
	return kv_put(v->txn, table, key_bytes(k), value);
}

enum rc verify_del(struct verify *v, enum kv_table table, const struct key *k)
{
	verify_touch(v);
	return kv_del(v->txn, table, key_bytes(k));
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

/* --- transactions ----------------------------------------------------------- */

static enum rc begin(struct verify *v)
{
	enum rc rc = store_begin(v->store, v->writes, &v->txn);
	uint64_t id = rc == RC_OK ? kv_txn_id(v->txn) : 0;

	if (rc == RC_OK && v->txn_id != 0 && id != v->txn_id) {
		v->marked = v->report.moved = true;
	}
	v->txn_id = id;
	v->replay.txn = v->txn;
	v->began_ms = clock_monotonic_ms();
	v->touched = v->dirty = v->due = false;
	v->fresh = true;
	return rc;
}

/* Ends it; what was put right stays unless something failed. */
static enum rc end(struct verify *v, enum rc rc)
{
	if (v->txn == NULL) {
		return rc;
	}
	if (rc == RC_OK && v->dirty) {
		if (v->repairs) { /* built-in records may be others now */
			v->store->catalog->national_seq = UINT64_MAX;
		}
		rc = store_commit(v->store, v->txn);
		v->txn_id++; /* this one was our own */
	} else {
		store_end(v->store, v->txn);
	}
	v->txn = NULL;
	return rc;
}

static uint64_t slice_ms(const struct verify *v)
{
	return v->options->is_eager ? 0 : v->writes ? WRITE_SLICE_MS : SLICE_MS;
}

bool verify_is_due(struct verify *v)
{
	v->done++;
	if (v->done % STEPS == 0 || v->options->is_eager) {
		if (v->options->on_progress != NULL) {
			v->options->on_progress(v->options->ctx, v->done, v->total);
		}
		v->due = v->due || clock_monotonic_ms() - v->began_ms >= slice_ms(v);
	}
	return v->due || v->touched;
}

/* Others that want to write get their turn: the lock of the database is not fair. */
static void let_others_write(void)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };

	(void)nanosleep(&pause, NULL);
}

enum rc verify_renew(struct verify *v)
{
	enum rc rc = RC_OK;

	v->touched = false;
	if (!v->due) {
		return RC_OK;
	}
	rc = end(v, RC_OK);
	if (rc == RC_OK && v->options->is_stopped != NULL &&
	    v->options->is_stopped(v->options->ctx)) {
		return RC_CLOSED;
	}
	if (v->writes && !v->options->is_eager) {
		let_others_write();
	}
	return rc == RC_OK ? begin(v) : rc;
}

enum rc verify_restart(struct verify *v, bool writes)
{
	enum rc rc = end(v, RC_OK);

	v->writes = writes;
	v->txn_id = 0;
	return rc == RC_OK ? begin(v) : rc;
}

/* Runs one stage in transactions of its own. */
static enum rc run_stage(struct verify *v, enum rc (*stage)(struct verify *v))
{
	enum rc rc = begin(v);

	if (rc == RC_OK) {
		rc = stage(v);
	}
	rc = end(v, rc);
	mem_arena_reset(&v->arena);
	replay_forget(&v->replay);
	return rc;
}

/* --- what is remembered ------------------------------------------------------- */

/* The run looks at feeds as far as they went when it began. */
static enum rc list_heads(struct verify *v)
{
	struct feed_state s;
	uint64_t from = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = feeds_next(v->txn, from, &s);
		if (rc == RC_OK && v->heads_count == v->heads_max) {
			uint32_t max = v->heads_max == 0 ? 64 : 2 * v->heads_max;
			struct dot *wider = realloc(v->heads, max * sizeof(*wider));

			if (wider == NULL) {
				return RC_NOMEM;
			}
			v->heads = wider;
			v->heads_max = max;
		}
		if (rc == RC_OK) {
			v->heads[v->heads_count++] = (struct dot){ s.feed, s.head };
			from = s.feed + 1;
			rc = from == 0 ? RC_NOTFOUND : RC_OK;
		}
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* How many things there are to look at, for the bar; and how far. */
static enum rc start(struct verify *v, uint64_t stages)
{
	struct bytes mark;
	enum rc rc = begin(v);

	if (rc == RC_OK) {
		v->total =
			kv_count(v->txn, KV_ENTRY) + stages * kv_count(v->txn, KV_RECORD) +
			(stages > 0 ? kv_count(v->txn, KV_UNIQUE) + kv_count(v->txn, KV_DOT) : 0);
		rc = list_heads(v);
	}
	if (rc == RC_OK && v->repairs) {
		v->report.was_interrupted = kv_get(v->txn, KV_META, bytes_of(meta_repair), &mark) ==
					    RC_OK;
		v->dirty = true;
		rc = kv_put(v->txn, KV_META, bytes_of(meta_repair), bytes_of("1"));
	}
	return end(v, rc);
}

/* Lets the notes say what this run found, in a transaction that writes. */
static enum rc note_damage(struct verify *v)
{
	struct dot d = { 0, 0 };
	enum damage_what what;
	struct kv_txn *t = NULL;
	uint64_t before = 0;
	enum rc rc = store_begin(v->store, false, &t);
	uint32_t i;

	rc = rc == RC_OK ? damage_count(t, &before) : rc;
	store_end(v->store, t);
	if (rc != RC_OK || (before == 0 && v->damaged_count == 0)) {
		return rc;
	}
	rc = store_begin(v->store, true, &t);
	while (rc == RC_OK && damage_next(t, d, &d, &what) == RC_OK) {
		rc = damage_clear(t, d);
	}
	for (i = 0; i < v->damaged_count && rc == RC_OK; i++) {
		rc = damage_note(t, v->damaged[i].dot, v->damaged[i].what);
	}
	if (rc != RC_OK) {
		store_end(v->store, t);
		return rc;
	}
	v->txn_id++;
	return store_commit(v->store, t);
}

static enum rc finish_repair(struct verify *v)
{
	enum rc rc = v->repairs ? begin(v) : RC_OK;

	if (rc != RC_OK || !v->repairs) {
		return rc;
	}
	v->dirty = true;
	return end(v, kv_del(v->txn, KV_META, bytes_of(meta_repair)));
}

enum rc verify_is_unfinished(struct kv_txn *t, bool *out)
{
	struct bytes v;
	enum rc rc = kv_get(t, KV_META, bytes_of(meta_repair), &v);

	*out = rc == RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* --- runs ---------------------------------------------------------------------- */

static struct verify *new_run(struct store *s, const struct verify_options *o)
{
	struct verify *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		return NULL;
	}
	v->store = s;
	v->options = o;
	v->repairs = v->writes = o->repairs;
	v->damaged = malloc(VERIFY_DAMAGED_MAX * sizeof(*v->damaged));
	if (v->damaged == NULL || mem_arena_open(&v->arena, LIMIT_STEP_ARENA_BYTES) != RC_OK) {
		verify_free(v);
		return NULL;
	}
	return v;
}

enum rc verify_run(struct store *s, const struct verify_options *o, struct verify **out)
{
	static enum rc (*const stages[])(struct verify * v) = {
		verify_bases,   verify_cuts, verify_records, verify_dots,
		verify_indexes, verify_rest, verify_figures,
	};
	struct verify *v = new_run(s, o);
	enum rc rc = v == NULL ? RC_NOMEM : start(v, STAGES);
	size_t i;

	*out = v;
	if (rc == RC_OK) {
		rc = run_stage(v, verify_feeds);
	}
	if (rc == RC_OK) {
		rc = note_damage(v);
	}
	for (i = 0; i < sizeof(stages) / sizeof(stages[0]) && rc == RC_OK; i++) {
		rc = run_stage(v, stages[i]);
	}
	if (rc == RC_OK) {
		rc = finish_repair(v);
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
	enum rc rc = v == NULL ? RC_NOMEM : start(v, 0);

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
	free(v->heads);
	free(v->damaged);
	free(v->broken);
	free(v);
}

#include "node/net/manual.h"

#include <signal.h>
#include <string.h>

enum { PROGRESS_MS = 100 };

struct manual {
	const struct manual_options *options;
	uv_loop_t loop;
	struct hub *hub;
	struct call *call;
	uv_signal_t signals[2];
	uv_timer_t progress;
	struct call_result result;
	bool interrupted;
};

static void on_signal(uv_signal_t *signal, int number)
{
	struct manual *m = signal->data;

	(void)number;
	m->interrupted = true;
	if (m->call != NULL) {
		call_drop(m->call, RC_CLOSED, "interrupted");
	}
}

static void on_progress(uv_timer_t *timer)
{
	struct manual *m = timer->data;
	uint64_t done = 0, total = 0;

	if (m->call != NULL && m->options->on_progress != NULL) {
		call_progress(m->call, &done, &total);
		m->options->on_progress(m->options->ctx, done, total);
	}
}

static void close_all(struct manual *m)
{
	uv_close((uv_handle_t *)&m->signals[0], NULL);
	uv_close((uv_handle_t *)&m->signals[1], NULL);
	uv_close((uv_handle_t *)&m->progress, NULL);
	hub_close(m->hub);
}

static void on_end(void *ctx, const struct call_result *result)
{
	struct manual *m = ctx;

	m->call = NULL;
	m->result = *result;
	close_all(m);
}

/* Other processes' links do not exist here. */
static void on_accepted_done(void *ctx, struct link *l, uint64_t ask)
{
	(void)ctx;
	(void)l;
	(void)ask;
}

static void on_accepted_gone(void *ctx, struct link *l, enum rc rc, const char *text)
{
	(void)ctx;
	(void)l;
	(void)rc;
	(void)text;
}

static void on_broken(void *ctx)
{
	struct manual *m = ctx;

	if (m->call != NULL) {
		call_drop(m->call, RC_UNKNOWN, "the database failed while writing");
	}
}

static void watch(struct manual *m)
{
	static const int numbers[2] = { SIGINT, SIGTERM };
	int i;

	for (i = 0; i < 2; i++) {
		(void)uv_signal_init(&m->loop, &m->signals[i]);
		m->signals[i].data = m;
		(void)uv_signal_start(&m->signals[i], on_signal, numbers[i]);
	}
	(void)uv_timer_init(&m->loop, &m->progress);
	m->progress.data = m;
	(void)uv_timer_start(&m->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
}

enum rc manual_run(const struct manual_options *o, struct call_result *result, bool *interrupted)
{
	struct manual m = { .options = o };
	struct hub_handlers handlers = {
		.accepted = { NULL, on_accepted_done, on_accepted_gone },
		.on_broken = on_broken,
		.ctx = &m,
	};
	struct call_options call = {
		.store = o->store,
		.addresses = o->addresses,
		.addresses_count = o->addresses_count,
		.timeout_ms = o->timeout_ms,
		.on_end = on_end,
		.ctx = &m,
	};
	enum rc rc = RC_OK;

	if (uv_loop_init(&m.loop) != 0) {
		return RC_NOMEM;
	}
	rc = hub_open(&m.loop, o->store, o->key, &handlers, &m.hub);
	if (rc == RC_OK) {
		watch(&m);
		call.hub = m.hub;
		rc = call_start(&call, &m.call);
		if (rc != RC_OK) {
			close_all(&m);
		}
	}
	(void)uv_run(&m.loop, UV_RUN_DEFAULT);
	hub_free(m.hub);
	(void)uv_loop_close(&m.loop);
	*result = m.result;
	*interrupted = m.interrupted;
	return rc;
}

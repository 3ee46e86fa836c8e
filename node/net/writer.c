#include "node/net/writer.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"
#include "node/store/admit.h"
#include "node/store/join.h"
#include "node/store/peers.h"
#include "node/store/rejoin.h"
#include "proto/message_codec.h"

enum { GROUP_MAX = 64, INBOX_BYTES = 64 * LIMIT_FRAME_BYTES_MAX };

/* A list that grows at its end. */
struct queue {
	struct writer_job *first, *last;
	uint32_t count;
};

struct writer {
	struct store *store;
	struct arena inbox; /* the chunk at hand, decoded */
	uv_thread_t thread;
	uv_mutex_t mutex; /* guards the three below */
	struct queue waiting, finished;
	bool stopping;
	uv_cond_t more;
	uv_async_t wake;
	void (*after)(void *ctx);
	void *ctx;
};

struct writer_job *writer_job_new(enum writer_job_type type)
{
	struct writer_job *job = calloc(1, sizeof(*job));

	if (job != NULL) {
		job->type = type;
	}
	return job;
}

void writer_job_free(struct writer_job *job)
{
	if (job != NULL) {
		free((void *)(uintptr_t)job->frame.p);
		free(job);
	}
}

static void push(struct queue *q, struct writer_job *job)
{
	job->next = NULL;
	if (q->last == NULL) {
		q->first = job;
	} else {
		q->last->next = job;
	}
	q->last = job;
	q->count++;
}

static struct writer_job *pop(struct queue *q)
{
	struct writer_job *job = q->first;

	if (job != NULL) {
		q->first = job->next;
		q->last = q->first == NULL ? NULL : q->last;
		q->count--;
	}
	return job;
}

/* One chunk inside the group's transaction. A result that is not a refusal
 * is a failure of all. */
static enum rc run_chunk(struct work *w, struct writer_job *job, struct arena *inbox,
			 struct apply_cuts *cuts)
{
	struct message m;
	enum rc rc = work_is_large(w) ? work_flush(w) : RC_OK;

	mem_arena_reset(inbox);
	if (rc == RC_OK) {
		rc = message_decode(job->frame, inbox, &m);
		if (rc == RC_OK && m.type != MESSAGE_CHUNK) {
			rc = RC_CORRUPT;
		}
		if (rc == RC_OK) {
			rc = receive_chunk(w, job->peer, &job->down, &m.chunk, cuts, &job->result);
		}
	}
	job->rc = rc;
	return receive_is_refusal(rc) ? RC_OK : rc;
}

static enum rc run_job(struct work *w, struct writer_job *job, struct arena *inbox,
		       struct apply_cuts *cuts)
{
	switch (job->type) {
	case WRITER_CHUNK:
		return run_chunk(w, job, inbox, cuts);
	case WRITER_PEER:
		job->rc = peers_note(w->txn, job->peer, job->contact_ms, job->heard_ms);
		if (job->rc == RC_OK && w->store->info.is_centre && job->incarnation != 0) {
			job->rc = peers_note_life(w->txn, job->peer, job->incarnation,
						  job->contact_ms);
		}
		if (job->rc == RC_OK && !w->store->info.is_centre) {
			job->rc = join_drop_token(w->txn); /* the centre knows the key */
		}
		return job->rc;
	case WRITER_LEAVE:
		job->rc = rejoin_leave(w, job->down.items, job->down.count);
		return job->rc;
	case WRITER_ISSUE:
		job->rc = work_flush(w);
		job->rc = job->rc == RC_OK ? rejoin_issue(w) : job->rc;
		job->rc = job->rc == RC_OK ? confirm_write(w, &job->asked) : job->rc;
		return job->rc;
	case WRITER_ADMIT:
		break;
	}
	return RC_OK;
}

/* A first contact is a commit of the centre: a transaction of its own. */
static void run_admit(struct writer *w, struct writer_job *job)
{
	job->rc = admit_first_contact(w->store, job->peer, job->token, job->key);
}

static enum rc run_together(struct writer *w, struct queue *group)
{
	struct apply_cuts cuts = { NULL, 0, 0 };
	struct writer_job *job = NULL;
	struct work work;
	enum rc rc = work_begin(w->store, &work);

	for (job = group->first; job != NULL && rc == RC_OK; job = job->next) {
		rc = run_job(&work, job, &w->inbox, w->store->info.is_centre ? &cuts : NULL);
	}
	if (rc == RC_OK) {
		rc = apply_write_cuts(&work, &cuts);
	}
	if (rc == RC_OK) {
		rc = work_commit(&work);
	} else if (work.txn != NULL) {
		work_abort(&work);
	}
	for (job = group->first; job != NULL && rc != RC_OK; job = job->next) {
		job->rc = rc;
	}
	apply_cuts_free(&cuts);
	return rc;
}

/* One job that fails all of a group is found by running them one by one, so
 * that the others do not suffer for it. */
static void run_group(struct writer *w, struct queue *group)
{
	struct queue done = { NULL, NULL, 0 }, alone;
	struct writer_job *job = NULL;
	enum rc rc = run_together(w, group);

	if (rc == RC_OK || rc == RC_UNKNOWN || group->count == 1) {
		return;
	}
	for (job = pop(group); job != NULL; job = pop(group)) {
		memset(&job->result, 0, sizeof(job->result));
		memset(&alone, 0, sizeof(alone));
		push(&alone, job);
		(void)run_together(w, &alone);
		push(&done, job);
	}
	*group = done;
}

/* Takes the next group: one first contact, or many of the others. */
static void take_group(struct queue *from, struct queue *group)
{
	memset(group, 0, sizeof(*group));
	while (from->first != NULL && group->count < GROUP_MAX) {
		if (from->first->type == WRITER_ADMIT && group->count > 0) {
			return;
		}
		push(group, pop(from));
		if (group->first->type == WRITER_ADMIT) {
			return;
		}
	}
}

static void run_thread(void *arg)
{
	struct writer *w = arg;
	struct queue group;
	struct writer_job *job = NULL;

	uv_mutex_lock(&w->mutex);
	for (;;) {
		while (w->waiting.first == NULL && !w->stopping) {
			uv_cond_wait(&w->more, &w->mutex);
		}
		if (w->waiting.first == NULL) {
			break;
		}
		take_group(&w->waiting, &group);
		uv_mutex_unlock(&w->mutex);
		if (group.first->type == WRITER_ADMIT) {
			run_admit(w, group.first);
		} else {
			run_group(w, &group);
		}
		uv_mutex_lock(&w->mutex);
		for (job = pop(&group); job != NULL; job = pop(&group)) {
			push(&w->finished, job);
		}
		(void)uv_async_send(&w->wake);
	}
	uv_mutex_unlock(&w->mutex);
}

/* Hands finished jobs back, on the loop thread. */
static void on_wake(uv_async_t *wake)
{
	struct writer *w = wake->data;
	struct queue finished;
	struct writer_job *job = NULL;

	uv_mutex_lock(&w->mutex);
	finished = w->finished;
	memset(&w->finished, 0, sizeof(w->finished));
	uv_mutex_unlock(&w->mutex);
	for (job = pop(&finished); job != NULL; job = pop(&finished)) {
		job->done(job);
	}
	w->after(w->ctx);
}

enum rc writer_start(uv_loop_t *loop, struct store *store, void (*after)(void *ctx), void *ctx,
		     struct writer **out)
{
	struct writer *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (w == NULL) {
		return RC_NOMEM;
	}
	w->store = store;
	w->after = after;
	w->ctx = ctx;
	if (mem_arena_open(&w->inbox, INBOX_BYTES) != RC_OK) {
		free(w);
		return RC_NOMEM;
	}
	if (uv_mutex_init(&w->mutex) != 0) {
		goto no_mutex;
	}
	if (uv_cond_init(&w->more) != 0) {
		goto no_cond;
	}
	w->wake.data = w;
	if (uv_async_init(loop, &w->wake, on_wake) == 0 &&
	    uv_thread_create(&w->thread, run_thread, w) == 0) {
		*out = w;
		return RC_OK;
	}
	uv_cond_destroy(&w->more);
no_cond:
	uv_mutex_destroy(&w->mutex);
no_mutex:
	mem_arena_close(&w->inbox);
	free(w);
	return RC_NOMEM;
}

void writer_put(struct writer *w, struct writer_job *job)
{
	uv_mutex_lock(&w->mutex);
	push(&w->waiting, job);
	uv_cond_signal(&w->more);
	uv_mutex_unlock(&w->mutex);
}

static void on_closed(uv_handle_t *handle)
{
	struct writer *w = handle->data;

	uv_cond_destroy(&w->more);
	uv_mutex_destroy(&w->mutex);
	mem_arena_close(&w->inbox);
	free(w);
}

void writer_stop(struct writer *w)
{
	if (w == NULL) {
		return;
	}
	uv_mutex_lock(&w->mutex);
	w->stopping = true;
	uv_cond_signal(&w->more);
	uv_mutex_unlock(&w->mutex);
	(void)uv_thread_join(&w->thread);
	on_wake(&w->wake);
	uv_close((uv_handle_t *)&w->wake, on_closed);
}

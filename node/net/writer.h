/*
 * The writer thread: everything that peers bring goes through it.
 *
 * Happy path: the loop thread puts jobs; the writer takes what is waiting and
 * never waits for more, runs it all in one transaction, makes it durable, and
 * only then hands the jobs back to the loop thread, which calls their `done`.
 * Failure modes: a job that is refused (bad bytes, no right) changes nothing
 * and the others go on; a failure of the store fails all jobs of the group,
 * and nothing of them happened. RC_UNKNOWN: the process must end.
 */
#ifndef KERWEN_WRITER_H
#define KERWEN_WRITER_H

#include <uv.h>

#include "node/store/confirm.h"
#include "node/store/receive.h"

enum writer_job_type {
	WRITER_CHUNK, /* a peer's chunk */
	WRITER_ADMIT, /* first contact: judge a token, bind a key */
	WRITER_PEER,  /* note a contact with a peer */
	WRITER_LEAVE, /* an office: incarnations of its own that go no further */
	WRITER_ISSUE  /* an office: write again what the centre does not have */
};

struct writer_job {
	enum writer_job_type type;
	uint16_t peer;      /* office number; 0: the centre */
	struct bytes frame; /* WRITER_CHUNK: the encoded message; see free_frame */
	uint8_t key[KEY_LEN], token[TOKEN_LEN]; /* WRITER_ADMIT */
	int64_t contact_ms, heard_ms;           /* WRITER_PEER */
	uint32_t incarnation;                   /* WRITER_PEER: of the office; 0: not told */
	struct receive_down down;               /* WRITER_CHUNK, WRITER_LEAVE */
	struct confirm asked;                   /* WRITER_ISSUE */
	/* Filled in by the writer. */
	enum rc rc;
	struct receive_result result;
	/* Called on the loop thread; takes the job. */
	void (*done)(struct writer_job *job);
	void *ctx;
	struct writer_job *next;
};

struct writer;

/*
 * Starts the thread. The store becomes the writer's alone until writer_stop.
 * after: called on the loop thread when all jobs that had finished together
 * were handed back. Gives. RC_NOMEM.
 */
enum rc writer_start(uv_loop_t *loop, struct store *store, void (*after)(void *ctx), void *ctx,
		     struct writer **out);

/* Hands over a job (takes). job->frame.p was malloced or is NULL. */
void writer_put(struct writer *w, struct writer_job *job);

/* Runs what is waiting, hands it back, and ends the thread. `done` is called
 * for every job before this returns. The handle closes with the loop. */
void writer_stop(struct writer *w);

/* A job of zeroes, and giving it back with its frame. */
struct writer_job *writer_job_new(enum writer_job_type type);
void writer_job_free(struct writer_job *job);

#endif

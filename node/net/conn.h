/*
 * One connection: TCP, TLS and frames (net.h says what it shares).
 *
 *   CONNECT ──► HANDSHAKE ──► OPEN ──► ENDING ──► CLOSING ──► gone
 *   (a client)      └───────────┴─────────┴─────────► (conn_drop, failures)
 *
 * Happy path: a listener or a dial makes it; on_open; then on_frame for every
 * frame of the peer while conn_send gives the peer ours; conn_finish; on_closed.
 * Failure modes: bytes that are no TLS or no frames, a peer that is silent or
 * does not read, a lost line, conn_drop: all end in on_closed, once, with the
 * first reason. on_closed never comes from inside a call, but from the loop;
 * after it the connection is gone. A connection that never opened has no
 * on_closed: whoever made it reports that.
 *
 * A client is open before the server has judged its key (see tls.h): only
 * what the peer answers proves anything.
 *
 * Bounds: a frame not yet sent waits in a queue of queue_bytes_max; what is
 * received is handed over at once and waits only while paused. A heartbeat
 * goes out when nothing else did for a third of silence_ms, so silence means
 * that the peer or the road is gone.
 */
#ifndef KERWEN_CONN_H
#define KERWEN_CONN_H

#include "sync/bytes.h"
#include "sync/crypto.h"

struct conn;

/* Times in milliseconds. */
struct conn_limits {
	uint32_t connect_ms;    /* TCP, one address */
	uint32_t handshake_ms;  /* TLS, from the accept or the connect on */
	uint32_t silence_ms;    /* nothing heard, or nothing of the queue taken */
	uint32_t linger_ms;     /* at the end, for the peer to close its side */
	size_t queue_bytes_max; /* above, conn_send refuses */
	size_t queue_bytes_low; /* below, on_writable is called */
};

/* 10 s, 20 s, 90 s, 2 s, 256 KiB, 64 KiB. */
struct conn_limits conn_limits_default(void);

/* owner: see conn_set_owner. All may call anything here; none may be NULL. */
struct conn_handlers {
	/* peer_key: KEY_LEN bytes, borrowed. A server judges it here, or drops. */
	void (*on_open)(struct conn *c, void *owner, const uint8_t *peer_key);
	/* frame: never empty; borrowed until the return. */
	void (*on_frame)(struct conn *c, void *owner, struct bytes frame);
	/* After the queue had passed queue_bytes_low, or conn_send had refused,
	 * it is below again. */
	void (*on_writable)(struct conn *c, void *owner);
	/* text: what happened, for people, without a final stop; a constant. */
	void (*on_closed)(struct conn *c, void *owner, enum rc rc, const char *text);
};

/* What the callbacks get; at first the owner that listen or dial was given. */
void conn_set_owner(struct conn *c, void *owner);

/* A server's owner knows who the peer is: it does not have to make room for
 * others any more (listen.h). */
void conn_vouch(struct conn *c);

/*
 * Compresses, encrypts and sends a frame, or queues it. RC_LIMIT: the queue is
 * full (see on_writable), or the frame is empty or above LIMIT_FRAME_BYTES_MAX;
 * RC_CLOSED: not open any more; RC_NOMEM. Nothing was sent then.
 */
enum rc conn_send(struct conn *c, struct bytes frame);

/*
 * Ends it in order: sends what is queued, tells the peer, waits for the peer
 * to close too (linger_ms). Frames that still arrive are thrown away. rc and
 * text (a constant) are for on_closed. Ignored when it is ending already.
 */
void conn_finish(struct conn *c, enum rc rc, const char *text);

/* Ends it now, queue and all. Safe in every state, in every callback; the
 * first reason counts. text is a constant. */
void conn_drop(struct conn *c, enum rc rc, const char *text);

/* No on_frame between the two; the peer feels it once the buffers are full.
 * Its silence does not count meanwhile. Frames come from the loop, never from
 * inside conn_resume. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Ciphertext on the socket since the connection opened. */
struct conn_counters {
	uint64_t bytes_in, bytes_out;
};

struct conn_counters conn_counters(const struct conn *c);

/* Bytes that wait to be sent. */
size_t conn_queued(const struct conn *c);

#endif

/*
 * The inside of a connection, for conn*.c, and how listen.c and dial.c make
 * one.
 */
#ifndef KERWEN_CONN_PRIV_H
#define KERWEN_CONN_PRIV_H

#include "node/net/conn.h"
#include "node/net/net.h"

enum conn_state {
	CONN_NEW,
	CONN_CONNECT,
	CONN_HANDSHAKE,
	CONN_OPEN,
	CONN_ENDING, /* flushing, then waiting for the peer's end */
	CONN_CLOSING /* handles are closing */
};

/* Who made the connection and counts it. */
struct conn_keeper {
	/* Before the handlers' on_open. May be NULL. */
	void (*on_open)(void *ctx, struct conn *c);
	/* Once, when the owner vouched for the peer. May be NULL. */
	void (*on_known)(void *ctx, struct conn *c);
	/* The last call of all: after the handlers' on_closed, or instead of it
	 * when it never opened (was_open). */
	void (*on_gone)(void *ctx, struct conn *c, bool was_open, enum rc rc, const char *text);
	void *ctx;
};

struct conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	union {
		uv_connect_t connect; /* CONNECT */
		uv_shutdown_t end;    /* ENDING */
	} req;
	struct net *net; /* borrowed */
	struct tls *tls; /* owned */
	struct frame_reader reader;
	struct bytes cipher, plain; /* owned; what waits while paused */
	struct conn_limits limits;
	const struct conn_handlers *handlers; /* borrowed */
	void *owner;
	struct conn_keeper keeper;
	enum conn_state state;
	bool is_client, was_open, is_paused, is_pump_due;
	bool is_known;        /* the owner vouched for the peer */
	bool is_blocked;      /* somebody waits for on_writable */
	bool is_write_broken; /* the peer takes nothing any more */
	bool is_flushed;      /* ENDING: all is sent */
	uint8_t handles;      /* not closed yet */
	uint64_t started_ms;  /* CONNECT, HANDSHAKE, ENDING: since when */
	uint64_t heard_ms;    /* last byte received */
	uint64_t sent_ms;     /* last byte that the system took */
	size_t queued;        /* bytes in writes that are not done */
	size_t unsent;        /* of them, when sent_ms was set */
	struct conn_counters counters;
	struct conn *older, *newer; /* the keeper's list; see listen.c */
	enum rc rc;                 /* why it ended */
	const char *text;
	uint8_t pin[KEY_LEN];
};

struct conn_options {
	struct net *net;                      /* borrowed */
	const uint8_t *pin;                   /* client: the server's key; else NULL */
	struct conn_limits limits;            /* copied */
	const struct conn_handlers *handlers; /* borrowed, as long as conn lives */
	void *owner;
	struct conn_keeper keeper;
};

/* A connection without a socket. Gives; it frees itself at its end, of which
 * the keeper hears once one of the next two was called. RC_NOMEM. */
enum rc conn_new(const struct conn_options *o, struct conn **out);

/* Makes a TCP connection to the address, then goes on as a client. */
void conn_connect(struct conn *c, const struct sockaddr *address);

/* Takes over a socket that was accepted. */
void conn_accept(struct conn *c, uv_os_sock_t fd);

/* For conn*.c. */
void conn_start_reading(struct conn *c); /* conn_read.c */
void conn_pump(struct conn *c);
void conn_flush(struct conn *c); /* conn_write.c: sends what TLS has put out */
void conn_send_heartbeat(struct conn *c);
void conn_become_open(struct conn *c); /* conn.c */
void conn_fail_tls(struct conn *c, enum rc rc);
void conn_set_timer(struct conn *c);

#endif

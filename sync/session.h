/*
 * One sync conversation with one peer, as a pure state machine.
 *
 *   START --opened--> HELLO --peer's hello--> STREAM --goals, bye--> CLOSED
 *     |                 |                        |
 *     +-----------------+------------------------+--(any failure)--> CLOSED
 *
 * Both sides say hello at once; whoever called sends ahead what no receipt
 * covers, if it is one chunk: more may be there already, held without a
 * receipt since the line fell, and would be sent twice. Then both stream chunks as far as credit
 * goes. A chunk is answered only after it is durable. There is no checkpoint: progress is what the
 * store holds, and receipts are cuts that arrive like any other entry.
 *
 * An office that was restored or cloned writes some of its entries again when
 * everything of the centre has come in (SESSION_DO_ISSUE); what it has then
 * becomes its goal.
 *
 * A node that has damaged entries asks for them with a Want: an office when it has
 * the centre's hello, the centre before its own hello, so that the office does not
 * end the conversation before it knows. A chunk without runs ends the answer.
 *
 * The caller feeds events to session_step and carries out the actions in
 * order. Same state and same events always give the same actions.
 */
#ifndef KERWEN_SESSION_H
#define KERWEN_SESSION_H

#include "sync/message.h"

enum {
	SESSION_CREDIT = 8,       /* chunks that we let a peer send ahead */
	SESSION_FIRST_CREDIT = 1, /* chunks sent before the peer's hello */
	SESSION_ACTIONS_MAX = 8
};

enum session_state { SESSION_START, SESSION_HELLO, SESSION_STREAM, SESSION_CLOSED };

/* Where this node stands in one scope, as the store says: one for each of its
 * incarnations that wrote there. */
struct session_place {
	uint16_t scope;
	uint32_t incarnation; /* of the own feed */
	uint64_t own_head;    /* own feed */
	uint64_t own_receipt; /* the last cut of it that is applied here */
	uint64_t centre_applied;
	uint32_t centre_incarnation; /* that this is of */
};

/* What the caller wants to have reached: fixed when the session begins. */
struct session_goal {
	uint16_t scope;
	uint32_t incarnation;
	uint64_t own_head;    /* a receipt for this is wanted */
	uint64_t centre_head; /* this is wanted here */
	uint32_t centre_incarnation;
	bool was_known; /* when the centre told of it, this node followed it */
};

struct session {
	enum session_state state;
	bool is_caller;  /* an office; else the centre */
	bool stays;      /* go on after the goals: push what is written */
	bool knows_peer; /* each knows the other's key: no first contact */
	bool has_more;   /* the store has something to send */
	bool issuing;    /* entries are being written again */
	bool wanting;    /* damaged entries were asked for, and not all that the peer has came */
	bool giving;     /* the peer asked for some, and has not answered all of them */
	uint32_t line;   /* the centre's incarnation that goals were set for */
	bool is_writable;
	bool hello_sent, hello_got, bye_sent, done;
	uint32_t credit;     /* chunks we may send */
	uint32_t unanswered; /* chunks received and not yet durable */
	uint32_t in_flight;  /* chunks sent and not yet answered */
	uint32_t round_trips;
	bool sent_since; /* something went out since the peer last spoke */
	struct session_goal goals[LIMIT_SCOPES_PER_SESSION_MAX];
	uint32_t goals_count;
	uint64_t ask; /* the centre's question that is open; 0: none */
};

enum session_event_type {
	SESSION_OPENED,   /* the wire is up; `places` are filled in */
	SESSION_ADMITTED, /* the centre: the peer's key or token was accepted */
	SESSION_MESSAGE,
	SESSION_STORED,   /* a chunk of the peer is durable; `places` as they are now */
	SESSION_SENT,     /* a chunk went out, has_more tells if there is another */
	SESSION_ISSUED,   /* entries were written again; `places` as they are now */
	SESSION_MOVED,    /* this node has new entries; `places` as they are now */
	SESSION_WRITABLE, /* the queue to the peer has room again */
	SESSION_FULL,     /* the queue has no more room */
	SESSION_LOST
};

struct session_event {
	enum session_event_type type;
	const struct message *message; /* SESSION_MESSAGE; borrowed */
	const struct session_place *places;
	uint32_t places_count;
	bool has_more;  /* STORED, SENT, MOVED; OPENED: something to send ahead */
	bool owes;      /* with `places`: entries wait to be written again */
	bool awaits;    /* with `places`: the centre was restored, and is to go on in a new
			 * incarnation first */
	bool wants;     /* the peer may have what is damaged here, and was not asked yet */
	bool has_gifts; /* something that the peer asked for is still to be sent */
};

enum session_action_type {
	SESSION_DO_HELLO,  /* send our hello */
	SESSION_DO_ADMIT,  /* judge the token and key of the peer's hello */
	SESSION_DO_START,  /* set the lanes after the peer's hello */
	SESSION_DO_STORE,  /* hand the chunk to the writer */
	SESSION_DO_SEND,   /* send the next chunk, then report SESSION_SENT */
	SESSION_DO_ANSWER, /* send an answer of `credit` */
	SESSION_DO_ASK,    /* send an ask with `ask` */
	SESSION_DO_GIVE,   /* see to it that what the peer wants is sent */
	SESSION_DO_WANT,   /* ask for what is damaged here */
	SESSION_DO_ISSUE,  /* all of the centre is here: write again what has to be */
	SESSION_DO_DONE,   /* the goals are reached */
	SESSION_DO_BYE,    /* send bye, then close when it is out */
	SESSION_DO_DROP    /* close; `refusal` is what to tell, `rc` the reason */
};

struct session_action {
	enum session_action_type type;
	uint32_t credit;
	uint64_t ask;
	enum rc rc;
	enum refusal refusal; /* 0: say nothing */
};

struct session_actions {
	struct session_action items[SESSION_ACTIONS_MAX];
	uint32_t count;
};

/* Zeroes, then these. knows_peer: false for a first contact: the centre says
 * nothing before a token is accepted, the office sends nothing ahead. */
void session_init(struct session *s, bool is_caller, bool stays, bool knows_peer);

/* A chunk that was to be sent turned out to be nothing. */
void session_unsend(struct session *s);

/* Moves on. Actions are to be carried out in their order. */
void session_step(struct session *s, const struct session_event *e, struct session_actions *out);

#endif

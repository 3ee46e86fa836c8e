/*
 * Result codes: the one list that every layer returns.
 *
 * sync/ and proto/ return a code and print nothing. The layer that knows the
 * nouns (which file, which peer, which field) reports it once, with rc_text.
 */
#ifndef KERWEN_RC_H
#define KERWEN_RC_H

enum rc {
	RC_OK = 0,
	RC_NOMEM,     /* memory or arena exhausted; nothing was changed */
	RC_LIMIT,     /* a bound of sync/limits.h would be exceeded */
	RC_NOTFOUND,  /* no such thing */
	RC_EXISTS,    /* there is one already */
	RC_INVALID,   /* the input breaks a rule of its format or meaning */
	RC_CORRUPT,   /* stored or received bytes do not decode or match */
	RC_BADSIG,    /* a signature or hash does not verify */
	RC_GAP,       /* something earlier is missing; waiting helps */
	RC_FORK,      /* two different entries claim one place in a feed */
	RC_DENIED,    /* the author or peer has no right to this */
	RC_FULL,      /* disk or map is full */
	RC_IO,        /* the operating system refused */
	RC_BUSY,      /* held by somebody else; try later */
	RC_TIMEOUT,   /* took longer than allowed */
	RC_CLOSED,    /* the other side ended it */
	RC_UNREACHED, /* no road to the peer */
	RC_VERSION,   /* another protocol or format version */
	RC_SYSTEM,    /* belongs to another Kerwen system */
	RC_UNKNOWN    /* outcome unknown: reopen and compare */
};

/* A short English text for a code, without a final stop; never NULL. */
const char *rc_text(enum rc rc);

#endif

/*
 * Writing here: drafts of people become the entries of one commit.
 *
 *   commit_begin -> commit_add ... -> commit_end | commit_abort
 *
 * A commit is one transaction: all of it is durable and applied when
 * commit_end returns RC_OK, or nothing is. It may touch several scopes; each
 * gets its own entries, tied by the commit's number. A draft that is refused
 * leaves the commit as it was.
 *
 * commit_join writes into a work that is under way (react.h): then that work's
 * end decides for both.
 */
#ifndef KERWEN_COMMIT_H
#define KERWEN_COMMIT_H

#include "node/store/author.h"
#include "node/store/work.h"

enum draft_act { DRAFT_ADD, DRAFT_EDIT, DRAFT_DELETE, DRAFT_RESTORE };

struct draft_op {
	const struct schema_field *field; /* of the draft's kind */
	enum op_code code;
	struct bytes value; /* canonical; empty for a clear; borrowed */
};

struct draft {
	enum draft_act act;
	const struct schema_kind *kind; /* of the store's catalog */
	struct uuid id;                 /* DRAFT_ADD: filled in */
	uint16_t home;                  /* DRAFT_ADD at the centre: for whom; else 0 */
	const struct draft_op *ops;
	uint32_t ops_count;
	bool has_form;     /* the author saw `form`, not what is here now */
	struct vv form;    /* over all scopes */
	bool adds_anew;    /* also to sets what is in them: it outlives removals by others */
	bool keep_deleted; /* refuse to touch a deleted record (imports) */
	const struct unique_known *known; /* DRAFT_ADD: a claim of its values; or NULL */
	bool is_formed;                   /* the operations passed draft_judge_form */
	bool resolves;                    /* may change `fixed` and the centre's values */
};

enum draft_outcome { DRAFT_NEW, DRAFT_CHANGED, DRAFT_UNCHANGED };

/* What became of a draft; texts only when it was refused. */
struct draft_result {
	enum draft_outcome outcome;
	bool settled; /* an open conflict was settled by it */
	bool revived; /* the record was deleted before */
	/* The first closed code that was written: kept, and counted as its
	 * successor. NULL: none. */
	const struct schema_field *closed_field;
	const struct schema_code *closed_code;
	char text[240], hint[240];
};

struct commit {
	struct work *work; /* the one below, or the work that was joined */
	struct work own;
	struct author author;
	uint32_t added; /* records made: steps from author.base_id */
	uint32_t changes_count;
	bool has_more; /* the caller wrote beside: durable even without changes */
};

/* Begins. author and reason are borrowed. RC_LIMIT: one of them is too long. */
enum rc commit_begin(struct commit *c, struct store *s, struct bytes author, struct bytes reason);

/* Begins inside w, after what was touched there was flushed (work_flush).
 * End it before anything else is done with w. As commit_begin. */
enum rc commit_join(struct commit *c, struct work *w, struct bytes author, struct bytes reason);

/*
 * Adds a draft. Refusals, with texts in out: RC_INVALID (a rule of the
 * schema), RC_DENIED (not this node's to write), RC_NOTFOUND, RC_LIMIT,
 * RC_FULL (nearly no room left: new records are refused).
 * Anything else is a failure of the whole commit.
 */
enum rc commit_add(struct commit *c, struct draft *d, struct draft_result *out);

/*
 * Adds a change as it is, for who knows what it does (carry.h): nothing is
 * judged. The ops' values must live until the work is flushed. Each change
 * gets an entry of its own if the record has one in this commit already.
 * origin: whose words it says again, or NULL. RC_LIMIT: too large, or too many
 * entries; what is not RC_OK has failed the work.
 */
enum rc commit_put(struct commit *c, uint16_t scope, const struct change *change,
		   const struct author_origin *origin);

/* Whether this code refuses one draft, and the commit can go on. */
bool commit_is_refusal(enum rc rc);

/* Whether the commit is as large as one should be: end it, begin another. */
bool commit_is_large(const struct commit *c);

/* Makes it durable, or, if it joined a work, a part of that. A commit without
 * changes writes nothing but what the caller put beside it (has_more). */
enum rc commit_end(struct commit *c);
void commit_abort(struct commit *c); /* not of one that joined */

#endif

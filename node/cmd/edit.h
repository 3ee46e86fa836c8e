/*
 * One change to one record from the command line: what add, set, delete,
 * restore and resolve have in common. Each is one commit of one draft.
 *
 *   edit_start -> edit_find_record, edit_read_form ... -> edit_write
 *              -> edit_close
 *
 * Calls report what is wrong and return the exit code.
 */
#ifndef KERWEN_EDIT_H
#define KERWEN_EDIT_H

#include "node/cmd/author_arg.h"
#include "node/cmd/edit_report.h"
#include "node/cmd/open.h"
#include "node/cmd/value_arg.h"
#include "node/store/commit.h"

/* For the option tables. */
#define EDIT_VERSION_OPTION                                                                        \
	{                                                                                          \
		.name = "if-version", .value = "VERSION",                                          \
		.help = "the version you looked at: newer changes are kept beside yours"           \
	}
#define EDIT_CONFLICT_OPTION                                                                       \
	{                                                                                          \
		.name = "fail-on-conflict",                                                        \
		.help = "exit with 4 if the record is in conflict afterwards"                      \
	}

/* The change under way. */
struct edit {
	struct cmd_context *c;
	const struct cmd_args *args;
	struct cmd_node node;
	struct author_arg author;
	struct commit commit;
	bool began; /* the commit is under way */
	struct value_reader reader;
	struct value_ops ops;
	struct draft draft;
	struct draft_result result;
	struct edit_report report; /* of conflicts, before and after */
	struct bytes version;      /* of the record afterwards */
	bool shares;               /* a unique key of it, with a record here */
};

/*
 * Opens DIR, writes, prints, and returns the exit code. The first word is the
 * kind (DRAFT_ADD) or the record; the rest are FIELD=VALUE.
 */
int edit_run(struct cmd_context *c, const struct cmd_args *args, enum draft_act act);

/* Opens DIR and begins the commit. e holds c, args and the draft's act. */
int edit_start(struct edit *e);

/* Finds the record of the first word, and its kind, which people may change. */
int edit_find_record(struct edit *e);

/* Reads --if-version where it was given: what the author had looked at. It
 * must be a version that was here. draft.has_form: it is an older one. */
int edit_read_form(struct edit *e);

/* The record as it stands in the commit; NULL: reported, *code is set. */
const struct record *edit_record(struct edit *e, int *code);

/* Adds the draft and ends the commit; keep false: gives it up instead, with
 * result, report and version as they would be. */
int edit_write(struct edit *e, bool keep);

/* After it was written: says which other records use its unique keys (shares),
 * and that it has a closed code. */
int edit_remark(struct edit *e);

/* The exit code of a change that was written: 4 when a conflict is open, or it
 * shares a unique key, and --fail-on-conflict was given. */
int edit_exit(const struct edit *e);

/* A refusal of what was typed, or a failure of the store. */
int edit_fail(struct edit *e, enum rc rc);

void edit_close(struct edit *e); /* safe in every state */

#endif

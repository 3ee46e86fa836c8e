/*
 * Values from what people type - command line or CSV cell - to operations of
 * a draft, and records from ids.
 *
 *   FIELD=VALUE   a register; for a new record also a set ("a|b"), counter, log
 *   FIELD=        clears a register
 *   FIELD+=VALUE  adds to a set ("a|b"), counter or log
 *   FIELD-=VALUE  takes out of a set ("a|b"), subtracts from a counter
 *
 * In a list "a|b" the bar and the backslash of an element are written "\|" and
 * "\\"; any other backslash stands for itself.
 *
 * A refusal fills in text (the thing and the reason, never the value) and hint
 * (the next step, may be empty), and comes back as RC_INVALID.
 */
#ifndef KERWEN_VALUE_ARG_H
#define KERWEN_VALUE_ARG_H

#include "node/store/commit.h"

struct value_reader {
	const struct store *store;
	struct kv_txn *txn;  /* for looking up links */
	struct arena *arena; /* what is read lives here */
	const struct schema_kind *kind;
	char text[320], hint[240];
};

/* The kind must be of the store's catalog, and is valid as long as that. */
struct value_reader value_arg_reader(const struct store *s, struct kv_txn *t, struct arena *a,
				     const struct schema_kind *kind);

/* Fills in text and hint; returns RC_INVALID. */
enum rc value_arg_refuse(struct value_reader *r, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The operations of one draft while they are collected. */
struct value_ops {
	struct draft_op *items; /* in the reader's arena */
	uint32_t count, max;
};

/* Reads one "FIELD=VALUE" word and appends its operations. RC_INVALID,
 * RC_NOMEM, or what the store answered. */
enum rc value_arg_word(struct value_reader *r, const char *word, bool is_new,
		       struct value_ops *ops);

/* Appends one operation with a value that is canonical already. A
 * register is named once. RC_INVALID, RC_NOMEM. */
enum rc value_arg_push(struct value_reader *r, const struct schema_field *f, enum op_code code,
		       struct bytes value, struct value_ops *ops);

/*
 * Reads a cell of a CSV file and appends its operations: as "FIELD=text" of a
 * new record, but the lines of a log are joined as the elements of a set. An
 * empty text appends nothing.
 */
enum rc value_arg_cell(struct value_reader *r, const struct schema_field *f, struct bytes text,
		       struct value_ops *ops);

/* Reads one value: the canonical bytes, in the arena. */
enum rc value_arg_read(struct value_reader *r, const struct schema_field *f, struct bytes text,
		       struct bytes *out);

/* A field by its name. NULL with text and hint: did you mean ...? */
const struct schema_field *value_arg_field(struct value_reader *r, struct bytes name);

/* A record by its id or the ending of one. RC_INVALID (not an id, or of several
 * records) and RC_NOTFOUND, with text and hint; else what the store answered. */
enum rc value_arg_record(struct value_reader *r, struct bytes text, uint16_t *kind,
			 struct uuid *id);

/* The kind with this name, built-in ones too; NULL with text and hint. */
const struct schema_kind *value_arg_kind(struct value_reader *r, struct bytes name);

#endif

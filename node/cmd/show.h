/*
 * The parts of `kerwen show`: one record with all its siblings, as JSON and
 * for people, and its history. What it says of one value serves the lists of
 * conflicts, too.
 */
#ifndef KERWEN_SHOW_H
#define KERWEN_SHOW_H

#include "node/cmd/origin.h"
#include "node/store/records.h"
#include "node/store/transfers.h"

struct show {
	struct out *out;
	const struct store *store;
	struct kv_txn *txn;
	struct arena *arena; /* the store's: of the transaction */
	struct record record;
	struct records_stamps stamps;
	struct view_source source;
	bool history;    /* list it, too */
	bool is_foreign; /* another office's: show_find_foreign */
};

/* For records that are read in t; the arena is the store's. s must stay where
 * it is. */
void show_begin(struct show *s, struct out *o, struct store *store, struct kv_txn *t);

/* Prints the record. RC_NOMEM, RC_CORRUPT, RC_IO ... */
enum rc show_print_json(struct show *s);
enum rc show_print_text(struct show *s);

/* Where the record has gone, or is about to go: a line, or the members "moved"
 * and "transfer"; show_move.c. */
enum rc show_move_text(struct show *s);
enum rc show_move_json(struct show *s, json_t *document);

/* Sets is_foreign: what is here of the record was taken over for a move that has
 * not come; it is another office's, and no value of it is shown. */
enum rc show_find_foreign(struct show *s);

/* "person", or "kind 17 (unknown here)"; in the arena. */
struct bytes show_kind_name(struct show *s);

/* The name of the record's home, in the arena. False: not known here. */
bool show_home(struct show *s, struct bytes *out);

/*
 * One value for people: "(cleared)", of a code whether it is closed, and of a
 * link also whether the record that it leads to is "(not here)" or
 * "(deleted)". In the arena or the record.
 */
enum rc show_item_text(struct show *s, const struct schema_field *f, const struct item *item,
		       struct bytes *out);

/* Sets "value" of an object; of a link that leads nowhere also "dangling" and
 * "target": "missing" or "deleted"; of a code that is closed "closed" and
 * "successor". */
enum rc show_item_json(struct show *s, const struct schema_field *f, const struct item *item,
		       json_t *object);

/* items[i] of a view as an object: the value, where it comes from, and of
 * registers "n" and "shown". Gives. */
enum rc show_sibling_json(struct show *s, const struct schema_field *f, const struct field_view *v,
			  uint32_t i, json_t **out);

/* Bytes that the schema here does not explain: text as it is, anything else
 * as hexadecimal digits. In the arena or borrowed. */
enum rc show_raw_text(struct bytes v, struct arena *a, struct bytes *out);
/* Sets "value" of an object if they are text, else "hex". */
enum rc show_raw_json(struct bytes v, struct arena *a, json_t *object);

/* Fields that are not in the schema here, as rows of the table of
 * show_print_text, and as a list. */
enum rc show_add_unknown(struct show *s, struct out_table *t);
enum rc show_put_unknown(struct show *s, json_t *document);

/* Who else uses its unique keys: lines for people, and members of a document;
 * *conflict when a record here does. */
enum rc show_print_shared(struct show *s);
enum rc show_put_shared(struct show *s, json_t *document, bool *conflict);

/* "70 values ...": what of the record is over a bound (bounds.h), in the
 * arena; length 0: nothing. */
enum rc show_oversize(struct show *s, struct bytes *out);

#endif

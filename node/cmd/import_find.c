#include "node/cmd/import_find.h"

#include <stdio.h>
#include <string.h>

#include "node/store/records.h"

/* Among the records that hold the key, the first that is not deleted, else
 * the first. RC_NOTFOUND: none does. */
static enum rc find_holder(const struct import_sheet *s, struct commit *c, const struct key *k,
			   struct uuid *out)
{
	struct unique_holder h, first;
	enum rc rc = unique_find(c->work->txn, k, NULL, &h);

	first = h;
	while (rc == RC_OK) {
		const struct record *r = work_record(c->work, s->kind->number, h.id);

		if (r == NULL) {
			return c->work->rc;
		}
		*out = h.id;
		if (!view_life(r).deleted) {
			return RC_OK;
		}
		*out = first.id;
		rc = unique_find(c->work->txn, k, &h, &h);
		if (rc == RC_NOTFOUND) {
			return RC_OK;
		}
	}
	return rc;
}

/* The end of an id, as lists print it. */
static const char *shorten(struct uuid id, char text[UUID_TEXT_LEN + 1])
{
	uuid_format(id, text);
	return strrchr(text, '-') + 1;
}

static enum rc reject_doubles(struct uuid a, struct uuid b, struct import_reject *why)
{
	char first[UUID_TEXT_LEN + 1], second[UUID_TEXT_LEN + 1], text[160];

	(void)snprintf(text, sizeof(text),
		       "several records have these values, two of them %s and %s",
		       shorten(a, first), shorten(b, second));
	return import_row_reject(why, bytes_of(""), text,
				 "name the one that is meant in a column id");
}

/* Whether a listed record still has the values, and how it stands. */
static enum rc judge_listed(const struct import_context *x, struct uuid id,
			    const uint8_t digest[UNIQUE_DIGEST_LEN], bool *holds, bool *deleted)
{
	const struct import_sheet *s = x->sheet;
	struct value_reader *r = x->reader;
	struct records_stamps stamps = { r->txn, r->store->info.centre_incarnation, r->arena };
	struct view_source source = records_source(&stamps);
	const struct record *rec = work_record(x->commit->work, s->kind->number, id);

	if (rec == NULL) {
		return x->commit->work->rc;
	}
	*deleted = view_life(rec).deleted;
	return import_lookup_holds(s, r->store, rec, &source, r->arena, digest, holds);
}

/* As find_holder, by fields that are no unique; but two records that are not
 * deleted leave open which one is meant. */
static enum rc find_listed(const struct import_context *x, const struct key *k, struct uuid *out,
			   struct import_reject *why)
{
	struct import_lookup_walk w = import_lookup_find(x->lookup, k->b);
	bool found = false, buried = false;
	struct uuid id;

	while (import_lookup_next(x->lookup, &w, &id)) {
		bool holds = false, deleted = false;
		enum rc rc = judge_listed(x, id, k->b, &holds, &deleted);

		if (rc != RC_OK) {
			return rc;
		}
		if (holds && !deleted && found) {
			return reject_doubles(*out, id, why);
		}
		if (holds && (!deleted || !(found || buried))) {
			*out = id;
			found = !deleted;
			buried = deleted;
		}
	}
	if (w.found == IMPORT_LOOKUP_SAME_MAX) {
		return import_row_reject(why, bytes_of(""),
					 "too many records have had these values",
					 "name the one that is meant in a column id");
	}
	return found || buried ? RC_OK : RC_NOTFOUND;
}

enum rc import_find(const struct import_context *x, const struct key *k, struct uuid *out,
		    struct import_reject *why)
{
	return x->sheet->looks_up ? find_listed(x, k, out, why) :
				    find_holder(x->sheet, x->commit, k, out);
}

/*
 * Whether a record fulfils an expression that somebody typed (--where).
 *
 *   match_begin -> { match_record } -> match.rc
 */
#ifndef KERWEN_MATCH_H
#define KERWEN_MATCH_H

/* The next step where --where is wrong. */
#define MATCH_HINT                                                                                 \
	"write it as city = \"Mary\" and year(born) >= 1990; fields: `kerwen schema show`"

#include "node/store/records.h"
#include "node/store/store.h"
#include "sync/expr.h"

struct match {
	const struct store *store;
	const struct expr *where;
	struct arena *arena;
	struct records_stamps stamps;
	struct view_source source; /* for others who look at the record, too */
	const struct record *record;
	enum rc rc; /* sticky: of what expressions ask for */
};

/*
 * Parses where (NULL: everything matches) for records of a kind. All lives in
 * a; m must stay where it is. RC_INVALID, RC_LIMIT, RC_NOMEM: e is filled in.
 */
enum rc match_begin(struct match *m, const struct store *s, struct kv_txn *t, struct arena *a,
		    const struct schema_kind *kind, const char *where, struct expr_error *e);

/* Whether the record is there, not deleted, and fulfils it. */
bool match_record(struct match *m, const struct record *r);

#endif

/* One run of verify, shared by its stages. Private to verify*.c. */
#ifndef KERWEN_VERIFY_RUN_H
#define KERWEN_VERIFY_RUN_H

#include "node/store/damage.h"
#include "node/store/key.h"
#include "node/store/records.h"
#include "node/store/replay.h"
#include "node/store/verify.h"

enum { VERIFY_DAMAGED_MAX = 1024 }; /* entries that one run can note */

/* Something damaged, to be noted at the end. */
struct verify_damaged {
	struct dot dot;
	enum damage_what what;
};

struct verify {
	struct store *store;
	const struct verify_options *options;
	struct verify_report report;
	struct kv_txn *txn;
	uint64_t txn_id, began_ms;
	bool marked;        /* a transaction was committed by somebody since it was cleared */
	bool repairs;       /* puts right what differs */
	bool writes;        /* transactions are writing ones */
	bool fresh;         /* a transaction began since it was cleared */
	bool touched;       /* something was put: cursors and bytes are not valid any more */
	bool dirty;         /* something was put since the transaction began */
	bool due;           /* the transaction is old */
	struct arena arena; /* for the thing at hand */
	struct replay replay;
	struct verify_scope *scopes; /* by number */
	uint32_t scopes_count, scopes_max;
	struct dot *heads; /* of the feeds when the run began, by feed */
	uint32_t heads_count, heads_max;
	struct verify_damaged *damaged; /* at most VERIFY_DAMAGED_MAX */
	uint32_t damaged_count;
	uint16_t *broken; /* scopes whose base is not the one that was signed */
	uint32_t broken_count;
	uint64_t done, total;
};

/* Reports something that differs. True: this run repairs, so put it right. */
bool verify_differs(struct verify *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reports that an entry, or what proves it, is damaged; it is noted when the
 * stage is over. */
void verify_damaged(struct verify *v, struct dot d, enum damage_what what);

/* Puts a row right, or takes it out, in a run that repairs. */
enum rc verify_put(struct verify *v, enum kv_table table, const struct key *k, struct bytes value);
enum rc verify_del(struct verify *v, enum kv_table table, const struct key *k);
/* Something was put right by other means. */
void verify_touch(struct verify *v);

/* Counts a step of progress. True: close what is open in the transaction, call
 * verify_renew, and open it again at the same place. */
bool verify_is_due(struct verify *v);

/* Begins another transaction if this one is old; the catalog may be a new one. */
enum rc verify_renew(struct verify *v);

/* Ends the transaction and begins another, that may write. */
enum rc verify_restart(struct verify *v, bool writes);

/* The stages. */
enum rc verify_feeds(struct verify *v);
enum rc verify_bases(struct verify *v);

/* What verify_bases found: whether the base of a scope is the one that the centre
 * signed. Of one that is not nothing is made anew. */
bool verify_base_is_sound(const struct verify *v, uint16_t scope);
/* Whether a base that is here stands for an entry: its rows are part of it. */
bool verify_is_below(const struct verify *v, struct dot d);

enum rc verify_cuts(struct verify *v);
enum rc verify_records(struct verify *v);
enum rc verify_dots(struct verify *v);
enum rc verify_indexes(struct verify *v);
enum rc verify_rest(struct verify *v);
enum rc verify_figures(struct verify *v);

/* Whether the change at a place of an applied entry is put aside. */
bool verify_is_quarantined(const struct verify *v, struct dot d, uint32_t place);

/* Makes a part of a record anew from its entries, and its rows of the table
 * `dot` with it (verify_mend.c). */
enum rc verify_mend_part(struct verify *v, uint16_t kind, struct uuid id, uint16_t scope);

/* "kind 01a2..." for messages; the buffer is the caller's. */
struct verify_name {
	char text[128];
};
struct verify_name verify_record_name(const struct verify *v, uint16_t kind, struct uuid id);

/* Calls each for every key of a table, transactions renewed. */
enum rc verify_walk_table(struct verify *v, enum kv_table table,
			  enum rc (*each)(struct verify *v, struct bytes key, struct bytes value));

/* Calls each for every record of a kind that can be read, transactions renewed.
 * last, if not NULL, is called before a transaction is renewed, with the last id
 * that was seen. */
struct verify_walker {
	void *ctx;
	enum rc (*each)(void *ctx, const struct record *r);
	enum rc (*before_renewal)(void *ctx, uint16_t kind, struct uuid last);
};
enum rc verify_walk_records(struct verify *v, uint16_t kind, const struct verify_walker *w);

#endif

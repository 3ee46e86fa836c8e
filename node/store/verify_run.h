/* One run of verify, shared by its stages. Private to verify*.c. */
#ifndef KERWEN_VERIFY_RUN_H
#define KERWEN_VERIFY_RUN_H

#include "node/store/records.h"
#include "node/store/replay.h"
#include "node/store/verify.h"

enum { VERIFY_SCOPES_MAX = 65536 };

struct verify {
	struct store *store;
	const struct verify_options *options;
	struct verify_report report;
	struct kv_txn *txn;
	uint64_t txn_id, began_ms;
	bool hold;          /* do not renew the transaction */
	bool marked;        /* a transaction was committed by somebody since it was cleared */
	struct arena arena; /* for the thing at hand */
	struct replay replay;
	struct verify_scope *scopes; /* by number */
	uint32_t scopes_count, scopes_max;
	uint64_t done, total;
};

/* Reports something that differs. */
void verify_differs(struct verify *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Counts a step of progress. True: the transaction is old; close what is open
 * in it and call verify_renew. */
bool verify_is_due(struct verify *v);

/* Begins another transaction; the catalog may be a new one. */
enum rc verify_renew(struct verify *v);

/* The stages. */
enum rc verify_feeds(struct verify *v);
enum rc verify_records(struct verify *v);
enum rc verify_indexes(struct verify *v);
enum rc verify_figures(struct verify *v);

/* "kind 01a2..." for messages; the buffer is the caller's. */
struct verify_name {
	char text[128];
};
struct verify_name verify_record_name(const struct verify *v, uint16_t kind, struct uuid id);

#endif

/*
 * Writing entries into this node's own feeds: the lower half of commit.h and
 * of the centre's cuts.
 *
 *   author_begin -> { author_open, author_add | author_cut } -> author_finish
 *
 * All entries of one author belong to one commit. The dot of a change is
 * known when it is added; headers, which name the last entry of every scope,
 * are written at the end. The first entry in a scope begins its feed.
 */
#ifndef KERWEN_AUTHOR_H
#define KERWEN_AUTHOR_H

#include "node/store/work.h"
#include "sync/entry.h"

struct author_entry; /* one entry being filled */

/* Whose words entries say again (struct header, is_carried). */
struct author_origin {
	uint16_t office;
	int64_t time_ms;
	struct bytes author; /* stands in the header in place of this author */
};

struct author_scope {
	uint16_t scope;
	uint64_t seen_centre;
	struct feed_state state; /* before the commit */
	struct author_entry *first, *last;
	uint32_t entries_count;
	/* Of the changes that are added from now on; NULL: this author's own.
	 * Entries keep to one. Borrowed until author_finish. */
	const struct author_origin *origin;
};

struct author {
	struct work *work;
	struct bytes name, reason; /* borrowed */
	int64_t time_ms;
	uint64_t commit;
	uint32_t epoch_incarnation; /* what of the nation was in force */
	uint64_t epoch_seq;
	bool has_base;
	struct uuid base_id;
	struct author_scope *scopes; /* in order of opening */
	uint32_t scopes_count;
	/* What a feed that begins continues; NULL: all that is here. */
	enum rc (*follows)(void *ctx, uint16_t scope, struct arena *a, struct cut **out,
			   uint32_t *count);
	void *follows_ctx;
};

/* RC_LIMIT: name or reason is too long. */
enum rc author_begin(struct author *a, struct work *w, struct bytes name, struct bytes reason);

/* The scope's entries; opened when it is first asked for. Borrowed until
 * author_finish. RC_LIMIT: too many scopes. */
enum rc author_open(struct author *a, uint16_t scope, struct author_scope **out);

/*
 * Adds an encoded change, copied. touches: it has a life. apart: not into an
 * entry that has changes already (of the same record). Gives the dot that
 * names it, and its place among the entry's changes.
 * RC_LIMIT: larger than an entry, or too many entries.
 */
enum rc author_add(struct author *a, struct author_scope *s, struct bytes change, bool touches,
		   bool apart, struct dot *out, uint32_t *place);

/* Adds an entry that only holds cuts (the centre). cuts are borrowed until
 * author_finish. */
enum rc author_cut(struct author *a, struct author_scope *s, const struct cut *cuts, uint32_t count,
		   struct dot *out);

/* Adds an entry that only states a floor (the centre). */
enum rc author_floor(struct author *a, struct author_scope *s, const struct base_point *floor,
		     struct dot *out);

/* The commit is what somebody did before: his name, time, epoch and base id
 * (reissue.h). h must outlive the author. */
void author_act_for(struct author *a, const struct header *h);

/* Begins an entry of the scope that replaces another; what is added next goes
 * into it. Gives its dot. */
enum rc author_replace(struct author *a, struct author_scope *s, const struct cut *old,
		       struct dot *out);
/* Adds an entry that only holds rulings (the centre). They are borrowed until
 * author_finish. */
enum rc author_judge(struct author *a, struct author_scope *s, const struct ruling *rulings,
		     uint32_t count, struct dot *out);

/* Writes all entries and moves the feeds' heads; they count as applied. */
enum rc author_finish(struct author *a);

/* The number of this node's last commit; 0 before the first. */
enum rc author_last_commit(struct kv_txn *t, uint64_t *out);

/* This node's time for all entries of one work: at the centre never before
 * its last. */
enum rc author_time(struct work *w, int64_t *out);

#endif

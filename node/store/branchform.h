/*
 * Versions that somebody took down before entries of this office were set aside
 * (setaside.h): past the fork they name others now.
 */
#ifndef KERWEN_BRANCHFORM_H
#define KERWEN_BRANCHFORM_H

#include "node/store/store.h"
#include "sync/view.h"

/*
 * Lowers what a version names of a branch that was set aside to what is still
 * there: what came since in these places was not seen, nor what was issued again,
 * unless the version names that, too. r: the record as it stands. The dots of the
 * version are changed in place. RC_NOMEM, or what the store answered.
 */
enum rc branchform_settle(const struct store *s, struct kv_txn *t, const struct record *r,
			  struct arena *a, struct vv *version);

#endif

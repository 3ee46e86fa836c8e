/*
 * Ordered keys with values, as a persistent tree: whoever holds a root keeps
 * seeing what it holds, whatever others change. Copying a tree is taking a
 * reference, so snapshots, aborts and clones cost nothing.
 *
 * It is a treap whose priorities are a hash of the key: the same keys give the
 * same shape, and no chance is asked. What only one root can reach is changed
 * in place, everything else is copied on the way down.
 *
 * Roots may be held by several threads; one root belongs to one at a time.
 * Running out of memory ends the program.
 */
#ifndef KERWEN_PTREE_H
#define KERWEN_PTREE_H

#include "sync/bytes.h"

struct ptree_node;

struct ptree {
	struct ptree_node *root; /* NULL: empty */
	uint64_t count;
	uint64_t bytes; /* of keys and values */
};

/* A key and its value; borrowed from the tree, valid while a root holds it. */
struct ptree_item {
	struct bytes key, value;
};

/* Another hold on the same content. Gives; ptree_drop ends it. */
struct ptree ptree_hold(const struct ptree *t);
void ptree_drop(struct ptree *t);

/* Puts or replaces. Copies both. */
void ptree_put(struct ptree *t, struct bytes key, struct bytes value);
/* Deletes; fine when there is none. */
void ptree_del(struct ptree *t, struct bytes key);

/* False: there is none. Exactly this key; the first one >= or > it; the last
 * one <= it. */
bool ptree_find(const struct ptree *t, struct bytes key, struct ptree_item *out);
bool ptree_first_from(const struct ptree *t, struct bytes key, struct ptree_item *out);
bool ptree_first_after(const struct ptree *t, struct bytes key, struct ptree_item *out);
bool ptree_last_to(const struct ptree *t, struct bytes key, struct ptree_item *out);

#endif

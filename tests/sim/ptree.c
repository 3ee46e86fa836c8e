#include "ptree.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key with its value; never changed once it is made. */
struct pair {
	_Atomic uint32_t refs;
	uint32_t key_len, value_len;
	uint64_t priority;
	uint8_t bytes[]; /* the key, then the value */
};

struct ptree_node {
	_Atomic uint32_t refs;
	struct ptree_node *left, *right;
	struct pair *pair;
};

static void *take(size_t len)
{
	void *p = malloc(len);

	if (p == NULL) {
		(void)fputs("ptree: out of memory\n", stderr);
		abort();
	}
	return p;
}

/* FNV-1a, then mixed so that neighbouring keys differ in the high bits too. */
static uint64_t priority_of(struct bytes key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < key.len; i++) {
		h = (h ^ key.p[i]) * UINT64_C(0x100000001b3);
	}
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static struct pair *make_pair(struct bytes key, struct bytes value)
{
	struct pair *p = take(sizeof(*p) + key.len + value.len);

	atomic_init(&p->refs, 1);
	p->key_len = (uint32_t)key.len;
	p->value_len = (uint32_t)value.len;
	p->priority = priority_of(key);
	memcpy(p->bytes, key.p, key.len);
	if (value.len > 0) {
		memcpy(p->bytes + key.len, value.p, value.len);
	}
	return p;
}

static void drop_pair(struct pair *p)
{
	if (atomic_fetch_sub(&p->refs, 1) == 1) {
		free(p);
	}
}

static struct ptree_node *hold(struct ptree_node *n)
{
	if (n != NULL) {
		(void)atomic_fetch_add(&n->refs, 1);
	}
	return n;
}

static void drop(struct ptree_node *n)
{
	while (n != NULL && atomic_fetch_sub(&n->refs, 1) == 1) {
		struct ptree_node *right = n->right;

		drop(n->left);
		drop_pair(n->pair);
		free(n);
		n = right;
	}
}

static struct ptree_node *make_node(struct pair *p)
{
	struct ptree_node *n = take(sizeof(*n));

	atomic_init(&n->refs, 1);
	n->left = n->right = NULL;
	n->pair = p;
	return n;
}

/* The node itself if nobody else can reach it, else a copy in its place. */
static struct ptree_node *own(struct ptree_node *n)
{
	struct ptree_node *copy = NULL;

	if (atomic_load(&n->refs) == 1) {
		return n;
	}
	(void)atomic_fetch_add(&n->pair->refs, 1);
	copy = make_node(n->pair);
	copy->left = hold(n->left);
	copy->right = hold(n->right);
	drop(n);
	return copy;
}

static struct bytes key_of(const struct pair *p)
{
	return bytes_at(p->bytes, p->key_len);
}

static int compare(struct bytes key, const struct ptree_node *n)
{
	return bytes_compare(key, key_of(n->pair));
}

/* The child becomes the parent; all three are owned. */
static struct ptree_node *rotate_right(struct ptree_node *n)
{
	struct ptree_node *up = n->left;

	n->left = up->right;
	up->right = n;
	return up;
}

static struct ptree_node *rotate_left(struct ptree_node *n)
{
	struct ptree_node *up = n->right;

	n->right = up->left;
	up->left = n;
	return up;
}

/* Takes n and p; *old is what p replaced. */
static struct ptree_node *insert(struct ptree_node *n, struct pair *p, struct pair **old)
{
	int order;

	if (n == NULL) {
		return make_node(p);
	}
	n = own(n);
	order = compare(key_of(p), n);
	if (order == 0) {
		*old = n->pair;
		n->pair = p;
	} else if (order < 0) {
		n->left = insert(n->left, p, old);
		return n->left->pair->priority > n->pair->priority ? rotate_right(n) : n;
	} else {
		n->right = insert(n->right, p, old);
		return n->right->pair->priority > n->pair->priority ? rotate_left(n) : n;
	}
	return n;
}

/* All of a stands before all of b. Takes both. */
static struct ptree_node *join(struct ptree_node *a, struct ptree_node *b)
{
	if (a == NULL || b == NULL) {
		return a == NULL ? b : a;
	}
	if (a->pair->priority > b->pair->priority) {
		a = own(a);
		a->right = join(a->right, b);
		return a;
	}
	b = own(b);
	b->left = join(a, b->left);
	return b;
}

/* The key is there. Takes n. */
static struct ptree_node *cut_out(struct ptree_node *n, struct bytes key)
{
	int order = 0;

	n = own(n);
	order = compare(key, n);
	if (order < 0) {
		n->left = cut_out(n->left, key);
	} else if (order > 0) {
		n->right = cut_out(n->right, key);
	} else {
		struct ptree_node *rest = join(hold(n->left), hold(n->right));

		drop(n);
		return rest;
	}
	return n;
}

struct ptree ptree_hold(const struct ptree *t)
{
	(void)hold(t->root);
	return *t;
}

void ptree_drop(struct ptree *t)
{
	drop(t->root);
	*t = (struct ptree){ NULL, 0, 0 };
}

void ptree_put(struct ptree *t, struct bytes key, struct bytes value)
{
	struct pair *old = NULL;

	t->root = insert(t->root, make_pair(key, value), &old);
	t->count += old == NULL;
	t->bytes += key.len + value.len;
	if (old != NULL) {
		t->bytes -= (uint64_t)old->key_len + old->value_len;
		drop_pair(old);
	}
}

void ptree_del(struct ptree *t, struct bytes key)
{
	struct ptree_item item;

	if (ptree_find(t, key, &item)) {
		t->bytes -= item.key.len + item.value.len;
		t->count--;
		t->root = cut_out(t->root, key);
	}
}

static bool give(const struct ptree_node *n, struct ptree_item *out)
{
	if (n != NULL) {
		out->key = key_of(n->pair);
		out->value = bytes_at(n->pair->bytes + n->pair->key_len, n->pair->value_len);
	}
	return n != NULL;
}

bool ptree_find(const struct ptree *t, struct bytes key, struct ptree_item *out)
{
	const struct ptree_node *n = t->root;
	int order = 1;

	while (n != NULL && (order = compare(key, n)) != 0) {
		n = order < 0 ? n->left : n->right;
	}
	return give(n, out);
}

/* The first key with compare(key, it) <= bound: 0 for >=, -1 for >. */
static bool find_above(const struct ptree *t, struct bytes key, int bound, struct ptree_item *out)
{
	const struct ptree_node *n = t->root, *best = NULL;

	while (n != NULL) {
		int order = compare(key, n);
		bool fits = order < 0 || (order == 0 && bound == 0);

		best = fits ? n : best;
		n = fits ? n->left : n->right;
	}
	return give(best, out);
}

bool ptree_first_from(const struct ptree *t, struct bytes key, struct ptree_item *out)
{
	return find_above(t, key, 0, out);
}

bool ptree_first_after(const struct ptree *t, struct bytes key, struct ptree_item *out)
{
	return find_above(t, key, -1, out);
}

bool ptree_last_to(const struct ptree *t, struct bytes key, struct ptree_item *out)
{
	const struct ptree_node *n = t->root, *best = NULL;

	while (n != NULL) {
		bool fits = compare(key, n) >= 0;

		best = fits ? n : best;
		n = fits ? n->right : n->left;
	}
	return give(best, out);
}

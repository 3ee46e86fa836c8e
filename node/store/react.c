#include "node/store/react.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/store/builtin.h"
#include "node/store/react_move.h"
#include "node/store/react_unique.h"

struct react_name {
	uint8_t type;
	uint8_t kind[2];
	struct uuid id;
	uint8_t feed[8], seq[8], place[4]; /* of the change, or 0 */
};

/* Tasks outlive the flushes that leave them, and so the arena. */
struct react_task {
	struct react_name name;
	UT_hash_handle hh;
};

static void put_number(uint8_t *to, size_t len, uint64_t v)
{
	while (len > 0) {
		to[--len] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t get_number(const uint8_t *from, size_t len)
{
	uint64_t v = 0;

	while (len-- > 0) {
		v = v << 8 | *from++;
	}
	return v;
}

static struct react_name name_of(enum react_type type, const struct react_change *c)
{
	struct react_name name = { .type = (uint8_t)type, .id = c->id };

	put_number(name.kind, sizeof(name.kind), c->kind);
	put_number(name.feed, sizeof(name.feed), c->dot.feed);
	put_number(name.seq, sizeof(name.seq), c->dot.seq);
	put_number(name.place, sizeof(name.place), c->place);
	return name;
}

static struct react_task *find(const struct work *w, const struct react_name *name)
{
	struct react_task *task = NULL;

	HASH_FIND(hh, w->tasks, name, sizeof(*name), task);
	return task;
}

static enum rc ask(struct work *w, enum react_type type, const struct react_change *c)
{
	struct react_name name = name_of(type, c);
	struct react_task *task = NULL;

	if (!w->store->info.is_centre || find(w, &name) != NULL) {
		return RC_OK;
	}
	task = calloc(1, sizeof(*task));
	if (task == NULL) {
		return RC_NOMEM;
	}
	task->name = name;
	HASH_ADD(hh, w->tasks, name, sizeof(task->name), task);
	return RC_OK;
}

enum rc react_ask(struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_change c = { .kind = kind, .id = id };

	return ask(w, type, &c);
}

/* Whether the author had seen that the record left this part. */
static bool has_seen_mark(const struct part *p, const struct seen *seen)
{
	const struct part_field *f = part_find(p, FIELD_HOME, CLASS_REGISTER);
	uint32_t i;

	for (i = 0; f != NULL && i < f->items_count; i++) {
		if (feed_office(f->items[i].dot.feed) == 0 &&
		    seen->covers(seen->ctx, f->items[i].dot)) {
			return true;
		}
	}
	return false;
}

enum rc react_watch(struct work *w, const struct record *r, uint32_t part, const struct change *c,
		    struct dot e, uint32_t place, const struct seen *seen)
{
	struct react_change change = { c->kind, c->id, e, place };

	if (!w->store->info.is_centre) {
		return RC_OK;
	}
	if (c->kind == BUILTIN_TRANSFER) {
		return react_ask(w, REACT_MOVE, c->kind, c->id);
	}
	if (r->parts[part].left && feed_office(e.feed) != 0 &&
	    !has_seen_mark(&r->parts[part].part, seen)) {
		return ask(w, REACT_STRAY, &change);
	}
	return RC_OK;
}

/* Takes a task out of the list. */
static struct react_name take(struct work *w, struct react_task *task, uint16_t *kind)
{
	struct react_name name = task->name;

	HASH_DEL(w->tasks, task);
	free(task);
	*kind = (uint16_t)(name.kind[0] << 8 | name.kind[1]);
	return name;
}

bool react_take_back(struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_change c = { .kind = kind, .id = id };
	struct react_name name = name_of(type, &c);
	struct react_task *task = find(w, &name);

	if (task == NULL) {
		return false;
	}
	(void)take(w, task, &kind);
	return true;
}

bool react_take(struct work *w, enum react_type type, uint16_t *kind, struct uuid *id)
{
	bool is_there = w->tasks != NULL && w->tasks->name.type == (uint8_t)type;

	if (is_there) {
		*id = take(w, w->tasks, kind).id;
	}
	return is_there;
}

/* Tasks that stand for many become those, so that each is done once. */
static enum rc spread(struct work *w)
{
	struct react_task *task = NULL, *next = NULL;
	enum rc rc = RC_OK;

	HASH_ITER(hh, w->tasks, task, next)
	{
		if (rc == RC_OK && task->name.type == REACT_UNIQUE_ALL) {
			uint16_t kind = 0;
			struct uuid id = take(w, task, &kind).id;

			rc = react_unique_spread(w, kind, id);
		}
	}
	return rc;
}

/* Takes the first task, with the change that it is about. */
static struct react_change take_change(struct work *w)
{
	struct react_change c = { .kind = 0 };
	struct react_name name = take(w, w->tasks, &c.kind);

	c.id = name.id;
	c.dot.feed = get_number(name.feed, sizeof(name.feed));
	c.dot.seq = get_number(name.seq, sizeof(name.seq));
	c.place = (uint32_t)get_number(name.place, sizeof(name.place));
	return c;
}

/* Does the first task, and those of its type behind it if that saves work. */
static enum rc do_tasks(struct work *w, enum react_type type)
{
	struct react_change c;

	switch (type) {
	case REACT_UNIQUE:
		return react_unique_run(w);
	case REACT_UNIQUE_ALL:
		return RC_OK; /* none is left */
	case REACT_MOVE:
		return react_move(w, take_change(w).id);
	case REACT_STRAY:
		c = take_change(w);
		return react_stray(w, &c);
	case REACT_TYPES:
		break;
	}
	return RC_INVALID;
}

enum rc react_run(struct work *w)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && w->tasks != NULL) {
		rc = spread(w);
		if (rc == RC_OK && w->tasks != NULL) {
			rc = do_tasks(w, (enum react_type)w->tasks->name.type);
		}
		if (rc == RC_OK) {
			rc = work_flush(w);
		}
	}
	return rc;
}

void react_forget(struct work *w)
{
	struct react_task *task = NULL, *next = NULL;

	HASH_ITER(hh, w->tasks, task, next)
	{
		HASH_DEL(w->tasks, task);
		free(task);
	}
}

#include "node/store/react.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "node/store/react_unique.h"

struct react_name {
	uint8_t type;
	uint8_t kind[2];
	struct uuid id;
};

/* Tasks outlive the flushes that leave them, and so the arena. */
struct react_task {
	struct react_name name;
	UT_hash_handle hh;
};

static struct react_name name_of(enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_name name = { .type = (uint8_t)type,
				   .kind = { (uint8_t)(kind >> 8), (uint8_t)kind },
				   .id = id };
	return name;
}

bool react_is_asked(const struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_name name = name_of(type, kind, id);
	const struct react_task *task = NULL;

	HASH_FIND(hh, w->tasks, &name, sizeof(name), task);
	return task != NULL;
}

enum rc react_ask(struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_name name = name_of(type, kind, id);
	struct react_task *task = NULL;

	if (!w->store->info.is_centre || react_is_asked(w, type, kind, id)) {
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

/* Takes a task out of the list. */
static struct react_name take(struct work *w, struct react_task *task, uint16_t *kind)
{
	struct react_name name = task->name;

	HASH_DEL(w->tasks, task);
	free(task);
	*kind = (uint16_t)(name.kind[0] << 8 | name.kind[1]);
	return name;
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

/* Does the first task, and those of its type behind it if that saves work. */
static enum rc do_tasks(struct work *w, enum react_type type)
{
	switch (type) {
	case REACT_UNIQUE:
		return react_unique_run(w);
	case REACT_UNIQUE_ALL:
		return RC_OK; /* none is left */
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

#include "node/store/react.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

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

enum rc react_ask(struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	struct react_name name = { .type = (uint8_t)type,
				   .kind = { (uint8_t)(kind >> 8), (uint8_t)kind },
				   .id = id };
	struct react_task *task = NULL;

	if (!w->store->info.is_centre) {
		return RC_OK;
	}
	HASH_FIND(hh, w->tasks, &name, sizeof(name), task);
	if (task != NULL) {
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

static enum rc do_task(struct work *w, enum react_type type, uint16_t kind, struct uuid id)
{
	(void)w;
	(void)kind;
	(void)id;
	switch (type) {
	case REACT_TYPES:
		break;
	}
	return RC_INVALID;
}

enum rc react_run(struct work *w)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && w->tasks != NULL) {
		struct react_task *task = w->tasks;
		struct react_name name = task->name;

		HASH_DEL(w->tasks, task);
		free(task);
		rc = do_task(w, (enum react_type)name.type,
			     (uint16_t)(name.kind[0] << 8 | name.kind[1]), name.id);
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

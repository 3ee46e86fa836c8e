/*
 * --if-version: the form that an author had looked at. A change that carries
 * one replaces only what it shows; so it must be one that this node gave out.
 */
#include "node/cmd/edit.h"
#include "node/store/branchform.h"
#include "node/store/replay.h"

static uint32_t count_dots(const struct record *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->parts_count; i++) {
		n += r->parts[i].part.vector.count;
	}
	return n;
}

static bool equals_version(const struct record *r, const struct vv *form)
{
	uint32_t i, k;

	for (i = 0; i < r->parts_count; i++) {
		const struct vv *v = &r->parts[i].part.vector;

		for (k = 0; k < v->count; k++) {
			if (vv_get(form, v->dots[k].feed) != v->dots[k].seq) {
				return false;
			}
		}
	}
	return form->count == count_dots(r);
}

static int refuse(struct edit *e, const char *text)
{
	return cmd_fail(e->c, CMD_USAGE, "take the version that `kerwen show` prints", "%s", text);
}

static enum rc look_back(struct edit *e, const struct record *r, bool *had)
{
	struct replay p = { .txn = e->commit.work->txn };
	enum rc rc = replay_had(&p, r, &e->draft.form, &e->node.scratch, had);

	replay_close(&p);
	return rc;
}

int edit_read_form(struct edit *e)
{
	const char *text = cmd_option(e->args, "if-version");
	struct vv *form = &e->draft.form;
	const struct record *r = NULL;
	enum rc rc = RC_OK;
	bool had = true;
	int code = CMD_OK;

	if (text == NULL) {
		return CMD_OK;
	}
	r = edit_record(e, &code);
	if (r == NULL) {
		return code;
	}
	form->max = count_dots(r);
	form->dots = arena_take(&e->node.scratch, form->max * sizeof(*form->dots));
	rc = form->dots == NULL ? RC_NOMEM : vv_parse(bytes_of(text), form);
	if (rc == RC_NOMEM) {
		return open_fail(e->c, rc, "it cannot be read");
	}
	if (rc == RC_INVALID) {
		return refuse(e, "--if-version: this is not a version");
	}
	if (rc == RC_OK) {
		rc = branchform_settle(e->node.store, e->commit.work->txn, r, &e->node.scratch,
				       form);
	}
	e->draft.has_form = rc == RC_OK && !equals_version(r, form);
	if (e->draft.has_form) {
		rc = look_back(e, r, &had);
	}
	if (rc != RC_OK && rc != RC_LIMIT) {
		return open_fail(e->c, rc, "it cannot be read");
	}
	if (rc == RC_LIMIT || !had) {
		return refuse(e, "--if-version: this record never had this version here");
	}
	return CMD_OK;
}

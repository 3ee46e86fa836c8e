/*
 * --if-version: the form that an author had looked at. A change that carries
 * one replaces only what it shows; so it must be one that this node gave out.
 */
#include "node/cmd/edit.h"
#include "node/store/key.h"

/* Whether an entry touched the record: then it is the last one of its feed, or
 * the index has it. */
static bool is_touch(struct edit *e, const struct record *r, struct dot d)
{
	struct key k = key_record_dot(r->kind_number, r->id, d);
	struct bytes v;
	uint32_t i;

	for (i = 0; i < r->parts_count; i++) {
		if (vv_get(&r->parts[i].part.vector, d.feed) == d.seq) {
			return true;
		}
	}
	return kv_get(e->commit.work->txn, KV_DOT, key_bytes(&k), &v) == RC_OK;
}

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

int edit_read_form(struct edit *e)
{
	const char *text = cmd_option(e->args, "if-version");
	struct vv *form = &e->draft.form;
	const struct record *r = NULL;
	enum rc rc = RC_OK;
	uint32_t i;
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
	/* Every version has a dot, and every dot touched the record. */
	rc = rc == RC_OK && form->count == 0 ? RC_LIMIT : rc;
	for (i = 0; rc == RC_OK && i < form->count; i++) {
		rc = is_touch(e, r, form->dots[i]) ? RC_OK : RC_LIMIT;
	}
	if (rc != RC_OK) {
		return refuse(e, "--if-version: this record never had this version here");
	}
	e->draft.has_form = !equals_version(r, form);
	return CMD_OK;
}

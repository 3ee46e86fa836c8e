#include "node/cmd/verdict.h"

#include <string.h>

#include "node/cmd/open.h"
#include "node/cmd/value_arg.h"
#include "node/store/doubles.h"

enum { OPS_MAX = 2 };

/* The two records and what becomes of them. */
struct say {
	struct cmd_context *c;
	enum verdict verdict;
	struct cmd_node node;
	struct author_arg author;
	struct commit commit;
	bool began; /* the commit is under way */
	const struct schema_kind *kind;
	struct uuid ids[2];
	bool is_gone[2];
	bool reverses; /* it takes back what was said before */
	bool changes, settles;
	bool hangs_on; /* they are linked over others */
};

static int fail_read(struct say *s, const struct value_reader *r, enum rc rc)
{
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		return cmd_fail(s->c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, r->hint, "%s",
				r->text);
	}
	return open_fail(s->c, rc, "it cannot be read");
}

static int find_records(struct say *s, const struct cmd_args *args)
{
	const struct schema *schema = &s->node.store->catalog->schema;
	struct value_reader r =
		value_arg_reader(s->node.store, s->commit.work->txn, &s->node.scratch, NULL);
	uint16_t kinds[2] = { 0, 0 };
	enum rc rc = RC_OK;
	unsigned i;

	for (i = 0; i < 2 && rc == RC_OK; i++) {
		rc = value_arg_record(&r, bytes_of(args->words[i]), &kinds[i], &s->ids[i]);
	}
	if (rc != RC_OK) {
		return fail_read(s, &r, rc);
	}
	s->kind = schema_kind_by_number(schema, kinds[0]);
	if (s->kind == NULL) {
		return cmd_fail(s->c, CMD_SCHEMA, "sync: a newer schema may be waiting",
				"the kind of this record is not in the schema here");
	}
	if (kinds[0] != kinds[1]) {
		return cmd_fail(s->c, CMD_USAGE, "give two records of one kind",
				"%s and %s: these are records of different kinds", args->words[0],
				args->words[1]);
	}
	if (uuid_equal(s->ids[0], s->ids[1])) {
		return cmd_fail(s->c, CMD_USAGE, "give two records",
				"%s and %s: this is one record", args->words[0], args->words[1]);
	}
	if (!s->kind->doubles.is_set) {
		return cmd_fail(s->c, CMD_USAGE,
				"the kinds that can are those with doubles in `kerwen schema show`",
				"records of the kind %s cannot be linked", s->kind->name);
	}
	return CMD_OK;
}

/* How they stand before anything is written. */
static int look(struct say *s)
{
	const struct schema_field *f = s->verdict == VERDICT_LINK ?
					       schema_doubles_different(s->kind) :
					       schema_doubles_same(s->kind);
	unsigned i;

	for (i = 0; i < 2; i++) {
		const struct record *r = work_record(s->commit.work, s->kind->number, s->ids[i]);
		struct record_life life;

		if (r == NULL) {
			return open_fail(s->c, s->commit.work->rc, "it cannot be read");
		}
		life = view_life(r);
		s->is_gone[i] = life.deleted && !life.conflict;
		s->reverses = s->reverses || doubles_names(r, f, s->ids[1 - i]);
	}
	return CMD_OK;
}

static struct draft_op op_of(const struct schema_field *f, enum op_code code,
			     const struct uuid *other)
{
	struct draft_op op = { f, code, bytes_at(other->b, UUID_LEN) };
	return op;
}

/* The operations on one record; those that change nothing write nothing. */
static uint32_t choose_ops(const struct say *s, const struct uuid *other,
			   struct draft_op ops[OPS_MAX])
{
	const struct schema_field *same = schema_doubles_same(s->kind);
	const struct schema_field *different = schema_doubles_different(s->kind);

	switch (s->verdict) {
	case VERDICT_LINK:
		ops[0] = op_of(different, OP_SET_REMOVE, other);
		ops[1] = op_of(same, OP_SET_ADD, other);
		return 2;
	case VERDICT_UNLINK:
		ops[0] = op_of(same, OP_SET_REMOVE, other);
		return 1;
	case VERDICT_NOT_SAME:
		ops[0] = op_of(same, OP_SET_REMOVE, other);
		ops[1] = op_of(different, OP_SET_ADD, other);
		return 2;
	}
	return 0;
}

static int refuse_draft(struct say *s, unsigned i, const struct draft_result *why, enum rc rc)
{
	char id[UUID_TEXT_LEN + 1];
	const char *hint = why->hint;

	if (!commit_is_refusal(rc) || why->text[0] == '\0') {
		return open_fail(s->c, rc, "it cannot be written");
	}
	if (rc == RC_DENIED && !s->is_gone[i]) {
		hint = "the centre can do it, or the office that both records are of";
	}
	uuid_format(s->ids[i], id);
	return cmd_fail(s->c, rc == RC_INVALID ? CMD_USAGE : CMD_FAILED, hint, "%s: %s", id,
			why->text);
}

/* A deleted record is not brought back by what is said of it: a link goes from
 * the other side alone, which is enough. */
static int write_both(struct say *s)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct draft_op ops[OPS_MAX];
		struct draft d = { .act = DRAFT_EDIT,
				   .kind = s->kind,
				   .id = s->ids[i],
				   .ops = ops,
				   .ops_count = choose_ops(s, &s->ids[1 - i], ops),
				   .adds_anew = s->reverses,
				   .keep_deleted = true };
		struct draft_result result;
		enum rc rc = RC_OK;

		if (s->verdict == VERDICT_UNLINK && s->is_gone[i] && !s->is_gone[1 - i]) {
			continue;
		}
		rc = commit_add(&s->commit, &d, &result);
		if (rc != RC_OK) {
			return refuse_draft(s, i, &result, rc);
		}
		s->changes = s->changes || result.outcome != DRAFT_UNCHANGED;
		s->settles = s->settles || result.settled;
	}
	return CMD_OK;
}

static int end(struct say *s)
{
	const struct record *r = work_record(s->commit.work, s->kind->number, s->ids[0]);
	enum rc rc = r == NULL ? s->commit.work->rc :
				 work_group_has(s->commit.work, r, s->ids[1], &s->hangs_on);

	if (rc == RC_OK) {
		s->began = false;
		rc = commit_end(&s->commit);
	}
	if (rc == RC_OK && s->changes) {
		open_poke(s->c);
	}
	return rc == RC_OK ? CMD_OK : open_fail(s->c, rc, "it cannot be written");
}

static int print_json(const struct say *s, char ids[2][UUID_TEXT_LEN + 1])
{
	static const char *const states[] = { "linked", "unlinked", "not-same" };
	json_t *document = out_document();

	if (json_object_set_new(document, "kind", json_string(s->kind->name)) != 0 ||
	    json_object_set_new(document, "ids", json_pack("[s, s]", ids[0], ids[1])) != 0 ||
	    json_object_set_new(document, "state", json_string(states[s->verdict])) != 0 ||
	    json_object_set_new(document, "changed", json_boolean(s->changes)) != 0) {
		json_decref(document);
		document = NULL;
	}
	return (int)cmd_exit_of(out_json(s->c->out, document));
}

static void print_notes(const struct say *s)
{
	if (s->reverses && s->verdict == VERDICT_LINK) {
		out_note(s->c->out, "note: they were said to be not the same; this takes it back");
	}
	if (s->reverses && s->verdict == VERDICT_NOT_SAME) {
		out_note(s->c->out, "note: they were said to be the same; this takes it back");
	}
	if (s->hangs_on && s->verdict != VERDICT_LINK) {
		out_note(s->c->out, "note: they still count as one, over other records that are "
				    "linked with both; see `kerwen duplicates --linked`");
	}
	if (s->settles) {
		out_note(s->c->out, "note: this settles an open conflict: deleted, but edited");
	}
}

static int print(const struct say *s)
{
	static const char *const texts[] = { "linked %s and %s", "unlinked %s and %s",
					     "%s and %s are not the same" };
	char ids[2][UUID_TEXT_LEN + 1];
	int code = CMD_OK;

	uuid_format(s->ids[0], ids[0]);
	uuid_format(s->ids[1], ids[1]);
	if (s->c->out->json) {
		code = print_json(s, ids);
	} else if (s->changes) {
		out_line(s->c->out, texts[s->verdict], ids[0], ids[1]);
	} else {
		out_line(s->c->out, "unchanged %s and %s", ids[0], ids[1]);
	}
	print_notes(s);
	return code;
}

static int start(struct say *s, const struct cmd_args *args)
{
	int code = author_arg_get(s->c, args, &s->author);
	enum rc rc = RC_OK;

	if (code == CMD_OK) {
		code = open_node(s->c, &s->node);
	}
	if (code == CMD_OK) {
		rc = commit_begin(&s->commit, s->node.store, s->author.name, s->author.reason);
		s->began = rc == RC_OK;
		code = rc == RC_OK ? CMD_OK : open_fail(s->c, rc, "it cannot be written");
	}
	return code;
}

int verdict_run(struct cmd_context *c, const struct cmd_args *args, enum verdict verdict)
{
	struct say s = { .c = c, .verdict = verdict };
	int code = start(&s, args);

	if (code == CMD_OK) {
		code = find_records(&s, args);
	}
	if (code == CMD_OK) {
		code = look(&s);
	}
	if (code == CMD_OK) {
		code = write_both(&s);
	}
	if (code == CMD_OK) {
		code = end(&s);
	}
	if (code == CMD_OK) {
		code = print(&s);
	}
	if (s.began) {
		commit_abort(&s.commit);
	}
	open_close(&s.node);
	return code;
}

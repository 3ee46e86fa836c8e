#include "node/cmd/code_label.h"

#include "node/base/fold.h"

/* How much two texts may differ. */
struct strength {
	enum rc (*fold)(struct bytes in, struct arena *a, struct bytes *out);
	bool in_use; /* codes that are, or those that are not */
};

/* Whether a code is called so in one of the languages. */
static enum rc is_called(const struct schema_code *c, struct bytes wanted, const struct strength *s,
			 struct arena *scratch, bool *out)
{
	size_t mark = arena_mark(scratch);
	enum rc rc = RC_OK;
	uint32_t i;

	*out = false;
	for (i = 0; i < SCHEMA_LABELS && rc != RC_NOMEM && !*out; i++) {
		const char *text = schema_code_label(c, i);
		struct bytes label;

		rc = text == NULL ? RC_NOTFOUND : s->fold(bytes_of(text), scratch, &label);
		*out = rc == RC_OK && bytes_equal(wanted, label);
		arena_release(scratch, mark);
	}
	return rc == RC_NOMEM ? rc : RC_OK;
}

/* One look through the list. */
static enum rc look(const struct schema_codes *codes, struct bytes text, const struct strength *s,
		    struct arena *scratch, struct code_label *out)
{
	struct bytes wanted;
	bool called = false;
	enum rc rc = s->fold(text, scratch, &wanted);
	uint32_t i;

	out->count = 0;
	if (rc != RC_OK || wanted.len == 0) {
		return rc == RC_NOMEM ? rc : RC_OK;
	}
	for (i = 0; i < codes->codes_count && rc != RC_NOMEM; i++) {
		const struct schema_code *c = &codes->codes[i];

		if ((c->valid_to == 0) != s->in_use) {
			continue;
		}
		rc = is_called(c, wanted, s, scratch, &called);
		if (rc == RC_OK && called) {
			if (out->count < CODE_LABEL_FOUND_MAX) {
				out->found[out->count] = c;
			}
			out->count++;
		}
	}
	return rc == RC_NOMEM ? rc : RC_OK;
}

enum rc code_label_find(const struct schema_codes *codes, struct bytes text, struct arena *scratch,
			struct code_label *out)
{
	static const struct strength strengths[] = {
		{ fold_case, true },
		{ fold_case, false },
		{ fold_letters, true },
		{ fold_letters, false },
	};
	size_t mark = arena_mark(scratch);
	enum rc rc = RC_OK;
	unsigned i;

	out->count = 0;
	for (i = 0; i < 4 && rc == RC_OK && out->count == 0; i++) {
		rc = look(codes, text, &strengths[i], scratch, out);
		arena_release(scratch, mark);
	}
	return rc;
}

#include "node/cmd/code_label.h"

#include "node/base/fold.h"

/* How much two texts may differ. */
struct strength {
	enum rc (*fold)(struct bytes in, struct arena *a, struct bytes *out);
	bool in_use; /* codes that are, or those that are not */
};

/* One look through the list. */
static enum rc look(const struct schema_codes *codes, struct bytes text, const struct strength *s,
		    struct arena *scratch, struct code_label *out)
{
	struct bytes wanted, label;
	enum rc rc = s->fold(text, scratch, &wanted);
	uint32_t i;

	out->count = 0;
	if (rc != RC_OK || wanted.len == 0) {
		return rc == RC_NOMEM ? rc : RC_OK;
	}
	for (i = 0; i < codes->codes_count && rc != RC_NOMEM; i++) {
		const struct schema_code *c = &codes->codes[i];
		size_t mark = arena_mark(scratch);

		if ((c->valid_to == 0) != s->in_use || c->label[0] == '\0') {
			continue;
		}
		rc = s->fold(bytes_of(c->label), scratch, &label);
		if (rc == RC_OK && bytes_equal(wanted, label)) {
			if (out->count < CODE_LABEL_FOUND_MAX) {
				out->found[out->count] = c;
			}
			out->count++;
		}
		arena_release(scratch, mark);
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

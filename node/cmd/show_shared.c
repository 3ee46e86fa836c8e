/* What show says of unique keys that other records use, too. */
#include "node/cmd/shared.h"
#include "node/cmd/show.h"

enum rc show_print_shared(struct show *s)
{
	struct shared found;
	struct bytes text;
	enum rc rc = shared_find(s->store, s->txn, &s->record, &s->source, s->arena, &found);
	uint32_t i;

	for (i = 0; rc == RC_OK && i < found.keys_count; i++) {
		rc = shared_key_text(&found, i, &text);
		if (rc == RC_OK) {
			out_line(s->out, "conflict: %.*s", (int)text.len, (const char *)text.p);
		}
	}
	for (i = 0; rc == RC_OK && i < found.notices_count; i++) {
		rc = shared_notice_text(&found, i, &text);
		if (rc == RC_OK) {
			out_line(s->out, "%.*s", (int)text.len, (const char *)text.p);
		}
	}
	return rc;
}

enum rc show_put_shared(struct show *s, json_t *document, bool *conflict)
{
	struct shared found;
	enum rc rc = shared_find(s->store, s->txn, &s->record, &s->source, s->arena, &found);

	*conflict = *conflict || found.keys_count > 0;
	return rc == RC_OK ? shared_put_json(&found, document) : rc;
}

#include "sync/expr_refuse.h"

#include <string.h>

#include "sync/nearest.h"
#include "sync/refuse.h"

const char *expr_refuse_show(struct expr_shown *shown, struct bytes b)
{
	static const char DOTS[] = "...";
	struct bytes_writer w = bytes_writer_init(shown->text, sizeof(shown->text) - 1);
	size_t len = b.len;

	if (len > w.max) {
		len = w.max - strlen(DOTS);
		while (len > 0 && (b.p[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	bytes_put(&w, b.p, len);
	bytes_put(&w, DOTS, len < b.len ? strlen(DOTS) : 0);
	shown->text[w.len] = '\0';
	return shown->text;
}

enum rc expr_refuse_with(struct expr_error *e, size_t at, const char *const *parts)
{
	refuse_join(e->text, sizeof(e->text), parts);
	e->column = at < UINT32_MAX ? (uint32_t)at + 1 : UINT32_MAX;
	return RC_INVALID;
}

enum rc expr_refuse_field(struct expr_error *e, size_t at, const struct schema_kind *kind,
			  struct bytes name, const char *other)
{
	struct nearest n = nearest_init(name);
	uint32_t i;

	for (i = 0; i < kind->fields_count; i++) {
		nearest_offer(&n, kind->fields[i].name, kind->fields[i].name);
	}
	if (other != NULL) {
		nearest_offer(&n, other, other);
	}
	if (n.found != NULL) {
		return EXPR_REFUSE(e, at, "kind ", kind->name, " has no field ", EXPR_SHOW(name),
				   "; did you mean ", n.found, "?");
	}
	return EXPR_REFUSE(e, at, "kind ", kind->name, " has no field ", EXPR_SHOW(name));
}

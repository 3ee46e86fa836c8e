/*
 * Codes by what people call them: "Daşoguz", "Dashoguz", "Дашогуз" for TM-D.
 */
#ifndef KERWEN_CODE_LABEL_H
#define KERWEN_CODE_LABEL_H

#include "sync/arena.h"
#include "sync/schema.h"

enum { CODE_LABEL_FOUND_MAX = 4 };

struct code_label {
	const struct schema_code *found[CODE_LABEL_FOUND_MAX]; /* the first of them */
	uint32_t count;
};

/*
 * The codes with this label, in any language of the schema: those that differ in case at most, else
 * those with the same letters in any alphabet (fold.h). Codes that are not in use any more only
 * when no other fits. scratch is used and given back. RC_NOMEM.
 */
enum rc code_label_find(const struct schema_codes *codes, struct bytes text, struct arena *scratch,
			struct code_label *out);

#endif

/*
 * Composes the text of a schema_error: for schema_check and schema_adopt.
 */
#ifndef KERWEN_REFUSE_H
#define KERWEN_REFUSE_H

#include "sync/schema.h"

enum { REFUSE_NUMBER_MAX = 11 };

/*
 * Joins the parts (a list that ends with NULL) into e->text and returns
 * RC_INVALID. A part longer than 80 bytes is cut with "...", the whole where
 * e->text ends; neither cuts inside a UTF-8 character. Control characters
 * become "?".
 */
enum rc refuse_with(struct schema_error *e, const char *const *parts);

/* Writes v in decimal with a NUL and returns text. */
const char *refuse_number(char text[REFUSE_NUMBER_MAX], uint32_t v);

#define REFUSE(e, ...) refuse_with(e, (const char *const[]){ __VA_ARGS__, NULL })

#endif

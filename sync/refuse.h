/*
 * Composes the texts of errors: for schema_check, schema_adopt, expr and dim.
 */
#ifndef KERWEN_REFUSE_H
#define KERWEN_REFUSE_H

#include "sync/schema.h"

enum { REFUSE_NUMBER_MAX = 11 };

/*
 * Joins the parts (a list that ends with NULL) into text, size bytes with the
 * NUL. A part longer than 80 bytes is cut with "...", the last one and the
 * whole only where text ends; none is cut inside a UTF-8 character. Control
 * characters become "?".
 */
void refuse_join(char *text, size_t size, const char *const *parts);

/* Joins the parts into e->text and returns RC_INVALID. */
enum rc refuse_with(struct schema_error *e, const char *const *parts);

/* Writes v in decimal with a NUL and returns text. */
const char *refuse_number(char text[REFUSE_NUMBER_MAX], uint32_t v);

#define REFUSE(e, ...) refuse_with(e, (const char *const[]){ __VA_ARGS__, NULL })

#endif

/*
 * Text that people type: brought into one form, shown without harm, and
 * matched with what they may have meant.
 */
#ifndef KERWEN_TEXT_H
#define KERWEN_TEXT_H

#include "sync/arena.h"

enum text_form {
	TEXT_LINE, /* no control characters at all */
	TEXT_LINES /* newlines and tabs are allowed; a line may end in CR LF */
};

/*
 * The text in Unicode NFC (UAX #15), the form of everything stored; its lines
 * end in LF alone. Plain ASCII is not copied: out may borrow from in, else from
 * the arena.
 * RC_INVALID: not UTF-8, or control characters (C0, DEL, C1) that the form
 * does not allow; RC_NOMEM.
 */
enum rc text_normalise(struct bytes in, enum text_form form, struct arena *a, struct bytes *out);

/* An expression that somebody typed (--where), in the form of the texts that it
 * is compared with. What has no such form stays as it is: it equals nothing. */
struct bytes text_expression(const char *typed, struct arena *a);

/* Whether a control character is why text_normalise refuses the text, and which
 * one: the first that the form does not allow. */
bool text_find_control(struct bytes in, enum text_form form, int32_t *out);

/* Whether nothing of it can be seen: blanks, ends of lines, marks of no width. */
bool text_is_blank(struct bytes in);

/* Whether it is UTF-8 (RFC 3629: no surrogates, no over-long forms). */
bool text_is_utf8(struct bytes in);

/*
 * A copy for terminals and logs: control characters and what is not UTF-8
 * become \n, \t or \xNN. Always ends with a NUL; what does not fit in max bytes
 * is cut and ends in "...". max is at least 4. Returns out.
 */
char *text_printable(char *out, size_t max, struct bytes in);

/* The candidate that was most likely meant, or NULL when none is near; see
 * sync/nearest.h. */
const char *text_nearest(const char *name, const char *const *candidates, size_t count);

#endif

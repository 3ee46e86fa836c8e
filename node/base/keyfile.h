/*
 * Files of one line that hold a secret, readable for their owner alone:
 * "HEAD HEX", so that a person can copy it to paper.
 */
#ifndef KERWEN_KEYFILE_H
#define KERWEN_KEYFILE_H

#include "node/base/path.h"

enum { KEYFILE_BYTES_MAX = 1024 }; /* the whole file */

struct keyfile_form {
	const char *head; /* with the blank behind it */
	size_t len;       /* bytes behind it; twice as many digits */
};

/* Writes one, as path_write. */
enum rc keyfile_write(const char *path, const struct keyfile_form *form, const uint8_t *content,
		      enum path_write_mode mode, struct path_problem *why);

/* Which of the forms the text has; out (locked, form->len bytes of the longest)
 * holds what it says. RC_CORRUPT: none. */
enum rc keyfile_parse(struct bytes text, const struct keyfile_form *forms, size_t forms_count,
		      size_t *which, uint8_t *out);

/* Reads one. RC_DENIED: others can read it; RC_CORRUPT: none of the forms (the
 * hint is the caller's); RC_NOTFOUND, RC_IO, RC_NOMEM. */
enum rc keyfile_read(const char *path, const struct keyfile_form *forms, size_t forms_count,
		     size_t *which, uint8_t *out, struct path_problem *why);

#endif

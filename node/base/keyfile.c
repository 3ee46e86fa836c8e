#include "node/base/keyfile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/mem.h"

enum rc keyfile_write(const char *path, const struct keyfile_form *form, const uint8_t *content,
		      enum path_write_mode mode, struct path_problem *why)
{
	size_t head_len = strlen(form->head), len = head_len + 2 * form->len + 1;
	char *line = mem_secret_new(len + 1);
	enum rc rc;

	if (line == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory for a key");
	}
	memcpy(line, form->head, head_len);
	sodium_bin2hex(line + head_len, 2 * form->len + 1, content, form->len);
	line[len - 1] = '\n';
	rc = path_write(path, bytes_at(line, len), mode, why);
	mem_secret_free(line);
	return rc;
}

static bool has_form(struct bytes text, const struct keyfile_form *form, uint8_t *out)
{
	size_t head_len = strlen(form->head), got = 0;
	const char *line = (const char *)text.p;

	return text.len == head_len + 2 * form->len + 1 &&
	       memcmp(line, form->head, head_len) == 0 && line[text.len - 1] == '\n' &&
	       sodium_hex2bin(out, form->len, line + head_len, 2 * form->len, NULL, &got, NULL) ==
		       0 &&
	       got == form->len;
}

enum rc keyfile_parse(struct bytes text, const struct keyfile_form *forms, size_t forms_count,
		      size_t *which, uint8_t *out)
{
	for (*which = 0; *which < forms_count; (*which)++) {
		if (has_form(text, &forms[*which], out)) {
			return RC_OK;
		}
	}
	return RC_CORRUPT;
}

enum rc keyfile_read(const char *path, const struct keyfile_form *forms, size_t forms_count,
		     size_t *which, uint8_t *out, struct path_problem *why)
{
	char *text = NULL;
	size_t len = 0;
	enum rc rc = path_check_private(path, why);

	if (rc != RC_OK) {
		return rc;
	}
	rc = path_read(path, KEYFILE_BYTES_MAX, &text, &len, why);
	if (rc == RC_OK) {
		rc = keyfile_parse(bytes_at(text, len), forms, forms_count, which, out);
	} else if (rc == RC_LIMIT) {
		rc = RC_CORRUPT;
	}
	if (text != NULL) {
		sodium_memzero(text, len);
		free(text);
	}
	return rc == RC_CORRUPT ? path_fail(why, rc, NULL, "%s is not a Kerwen key", path) : rc;
}

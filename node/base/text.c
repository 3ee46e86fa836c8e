#include "node/base/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "sync/nearest.h"

/* Reads one character. Its length in bytes, 0 when it is not UTF-8. */
static size_t read_char(struct bytes in, size_t at, int32_t *out)
{
	utf8proc_ssize_t n = utf8proc_iterate(in.p + at, (utf8proc_ssize_t)(in.len - at), out);

	return n > 0 ? (size_t)n : 0;
}

static bool is_control(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Marks that turn the order of what is shown, break the line, or hide: a text
 * with them may look like another one. They may stand in values, but are shown as numbers. */
static bool is_deceiving(int32_t c)
{
	return c == 0x061c || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xfeff;
}

static bool is_allowed(int32_t c, enum text_form form)
{
	return !is_control(c) || (form == TEXT_LINES && (c == '\n' || c == '\t'));
}

/* How many characters at the start are printable ASCII, as most are. */
static size_t count_plain(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= 0x20 && p[n] < 0x7f) {
		n++;
	}
	return n;
}

/* A line that ends as Windows ends it. */
static bool is_crlf(struct bytes in, size_t at)
{
	return in.p[at] == '\r' && at + 1 < in.len && in.p[at + 1] == '\n';
}

/* What there is to do for a text. */
struct scan {
	bool is_ascii; /* nothing to compose */
	bool has_crlf;
	int32_t control; /* the control character that stopped it, or -1 */
};

/* RC_INVALID: it is stopped by a control character, or is not UTF-8. */
static enum rc scan(struct bytes in, enum text_form form, struct scan *out)
{
	size_t at = count_plain(in.p, in.len);

	*out = (struct scan){ .is_ascii = true, .control = -1 };
	while (at < in.len) {
		int32_t c = 0;
		size_t n = read_char(in, at, &c);

		if (n == 0) {
			return RC_INVALID;
		}
		if (form == TEXT_LINES && is_crlf(in, at)) {
			out->has_crlf = true;
		} else if (!is_allowed(c, form)) {
			out->control = c;
			return RC_INVALID;
		}
		out->is_ascii = out->is_ascii && n == 1;
		at += n + count_plain(in.p + at + n, in.len - at - n);
	}
	return RC_OK;
}

bool text_find_control(struct bytes in, enum text_form form, int32_t *out)
{
	struct scan found;

	(void)scan(in, form, &found);
	*out = found.control;
	return found.control >= 0;
}

static bool is_blank(int32_t c)
{
	utf8proc_category_t of = utf8proc_category(c);

	return of == UTF8PROC_CATEGORY_CC || of == UTF8PROC_CATEGORY_CF ||
	       of == UTF8PROC_CATEGORY_ZS || of == UTF8PROC_CATEGORY_ZL ||
	       of == UTF8PROC_CATEGORY_ZP;
}

bool text_is_blank(struct bytes in)
{
	size_t at = 0;

	while (at < in.len) {
		int32_t c = 0;
		size_t n = read_char(in, at, &c);

		if (n == 0 || !is_blank(c)) {
			return false;
		}
		at += n;
	}
	return true;
}

static enum rc end_lines(struct bytes in, struct arena *a, struct bytes *out)
{
	struct bytes_writer w = bytes_writer_init(arena_take(a, in.len), in.len);
	size_t i;

	for (i = 0; i < in.len && w.p != NULL; i++) {
		bytes_put(&w, in.p + i, !is_crlf(in, i));
	}
	*out = bytes_written(&w);
	return w.p == NULL ? RC_NOMEM : RC_OK;
}

static enum rc compose(struct bytes in, struct arena *a, struct bytes *out)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t len,
		count = utf8proc_decompose(in.p, (utf8proc_ssize_t)in.len, NULL, 0, options);
	int32_t *chars = NULL;

	if (count <= 0) {
		return RC_INVALID;
	}
	/* utf8proc_reencode writes the text over the characters, and a NUL. */
	chars = arena_take(a, ((size_t)count + 1) * sizeof(*chars));
	if (chars == NULL) {
		return RC_NOMEM;
	}
	count = utf8proc_decompose(in.p, (utf8proc_ssize_t)in.len, chars, count, options);
	len = count <= 0 ? count : utf8proc_reencode(chars, count, options);
	if (len <= 0) {
		return RC_INVALID;
	}
	*out = bytes_at(chars, (size_t)len);
	return RC_OK;
}

enum rc text_normalise(struct bytes in, enum text_form form, struct arena *a, struct bytes *out)
{
	struct scan found;
	enum rc rc = scan(in, form, &found);

	*out = in;
	if (rc == RC_OK && found.has_crlf) {
		rc = end_lines(in, a, out);
	}
	return rc == RC_OK && !found.is_ascii ? compose(*out, a, out) : rc;
}

struct bytes text_expression(const char *typed, struct arena *a)
{
	struct bytes in = bytes_of(typed), out = in;

	return text_normalise(in, TEXT_LINES, a, &out) == RC_OK ? out : in;
}

bool text_is_utf8(struct bytes in)
{
	size_t at = 0, n = 1;
	int32_t c;

	while (at < in.len && n > 0) {
		n = read_char(in, at, &c);
		at += n;
	}
	return n > 0;
}

/* One character, or one bad byte, as it is shown; returns the bytes read. */
static size_t show_char(struct bytes in, size_t at, char shown[8])
{
	int32_t c = 0;
	size_t n = read_char(in, at, &c);

	if (n > 0 && is_deceiving(c)) {
		snprintf(shown, 8, "\\u%04x", (unsigned)c);
		return n;
	}
	if (n > 0 && !is_control(c)) {
		memcpy(shown, in.p + at, n);
		shown[n] = '\0';
		return n;
	}
	if (c == '\n' || c == '\t') {
		snprintf(shown, 8, "%s", c == '\n' ? "\\n" : "\\t");
		return 1;
	}
	/* Of a control character of two bytes the second is shown on its own. */
	snprintf(shown, 8, "\\x%02x", in.p[at]);
	return 1;
}

char *text_printable(char *out, size_t max, struct bytes in)
{
	size_t at = 0, len = 0, safe = 0;

	while (at < in.len) {
		char shown[8];
		size_t n = show_char(in, at, shown);
		size_t shown_len = strlen(shown);

		if (len + shown_len >= max) {
			memcpy(out + safe, "...", 4);
			return out;
		}
		memcpy(out + len, shown, shown_len);
		len += shown_len;
		at += n;
		if (len + 4 <= max) {
			safe = len;
		}
	}
	out[len] = '\0';
	return out;
}

const char *text_nearest(const char *name, const char *const *candidates, size_t count)
{
	struct nearest n = nearest_init(bytes_of(name));
	size_t i;

	for (i = 0; i < count; i++) {
		nearest_offer(&n, candidates[i], candidates[i]);
	}
	return n.found;
}

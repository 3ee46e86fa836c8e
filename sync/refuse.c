#include "sync/refuse.h"

#include <string.h>

enum { PART_MAX = 80 };

/* The longest prefix of at most max bytes that ends between characters. */
static size_t find_cut(const char *text, size_t len, size_t max)
{
	if (len <= max) {
		return len;
	}
	while (max > 0 && ((uint8_t)text[max] & 0xc0) == 0x80) {
		max--;
	}
	return max;
}

static void put_cut(struct bytes_writer *w, const char *text, size_t max)
{
	size_t len = strlen(text);
	size_t cut = find_cut(text, len, max);
	size_t room = w->max - w->len;

	bytes_put(w, text, find_cut(text, cut, room));
	if (cut < len) {
		bytes_put(w, "...", 3);
	}
}

/* Names come from files and peers, and the text goes to terminals. */
static void hide_controls(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((uint8_t)text[i] < ' ' || text[i] == 0x7f) {
			text[i] = '?';
		}
	}
}

void refuse_join(char *text, size_t size, const char *const *parts)
{
	struct bytes_writer w = bytes_writer_init(text, size - 1);

	for (; *parts != NULL; parts++) {
		/* The last one may be a whole text of an expr_error. */
		put_cut(&w, *parts, parts[1] == NULL ? size : PART_MAX);
	}
	hide_controls(text, w.len);
	text[w.len] = '\0';
}

enum rc refuse_with(struct schema_error *e, const char *const *parts)
{
	refuse_join(e->text, sizeof(e->text), parts);
	return RC_INVALID;
}

const char *refuse_number(char text[REFUSE_NUMBER_MAX], uint32_t v)
{
	char digits[REFUSE_NUMBER_MAX];
	size_t len = 0;
	size_t i;

	do {
		digits[len++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	for (i = 0; i < len; i++) {
		text[i] = digits[len - 1 - i];
	}
	text[len] = '\0';
	return text;
}

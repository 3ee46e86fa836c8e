#include "node/cmd/out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/text.h"

enum { LINE_BYTES_MAX = 2048, BAR_WIDTH = 30, REDRAW_MS = 100 };

static bool is_terminal(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

struct out out_init(FILE *to, FILE *notes)
{
	const char *no_colour = getenv("NO_COLOR");
	struct out o = { .to = to, .notes = notes };

	o.has_colour = is_terminal(to) && (no_colour == NULL || no_colour[0] == '\0');
	o.has_bar = is_terminal(notes);
	return o;
}

void out_line(struct out *o, const char *format, ...)
{
	va_list args;

	if (o->json) {
		return;
	}
	va_start(args, format);
	vfprintf(o->to, format, args);
	va_end(args);
	fputc('\n', o->to);
}

void out_note(struct out *o, const char *format, ...)
{
	char text[LINE_BYTES_MAX], shown[LINE_BYTES_MAX];
	va_list args;

	if (o->quiet) {
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(o->notes, "%s\n", text_printable(shown, sizeof(shown), bytes_of(text)));
}

json_t *out_document(void)
{
	return json_pack("{s:i}", "format", 1);
}

enum rc out_json(struct out *o, json_t *document)
{
	int result;

	if (document == NULL) {
		return RC_NOMEM;
	}
	result = json_dumpf(document, o->to, JSON_COMPACT);
	json_decref(document);
	return result == 0 && fputc('\n', o->to) != EOF ? RC_OK : RC_IO;
}

json_t *out_string(struct bytes text)
{
	return json_stringn(text.len == 0 ? "" : (const char *)text.p, text.len);
}

json_t *out_time(uint64_t ms)
{
	char text[CLOCK_TEXT_LEN + 1];

	clock_format(ms, text);
	return json_string(text);
}

void out_error(struct out *o, int code, const char *message, const char *hint)
{
	char shown[LINE_BYTES_MAX], shown_hint[LINE_BYTES_MAX];
	json_t *error = NULL;

	text_printable(shown, sizeof(shown), bytes_of(message));
	text_printable(shown_hint, sizeof(shown_hint), bytes_of(hint == NULL ? "" : hint));
	if (o->json) {
		error = json_pack("{s:i, s:s, s:s}", "code", code, "message", shown, "hint",
				  shown_hint);
	}
	if (error != NULL && json_dumpf(error, o->notes, JSON_COMPACT) == 0) {
		fputc('\n', o->notes);
	} else if (shown_hint[0] == '\0') {
		fprintf(o->notes, "kerwen: %s\n", shown);
	} else {
		fprintf(o->notes, "kerwen: %s\n  %s\n", shown, shown_hint);
	}
	json_decref(error);
}

enum rc out_flush(struct out *o)
{
	bool failed = fflush(o->to) != 0;

	return failed || ferror(o->to) ? RC_IO : RC_OK;
}

void out_csv_cell(struct out *o, struct bytes text, bool is_first)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < text.len && !is_quoted; i++) {
		is_quoted = text.p[i] != '\0' && strchr("\",;\t\r\n", text.p[i]) != NULL;
	}
	if (!is_first) {
		fputc(',', o->to);
	}
	if (!is_quoted) {
		if (text.len > 0) {
			fwrite(text.p, 1, text.len, o->to);
		}
		return;
	}
	fputc('"', o->to);
	for (i = 0; i < text.len; i++) {
		if (text.p[i] == '"') {
			fputc('"', o->to);
		}
		fputc(text.p[i], o->to);
	}
	fputc('"', o->to);
}

void out_csv_end(struct out *o)
{
	fputc('\n', o->to);
}

struct out_progress out_progress_start(struct out *o, const char *label)
{
	struct out_progress p = { .out = o, .label = label };

	return p;
}

static void draw(const struct out_progress *p, uint64_t done, uint64_t total)
{
	char bar[BAR_WIDTH + 1];
	uint64_t shown = done < total ? done : total;
	unsigned full;

	if (total == 0) {
		fprintf(p->out->notes, "\r\033[K%s %" PRIu64, p->label, done);
		return;
	}
	full = (unsigned)((double)shown / (double)total * BAR_WIDTH);
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(p->out->notes, "\r\033[K%s [%s] %u%%", p->label, bar,
		(unsigned)((double)shown / (double)total * 100));
}

void out_progress_at(struct out_progress *p, uint64_t done, uint64_t total)
{
	uint64_t now = 0;

	if (!p->out->has_bar || p->out->quiet || p->out->json) {
		return;
	}
	now = clock_monotonic_ms();
	if (p->is_drawn && now - p->drawn_ms < REDRAW_MS && done < total) {
		return;
	}
	p->is_drawn = true;
	p->drawn_ms = now;
	draw(p, done, total);
	fflush(p->out->notes);
}

void out_progress_end(struct out_progress *p)
{
	if (p->is_drawn) {
		fputs("\r\033[K", p->out->notes);
		fflush(p->out->notes);
	}
	p->is_drawn = false;
}

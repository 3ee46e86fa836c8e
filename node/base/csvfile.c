/*
 * A row without any quote is cut at its separators where it lies in the
 * buffer; libcsv sees only rows with quotes, one line at a time.
 */
#include "node/base/csvfile.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 2 * CSVFILE_ROW_BYTES_MAX, BLOCK_BYTES = 262144 };

struct csvfile {
	int fd;
	uint64_t size;
	uint8_t *buffer;
	size_t from, to; /* what of it is not used yet */
	bool at_end;     /* the file has no more */
	struct csvfile_place place;
	uint8_t separator;
	struct bytes *cells;
	uint32_t cells_count;
	struct csv_parser parser;
	/* A row with quotes, as libcsv gives it. */
	uint8_t *text;
	size_t text_len;
	bool row_is_whole;
	enum rc rc; /* of the callbacks */
	const struct crypto *crypto;
	uint8_t digest[HASH_LEN];
};

static int is_never_space(unsigned char c)
{
	(void)c;
	return 0;
}

/* The hash goes over blocks as they are read: H(before || block). */
static void add_digest(struct csvfile *f, const uint8_t *p, size_t len)
{
	struct bytes pieces[2] = { bytes_at(f->digest, HASH_LEN), bytes_at(p, len) };

	if (f->crypto != NULL) {
		f->crypto->hash(f->digest, pieces, 2);
	}
}

/* Reads one whole block, unless the file ends. */
static enum rc fill(struct csvfile *f)
{
	size_t got = 0;

	if (f->from > 0) {
		memmove(f->buffer, f->buffer + f->from, f->to - f->from);
		f->to -= f->from;
		f->from = 0;
	}
	if (f->to + BLOCK_BYTES > BUFFER_BYTES) {
		return RC_LIMIT;
	}
	while (got < BLOCK_BYTES && !f->at_end) {
		ssize_t n = read(f->fd, f->buffer + f->to + got, BLOCK_BYTES - got);

		if (n < 0 && errno != EINTR) {
			return RC_IO;
		}
		f->at_end = n == 0;
		got += n > 0 ? (size_t)n : 0;
	}
	if (got > 0) {
		add_digest(f, f->buffer + f->to, got);
	}
	f->to += got;
	return RC_OK;
}

/* The next line with its newline; empty at the end of the file. */
static enum rc peek_line(struct csvfile *f, struct bytes *out)
{
	size_t seen = 0;
	enum rc rc = RC_OK;

	for (;;) {
		const uint8_t *start = f->buffer + f->from;
		const uint8_t *end = NULL;

		if (f->to - f->from > seen) {
			end = memchr(start + seen, '\n', f->to - f->from - seen);
		}
		if (end != NULL || f->at_end) {
			size_t len = end == NULL ? f->to - f->from : (size_t)(end - start) + 1;

			*out = bytes_at(start, len);
			return len > CSVFILE_ROW_BYTES_MAX ? RC_LIMIT : RC_OK;
		}
		seen = f->to - f->from;
		rc = fill(f);
		if (rc != RC_OK) {
			return rc;
		}
	}
}

static void use_line(struct csvfile *f, struct bytes line)
{
	f->from += line.len;
	f->place.offset += line.len;
	f->place.line++;
}

static uint8_t find_separator(struct bytes line)
{
	static const uint8_t candidates[] = { ',', ';', '\t' };
	size_t most = 0, i, k;
	uint8_t best = ',';

	for (k = 0; k < sizeof(candidates); k++) {
		bool is_quoted = false;
		size_t n = 0;

		for (i = 0; i < line.len; i++) {
			is_quoted = is_quoted != (line.p[i] == '"');
			n += !is_quoted && line.p[i] == candidates[k];
		}
		if (n > most) {
			most = n;
			best = candidates[k];
		}
	}
	return best;
}

static enum rc fail_start(struct path_problem *why, enum rc rc, const char *path)
{
	if (rc == RC_LIMIT) {
		return path_fail(why, rc, "is it a CSV file? its first line names the columns",
				 "%s: the first line is longer than %d bytes", path,
				 (int)CSVFILE_ROW_BYTES_MAX);
	}
	return path_fail(why, rc, NULL, "%s: the first line cannot be read: %s", path, rc_text(rc));
}

/* A carriage return inside the line, outside quotes. */
static bool has_lone_return(struct bytes line)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < line.len; i++) {
		is_quoted = is_quoted != (line.p[i] == '"');
		if (line.p[i] == '\r' && !is_quoted &&
		    (i + 1 == line.len || line.p[i + 1] != '\n')) {
			return true;
		}
	}
	return false;
}

/* Files of other encodings and systems, which would be told of as strange
 * columns. */
static enum rc check_form(struct bytes line, const char *path, struct path_problem *why)
{
	bool is_utf16 = line.len >= 2 && ((line.p[0] == 0xff && line.p[1] == 0xfe) ||
					  (line.p[0] == 0xfe && line.p[1] == 0xff));

	if (is_utf16) {
		return path_fail(why, RC_INVALID, "save it as \"CSV UTF-8\"", "%s is in UTF-16",
				 path);
	}
	if (line.len > 0 && memchr(line.p, '\0', line.len) != NULL) {
		return path_fail(why, RC_INVALID, "save it as \"CSV UTF-8\"",
				 "%s: there is a NUL byte in the first line", path);
	}
	if (has_lone_return(line)) {
		return path_fail(why, RC_INVALID, "save it with line ends of Unix or Windows",
				 "%s: its lines end with a carriage return alone", path);
	}
	return RC_OK;
}

/* Passes over byte order marks and looks at the first line. */
static enum rc look_at_start(struct csvfile *f, const char *path, struct path_problem *why)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
	struct bytes line;
	enum rc rc = peek_line(f, &line);

	if (rc != RC_OK) {
		return fail_start(why, rc, path);
	}
	rc = check_form(line, path, why);
	if (rc != RC_OK) {
		return rc;
	}
	while (line.len >= sizeof(mark) && memcmp(line.p, mark, sizeof(mark)) == 0) {
		f->from += sizeof(mark);
		f->place.offset += sizeof(mark);
		line = bytes_at(line.p + sizeof(mark), line.len - sizeof(mark));
	}
	f->separator = find_separator(line);
	csv_set_delim(&f->parser, f->separator);
	return RC_OK;
}

static enum rc open_file(struct csvfile *f, const char *path, struct path_problem *why)
{
	struct stat st;
	enum rc rc = RC_OK;

	rc = path_open(path, O_RDONLY, &f->fd, why);
	if (rc != RC_OK) {
		return rc == RC_EXISTS ? RC_INVALID : rc;
	}
	if (fstat(f->fd, &st) != 0) {
		return path_fail_errno(why, "look at", path);
	}
	f->size = (uint64_t)st.st_size;
	return RC_OK;
}

enum rc csvfile_open(const char *path, const struct crypto *crypto, struct csvfile **out,
		     struct path_problem *why)
{
	struct csvfile *f = calloc(1, sizeof(*f));
	enum rc rc = RC_OK;

	*out = NULL;
	if (f == NULL) {
		return path_fail(why, RC_NOMEM, NULL, "no memory to read %s", path);
	}
	f->fd = -1;
	f->crypto = crypto;
	f->place.line = 1;
	f->buffer = malloc(BUFFER_BYTES);
	f->text = malloc(CSVFILE_ROW_BYTES_MAX);
	f->cells = malloc(CSVFILE_CELLS_MAX * sizeof(*f->cells));
	(void)csv_init(&f->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_space_func(&f->parser, is_never_space);
	if (f->buffer == NULL || f->text == NULL || f->cells == NULL) {
		rc = path_fail(why, RC_NOMEM, NULL, "no memory to read %s", path);
	}
	if (rc == RC_OK) {
		rc = open_file(f, path, why);
	}
	if (rc == RC_OK) {
		rc = look_at_start(f, path, why);
	}
	if (rc != RC_OK) {
		csvfile_close(f);
		return rc;
	}
	*out = f;
	return RC_OK;
}

void csvfile_close(struct csvfile *f)
{
	if (f == NULL) {
		return;
	}
	if (f->fd >= 0) {
		(void)close(f->fd);
	}
	csv_free(&f->parser);
	free(f->buffer);
	free(f->text);
	free(f->cells);
	free(f);
}

uint64_t csvfile_size(const struct csvfile *f)
{
	return f->size;
}

struct csvfile_place csvfile_at(const struct csvfile *f)
{
	return f->place;
}

enum rc csvfile_seek(struct csvfile *f, struct csvfile_place place)
{
	if (lseek(f->fd, (off_t)place.offset, SEEK_SET) < 0) {
		return RC_IO;
	}
	f->from = f->to = 0;
	f->at_end = false;
	f->place = place;
	return RC_OK;
}

void csvfile_digest(const struct csvfile *f, uint8_t out[HASH_LEN])
{
	memcpy(out, f->digest, HASH_LEN);
}

static enum rc add_cell(struct csvfile *f, const uint8_t *p, size_t len)
{
	if (f->cells_count == CSVFILE_CELLS_MAX) {
		return RC_LIMIT;
	}
	f->cells[f->cells_count++] = bytes_at(p, len);
	return RC_OK;
}

/* A line without quotes. */
static enum rc cut_line(struct csvfile *f, struct bytes line)
{
	const uint8_t *p = line.p, *end = line.p + line.len, *start = p;
	uint8_t separator = f->separator;
	enum rc rc = RC_OK;

	if (end > p && end[-1] == '\n') {
		end--;
	}
	if (end > p && end[-1] == '\r') {
		end--;
	}
	for (; p < end; p++) {
		if (*p == separator) {
			rc = add_cell(f, start, (size_t)(p - start));
			start = p + 1;
			if (rc != RC_OK) {
				return rc;
			}
		}
	}
	return end == line.p ? RC_OK : add_cell(f, start, (size_t)(end - start));
}

static void on_cell(void *cell, size_t len, void *ctx)
{
	struct csvfile *f = ctx;

	if (f->rc != RC_OK) {
		return;
	}
	if (f->text_len + len > CSVFILE_ROW_BYTES_MAX) {
		f->rc = RC_LIMIT;
		return;
	}
	if (len > 0) {
		memcpy(f->text + f->text_len, cell, len);
	}
	f->rc = add_cell(f, f->text + f->text_len, len);
	f->text_len += len;
}

static void on_row(int end, void *ctx)
{
	struct csvfile *f = ctx;

	(void)end;
	f->row_is_whole = true;
}

/* Feeds lines to libcsv until the row is whole. */
static enum rc parse_quoted(struct csvfile *f, struct bytes line)
{
	uint64_t start = f->place.offset;
	enum rc rc = RC_OK;

	f->text_len = 0;
	f->row_is_whole = false;
	f->rc = RC_OK;
	while (rc == RC_OK && !f->row_is_whole) {
		if (line.len == 0) {
			rc = csv_fini(&f->parser, on_cell, on_row, f) == 0 && f->row_is_whole ?
				     RC_OK :
				     RC_INVALID;
			break;
		}
		if (csv_parse(&f->parser, line.p, line.len, on_cell, on_row, f) != line.len) {
			return csv_error(&f->parser) == CSV_EPARSE ? RC_INVALID : RC_NOMEM;
		}
		use_line(f, line);
		rc = f->rc;
		if (rc == RC_OK && f->place.offset - start > CSVFILE_ROW_BYTES_MAX) {
			rc = RC_LIMIT;
		}
		if (rc == RC_OK && !f->row_is_whole) {
			rc = peek_line(f, &line);
		}
	}
	return rc == RC_OK ? f->rc : rc;
}

static enum rc fail_row(struct path_problem *why, enum rc rc, uint64_t line)
{
	if (rc == RC_INVALID) {
		return path_fail(why, rc, "close the quote, or double the one that is meant",
				 "line %" PRIu64 ": a quote in this row is not closed, or stands "
				 "inside a cell",
				 line);
	}
	if (rc == RC_LIMIT) {
		return path_fail(why, rc, "is a closing quote missing?",
				 "line %" PRIu64 ": this row has more than %d bytes or %d cells",
				 line, (int)CSVFILE_ROW_BYTES_MAX, (int)CSVFILE_CELLS_MAX);
	}
	return path_fail(why, rc, NULL, "line %" PRIu64 ": %s", line, rc_text(rc));
}

enum rc csvfile_next(struct csvfile *f, struct csvfile_row *out, struct path_problem *why)
{
	struct bytes line;
	enum rc rc = RC_OK;

	f->cells_count = 0;
	while (rc == RC_OK && f->cells_count == 0) {
		out->line = f->place.line;
		rc = peek_line(f, &line);
		if (rc == RC_OK && line.len == 0) {
			return RC_NOTFOUND;
		}
		if (rc == RC_OK && memchr(line.p, '"', line.len) != NULL) {
			rc = parse_quoted(f, line);
		} else if (rc == RC_OK) {
			rc = cut_line(f, line);
			use_line(f, line);
		}
	}
	out->cells = f->cells;
	out->cells_count = f->cells_count;
	return rc == RC_OK ? RC_OK : fail_row(why, rc, out->line);
}

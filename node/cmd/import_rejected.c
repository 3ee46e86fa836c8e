#include "node/cmd/import_rejected.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "node/cmd/out.h"

static const char rejected_head[] = "line,column,reason";

enum rc import_rejected_name(struct import_rejected *r, const char *path, struct path_problem *why)
{
	size_t len = strlen(path);
	int n;

	if (len > 4 && strcasecmp(path + len - 4, ".csv") == 0) {
		len -= 4;
	}
	n = snprintf(r->path, sizeof(r->path), "%.*s.rejected.csv", (int)len, path);
	return n < 0 || n >= (int)sizeof(r->path) ?
		       path_fail(why, RC_LIMIT, NULL, "the path of the file is too long") :
		       RC_OK;
}

/* NULL: it cannot be, or is something else than a file: a pipe would never end. */
static FILE *open_regular(const char *path, int flags, struct path_problem *why)
{
	FILE *f = NULL;
	int fd = -1;

	if (path_open(path, flags | O_NOFOLLOW, &fd, why) != RC_OK) {
		return NULL;
	}
	f = fdopen(fd, flags == O_RDONLY ? "r" : "r+");
	if (f == NULL) {
		path_fail_errno(why, "open", path);
		(void)close(fd);
	}
	return f;
}

/* Whether a file of that name is one of ours, from an earlier import. */
static bool is_rejected_file(const char *path)
{
	char head[sizeof(rejected_head)] = "";
	struct path_problem ignored;
	FILE *f = open_regular(path, O_RDONLY, &ignored);
	bool is = f != NULL && fread(head, 1, sizeof(head) - 1, f) == sizeof(head) - 1 &&
		  strcmp(head, rejected_head) == 0;

	if (f != NULL) {
		(void)fclose(f);
	}
	return is;
}

static enum rc start_file(struct import_rejected *r, const struct import_sheet *s,
			  struct path_problem *why)
{
	struct out o;
	uint32_t k;

	r->file = open_regular(r->path, O_RDWR | O_CREAT | O_TRUNC, why);
	if (r->file == NULL) {
		return RC_IO;
	}
	o = out_init(r->file, stderr);
	fputs(rejected_head, r->file);
	for (k = 0; k < s->columns_count; k++) {
		out_csv_cell(&o, s->columns[k].name, false);
	}
	out_csv_end(&o);
	return RC_OK;
}

static enum rc open_file(struct import_rejected *r, const struct import_sheet *s,
			 struct path_problem *why)
{
	bool exists = path_exists(r->path);

	if (r->bytes > 0 && exists) {
		r->file = open_regular(r->path, O_RDWR, why);
		if (r->file == NULL) {
			return RC_IO;
		}
		return ftruncate(fileno(r->file), (off_t)r->bytes) != 0 ||
				       fseek(r->file, 0, SEEK_END) != 0 ?
			       path_fail_errno(why, "write", r->path) :
			       RC_OK;
	}
	if (exists && !is_rejected_file(r->path)) {
		return path_fail(why, RC_EXISTS, "move it away",
				 "%s is in the way of the rejected rows", r->path);
	}
	return start_file(r, s, why);
}

enum rc import_rejected_write(struct import_rejected *r, const struct import_sheet *s,
			      const struct csvfile_row *row, const struct import_reject *reject,
			      struct path_problem *why)
{
	struct out o;
	uint32_t k;
	enum rc rc = r->file == NULL ? open_file(r, s, why) : RC_OK;

	if (rc != RC_OK) {
		return rc;
	}
	o = out_init(r->file, stderr);
	fprintf(r->file, "%" PRIu64, row->line);
	out_csv_cell(&o, reject->column, false);
	out_csv_cell(&o, bytes_of(reject->text), false);
	for (k = 0; k < row->cells_count; k++) {
		out_csv_cell(&o, row->cells[k], false);
	}
	out_csv_end(&o);
	return RC_OK;
}

enum rc import_rejected_flush(struct import_rejected *r, struct path_problem *why)
{
	off_t at = 0;

	if (r->file == NULL) {
		return RC_OK;
	}
	if (fflush(r->file) != 0 || ferror(r->file) != 0) {
		return path_fail_errno(why, "write", r->path);
	}
	at = ftello(r->file);
	r->bytes = at < 0 ? 0 : (uint64_t)at;
	return RC_OK;
}

void import_rejected_drop(const struct import_rejected *r)
{
	if (path_exists(r->path) && is_rejected_file(r->path)) {
		(void)unlink(r->path);
	}
}

void import_rejected_close(struct import_rejected *r)
{
	if (r->file != NULL) {
		(void)fclose(r->file);
		r->file = NULL;
	}
}

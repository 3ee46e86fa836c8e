/* Ids out of a CSV file. */
#include "tests/demo/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 64, KEY_MAX = 128, ID_LEN = 36 };

struct row {
	char key[KEY_MAX]; /* the columns that name it, with a line between */
	char id[ID_LEN + 1];
};

struct lookup {
	const char *path;
	struct row *rows; /* sorted by key */
	size_t count, max;
	int at[3]; /* which columns are id, first, second */
};

/* Splits a line of RFC 4180 in place. Returns how many cells it has. */
static int split(char *line, char *cells[COLUMNS_MAX])
{
	char *from = line, *to = line;
	int count = 0;

	while (count < COLUMNS_MAX) {
		int quoted = 0;

		for (cells[count++] = to; *from != '\0' && *from != '\n'; from++) {
			if (*from == '"' && (!quoted || from[1] != '"')) {
				quoted = !quoted;
				continue;
			}
			if (*from == ',' && !quoted) {
				break;
			}
			if (*from == '"') {
				from++;
			}
			*to++ = *from;
		}
		if (*from != ',') {
			break;
		}
		from++;
		*to++ = '\0';
	}
	*to = '\0';
	return count;
}

static void join_key(char key[KEY_MAX], const char *first, const char *second)
{
	(void)snprintf(key, KEY_MAX, "%s|%s", first, second);
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int read_header(struct lookup *l, char *cells[], int count, const char *const columns[2])
{
	const char *const names[3] = { "id", columns[0], columns[1] };
	int i, c;

	for (i = 0; i < 3; i++) {
		l->at[i] = -1;
		for (c = 0; c < count && names[i] != NULL; c++) {
			if (strcmp(cells[c], names[i]) == 0) {
				l->at[i] = c;
			}
		}
		if (names[i] != NULL && l->at[i] < 0) {
			fprintf(stderr, "%s: there is no column %s\n", l->path, names[i]);
			return -1;
		}
	}
	return 0;
}

static int add_row(struct lookup *l, char *cells[], int count)
{
	struct row *r = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		if (l->at[i] >= count) {
			fprintf(stderr, "%s: a short row\n", l->path);
			return -1;
		}
	}
	if (l->count == l->max) {
		size_t max = l->max == 0 ? 1024 : l->max * 2;

		r = realloc(l->rows, max * sizeof(*r));
		if (r == NULL) {
			fprintf(stderr, "%s: out of memory\n", l->path);
			return -1;
		}
		l->rows = r;
		l->max = max;
	}
	r = &l->rows[l->count++];
	join_key(r->key, cells[l->at[1]], l->at[2] < 0 ? "" : cells[l->at[2]]);
	(void)snprintf(r->id, sizeof(r->id), "%s", cells[l->at[0]]);
	return 0;
}

static int read_rows(struct lookup *l, FILE *from, const char *const columns[2])
{
	char line[4096], *cells[COLUMNS_MAX];
	int failed = -1, has_header = 0;

	while (fgets(line, sizeof(line), from) != NULL) {
		int count = split(line, cells);

		failed = has_header ? add_row(l, cells, count) :
				      read_header(l, cells, count, columns);
		has_header = 1;
		if (failed) {
			break;
		}
	}
	if (!has_header) {
		fprintf(stderr, "%s is empty\n", l->path);
	}
	return failed;
}

struct lookup *lookup_open(const char *path, const char *const columns[2])
{
	struct lookup *l = calloc(1, sizeof(*l));
	FILE *from = fopen(path, "r");
	int failed = -1;

	if (from == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	}
	if (l != NULL && from != NULL) {
		l->path = path;
		failed = read_rows(l, from, columns);
	}
	if (from != NULL) {
		fclose(from);
	}
	if (failed) {
		lookup_close(l);
		return NULL;
	}
	if (l->count > 0) {
		qsort(l->rows, l->count, sizeof(*l->rows), compare);
	}
	return l;
}

void lookup_close(struct lookup *l)
{
	if (l != NULL) {
		free(l->rows);
		free(l);
	}
}

const char *lookup_id(const struct lookup *l, const char *first, const char *second)
{
	const struct row *r = NULL;
	struct row wanted;

	join_key(wanted.key, first, second == NULL ? "" : second);
	if (l->count > 0) {
		r = bsearch(&wanted, l->rows, l->count, sizeof(*l->rows), compare);
	}
	if (r == NULL) {
		fprintf(stderr, "%s: there is no %s %s\n", l->path, first,
			second == NULL ? "" : second);
		return NULL;
	}
	return r->id;
}

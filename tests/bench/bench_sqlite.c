/*
 * The peer of `kerwen import`: a CSV file into SQLite with the session
 * extension recording, as somebody would build an office on it.
 *
 *   bench_sqlite key|number DATABASE FILE.csv    rows of UNHCR's table
 *
 * WAL, synchronous=FULL, one index, 1,000 rows a transaction. The session only
 * records: no change set is taken from it, which would cost more.
 *
 *   key     the index is the primary key, as in configs/unhcr.yaml. Sessions know
 *           rows by it, so this is what several offices could merge.
 *   number  rows are numbered, with a unique index beside: less work, but the
 *           numbers of two offices mean different rows.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_COMMIT = 1000, COLUMNS = 26 };

/* What the two tables have in common. */
#define KEY "(year, coo, coa, pop_type, location, loc_type, acc_type)"
#define FIELDS                                                                                     \
	"year INTEGER NOT NULL, coo_name TEXT, coo TEXT NOT NULL, coo_iso TEXT, coa_name TEXT,"    \
	"coa TEXT NOT NULL, coa_iso TEXT, pop_type TEXT NOT NULL, location TEXT NOT NULL,"         \
	"loc_type TEXT NOT NULL, acc_type TEXT NOT NULL, f_0_4 INTEGER, f_5_11 INTEGER,"           \
	"f_12_17 INTEGER, f_18_59 INTEGER, f_60 INTEGER, f_other INTEGER, f_total INTEGER,"        \
	"m_0_4 INTEGER, m_5_11 INTEGER, m_12_17 INTEGER, m_18_59 INTEGER, m_60 INTEGER,"           \
	"m_other INTEGER, m_total INTEGER, total INTEGER NOT NULL"
#define VALUES "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"

static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL";

static const struct design {
	const char *name, *schema, *insert;
} designs[] = {
	{ "key", "CREATE TABLE people (" FIELDS ", PRIMARY KEY " KEY ")",
	  "INSERT INTO people VALUES (" VALUES ")" },
	{ "number",
	  "CREATE TABLE people (" FIELDS ", number INTEGER PRIMARY KEY);"
	  "CREATE UNIQUE INDEX people_key ON people " KEY,
	  "INSERT INTO people VALUES (" VALUES ", NULL)" },
};

static void check(int code, sqlite3 *db)
{
	if (code != SQLITE_OK && code != SQLITE_DONE) {
		fprintf(stderr, "bench_sqlite: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long len = 0;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(f);
	text = malloc((size_t)len + 1);
	if (text == NULL || fread(text, 1, (size_t)len, f) != (size_t)len) {
		perror(path);
		exit(1);
	}
	fclose(f);
	text[len] = '\0';
	return text;
}

/*
 * Takes a cell off the text, in place, without its quotes. *ends: it was the
 * last of its row.
 */
static char *next_cell(char **text, bool *ends)
{
	char *from = *text, *to = *text, *cell = *text;
	bool quoted = false;

	for (;; from++) {
		if (*from == '"') {
			if (quoted && from[1] == '"') {
				*to++ = *from++;
				continue;
			}
			quoted = !quoted;
		} else if (*from == '\0' || (!quoted && (*from == ',' || *from == '\n'))) {
			break;
		} else {
			*to++ = *from;
		}
	}
	*ends = *from != ',';
	*text = *from == '\0' ? from : from + 1;
	*to = '\0';
	return cell;
}

static void add_row(sqlite3 *db, sqlite3_stmt *s, char **text)
{
	bool ends = false;
	int column = 0;

	while (!ends && column < COLUMNS) {
		const char *cell = next_cell(text, &ends);

		/* The columns' affinity makes numbers of digits. */
		check(cell[0] == '\0' ? sqlite3_bind_null(s, ++column) :
					sqlite3_bind_text(s, ++column, cell, -1, SQLITE_STATIC),
		      db);
	}
	if (!ends || column != COLUMNS) {
		fprintf(stderr, "bench_sqlite: a row has not %d cells\n", COLUMNS);
		exit(1);
	}
	check(sqlite3_step(s), db);
	check(sqlite3_reset(s), db);
}

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	sqlite3_session *session = NULL;
	sqlite3_stmt *s = NULL;
	char *file = NULL, *text = NULL;
	const struct design *d = &designs[argc > 1 && strcmp(argv[1], "number") == 0];
	unsigned rows = 0;

	if (argc != 4 || strcmp(argv[1], d->name) != 0) {
		fprintf(stderr, "usage: bench_sqlite key|number DATABASE FILE.csv\n");
		return 2;
	}
	text = file = read_file(argv[3]);
	check(sqlite3_open(argv[2], &db), db);
	check(sqlite3_exec(db, pragmas, NULL, NULL, NULL), db);
	check(sqlite3_exec(db, d->schema, NULL, NULL, NULL), db);
	check(sqlite3session_create(db, "main", &session), db);
	check(sqlite3session_attach(session, NULL), db);
	check(sqlite3_prepare_v2(db, d->insert, -1, &s, NULL), db);
	text = strchr(text, '\n') == NULL ? text : strchr(text, '\n') + 1;
	while (*text != '\0') {
		if (rows % ROWS_PER_COMMIT == 0) {
			check(sqlite3_exec(db, rows == 0 ? "BEGIN" : "COMMIT; BEGIN", NULL, NULL,
					   NULL),
			      db);
		}
		add_row(db, s, &text);
		rows++;
	}
	check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db);
	check(sqlite3_finalize(s), db);
	sqlite3session_delete(session);
	check(sqlite3_close(db), db);
	free(file);
	printf("%u\n", rows);
	return 0;
}

/*
 * kerwen.yaml, the settings of a data directory.
 *
 *   key         value                                   default
 *   name        what people call this node              needed
 *   role        centre or office                        needed
 *   listen      HOST:PORT on which a centre is heard    none: it does not listen
 *   centre      list of HOST:PORT of an office's centre []
 *   max_size    room of the database: 512M, 32G, 1T     32G
 *   sync_every  the longest wait, in seconds, before    900
 *               an office calls its centre again;
 *               0: only by hand
 *   state       the directory of an office's lease,     DIR
 *               best on another disk than the database
 *
 * Unknown keys are errors with line and column.
 */
#ifndef KERWEN_CONFIG_H
#define KERWEN_CONFIG_H

#include "sync/arena.h"

#define CONFIG_FILE "kerwen.yaml"

enum config_role { CONFIG_CENTRE, CONFIG_OFFICE };

enum {
	CONFIG_CENTRES_MAX = 16,
	CONFIG_ARENA_BYTES = 4194304, /* enough for reading any config */
	CONFIG_HOST_MAX = 255,
	CONFIG_SYNC_EVERY = 900,       /* seconds, default */
	CONFIG_SYNC_EVERY_MAX = 604800 /* a week */
};

#define CONFIG_MAX_SIZE       ((uint64_t)32 << 30) /* bytes, default */
#define CONFIG_MAX_SIZE_LEAST ((uint64_t)1 << 20)  /* bytes */
#define CONFIG_MAX_SIZE_MOST  ((uint64_t)1 << 46)  /* bytes */

/* All texts borrow from the arena, or from whoever filled it in. */
struct config {
	const char *name; /* 1..LIMIT_NAME_BYTES_MAX bytes */
	enum config_role role;
	const char *listen; /* HOST:PORT or NULL */
	const char *centres[CONFIG_CENTRES_MAX];
	uint32_t centres_count;
	uint64_t max_size;   /* bytes, a multiple of 4096 */
	uint32_t sync_every; /* seconds; 0: only by hand */
	const char *state;   /* an absolute path, or NULL: DIR */
};

struct config_error {
	char text[512];
};

/* A config with the defaults; name and role are the caller's to fill in. */
struct config config_default(void);

/*
 * Reads DIR/kerwen.yaml. RC_NOTFOUND: there is none; RC_DENIED, RC_IO,
 * RC_LIMIT, RC_NOMEM; RC_INVALID: a syntax error, an unknown key or a bad
 * value. e names the file, the place and the reason.
 */
enum rc config_load(const char *dir, struct arena *a, struct config *out, struct config_error *e);

/* The same from memory; e names the place and the reason. */
enum rc config_parse(struct bytes text, struct arena *a, struct config *out,
		     struct config_error *e);

/* The text of a kerwen.yaml that says *c. Gives *out: free it. RC_INVALID: a
 * value could not be read back; RC_LIMIT, RC_NOMEM. */
enum rc config_text(const struct config *c, char **out, size_t *len, struct config_error *e);

/*
 * Writes DIR/kerwen.yaml with a comment on every key, durably and in one step:
 * either the old file stands or the new one. RC_INVALID: a value could not be
 * read back; RC_DENIED, RC_FULL, RC_IO, RC_NOMEM.
 */
enum rc config_write(const char *dir, const struct config *c, struct config_error *e);

/*
 * Splits HOST:PORT, with [ADDRESS]:PORT for IPv6. host gets a NUL. Port 0 is
 * allowed: chosen by the system. RC_INVALID.
 */
enum rc config_split_address(const char *text, char host[CONFIG_HOST_MAX + 1], uint16_t *port);

/* A size like 512M or 32G (1024 steps, up to T). RC_INVALID, RC_LIMIT. */
enum rc config_parse_size(const char *text, uint64_t *out);

#endif

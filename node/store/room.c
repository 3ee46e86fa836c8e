#include "node/store/room.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/base/disk.h"
#include "sync/limits.h"

/* "22.4 MiB": what people compare with what df says. */
struct size {
	char text[32];
};

static struct size size_of(uint64_t bytes)
{
	uint64_t tenths = bytes / 1024 * 10 / 1024;
	struct size s;

	(void)snprintf(s.text, sizeof(s.text), "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10,
		       tenths % 10);
	return s;
}

static enum rc tell_disk(const struct kv_room *r, struct path_problem *why)
{
	if (r->disk_free_bytes < DISK_FULL_BYTES) {
		return path_fail(why, RC_FULL, "make room on this disk",
				 "the disk is full: %s are free, new records need %s",
				 size_of(r->disk_free_bytes).text,
				 size_of(r->disk_reserve_bytes).text);
	}
	return path_fail(why, RC_FULL, "make room on this disk; syncs and deletions still work",
			 "the disk is nearly full: %s are free, new records need %s",
			 size_of(r->disk_free_bytes).text, size_of(r->disk_reserve_bytes).text);
}

enum rc room_check(const struct kv_room *r, struct path_problem *why)
{
	if (r->disk_free_bytes < r->disk_reserve_bytes) {
		return tell_disk(r, why);
	}
	if (r->used_bytes / LIMIT_MAP_FULL_PERCENT < r->max_bytes / 100) {
		return RC_OK;
	}
	return path_fail(why, RC_FULL,
			 "raise max_size in kerwen.yaml; syncs and deletions still work",
			 "the database is nearly full: %s of max_size %s are used, new records "
			 "need a tenth free",
			 size_of(r->used_bytes).text, size_of(r->max_bytes).text);
}

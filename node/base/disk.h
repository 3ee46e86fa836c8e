/*
 * How full a disk is, and what to make of it. A disk with a little room left
 * still takes syncs and deletions: DISK_RESERVE_BYTES_MAX, or a tenth of a
 * small disk, is kept for them.
 */
#ifndef KERWEN_DISK_H
#define KERWEN_DISK_H

#include "sync/bytes.h"

enum {
	DISK_RESERVE_BYTES_MAX = 256 << 20,
	DISK_FULL_BYTES = 1 << 20 /* with less a write that failed is no surprise */
};

struct disk {
	uint64_t free_bytes;    /* for users who are not root */
	uint64_t reserve_bytes; /* new records must leave so much */
	bool is_read_only;
};

/* The disk that path is on. RC_IO: the system does not say. */
enum rc disk_get(const char *path, struct disk *out);

/* A failed write on a disk without room means that there is no room, whatever
 * the system said: RC_FULL in place of RC_IO then, else rc. */
enum rc disk_judge(const char *path, enum rc rc);

#endif

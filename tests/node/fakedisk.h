/*
 * A disk that is said to be full, small or read-only: this program's own
 * statvfs, pwrite and writev stand before those of the system, for LMDB, too. Until
 * something is set they do what the system does.
 */
#ifndef KERWEN_FAKEDISK_H
#define KERWEN_FAKEDISK_H

#include <stdbool.h>
#include <stdint.h>

struct fakedisk {
	bool is_set; /* statvfs tells the three below */
	uint64_t all_bytes, free_bytes;
	bool is_read_only;
	bool writes_short; /* pwrite and writev write half: a disk that just got full */
	int write_errno;   /* or fail so; 0: they do not */
};

extern struct fakedisk fakedisk;

#endif

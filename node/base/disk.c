#include "node/base/disk.h"

#include <sys/statvfs.h>

enum { RESERVE_PART = 10 };

enum rc disk_get(const char *path, struct disk *out)
{
	struct statvfs s;
	uint64_t all = 0;

	*out = (struct disk){ .free_bytes = UINT64_MAX };
	if (statvfs(path, &s) != 0) {
		return RC_IO;
	}
	all = (uint64_t)s.f_blocks * s.f_frsize;
	out->free_bytes = (uint64_t)s.f_bavail * s.f_frsize;
	out->reserve_bytes = all / RESERVE_PART < DISK_RESERVE_BYTES_MAX ? all / RESERVE_PART :
									   DISK_RESERVE_BYTES_MAX;
	out->is_read_only = (s.f_flag & ST_RDONLY) != 0;
	return RC_OK;
}

enum rc disk_judge(const char *path, enum rc rc)
{
	struct disk d;

	return rc == RC_IO && disk_get(path, &d) == RC_OK && d.free_bytes < DISK_FULL_BYTES ?
		       RC_FULL :
		       rc;
}

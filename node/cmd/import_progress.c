#include "node/cmd/import_progress.h"

#include <string.h>

void import_progress_encode(const struct import_progress *p, struct bytes_writer *w)
{
	bytes_put_be64(w, p->place.offset);
	bytes_put_be64(w, p->place.line);
	bytes_put_be64(w, p->added);
	bytes_put_be64(w, p->changed);
	bytes_put_be64(w, p->unchanged);
	bytes_put_be64(w, p->rejected);
	bytes_put_be64(w, p->rejected_bytes);
	bytes_put_u8(w, p->is_done);
	import_break_encode(&p->passages, w);
	bytes_put_be64(w, p->settled);
	bytes_put_be64(w, p->open);
}

enum rc import_progress_decode(struct bytes v, struct import_progress *p)
{
	struct bytes_reader r = bytes_reader_init(v);
	enum rc rc = RC_OK;

	p->place.offset = bytes_get_be64(&r);
	p->place.line = bytes_get_be64(&r);
	p->added = bytes_get_be64(&r);
	p->changed = bytes_get_be64(&r);
	p->unchanged = bytes_get_be64(&r);
	p->rejected = bytes_get_be64(&r);
	p->rejected_bytes = bytes_get_be64(&r);
	p->is_done = bytes_get_u8(&r) == 1;
	memset(&p->passages, 0, sizeof(p->passages));
	p->settled = p->open = 0;
	if (bytes_is_done(&r)) {
		return RC_OK; /* of a program that did not count passages */
	}
	rc = import_break_decode(&r, &p->passages);
	if (rc != RC_OK || bytes_is_done(&r)) {
		return rc; /* of a program that did not count conflicts */
	}
	p->settled = bytes_get_be64(&r);
	p->open = bytes_get_be64(&r);
	return bytes_is_done(&r) ? RC_OK : RC_CORRUPT;
}

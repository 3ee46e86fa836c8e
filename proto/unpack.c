#include "proto/unpack.h"

#include "proto/screen.h"

static void *take(void *data, size_t len)
{
	return arena_take(data, len);
}

/* The arena gives everything back at once. */
static void keep(void *data, void *p)
{
	(void)data;
	(void)p;
}

enum rc unpack_message(const ProtobufCMessageDescriptor *desc, struct bytes b, struct arena *a,
		       ProtobufCMessage **out)
{
	ProtobufCAllocator allocator = { .alloc = take, .free = keep, .allocator_data = a };
	size_t mark = arena_mark(a);
	enum rc rc = RC_OK;

	/* Empty, but aligned: from here on the arena spends what screening counts. */
	if (arena_take(a, 0) == NULL) {
		return RC_NOMEM;
	}
	rc = screen_message(desc, b, a->max - a->used);
	if (rc == RC_OK) {
		*out = protobuf_c_message_unpack(desc, &allocator, b.len, b.p);
		rc = *out == NULL ? RC_CORRUPT : RC_OK;
	}
	if (rc != RC_OK) {
		arena_release(a, mark);
	}
	return rc;
}

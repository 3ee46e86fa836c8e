/*
 * Unpacking protobuf bytes into an arena: screened first (proto/screen.h), so
 * that any bytes may come.
 */
#ifndef KERWEN_UNPACK_H
#define KERWEN_UNPACK_H

#include <protobuf-c/protobuf-c.h>

#include "sync/arena.h"

/*
 * Reads b as a message of desc. *out lives in the arena and is never freed by
 * itself; it borrows nothing from b. What remains of the arena is the bound
 * of what it may take.
 * RC_CORRUPT, RC_LIMIT: as screen_message; RC_NOMEM: the arena is too small.
 * After a failure the arena is as it was.
 */
enum rc unpack_message(const ProtobufCMessageDescriptor *desc, struct bytes b, struct arena *a,
		       ProtobufCMessage **out);

#endif

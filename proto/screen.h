/*
 * Screening: judging the protobuf bytes of a stranger before protobuf-c sees
 * them. protobuf-c 1.4.1 unpacks without a bound on depth or memory, merges
 * a singular sub-message that comes twice in quadratic time, and accepts any
 * bytes as text; what passes here does none of that to it.
 *
 * The bytes are walked once, by protobuf-c's own descriptors, without memory
 * and in linear time. Stricter than protobuf asks, so that one meaning has
 * nearly one form: nothing unknown, nothing twice, no over-long varints.
 */
#ifndef KERWEN_SCREEN_H
#define KERWEN_SCREEN_H

#include <protobuf-c/protobuf-c.h>

#include "sync/bytes.h"

/* Messages within messages; the outermost is level 1. */
enum { SCREEN_DEPTH_MAX = 8 };

/*
 * Judges b as a message of desc. budget: bytes that protobuf-c may take from
 * an arena (see sync/arena.h) to unpack it, everything included.
 *
 * RC_CORRUPT: cut short; a field number or enum number that desc lacks; a
 * wrong wire type or a group; a singular field, or two members of a oneof,
 * given twice; a required one missing; a varint that is longer than need be
 * or out of its type's range; a bool that is not 0 or 1; a string with bad
 * UTF-8 or a NUL.
 * RC_LIMIT: deeper than SCREEN_DEPTH_MAX, or of 2 GiB or more.
 * RC_NOMEM: well-formed so far, but more than budget when unpacked.
 */
enum rc screen_message(const ProtobufCMessageDescriptor *desc, struct bytes b, size_t budget);

#endif

/*
 * Messages between peers as frame.proto: one Frame each.
 *
 * Decoding borrows from b and lives in the arena. RC_CORRUPT: not a message;
 * RC_LIMIT: a bound of the format is exceeded; RC_NOMEM.
 */
#ifndef KERWEN_MESSAGE_CODEC_H
#define KERWEN_MESSAGE_CODEC_H

#include "sync/arena.h"
#include "sync/message.h"

/* Appends the encoded frame to w (LIMIT_FRAME_BYTES_MAX is enough). scratch
 * is used and given back; RC_NOMEM shows in w->rc. */
void message_encode(const struct message *m, struct arena *scratch, struct bytes_writer *w);

enum rc message_decode(struct bytes b, struct arena *a, struct message *out);

#endif

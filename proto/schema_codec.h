/*
 * A schema as the parts in which it travels (proto/schema.proto): a list of
 * type, name and body, each of which becomes one record of the built-in kind
 * schema_part.
 */
#ifndef KERWEN_SCHEMA_CODEC_H
#define KERWEN_SCHEMA_CODEC_H

#include "sync/schema.h"

/* One record of kind schema_part. */
struct schema_codec_part {
	struct bytes type; /* "schema", "codes", "kind" or "figure" */
	struct bytes name; /* NAME, or NAME#2 ... for further pieces */
	struct bytes body; /* 1..LIMIT_VALUE_BYTES_MAX */
};

enum { SCHEMA_CODEC_PIECES_MAX = 64 };

/*
 * Encodes an adopted schema (everything is numbered): the head, then code
 * lists, kinds and figures in their order. The same schema always gives the
 * same bytes. The list lives in a, of which up to 5 MiB are used beside it; it
 * borrows from s.
 * RC_LIMIT: a part is too large (1 MiB). RC_NOMEM: a is exhausted.
 */
enum rc schema_codec_encode(const struct schema *s, struct arena *a,
			    const struct schema_codec_part **out, uint32_t *count);

/*
 * Reads parts in any order. The schema lives in a; nothing of parts is
 * borrowed. Lists come out by name, kinds and figures by number, so that
 * decoding what schema_codec_encode made of an adopted schema gives an equal
 * one. Judges form and references between parts; schema_check judges meaning.
 * RC_NOTFOUND: there is no head. RC_GAP: parts or pieces are missing.
 * RC_CORRUPT: something does not decode, or there are more parts than the head
 * says, or two heads.
 * RC_LIMIT: more of something than sync/limits.h allows. RC_NOMEM.
 */
enum rc schema_codec_decode(const struct schema_codec_part *parts, uint32_t count, struct arena *a,
			    struct schema *out);

#endif

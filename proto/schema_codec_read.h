/*
 * Reads the messages of proto/schema.proto, one at a time: for
 * schema_codec_decode.
 *
 * Everything read lives in the arena. Names stay as the caller set them: they
 * are not part of the messages. RC_CORRUPT: it does not decode, or a number or
 * reference is out of range; RC_LIMIT: more than sync/limits.h allows;
 * RC_NOMEM. What out holds after a failure means nothing.
 */
#ifndef KERWEN_SCHEMA_CODEC_READ_H
#define KERWEN_SCHEMA_CODEC_READ_H

#include "sync/schema.h"

struct schema_codec_piece {
	uint32_t pieces; /* in the first: their count */
	struct bytes data;
};

struct schema_codec_head {
	uint32_t version, codes_count, kinds_count, figures_count;
};

enum rc schema_codec_read_piece(struct bytes b, struct arena *a, struct schema_codec_piece *out);
enum rc schema_codec_read_head(struct bytes b, struct arena *a, struct schema_codec_head *out);
enum rc schema_codec_read_codes(struct bytes b, struct arena *a, struct schema_codes *out);
/* Fields find their code lists in `lists`. */
enum rc schema_codec_read_kind(struct bytes b, const struct schema *lists, struct arena *a,
			       struct schema_kind *out);
enum rc schema_codec_read_figure(struct bytes b, struct arena *a, struct schema_figure *out);

#endif

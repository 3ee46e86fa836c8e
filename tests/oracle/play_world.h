/*
 * The world in which histories are played: schema, centre and offices, and
 * what their stores take for clock, chance and cryptography. For play.c.
 */
#ifndef KERWEN_PLAY_WORLD_H
#define KERWEN_PLAY_WORLD_H

#include "play.h"

void play_world_found(struct play *p);
void play_world_close(struct play *p);

/* Brings all disks back to the founded world; incarnations and chance are
 * those of the seed. */
void play_world_reset(struct play *p, uint64_t seed);

/* What the clock shows to whoever asks next. */
void play_world_set_time(int64_t now_ms);

/* The kind whose existence reaches so far. */
const struct schema_kind *play_world_kind(const struct store *s, enum play_reach reach);

#endif

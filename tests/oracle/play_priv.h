/* What the files of play.h share. */
#ifndef KERWEN_PLAY_PRIV_H
#define KERWEN_PLAY_PRIV_H

#include "play.h"

void play_must(bool is_sound, const struct play *p, const char *what);
uint32_t play_draw(struct play *p, uint32_t below);
void play_say(struct play *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Before a node does anything it looks at its clock; ctx: the node. */
void play_turn(void *ctx);

/* cut_after: frames for which the wire holds; -1: all. */
void play_sync_office(struct play *p, uint32_t node, int64_t cut_after);

/* A record's next step to another home: it is asked for, withdrawn, declined or
 * accepted. Mostly those concerned sync at once, so that there are many moves. */
void play_move(struct play *p);

#endif

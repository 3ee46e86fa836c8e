/*
 * Plays random histories and tells them to the model:
 *
 *   oracle [-s SEED] [-n HISTORIES] [-v] | python3 compare.py
 *
 * Seeds count up from SEED. -v tells every step, for the account of one.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tell.h"

static void on_commit(void *ctx, struct play *p, uint32_t node, uint64_t commit,
		      const struct draft *d, uint32_t count)
{
	tell_commit(ctx, p, node, commit, d, count);
}

static void on_look(void *ctx, struct play *p, uint32_t node, bool is_settled)
{
	tell_look(ctx, p, node, is_settled);
}

static void on_text(void *ctx, const char *text)
{
	tell_text(ctx, text);
}

static void play_one(struct play *p, struct tell *t, uint64_t seed)
{
	/* Every third history is one of clocks that are right. */
	play_begin(p, seed, seed % 3 == 0 ? PLAY_CLOCKS_RIGHT : PLAY_CLOCKS_WRONG);
	tell_begin(t, p);
	while (play_step(p)) {
	}
	play_settle(p);
	tell_end(t, p);
}

int main(int argc, char **argv)
{
	static struct play p;
	struct tell t;
	struct play_listener listener = { &t, on_commit, on_look, NULL };
	uint64_t seed = 1, count = 1, i;
	int option;

	while ((option = getopt(argc, argv, "s:n:v")) != -1) {
		switch (option) {
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoull(optarg, NULL, 10);
			break;
		case 'v':
			listener.on_text = on_text;
			break;
		default:
			(void)fputs("usage: oracle [-s SEED] [-n HISTORIES] [-v]\n", stderr);
			return 2;
		}
	}
	tell_open(&t, stdout);
	play_found(&p, &listener);
	p.has_links = p.has_moves = true;
	tell_world(&t, &p);
	for (i = 0; i < count; i++) {
		play_one(&p, &t, seed + i);
	}
	tell_all_over(&t);
	play_close(&p);
	tell_close(&t);
	return fflush(stdout) == 0 ? 0 : 1;
}

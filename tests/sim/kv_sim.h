/*
 * A simulated disk: kv.h in memory, for tests. It is chosen when linking, by
 * standing before the library that holds kv_lmdb.o.
 *
 * A disk is named by the directory of kv_open and lives on when that is
 * closed, until kv_sim_forget or the end of the process: so a store can be
 * closed and opened again. What is not committed is not on it.
 *
 * It keeps to the letter of kv.h, where LMDB is more generous: bytes that a
 * writing transaction gave out are spoilt by its next put or del.
 */
#ifndef KERWEN_KV_SIM_H
#define KERWEN_KV_SIM_H

#include "node/store/kv.h"

/* Gives disk `to`, made if need be, the content of `from`, at no cost. It may
 * be open, but not in the middle of a writing transaction. */
void kv_sim_clone(const char *from, const char *to);

/* Frees a disk; fine when there is none. No kv may have it open. */
void kv_sim_forget(const char *dir);

/* The n-th write from now on - a put, a delete, a commit - fails with RC_IO, and
 * so do all after it, as if the machine had stopped there. 0: none does. */
void kv_sim_fail_at(uint64_t n);
/* Writes since then. */
uint64_t kv_sim_writes(void);

/* What was asked of all disks since the start: one for each call of kv.h. */
struct kv_sim_calls {
	uint64_t gets, seeks, nexts; /* look-ups */
	uint64_t puts, dels;
};
struct kv_sim_calls kv_sim_calls(void);

#endif

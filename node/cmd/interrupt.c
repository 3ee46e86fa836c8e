#include "node/cmd/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t came;

static void on_signal(int number)
{
	(void)number;
	came = 1;
}

static void set(void (*handler)(int))
{
	struct sigaction action, old;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* Under nohup a hang-up stays ignored. */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
			(void)sigaction(numbers[i], &action, NULL);
		}
	}
}

void interrupt_watch(void)
{
	set(on_signal);
}

void interrupt_unwatch(void)
{
	set(SIG_DFL);
}

bool interrupt_came(void)
{
	return came != 0;
}

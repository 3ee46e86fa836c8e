/* Where the process begins: what must hold before any command runs. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "node/base/random.h"
#include "node/cmd/cmd.h"

/* A core would hold records and the key. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* A database file must never get the number of a standard stream. One that
 * was closed can be neither read nor written: what would be printed is missed. */
static int hold_standard_streams(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
			return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (hold_standard_streams() != 0) {
		return CMD_FAILED;
	}
	umask(077);
	forbid_core_dumps();
	signal(SIGPIPE, SIG_IGN);
	/* Text is UTF-8 whatever the locale; numbers are written as in C. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	random_init();
	return cmd_main(cmd_table, argc, argv);
}

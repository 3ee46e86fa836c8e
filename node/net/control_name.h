/* The name of the daemon's socket in its directory; for control*.c. */
#ifndef KERWEN_CONTROL_NAME_H
#define KERWEN_CONTROL_NAME_H

#define CONTROL_NAME "control.sock"

#endif

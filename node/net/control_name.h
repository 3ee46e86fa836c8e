/* The names of the daemon's files in its directory. */
#ifndef KERWEN_CONTROL_NAME_H
#define KERWEN_CONTROL_NAME_H

#define CONTROL_NAME      "control.sock"
#define CONTROL_LOCK_NAME "daemon.lock" /* held by the daemon as long as it lives */

#endif

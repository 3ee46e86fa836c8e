#include "sync/rc.h"

const char *rc_text(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return "done";
	case RC_NOMEM:
		return "out of memory";
	case RC_LIMIT:
		return "a limit is exceeded";
	case RC_NOTFOUND:
		return "not found";
	case RC_EXISTS:
		return "exists already";
	case RC_INVALID:
		return "not valid";
	case RC_CORRUPT:
		return "damaged data";
	case RC_BADSIG:
		return "signature or hash does not match";
	case RC_GAP:
		return "something earlier is missing";
	case RC_FORK:
		return "two different entries claim one place in a feed";
	case RC_DENIED:
		return "not allowed";
	case RC_FULL:
		return "no space left";
	case RC_IO:
		return "input or output failed";
	case RC_BUSY:
		return "in use by somebody else";
	case RC_TIMEOUT:
		return "took too long";
	case RC_CLOSED:
		return "closed by the other side";
	case RC_UNREACHED:
		return "cannot be reached";
	case RC_VERSION:
		return "speaks another version";
	case RC_SYSTEM:
		return "belongs to another system";
	case RC_UNKNOWN:
		return "outcome unknown";
	}
	return "unknown code";
}

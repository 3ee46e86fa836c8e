#include "sync/dot.h"

bool dot_equal(struct dot a, struct dot b)
{
	return a.feed == b.feed && a.seq == b.seq;
}

int dot_compare(struct dot a, struct dot b)
{
	if (a.feed != b.feed) {
		return a.feed < b.feed ? -1 : 1;
	}
	return a.seq < b.seq ? -1 : a.seq > b.seq;
}

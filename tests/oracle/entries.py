"""
Bytes and entries as the wire has them, from proto/README.md alone; numbers in
[] are its chapters. What entries mean says model.py.
"""
from hashlib import blake2b
from struct import unpack_from


# --- bytes [2, 3, 6] -----------------------------------------------------------

def hash256(*pieces):
    return blake2b(b"".join(pieces), digest_size=32).digest()


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(b, at):
    n = shift = 0
    while True:
        c = b[at]
        at += 1
        n |= (c & 127) << shift
        if c < 128:
            return n, at
        shift += 7


def wrapped(n):
    """In two's complement of 64 bits."""
    return (n + (1 << 63)) % (1 << 64) - (1 << 63)


def zigzag(n):
    return varint(2 * n if n >= 0 else -2 * n - 1)


def number(value):
    n = read_varint(value, 0)[0]
    return n // 2 if n % 2 == 0 else -(n + 1) // 2


def fields_of(b):
    """The fields of a protobuf message, in their order."""
    at, end = 0, len(b)
    while at < end:
        tag, at = read_varint(b, at)
        wire = tag & 7
        if wire == 0:
            value, at = read_varint(b, at)
        elif wire == 2:
            length, at = read_varint(b, at)
            value = b[at:at + length]
            at += length
        elif wire == 1:
            value = unpack_from("<Q", b, at)[0]
            at += 8
        else:
            value = unpack_from("<I", b, at)[0]
            at += 4
        yield tag >> 3, value


def one_of_each(b):
    return dict(fields_of(b))


def varints(b):
    """A repeated number, packed."""
    at, out = 0, []
    while at < len(b):
        n, at = read_varint(b, at)
        out.append(n)
    return out


# --- entries [4, 5] ------------------------------------------------------------

def stepped(base, step):
    """The id that is `step` steps after base."""
    n = int.from_bytes(base, "big")
    low = (1 << 62) - 1
    random = ((n >> 64 & 0xfff) << 62 | n & low) + step
    n = n >> 76 << 76 | (random >> 62 & 0xfff) << 64 | (n >> 62 & 3) << 62 | random & low
    return n.to_bytes(16, "big")


class Change:
    """What one entry does to one record: an event."""

    __slots__ = ("entry", "dot", "kind", "id", "life", "ops", "form")

    def __init__(self, entry, raw):
        self.entry = entry
        self.dot = (entry.feed, entry.seq)
        self.kind = self.life = step = 0
        self.id = None
        codes, values, form, has_form = [], [], {}, False
        for n, v in fields_of(raw):
            if n == 1:
                self.kind = v
            elif n == 2:
                step = v
            elif n == 3:
                self.id = v
            elif n == 4:
                self.life = v
            elif n == 5:
                codes += varints(v) if isinstance(v, bytes) else [v]
            elif n == 6:
                values.append(v)
            elif n == 7:
                dot = one_of_each(v)
                form[dot[1]] = dot[2]
            elif n == 8:
                has_form = bool(v)
        if self.id is None:
            self.id = stepped(entry.base_id, step)
        self.ops = [(c >> 3, c & 7, v) for c, v in zip(codes, values)]
        self.form = form if has_form else None


class Entry:
    __slots__ = ("feed", "seq", "office", "scope", "seen_centre", "seen_own", "time", "commit",
                 "author", "base_id", "cuts", "changes", "hash", "carried")

    def __init__(self, raw, hash_before):
        header, salt, changes = b"", b"", []
        for n, v in fields_of(raw):
            if n == 1:
                header = v
            elif n == 2:
                salt = v
            else:
                changes.append(v)
        h = {}
        self.cuts = []
        for n, v in fields_of(header):
            if n == 13:
                cut = one_of_each(v)
                self.cuts.append((cut[1], cut[2], cut[3]))
            else:
                h[n] = v
        self.feed, self.seq = h[1], h[2]
        self.office, self.scope = self.feed >> 48, self.feed >> 32 & 0xffff
        self.seen_centre, self.seen_own = h.get(3, 0), h.get(4, 0)
        self.time, self.commit, self.author = h.get(7, 0), h.get(8, 0), h.get(9, b"")
        self.base_id = h.get(11)
        carried = one_of_each(h[15]) if 15 in h else None
        self.carried = (carried.get(1, 0), carried.get(2, 0)) if carried is not None else None
        self.changes = [Change(self, c) for c in changes]
        leaves = [hash256(self.salt_of(salt, i), c) for i, c in enumerate(changes)]
        self.hash = hash256(hash_before, hash256(header, *leaves))  # [6]

    @staticmethod
    def salt_of(salt, i):
        pair = hash256(salt, (i // 2).to_bytes(4, "big"))
        return pair[16:] if i % 2 else pair[:16]

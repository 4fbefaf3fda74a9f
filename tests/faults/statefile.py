"""The file of --state, as docs/running.md tells it: checkpoints one behind the other."""
import hashlib

HEADER, WHOLE = 56, 1


def number(raw, at, n):
    return int.from_bytes(raw[at:at + n], "little")


def checkpoints(raw):
    """(start, end) of each."""
    at = 0
    while at + HEADER <= len(raw):
        size = number(raw, at + 16, 8)
        if size < HEADER or at + size > len(raw):
            return
        yield at, at + size
        at += size


def kind(raw, start):
    return number(raw, start + 12, 4)


def output_at(raw, start):
    """Where device and inode of the output stand."""
    at = start + HEADER + (0 if kind(raw, start) == WHOLE else 32)
    at += 4 + number(raw, at, 4)      # bundle
    at += 4 + 8 * number(raw, at, 4)  # totals
    return at + 4 + number(raw, at, 4)


def marked_line(raw):
    """The line of its first source that it has reached."""
    known, line = 0, 0
    for start, _ in checkpoints(raw):
        at = output_at(raw, start) + 24
        n = number(raw, at, 4)
        at += 4
        for _ in range(n):
            index = number(raw, at, 4)
            at += 4
            if index >= known:
                known += 1
                at += 4 + number(raw, at, 4)  # name
            at += 20 + 32
            size = number(raw, at, 4)
            if index == 0 and size:
                line = number(raw, at + 4 + 12, 8)
            at += 4 + size
    return line


def sealed(raw):
    """The bytes with the sizes and digests that are right for them, where there are checkpoints at all."""
    raw = bytearray(raw)
    last = bytes(32)
    for start, end in list(checkpoints(raw)):
        if kind(raw, start) != WHOLE and end - start >= HEADER + 32:
            raw[start + HEADER:start + HEADER + 32] = last
        raw[start + 24:start + HEADER] = bytes(32)
        last = hashlib.blake2b(bytes(raw[start:end]), digest_size=32).digest()
        raw[start + 24:start + HEADER] = last
    return raw


def renumbered(raw, out):
    """With the inode of an output that was laid down anew. What is torn stays torn."""
    raw, st = bytearray(raw), out.stat()
    sound = [(start, end) for start, end in checkpoints(raw) if is_sound(raw, start, end)]
    for start, _ in sound:
        at = output_at(raw, start)
        raw[at:at + 8] = st.st_dev.to_bytes(8, "little")
        raw[at + 8:at + 16] = st.st_ino.to_bytes(8, "little")
    end = sound[-1][1] if sound else 0
    return bytes(sealed(raw[:end]) + raw[end:])


def is_sound(raw, start, end):
    own = bytearray(raw[start:end])
    own[24:HEADER] = bytes(32)
    return hashlib.blake2b(bytes(own), digest_size=32).digest() == raw[start + 24:start + HEADER]

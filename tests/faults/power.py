"""Power cuts. lq's changes to files are recorded, played into a model of a disk, and cut at each of them.

In the model fsync of a file makes its bytes durable, fsync of a folder its names, and nothing else does. What was not durable may
be there or not: each way is tried, and then lq goes on from what there is."""
import random

from statefile import renumbered
from world import World, check_same, events


class File:
    def __init__(self):
        self.now, self.durable = bytearray(), bytearray()

    def parts(self, r):
        """What may be there of it: the durable bytes, and some of those that were written since."""
        keep = bytearray(self.durable)
        if len(self.now) > len(keep):
            end = r.randrange(len(keep), len(self.now) + 1)
            # A file may have got its length before its bytes.
            keep += bytes(end - len(keep)) if r.random() < 0.3 else self.now[len(keep):end]
        return keep


class Disk:
    def __init__(self):
        self.names, self.durable_names, self.fds = {}, {}, {}

    def play(self, line):
        call, fd, a, b, n = line.rstrip("\n").split("\t")
        fd, n = int(fd), int(n)
        if call == "open":
            self.open(fd, a, b == "create")
        elif call == "rename":
            self.names[b] = self.names.pop(a)
        elif call == "unlink":
            self.names.pop(a, None)
        elif fd in self.fds:
            self.change(call, self.fds[fd], a, n)

    def open(self, fd, name, create):
        if create and name not in self.names:
            self.names[name] = File()
        if name in self.names:
            self.fds[fd] = [self.names[name], 0]
        else:
            self.fds[fd] = ["folder" if name == "." else None, 0]

    def change(self, call, handle, a, n):
        file, at = handle
        if call == "fsync" and file == "folder":
            self.durable_names = dict(self.names)
        if not isinstance(file, File):
            return
        if call == "write":
            file.now[at:at + n] = bytes.fromhex(a)
            handle[1] += n
        elif call == "seek":
            handle[1] = n
        elif call == "truncate":
            del file.now[n:]
        elif call == "fsync":
            file.durable = bytearray(file.now)

    def left(self, names_too, bytes_too, r):
        names = self.names if names_too else self.durable_names
        how = {0: lambda f: f.durable, 1: lambda f: f.parts(r), 2: lambda f: f.now}[bytes_too]
        return {name: bytes(how(file)) for name, file in names.items()}


def lay_down(w, left):
    w.forget()
    (w.folder / "state.tmp").unlink(missing_ok=True)
    for name, raw in left.items():
        (w.folder / name).write_bytes(raw)
    # The inode that the state names is that of the file; here it is another one, as files are laid down anew.
    if w.state.exists() and w.out.exists():
        w.state.write_bytes(renumbered(w.state.read_bytes(), w.out))


def power(args):
    r = random.Random(args.seed)
    cuts = 0
    with World(args) as w:
        w.log.write_bytes(b"".join(events(4500, 17)))
        wanted = w.whole()
        journal = w.folder / "journal"
        code, _, err = w.run(w.command("--checkpoint", "0", program=w.shim), fault="none:0", journal=journal)
        assert code == 0, err
        lines = journal.read_text().splitlines()
        for k in range(len(lines) + 1):
            for names_too in (False, True):
                for bytes_too in (0, 1, 2):
                    disk = Disk()
                    for line in lines[:k]:
                        disk.play(line)
                    lay_down(w, disk.left(names_too, bytes_too, r))
                    where = f"power cut before change {k + 1} of {len(lines)} (names {names_too}, bytes {bytes_too})"
                    code, _, err = w.run(w.command("--checkpoint", "0"))
                    assert code == 0, f"{where}: exit code {code}: {err}"
                    check_same(w.alerts(), wanted, where)
                    cuts += 1
    return f"{cuts} power cuts at {len(lines)} changes"

"""Each call to the system fails in turn; disks that are full."""
import os
import pathlib
import resource
import subprocess
import tempfile

from world import World, check_at_least_once, check_lines, check_same, events

EVENTS = 3000
ONCE = ("eio", "enospc", "eintr", "short", "kill", "half")


def count_calls(w, command):
    log = w.folder / "calls.log"
    log.unlink(missing_ok=True)
    code, _, err = w.run(command, fault="none:0", calls=log)
    assert code == 0, err
    w.forget()
    return log.read_text().split()


def one(w, wanted, fault, name, piped):
    where = f"{fault} ({name}{', to a pipe' if piped else ''})"
    w.forget()
    command = w.command("--checkpoint", "0", program=w.shim, output=not piped)
    code, out, err = w.run(command, fault=fault)
    kind = fault.split(":")[0]
    fine = {"eintr": {0}, "short": {0}, "kill": {-9}, "half": {-9, 0}}.get(kind, {0, 2, 3, 4, 6})
    assert code in fine, f"{where}: exit code {code}: {err}"
    lines = out.split(b"\n")[:-1]
    if not piped and code >= 0:
        check_lines(w.alerts(), where)
    if not piped and code == 0:
        check_same(w.alerts(), wanted, where)
    code, out, err = w.run(w.command("--checkpoint", "0", output=not piped))
    assert code == 0, f"{where}: then exit code {code}: {err}"
    if piped:
        check_at_least_once(lines + out.splitlines(), wanted, where)
    else:
        check_same(w.alerts(), wanted, where)


def calls(args):
    runs = 0
    with World(args) as w:
        w.log.write_bytes(b"".join(events(EVENTS, 7)))
        wanted = w.whole()
        for piped in (False, True):
            names = count_calls(w, w.command("--checkpoint", "0", program=w.shim, output=not piped))
            for n, name in enumerate(names, 1):
                for kind in ONCE:
                    if kind == "enospc" and args.count < 300:
                        continue
                    if kind in ("short", "half") and name not in ("write", "read", "pread"):
                        continue
                    if kind == "eintr" and name not in ("write", "read", "pread", "fsync"):
                        continue
                    one(w, wanted, f"{kind}:{n}", name, piped)
                    runs += 1
                for kind in ("eio", "enospc", "short") if args.count >= 300 else ("eio",):
                    one(w, wanted, f"{kind}:{n}:on", name, piped)
                    runs += 1
    return f"{len(names)} calls, {runs} runs with one that fails or all from one on"


# ---- full disks ----

def small_disk(w):
    """A file system of 64 KiB over the folder; None where that is not allowed."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(w.folder)], capture_output=True)
    return done.returncode == 0


def on_small_disk(args, lines):
    with tempfile.TemporaryDirectory() as elsewhere, World(args) as w:
        log = pathlib.Path(elsewhere) / "events.ndjson"
        log.write_bytes(b"".join(lines))
        wanted = w.whole(sources=[str(log)])
        assert len(wanted) > 100000
        if not small_disk(w):
            return "no file system of 64 KiB here (not root)"
        try:
            for round_ in range(3):
                code, _, err = w.run(w.command("--checkpoint", "0", sources=[str(log)]))
                assert code == 6, f"a full disk gave exit code {code}: {err}"
                assert "No space left" in err, err
                check_lines(w.alerts(), "a full disk")
                assert wanted.startswith(w.alerts())
            subprocess.run(["mount", "-o", "remount,size=64m", str(w.folder)], check=True)
            code, _, err = w.run(w.command("--checkpoint", "0", sources=[str(log)]))
            assert code == 0, err
            check_same(w.alerts(), wanted, "after the disk was full")
        finally:
            subprocess.run(["umount", str(w.folder)], check=True)
    return "a disk of 64 KiB"


def with_limit(args, lines):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (70000, resource.RLIM_INFINITY))

    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        wanted = w.whole()
        for _ in range(2):
            code, _, err = w.run(w.command("--checkpoint", "0"), preexec_fn=limit)
            assert code == 6, f"a limit on the size of files gave exit code {code}: {err}"
            check_lines(w.alerts(), "a limit on the size of files")
        code, _, err = w.run(w.command("--checkpoint", "0"))
        assert code == 0, err
        check_same(w.alerts(), wanted, "after a limit on the size of files")
    return "a limit on the size of files"


def full_device(args, lines):
    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        wanted = w.whole()
        with open("/dev/full", "wb") as full:
            code = w.run(w.command(output=False), stdout=full)[0]
        assert code == 6, code
        code, out, _ = w.run(w.command(output=False))
        assert code == 0
        check_at_least_once(out.splitlines(), wanted, "after /dev/full")
    return "/dev/full"


def disk(args):
    lines = events(6000, 5)
    return "; ".join([on_small_disk(args, lines), with_limit(args, lines), full_device(args, lines)])

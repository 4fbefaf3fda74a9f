"""kill -9 at random times. After each kill lq is started again; in the end the alerts are those of an undisturbed run."""
import gzip
import random
import subprocess
import time

from statefile import marked_line
from world import World, check_at_least_once, check_same, events, kill_after

EVENTS = 24000


def life(w, command):
    """How long an undisturbed run takes."""
    start = time.monotonic()
    w.run(command)
    return time.monotonic() - start


def to_file(w, r, wanted, span, command):
    kills = 0
    while True:
        p = w.start(command, stderr=subprocess.DEVNULL)
        if not kill_after(p, r.uniform(0, span)):
            break
        p.wait()
        kills += 1
        if kills >= 6:
            w.run(command)
            break
    check_same(w.alerts(), wanted, "output to a file")
    return kills


def to_pipe(w, r, wanted, span, command):
    kills, lines = 0, []
    while kills < 6:
        p = w.start(command, stderr=subprocess.DEVNULL)
        try:
            out = p.communicate(timeout=r.uniform(0, span))[0]
        except subprocess.TimeoutExpired:
            p.kill()
            out = p.communicate()[0]
            kills += 1
            lines += out.split(b"\n")[:-1]  # what a killed process did not end is no line
            continue
        lines += out.splitlines()
        break
    else:
        lines += w.run(command)[1].splitlines()
    check_at_least_once(lines, wanted, "output to a pipe")
    return kills


def of_growing(w, r, wanted, lines):
    """Events are appended while lq follows; it is killed and started again; now and then the log is rotated."""
    w.log.write_bytes(b"")
    command = w.command("--follow", "--checkpoint", "0")
    kills, at, rotated = 0, 0, 0
    p = w.start(command, stderr=subprocess.DEVNULL)
    while at < len(lines):
        n = r.randrange(1, 1600)
        block = b"".join(lines[at:at + n])
        at += n
        half = r.randrange(len(block))
        with w.log.open("ab") as f:
            f.write(block[:half])
            f.flush()
            time.sleep(r.uniform(0, 0.02))
            f.write(block[half:])
        if r.random() < 0.15:
            # A file that came and went before the state knew of it is not known to lq.
            known_so_far(w, lines[:at])
            rotated += 1
            w.log.rename(w.folder / f"events.ndjson.{rotated}")
            w.log.write_bytes(b"")
            if r.random() < 0.5:
                time.sleep(r.uniform(0, 1.5))
            else:
                p.kill()
                p.wait()
                kills += 1
                p = w.start(command, stderr=subprocess.DEVNULL)
        if r.random() < 0.4:
            p.kill()
            p.wait()
            kills += 1
            p = w.start(command, stderr=subprocess.DEVNULL)
    read_so_far(w, lines)
    wait_for(w, wanted)
    p.terminate()
    code = p.wait(timeout=20)
    assert code == 0, f"SIGTERM gave exit code {code}"
    check_same(w.alerts(), wanted, f"a log that grows, {kills} kills, {rotated} rotations")
    return kills


def read_so_far(w, done):
    """Waits until the alerts of so many lines are there: those of the rule over single events say it."""
    wanted = sum(b'"evil.exe"' in line for line in done)
    end = time.monotonic() + 20
    while w.alerts().count(b'"rule":{"id":"single"') < wanted and time.monotonic() < end:
        time.sleep(0.02)
    got = w.alerts().count(b'"rule":{"id":"single"')
    assert got == wanted, f"{got} of {wanted} alerts"


def known_so_far(w, done):
    """Waits until the state says that so many lines were read."""
    end = time.monotonic() + 20
    while marked_line(w.state.read_bytes() if w.state.exists() else bytes(200)) <= len(done) and time.monotonic() < end:
        time.sleep(0.02)
    got = marked_line(w.state.read_bytes()) - 1
    assert got == len(done), f"{got} of {len(done)} lines in the state"


def wait_for(w, wanted, seconds=20):
    end = time.monotonic() + seconds
    while w.alerts().count(b"\n") < wanted.count(b"\n") and time.monotonic() < end:
        time.sleep(0.05)


def kill(args):
    r = random.Random(args.seed)
    kills = {"file": 0, "pipe": 0, "growing": 0, "gzip": 0}
    lines = events(EVENTS, args.seed)
    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        packed = w.folder / "packed.ndjson.gz"
        packed.write_bytes(gzip.compress(b"".join(lines), 1))
        often = ("--checkpoint", "0")
        wanted = w.whole()
        wanted_packed = w.whole(sources=[packed.name])
        span = life(w, w.command(*often))
        while sum(kills.values()) < args.count:
            w.forget()
            kills["file"] += to_file(w, r, wanted, span, w.command(*often))
            w.forget()
            kills["pipe"] += to_pipe(w, r, wanted, span, w.command(*often, output=False))
            w.forget()
            kills["gzip"] += to_file(w, r, wanted_packed, span, w.command(*often, sources=[packed.name]))
            if r.random() < 0.35:
                with World(args) as g:
                    kills["growing"] += of_growing(g, r, wanted, lines)
    return f"{sum(kills.values())} kills ({', '.join(f'{k} {n}' for k, n in kills.items())}), {wanted.count(10)} alerts each"

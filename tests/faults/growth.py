"""Events that end in the middle, logs that are rotated, processes that meet."""
import gzip
import json
import random
import signal
import subprocess
import time

from kills import read_so_far, wait_for
from world import World, check_lines, check_same, events


def cut_one(w, raw, offset, wanted):
    where = f"{w.log.name} cut at {offset}"
    w.forget()
    w.log.write_bytes(raw[:offset])
    code, _, err = w.run(w.command())
    assert code in (0, 4), f"{where}: exit code {code}: {err}"
    if raw[:2] == b"\x1f\x8b" and 4 < offset < len(raw):
        assert code == 4 and "ends too early" in err, f"{where}: {code} {err}"
    check_lines(w.alerts(), where)
    assert wanted.startswith(w.alerts()), f"{where}: the alerts are no prefix of those of the whole"
    w.log.write_bytes(raw)
    code, _, err = w.run(w.command())
    assert code == 0, f"{where}: then exit code {code}: {err}"
    check_same(w.alerts(), wanted, f"{where}, then whole")


def cut(args):
    r = random.Random(args.seed)
    raw = b"".join(events(700, 11))
    n = max(args.count, 40)
    with World(args) as w:
        w.log.write_bytes(raw)
        wanted = w.whole()
        for offset in [0, 1, 3, len(raw) - 1, len(raw)] + [r.randrange(len(raw)) for _ in range(n)]:
            cut_one(w, raw, offset, wanted)
        packed = gzip.compress(raw[:len(raw) // 2]) + gzip.compress(raw[len(raw) // 2:])
        w.log = w.folder / "events.ndjson.gz"
        w.log.write_bytes(packed)
        wanted = w.whole()
        for offset in [0, 1, 3, 11, len(packed) - 1] + [r.randrange(len(packed)) for _ in range(n)]:
            cut_one(w, packed, offset, wanted)
        array = b"[" + raw.replace(b"\n", b",")[:-1] + b"]"
        w.log = w.folder / "events.json"
        w.log.write_bytes(array)
        wanted = w.whole()
        for offset in [0, 1, 5] + [r.randrange(len(array)) for _ in range(n // 2)]:
            cut_one(w, array, offset, wanted)
        last_line(w)
    return f"{2 * n + n // 2 + 13} cuts of plain files, gzip and an array"


def last_line(w):
    """A last line without its end waits; --final takes it."""
    w.log = w.folder / "last.ndjson"
    line = b'{"event":{"category":"process"},"process":{"name":"evil.exe"}}'
    w.forget()
    w.log.write_bytes(line)
    code, _, err = w.run(w.command())
    assert code == 0 and w.alerts() == b"" and "--final reads it as it is" in err, (code, err)
    assert w.run(w.command("--final"))[0] == 0 and w.alerts().count(b"\n") == 1
    assert w.run(w.command("--final"))[0] == 0 and w.alerts().count(b"\n") == 1
    with w.log.open("ab") as f:
        f.write(b"\n" + line + b"\n")
    assert w.run(w.command())[0] == 0
    ids = [a["id"] for a in check_lines(w.alerts(), "a last line")]
    assert len(ids) == len(set(ids)) == 2, ids
    assert check_lines(w.alerts(), "")[1]["sources"][0]["line"] == 2


# ---- rotation ----

def follow(w, *more):
    return w.start(w.command("--follow", "--checkpoint", "0", *more), stderr=subprocess.PIPE)


def stop(p, how=signal.SIGTERM, code=0):
    p.send_signal(how)
    _, err = p.communicate(timeout=30)
    assert p.returncode == code, f"signal {how} gave exit code {p.returncode}: {err.decode()}"
    return err.decode()


def append(w, lines):
    with w.log.open("ab") as f:
        f.write(b"".join(lines))


def renamed(w, n):
    w.log.rename(w.folder / f"events.ndjson.{n}")
    w.log.write_bytes(b"")


def copied(w, n):
    (w.folder / f"events.ndjson.{n}").write_bytes(w.log.read_bytes())
    with w.log.open("r+b") as f:
        f.truncate(0)


def turn_over(args, how, running, lines, wanted):
    """Three files come to one name; lq follows, or is away while it happens. Half a line waits at the end of the second part."""
    with World(args) as w:
        w.log.write_bytes(b"")
        third = len(lines) // 3
        p = follow(w)
        for n, at in enumerate(range(0, len(lines), third), 1):
            part = lines[at:at + third]
            append(w, part[:-5])
            read_so_far(w, lines[:at] + part[:-5])
            if not running:
                stop(p)
            append(w, part[-5:])
            if running and how is copied:
                read_so_far(w, lines[:at] + part)
            if at + third < len(lines):
                how(w, n)
            if not running:
                p = follow(w)
        wait_for(w, wanted)
        stop(p)
        where = f"{how.__name__}, {'running' if running else 'away'}"
        check_same(w.alerts(), wanted, where)
        ids = [a["id"] for a in check_lines(w.alerts(), where)]
        assert len(ids) == len(set(ids)), f"{where}: two alerts with one id"


def lost(args, lines):
    """The old file is gone with what was not read of it: that is said, and ids stay apart."""
    with World(args) as w:
        w.log.write_bytes(b"".join(lines[:300]))
        assert w.run(w.command())[0] == 0
        first = w.alerts()
        w.log.unlink()
        w.log.write_bytes(b"".join(lines[300:600]))
        code, _, err = w.run(w.command())
        assert code == 0 and "is another file than before" in err, (code, err)
        assert w.alerts().startswith(first) and len(w.alerts()) > len(first)
        ids = [a["id"] for a in check_lines(w.alerts(), "lost")]
        assert len(ids) == len(set(ids)), "two alerts with one id"


def two_processes(args, lines):
    with World(args) as w:
        w.log.write_bytes(b"".join(lines[:200]))
        p = follow(w)
        read_so_far(w, lines[:200])
        code, _, err = w.run(w.command())
        assert code == 2 and f"state is in use by process {p.pid}" in err, (code, err)
        other = w.command()
        other[other.index("--state") + 1] = "other"
        code, _, err = w.run(other)
        assert code == 2 and "alerts.ndjson is in use" in err, (code, err)
        p.kill()
        p.communicate()
        assert w.run(w.command())[0] == 0, "the lock outlived its process"


def signals(args, lines):
    with World(args) as w:
        w.log.write_bytes(b"".join(lines[:200]))
        p = follow(w)
        read_so_far(w, lines[:200])
        stop(p, signal.SIGINT, 130)
        p = follow(w)
        time.sleep(0.3)
        err = stop(p, signal.SIGTERM, 0)
        assert "0 alerts" in err, err
        for delay in range(16):  # as it starts: ended before it could listen, or well
            p = follow(w)
            time.sleep(delay / 500)
            p.send_signal(signal.SIGTERM)
            p.communicate(timeout=20)
            assert p.returncode in (0, -signal.SIGTERM), (delay, p.returncode)


def several(args, lines):
    """Two logs, written to in turn, half lines too."""
    with World(args) as w:
        a, b = w.folder / "a.ndjson", w.folder / "b.ndjson"
        evil = [x for x in lines if b"evil.exe" in x][:40]
        a.write_bytes(b"")
        p = w.start(w.command("--follow", "--checkpoint", "0", sources=["a.ndjson", "b.ndjson"]))
        time.sleep(0.5)
        for i, line in enumerate(evil):
            with (a if i % 2 else b).open("ab") as f:
                f.write(line[:20])
                f.flush()
                time.sleep(0.25 if i < 4 else 0.01)
                f.write(line[20:])
        end = time.monotonic() + 20
        while w.alerts().count(b"\n") < len(evil) and time.monotonic() < end:
            time.sleep(0.05)
        p.send_signal(signal.SIGTERM)
        _, err = p.communicate(timeout=20)
        got = [json.loads(x) for x in w.alerts().splitlines()]
        places = sorted((s["file"], s["line"]) for g in got for s in g["sources"])
        assert places == sorted((n, i + 1) for n in ("a.ndjson", "b.ndjson") for i in range(20)), places
        assert p.returncode == 4 and b"cannot read b.ndjson" in err, (p.returncode, err)  # said, as it was not there at first


def changed_rules(args, lines):
    """A rule that changed begins anew, the others go on."""
    from world import HERE
    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        wanted = w.whole()
        w.log.write_bytes(b"".join(lines[:len(lines) // 2]))
        assert w.run(w.command())[0] == 0
        rules = w.folder / "changed.lq"
        rules.write_text((HERE / "rules/faults.lq").read_text().replace("n > 3", "n > 1000000"))
        w.log.write_bytes(b"".join(lines))
        code, _, err = w.run(w.command(rules=rules))
        assert code == 0 and "the rules have changed: 1 of them" in err, (code, err)
        pick = lambda raw, rule: [x["id"] for x in check_lines(raw, "changed") if x["rule"]["id"] == rule]
        for rule in ("single", "pair"):
            assert pick(w.alerts(), rule) == pick(wanted, rule), rule


def rotate(args):
    lines = events(1500, 23)
    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        wanted = w.whole()
    for how in (renamed, copied):
        for running in (True, False):
            turn_over(args, how, running, lines, wanted)
    lost(args, lines)
    two_processes(args, lines)
    signals(args, lines)
    several(args, lines)
    changed_rules(args, lines)
    return "renamed and copied logs, running and away; a lost one; two processes; signals; two logs; changed rules"

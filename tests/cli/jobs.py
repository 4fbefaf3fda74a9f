#!/usr/bin/env python3
"""However many threads are at work, and wherever the input is cut into blocks: the same output, messages, counters and exit code.

    jobs.py --lq PATH [--shim PATH] [--quick]

With --shim, lq with calls that fail (tests/faults/shim.c), reads and opens fail too. --quick is for builds that are slow."""
import argparse
import gzip
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

RULES = """---
id: one
severity: high
---
process where process.name : ("evil*", "CMD.exe") and not user.name : "root"
---
id: counted
---
process where length(process.args) > 2 or process.command_line regex ".*[0-9]{4}.*"
---
id: pair
severity: low
---
sequence by host.id with maxspan=1m [process where process.name : "evil*"] [file where file.name : "*.dll"]
---
id: gone
---
sequence by host.id with maxspan=30s [process where process.name : "cmd.exe"] ![file where true]
---
id: many
---
process where true | stats count() as n by host.id over 10m | where n > 3
"""
KIN = """---
id: kin
---
process where child of [process where process.name : "cmd.exe"] and process.name : "evil*"
"""


def event(r, i):
    second = i // 3 + r.randrange(-20, 20)
    e = {"@timestamp": f"2024-05-01T{10 + second // 3600 % 12:02}:{second // 60 % 60:02}:{second % 60:02}Z",
         "event": {"category": r.choice(("process", "process", "file"))},
         "host": {"id": r.choice("abcd")}, "user": {"name": r.choice(("root", "eve", "ädam"))},
         "process": {"name": r.choice(("evil.exe", "cmd.exe", "ls", "bash")), "pid": r.randrange(9),
                     "entity_id": str(r.randrange(40)), "parent": {"entity_id": str(r.randrange(40))},
                     "args": ["x"] * r.randrange(4), "command_line": str(r.randrange(20000))},
         "file": {"name": r.choice(("a.dll", "b.txt"))}}
    if r.random() < 0.05:
        del e["@timestamp"]
    return json.dumps(e, ensure_ascii=r.random() < 0.5).encode()


def events(n, seed):
    r = random.Random(seed)
    return [event(r, i) for i in range(n)]


def mixed(lines, seed):
    """Among them what is no event."""
    r = random.Random(seed)
    odd = (b"", b"  \t", b"{broken", b"[1,2]", b"\xff\xfe", b'{"a":1}}', b"7", b'{"n":"\\ud800 \xff","n":2}')
    out = []
    for line in lines:
        out += [r.choice(odd)] * r.choice((0, 0, 0, 1)) + [b"  " * r.randrange(2) + line + b"\r" * r.randrange(2)]
    return out


def sources():
    """name: files of it, a name and its bytes each"""
    plain, more = b"\n".join(events(300, 1)) + b"\n", b"\n".join(mixed(events(300, 2), 2))
    huge = b'{"event":{"category":"process"},"process":{"name":"evil.exe","args":["' + b"x" * 9000 + b'"]}}\n'
    packed = gzip.compress(plain + more)
    zst = subprocess.run(["zstd", "-qc"], input=plain + more, capture_output=True).stdout if has_zstd() else packed
    return {
        "lines": [("a.ndjson", plain)],
        "bad lines, no last end": [("a.ndjson", more)],
        "cut in a record": [("a.ndjson", plain[:-20])],
        "a line longer than blocks": [("a.ndjson", plain[:5000].rpartition(b"\n")[0] + b"\n" + huge + plain)],
        "a byte order mark, blank lines": [("a.ndjson", b"\xef\xbb\xbf\n \n\n" + plain)],
        "garbage at first": [("a.ndjson", b"none\n3\n" + plain)],
        "several": [(f"{i}.ndjson", b"\n".join(mixed(events(40, i), i))) for i in range(9)] + [("none.ndjson", b"")],
        "several, one missing": [("a.ndjson", plain), ("missing", None), ("z.ndjson", more)],
        "gzip": [("a.ndjson.gz", packed)],
        "gzip, several": [(f"{i}.gz", gzip.compress(b"\n".join(events(30, i)))) for i in range(5)] + [("z.ndjson", plain)],
        "gzip, cut": [("a.gz", packed[:-200]), ("b.ndjson", plain)],
        "gzip, damaged": [("a.gz", packed[:3000] + b"????" + packed[3004:]), ("b.ndjson", plain)],
        "gzip, and other bytes behind it": [("a.gz", packed + b"\x1f\x8bxx"), ("b.gz", packed + b"\0" * 700)],
        "gzip in gzip": [("a.gz", gzip.compress(packed))],
        "a bomb": [("a.gz", gzip.compress(b"\n" * 3000000)), ("b.ndjson", plain)],
        "zstd": [("a.zst", zst), ("b.zst", zst[:-9])],
        "not quite packed": [("a.ndjson", b"\x1f"), ("b.ndjson", b"\x28\xb5\x2f\n" + plain), ("c.ndjson", b"")],
        "an array": [("a.json", b"[" + plain.replace(b"\n", b",\n")[:-2] + b"]"), ("b.ndjson", plain)],
        "objects over lines": [("a.json", json.dumps(json.loads(plain.split(b"\n")[0]), indent=1).encode() * 40)],
        "lines, then objects over lines": [("a.json", plain + b'{\n"a":1\n}\n' * 50)],
        "a wrapper": [("a.json", b'{"hits":{"hits":[' + plain.replace(b"\n", b",\n")[:-2] + b"]}}\n"), ("b.ndjson", more)],
    }


def has_zstd():
    return any(os.access(f"{p}/zstd", os.X_OK) for p in os.environ["PATH"].split(":"))


COMMANDS = {
    "all rules": ["run", "-o", "ndjson", "--stats", "rules.lq", "kin.lq", "--"],
    "an event a time": ["run", "-o", "ndjson", "--stats", "--fail-on", "high", "single.lq", "--"],
    "fail on what is rare": ["run", "-o", "csv", "--fail-on", "critical", "rules.lq", "--"],
    "little room": ["run", "-o", "ndjson", "--stats", "--max-waiting", "9000", "rules.lq", "--"],
    "a query": ["query", 'process.name : "evil*" and user.name == "eve"'],
    "the first": ["query", "--head", "1", 'process.name : "evil*"'],
    "some": ["query", "--head", "25", "user.name : *"],
    "how many": ["query", "--count", "-e", "any where process.pid > 3"],
    "a sequence": ["query", 'sequence by host.id [process where process.pid == 1] [process where process.pid == 2]'],
}


class Place:
    def __init__(self, args):
        self.args, self.runs, self.wrong = args, 0, 0
        self.temp = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temp.name)
        (self.folder / "rules.lq").write_text(RULES)
        (self.folder / "kin.lq").write_text(KIN)
        (self.folder / "single.lq").write_text(RULES.split("---\nid: pair")[0])
        keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_", "TSAN_", "LD_"))}
        self.env = {**keep, "PATH": "/usr/bin:/bin", "HOME": self.temp.name, "LC_ALL": "C", "TMPDIR": self.temp.name}

    def write(self, files):
        for name, raw in files:
            if raw is not None:
                (self.folder / name).write_bytes(raw)
        return [name for name, _ in files]

    def run(self, command, jobs, block, names, given=None, program=None, fault=None):
        options = ["--now", "2024-05-02T00:00:00Z", "--jobs", str(jobs), "--block", str(block)]
        env = {**self.env, "LQ_FAULT": fault} if fault else self.env
        done = subprocess.run([program or self.args.lq, command[0], *options, *command[1:], *names], cwd=self.folder, env=env,
                              input=given, capture_output=True, timeout=120)
        self.runs += 1
        err = re.sub(rb"(?m)^  (time|speed) .*$", b"", done.stderr)
        # What the faster ways did is another thing for each thread.
        err = re.sub(rb"(?ms)^  keys not expected .*?^  fields test by test [^\n]*$", b"", err)
        if b"cannot read" in err:  # how much had been read when that showed
            err = re.sub(rb"(?m)^  bytes (read|unpacked) .*$", b"", err)
        return done.returncode, done.stdout, err

    def compare(self, where, want, got):
        if got == want:
            return
        self.wrong += 1
        print(f"FAIL {where}: exit code {got[0]}, not {want[0]}")
        for name, a, b in (("output", want[1], got[1]), ("messages", want[2], got[2])):
            x, y = a.split(b"\n"), b.split(b"\n")
            at = next((i for i in range(min(len(x), len(y))) if x[i] != y[i]), min(len(x), len(y)))
            if a != b:
                print(f"  {name}, line {at + 1} of {len(y)}, not {len(x)}: {y[at:at + 1]}, not {x[at:at + 1]}")


def tables(place, quick):
    for source, files in sources().items():
        names = place.write(files)
        for what, command in COMMANDS.items():
            if quick and what not in ("all rules", "some"):
                continue
            want = place.run(command, 1, 1 << 20, names)
            for jobs, block in ((2, 700), (3, 5000), (8, 64), (2, 1 << 20), (3, 30000)):
                # How much was read when a query stops is not told; the bytes that are counted otherwise are.
                if not (quick and jobs == 2):
                    place.compare(f"{source}, {what}, {jobs} jobs, blocks of {block}", want, place.run(command, jobs, block, names))


def stops(place):
    """A query that has enough stops, and by chance one thread is about to read on in the last file."""
    names = place.write([("a.ndjson", b"\n".join(events(300, 5)))])
    want = place.run(COMMANDS["some"], 1, 1 << 20, names)
    for i in range(100):
        place.compare(f"stop {i}", want, place.run(COMMANDS["some"], 8, 64, names))


def pipes(place):
    raw = b"\n".join(mixed(events(3000, 4), 4))
    for given in (raw, gzip.compress(raw), b"", b"\x1f", b"[" + raw):
        for what in ("all rules", "the first", "some"):
            want = place.run(COMMANDS[what], 1, 1 << 20, [], given)
            for jobs in (2, 5):
                place.compare(f"{len(given)} bytes through a pipe, {what}, {jobs} jobs", want,
                              place.run(COMMANDS[what], jobs, 4000, [], given))


def faults(place, shim):
    names = place.write([("a.ndjson", b"\n".join(events(120, 1))), ("b.gz", gzip.compress(b"\n".join(events(99, 2)))),
                         ("c.ndjson", b"\n".join(events(60, 3)))])
    fine, struck = place.run(COMMANDS["an event a time"], 1, 4000, names), 0
    for call in ("read", "open"):
        for fault in [f"{kind}:{n}@{call}{on}" for kind in ("eio", "eintr", "short") for n in range(1, 16) for on in ("", ":on")]:
            if call == "open" and not fault.startswith("eio") or "eintr" in fault and ":on" in fault:
                continue
            want = place.run(COMMANDS["an event a time"], 1, 4000, names, program=shim, fault=fault)
            struck += want != fine
            for jobs in (2, 3):
                place.compare(f"{fault}, {jobs} jobs", want,
                              place.run(COMMANDS["an event a time"], jobs, 4000, names, program=shim, fault=fault))
    assert struck > 15, struck


def interrupts(place):
    """Ctrl-C and SIGTERM end it soon, wherever it is: waiting for a pipe, at work, or held up by who reads the alerts."""
    log = place.folder / "long.ndjson"
    log.write_bytes(b"\n".join(events(20000, 6)) * 3)
    for how in (signal.SIGINT, signal.SIGTERM):
        for names, stdout in (([], subprocess.DEVNULL), (["long.ndjson"], subprocess.PIPE), (["long.ndjson"], subprocess.DEVNULL)):
            for delay in (0.05, 0.3):
                p = subprocess.Popen([place.args.lq, "run", "-o", "ndjson", "--jobs", "3", "--block", "3000", "rules.lq", "--", *names],
                                     cwd=place.folder, env=place.env, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE)
                time.sleep(delay)
                p.send_signal(how)
                try:
                    p.communicate(timeout=30)
                except subprocess.TimeoutExpired:
                    p.kill()
                    print(f"FAIL {how} after {delay} s: it does not end")
                    place.wrong += 1
                place.runs += 1
                if p.returncode not in (0, 130, 143, -2, -15):
                    print(f"FAIL {how} after {delay} s: exit code {p.returncode}")
                    place.wrong += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lq", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--shim", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    place = Place(args)
    if args.shim:
        faults(place, args.shim)
    else:
        tables(place, args.quick)
        stops(place)
        pipes(place)
        interrupts(place)
    print(f"{place.runs} runs, {place.wrong} that differ")
    return 1 if place.wrong else 0


sys.exit(main())

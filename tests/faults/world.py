"""What the fault tests share: events, a run of lq, and what is to be said of its alerts."""
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["noise.exe"] * 6 + ["evil.exe", "first.exe", "second.exe", "calm.exe"]


def events(n, seed=1, hosts=40):
    """n lines of NDJSON, in the order of time."""
    r = random.Random(seed)
    lines = []
    for i in range(n):
        t = 1714550000000 + i * 700 + r.randrange(500)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t // 1000)) + f".{t % 1000:03}Z"
        lines.append(json.dumps({"@timestamp": stamp, "event": {"category": "process"}, "host": {"id": f"h{r.randrange(hosts)}"},
                                 "n": i, "process": {"name": r.choice(NAMES), "args": "x" * r.randrange(60)}},
                                separators=(",", ":")))
    return [(line + "\n").encode() for line in lines]


class World:
    """A folder with events, rules, and lq."""

    def __init__(self, args, root=None):
        self.temp = tempfile.TemporaryDirectory(dir=root)
        self.folder = pathlib.Path(self.temp.name)
        self.lq, self.shim = args.lq.resolve(), args.shim.resolve()
        self.log = self.folder / "events.ndjson"
        self.out = self.folder / "alerts.ndjson"
        self.state = self.folder / "state"
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.started:
            if p.poll() is None:
                p.kill()
                p.wait()
        self.temp.cleanup()

    def command(self, *more, program=None, sources=None, output=True, rules=None):
        out = ["--output", self.out.name] if output else []
        sources = sources if sources is not None else [self.log.name]
        return [str(program or self.lq), "run", *out, "--state", self.state.name, "-o", "ndjson", *more,
                str(rules or HERE / "rules"), "--", *sources]

    def start(self, command, fault=None, calls=None, journal=None, **kw):
        env = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_", "LD_"))}
        if fault:
            env["LQ_FAULT"] = fault
        if calls:
            env["LQ_FAULT_LOG"] = str(calls)
        if journal:
            env["LQ_JOURNAL"] = str(journal)
        kw = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kw}
        self.started = [p for p in self.started if p.poll() is None] + [subprocess.Popen(command, cwd=self.folder, env=env, **kw)]
        return self.started[-1]

    def run(self, command, **kw):
        p = self.start(command, **kw)
        out, err = p.communicate(timeout=120)
        return p.returncode, out, err.decode("utf-8", "replace")

    def forget(self):
        for name in (self.state, self.out, pathlib.Path(f"{self.state}.lock")):
            name.unlink(missing_ok=True)

    def whole(self, *more, **kw):
        """The alerts of one run that nothing disturbs."""
        self.forget()
        code, _, err = self.run(self.command(*more, **kw))
        assert code == 0, (code, err)
        alerts = self.out.read_bytes()
        assert alerts.count(b"\n") > 5, "the rules find too little to test with"
        self.forget()
        return alerts

    def alerts(self):
        return self.out.read_bytes() if self.out.exists() else b""


def check_lines(raw, where):
    """Every line is whole JSON."""
    assert raw == b"" or raw.endswith(b"\n"), f"{where}: a torn line at the end: {raw[-80:]!r}"
    return [json.loads(line) for line in raw.splitlines()]


def check_same(got, wanted, where):
    """The same alerts in the same order, byte for byte."""
    check_lines(got, where)
    if got != wanted:
        a, b = got.splitlines(), wanted.splitlines()
        ids = [json.loads(x)["id"] for x in a]
        missing = len(set(b) - set(a))
        raise AssertionError(f"{where}: {len(a)} alerts, {len(b)} wanted; {missing} missing, {len(ids) - len(set(ids))} twice")


def check_at_least_once(lines, wanted, where):
    """No alert is missing; one that came twice has the same id both times, as it is the same line."""
    want = wanted.splitlines()
    missing = set(want) - set(lines)
    strange = set(lines) - set(want)
    assert not missing, f"{where}: {len(missing)} alerts are missing"
    assert not strange, f"{where}: {len(strange)} alerts that an undisturbed run does not give, such as {next(iter(strange))[:200]!r}"


def kill_after(p, seconds):
    """True: it was still at work."""
    try:
        p.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
        return True

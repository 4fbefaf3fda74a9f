"""Runs of commands: CPU seconds (user and system, whole process), elapsed time, peak memory; kept, so that a run that was
broken off goes on where it was."""
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import time


def run(command, stdin=None):
    """What a command takes. Its output goes to a pipe that is read, as a consumer would; lines of it are counted."""
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    start = time.perf_counter()
    p = subprocess.Popen([os.fspath(c) for c in command], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = 0
    while piece := p.stdout.read1(1 << 16):
        lines += piece.count(b"\n")
    _, status, used = os.wait4(p.pid, 0)
    p.stdout.close()
    p.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if stdin:
        source.close()
    return {"cpu": used.ru_utime + used.ru_stime, "wall": wall, "lines": lines, "exit": p.returncode}


def peak(command):
    """Peak memory. What wait4 says begins with the peak of the process that forked, Python's; the kernel's mark of the
    program's own memory is looked at until it ends."""
    p = subprocess.Popen([os.fspath(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kib = 0
    while p.poll() is None:
        with contextlib.suppress(OSError):
            mark = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{p.pid}/status").read_text())
            kib = max(kib, int(mark[1]) if mark else 0)
        time.sleep(0.005)
    return {"kib": kib, "exit": p.returncode}


class Store:
    """Results by (work, round) of one build on one set of data; a line each, so a kill loses at most one."""

    def __init__(self, path, key, fresh=False):
        self.path, self.key, self.rows = path, key, {}
        if fresh:
            path.unlink(missing_ok=True)
        for line in path.read_text().splitlines() if path.exists() else []:
            row = json.loads(line) if line.endswith("}") else {}
            if row.get("key") == key:
                self.rows[row["work"], row["round"]] = row

    def get(self, work, number, make):
        """Measured now, or before."""
        if (work, number) not in self.rows:
            row = {"key": self.key, "work": work, "round": number, **make()}
            self.rows[work, number] = row
            with self.path.open("a") as f:
                f.write(json.dumps(row) + "\n")
        return self.rows[work, number]

    def all(self, work):
        return [row for (name, _), row in sorted(self.rows.items()) if name == work]


class Figure:
    """A median and how far the rounds lie from it."""

    def __init__(self, values):
        self.values = sorted(values)

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, digits=3, unit=""):
        if not self.values:
            return "–"
        def short(x):
            return f"{x:.{digits}g}" if x < 1000 else f"{x:,.0f}"
        spread = f" ({short(self.values[0])}–{short(self.values[-1])})" if len(self.values) > 1 else ""
        return f"{short(self.median)}{unit}{spread}"


def ratio(store, above, below, what="cpu", scale=1.0):
    """Round by round, since both were taken within seconds of each other: noise of the machine falls out."""
    a, b = store.all(above), store.all(below)
    return Figure([x[what] / y[what] * scale for x, y in zip(a, b) if x.get(what) and y.get(what)])

"""What was measured, beside what is wanted: lines for the terminal, and docs/benchmarks.md."""
import pathlib
import platform
import re
import statistics
import subprocess

import works
from measure import Figure, ratio


# ---- a stream that is longer than memory

def watch(a, bundle, folder, megabytes):
    """Resident KiB of lq, at tenths of a stream that comes through a pipe."""
    sources = sorted((a.corpus / "events/windows").glob("*.zst")) if a.corpus else [works.ROOT / "examples/events/windows.ndjson"]
    maker = subprocess.Popen([works.ROOT / "build/bench/bench_data", "--form", "raw", "--mb", str(megabytes), *sources],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lq = subprocess.Popen([works.LQ, "run", "-o", "ndjson", bundle], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    seen, next_look, rows = 0, megabytes * 100000, []
    while piece := maker.stdout.read(1 << 18):
        try:
            lq.stdin.write(piece)
        except BrokenPipeError:
            break
        seen += len(piece)
        if seen >= next_look:
            next_look += megabytes * 100000
            rows.append(int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{lq.pid}/status").read_text())[1]))
    lq.stdin.close()
    maker.kill()
    maker.wait()
    return {"rows": rows, "megabytes": megabytes, "exit": lq.wait()}


# ---- the table of the targets

class Row:
    """A line of the table. `figure` is None where nothing was measured, and `why` says why."""

    def __init__(self, what, figure, least, stretch, unit="", why="", digits=3, less=None):
        why = why or "not run"
        self.what, self.figure, self.least, self.stretch, self.unit, self.why = what, figure, least, stretch, unit, why
        self.digits, self.less = digits, less

    def cell(self):
        return self.figure.text(self.digits, self.unit) if self.figure else f"not measured: {self.why}"

    def holds(self):
        """Does it reach what is wanted at least? Where less is better, `less` is that bound."""
        if not self.figure or self.least is None:
            return ""
        return "yes" if (self.figure.median <= self.less if self.less is not None else self.figure.median >= self.least) else "no"


def events_apart(store, work, empty):
    """CPU without what loading takes."""
    return [x["cpu"] - y["cpu"] for x, y in zip(store.all(work), store.all(empty))]


def minus_load(store, above, above_empty, below, below_empty):
    a, b = events_apart(store, above, above_empty), events_apart(store, below, below_empty)
    return Figure([x / y for x, y in zip(a, b) if y > 0])


def one_value(store, work, pick):
    return Figure([pick(row) for row in store.all(work) if row.get("exit") in (0, None, 3)])


def targets(store, counts, missing):
    n, few, many = (f"{counts[k]:,}" for k in ("all", "stateless", "three"))
    here = (works.ROOT / "build/bench/bench_bounds").exists()
    no_simdjson, no = "not run" if here else "simdjson is not here", lambda name: missing.get(name, "not run")
    rows = [
        Row("one query, ECS, to On-Demand of the same fields", ratio(store, "lazy-ecs ecs", "one ecs"), 0.8, 1.1, why=no_simdjson),
        Row("one query, raw Windows with mapping, to On-Demand", ratio(store, "lazy-raw raw", "one raw"), 0.5, 0.8, why=no_simdjson),
        Row("one query with a rare literal, to ripgrep, ECS", ratio(store, "rg ecs", "rare ecs"), 0.5, 0.8, why=no("rg")),
        Row("the same, raw", ratio(store, "rg raw", "rare raw"), 0.5, 0.8, why=no("rg")),
        Row("one query to jq, each line parsed", ratio(store, "jq ecs-cut", "one ecs-cut"), 30, 45, " ×", no("jq")),
        Row("the same, as lq is run: with the prefilter", ratio(store, "jq ecs-cut", "one ecs-cut prefilter"), 30, 45, " ×", no("jq")),
        Row("one query to gojq", ratio(store, "gojq ecs-cut", "one ecs-cut"), None, None, " ×", no("gojq")),
        Row("one query to DuckDB (json_extract, a thread), start apart", minus_load(store, "duckdb ecs-cut", "duckdb empty", "one ecs-cut", "one empty"), None, None, " ×", no("duckdb")),
        Row("one query to python-eql, start apart", minus_load(store, "eql ecs-cut", "eql empty", "one ecs-cut", "one empty"), None, None, " ×", no("eql")),
        Row(f"{few} rules over single events, to DOM parse, raw natural", ratio(store, "stateless raw", "dom raw"), 3, 1.5, " ×", no_simdjson, less=3),
        Row(f"all {n} rules, to DOM parse, raw natural", ratio(store, "all raw", "dom raw"), 4, 2, " ×", no_simdjson, less=4),
        Row("the same, raw balanced", ratio(store, "all raw-balanced", "dom raw-balanced"), None, None, " ×", no_simdjson),
        Row("the same, ECS balanced", ratio(store, "all ecs-balanced", "dom ecs-balanced"), None, None, " ×", no_simdjson),
        Row(f"{many} rules (changed literals) to {n}, loading apart", minus_load(store, "three raw", "three empty", "all raw", "empty"), 1.6, 1.3, " ×", less=1.6),
        Row("the same, exceptions left as they are, so that as few match", minus_load(store, "three-excepting raw", "three-excepting empty", "all raw", "empty"), 1.6, 1.3, " ×", less=1.6),
        Row("rsigma to all rules, an event, loading apart", minus_load(store, "rsigma raw", "rsigma empty", "all raw", "empty"), 5, 10, " ×", no("rsigma")),
        Row("the same, where rsigma is told that all is of Windows", minus_load(store, "rsigma-windows raw", "rsigma empty", "all raw", "empty"), 5, 10, " ×", no("rsigma")),
        Row(f"peak memory, {n} rules, the large raw file", one_value(store, "memory all raw", lambda r: r["kib"] / 1024), 128, 64, " MiB", less=128),
        Row("peak memory, rules over single events", one_value(store, "memory stateless raw", lambda r: r["kib"] / 1024), None, None, " MiB"),
        Row("value cache off, all rules", ratio(store, "all raw no-cache", "all raw"), 2, 1.3, " ×", less=2),
        Row("every value unique, all rules, a byte", ratio(store, "all raw-unique", "all raw-cut"), 2, 1.3, " ×", less=2),
        Row("every value unique, all rules, to DOM parse", ratio(store, "all raw-unique", "dom raw-unique"), None, None, " ×", no_simdjson),
        Row("two threads to one, elapsed", ratio(store, "jobs-1 raw", "jobs-2 raw", "wall"), 1.85, 1.95, " ×", "no --jobs in this build"),
        Row(f"load a bundle of {n} rules, ready to match", one_value(store, "load", lambda r: r["rows"][0]["load_ms"]), 20, 10, " ms", less=20),
        Row("compile them from TOML", Figure([r["cpu"] for r in store.all("build")]), 0.6, 0.3, " s", "no corpus", less=0.6),
        Row("start to the last result, small file, elapsed", Figure([r["wall"] * 1e3 for r in store.all("start")]), 3, None, " ms", less=3),
    ]
    for name in ("stateless", "all"):
        rows.append(Row(f"allocations an event after warm-up, {name}", one_value(store, f"stream {name}", last_allocations),
                        0 if name == "stateless" else None, None, less=0.0005))
    rows.append(Row("memory over a long stream, last tenth to second", one_value(store, "long", lambda r: r["rows"][-1] / r["rows"][1]),
                    1, None, " ×", less=1.02))
    return rows


def last_allocations(row):
    part = row["rows"][-1] if row["rows"] else {"allocations": 0, "events": 1}
    return part["allocations"] / max(1, part["events"])


def terminal(store, counts, missing, judged):
    out = []
    for row in targets(store, counts, missing):
        want = "" if row.least is None else f"wanted {'≤ ' if row.less is not None else '≥ '}{row.least}"
        out.append(f"{row.what:62} {row.cell():34} {want:14} {row.holds() if judged else ''}".rstrip())
    return "\n".join(out)


# ---- the page

def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    flags = set(re.search(r"flags\s*:\s*(.*)", info)[1].split()) if "flags" in info else set()
    wide = [f for f in ("sse4_2", "avx2", "avx512bw", "avx512vbmi2") if f in flags]
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    commit = subprocess.run(["git", "-C", works.ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return [("processor", f"{model[1] if model else platform.machine()}, {sum(1 for _ in re.finditer('^processor', info, re.M))} cores ({', '.join(wide)})"),
            ("memory", f"{int(memory[1]) // 1048576} GiB"), ("system", f"{platform.system()} {platform.release()}"),
            ("compiler", compiler), ("load when the page was written", load), ("commit", commit)]


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, r)) + " |" for r in rows)]) + "\n"


def speeds(store, data):
    """Every work's rate, for whoever wants to look behind the ratios."""
    for work in sorted({name for name, _ in store.rows}):
        rows = [r for r in store.all(work) if r.get("cpu")]
        name = next((w for w in work.split() if w in data.facts), None)
        if not rows or not name or work.startswith("off "):
            continue
        facts, t = data.facts[name], statistics.median(r["cpu"] for r in rows)
        yield work, Figure([r["cpu"] for r in rows]).text(3, " s"), f"{facts['bytes'] / t / 1e6:,.0f}", f"{t / facts['events'] * 1e6:.2f}", rows[0]["lines"]


def layer_rows(store):
    for label in ["none", *works.layers(), "all"]:
        cells = [ratio(store, f"off {label} {what}", f"off none {what}").text(3, " ×") for what in ("ecs", "raw", "all")]
        yield [f"`{label}`", *cells]


def page(a, data, counts, found, missing, store):
    bounds = subprocess.run([works.ROOT / "build/bench/bench_bounds", "version"], capture_output=True, text=True).stdout.strip() \
        if (works.ROOT / "build/bench/bench_bounds").exists() else "no simdjson"
    source = "the corpus of recorded Windows telemetry" if a.corpus else \
        "examples/events, 179 invented events (no corpus was there: rates of caches and of rules that match mean little)"
    out = [open(pathlib.Path(__file__).with_name("benchmarks.md.in")).read().replace("@ROUNDS@", str(a.rounds)),
           "\n## The machine\n", table(["what", "here"], [*machine(), ("bounds", bounds), *sorted({**{n: v for n, (_, v) in found.items()}, **missing}.items())]),
           "\n## The targets\n", "Median of the rounds' ratios; in parentheses the smallest and the largest.\n",
           table(["work", "here", "at least", "stretch", "reached"],
                 [(r.what, r.cell(), "" if r.least is None else ("≤ " if r.less is not None else "≥ ") + str(r.least),
                   "" if r.stretch is None else r.stretch, r.holds()) for r in targets(store, counts, missing)]),
           "\n## Each layer off\n", "CPU time as a multiple of that with all layers on, over the files ecs-cut and raw-cut: one query over "
           "ECS, the same over raw events, all rules over raw events (loading included).\n",
           table(["off", "one query, ECS", "one query, raw", "all rules, raw"], list(layer_rows(store))),
           "\n## The rates behind them\n", table(["work and file", "CPU", "MB/s", "µs an event", "lines out"], list(speeds(store, data))),
           "\n## The data\n", f"Made from {source} by bench/data.c, seed {a.seed}.\n",
           table(["file", "events", "bytes", "SHA-256"], [(n, f"{f['events']:,}", f"{f['bytes']:,}", f"`{f['sha256']}`") for n, f in data.facts.items()])]
    return "\n".join(out)

#!/usr/bin/env python3
"""Every public Elastic rule, unchanged, in one run: all of the kinds that lq runs compile without an error, the others are
counted by name, the bundle is the same each time and loads. Usage: public_rules.py LQ CORPUS"""
import collections
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib

lq, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
folders = [corpus / name for name in ("elastic-rules", "elastic-rules-bbr", "endpoint-rules")]
failures = []


def expect(what, got, want):
    print(f"{'ok  ' if got == want else 'FAIL'} {what}: {got}")
    if got != want:
        failures.append(f"{what}: got {got}, want {want}")


def expect_under(what, seconds, bound):
    print(f"{'ok  ' if seconds < bound else 'FAIL'} {what}: {seconds:.2f} s")
    if seconds >= bound:
        failures.append(f"{what}: {seconds:.2f} s, wanted under {bound}")


def run(*args):
    start = time.perf_counter()
    p = subprocess.run([lq, *map(str, args)], capture_output=True, text=True, timeout=300)
    return p, time.perf_counter() - start


def kind_of(rule):
    """The language, or the kind where there is none (endpoint rules are EQL)."""
    return rule.get("language") or (rule["type"] if "type" in rule else "eql")


kinds = collections.Counter()
ids = collections.Counter()
for folder in folders:
    for path in folder.rglob("*.toml"):
        rule = tomllib.loads(path.read_text())["rule"]
        kinds[kind_of(rule)] += 1
        ids[rule.get("rule_id") or rule.get("id")] += 1
runnable = kinds["kuery"] + kinds["eql"]
unsupported = {kind: n for kind, n in kinds.items() if kind not in ("kuery", "eql")}
print(f"{sum(kinds.values())} rules: {dict(kinds)}")

with tempfile.TemporaryDirectory() as tmp:
    bundles = [pathlib.Path(tmp) / f"{i}.lqb" for i in range(2)]
    build, seconds = run("build", "--keep-going", *folders, "-o", bundles[0])
    # Another order of the folders is the same rule set.
    again, _ = run("build", "--keep-going", *reversed(folders), "-o", bundles[1])
    messages = collections.Counter(re.findall(r"^(error|warning)\[(LQ\d+)\]", build.stderr, re.M))
    for (severity, code), n in sorted(messages.items(), key=lambda m: m[0][1]):
        print(f"     {n:5} {severity} {code}")
    expect("exit code", build.returncode, 0)
    expect("errors", sum(n for (severity, _), n in messages.items() if severity == "error"), 0)
    said = collections.Counter(re.findall(r"^warning\[LQ304\]: .*?`(\w+)`", build.stderr, re.M))
    expect("unsupported kinds", sorted(said.items()), sorted(unsupported.items()))
    expect("rules of different files with one id", messages["warning", "LQ414"],
           sum(n - 1 for n in ids.values() if n > 1))
    expect("said at the end", re.findall(r"([\d,]+) rules, .* bytes", build.stderr.splitlines()[-1]), [f"{runnable:,}"])
    expect("the same bytes each time", len({hashlib.sha256(b.read_bytes()).hexdigest() for b in bundles}), 1)
    expect_under("build from source", seconds, 60)
    inspect, seconds = run("inspect", bundles[0])
    expect("inspect", (inspect.returncode, inspect.stdout.splitlines()[0]), (0, f"{runnable} rules"))
    expect_under("load and inspect", seconds, 10)
    empty = pathlib.Path(tmp) / "empty.ndjson"
    empty.write_text("")
    loaded, seconds = run("run", bundles[0], "--", empty)
    expect("load and run", loaded.returncode, 0)
    expect_under("load and run over nothing", seconds, 10)
    listing, _ = run("disasm", bundles[0])
    expect("listing", (listing.returncode, listing.stdout.count("\nrule ") + 1), (0, runnable))

print(f"{len(failures)} failed")
for f in failures:
    print(f)
sys.exit(bool(failures))

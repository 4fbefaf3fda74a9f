#!/usr/bin/env python3
"""The founding playbook over real telemetry. The wanted numbers come from an independent evaluator that looks only at
Sysmon events and Security 4688; other channels may add more."""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

lq, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
playbook = corpus.parent / "playbook" / "execution-TA0002.md"
failures = []


def run(*args, ok=(0,)):
    p = subprocess.run([lq, *map(str, args)], capture_output=True, text=True, timeout=300)
    if p.returncode not in ok:
        failures.append(f"lq {' '.join(map(str, args))}: exit {p.returncode}\n{p.stderr[-600:]}")
    return p


def expect(what, got, want):
    print(f"{'ok  ' if got == want else 'FAIL'} {what}: {got}")
    if got != want:
        failures.append(f"{what}: got {got}, want {want}")


def process_kind(event):
    """Sysmon, or Security 4688: what the independent evaluator looks at."""
    system = event.get("Event", {}).get("System")
    channel = str(system["Channel"] if system else event.get("Channel", "")).lower()
    code = system["EventID"] if system else event.get("EventID")
    code = str(code.get("#text") if isinstance(code, dict) else code)
    return "sysmon" in channel or (channel == "security" and code == "4688")


def techniques(alerts):
    counts = collections.Counter()
    for a in alerts:
        if process_kind(a["events"][0]):
            counts[a["rule"]["id"].rsplit("/", 1)[-1]] += 1
    return dict(counts)


check = run("check", playbook)
rules = [line.split() for line in check.stdout.splitlines()]
expect("check names thirteen rules, each with its technique",
       sum(words[1:2] == ["rule"] and words[2].startswith("T1") for words in rules if len(words) > 2), 13)
expect("check says what was skipped", "0 code spans skipped" in check.stderr, True)

with tempfile.TemporaryDirectory() as tmp:
    pack = pathlib.Path(tmp) / "pack.lqb"
    run("build", playbook, "-o", pack)
    expect("inspect", run("inspect", pack).stdout.splitlines()[:1], ["13 rules"])
    windows = sorted((corpus / "events" / "windows").glob("*.zst"))
    source = run("run", "-o", "ndjson", playbook, "--", *windows)
    bundle = run("run", "-o", "ndjson", pack, "--", *windows)
    expect("source run and bundle run are the same bytes", source.stdout == bundle.stdout and source.stdout != "", True)
    alerts = [json.loads(line) for line in source.stdout.splitlines()]
    expect("windows telemetry", techniques(alerts), {"T1059": 1582, "T1053": 2, "T1569": 6})
    expect("alert ids are unique", len({a["id"] for a in alerts}), len(alerts))
    evtx = run("run", "-o", "ndjson", pack, "--", corpus / "events" / "evtx-json")
    expect("evtx", techniques(map(json.loads, evtx.stdout.splitlines())), {"T1059": 16, "T1047": 1})

print(f"{len(failures)} failed")
for f in failures:
    print(f)
sys.exit(bool(failures))

#!/usr/bin/env python3
"""Public rules over several events against a slow reference that keeps every event: as they are, through lq too (alert ids are
compared), and in variants that fire more (tests/reference/slice.h), over slices of real telemetry. Usage: reference_rules.py LQ CORPUS"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib

lq, corpus = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
program = lq.parents[1] / "tests" / "reference" / "corpus_rules"
LINES = 500
began = time.monotonic()


def is_wanted(rule):
    """Sequences and samples, thresholds, new terms, lineage."""
    if rule.get("type") in ("threshold", "new_terms"):
        return True
    query = rule.get("query", "") if rule.get("language", "eql") == "eql" else ""
    return bool(re.search(r"^\s*(sequence|sample)\b|\b(descendant|child|event)\s+of\s*\[", query, re.M))


def cut(folder):
    """Every file's lines from its middle on, and one slice of lines of all files, as many hosts at once."""
    mixed = []
    for path in sorted((corpus / "events" / "windows").glob("*.zst")):
        lines = subprocess.run(["zstdcat", path], capture_output=True, check=True).stdout.splitlines(keepends=True)
        at = max(0, (len(lines) - LINES) // 2)
        (folder / f"{path.name.split('.')[0]}.ndjson").write_bytes(b"".join(lines[at : at + LINES]))
        mixed += lines[:: max(1, len(lines) // 60)]
    (folder / "mixed.ndjson").write_bytes(b"".join(mixed))
    return sorted(folder.glob("*.ndjson"))


def alert_id(path, rule, lines):
    h = hashlib.blake2b(rule.encode(), digest_size=16)
    for line in lines.split(","):
        h.update(b"\0" + (f"{path}\0{line}" if line != "-" else "\0").encode())
    return h.hexdigest()


def text_of(value):
    return "null" if value is None else "+".join(map(text_of, value)) if isinstance(value, list) else str(value)


rules, thresholds = [], set()
for path in (p for f in ("elastic-rules", "elastic-rules-bbr", "endpoint-rules") for p in sorted((corpus / f).rglob("*.toml"))):
    rule = tomllib.loads(path.read_text())["rule"]
    if is_wanted(rule):
        rules.append(path)
    if rule.get("type") == "threshold":
        thresholds.add(rule["rule_id"])
with tempfile.TemporaryDirectory() as tmp:
    bundle, told = pathlib.Path(tmp) / "rules.lqb", pathlib.Path(tmp) / "alerts"
    built = subprocess.run([lq, "build", "--keep-going", *rules, "-o", bundle], capture_output=True, text=True)
    if built.returncode:
        sys.exit(built.stderr[-2000:])
    folder = pathlib.Path(tmp) / "slices"
    folder.mkdir()
    slices = cut(folder)
    run = subprocess.run([program, bundle, "--alerts", told, *slices], capture_output=True, text=True, timeout=600)
    print(run.stdout + run.stderr, end="")
    want, got = set(), set()
    for path in slices:
        p = subprocess.run([lq, "run", "-o", "ndjson", bundle, "--", path], capture_output=True, text=True, timeout=600)
        for alert in map(json.loads, p.stdout.splitlines()):
            rule = alert["rule"]["id"]
            if rule in thresholds:  # shows its first event too, which the reference leaves open
                got.add((str(path), rule, f"{alert['sources'][-1]['line']} [{', '.join(map(text_of, alert['group'].values()))}]"))
            else:
                got.add((str(path), rule, alert["id"]))
    for line in told.read_text().splitlines():
        path, rule, lines, rest = line.split("\t")
        want.add((path, rule, f"{lines} {rest}" if rule in thresholds else alert_id(path, rule, lines)))
for path, rule, what in sorted(want ^ got)[:20]:
    print(f"{'only the reference gives' if (path, rule, what) in want else 'only lq gives'} {path} {rule} {what}")
print(f"{len(want)} alerts of the rules as they are, {len(want ^ got)} others from lq; {time.monotonic() - began:.0f} s")
sys.exit(run.returncode or want != got)

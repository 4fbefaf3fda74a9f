#!/usr/bin/env python3
"""Lines that are not read hide no match: 300 public rules, each by itself over the corpus events that some of them match and
every twentieth of the others, with the prefilter and without; the lines as they come, with letters as escapes, and with their case turned.   prefilter.py LQ CORPUS"""
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import tomllib

lq, corpus = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
WANTED, EVERY, EACH = 300, 20, 30
dice = random.Random(8)
failures = 0


def chosen():
    """Rules over single events, every third one, Windows first."""
    out = []
    for path in sorted(corpus.glob("elastic-rules*/**/*.toml")) + sorted(corpus.glob("endpoint-rules/**/*.toml")):
        rule = tomllib.loads(path.read_text()).get("rule", {})
        query = rule.get("query", "")
        if query.strip() and rule.get("language", "eql") in ("eql", "kuery") and not re.match(r"\s*(sequence|sample|join)\b", query) and "|" not in query:
            out.append(path)
    out.sort(key=lambda p: "windows" not in p.parts)
    return out[:3 * WANTED:3]


def events():
    for path in sorted((corpus / "events" / "windows").glob("*.zst")):
        yield from subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout.splitlines()


def escaped(line):
    """Some letters of its values as \\uXXXX."""
    return re.sub(rb"(?<![\\A-Za-z0-9_])([A-Za-z])(?=[A-Za-z0-9_.]*\"[,}\]])", lambda m: b"\\u%04x" % ord(m[1]) if dice.random() < 0.3 else m[1], line)


def turned(line):
    """Values in the other case."""
    return re.sub(rb'(":\s*")((?:[^"\\]|\\[\\"/])*)(?=")', lambda m: m[1] + m[2].swapcase(), line)


def run(rules, *options):
    return subprocess.run([lq, "run", "-o", "ndjson", "--keep-going", *options, *rules, "--", log], capture_output=True, text=True, timeout=600)


def chosen_lines(rules):
    """For each rule a few lines that it matches, and some of all."""
    lines, seen, wanted = list(events()), {}, set()
    log.write_bytes(b"".join(line + b"\n" for line in lines))
    for alert in map(json.loads, run(rules, "--strict").stdout.splitlines()):
        rule = alert["rule"]["id"]
        seen[rule] = seen.get(rule, 0) + 1
        if seen[rule] <= EACH:
            wanted.add(alert["sources"][0]["line"] - 1)
    return [lines[i] for i in sorted(wanted | set(range(0, len(lines), EVERY)))]


def alerts(rule, *options):
    p = run([rule], *options)
    skimmed = re.search(r"([\d,]+) lines? not read", p.stderr)
    return [json.loads(line)["id"] for line in p.stdout.splitlines()], int(skimmed[1].replace(",", "")) if skimmed else 0


with tempfile.TemporaryDirectory() as tmp:
    log = pathlib.Path(tmp) / "log.ndjson"
    rules = chosen()
    lines = chosen_lines(rules)
    log.write_bytes(b"".join(f(line) + b"\n" for f in (bytes, escaped, turned) for line in lines))
    found = some = skims = 0
    for rule in rules:
        (on, skimmed), (off, none) = alerts(rule), alerts(rule, "--layers-off", "prefilter")
        found += len(off)
        some += skimmed > 0
        skims += skimmed
        if on != off or none:
            failures += 1
            print(f"FAIL {rule}: {len(on)} alerts, not {len(off)}")
    print(f"{len(rules)} rules, {3 * len(lines)} lines: {found} alerts; with {some} rules lines went unread, {skims // max(some, 1)} on average")
    if len(rules) < WANTED or not found or not some:
        failures += 1
        print("FAIL: that shows nothing")
sys.exit(1 if failures else 0)

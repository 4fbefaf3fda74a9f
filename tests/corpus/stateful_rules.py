#!/usr/bin/env python3
"""The stateful public rules over real telemetry: all compile and run; each alert's id, order, span and keys are looked at again;
files in another order give the same alerts. Usage: stateful_rules.py LQ CORPUS"""
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time
import tomllib

lq, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
SPAN = re.compile(r"maxspan\s*=\s*(\d+)\s*(ms|s|m|h|d)\b")
UNITS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
failures = []


def expect(what, fine, got=""):
    if not fine:
        failures.append(f"{what}: {got}")


def kind_of(rule):
    language, kind = rule.get("language", "eql"), rule.get("type", "eql")
    if kind in ("threshold", "new_terms"):
        return kind
    if language == "eql" and re.search(r"^\s*(sequence|sample)\b", rule.get("query", ""), re.M):
        return "sequence" if "type" in rule else "endpoint sequence"
    if language == "eql" and re.search(r"\b(descendant|child|event) of \[", rule.get("query", "")):
        return "lineage"
    return None


def load():
    rules = {}
    for folder in ("elastic-rules", "elastic-rules-bbr", "endpoint-rules"):
        for path in sorted((corpus / folder).rglob("*.toml")):
            rule = tomllib.loads(path.read_text())["rule"]
            kind = kind_of(rule)
            if kind:
                rules.setdefault(kind, {})[path] = rule
    return rules


def run(paths, files):
    began = time.monotonic()
    p = subprocess.run([lq, "run", "--keep-going", "-o", "ndjson", *paths, "--", *files], capture_output=True, text=True,
                       timeout=600)
    errors = [line for line in p.stderr.splitlines() if line.startswith("error")]
    summary = p.stderr.strip().splitlines()[-1] if p.stderr.strip() else ""
    return [json.loads(line) for line in p.stdout.splitlines()], p.returncode, errors, summary, time.monotonic() - began


def seconds(event):
    """Of Sysmon's events, when it happened; of others, what the log says."""
    text = str(event.get("UtcTime") or event.get("@timestamp")).replace("Z", "").replace("+00:00", "")
    try:
        return datetime.datetime.fromisoformat(text + "+00:00").timestamp()
    except ValueError:
        return None


def alert_id(alert):
    h = hashlib.blake2b(alert["rule"]["id"].encode(), digest_size=16)
    for source in alert["sources"]:
        place = f"{source['file']}\0{source['line']}" if source else "\0"
        h.update(b"\0" + place.encode())
    return h.hexdigest()


def look_at(alert, rule):
    """What can be seen in a sequence's alert alone."""
    name = f"{alert['rule']['name']} {alert['id']}"
    expect(f"{name}: id", alert["id"] == alert_id(alert), alert_id(alert))
    expect(f"{name}: why", any(w["event"] == len(alert["events"]) - 1 for w in alert["why"]) or alert["events"][-1] is None)
    times = [seconds(e) for e in alert["events"] if e and seconds(e) is not None]
    expect(f"{name}: order", times == sorted(times), times)
    span = SPAN.search(rule["query"])
    if span and len(times) > 1:
        most = int(span.group(1)) * UNITS[span.group(2)]
        expect(f"{name}: span", times[-1] - times[0] <= most + 1e-6, (times, most))


windows = sorted((corpus / "events" / "windows").glob("*.zst"))
for kind, rules in sorted(load().items()):
    alerts, code, errors, summary, took = run(rules, windows)
    expect(f"{kind}: exit code", code in (0, 3), code)
    expect(f"{kind}: errors", not errors, errors[:3])
    ids = sorted(a["id"] for a in alerts)
    expect(f"{kind}: ids are unique", len(ids) == len(set(ids)))
    by_name = {r["name"]: r for r in rules.values()}
    if "sequence" in kind:
        for a in alerts:
            look_at(a, by_name[a["rule"]["name"]])
    again = sorted(a["id"] for a in run(rules, windows[::-1])[0])
    times = [a["@timestamp"] for a in alerts]
    expect(f"{kind}: files in another order", ids == again, f"{len(ids)} and {len(again)} alerts")
    expect(f"{kind}: alerts come in order of time", times == sorted(times) or kind == "lineage")
    print(f"{'FAIL' if any(f.startswith(kind) for f in failures) else 'ok  '} {kind}: {len(rules)} rules, {len(alerts)} alerts "
          f"of {len({a['rule']['id'] for a in alerts})} rules, {took:.1f} s; {summary.removeprefix('lq: ')}")

for f in failures:
    print("  " + f[:400])
sys.exit(bool(failures))

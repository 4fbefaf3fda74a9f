#!/usr/bin/env python3
"""Elasticsearch's own EQL suites, natively: additional.json over Endgame's events, extra.json and missing_events.json over
theirs."""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

lq, corpus = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
suites = corpus / "conformance"
failures, notes, counts = [], [], {}
STATEFUL = re.compile(r"^\s*(sequence|join|sample)\b|\|\s*(head|tail|sort|unique|count)\b", re.M)
# What only an index mapping can give.
MAPPING = {
    "ex:optionalDefaultNullValueFieldEqualNull": "a mapping's null_value",
    "ex:optionalDefaultNullValueFieldEqualDefaultValue": "a mapping's null_value",
    "ex:sequenceWithVersionRangeCheck": "the field type version",
    "ex:sequenceWithVersionRangeCheck2": "the field type version",
}


def count(name, fine, what, got):
    passed, total = counts.get(name, (0, 0))
    counts[name] = (passed + bool(fine), total + 1)
    if not fine:
        failures.append(f"{name}: {what}: {got}")


def ids_of(row, key):
    for many in ("events", "sequence"):
        if isinstance(row.get(many), list):
            return [i for e in row[many] for i in (ids_of(e, key) if e else [-1])]
    inner = row.get("event") if key not in row else None
    return [row[key]] if key in row else ids_of(inner, key) if isinstance(inner, dict) else []


def run(query, path, key):
    p = subprocess.run([lq, "query", "-o", "ndjson", "--", query, path], capture_output=True, text=True, timeout=60)
    if "not available in this version" in p.stderr:
        return None
    if p.returncode != 0:
        return p.stderr.strip() or f"exit {p.returncode}"
    return [i for line in p.stdout.splitlines() for i in ids_of(json.loads(line), key)]


def suite(name, path, key, has_state):
    for case in json.loads((suites / "elasticsearch-eql" / f"{name}.json").read_text()):
        stateful = STATEFUL.search(case["query"]) is not None
        got = run(case["query"], path, key) if has_state or not stateful else None
        if got is None:
            counts[f"{name}: needs state"] = tuple(n + 1 for n in counts.get(f"{name}: needs state", (0, 0)))
        elif got != case["expected"] and case["id"] in MAPPING:
            notes.append(f"needs an index mapping ({MAPPING[case['id']]}): {case['id']}")
        else:
            kind = "with state" if stateful else "single events"
            count(f"{name}: {kind}", got == case["expected"], f"{case['id']} {case['query']!r}",
                  f"wants {case['expected']}, got {got}")


ENDGAME_1970 = 116444736000000000


def as_ecs(event):
    kind = event.get("event_type") or event.get("event_type_full", "").removesuffix("_event")
    seconds, rest = divmod(event.get("timestamp", ENDGAME_1970) - ENDGAME_1970, 10_000_000)
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds, microseconds=rest // 10)
    return event | {"event": {"category": kind}, "@timestamp": when.isoformat(timespec="microseconds") + "Z"}


with tempfile.TemporaryDirectory() as tmp:
    ecs = pathlib.Path(tmp) / "endgame.ndjson"
    lines = (suites / "endgame-eql" / "events.ndjson").read_text().splitlines()
    ecs.write_text("".join(json.dumps(as_ecs(json.loads(l))) + "\n" for l in lines))
    # Sequences are run once lq finds the simplest one.
    probe = run("sequence [process where serial_event_id == 1] [process where serial_event_id == 2]", ecs, "serial_event_id")
    has_state = probe == [1, 2]
    suite("additional", ecs, "serial_event_id", has_state)
    for name in ("extra", "missing_events"):
        suite(name, suites / "elasticsearch-eql" / f"{name}.ndjson", "sequence", has_state)

for name, (passed, total) in sorted(counts.items()):
    waits = name.endswith("needs state")
    print(f"{'wait' if waits else 'ok  ' if passed == total else 'FAIL'} {name}: {total if waits else f'{passed} of {total}'}")
for f in failures:
    print("  " + f)
for n in notes:
    print("  - " + n)
sys.exit(1 if failures else 0)

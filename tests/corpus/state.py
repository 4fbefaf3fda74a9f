#!/usr/bin/env python3
"""The public suites of sequences, samples, missing events, joins and pipes: each query's groups, ids in order.
Arguments: the built lq (tests/corpus/state_suite lies beside it), the corpus."""
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

lq, corpus = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
suite = lq.parents[1] / "tests" / "corpus" / "state_suite"
# These compare what only an index mapping could know: a null_value substitution, the version type's order.
NEED_A_MAPPING = {"ex:optionalDefaultNullValueFieldEqualNull", "ex:optionalDefaultNullValueFieldEqualDefaultValue",
                  "ex:sequenceWithVersionRangeCheck", "ex:sequenceWithVersionRangeCheck2"}


def stamp(seconds):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="microseconds") + "Z"


def elastic(event):
    return {**event, "@timestamp": stamp(event["@timestamp"] / 1000)}


def endgame(event):
    return {**event, "@timestamp": stamp(event["timestamp"] / 1e7 - 11644473600),
            "event.category": event.get("event_type") or event.get("event_type_full", "").removesuffix("_event")}


def run(dialect, events, queries):
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
        f.write("".join(json.dumps(e) + "\n" for e in events))
        f.flush()
        lines = "".join(q.replace("\n", "\x01") + "\n" for q in queries)
        p = subprocess.run([suite, dialect, f.name], input=lines.encode(), capture_output=True, timeout=300)
    return p.stdout.decode().split("\n")


def check(name, dialect, events, cases, id_of):
    good, failures = 0, []
    for case, line in zip(cases, run(dialect, events, [c["query"] for c in cases])):
        ids = [] if "!" in line else [-1 if int(i) < 0 else id_of(events[int(i) - 1]) for i in line.split()]
        if "!" not in line and ids == case["expected"]:
            good += 1
        else:
            failures.append((case["id"], case["query"], case["expected"], line if "!" in line else ids))
    print(f"{name}: {good} of {len(cases)}")
    unexpected = [f for f in failures if f[0] not in NEED_A_MAPPING]
    for f in unexpected:
        print(f"  {f[0]}: {' '.join(f[1].split())}\n    wants {f[2]}\n    gives {f[3]}")
    return len(unexpected)


def load(path):
    return json.loads((corpus / "conformance" / path).read_text())


def events(path, change):
    return [change(json.loads(line)) for line in (corpus / "conformance" / path).read_text().splitlines()]


missing = events("elasticsearch-eql/missing_events.ndjson", elastic)
extra = events("elasticsearch-eql/extra.ndjson", elastic)
sensor = events("endgame-eql/events.ndjson", endgame)
wrong = check("missing events", "lq", missing, load("elasticsearch-eql/missing_events.json"), lambda e: e["sequence"])
wrong += check("extra", "lq", extra, load("elasticsearch-eql/extra.json"), lambda e: e["sequence"])
wrong += check("additional", "lq", sensor, load("elasticsearch-eql/additional.json"), lambda e: e["serial_event_id"])
cases = [c for c in load("endgame-eql/cases.json") if c["case"] != "sensitive"]
wrong += check("endgame", "endgame", sensor, cases, lambda e: e["serial_event_id"])
sys.exit(wrong != 0)

#!/usr/bin/env python3
"""Endgame EQL's public suite under --compat endgame: constant expressions and their values, accepted and refused texts
with the place of the error, and queries with the events they find. Portable queries also run natively."""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

lq, corpus = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
tool = lq.parent.parent / "tests" / "tools" / "endgame_query"
suite = corpus / "conformance" / "endgame-eql"
failures, notes, counts = [], [], {}


def count(name, fine, what="", got=""):
    passed, total = counts.get(name, (0, 0))
    counts[name] = (passed + bool(fine), total + 1)
    if not fine:
        failures.append(f"{name}: {what}: {got}")


def ask(dialect, start, text, definitions=""):
    p = subprocess.run([tool, dialect, start], input=(definitions + "\0" + text).encode(), capture_output=True, timeout=60)
    if p.returncode not in (0, 1):
        return {"errors": [{"message": f"exit {p.returncode} {p.stderr[-200:]}", "spans": []}], "broken": True}
    return json.loads(p.stdout)


# ---- expressions

def same(a, b):
    return a is None and b is None or type(a) is type(b) is bool and a == b or \
        not isinstance(a, bool) and not isinstance(b, bool) and a is not None and a == b


def dialects(case):
    return {"any": ["endgame", "endgame-case"], "insensitive": ["endgame"], "sensitive": ["endgame-case"]}[case]


for case in json.loads((suite / "expressions.json").read_text()):
    for dialect in dialects(case["case"]):
        r = ask(dialect, "expression", case["expr"])
        kind, what = case["kind"], f"{case['expr']} ({dialect})"
        if kind == "must_fail_compile":
            count(kind, r["errors"] and not r.get("broken"), what, "accepted")
        elif r["errors"]:
            count(kind, False, what, r["errors"])
        elif kind == "fold":
            want = case.get("expected")
            # A function of literals that is not folded is run all the same.
            fine = same(want, r["run"]) and (r["fold"] == "?" or same(want, r["fold"]))
            count(kind, fine, what, f"wants {want!r}, folds to {r['fold']!r}, runs to {r['run']!r}")
        else:
            other = ask(dialect, "expression", case["expected"])
            count(kind, r["code"] == other.get("code"), what, f"\n{r['code']}\n{other.get('code')}")

# ---- parser

STARTS = {"expr": "expression", "piped_query": "query", "definition": "definitions", "definitions": "definitions",
          "signed_single_atom": "atom"}
NATIVE = {"elasticsearch_syntax", "allow_runs", "allow_negation"}
# Flags that change nothing for us: definitions are given, conditions need not be boolean.
OURS = {"preprocessor", "implied_booleans", "subqueries"}
REASONS = {
    "schema": "the schema of the suite's own test",
    "check_functions": "unknown functions are left alone",
    "enable_enum": "`field.word` as `field == \"word\"` by a schema",
    "validate_optional_fields": "the schema of the suite's own test",
    "allow_alias": "a schema, and its own keywords",
    "dollar_var": "a schema",
}
# Where python-eql and Elasticsearch differ, the native dialect does as the latter.
NATIVE_SAYS = {
    "sequence [process where process.name != null]": "a sequence has two terms at least",
}
DEFINITION = re.compile(r"\b(?:macro|const)\s+(\w+).*?(?=\b(?:macro|const)\s+\w+|\Z)", re.S)
defined = {}


def definitions_for(text):
    """What the text uses, and what that uses, in the order in which it was defined."""
    needed, todo = set(), [text]
    while todo:
        for word in re.findall(r"\w+", todo.pop()):
            if word in defined and word not in needed:
                needed.add(word)
                todo.append(defined[word])
    return "\n".join(d for name, d in defined.items() if name in needed)


def byte_of(text, line, column):
    lines = text.split("\n")
    before = "".join(l + "\n" for l in lines[:line])
    return len((before + (lines[line] if line < len(lines) else "")[:column]).encode())


# python-eql puts these at the beginning of the whole statement or of `with`; ours stand inside it.
WHOLE = ("Negative subquery", "Repeated sequence runs")


def points_there(result, byte):
    return any(start <= byte <= end for e in result["errors"] for start, end in e["spans"])


for case in json.loads((suite / "parser.json").read_text()):
    text, flags = case["text"], set(case["flags"])
    native = "elasticsearch_syntax" in flags
    definitions = ""
    if case["start"] in ("definition", "definitions"):
        own = {m.group(1): m.group(0) for m in DEFINITION.finditer(text)}
        for name in own:
            defined.pop(name, None)
        definitions = definitions_for(text)
        defined.update(own)
    elif not native:
        definitions = definitions_for(text)
    r = ask("lq" if native else "endgame", STARTS[case["start"]], text, definitions)
    fine = (not r["errors"]) == case["ok"]
    got = "accepted" if not r["errors"] else r["errors"]
    if fine and not case["ok"] and case["line"] is not None:
        fine = points_there(r, byte_of(text, case["line"], case["column"]))
        if not fine and case["message"].startswith(WHOLE):
            notes.append(f"place: {text!r}: python at column {case['column']}, ours {r['errors'][0]['spans']}")
            count("parser, right but at another place in the statement", True)
            continue
        got = f"line {case['line']} column {case['column']} ({case['message']}): {r['errors']}"
    python_only = flags - NATIVE - OURS
    if not python_only and text not in NATIVE_SAYS:
        count("parser, native" if native else "parser", fine, f"{case['start']} {text!r}", got)
    elif fine:
        count("parser, flags of python agree too", True)
    else:
        why = NATIVE_SAYS.get(text) or ", ".join(sorted({REASONS[f] for f in python_only}))
        notes.append(f"python-only ({why}): {text!r}: {'accepted there' if case['ok'] else case['message']}")

# ---- queries

ENDGAME_1970 = 116444736000000000
events = [json.loads(line) for line in (suite / "events.ndjson").read_text().splitlines()]


def as_ecs(event):
    """The same event for native queries: a category and a time under the names of ECS."""
    kind = event.get("event_type") or event.get("event_type_full", "").removesuffix("_event")
    seconds, rest = divmod(event.get("timestamp", ENDGAME_1970) - ENDGAME_1970, 10_000_000)
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds, microseconds=rest // 10)
    return event | {"event": {"category": kind}, "@timestamp": when.isoformat(timespec="microseconds") + "Z"}


def ids_of(row):
    """Of one event, or of a group of events in order."""
    for key in ("events", "sequence"):
        if isinstance(row.get(key), list):
            return [i for e in row[key] for i in ids_of(e or {"serial_event_id": -1})]
    inner = row.get("event") if "serial_event_id" not in row else None
    return ids_of(inner) if isinstance(inner, dict) and inner else [row["serial_event_id"]] if "serial_event_id" in row else []


def run(options, query, path):
    """The ids found; None: needs state that this lq has not."""
    p = subprocess.run([lq, "query", *options, "-o", "ndjson", "--", query, path], capture_output=True, text=True, timeout=60)
    if "not available in this version" in p.stderr:
        return None
    if p.returncode != 0:
        return p.stderr.strip() or f"exit {p.returncode}"
    return [i for line in p.stdout.splitlines() for i in ids_of(json.loads(line))]


STATEFUL = re.compile(r"^\s*(sequence|join|sample)\b|\b(descendant|child|event) of\b|\|\s*(?!filter|where)\w+")


def run_case(name, options, case, path):
    waits = STATEFUL.search(case["query"]) and not has_state
    got = None if waits else run(options, case["query"], path)
    if got is None:
        waiting.setdefault(name, []).append(case["id"])
    else:
        kind = "with state" if STATEFUL.search(case["query"]) else "single events"
        count(f"{name}: {kind}", got == case["expected"], f"{case['id']} {case['query']!r}",
              f"wants {case['expected']}, got {got}")


with tempfile.TemporaryDirectory() as tmp:
    plain, ecs = pathlib.Path(tmp) / "endgame.ndjson", pathlib.Path(tmp) / "ecs.ndjson"
    plain.write_text("".join(json.dumps(e) + "\n" for e in events))
    ecs.write_text("".join(json.dumps(as_ecs(e)) + "\n" for e in events))
    # Queries with state are run once lq finds the simplest sequence.
    probe = run([], "sequence [process where serial_event_id == 1] [process where serial_event_id == 2]", ecs)
    has_state, waiting = probe == [1, 2], {}
    for case in json.loads((suite / "cases.json").read_text()):
        for dialect in dialects(case["case"])[:1]:
            run_case("endgame", ["--compat", dialect], case, plain)
        # `safe` is marked as portable, and Elasticsearch has no such function.
        if "fn:safe" not in case["features"] and not case["not_portable_to_es"] and case["case"] != "insensitive":
            run_case("native", [], case, ecs)

for name, (passed, total) in sorted(counts.items()):
    print(f"{'ok  ' if passed == total else 'FAIL'} {name}: {passed} of {total}")
for name, ids in sorted(waiting.items()):
    print(f"wait {name}: needs state: {len(ids)}: {' '.join(ids)}")
for f in failures:
    print("  " + f)
for n in notes:
    print("  - " + n)
sys.exit(1 if failures else 0)

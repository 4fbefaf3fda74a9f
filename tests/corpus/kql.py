#!/usr/bin/env python3
"""The KQL suites: parse trees and error places of Kibana's grammar, parsing and evaluation cases of a second reader, and
every public KQL rule, which must parse and print to the same tree."""
import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib

lq, corpus = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
tool = lq.parent.parent / "tests" / "tools" / "kql_tree"
suites = corpus / "conformance" / "kql"
failures, counts = [], {}


def parse(query):
    p = subprocess.run([tool], input=query.encode(), capture_output=True, timeout=60)
    if p.returncode not in (0, 1):
        return {"errors": [{"message": f"exit {p.returncode}", "spans": []}]}
    return json.loads(p.stdout)


def check(suite, what, fine, got=""):
    passed, total = counts.get(suite, (0, 0))
    counts[suite] = (passed + bool(fine), total + 1)
    if not fine:
        failures.append(f"{suite}: {what}: {got}")


def flat(tree):
    """Chains as one node, however deep the other side nests them."""
    if not isinstance(tree, list) or tree[0] not in ("and", "or", "not", "nested"):
        return tree
    kids = [flat(k) for k in tree[1:]]
    if tree[0] in ("not", "nested"):
        return [tree[0], *kids]
    out = [tree[0]]
    for k in kids:
        out += k[1:] if isinstance(k, list) and k[0] == tree[0] else [k]
    return out


def place(query, at):
    """The byte at a line and column that count from 1, in code points."""
    lines = query.split("\n")
    before = "\n".join(lines[: at["line"] - 1]) + ("\n" if at["line"] > 1 else "")
    return len((before + lines[at["line"] - 1][: at["col"] - 1]).encode())


def points_there(result, byte):
    return any(start <= byte <= end for start, end in result["errors"][0]["spans"])


def show(result):
    return json.dumps(result.get("tree", result.get("errors")), ensure_ascii=False)


kibana = {}
for case in json.loads((suites / "kibana_parse.json").read_text()):
    query, result = case["query"], parse(case["query"])
    kibana[query] = "kibana" in case
    if "kibana" in case:
        check("kibana trees", query, flat(result.get("tree")) == flat(case["kibana"]), show(result))
        check("printed", query, result.get("same"), result.get("print"))
    elif "errors" not in result:
        check("kibana errors", query, False, "accepted")
    else:
        byte = place(query, case["kibana_error_at"])
        check("kibana errors", query, points_there(result, byte), show(result))

# Kibana decides: the second reader has a schema, stops a value at fewer places, and takes `not ` as part of one.
KIBANA_SAYS = {"field: *not this*": False}
for case in json.loads((suites / "parse.json").read_text()):
    query, needs_schema = case["text"], case["schema"] and not case["ok"]
    want = kibana.get(query, KIBANA_SAYS.get(query, True if needs_schema else case["ok"]))
    result = parse(query)
    check("second reader", query, ("tree" in result) == want, show(result))
    if "tree" in result:
        check("printed", query, result["same"], result["print"])

for path in sorted(corpus.glob("elastic-rules*/**/*.toml")):
    rule = tomllib.loads(path.read_text())["rule"]
    if rule.get("language") == "kuery" and "query" in rule:
        result = parse(rule["query"])
        check("rules parse", path.name, "tree" in result, show(result))
        check("printed", path.name, result.get("same"), result.get("print"))

evaluate = json.loads((suites / "evaluate.json").read_text())
with tempfile.TemporaryDirectory() as tmp:
    files = []
    for i, document in enumerate(evaluate["documents"]):
        files.append(pathlib.Path(tmp) / f"{i}.ndjson")
        files[-1].write_text(json.dumps(document) + "\n")
    for case in evaluate["cases"]:
        p = subprocess.run([lq, "query", "--dialect", "kql", "-c", case["query"], files[case["doc"]]],
                           capture_output=True, text=True, timeout=60)
        got = p.stdout.strip()
        check("evaluate", case["query"], got == str(int(case["match"])), f"{got!r} {p.stderr.strip()}")

for suite, (passed, total) in counts.items():
    print(f"{'ok  ' if passed == total else 'FAIL'} {suite}: {passed} of {total}")
for f in failures:
    print("  " + f)
sys.exit(1 if failures else 0)

#!/usr/bin/env python3
"""What must not change an answer, over 300 public rules and all corpus events: printing and reading again, cutting a rule at
a pipe, the optimiser, and the way from rule file to run.   metamorphic.py LQ CORPUS"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

lq, corpus = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
WANTED = 300
failures = []


def expect(what, good, detail=""):
    print(f"{'ok  ' if good else 'FAIL'} {what}")
    if not good:
        failures.append(what)
        print(f"     {detail}")


def run(*args):
    p = subprocess.run([lq, *map(str, args)], capture_output=True, text=True, timeout=600)
    if p.returncode not in (0, 3):
        expect(f"lq {args[0]}", False, f"exit {p.returncode}: {p.stderr[-400:]}")
    return p.stdout


def chosen():
    """EQL rules over single events, every third one, Windows first: these find something in the events at hand."""
    out = []
    for path in sorted(corpus.glob("elastic-rules*/**/*.toml")) + sorted(corpus.glob("endpoint-rules/**/*.toml")):
        rule = tomllib.loads(path.read_text()).get("rule", {})
        query = rule.get("query", "")
        if query.strip() and rule.get("language", "eql") == "eql" and not re.match(r"\s*(sequence|sample|join)\b", query) and "|" not in query:
            out.append((path, query))
    out.sort(key=lambda r: "windows" not in r[0].parts)
    return out[:2 * WANTED:2]


def trees(text):
    """By rule id: the outline of its tree."""
    parts = re.split(r"^// (.*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], (p.strip() for p in parts[2::2])))


def events():
    return sorted((corpus / "events" / "windows").glob("*.zst")) + [corpus / "events" / "evtx-json"]


def alerts(rules):
    """(rule, source, line) of each alert."""
    out = run("run", "-o", "ndjson", "--keep-going", rules, "--", *events())
    return sorted((a["rule"]["id"], s["file"], s["line"]) for a in map(json.loads, out.splitlines()) for s in a["sources"][:1])


def write(folder, queries):
    for i, query in enumerate(queries):
        (folder / f"r{i:03}.lq").write_text(f"---\nid: r{i:03}\nname: r\n---\n{query}\n")


with tempfile.TemporaryDirectory() as tmp:
    tmp = pathlib.Path(tmp)
    rules = chosen()
    for name in ("toml", "plain", "printed", "piped"):
        (tmp / name).mkdir()
    for i, (path, _) in enumerate(rules):
        (tmp / "toml" / f"r{i:03}.toml").write_text(path.read_text())
    write(tmp / "plain", [q for _, q in rules])
    expect(f"{WANTED} rules", len(rules) == WANTED, len(rules))

    before = trees(run("check", "--tree", tmp / "plain"))
    printed = trees(run("check", "--print", tmp / "plain"))
    write(tmp / "printed", [printed.get(f"r{i:03}", "") for i in range(len(rules))])
    after = trees(run("check", "--tree", tmp / "printed"))
    expect("printed and read again: the same trees", len(before) == len(rules) and before == after,
           (len(before), [k for k in before if before[k] != after.get(k)][:5]))

    # `X where A and B` and `X where A | where B` are one: the whole condition is moved behind a pipe.
    cut = re.compile(r"\s*((?://[^\n]*\n|\s)*)([\w.]+|\"[^\"]*\")\s+where\b", re.S)
    piped = [cut.sub(lambda m: f"{m.group(2)} where true | where", q, count=1) for _, q in rules]
    write(tmp / "piped", piped)

    plain = alerts(tmp / "plain")
    expect("some alerts to compare", len(plain) > 10, len(plain))
    expect("cut at a pipe: the same alerts", plain == alerts(tmp / "piped"))

    run("build", "--keep-going", tmp / "toml", "-o", tmp / "a.lqb")
    run("build", "--keep-going", "--no-optimiser", tmp / "toml", "-o", tmp / "b.lqb")
    source = alerts(tmp / "toml")
    expect("rule files and bundle: the same alerts", source == alerts(tmp / "a.lqb") and len(source) > 10, len(source))
    expect("optimised and not: the same alerts", source == alerts(tmp / "b.lqb"))

    # All rules of all kinds, not only the chosen ones.
    folders = [corpus / f for f in ("elastic-rules", "elastic-rules-bbr", "endpoint-rules")]
    run("build", "--keep-going", *folders, "-o", tmp / "all.lqb")
    run("build", "--keep-going", "--no-optimiser", *folders, "-o", tmp / "all-plain.lqb")
    every = alerts(tmp / "all.lqb")
    expect(f"every public rule, optimised and not: the same {len(every)} alerts", every == alerts(tmp / "all-plain.lqb"))

print(f"{len(failures)} failures")
sys.exit(bool(failures))

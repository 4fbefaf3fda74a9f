#!/usr/bin/env python3
"""Warnings over every public Elastic rule. A second, simple reader of the queries says which mistakes must be found: each
wildcard in `==` or `in`, each quoted star of KQL, each entry that stands twice, each path with a swallowed escape. The table
of counts in docs/lints.md must be true (BLESS=1 writes it anew).   lints.py LQ CORPUS"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib

lq, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
FOLDERS = ["elastic-rules", "elastic-rules-bbr", "endpoint-rules"]
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/lints.md"
TOKEN = re.compile(r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*")|(?P<word>[A-Za-z_@$?][\w.]*~?)'
                   r'|(?P<sign>==|!=|[()\[\],:]|\S)', re.S)
KQL_VALUES = re.compile(r'(?<![\\"])"(?:\\.|[^"\\])*"', re.S)
failures = []


def expect(what, good, detail=""):
    print(f"{'ok  ' if good else 'FAIL'} {what}")
    if not good:
        failures.append(what)
        print(f"     {detail}")


# ---- the second reader ----

def tokens(query):
    return [(m.lastgroup, m.group()) for m in TOKEN.finditer(query) if m.lastgroup != "comment"]


def list_from(t, i):
    """The texts of a list whose `(` is token i, with those of lists inside it."""
    depth, texts = 0, []
    for kind, word in t[i:]:
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return texts
        if kind == "text":
            texts.append(word)
    return texts


def has_star(text):
    return re.search(r"(?<!\\)\*", text.replace("\\\\", "")) is not None


def dead_wildcards(t):
    n = 0
    for i, (_, word) in enumerate(t[:-1]):
        if word in ("==", "!=") and t[i + 1][0] == "text":
            n += has_star(t[i + 1][1])
        elif word.lower() in ("in", "in~") and t[i + 1][1] == "(":
            n += sum(map(has_star, list_from(t, i + 1)))
    return n


def duplicates(t):
    n = 0
    for i, (_, word) in enumerate(t[:-1]):
        operator = word.lower()
        if operator in (":", "in", "in~", "like", "like~") and t[i + 1][1] == "(":
            texts = list_from(t, i + 1)
            if operator not in ("in", "like"):
                texts = [x.lower() for x in texts]
            n += len(texts) - len(set(texts))
    return n


def swallowed(t):
    """A path in which `\\t` and the like stand between letters, after a drive or a doubled backslash."""
    n = 0
    for kind, word in t:
        plain = word.replace("\\\\", "\0")
        path = "\0" in plain or re.match(r'"[A-Za-z]:', plain)
        n += bool(kind == "text" and not word.startswith('"""') and path and " " not in word
                  and re.search(r"[\w*:]\\[trnbf]\w", plain))
    return n


def quoted_stars(query):
    return sum("*" in m.group() for m in KQL_VALUES.finditer(query))


def wanted():
    """File by file, what must be found at least."""
    found = collections.defaultdict(collections.Counter)
    for folder in FOLDERS:
        for path in (corpus / folder).rglob("*.toml"):
            rule = tomllib.loads(path.read_text())["rule"]
            query, name = rule.get("query"), str(path.relative_to(corpus))
            if query and rule.get("language") == "kuery":
                found["LQ402"][name] = quoted_stars(query)
            elif query and rule.get("language", "eql") == "eql":
                t = tokens(query)
                found["LQ401"][name] = dead_wildcards(t)
                found["LQ403"][name] = duplicates(t)
                found["LQ408"][name] = swallowed(t)
    return found


# ---- what lq says ----

start = time.perf_counter()
done = subprocess.run([pathlib.Path(lq).resolve(), "check", "-o", "json", *FOLDERS], cwd=corpus, capture_output=True, text=True,
                      timeout=300)
seconds = time.perf_counter() - start
report = json.loads(done.stdout)
told = collections.defaultdict(collections.Counter)
for d in report["diagnostics"]:
    told[d["code"]][d.get("file", "")] += 1
expect(f"{report['summary']['files']} files in {seconds:.2f} s", seconds < 10, f"{seconds:.2f} s")
expect("no rule has an error", report["summary"]["errors"] == 0, done.stderr[-800:])
for code, files in sorted(wanted().items()):
    missed = {f: n for f, n in (files - told[code]).items()}
    total = sum(files.values())
    expect(f"{code}: the {total} that a simple reader finds are told ({sum(told[code].values())} in all)", not missed and total, missed)

# ---- the page ----

explain = subprocess.run([lq, "explain-code"], capture_output=True, text=True, check=True).stdout
titles = dict(re.findall(r"^(LQ\d+)  \S+ +(.*)$", explain, re.M))
lines = ["| code | how often | in files | what |", "|---|---|---|---|"]
lines += [f"| {code} | {sum(files.values()):,} | {len(files):,} | {titles[code]} |" for code, files in sorted(told.items())]
table = "\n".join(lines)
page = PAGE.read_text()
new = re.sub(r"(?<=<!-- counts -->\n).*?(?=\n<!-- end -->)", lambda m: table, page, flags=re.S)
if os.environ.get("BLESS") == "1":
    PAGE.write_text(new)
elif f"({report['summary']['files']:,} files," in page:
    expect("docs/lints.md has these counts", new == page, table)
else:
    print("     docs/lints.md counts another set of rules")
print(f"{'FAIL' if failures else 'ok'}: {len(failures)} failures")
sys.exit(bool(failures))

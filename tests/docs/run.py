#!/usr/bin/env python3
"""Tests what the pages say: runs every fenced block, and compares the reference pages with the tables they are made from.

    run.py --lq PATH --pages PATH [PAGE.md ...]

    ```lq           a rule file: `lq check` takes it, and its tests pass
    ```lq lines     each line is a query of its own that compiles
    ```lq true      each line is a condition that holds for the event {}
    ```lq error     a query with the mistake that the block is about; `lq error LQ106` says which
    ```kql          each line is a KQL query that compiles; `kql error` as above
    ```markdown     a playbook that `lq check` takes
    ```toml         an Elastic rule that `lq check` takes
    ```c            compiles against the public header
    ```json         parses
    ```console      a session in a copy of the examples: lines `$ command` and what they write. [..] stands for any
                    text, a line … for any lines. BLESS=1 rewrites the output; what still fits is kept
    others          (`sh`, `text`, none) are not run
    | LQ |          the code in a table's column of that name is a query that compiles

BLESS=1 also rewrites docs/functions.md, docs/bytecode.md and docs/diagnostics.md."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLESS = os.environ.get("BLESS") == "1"
GENERATED = ("functions", "bytecode", "diagnostics")
ERRORS = ROOT / "tests/golden/errors"
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S)
failures = []


def fail(where, why):
    failures.append(where)
    print(f"FAIL {where}: {why.rstrip()}")


# ---- running ----

class Place:
    """A folder with the examples in it, and lq on the PATH."""

    def __init__(self, lq):
        self.temp = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temp.name)
        shutil.copytree(ROOT / "examples", self.folder / "examples")
        keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_", "LD_"))}
        self.env = {**keep, "PATH": f"{lq.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": self.temp.name, "TERM": "dumb",
                    "LC_ALL": "C.UTF-8"}

    def run(self, *args, given=""):
        return subprocess.run([str(a) for a in args], cwd=self.folder, env=self.env, input=given, capture_output=True,
                              text=True, errors="backslashreplace", timeout=60)

    def write(self, name, body):
        (self.folder / name).write_text(body)
        return name


def must_pass(where, done):
    if done.returncode:
        fail(where, f"exit {done.returncode}\n{done.stdout}{done.stderr}")


# ---- one kind of block each: (place, where, words of the info string, body) ----

def lines_of(body, comment):
    return [x for x in body.splitlines() if x.strip() and not (comment and x.lstrip().startswith(comment))]


def expect_error(place, where, words, args):
    done = place.run(*args)
    if done.returncode != 3:
        fail(where, f"should have an error\n{done.stderr}")
    for code in words:
        if f"[{code}]" not in done.stderr:
            fail(where, f"should say {code}\n{done.stderr}")


def run_lq(place, where, words, body):
    if words[:1] == ["error"]:
        expect_error(place, where, words[1:], ["lq", "check", place.write("block.lq", body)])
    elif words == ["lines"]:
        for line in lines_of(body, "//"):
            must_pass(f"{where}: {line}", place.run("lq", "query", "-c", "--", line, "/dev/null"))
    elif words == ["true"]:
        for line in lines_of(body, "//"):
            done = place.run("lq", "query", "-c", "--", line, given="{}\n")
            if done.stdout.strip() != "1":
                fail(where, f"does not hold: {line}\n{done.stderr}")
    else:
        name = place.write("block.lq", body)
        must_pass(where, place.run("lq", "check", name))
        if re.search(r"^test (match|none|count)", body, re.M):
            must_pass(where, place.run("lq", "test", name))


def run_kql(place, where, words, body):
    for line in lines_of(body, None):
        args = ["lq", "query", "--dialect", "kql", "-c", "--", line, "/dev/null"]
        if words[:1] == ["error"]:
            expect_error(place, where, words[1:], args)
        else:
            must_pass(f"{where}: {line}", place.run(*args))


def run_file(ending):
    def run(place, where, words, body):
        must_pass(where, place.run("lq", "check", place.write("block" + ending, body)))
    return run


def run_c(place, where, words, body):
    must_pass(where, place.run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", ROOT / "include",
                               place.write("block.c", body)))


def run_json(place, where, words, body):
    try:
        json.loads(body)
    except ValueError as e:
        fail(where, str(e))


def session(body):
    """[command, [line, …]] for each `$ command`; a command goes on after a backslash."""
    steps, going_on = [], False
    for line in body.splitlines():
        if going_on:
            steps[-1][0] += "\n" + line
        elif line.startswith("$ "):
            steps.append([line[2:], []])
        else:
            steps[-1][1].append(line)
        going_on = steps[-1][0].endswith("\\") and not steps[-1][1]
    return steps


def line_fits(expected, got):
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("[..]")), got) is not None


def lines_fit(expected, got):
    if not expected:
        return not got
    if expected[0] == "…":
        return any(lines_fit(expected[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and line_fits(expected[0], got[0]) and lines_fit(expected[1:], got[1:])


def run_console(place, where, words, body):
    """Gives the block as it should be."""
    out = []
    for command, expected in session(body):
        done = subprocess.run(["bash", "-c", command], cwd=place.folder, env=place.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="backslashreplace",
                              timeout=60)
        got = [x.rstrip() for x in done.stdout.rstrip().splitlines()]
        fits = lines_fit([x.rstrip() for x in expected], got)
        if not fits and not BLESS:
            fail(where, f"$ {command}\nwanted:\n" + "\n".join(expected) + "\ngot:\n" + "\n".join(got))
        out += [f"$ {command}"] + (expected if fits else got)
    return "\n".join(out) + "\n"


RUNNERS = {"lq": run_lq, "eql": run_lq, "kql": run_kql, "markdown": run_file(".md"), "toml": run_file(".toml"), "c": run_c,
           "json": run_json, "console": run_console}


def run_page(path, lq):
    place, text, seen = Place(lq), path.read_text(), 0

    def run(block):
        nonlocal seen
        words = block["info"].split()
        if not words or words[0] not in RUNNERS:
            return block[0]
        seen += 1
        line = text.count("\n", 0, block.start()) + 1
        body = re.sub(f"^{block['indent']}", "", block["body"], flags=re.M)
        new = RUNNERS[words[0]](place, f"{path.relative_to(ROOT)}:{line}", words[1:], body)
        return block[0].replace(block["body"], new) if new and not block["indent"] else block[0]

    new = FENCE.sub(run, text)
    if BLESS and new != text:
        path.write_text(new)
    place.temp.cleanup()
    return seen


# ---- tables ----

def cells(row):
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def code_in(cell):
    return [a or b for a, b in re.findall(r"``\s?(.+?)\s?``|`([^`]+)`", cell)]


def run_tables(path, lq):
    """The queries in columns called LQ. An ellipsis stands for what is left out: such code is not run."""
    place, column, seen = Place(lq), None, 0
    for n, line in enumerate(path.read_text().splitlines(), 1):
        row = cells(line) if line.startswith("|") else None
        if not row:
            column = None
        elif column is None:
            column = row.index("LQ") if "LQ" in row else -1
        elif 0 <= column < len(row):
            for query in [q for q in code_in(row[column]) if "…" not in q]:
                seen += 1
                must_pass(f"{path.relative_to(ROOT)}:{n}: {query}", place.run("lq", "query", "-c", "--", query, "/dev/null"))
    place.temp.cleanup()
    return seen


# ---- the reference pages ----

def messages_of(out):
    """The messages in a golden file, each as its text."""
    said = out.read_text("utf-8", "replace").split("\n", 1)[1]
    return re.split(r"\n\n", re.sub(r"\n*^lq: .*", "", said, flags=re.S | re.M))


def example(code):
    """A message of that code as `lq check` shows it: of the golden files the one that shows little else, then the shortest."""
    found = []
    for out in sorted(ERRORS.glob("*.out")):
        messages = messages_of(out)
        found += [(len(messages), len(m), out.name, m) for m in messages if f"[{code}]" in m.split("\n")[0]]
    return f"```text\n{min(found)[3].rstrip()}\n```\n" if found else ""


def with_examples(page):
    parts = re.split(r"^(?=## LQ\d+)", page, flags=re.M)
    return parts[0] + "".join(p.rstrip("\n") + "\n\n" + example(re.match(r"## (LQ\d+)", p)[1]) + "\n" for p in parts[1:])


def check_generated(pages):
    for name in GENERATED:
        path = ROOT / f"docs/{name}.md"
        page = subprocess.run([pages, name], capture_output=True, text=True, check=True).stdout
        page = with_examples(page).rstrip("\n") + "\n" if name == "diagnostics" else page
        if BLESS:
            path.write_text(page)
        elif not path.exists() or path.read_text() != page:
            fail(f"docs/{name}.md", "is not what the tables give; BLESS=1 writes it anew")


def check_links(path):
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose):
        if not (path.parent / target).exists():
            fail(str(path.relative_to(ROOT)), f"no {target} to link to")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lq", type=pathlib.Path, required=True)
    parser.add_argument("--pages", type=pathlib.Path, required=True)
    parser.add_argument("page", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    check_generated(args.pages.resolve())
    every = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    written = [p.resolve() for p in args.page] or [p for p in every if p.stem not in GENERATED]
    blocks = sum(run_page(p, args.lq.resolve()) + run_tables(p, args.lq.resolve()) for p in written)
    for p in every:
        check_links(p)
    print(f"{len(written)} pages, {blocks} examples, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()

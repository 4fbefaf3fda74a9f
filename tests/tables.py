#!/usr/bin/env python3
"""Fails if a table of the manual does not say what the table in the sources says: operators (lexer/operators.def), and inputs
(input/formats.def)."""
import pathlib
import re
import sys

ROW = re.compile(r'^LQ_(COMPARISON|MATCHING|MEMBERSHIP|ARITHMETIC)\((.*)\)$', re.M)
LISTS = {"COMPARISON": "no", "MATCHING": "yes", "MEMBERSHIP": "always", "ARITHMETIC": ""}


def said(shape, columns):
    """case, wildcards, lists: what the row means in the manual's words."""
    if shape == "ARITHMETIC":
        return "", "", ""
    if shape == "COMPARISON":
        return "matters", "" if columns[5] == "ORDER" else "no", LISTS[shape]
    case = "ignored" if columns[6] == "FOLDED" else "matters"
    return case, "yes" if columns[5] == "PATTERN" else "no", LISTS[shape]


def documented(text):
    """Spelling: (case, wildcards, lists), of the table under `## Operators`."""
    table = text.split("\n## Operators\n")[1].strip().splitlines()[2:]
    rows = {}
    for line in table:
        if not line.startswith("|"):
            break
        cells = [c.strip() for c in line.strip("|").split("|")]
        names = [n for code in re.findall(r"`([^`]*)`", cells[0]) for n in code.split()]
        cases = cells[1].split(" · ")
        for i, name in enumerate(names):
            case = cases[i] if len(cases) == len(names) else cells[1]
            rows.setdefault(name, (case, cells[2], cells[3]))
    return rows


def inputs(root):
    """How many rows there are, and how many the manual has otherwise or not at all."""
    page, bad = (root / "docs/cli.md").read_text(), 0
    rows = re.findall(r'^LQ_(?:PACKING|FORM)\((\w+), "[^"]*", "([^"]*)", "([^"]*)"\)$', (root / "input/formats.def").read_text(), re.M)
    for name, endings, what in rows:
        if f"\n| `{name}` | `{endings}` | {what} |\n" not in page:
            print(f"docs/cli.md: no row that says of `{name}` what input/formats.def says")
            bad += 1
    print(f"{len(rows)} inputs, {bad} differ")
    return len(rows), bad


def main(root):
    manual = documented((root / "docs/language.md").read_text())
    rows = ROW.findall((root / "lexer/operators.def").read_text())
    bad = 0
    for shape, arguments in rows:
        columns = [c.strip() for c in arguments.split(",")]
        spelling, want = columns[2].strip('"'), said(shape, columns)
        got = manual.get(spelling)
        if got != want:
            print(f"docs/language.md: `{spelling}` is {got}, lexer/operators.def says {want}")
            bad += 1
    print(f"{len(rows)} operators, {bad} differ")
    nrows, other = inputs(root)
    return 1 if bad or other or not rows or not nrows else 0


sys.exit(main(pathlib.Path(sys.argv[1])))

#!/usr/bin/env python3
"""Fails if lq.h breaks its own rules: a struct that a caller allocates begins with struct_size, and the version is the project's.

    lint_header.py LQ.H VERSION

A caller allocates what a function takes by pointer, const or not. What only a callback's parameter points to is ours, and so
is what has no body (lq_scan)."""
import pathlib
import re
import sys

VALUES = {"lq_text", "lq_allocator"}  # never grow: the header says so


def structs_of(text):
    """name: its first member"""
    return {m[2]: m[1].split(";")[0].strip() for m in re.finditer(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.S)}


def inside(text, start):
    """What stands between the parenthesis at `start` and its partner, and where that is."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return text[start + 1:i], i
    raise SystemExit("unbalanced parentheses")


def parameters(text):
    """(function, its parameters without those of callbacks)"""
    for m in re.finditer(r"LQ_API [^;(]*?(\w+)\(", text):
        params, _ = inside(text, m.end() - 1)
        yield m[1], re.sub(r"\(\*\w+\)\s*\([^()]*\)", "", params)


def members(text):
    """Structs that are pointed to from a struct of options: the caller's too."""
    for m in re.finditer(r"const (lq_\w+) \*\w+;", text):
        yield m[1]


def main(path, version):
    text = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(), flags=re.S)
    structs, wrong = structs_of(text), []
    taken = {s for _, params in parameters(text) for s in re.findall(r"\b(lq_\w+) \*", params)} | set(members(text))
    for name in sorted(taken & set(structs) - VALUES):
        if structs[name] != "uint32_t struct_size":
            wrong.append(f"{name} begins with `{structs[name]}`, not with `uint32_t struct_size`")
    numbers = [re.search(rf"#define LQ_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")]
    said = re.search(r'#define LQ_VERSION_STRING "([^"]*)"', text)[1]
    if not ".".join(numbers) == said == version:
        wrong.append(f"LQ_VERSION_ says {'.'.join(numbers)} and {said}, the project is {version}")
    for line in wrong:
        print(f"{path}: {line}")
    print(f"{len(taken & set(structs))} structs of callers, {len(wrong)} mistakes")
    return 1 if wrong or len(taken & set(structs)) < 10 else 0


sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Fails if a comment or a page names a file of the project that does not exist.

    lint_names.py ROOT

`vm/verify.c` is looked for at its place, `verify.c` anywhere. Comments of C, bison, flex and meson are read, and pages without
their fenced blocks, which show other people's files."""
import pathlib
import re
import sys

GENERATED = {"grammar.c", "grammar.h", "kql_grammar.c", "kql_grammar.h", "scan.c", "scan.h"}
EXAMPLES = {"main.c"}  # what a reader's own program is called
SKIPPED = re.compile(r"^(build|\.git)")
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(//[^\n]*|/\*.*?\*/)', re.S)
FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
NAME = re.compile(r"(?<![\w./*<-])((?:[a-z_0-9]+/)*[a-z_0-9]{2,}\.(?:c|h|cc|l|y|def|py|sh|md))\b(?![\w/*.-]*\()")
PLACED = re.compile(r"#.*$", re.M)


def prose_of(path):
    """The words of a file that people read, with line breaks where they were."""
    text = path.read_text(errors="replace")

    def blank(m):
        return re.sub(r"[^\n]", " ", m[0])
    if path.suffix == ".md":
        return FENCE.sub(blank, text)
    if path.suffix == ".py" or path.name == "meson.build":
        return "\n".join((PLACED.search(line) or [""])[0] for line in text.splitlines())
    kept, at = [], 0
    for m in COMMENT.finditer(text):
        kept.append(re.sub(r"[^\n]", " ", text[at:m.start(1) if m[1] else m.end()]))
        kept.append(m[1] or "")
        at = m.end()
    return "".join(kept)


def is_include(name):
    return name.endswith(".h") and "/" not in name and not re.search("_", name)


def main(root):
    files = [p.relative_to(root) for p in root.rglob("*") if p.is_file() and not SKIPPED.match(str(p.relative_to(root)))]
    whole, bare = {str(f) for f in files}, {f.name for f in files}
    folders = {f.parts[0] for f in files}
    wrong = seen = 0
    for f in sorted(files):
        if f.suffix not in {".c", ".h", ".cc", ".l", ".y", ".def", ".md", ".py"} and f.name != "meson.build":
            continue
        for number, line in enumerate(prose_of(root / f).splitlines(), 1):
            for m in NAME.finditer(line):
                name, _, last = m[1], *m[1].rpartition("/")[1:]
                placed = "/" in name
                if last in GENERATED | EXAMPLES or (placed and name.split("/")[0] not in folders):
                    continue
                seen += 1
                if name not in whole and (placed or name not in bare):
                    print(f"{f}:{number}: there is no {name}")
                    wrong += 1
    print(f"{seen} names of files, {wrong} of files that do not exist")
    return 1 if wrong or not seen else 0


sys.exit(main(pathlib.Path(sys.argv[1])))

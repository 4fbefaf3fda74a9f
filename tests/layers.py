#!/usr/bin/env python3
"""Fails if a folder includes a header of its own floor's neighbours or from above. Floors: README, "How the house is laid out"."""
import pathlib
import re
import sys

FLOORS = [{"base"}, {"lexer", "stdlib"}, {"parser", "vm", "input"}, {"compiler", "engine"}, {"rules", "state"}, {"lib"}, {"feed"}, {"cli"}]
PUBLIC = {"lib", "feed", "cli"}  # who may include <libquery/lq.h>; status.h is for everyone
# Programs: they see the public header, each other, and of the rest only what owns text, memory and the seals of files.
PROGRAMS = {"feed": {"feed"}, "cli": {"cli", "feed"}}
TEXT = {"buf.h", "bytes.h", "mem.h", "seal.h", "str.h", "utf8.h"}
SUFFIXES = {".c", ".h", ".l", ".y", ".def", ".cc"}


def main(root):
    floor = {d: i for i, ds in enumerate(FLOORS) for d in ds}
    bad = seen = 0
    for folder, level in floor.items():
        below = PROGRAMS.get(folder) or {d for d, i in floor.items() if i < level} | {folder}
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SUFFIXES:
                continue
            seen += 1
            for number, line in enumerate(path.read_text().splitlines(), 1):
                m = re.match(r'\s*#\s*include\s+["<]([a-z_0-9]+)/([a-z_0-9.]+)[">]', line)
                if not m:
                    continue
                where, name = m.groups()
                wrong = where in floor and where not in below
                wrong &= not (folder in PROGRAMS and where == "base" and name in TEXT)
                wrong |= where == "libquery" and name != "status.h" and folder not in PUBLIC
                if wrong:
                    print(f"{path.relative_to(root)}:{number}: {folder}/ may not include {where}/{name}")
                    bad += 1
    print(f"{seen} files, {bad} wrong includes")
    return 1 if bad or not seen else 0


sys.exit(main(pathlib.Path(sys.argv[1])))

#!/usr/bin/env python3
"""Runs what the pages show: `lq` blocks as rule files with their tests, `markdown` blocks as playbooks, `c` blocks through the
compiler, `json` blocks through a parser.   examples.py LQ SOURCE"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

lq, source = sys.argv[1], pathlib.Path(sys.argv[2])
PAGES = ["docs/rule-files.md", "docs/embedding.md", "docs/alert.md"]
failed = seen = 0


def run(what, *args):
    global failed
    p = subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=60)
    if p.returncode:
        failed += 1
        print(f"FAIL {what}: exit {p.returncode}\n{p.stdout}{p.stderr}")


with tempfile.TemporaryDirectory() as tmp:
    for page in PAGES:
        text = (source / page).read_text()
        for n, (language, body) in enumerate(re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)):
            what, seen = f"{page}, block {n + 1} ({language})", seen + 1
            path = pathlib.Path(tmp) / f"example{n}"
            if language == "lq":
                path = path.with_suffix(".lq")
                path.write_text(body)
                run(what, lq, "test", path)
            elif language == "markdown":
                path = path.with_suffix(".md")
                path.write_text(body)
                run(what, lq, "check", path)
            elif language == "c":
                path = path.with_suffix(".c")
                path.write_text(body)
                run(what, "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", source / "include", path)
            elif language == "json":
                json.loads(body)
print(f"{seen} blocks, {failed} failed")
sys.exit(bool(failed or not seen))

#!/usr/bin/env python3
"""The public JSON suite: every y_ file parses, every n_ file is refused. Usage: json_suite.py LQ CORPUS"""
import pathlib
import subprocess
import sys

lq, corpus = sys.argv[1:3]
program = pathlib.Path(lq).parent.parent / "tests" / "corpus" / "json_suite"
run = subprocess.run([program, pathlib.Path(corpus) / "conformance" / "json"], capture_output=True, text=True)
print(run.stdout.strip())
sys.exit(run.returncode)

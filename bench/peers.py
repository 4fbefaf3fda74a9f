"""Other tools that answer the same questions: used where they are, installed where a package manager is reached, and
never a reason to fail. Those that lie elsewhere are found by LQ_BENCH_PATH: folders, looked into before those of PATH."""
import os
import pathlib
import shutil
import subprocess
import sys

RSIGMA = "0.23.0"
# One query, four languages. None tells letters apart.
QUERY = 'process.name : ("powershell.exe", "cmd.exe") and process.command_line : ("*-enc*", "*/c *")'
JQ = ('select(((.process.name // "") | ascii_downcase | . == "powershell.exe" or . == "cmd.exe") and'
      ' ((.process.command_line // "") | ascii_downcase | contains("-enc") or contains("/c ")))')
# The quickest of its ways: the fields out of each line, which is not made a table first.
DUCKDB = """
import duckdb, sys
c = duckdb.connect(); c.execute("set threads = 1")
rows = c.execute('''select json from read_ndjson_objects(?) where
  lower(json_extract_string(json, '$.process.name')) in ('powershell.exe', 'cmd.exe') and
  (lower(json_extract_string(json, '$.process.command_line')) like '%-enc%' or
   lower(json_extract_string(json, '$.process.command_line')) like '%/c %')''', [sys.argv[1]]).fetchall()
print("\\n".join(r[0] for r in rows))
"""
EQL = """
import eql, json, sys
engine = eql.PythonEngine({"flatten": False})
with eql.parser.elasticsearch_syntax:
    query = eql.parse_query('any where ' + sys.argv[2])
engine.add_query(query); engine.add_output_hook(lambda r: [print(json.dumps(e.data)) for e in r.events])
for line in open(sys.argv[1], "rb"):
    engine.stream_event(eql.Event("any", 0, json.loads(line)))
engine.finalize()
"""


def quietly(*command, seconds=600):
    try:
        return subprocess.run([os.fspath(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as e:
        return subprocess.CompletedProcess(command, 1, "", str(e))


def first_line(*command):
    out = quietly(*command, seconds=20)
    return (out.stdout or out.stderr).strip().splitlines()[0] if out.returncode == 0 and (out.stdout or out.stderr).strip() else ""


def which(name):
    folders = [os.environ.get("LQ_BENCH_PATH", ""), os.environ.get("PATH", os.defpath), os.path.expanduser("~/.cargo/bin")]
    return shutil.which(name, path=os.pathsep.join(f for f in folders if f))


def version_of(python, module):
    return first_line(python, "-c", f"import {module}; print('{module}', {module}.__version__)") if python else ""


def module_in(folder, module, install):
    """A Python that has the module, and its version; or why there is none."""
    venv = folder / "venv" / "bin" / "python"
    for python in (which("python"), which("python3"), sys.executable, venv if venv.exists() else None):
        if version_of(python, module):
            return python, version_of(python, module)
    if not install:
        return None, f"no {module} here"
    if not venv.exists():
        quietly(sys.executable, "-m", "venv", folder / "venv")
    said = quietly(venv, "-m", "pip", "install", "-q", module, seconds=240)
    return (venv, version_of(venv, module)) if said.returncode == 0 else (None, f"no {module} here, and pip could not install it")


def rsigma_in(folder, install):
    here = folder / "rsigma" / "bin" / "rsigma"
    program = which("rsigma") or (here if here.exists() else None)
    if program:
        return program, first_line(program, "--version")
    if not install or not which("cargo"):
        return None, "no rsigma here, nor cargo to build it" if install else "no rsigma here"
    print(f"building rsigma {RSIGMA}: some minutes, once", file=sys.stderr)
    quietly(which("cargo"), "install", "rsigma", "--version", RSIGMA, "--no-default-features", "--features", "rsigma-runtime",
            "--locked", "--root", folder / "rsigma", seconds=1800)
    return (here, first_line(here, "--version")) if here.exists() else (None, "no rsigma here, and cargo could not build it")


def find(folder, install):
    """By name: the program (a list that a command begins with) and its version. And why each of the others is not there."""
    found, missing = {}, {}

    def add(name, program, said, *begin):
        if program:
            found[name] = ([program, *begin], said)
        else:
            missing[name] = said
    for name in ("jq", "gojq", "rg"):
        add(name, which(name), first_line(which(name), "--version") if which(name) else f"no {name} here")
    add("duckdb", *module_in(folder, "duckdb", install), "-c", DUCKDB)
    add("eql", *module_in(folder, "eql", install), "-c", EQL)
    add("rsigma", *rsigma_in(folder, install))
    return found, missing

"""Other tools that answer the same questions: used where they are, installed where a package manager is reached, and
never a reason to fail."""
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
DUCKDB = """
import duckdb, sys
c = duckdb.connect(); c.execute("set threads = 1")
rows = c.execute('''select line from read_csv(?, columns = {'line': 'varchar'}, delim = '\\x01', quote = '', escape = '', header = false,
  max_line_size = 16000000) where lower(json_extract_string(line, '$.process.name')) in ('powershell.exe', 'cmd.exe') and
  (lower(json_extract_string(line, '$.process.command_line')) like '%-enc%' or
   lower(json_extract_string(line, '$.process.command_line')) like '%/c %')''', [sys.argv[1]]).fetchall()
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


def python_with(folder, install):
    """A Python that has duckdb and eql, both or one; None if there is none."""
    venv = folder / "venv" / "bin" / "python"
    if install and not venv.exists():
        quietly(sys.executable, "-m", "venv", folder / "venv")
        quietly(venv, "-m", "pip", "install", "-q", "duckdb", "eql", seconds=240)
    return venv if venv.exists() else pathlib.Path(sys.executable)


def rsigma_in(folder, install):
    here = folder / "rsigma" / "bin" / "rsigma"
    if not here.exists() and install and shutil.which("cargo"):
        print(f"building rsigma {RSIGMA}: some minutes, once", file=sys.stderr)
        quietly("cargo", "install", "rsigma", "--version", RSIGMA, "--no-default-features", "--features", "rsigma-runtime",
                "--locked", "--root", folder / "rsigma", seconds=1800)
    return here if here.exists() else shutil.which("rsigma")


def find(folder, install):
    """By name: the program (a list that a command begins with) and its version; what is missing is not there."""
    found = {}
    for name in ("jq", "gojq", "rg"):
        if shutil.which(name):
            found[name] = ([name], first_line(name, "--version"))
    python = python_with(folder, install)
    for name, script in (("duckdb", DUCKDB), ("eql", EQL)):
        version = first_line(python, "-c", f"import {name}; print({name}.__version__)")
        if version:
            found[name] = ([python, "-c", script], f"{name} {version}")
    rsigma = rsigma_in(folder, install)
    if rsigma:
        found["rsigma"] = ([rsigma], first_line(rsigma, "--version"))
    return found

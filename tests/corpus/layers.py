#!/usr/bin/env python3
"""No layer of speed changes an answer: all public rules over all corpus events, and over mutated ones, give the same bytes and
the same exit code with each layer left out, with all, and with none.   layers.py LQ CORPUS"""
import concurrent.futures
import hashlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

lq, corpus = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = [corpus / name for name in ("elastic-rules", "elastic-rules-bbr", "endpoint-rules")]
LAYERS = re.findall(r'^LQ_LAYER\(\w+,\s*\d+,\s*"(\w+)"', (ROOT / "base/layers.def").read_text(), re.M)
QUERIES = ['process.name : ("powershell.exe", "cmd.exe") and process.command_line : ("*-enc*", "*/c *")',
           'process.command_line : "*mimikatz*"', 'message : "*dumpert*" or winlog.event_data.Image : "*\\\\cmd.exe"',
           'any where event.code == "4688" and not process.name : "a*"']
STRICT = ["--strict"] if "--strict" in subprocess.run([lq, "help", "query"], capture_output=True, text=True).stdout else []
SECONDS = 80
began = time.monotonic()
failures, compared = [], 0


def answer(command, off):
    """Bytes, exit code, and what it says of bad records."""
    layers = ["--layers-off", ",".join(off)] if off else []
    p = subprocess.run([lq, command[0], *layers, *command[1:]], capture_output=True, timeout=300)
    return hashlib.sha256(p.stdout).hexdigest(), p.stdout.count(b"\n"), p.returncode, p.stderr.decode(errors="replace")


def mutated(lines, seed):
    """Lines as an enemy or a broken disk writes them: bytes changed, cut out, doubled; keys twice; long and deep values; numbers
    and escapes at their edges. Some are no records any more."""
    r = random.Random(seed)
    values = [b'""', b"null", b"true", b"-0", b"1e999", b"18446744073709551616", b'"\\u0000"', b'"\\ud800"', b"[]", b"{}", b'"\xff"',
              b'"' + b"A" * 5000 + b'"', b"[" * 70 + b"1" + b"]" * 70, b'["a","b",["c",null]]', b'"caf\\u00e9 \\\\ \\" x"']
    out = []
    for line in lines:
        for _ in range(r.randrange(1, 3)):
            at, kind = r.randrange(len(line)), r.randrange(7)
            spots = [m.span(1) for m in re.finditer(rb'":("(?:\\.|[^"\\])*"|-?\d+)', line)] or [(at, at)]
            begin, end = r.choice(spots)
            if kind == 0:
                line = line[:at] + bytes([r.randrange(256)]) + line[at + 1:]
            elif kind == 1:
                line = line[:at] + line[at + r.randrange(1, 9):]
            elif kind == 2:
                line = line[:begin] + r.choice(values) + line[end:]
            elif kind == 3:
                line = line[:end] + b',"EventID":' + r.choice([b"1", b'"4688"', b"null"]) + line[end:]
            elif kind == 4:
                line = line[:begin] + line[begin:end].swapcase() + line[end:]
            elif kind == 5:
                line = line.replace(b'":', b'" : ', r.randrange(9)).replace(b',"', b' ,\t"', r.randrange(9))
            else:
                line = line[:begin] + b'"' + b"".join(b"\\u%04x" % c for c in line[begin + 1:end - 1][:40]) + b'"' + line[end:]
        out.append(line.replace(b"\n", b" "))
    return out


def compare(what, command, told=True):
    """Each way against the plain one. told: what is said of bad records must be the same too."""
    global compared
    ways = [("all",), *[(word,) for word in LAYERS], ()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda off: answer(command, off), ways))
    plain = answers[0]
    for off, got in zip(ways[1:], answers[1:]):
        compared += 1
        if got[:3 + told] != plain[:3 + told]:
            failures.append(f"{what}: without {','.join(off) or 'nothing'}: {got[1]} lines, exit {got[2]}; plainly {plain[1]}, {plain[2]}")
            print("FAIL", failures[-1], got[3][-300:])
    if plain[2] not in (0, 1, 3, 5):
        failures.append(f"{what}: exit {plain[2]}")
        print("FAIL", failures[-1], plain[3][-300:])
    print(f"ok   {what}: {plain[1]} alerts, exit {plain[2]}, {len(ways) - 1} ways ({time.monotonic() - began:.0f} s)")


with tempfile.TemporaryDirectory() as tmp:
    tmp = pathlib.Path(tmp)
    bundle = tmp / "rules.lqb"
    built = subprocess.run([lq, "build", "--keep-going", *RULES, "-o", bundle], capture_output=True, text=True)
    lines = []
    for path in sorted((corpus / "events/windows").glob("*.zst")):
        lines += [line for line in subprocess.run(["zstdcat", path], capture_output=True, check=True).stdout.split(b"\n") if line]
    (tmp / "events.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    broken = tmp / "mutated.ndjson"
    broken.write_bytes(b"\n".join(mutated(lines[::12], 8)) + b"\n")
    ecs = tmp / "mutated-ecs.ndjson"
    examples = (ROOT / "examples/events/ecs.ndjson").read_bytes().splitlines()
    ecs.write_bytes(b"\n".join(mutated(examples * 20, 9)) + b"\n")
    compare("all rules, mutated events", ["run", "-o", "ndjson", bundle, "--", broken])
    compare("all rules, mutated ECS events", ["run", "-o", "ndjson", bundle, "--", ecs])
    compare("all rules, EVTX events", ["run", "-o", "ndjson", bundle, "--", corpus / "events/evtx-json"])
    for i, query in enumerate(QUERIES):
        compare(f"query {i + 1}", ["query", "-o", "ndjson", query, tmp / "events.ndjson"])
        # A line that a prefilter passes over is not known to be bad, unless it is told to look at all.
        compare(f"query {i + 1}, mutated events", ["query", "-o", "ndjson", *STRICT, query, broken, ecs], told=bool(STRICT))
    # The longest last. Where the plain way is slow, an even part of the events must do.
    left = SECONDS - (time.monotonic() - began)
    start = time.monotonic()
    answer(["run", "-o", "ndjson", bundle, "--", broken], ("all",))
    step = max(1, round((time.monotonic() - start) * 20 * (len(LAYERS) + 2) / 2 / max(1, left)))
    (tmp / "part.ndjson").write_bytes(b"\n".join(lines[::step]) + b"\n")
    compare(f"all rules, {len(lines[::step])} of {len(lines)} events", ["run", "-o", "ndjson", bundle, "--", tmp / "part.ndjson"])
print(f"{compared} answers compared, {len(failures)} differ")
sys.exit(1 if failures or not compared else 0)

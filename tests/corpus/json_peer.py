#!/ usr / bin / env python3
"""The JSON decoders against simdjson, where that was there when the project was built. Usage: json_peer.py LQ CORPUS"""
import pathlib
import subprocess
import sys

lq, corpus = sys.argv[1:3]
program = pathlib.Path(lq).parent.parent / "tests" / "corpus" / "json_peer"
if not program.exists():
    print("built without simdjson: nothing is compared")
    sys.exit(0)
folders = [pathlib.Path(corpus) / "conformance" / "json", pathlib.Path(corpus) / "events" / "evtx-json"]
files = sorted(f for folder in folders for f in folder.rglob("*.json"))
run = subprocess.run([program, "300000", *files], capture_output=True)
print(run.stdout.decode(errors="replace").strip())
sys.exit(run.returncode)

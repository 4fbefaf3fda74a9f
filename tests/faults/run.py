#!/usr/bin/env python3
"""No alert is lost, whatever fails:   run.py --lq PATH --shim PATH [--count N] [--seed N] TEST...

    kill     kill -9 at random times (--count kills), output to a file, to a pipe, of files that grow, of compressed ones
    calls    each call to the system fails in turn, once and for good; short and interrupted ones; death before each
    disk     a disk of 64 KiB, and a limit on the size of files
    cut      events that end in the middle, plain and compressed
    rotate   renamed and emptied logs, also while nobody reads; two processes; SIGTERM
    spill    each call to the system fails while events wait in temporary files; nothing is left of them
    power    power cuts, played in a model: what was not made durable is gone, wholly or in part
    damage   state files with wrong bytes"""
import argparse
import pathlib
import sys
import time
import traceback

import calls
import damage
import growth
import kills
import power
import spill

TESTS = {"kill": kills.kill, "calls": calls.calls, "disk": calls.disk, "cut": growth.cut, "rotate": growth.rotate,
         "spill": spill.spill, "power": power.power, "damage": damage.damage}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lq", type=pathlib.Path, required=True)
    p.add_argument("--shim", type=pathlib.Path, required=True)
    p.add_argument("--count", type=int, default=40)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("tests", nargs="*", choices=list(TESTS), default=list(TESTS))
    args = p.parse_args()
    failed = 0
    for name in args.tests or TESTS:
        start = time.monotonic()
        try:
            said = TESTS[name](args)
            print(f"ok   {name}: {said} ({time.monotonic() - start:.1f}s)", flush=True)
        except AssertionError as e:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAIL {name} (--seed {args.seed}): {e}", flush=True)
    return 1 if failed else 0


sys.exit(main())

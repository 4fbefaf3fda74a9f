#!/usr/bin/env python3
"""Do the tests notice? Makes one small mistake at a time in a copy of the sources, builds it with AddressSanitizer, and runs
the tests that can see it, the likeliest first. A mutant that no test notices survives and is printed; those that cannot be
noticed, as they mean the same, stand in survivors.txt with the reason.

    ./dev mutants [COUNT [SEED]]
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from edits import mutants_of

FOLDERS = ["vm", "engine", "state", "input", "lib"]
# By folder: the tests that can see its mistakes, the likeliest first. COMMON ones follow; --all runs every test after them,
# which takes minutes for each survivor.
COMMON = ["test_semantics", "test_limits", "test_oom", "test_oom_resume", "cli", "messages", "docs"]
FIRST = {
    "vm": ["test_vm_verify", "test_vm_bundle", "test_vm_exec", "test_semantics", "test_bombs", "exhaust verifier", "mutate bundles", "differential"],
    "engine": ["test_gates", "test_classes", "fast and plain", "test_engine", "test_semantics", "test_stateful_api", "test_api", "differential"],
    "state": ["test_machine", "test_state", "test_stateful", "test_stateful_api", "test_evict", "test_saved_state", "test_order", "test_spill", "test_small_state", "streams", "limits", "mutate state"],
    "input": ["test_json", "test_frame", "test_fill", "test_windows", "test_cursor", "test_on_demand", "test_hide", "test_resume", "test_api", "cli"],
    "lib": ["test_api", "test_stateful_api", "test_resume", "test_structs", "test_first_calls", "test_saved_state", "test_build_order", "test_examples", "cli"],
}
SUITES = {"unit", "reference", "oracle", "mutate", "cli", "embed"}
TIMEOUT = 120  # seconds a test may take; one that never ends is noticed too
ENV = dict(os.environ, ASAN_OPTIONS="allocator_may_return_null=1", UBSAN_OPTIONS="halt_on_error=1")


def sh(args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


class Copy:
    """A copy of the sources with a build folder of its own."""

    def __init__(self, root, place, every_test):
        self.all = every_test
        self.src, self.out = place / "src", place / "out"
        self.src.mkdir(parents=True, exist_ok=True)
        files = sh(["git", "ls-files"], cwd=root).stdout.split("\n")
        for f in filter(None, files):
            to = self.src / f
            to.parent.mkdir(parents=True, exist_ok=True)
            if (root / f).is_file() and (not to.exists() or to.read_bytes() != (root / f).read_bytes()):
                shutil.copy(root / f, to)  # with the time of now: ninja goes by it
        if not (self.out / "build.ninja").exists():
            done = sh(["meson", "setup", str(self.out), str(self.src), "--buildtype=debugoptimized", "-Doptimization=1",
                       "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dc_args=-fno-sanitize-recover=undefined -DLQ_SANITIZED"])
            if done.returncode:
                sys.exit(done.stdout)
        done = sh(["ninja", "-C", str(self.out)])
        if done.returncode:
            sys.exit(done.stdout[-4000:])
        tests = json.loads(sh(["meson", "introspect", "--tests", str(self.out)]).stdout)
        self.tests = {t["name"]: t for t in tests if any(s.split(":")[-1] in SUITES for s in t["suite"])}
        for t in list(self.tests.values()):  # meson names a test by its noun, people by its program
            self.tests.setdefault(pathlib.Path(t["cmd"][0]).name, t)

    def check(self):
        """A test that fails anyway would notice everything."""
        for t in {id(t): t for t in self.tests.values()}.values():
            if self.fails(t):
                sys.exit(f"`{t['name']}` fails without a mutant")

    def order(self, folder):
        names = FIRST[folder] + COMMON + (list(self.tests) if self.all else [])
        return list({id(self.tests[n]): self.tests[n] for n in names if n in self.tests}.values())

    def build(self, test):
        paths = [os.path.normpath(word) for word in test["cmd"]]
        targets = [os.path.relpath(p, self.out) for p in paths if p.startswith(str(self.out) + os.sep) and os.path.isfile(p)]
        done = sh(["ninja", "-C", str(self.out), *targets])
        return done.returncode == 0, done.stdout

    def fails(self, test):
        run = subprocess.Popen(test["cmd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.out,
                               env={**ENV, **test["env"]}, start_new_session=True)
        try:
            return run.wait(TIMEOUT) != 0
        except subprocess.TimeoutExpired:
            return True
        finally:  # a test may have processes of its own, which would run on
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()

    def try_one(self, mutant):
        """("killed", by) or ("survived", "") or ("no program", "")"""
        path, number, name, line = mutant
        file = self.src / path
        before = file.read_text()
        lines = before.split("\n")
        lines[number - 1] = line
        file.write_text("\n".join(lines))
        try:
            for test in self.order(path.split("/")[0]):
                built, said = self.build(test)
                if not built:
                    return "no program", ""
                if self.fails(test):
                    return "killed", test["name"]
            return "survived", ""
        finally:
            file.write_text(before)


def excused(root):
    """survivors.txt: `file | edit | the line as it is | why nobody can notice`."""
    rows = {}
    for row in (root / "tests/mutants/survivors.txt").read_text().splitlines():
        if row.strip() and not row.startswith("#"):
            path, edit, line, why = (part.strip() for part in row.split(" | ", 3))
            rows[(path, edit, line)] = why
    return rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("count", nargs="?", type=int, default=200)
    p.add_argument("seed", nargs="?", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--all", action="store_true", help="every test before a mutant counts as a survivor")
    p.add_argument("--verbose", action="store_true", help="say which test noticed each one")
    p.add_argument("--only", help="folder, or beginning of a path")
    a = p.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    known = excused(root)
    every = []
    for folder in FOLDERS:
        for f in sorted((root / folder).glob("*.c")):
            path = f"{folder}/{f.name}"
            if not a.only or path.startswith(a.only):
                every += [(path, n, name, line) for n, name, line in mutants_of(f.read_text())]
    random.Random(a.seed).shuffle(every)
    texts = {path: (root / path).read_text().split("\n") for path in {m[0] for m in every}}
    copies = [Copy(root, root / "build-mutants" / str(i), a.all) for i in range(a.jobs)]
    copies[0].check()
    free, done, queue = list(copies), [], iter(every)
    print(f"{len(every)} mutants there could be; {a.count} are tried, seed {a.seed}", flush=True)

    def work(mutant):
        copy = free.pop()
        try:
            start = time.monotonic()
            return mutant, *copy.try_one(mutant), time.monotonic() - start
        finally:
            free.append(copy)

    killed = survivors = same = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        running = set()
        while killed + survivors + same < a.count:
            while len(running) < a.jobs and (mutant := next(queue, None)):
                running.add(pool.submit(work, mutant))
            if not running:
                break
            ready, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for r in ready:
                (path, number, name, line), verdict, by, took = r.result()
                old = texts[path][number - 1]
                if a.verbose:
                    print(f"{verdict} by {by or '-'} ({took:.0f} s): {path}:{number}: {name}: {old.strip()}", flush=True)
                if verdict == "killed":
                    killed += 1
                elif verdict == "survived" and (path, name, old.strip()) in known:
                    same += 1
                elif verdict == "survived":
                    survivors += 1
                    print(f"survived  {path}:{number}: {name}\n  - {old.strip()}\n  + {line.strip()}", flush=True)
                done.append((verdict, by, took))
                if len(done) % 20 == 0:
                    print(f"{len(done)} tried: {killed} killed, {survivors} survived, {same} mean the same", flush=True)
    counted = killed + survivors
    share = 100 * killed / counted if counted else 0
    print(f"{killed} of {counted} killed ({share:.1f} %), {survivors} survived, {same} excused in tests/mutants/survivors.txt")
    return 0 if counted and share >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())

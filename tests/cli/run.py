#!/usr/bin/env python3
"""Golden tests of the program lq: what a user types, and what must come back.

    run.py [--lq PATH] [--errors FOLDER] [FILE.case ...]

A case file is a session in a fresh copy of data/. Its lines:
    # text      a comment
    @ not-root  skip the session when it runs as root
    $ command   run by bash, with lq on the PATH
    < text      a line of its standard input
    > text      a line it must write to standard output
    ! text      a line it must write to standard error
    ? code      its exit code, when that is not 0
In expected lines [..] stands for any text and ␍ for a carriage return. BLESS=1 rewrites the expectations; lines with [..] that still fit are kept.

With --errors, each NAME.lq, NAME.query, NAME.kql, NAME.md, NAME.toml or folder NAME in it is also checked, and standard error and exit
code must be those of NAME.out; every diagnostic code must be shown by one of them."""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BLESS = os.environ.get("BLESS") == "1"
TIMEOUT = 60
UNSEEN = {"LQ303": "said only of what a version understands and does not run yet",
          "LQ506": "what a playbook's code spans hold is listed, not told"}


def environment(lq_folder, home):
    keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_", "LD_"))}
    return {**keep, "PATH": f"{lq_folder}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TERM": "dumb", "LC_ALL": "C",
            "TMPDIR": str(home)}


def fits(expected, got):
    pattern = ".*".join(re.escape(part) for part in expected.split("[..]"))
    return re.fullmatch(pattern, got, re.S) is not None


def all_fit(expected, got):
    return len(expected) == len(got) and all(fits(e, g) for e, g in zip(expected, got))


def lines_of(raw):
    text = raw.decode("utf-8", "surrogateescape").replace("\r", "␍")
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return lines[:-1] + [lines[-1] + "\\"]  # the last line has no end: shown by a backslash


class Step:
    def __init__(self, command):
        self.command, self.stdin, self.stdout, self.stderr, self.code = command, [], [], [], 0

    def run(self, folder, env):
        given = "".join(line + "\n" for line in self.stdin).encode("utf-8", "surrogateescape")
        done = subprocess.run(["bash", "-c", self.command], cwd=folder, env=env, input=given, capture_output=True,
                              timeout=TIMEOUT)
        got = Step(self.command)
        got.stdin, got.stdout, got.stderr = self.stdin, lines_of(done.stdout), lines_of(done.stderr)
        got.code = done.returncode
        return got

    def fits(self, got):
        return all_fit(self.stdout, got.stdout) and all_fit(self.stderr, got.stderr) and self.code == got.code

    def lines(self):
        out = [f"$ {self.command}"] + [f"< {x}".rstrip(" ") for x in self.stdin]
        out += [f"> {x}" if x else ">" for x in self.stdout] + [f"! {x}" if x else "!" for x in self.stderr]
        return out + ([f"? {self.code}"] if self.code else [])


def parse(text):
    """The comments and steps of a session, in order."""
    items = []
    for line in text.split("\n"):
        mark, rest = line[:1], line[2:]
        if mark == "$":
            items.append(Step(rest))
        elif mark in ("<", ">", "!", "?") and items and isinstance(items[-1], Step):
            step = items[-1]
            if mark == "?":
                step.code = int(rest)
            else:
                {"<": step.stdin, ">": step.stdout, "!": step.stderr}[mark].append(rest)
        elif mark in ("#", "@", ""):
            items.append(line)
        else:
            sys.exit(f"a line begins with `{mark}`: {line}")
    return items


def keep_patterns(old, got):
    """Of each line that was expected with [..] and still fits, the pattern."""
    if len(old) != len(got):
        return got
    return [o if "[..]" in o and fits(o, g) else g for o, g in zip(old, got)]


def blessed(step, got):
    got.stdout, got.stderr = keep_patterns(step.stdout, got.stdout), keep_patterns(step.stderr, got.stderr)
    return got


def show_difference(name, wanted, got):
    print(f"FAIL {name}")
    for line in difflib.unified_diff(wanted, got, "wanted", "got", lineterm="", n=1):
        print("    " + line.encode("utf-8", "backslashreplace").decode())


def run_case(path, lq_folder):
    text = path.read_text("utf-8", "surrogateescape")
    items, ok = parse(text), True
    if "@ not-root" in items and os.geteuid() == 0:
        print(f"skip {path.stem}")
        return True
    with tempfile.TemporaryDirectory() as temp:
        folder, home = pathlib.Path(temp, "work"), pathlib.Path(temp, "home")
        shutil.copytree(HERE / "data", folder)
        home.mkdir()
        env = environment(lq_folder, home)
        for i, step in enumerate(items):
            if not isinstance(step, Step):
                continue
            got = step.run(folder, env)
            if BLESS:
                items[i] = blessed(step, got)
            elif not step.fits(got):
                show_difference(path.stem, step.lines(), got.lines())
                ok = False
    if BLESS:
        out = "\n".join("\n".join(x.lines()) if isinstance(x, Step) else x for x in items)
        path.write_text(out, "utf-8", "surrogateescape")
    return ok


def error_inputs(folder):
    """One file each, or a folder of files that are checked together."""
    return sorted(p for p in folder.iterdir() if p.is_dir() or p.suffix in (".lq", ".query", ".kql", ".md", ".toml"))


def check_command(path):
    """A query alone in its file is native or KQL; a schema beside a rule is used."""
    if path.suffix in (".query", ".kql"):
        return ["lq", "query", "--dialect", "kql" if path.suffix == ".kql" else "lq", path.read_text("utf-8", "surrogateescape").rstrip("\n"), "/dev/null"]
    schema = path.with_suffix(".csv")
    return ["lq", "check", path.name] + (["--schema", schema.name] if schema.exists() else [])


def run_error(path, lq_folder):
    """`lq check NAME.lq` against NAME.out: the exit code, then standard error."""
    out = path.with_suffix(".out")
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(check_command(path), cwd=path.parent, env=environment(lq_folder, home),
                              capture_output=True, timeout=TIMEOUT)
    got = [f"exit {done.returncode}"] + lines_of(done.stderr)
    if BLESS:
        out.write_text("\n".join(got) + "\n", "utf-8", "surrogateescape")
        return True
    wanted = lines_of(out.read_bytes()) if out.exists() else []
    if not all_fit(wanted, got):
        show_difference(str(path), wanted, got)
        return False
    return True


def codes_without_example(errors, lq):
    """Every message that there is must be seen in some NAME.out."""
    listed = subprocess.run([lq, "explain-code"], capture_output=True, text=True, check=True).stdout
    seen = {code for p in errors for code in re.findall(r"\[(LQ\d+)\]", p.with_suffix(".out").read_text("utf-8", "replace"))
            if p.with_suffix(".out").exists()}
    return sorted(set(re.findall(r"^LQ\d+", listed, re.M)) - seen - set(UNSEEN))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lq", default=shutil.which("lq") or "build/cli/lq")
    parser.add_argument("--errors", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    lq = pathlib.Path(args.lq).resolve()
    if lq.name != "lq" or not lq.exists():
        sys.exit(f"no program at {lq}")
    cases = args.cases or sorted((HERE / "cases").glob("*.case"))
    errors = error_inputs(args.errors) if args.errors else []
    failed = [p.stem for p in cases if not run_case(p, lq.parent)]
    failed += [p.stem for p in errors if not run_error(p, lq.parent)]
    for code in codes_without_example(errors, lq) if args.errors else []:
        print(f"FAIL {code}: no file of {args.errors} shows it")
        failed.append(code)
    print(f"{len(cases) + len(errors) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()

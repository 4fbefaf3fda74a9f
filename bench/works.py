"""What is run: a name, a command, and how many events it sees. Works that are compared stand in one list and are run in turns."""
import pathlib
import shutil
import subprocess

import peers
import rules

ROOT = pathlib.Path(__file__).resolve().parent.parent
LQ = ROOT / "build/cli/lq"
RARE = "dumpert.exe"
RARE_QUERY = f'process.command_line : "*{RARE}*"'
# name: form, mix, every value unique, megabytes by default
DATA = {
    "raw": ("raw", "natural", False, 320),
    "ecs": ("ecs", "natural", False, 320),
    "raw-balanced": ("raw", "balanced", False, 100),
    "ecs-balanced": ("ecs", "balanced", False, 100),
    "raw-unique": ("raw", "natural", True, 100),
}
CUTS = {"raw-cut": ("raw", 100), "ecs-cut": ("ecs", 100)}  # of megabytes
# Of Sigma's folders, those that come to as many rules as all of ours.
SIGMA = ["rules", "rules-threat-hunting"]
# What makes it quickest here: it need not ask each event whether a rule for some other system could apply.
WINDOWS = ["--logsource-routing", "--event-logsource", "product=windows"]


def layers():
    """The words of base/layers.def."""
    rows = (ROOT / "base/layers.def").read_text().splitlines()
    return [row.split('"')[1] for row in rows if row.startswith("LQ_LAYER(")]


def has_option(verb, option):
    return option in subprocess.run([LQ, "help", verb], capture_output=True, text=True).stdout


class Works:
    def __init__(self, data, bundles, found, corpus, empty):
        self.data, self.bundles, self.found, self.corpus, self.empty = data, bundles, found, corpus, empty
        one = ["--jobs", "1"] if has_option("run", "--jobs") else []
        self.two = ["--jobs", "2"] if one else None
        self.query_jobs = ["--jobs", "1"] if has_option("query", "--jobs") else []
        self.run_jobs = one

    def file(self, data):
        return self.empty if data == "empty" else self.data[data]

    def query(self, text, data, *off):
        off = ["--layers-off", ",".join(off)] if off else []
        return [LQ, "query", "-o", "ndjson", *self.query_jobs, *off, text, self.file(data)]

    def run(self, bundle, data, *off, jobs=None):
        off = ["--layers-off", ",".join(off)] if off else []
        return [LQ, "run", "-o", "ndjson", *(jobs or self.run_jobs), *off, self.bundles[bundle], "--", self.file(data)]

    def bounds(self, names, data):
        program = ROOT / "build/bench/bench_bounds"
        return {f"{name} {data}": [program, name, self.data[data]] for name in names.split()} if program.exists() else {}

    def peer(self, name, *arguments):
        return {f"{name} {arguments[-1]}": [*self.found[name][0], *arguments[:-1], self.data[arguments[-1]]]} if name in self.found else {}

    def groups(self):
        """Lists of works that are run in turns, quick ones first."""
        yield "one query, ECS", {
            **self.bounds("read lines structure lazy-ecs dom", "ecs"),
            "one ecs": self.query(peers.QUERY, "ecs", "prefilter"), "one ecs prefilter": self.query(peers.QUERY, "ecs"),
            "rare ecs": self.query(RARE_QUERY, "ecs"), **self.peer("rg", "-iF", RARE, "ecs")}
        yield "one query, raw", {
            **self.bounds("read lines structure lazy-raw dom", "raw"),
            "one raw": self.query(peers.QUERY, "raw", "prefilter"), "one raw prefilter": self.query(peers.QUERY, "raw"),
            "rare raw": self.query(RARE_QUERY, "raw"), **self.peer("rg", "-iF", RARE, "raw")}
        slow = {"one ecs-cut": self.query(peers.QUERY, "ecs-cut", "prefilter"), "one ecs-cut prefilter": self.query(peers.QUERY, "ecs-cut"),
                "one empty": self.query(peers.QUERY, "empty"), **self.peer("jq", "-c", peers.JQ, "ecs-cut"), **self.peer("gojq", "-c", peers.JQ, "ecs-cut")}
        for data in ("ecs-cut", "empty"):
            for name, rest in (("duckdb", []), ("eql", [peers.QUERY])):
                if name in self.found:
                    slow[f"{name} {data}"] = [*self.found[name][0], self.file(data), *rest]
        yield "one query, slow peers", slow
        if self.bundles:
            yield from self.many()

    def many(self):
        yield "all rules", {
            **self.bounds("dom", "raw"), "empty": self.run("all", "empty"),
            "stateless raw": self.run("stateless", "raw"), "all raw": self.run("all", "raw"),
            "three raw": self.run("three", "raw"), "three empty": self.run("three", "empty"),
            "three-excepting raw": self.run("three-excepting", "raw"), "three-excepting empty": self.run("three-excepting", "empty"),
            "all raw no-cache": self.run("all", "raw", "cache"), **self.sigma()}
        for name in ("raw-balanced", "ecs-balanced"):
            yield f"all rules, {name}", {**self.bounds("dom", name), f"all {name}": self.run("all", name)}
        yield "all rules, raw-unique", {
            **self.bounds("dom", "raw-unique"), "all raw-cut": self.run("all", "raw-cut"), "all raw-unique": self.run("all", "raw-unique")}
        if self.two:
            yield "threads", {"jobs-1 raw": self.run("stateless", "raw"), "jobs-2 raw": self.run("stateless", "raw", jobs=self.two)}

    def sigma(self):
        if "rsigma" not in self.found or not self.corpus:
            return {}
        folder = self.empty.parent / "sigma"
        for name in SIGMA:
            shutil.copytree(self.corpus / "sigma" / name, folder / name, dirs_exist_ok=True)
        begin = [*self.found["rsigma"][0], "engine", "eval", "--input-format", "json", "--rules", folder]
        return {"rsigma raw": [*begin, "--event", f"@{self.data['raw']}"],
                "rsigma-windows raw": [*begin, *WINDOWS, "--event", f"@{self.data['raw']}"],
                "rsigma empty": [*begin, "--event", f"@{self.empty}"]}

    def start(self):
        """Small files, many times."""
        example = ROOT / "examples/events/ecs.ndjson"
        works = {"start": [LQ, "query", "-o", "ndjson", 'process.name : "cmd.exe"', example]}
        if self.corpus:
            works["build"] = [LQ, "build", "--keep-going", *[self.corpus / f for f in rules.FOLDERS], "-o", self.empty.parent / "built.lqb"]
        return works

    def layers_off(self):
        """Each layer off alone, on a third of the data."""
        for words in [(), *[(w,) for w in layers()], ("all",)]:
            label = words[0] if words else "none"
            yield f"off {label} ecs", self.query(peers.QUERY, "ecs-cut", *words)
            yield f"off {label} raw", self.query(peers.QUERY, "raw-cut", *words)
            if self.bundles:
                yield f"off {label} all", self.run("all", "raw-cut", *words)

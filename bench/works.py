"""What is run: a name, a command, and how many events it sees. Works that are compared stand in one list and are run in turns."""
import pathlib
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
CUTS = {"raw-cut": ("raw", 100), "raw-small": ("raw", 20), "ecs-small": ("ecs", 20)}  # of megabytes


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

    def query(self, text, data, *off):
        off = ["--layers-off", ",".join(off)] if off else []
        return [LQ, "query", "-o", "ndjson", *self.query_jobs, *off, text, self.data[data]]

    def run(self, bundle, data, *off, jobs=None):
        off = ["--layers-off", ",".join(off)] if off else []
        path = self.empty if data == "empty" else self.data[data]
        return [LQ, "run", "-o", "ndjson", *(jobs or self.run_jobs), *off, self.bundles[bundle], "--", path]

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
        small = {"one ecs-small": self.query(peers.QUERY, "ecs-small"), **self.peer("jq", "-c", peers.JQ, "ecs-small"),
                 **self.peer("gojq", "-c", peers.JQ, "ecs-small"), **self.peer("duckdb", "ecs-small")}
        if "eql" in self.found:
            small["eql ecs-small"] = [*self.found["eql"][0], self.data["ecs-small"], peers.QUERY]
        yield "one query, slow peers", small
        if self.bundles:
            yield from self.many()

    def many(self):
        yield "all rules", {
            **self.bounds("dom", "raw-cut"), "empty": self.run("all", "empty"),
            "stateless raw-cut": self.run("stateless", "raw-cut"), "all raw-cut": self.run("all", "raw-cut"),
            "three raw-cut": self.run("three", "raw-cut"), "three empty": self.run("three", "empty"),
            "all raw-cut no-cache": self.run("all", "raw-cut", "cache"), **self.sigma()}
        for name in ("raw-balanced", "ecs-balanced", "raw-unique"):
            yield f"all rules, {name}", {**self.bounds("dom", name), f"all {name}": self.run("all", name)}
        if self.two:
            yield "threads", {"jobs-1 raw": self.run("stateless", "raw"), "jobs-2 raw": self.run("stateless", "raw", jobs=self.two)}

    def sigma(self):
        if "rsigma" not in self.found or not self.corpus:
            return {}
        begin = [*self.found["rsigma"][0], "engine", "eval", "--rules", self.corpus / "sigma/rules", "--event"]
        return {"rsigma raw-cut": [*begin, f"@{self.data['raw-cut']}"], "rsigma empty": [*begin, f"@{self.empty}"]}

    def start(self):
        """Small files, many times."""
        example = ROOT / "examples/events/ecs.ndjson"
        works = {"start": [LQ, "query", "-o", "ndjson", 'process.name : "cmd.exe"', example]}
        if self.corpus:
            works["build"] = [LQ, "build", "--keep-going", *[self.corpus / f for f in rules.FOLDERS], "-o", self.empty.parent / "built.lqb"]
        return works

    def layers_off(self):
        """Each layer off alone, on small data."""
        for words in [(), *[(w,) for w in layers()], ("all",)]:
            label = words[0] if words else "none"
            yield f"off {label} ecs", self.query(peers.QUERY, "ecs-small", *words)
            yield f"off {label} raw", self.query(peers.QUERY, "raw-small", *words)
            if self.bundles:
                yield f"off {label} all", self.run("all", "raw-small", *words)

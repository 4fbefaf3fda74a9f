"""Rule sets to measure with, from the corpus: all, those over single events, and copies with changed literals."""
import hashlib
import pathlib
import re
import tomllib

FOLDERS = ["elastic-rules", "elastic-rules-bbr", "endpoint-rules"]
STRING = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"')
TOKEN = re.compile(STRING.pattern + r"|[()]|!=|\b\w+\b")
# Fields of few values: a copy asks for the same ones, as the next rule over process starts would.
GATE = re.compile(r"\b(?:event\.\w+|host\.os\.\w+|data_stream\.\w+|winlog\.(?:channel|provider_name|event_id)|_index|cloud\.provider"
                  r"|network\.\w+|process\.\w*\.?signature\.\w+)\s*(?:[:=<>!]=?|in~?|like~?)\s*(\([^()]*\)|\"[^\"]*\")")


def paths(corpus):
    return [p for folder in FOLDERS for p in sorted((corpus / folder).rglob("*.toml"))]


def has_query(rule):
    """One that is all there is to the rule, in a language that lq runs."""
    return "query" in rule and rule.get("type") not in ("threshold", "new_terms", "machine_learning", "threat_match") \
        and rule.get("language", "eql") in ("eql", "kuery")


def is_stateless(rule):
    return has_query(rule) and not re.search(r"^\s*(sequence|sample)\b|\b(descendant|child|event)\s+of\s*\[", rule["query"], re.M)


def stateless(corpus):
    return [p for p in paths(corpus) if is_stateless(tomllib.loads(p.read_text())["rule"])]


def change(literal, copy):
    """One letter of the longest word, another for each copy; wildcards, escapes and the length stay."""
    words = [m for m in re.finditer(r"(?<![\\%$A-Za-z])[A-Za-z]{3,}", literal)]
    if not words:
        return literal
    word = max(words, key=lambda m: len(m[0]))
    seed = int.from_bytes(hashlib.blake2b(literal.encode(), digest_size=4).digest(), "big")
    at = word.start() + seed % len(word[0])
    letter = literal[at]
    base = ord("a" if letter.islower() else "A")
    return literal[:at] + chr(base + (ord(letter) - base + 1 + (seed >> 8) % 8 + 9 * (copy - 1)) % 26) + literal[at + 1:]


def end_of_exception(query, at):
    """Where what begins at a `not`, or behind a `!=`, ends: with its brackets, its text, or the next `and` or `or`."""
    depth = 0
    for m in TOKEN.finditer(query, at):
        depth += {"(": 1, ")": -1}.get(m[0], 0)
        if depth < 0 or (depth == 0 and m[0].lower() in ("and", "or")):
            return m.start()
        if depth == 0 and m[0][0] in ")\"":
            return m.end()
    return len(query)


def exceptions(query):
    begins = [m for m in TOKEN.finditer(query) if m[0].lower() == "not" or m[0] == "!="]
    return [(m.start(), end_of_exception(query, m.end())) for m in begins]


def changed_query(query, copy, keep_exceptions=False):
    kept = {s for m in GATE.finditer(query) for s in STRING.findall(m[1])}
    spans = exceptions(query) if keep_exceptions else []
    return STRING.sub(lambda m: m[0] if m[0] in kept or any(a <= m.start() < b for a, b in spans) else change(m[0], copy), query)


def quoted(text):
    """A TOML basic string."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


def toml_of(rule):
    lines = ["[rule]"]
    for key in ("rule_id", "id", "name", "type", "language", "query"):
        if key in rule:
            lines.append(f"{key} = {quoted(rule[key])}")
    lines += [f"{key} = [{', '.join(map(quoted, rule[key]))}]" for key in ("index", "os_list") if key in rule]
    return "\n".join(lines) + "\n"


def write_copies(corpus, folder, copies, keep_exceptions=False):
    """The rules over single events and with sequences, `copies` more times, each with literals of its own, or only outside
    of what is negated: with other exceptions a rule matches what it was never meant to. Thresholds and new terms are left as
    they are once: their tables are not strings of a query."""
    for copy in range(1, copies + 1):
        for path in paths(corpus):
            rule = tomllib.loads(path.read_text())["rule"]
            if not has_query(rule):
                continue
            for key in ("rule_id", "id"):
                if key in rule:
                    rule[key] = f"{rule[key][:-2]}-{copy}"
            rule["name"] = f"{rule['name']} {copy}"
            rule["query"] = changed_query(rule["query"], copy, keep_exceptions)
            out = folder / str(copy) / path.relative_to(corpus)
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(toml_of(rule))

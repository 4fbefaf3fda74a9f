"""The small mistakes that a mutant makes: one row each. A row is (name, what is looked for, what stands there instead).

Patterns see a line without its strings, characters and comments, so what people read is never changed. A row whose third
part is a function gets the match and the line, and gives the new line or None.
"""
import re


def number_up(m, line):
    return line[: m.start(1)] + str(int(m.group(1)) + 1) + line[m.end(1):]


def negate(m, line):
    return line[: m.end(1)] + "!(" + line[m.end(1): m.end(2)] + ")" + line[m.end(2):]


def never(m, line):
    return line[: m.end(1)] + "0 && (" + line[m.end(1): m.end(2)] + ")" + line[m.end(2):]


EDITS = [
    # operators
    ("< to <=", r"(?<= )<(?= )", "<="),
    ("<= to <", r"(?<= )<=(?= )", "<"),
    ("> to >=", r"(?<= )>(?= )", ">="),
    (">= to >", r"(?<= )>=(?= )", ">"),
    ("== to !=", r"(?<= )==(?= )", "!="),
    ("!= to ==", r"(?<= )!=(?= )", "=="),
    ("&& to ||", r"(?<= )&&(?= )", "||"),
    ("|| to &&", r"(?<= )\|\|(?= )", "&&"),
    ("+ to -", r"(?<=[\w\])] )\+(?= [\w(])", "-"),
    ("- to +", r"(?<=[\w\])] )-(?= [\w(])", "+"),
    ("+= to -=", r"\+=", "-="),
    ("|= to =", r"\|=", "="),
    # checks
    ("a check is turned round", r"^(\s*(?:\} else )?if \()([^{}]*)\)(?: \{)?$", negate),
    ("a check is dropped", r"^(\s*(?:\} else )?if \()([^{}]*)\)(?: \{)?$", never),
    ("true to false", r"\btrue\b", "false"),
    ("false to true", r"\bfalse\b", "true"),
    # bounds
    ("a bound is one more", r"(?<=[<>=] )(\d{1,6})\b(?![.\w])", number_up),
    (" + 1 is left out", r" \+ 1\b(?![.\w])", ""),
    (" - 1 is left out", r" - 1\b(?![.\w])", ""),
    # statements
    ("a call is left out", r"^(\s+)(?:lq_\w+|[a-z_]+)\([^{}]*\);$", r"\1;"),
    ("an assignment is left out", r"^(\s+)[a-z]\w*(?:->\w+|\.\w+|\[\w+\])+ [+|-]?= [^{}]*;$", r"\1;"),
    ("break is left out", r"^(\s+)break;$", r"\1;"),
]


def blanked(line):
    """The line with strings, characters and comments as blanks, so that places stay."""
    out = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', lambda m: m.group()[0] + "_" * (len(m.group()) - 2) + m.group()[-1], line)
    at = out.find("//")
    return out if at < 0 else out[:at]


def mutants_of(text):
    """Every (line number, edit name, new line) that the table makes of a C source."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        code = blanked(line)
        if line.startswith("{"):
            inside = True
        elif line.startswith("}"):
            inside = False
        if not inside or code.lstrip().startswith(("#", "_Static_assert", "assert", "case ", "static const")):
            continue
        for name, pattern, new in EDITS:
            for m in re.finditer(pattern, code):
                if callable(new):
                    changed = new(m, line)
                elif m.re.groups:
                    changed = m.expand(new)
                else:
                    changed = line[: m.start()] + new + line[m.end():]
                if changed is not None and changed != line:
                    yield number, name, changed

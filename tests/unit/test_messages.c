// Every message of lexer and parser, as its author reads it.
#include <criterion/criterion.h>

#include "parser/parse.h"

static const struct {
  const char *query, *said;
} rows[] = {
    // clang-format off
    {"process.name \"cmd.exe\"",
     "error[LQ101]: an operator is missing before this value\n"
     " --> q:1:14\n"
     "  |\n"
     "1 | process.name \"cmd.exe\"\n"
     "  |              ^^^^^^^^^\n"
     "  = help: `:` ignores case and has `*` and `?`, `==` compares exactly\n"},
    {"a b c",
     "error[LQ101]: expected an operator, `and` or `or` after `a`, found `b`\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a b c\n"
     "  |   ^\n"},
    {"| where a",
     "error[LQ101]: expected a condition, found `|`\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | | where a\n"
     "  | ^\n"
     "  = help: begin with a condition; `any where true` takes every event\n"},
    {"a and",
     "error[LQ101]: expected a condition after `and`, found the end of the query\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a and\n"
     "  |      ^\n"},
    {"a ==",
     "error[LQ101]: expected a value after `==`, found the end of the query\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a ==\n"
     "  |     ^\n"},
    {"f(a, , b)",
     "error[LQ101]: expected a value after `,`, found `,`\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | f(a, , b)\n"
     "  |  -   ^\n"
     "  |  |\n"
     "  |  this `(` is still open\n"},
    {"process process.name : \"x\"",
     "error[LQ101]: `where` is missing after the category\n"
     " --> q:1:9\n"
     "  |\n"
     "1 | process process.name : \"x\"\n"
     "  |         ^^^^^^^^^^^^\n"
     "  = help: write `process where …`\n"},
    {"a : \"x\" b : \"y\"",
     "error[LQ101]: expected `and` or `or` between two conditions\n"
     " --> q:1:9\n"
     "  |\n"
     "1 | a : \"x\" b : \"y\"\n"
     "  |         ^\n"},
    {"a : \"x\" adn b : \"y\"",
     "error[LQ101]: `adn` cannot stand here\n"
     " --> q:1:9\n"
     "  |\n"
     "1 | a : \"x\" adn b : \"y\"\n"
     "  |         ^^^\n"
     "  = help: did you mean `and`?\n"},
    {"a : \"x\", \"y\"",
     "error[LQ101]: several values need brackets\n"
     " --> q:1:8\n"
     "  |\n"
     "1 | a : \"x\", \"y\"\n"
     "  |     ---^^^^^\n"
     "  |     |\n"
     "  |     the first of them\n"
     "  = help: write `(\"a\", \"b\")`\n"},
    {"a in \"x\", \"y\"",
     "error[LQ101]: `in` needs a list in brackets\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a in \"x\", \"y\"\n"
     "  |      ^^^\n"
     "  = help: write `in (\"x\")`, with `,` between several values\n"},
    {"a in (\"x\" \"y\")",
     "error[LQ101]: a `,` is missing before this\n"
     " --> q:1:11\n"
     "  |\n"
     "1 | a in (\"x\" \"y\")\n"
     "  |           ^^^\n"},
    {"a == (\"x\", \"y\")",
     "error[LQ101]: `==` compares with one value, this is a list\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a == (\"x\", \"y\")\n"
     "  |   ^^ ---------- the list\n"
     "  = help: write `in (…)`, or `:` to ignore case and to match `*` and `?`\n"},
    {"a where b where c",
     "error[LQ101]: `where` cannot stand here\n"
     " --> q:1:11\n"
     "  |\n"
     "1 | a where b where c\n"
     "  |           ^^^^^\n"
     "  = help: join conditions by `and`, or begin a stage with `| where`\n"},
    {"a not b",
     "error[LQ101]: expected `in`, `like`, `regex` or `:` after `not`, found `b`\n"
     " --> q:1:7\n"
     "  |\n"
     "1 | a not b\n"
     "  |       ^\n"},
    {"user-agent : \"x\"",
     "error[LQ101]: `-` is a minus, so these are several fields\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | user-agent : \"x\"\n"
     "  | ^^^^^^^^^^\n"
     "  = help: a name with `-` in it needs back-ticks: `` `user-agent` ``\n"},
    {"sequence by a maxspan=5m [b] [c]",
     "error[LQ101]: `maxspan` follows `with`\n"
     " --> q:1:15\n"
     "  |\n"
     "1 | sequence by a maxspan=5m [b] [c]\n"
     "  |               ^^^^^^^\n"
     "  = help: write `with maxspan=5m`\n"},
    {"sequence by a with maxspan 5m [b] [c]",
     "error[LQ101]: `=` is missing before this value\n"
     " --> q:1:28\n"
     "  |\n"
     "1 | sequence by a with maxspan 5m [b] [c]\n"
     "  |                            ^^\n"},
    {"sequence by a wiht maxspan=5m [b] [c]",
     "error[LQ101]: `wiht` cannot stand here\n"
     " --> q:1:15\n"
     "  |\n"
     "1 | sequence by a wiht maxspan=5m [b] [c]\n"
     "  |               ^^^^\n"
     "  = help: did you mean `with`?\n"},
    {"sequence by a by b [c] [d]",
     "error[LQ101]: `by` is written twice\n"
     " --> q:1:15\n"
     "  |\n"
     "1 | sequence by a by b [c] [d]\n"
     "  |               ^^\n"},
    {"sequence [a] [b] with runs=0",
     "error[LQ215]: `runs` goes from 1 to 100\n"
     " --> q:1:18\n"
     "  |\n"
     "1 | sequence [a] [b] with runs=0\n"
     "  |                  ^^^^^^^^^^^\n"},
    {"join [a] ![b]",
     "error[LQ101]: `![ ]` belongs to `sequence`\n"
     " --> q:1:10\n"
     "  |\n"
     "1 | join [a] ![b]\n"
     "  |          ^^\n"
     "  = help: `sample` and `join` can only ask for events that happen\n"},
    {"[process where a]",
     "error[LQ101]: expected a condition, found `[`\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | [process where a]\n"
     "  | ^\n"
     "  = help: events in brackets belong to `sequence`, `sample` or `join`\n"},
    {"friend of [a]",
     "error[LQ101]: `friend of` is not a relation\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | friend of [a]\n"
     "  | ^^^^^^\n"
     "  = help: the relations are `child of [ ]`, `descendant of [ ]` and `event of [ ]`\n"},
    {"stats count() by a",
     "error[LQ101]: the stage `stats` needs events to work on\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | stats count() by a\n"
     "  | ^^^^^\n"
     "  = help: begin with a condition: `any where true | stats …`\n"},
    {"a | sort by b",
     "error[LQ101]: `by` is not needed here\n"
     " --> q:1:10\n"
     "  |\n"
     "1 | a | sort by b\n"
     "  |          ^^\n"
     "  = help: write `| sort field`\n"},
    {"a | head \"x\"",
     "error[LQ101]: expected a number after `head`, found `\"x\"`\n"
     " --> q:1:10\n"
     "  |\n"
     "1 | a | head \"x\"\n"
     "  |          ^^^\n"},
    {"a + 1:{ b }",
     "error[LQ101]: only a field can stand before `:{`\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | a + 1:{ b }\n"
     "  | ^^^^^\n"
     "  = help: `path:{ condition }` tests that one element of `path` satisfies the condition\n"},
    {"process.name : \"cmd.exe",
     "error[LQ102]: a string is not closed\n"
     " --> q:1:16\n"
     "  |\n"
     "1 | process.name : \"cmd.exe\n"
     "  |                ^ opens here, and the line has no closing quote for it\n"
     "  = help: close it with `\"`; a string stays on one line, except `\"\"\"…\"\"\"`\n"},
    {"process.name : (\"a.exe, \"b.exe\")",
     "error[LQ102]: a string is not closed where it should be\n"
     " --> q:1:17\n"
     "  |\n"
     "1 | process.name : (\"a.exe, \"b.exe\")\n"
     "  |                 ^       - this quote closes it, but text follows\n"
     "  |                 |\n"
     "  |                 opens here\n"
     "  = help: look for a missing `\"` between the two\n"},
    {"a == \"\"\"b",
     "error[LQ102]: a raw string is not closed\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == \"\"\"b\n"
     "  |      ^^^ opens here, and no `\"\"\"` follows\n"},
    {"\"C:\\Users\\Win\" == a",
     "error[LQ103]: unknown escape `\\U` in a string\n"
     " --> q:1:4\n"
     "  |\n"
     "1 | \"C:\\Users\\Win\" == a\n"
     "  |    ^^ the first of 2 in this string\n"
     "  = help: write `\\\\U` for a backslash, or a raw string: `\"\"\"C:\\Users\\*\"\"\"`\n"},
    {"a; == 1",
     "error[LQ104]: `;` has no meaning here\n"
     " --> q:1:2\n"
     "  |\n"
     "1 | a; == 1\n"
     "  |  ^\n"
     "  = help: a query needs no `;` at its end\n"},
    {"a == “b”",
     "error[LQ104]: these quotes are typographic ones\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == “b”\n"
     "  |      ^^^\n"
     "  = help: write plain double quotes: `\"…\"`\n"},
    {"(a == 1 and b : (\"x\", \"y\"",
     "error[LQ105]: 2 brackets are not closed\n"
     " --> q:1:17\n"
     "  |\n"
     "1 | (a == 1 and b : (\"x\", \"y\"\n"
     "  | -               ^        - the query ends without `)`\n"
     "  | |               |\n"
     "  | |               `(` opens here\n"
     "  | `(` opens here\n"},
    {"a : (\"x\", \"y\" and b == 1",
     "error[LQ105]: `(` is not closed\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a : (\"x\", \"y\" and b == 1\n"
     "  |     ^         --- `)` should come before this\n"
     "  |     |\n"
     "  |     `(` opens here\n"},
    {"sequence [a : (\"x\"] [b]",
     "error[LQ105]: `(` is not closed\n"
     " --> q:1:15\n"
     "  |\n"
     "1 | sequence [a : (\"x\"] [b]\n"
     "  |               ^   - `)` should come before this\n"
     "  |               |\n"
     "  |               `(` opens here\n"},
    {"a == 1) and b",
     "error[LQ105]: `)` closes nothing\n"
     " --> q:1:7\n"
     "  |\n"
     "1 | a == 1) and b\n"
     "  |       ^\n"
     "  = help: no bracket is open here\n"},
    {"(a == 1]",
     "error[LQ105]: `(` is closed by `]`\n"
     " --> q:1:8\n"
     "  |\n"
     "1 | (a == 1]\n"
     "  | -      ^\n"
     "  | |\n"
     "  | `(` opens here\n"
     "  = help: write `)`\n"},
    {"a : (\"x\" | where b",
     "error[LQ105]: `(` is not closed\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a : (\"x\" | where b\n"
     "  |     ^    - `)` should come before this\n"
     "  |     |\n"
     "  |     `(` opens here\n"},
    {"a = 1 and b = 2",
     "error[LQ106]: `=` is not a comparison\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a = 1 and b = 2\n"
     "  |   ^\n"
     "  = help: use `==` for the exact value, or `:` to ignore case and to match `*` and `?`\n"
     "error[LQ106]: `=` is not a comparison\n"
     " --> q:1:13\n"
     "  |\n"
     "1 | a = 1 and b = 2\n"
     "  |             ^\n"
     "  = help: use `==` for the exact value, or `:` to ignore case and to match `*` and `?`\n"},
    {"a == 'x'",
     "error[LQ107]: strings are written in double quotes\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == 'x'\n"
     "  |      ^^^\n"
     "  = help: write `\"x\"`\n"},
    {"a /* b",
     "error[LQ108]: a comment is not closed\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a /* b\n"
     "  |   ^^ opens here; comments nest, so each `/*` needs its own `*/`\n"},
    {"a && b || !c",
     "error[LQ109]: `&&` is not an operator here\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a && b || !c\n"
     "  |   ^^\n"
     "  = help: write `and`\n"
     "error[LQ109]: `||` is not an operator here\n"
     " --> q:1:8\n"
     "  |\n"
     "1 | a && b || !c\n"
     "  |        ^^\n"
     "  = help: write `or`\n"
     "error[LQ109]: `!` is not an operator here\n"
     " --> q:1:11\n"
     "  |\n"
     "1 | a && b || !c\n"
     "  |           ^\n"
     "  = help: write `not`\n"},
    {"a !: \"x\"",
     "error[LQ109]: `!:` is not an operator here\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a !: \"x\"\n"
     "  |   ^^\n"
     "  = help: write `not :`\n"},
    {"a <> 1",
     "error[LQ109]: `<>` is not an operator here\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a <> 1\n"
     "  |   ^^\n"
     "  = help: write `!=`\n"},
    {"a contains \"x\" and b is not null and c exists",
     "error[LQ109]: `contains` is not an operator\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a contains \"x\" and b is not null and c exists\n"
     "  |   ^^^^^^^^\n"
     "  = help: write `: \"*text*\"`, or `stringContains(field, \"text\")`\n"
     "error[LQ109]: `is not` is not an operator\n"
     " --> q:1:22\n"
     "  |\n"
     "1 | a contains \"x\" and b is not null and c exists\n"
     "  |                      ^^^^^^\n"
     "  = help: write `!=`\n"
     "error[LQ109]: `exists` is not an operator\n"
     " --> q:1:40\n"
     "  |\n"
     "1 | a contains \"x\" and b is not null and c exists\n"
     "  |                                        ^^^^^^\n"
     "  = help: write `field : *` or `field != null`\n"},
    {"1 < a < 5",
     "error[LQ110]: comparisons do not chain\n"
     " --> q:1:7\n"
     "  |\n"
     "1 | 1 < a < 5\n"
     "  |       ^\n"
     "  = help: join two comparisons by `and`: `1 < x and x < 5`\n"},
    {"process.name : cmd.exe",
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:16\n"
     "  |\n"
     "1 | process.name : cmd.exe\n"
     "  |                ^^^^^^^\n"
     "  = help: write `\"cmd.exe\"`\n"},
    {"process.name : process.parent.name",
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:16\n"
     "  |\n"
     "1 | process.name : process.parent.name\n"
     "  |                ^^^^^^^^^^^^^^^^^^^\n"
     "  = help: write `\"process.parent.name\"`; to compare two fields use `==`\n"},
    {"a : (x y, \"z\", C:\\Windows\\* or *foo*)",
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a : (x y, \"z\", C:\\Windows\\* or *foo*)\n"
     "  |      ^^^\n"
     "  = help: write `\"x y\"`\n"
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:16\n"
     "  |\n"
     "1 | a : (x y, \"z\", C:\\Windows\\* or *foo*)\n"
     "  |                ^^^^^^^^^^^^\n"
     "  = help: write `\"C:\\\\Windows\\\\*\"`\n"
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:32\n"
     "  |\n"
     "1 | a : (x y, \"z\", C:\\Windows\\* or *foo*)\n"
     "  |                                ^^^^^\n"
     "  = help: write `\"*foo*\"`\n"},
    {"a == 10.0.0.1",
     "error[LQ111]: `10.0.0.1` needs quotes\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == 10.0.0.1\n"
     "  |      ^^^^^^^^\n"
     "  = help: write `\"10.0.0.1\"`\n"},
    {"a : f(b)",
     "error[LQ211]: a pattern must be written out, this is a call\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a : f(b)\n"
     "  |     ^\n"
     "  = help: compare with a computed value by `==`\n"},
    {"like : \"x\"",
     "error[LQ112]: `like` is a keyword, and a field belongs here\n"
     " --> q:1:1\n"
     "  |\n"
     "1 | like : \"x\"\n"
     "  | ^^^^\n"
     "  = help: a field of that name is written in back-ticks\n"},
    {"a in () and b : ()",
     "error[LQ113]: this list is empty\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a in () and b : ()\n"
     "  |      ^^\n"
     "  = help: a list needs at least one value\n"
     "error[LQ113]: this list is empty\n"
     " --> q:1:17\n"
     "  |\n"
     "1 | a in () and b : ()\n"
     "  |                 ^^\n"
     "  = help: a list needs at least one value\n"},
    {"a == 1e999",
     "error[LQ114]: this number is out of range\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == 1e999\n"
     "  |      ^^^^^\n"
     "  = help: the largest number is about 1.8e308\n"},
    {"a == 0x1F",
     "error[LQ114]: `0x1F` is not a number\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == 0x1F\n"
     "  |      ^^^^\n"
     "  = help: numbers are decimal: `31`\n"},
    {"a == 7zip",
     "error[LQ114]: `7zip` is not a number\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | a == 7zip\n"
     "  |      ^^^^\n"
     "  = help: text needs quotes (`\"7zip\"`), a field that starts with a digit back-ticks\n"},
    {"sequence with maxspan=5min [a] [b]",
     "error[LQ115]: `5min` is not a duration\n"
     " --> q:1:23\n"
     "  |\n"
     "1 | sequence with maxspan=5min [a] [b]\n"
     "  |                       ^^^^ a whole number and `ms`, `s`, `m`, `h` or `d`\n"
     "  = help: write `5m`\n"},
    {"sequence with maxspan=5 [a] [b]",
     "error[LQ115]: a duration needs a unit\n"
     " --> q:1:23\n"
     "  |\n"
     "1 | sequence with maxspan=5 [a] [b]\n"
     "  |                       ^\n"
     "  = help: write `5s`; the units are `ms`, `s`, `m`, `h` and `d`\n"},
    {"sequence with maxspan=5 minutes [a] [b]",
     "error[LQ115]: a duration is a number and a unit, without a blank\n"
     " --> q:1:23\n"
     "  |\n"
     "1 | sequence with maxspan=5 minutes [a] [b]\n"
     "  |                       ^^^^^^^^^\n"
     "  = help: write `5m`\n"},
    {"a | stats count() over 5",
     "error[LQ115]: a duration needs a unit\n"
     " --> q:1:24\n"
     "  |\n"
     "1 | a | stats count() over 5\n"
     "  |                        ^\n"
     "  = help: write `5s`; the units are `ms`, `s`, `m`, `h` and `d`\n"},
    {"// nothing",
     "error[LQ117]: there is no query\n"
     " --> q:1:11\n"
     "  |\n"
     "1 | // nothing\n"
     "  |           ^\n"},
    {"a | limit 5",
     "error[LQ205]: unknown stage `limit`\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a | limit 5\n"
     "  |     ^^^^^\n"
     "  = help: did you mean `head`?\n"},
    {"a | were b == 1",
     "error[LQ205]: unknown stage `were`\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a | were b == 1\n"
     "  |     ^^^^\n"
     "  = help: did you mean `where`?\n"},
    {"a | b == 1",
     "error[LQ205]: a stage begins with its word\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a | b == 1\n"
     "  |     ^\n"
     "  = help: write `| where b …`\n"},
    {"a | nosuch x, (y | z) | head 3",
     "error[LQ205]: unknown stage `nosuch`\n"
     " --> q:1:5\n"
     "  |\n"
     "1 | a | nosuch x, (y | z) | head 3\n"
     "  |     ^^^^^^\n"
     "  = help: the stages are where, head, tail, sort, unique, count, unique_count, keep, drop, eval, stats, suppress and new_terms\n"},
    {"(a > ) and (b : ) or f(,) and c ==",
     "error[LQ101]: expected a value after `>`, found `)`\n"
     " --> q:1:6\n"
     "  |\n"
     "1 | (a > ) and (b : ) or f(,) and c ==\n"
     "  |      ^\n"
     "error[LQ101]: expected a value in quotes or a list in brackets after `:`, found `)`\n"
     " --> q:1:17\n"
     "  |\n"
     "1 | (a > ) and (b : ) or f(,) and c ==\n"
     "  |                 ^\n"
     "error[LQ101]: expected a condition after `(`, found `,`\n"
     " --> q:1:24\n"
     "  |\n"
     "1 | (a > ) and (b : ) or f(,) and c ==\n"
     "  |                       -^\n"
     "  |                       |\n"
     "  |                       this `(` is still open\n"
     "error[LQ101]: expected a value after `==`, found the end of the query\n"
     " --> q:1:35\n"
     "  |\n"
     "1 | (a > ) and (b : ) or f(,) and c ==\n"
     "  |                                   ^\n"},
    {"a = 1 and b : cmd and c == 'x'",
     "error[LQ106]: `=` is not a comparison\n"
     " --> q:1:3\n"
     "  |\n"
     "1 | a = 1 and b : cmd and c == 'x'\n"
     "  |   ^\n"
     "  = help: use `==` for the exact value, or `:` to ignore case and to match `*` and `?`\n"
     "error[LQ111]: a text value needs quotes\n"
     " --> q:1:15\n"
     "  |\n"
     "1 | a = 1 and b : cmd and c == 'x'\n"
     "  |               ^^^\n"
     "  = help: write `\"cmd\"`\n"
     "error[LQ107]: strings are written in double quotes\n"
     " --> q:1:28\n"
     "  |\n"
     "1 | a = 1 and b : cmd and c == 'x'\n"
     "  |                            ^^^\n"
     "  = help: write `\"x\"`\n"},
    // clang-format on
};

static void render(lq_buf *out, lq_str text)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source source = {LQ_STR("q"), text};
  lq_diag_list diags = {.arena = &arena, .source = &source};
  lq_node *n;
  lq_status s = lq_parse(&n, &lq_mem_libc, text, LQ_DIALECT_LQ, &diags);
  cr_expect_eq(s, diags.nerrors ? LQ_E_QUERY : LQ_OK, "%.*s", LQ_STR_ARG(text));
  for (const lq_diag *d = diags.first; d; d = d->next)
    lq_diag_render_text(out, d, false);
  lq_arena_free(&arena);
}

Test(messages, as_read)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    render(&out, lq_str_of(rows[i].query));
    cr_expect(lq_str_is(lq_buf_get(&out), rows[i].said), "%s\nsays\n%.*s", rows[i].query, (int)out.n, out.p);
    lq_buf_free(&out);
  }
}

Test(messages, fixes_mend)
{
  // Applying the first fix of a query with one mistake leaves a query without.
  static const struct {
    const char *query, *mended;
  } fixes[] = {
      {"a = 1", "a == 1"},
      {"a == 'x'", "a == \"x\""},
      {"a && b", "a and b"},
      {"!a", "not a"},
      {"a : cmd.exe", "a : \"cmd.exe\""},
      {"a : C:\\Windows\\*", "a : \"C:\\\\Windows\\\\*\""},
      {"a == \"C:\\Users\\Win\"", "a == \"C:\\\\Users\\\\Win\""},
      {"process a == 1", "process where a == 1"},
      {"a : \"x\" b : \"y\"", "a : \"x\" and b : \"y\""},
      {"a == 1 adn b", "a == 1 and b"},
      {"a in \"x\", \"y\"", "a in (\"x\", \"y\")"},
      {"a in (1 2)", "a in (1 , 2)"},
      {"a == (1, 2)", "a in (1, 2)"},
      {"user-agent : \"x\"", "`user-agent` : \"x\""},
      {"like : \"x\"", "`like` : \"x\""},
      {"a is not null", "a != null"},
      {"a exists", "a : *"},
      {"a == 10.0.0.1", "a == \"10.0.0.1\""},
      {"a == 0x1F", "a == 31"},
      {"a | limit 5", "a | head 5"},
      {"a | b == 1", "a | where b == 1"},
      {"a | sort by b", "a | sort b"},
      {"sequence with maxspan=5 minutes [a] [b]", "sequence with maxspan=5m [a] [b]"},
      {"sequence with maxspan=5min [a] [b]", "sequence with maxspan=5m [a] [b]"},
      {"sequence by a maxspan=5m [b] [c]", "sequence by a with maxspan=5m [b] [c]"},
  };
  for (size_t i = 0; i < sizeof fixes / sizeof *fixes; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_str text = lq_str_of(fixes[i].query);
    lq_source source = {LQ_STR("q"), text};
    lq_diag_list diags = {.arena = &arena, .source = &source};
    lq_buf out = {.mem = &lq_mem_libc};
    lq_node *n;
    lq_parse(&n, &lq_mem_libc, text, LQ_DIALECT_LQ, &diags);
    cr_expect(diags.nerrors == 1 && diags.first->has_fix, "%s", fixes[i].query);
    if (diags.first && diags.first->has_fix) {
      const lq_diag *d = diags.first;
      lq_buf_str(&out, lq_str_slice(text, 0, d->fix_span.start));
      lq_buf_str(&out, d->fix);
      lq_buf_str(&out, lq_str_slice(text, d->fix_span.end, text.n));
      cr_expect(lq_str_is(lq_buf_get(&out), fixes[i].mended), "%s becomes %.*s", fixes[i].query, (int)out.n,
                out.p);
      lq_diag_list again = {.arena = &arena, .source = &source};
      cr_expect_eq(lq_parse(&n, &lq_mem_libc, lq_buf_get(&out), LQ_DIALECT_LQ, &again), LQ_OK, "%.*s",
                   (int)out.n, out.p);
    }
    lq_buf_free(&out);
    lq_arena_free(&arena);
  }
}

// The grammar of the language, walked at random to a small depth.
#include "tests/oracle/generate.h"

uint32_t lq_roll(lq_dice *d, uint32_t sides)
{
  d->state ^= d->state << 13;
  d->state ^= d->state >> 7;
  d->state ^= d->state << 17;
  return (uint32_t)((d->state >> 11) % sides);
}

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PICK(d, a) ((a)[lq_roll(d, COUNT(a))])

static const char *const fields[] = {
    "process.name",   "process.args", "process.pid", "user.id", "flag",  "source.ip",
    "@timestamp",     "a.b",          "n",           "m",       "x.y.z", "`odd-1`",
    "event.category",
};
static const char *const strings[] = {
    "\"cmd.exe\"",
    "\"CMD.EXE\"",
    "\"powershell.exe\"",
    "\"a\"",
    "\"b\"",
    "\"ab\"",
    "\"\"",
    "\"5\"",
    "\"true\"",
    "\"a\\*b\"",
    "\"\\u{c9}t\\u{e9}\"",
    "\"\\u{212a}\"",
    "\"k\"",
    "\"10.1.2.3\"",
    "\"::1\"",
    "\"2024-05-01\"",
    "\"C:\\\\x\\\\y\"",
    "\"\"\"C:\\x\\y\"\"\"",
};
static const char *const patterns[] = {
    "\"*\"",     "\"a*\"",     "\"*b\"", "\"*.exe\"", "\"?\"",        "\"*A*\"",        "\"c?d*\"",
    "\"a\\*b\"", "\"*\\\\*\"", "\"**\"", "\"?*\"",    "\"*\\u{e9}\"", "\"10.0.0.0/8\"", "\"::/0\"",
};
static const char *const regexes[] = {"\"a.*\"",        "\"[a-z]+\"",     "\"\"",
                                      "\".*\\\\.exe\"", "\"(a|b){1,2}\"", "\"\\\\d+\""};
static const char *const networks[] = {"\"10.0.0.0/8\"", "\"0.0.0.0/0\"", "\"::1\"", "\"fe80::/10\""};
static const char *const numbers[] = {
    "0", "1", "5", "4.0", "2.5", "-1", "18446744073709551615", "9007199254740993", "1e3"};
static const char *const orders[] = {"<", "<=", ">", ">="};

static void condition(lq_buf *o, lq_dice *d, int depth);
static void value(lq_buf *o, lq_dice *d, int depth);

static const char *literal(lq_dice *d)
{
  uint32_t r = lq_roll(d, 10);
  return r < 6 ? PICK(d, strings) : r < 9 ? PICK(d, numbers) : r % 2 ? "true" : "false";
}

static const char *pattern(lq_dice *d)
{
  return lq_roll(d, 3) ? PICK(d, patterns) : PICK(d, strings);
}

static void list(lq_buf *o, lq_dice *d, const char *(*entry)(lq_dice *d))
{
  lq_buf_z(o, "(");
  for (uint32_t i = lq_roll(d, 3);; i--) {
    lq_buf_z(o, entry(d));
    if (i == 0)
      break;
    lq_buf_z(o, ", ");
  }
  lq_buf_z(o, ")");
}

static const char *some_string(lq_dice *d)
{
  return PICK(d, strings);
}
static const char *some_number(lq_dice *d)
{
  return PICK(d, numbers);
}
static const char *some_regex(lq_dice *d)
{
  return PICK(d, regexes);
}

// ---- values

static void number(lq_buf *o, lq_dice *d, int depth)
{
  switch (lq_roll(d, depth > 0 ? 6 : 2)) {
  case 0: lq_buf_z(o, PICK(d, numbers)); break;
  case 1: lq_buf_z(o, PICK(d, fields)); break;
  case 2: lq_buf_z(o, "length("), value(o, d, 0), lq_buf_z(o, ")"); break;
  case 3: lq_buf_z(o, "-"), lq_buf_z(o, PICK(d, fields)); break;
  default:
    lq_buf_z(o, "("), number(o, d, depth - 1);
    lq_buf_printf(o, " %c ", "+-*/%"[lq_roll(d, 5)]);
    number(o, d, depth - 1), lq_buf_z(o, ")");
    break;
  }
}

static void text(lq_buf *o, lq_dice *d, int depth)
{
  static const char *const unary[] = {"lower", "upper", "trim", "reverse", "basename", "extension"};
  switch (lq_roll(d, depth > 0 ? 6 : 2)) {
  case 0: lq_buf_z(o, PICK(d, strings)); break;
  case 1: lq_buf_z(o, PICK(d, fields)); break;
  case 2: lq_buf_printf(o, "%s(", PICK(d, unary)), text(o, d, depth - 1), lq_buf_z(o, ")"); break;
  case 3:
    lq_buf_z(o, "concat("), text(o, d, depth - 1);
    lq_buf_z(o, ", "), value(o, d, 0), lq_buf_z(o, ")");
    break;
  case 4:
    lq_buf_printf(o, "between%s(", lq_roll(d, 2) ? "~" : ""), text(o, d, depth - 1);
    lq_buf_printf(o, ", %s, %s)", PICK(d, strings), PICK(d, strings));
    break;
  default:
    lq_buf_z(o, "substring("), text(o, d, depth - 1), lq_buf_printf(o, ", %d)", (int)lq_roll(d, 5) - 2);
    break;
  }
}

static void value(lq_buf *o, lq_dice *d, int depth)
{
  switch (lq_roll(d, depth > 0 ? 9 : 3)) {
  case 0: lq_buf_z(o, PICK(d, strings)); break;
  case 1:
  case 2: lq_buf_z(o, PICK(d, fields)); break;
  case 3: number(o, d, depth - 1); break;
  case 4: text(o, d, depth - 1); break;
  case 5:
    lq_buf_z(o, "coalesce("), value(o, d, depth - 1), lq_buf_z(o, ", "), value(o, d, 0), lq_buf_z(o, ")");
    break;
  case 6:
    lq_buf_z(o, "if("), condition(o, d, depth - 1), lq_buf_z(o, ", "), value(o, d, 0), lq_buf_z(o, ")");
    break;
  case 7: lq_buf_z(o, "("), condition(o, d, depth - 1), lq_buf_z(o, ")"); break;
  default: lq_buf_z(o, "null"); break;
  }
}

// ---- conditions

static void subject(lq_buf *o, lq_dice *d, int depth)
{
  if (lq_roll(d, 4) > 0)
    lq_buf_z(o, PICK(d, fields));
  else
    text(o, d, depth);
}

static void pattern_group(lq_buf *o, lq_dice *d, int depth)
{
  switch (lq_roll(d, depth > 0 ? 5 : 2)) {
  case 0: lq_buf_z(o, pattern(d)); break;
  case 1: lq_buf_z(o, literal(d)); break;
  case 2: lq_buf_z(o, "not "), lq_buf_z(o, pattern(d)); break;
  default:
    lq_buf_z(o, "("), pattern_group(o, d, depth - 1);
    lq_buf_z(o, lq_roll(d, 2) ? " and " : " or "), pattern_group(o, d, depth - 1), lq_buf_z(o, ")");
    break;
  }
}

static void match(lq_buf *o, lq_dice *d, int depth)
{
  const char *tilde = lq_roll(d, 2) ? "~" : "";
  subject(o, d, depth);
  lq_buf_z(o, lq_roll(d, 4) ? " " : " not ");
  switch (lq_roll(d, 6)) {
  case 0: lq_buf_z(o, ": "), lq_buf_z(o, pattern(d)); break;
  case 1: lq_buf_z(o, ": "), list(o, d, pattern); break;
  case 2: lq_buf_z(o, ": ("), pattern_group(o, d, 2), lq_buf_z(o, ")"); break;
  case 3: lq_buf_printf(o, "like%s ", tilde), list(o, d, pattern); break;
  case 4: lq_buf_printf(o, "regex%s ", tilde), list(o, d, some_regex); break;
  default: lq_buf_printf(o, "in%s ", tilde), list(o, d, lq_roll(d, 3) ? some_string : some_number); break;
  }
}

static void call(lq_buf *o, lq_dice *d, int depth)
{
  static const char *const affix[] = {"startsWith", "endsWith", "stringContains"};
  const char *tilde = lq_roll(d, 2) ? "~" : "";
  switch (lq_roll(d, 6)) {
  case 0:
  case 1:
    lq_buf_printf(o, "%s%s(", PICK(d, affix), tilde), subject(o, d, depth);
    lq_buf_printf(o, ", %s, %s)", PICK(d, strings), PICK(d, strings));
    break;
  case 2:
    lq_buf_printf(o, "wildcard%s(", tilde), subject(o, d, depth), lq_buf_printf(o, ", %s)", pattern(d));
    break;
  case 3: lq_buf_printf(o, "cidrMatch(%s, %s)", PICK(d, fields), PICK(d, networks)); break;
  case 4:
    lq_buf_printf(o, "%s%s(", lq_roll(d, 2) ? "match" : "search", tilde), subject(o, d, depth);
    lq_buf_printf(o, ", %s)", PICK(d, regexes));
    break;
  default: lq_buf_printf(o, "%s(%s)", lq_roll(d, 2) ? "exists" : "missing", PICK(d, fields)); break;
  }
}

// On one element of `files`: relative names, absolute ones, or a variable, as `prefix` has it.
static void element_condition(lq_buf *o, lq_dice *d, const char *prefix)
{
  switch (lq_roll(d, 5)) {
  case 0: lq_buf_printf(o, "%sname : %s", prefix, pattern(d)); break;
  case 1: lq_buf_printf(o, "%ssize %s %s", prefix, PICK(d, orders), PICK(d, numbers)); break;
  case 2: lq_buf_printf(o, "%sname != %s", prefix, PICK(d, strings)); break;
  case 3: lq_buf_printf(o, "length(%sname) %s 2", prefix, PICK(d, orders)); break;
  default: lq_buf_printf(o, "%stags : %s", prefix, pattern(d)); break;
  }
}

static void element_conditions(lq_buf *o, lq_dice *d, const char *prefix)
{
  element_condition(o, d, prefix);
  if (lq_roll(d, 2) == 0)
    return;
  lq_buf_z(o, lq_roll(d, 3) ? " and " : " or not ");
  element_condition(o, d, prefix);
}

static void walk(lq_buf *o, lq_dice *d)
{
  switch (lq_roll(d, 7)) {
  case 0: lq_buf_z(o, "files:{"), element_conditions(o, d, ""), lq_buf_z(o, "}"); break;
  case 1: lq_buf_z(o, "any(files, "), element_conditions(o, d, "files."), lq_buf_z(o, ")"); break;
  case 2: lq_buf_z(o, "all(files, "), element_conditions(o, d, ""), lq_buf_z(o, ")"); break;
  case 3: lq_buf_z(o, "arraySearch(files, $f, "), element_conditions(o, d, "$f."), lq_buf_z(o, ")"); break;
  case 4: lq_buf_z(o, "arrayCount(files, $f, "), element_conditions(o, d, "$f."), lq_buf_z(o, ") > 1"); break;
  case 5:
    lq_buf_printf(o, "any(process.args, process.args : %s or process.args == %s)", pattern(d), literal(d));
    break;
  default:
    lq_buf_printf(o, "files:{ %s%s : %s) and name != %s }",
                  lq_roll(d, 2) ? "any(tags, tags" : "all(tags, files.tags", "", pattern(d),
                  PICK(d, strings));
    break;
  }
}

static void compare(lq_buf *o, lq_dice *d, int depth)
{
  switch (lq_roll(d, 8)) {
  case 0: lq_buf_printf(o, "%s == %s", PICK(d, fields), literal(d)); break;
  case 1: lq_buf_printf(o, "%s != %s", PICK(d, fields), literal(d)); break;
  case 2: lq_buf_printf(o, "%s == %s", literal(d), PICK(d, fields)); break;
  case 3: lq_buf_printf(o, "%s %s null", PICK(d, fields), lq_roll(d, 2) ? "==" : "!="); break;
  case 4:
    lq_buf_printf(o, "%s %s %s", PICK(d, fields), PICK(d, orders),
                  lq_roll(d, 2) ? PICK(d, numbers) : PICK(d, strings));
    break;
  case 5: number(o, d, depth), lq_buf_printf(o, " %s ", PICK(d, orders)), number(o, d, depth); break;
  case 6: value(o, d, depth), lq_buf_z(o, lq_roll(d, 2) ? " == " : " != "), value(o, d, depth); break;
  default: lq_buf_printf(o, "%s %s %s", PICK(d, fields), PICK(d, orders), PICK(d, fields)); break;
  }
}

static void chain(lq_buf *o, lq_dice *d, int depth, const char *word)
{
  lq_buf_z(o, "(");
  for (uint32_t i = 1 + lq_roll(d, 3);; i--) {
    condition(o, d, depth - 1);
    if (i == 0)
      break;
    lq_buf_z(o, word);
  }
  lq_buf_z(o, ")");
}

static void condition(lq_buf *o, lq_dice *d, int depth)
{
  switch (lq_roll(d, depth > 0 ? 14 : 8)) {
  case 0:
  case 1: compare(o, d, depth > 0 ? depth - 1 : 0); break;
  case 2:
  case 3: match(o, d, depth > 0 ? depth - 1 : 0); break;
  case 4: call(o, d, depth > 0 ? depth - 1 : 0); break;
  case 5: walk(o, d); break;
  case 6: lq_buf_z(o, PICK(d, fields)); break;
  case 7: lq_buf_z(o, lq_roll(d, 2) ? "true" : "false"); break;
  case 8:
  case 9: lq_buf_z(o, "not ("), condition(o, d, depth - 1), lq_buf_z(o, ")"); break;
  case 10:
  case 11: chain(o, d, depth, " and "); break;
  default: chain(o, d, depth, " or "); break;
  }
}

void lq_generate_query(lq_buf *out, lq_dice *d)
{
  if (lq_roll(d, 6) == 0)
    lq_buf_z(out, lq_roll(d, 2) ? "process where " : "any where ");
  condition(out, d, 3);
  if (lq_roll(d, 5) == 0)
    lq_buf_z(out, " | where "), condition(out, d, 2);
}

// ---- KQL

static void kql_value(lq_buf *o, lq_dice *d)
{
  static const char *const words[] = {"cmd.exe", "CMD*",       "*b",    "a",       "5",
                                      "4.0",     "true",       "\"a\"", "\"a*b\"", "\"cmd.exe\"",
                                      "a b",     "10.0.0.0/8", "*",     "\"\"",    "1.50"};
  lq_buf_z(o, PICK(d, words));
}

static void kql_condition(lq_buf *o, lq_dice *d, int depth)
{
  static const char *const names[] = {
      "process.name", "process.args",          "process.pid", "user.id",  "flag", "source.ip", "a.b", "m",
      "message",      "process.name.caseless", "*",           "process.*"};
  switch (lq_roll(d, depth > 0 ? 8 : 4)) {
  case 0:
  case 1: lq_buf_printf(o, "%s: ", PICK(d, names)), kql_value(o, d); break;
  case 2:
    lq_buf_printf(o, "%s: (", PICK(d, names)), kql_value(o, d);
    lq_buf_z(o, lq_roll(d, 3) ? " or " : " and "), kql_value(o, d), lq_buf_z(o, ")");
    break;
  case 3: lq_buf_printf(o, "process.pid %s %s", PICK(d, orders), PICK(d, numbers)); break;
  case 4: lq_buf_z(o, "not "), kql_condition(o, d, 0); break;
  case 5:
    lq_buf_z(o, "files: { name: "), kql_value(o, d), lq_buf_z(o, " and tags: "), kql_value(o, d),
        lq_buf_z(o, " }");
    break;
  default:
    lq_buf_z(o, "("), kql_condition(o, d, depth - 1);
    lq_buf_z(o, lq_roll(d, 2) ? " and " : " or "), kql_condition(o, d, depth - 1), lq_buf_z(o, ")");
    break;
  }
}

void lq_generate_kql(lq_buf *out, lq_dice *d)
{
  kql_condition(out, d, 3);
}

// ---- events

static void scalar(lq_buf *o, lq_dice *d)
{
  static const char *const values[] = {
      "\"cmd.exe\"",
      "\"CMD.EXE\"",
      "\"a\"",
      "\"b\"",
      "\"AB\"",
      "\"\"",
      "\"5\"",
      "\"true\"",
      "\"a*b\"",
      "\"axb\"",
      "\"\\u00c9T\\u00c9\"",
      "\"K\"",
      "\"\\u212a\"",
      "\"10.1.2.3\"",
      "\"::1\"",
      "\"10.200.0.1\"",
      "0",
      "1",
      "5",
      "4.0",
      "4",
      "2.5",
      "-1",
      "18446744073709551615",
      "true",
      "false",
      "null",
      "1000",
      "9007199254740992",
      "\"process\"",
      "\"2024-05-01T00:00:00Z\"",
      "\"2025-01-01\"",
      "\"C:\\\\x\\\\y\"",
      "\"powershell.exe\"",
      "1.5",
      "\"a b\"",
      "\"cmd.exe /c a\"",
  };
  lq_buf_z(o, PICK(d, values));
}

static void any_value(lq_buf *o, lq_dice *d)
{
  if (lq_roll(d, 4)) {
    scalar(o, d);
    return;
  }
  lq_buf_z(o, "[");
  for (uint32_t n = lq_roll(d, 4), i = 0; i < n; i++) {
    lq_buf_z(o, i ? "," : "");
    scalar(o, d);
  }
  lq_buf_z(o, "]");
}

static void member(lq_buf *o, lq_dice *d, const char *name)
{
  lq_buf_printf(o, "%s\"%s\":", o->n > 0 && o->p[o->n - 1] != '{' ? "," : "", name);
  any_value(o, d);
}

static void files(lq_buf *o, lq_dice *d)
{
  lq_buf_printf(o, "%s\"files\":[", o->p[o->n - 1] == '{' ? "" : ",");
  for (uint32_t n = lq_roll(d, 4), i = 0; i < n; i++) {
    lq_buf_z(o, i ? ",{" : "{");
    if (lq_roll(d, 4))
      member(o, d, "name");
    if (lq_roll(d, 4))
      member(o, d, "size");
    if (lq_roll(d, 3))
      member(o, d, "tags");
    lq_buf_z(o, "}");
  }
  lq_buf_z(o, "]");
}

static void process(lq_buf *o, lq_dice *d)
{
  lq_buf_printf(o, "%s\"process\":{", o->p[o->n - 1] == '{' ? "" : ",");
  if (lq_roll(d, 4))
    member(o, d, "name");
  if (lq_roll(d, 3))
    member(o, d, "args");
  if (lq_roll(d, 3))
    member(o, d, "pid");
  lq_buf_z(o, "}");
}

void lq_generate_event(lq_buf *out, lq_dice *d)
{
  static const char *const names[] = {"process.name", "process.args",   "process.pid", "user.id", "flag",
                                      "source.ip",    "@timestamp",     "a.b",         "n",       "x.y.z",
                                      "odd-1",        "event.category", "message"};
  lq_buf_z(out, "{");
  if (lq_roll(d, 2))
    process(out, d);
  for (size_t i = 0; i < COUNT(names); i++) {
    if (lq_roll(d, 3))
      member(out, d, names[i]);
  }
  if (lq_roll(d, 3))
    files(out, d);
  if (lq_roll(d, 8) == 0)
    lq_buf_printf(out, "%s\"x\":{\"y\":{\"z\":\"a\"},\"y.z\":\"b\"}", out->p[out->n - 1] == '{' ? "" : ",");
  lq_buf_z(out, "}");
}

// Raw values to fields. Each transform gets one raw value and gives any number of values.
#include "input/transform.h"

#include "base/date.h"
#include "base/number.h"

void lq_map_give(lq_map_call *c, lq_value v)
{
  if (lq_is_empty_value(&v))
    return;
  c->gave = true;
  lq_fill_emit(c->fill, c->node, c->row->target, v);
}

static void give(lq_map_call *c, lq_str s)
{
  lq_map_give(c, lq_string(s));
}

static lq_str own(lq_map_call *c, lq_str s)
{
  return lq_arena_copy(c->fill->text, s);
}

static lq_str text_of(lq_map_call *c, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  return v->type == LQ_T_STRING ? v->s : own(c, lq_value_text(v, scratch));
}

static char lower(char ch)
{
  return ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
}

static lq_str lower_copy(lq_map_call *c, lq_str s)
{
  char *p = lq_arena_alloc(c->fill->text, s.n);
  if (!p)
    return LQ_STR("");
  for (size_t i = 0; i < s.n; i++)
    p[i] = lower(s.p[i]);
  return (lq_str){p, s.n};
}

// Where the first b is, or s.n.
static size_t find(lq_str s, char b)
{
  const char *p = s.n > 0 ? memchr(s.p, b, s.n) : NULL;
  return p ? (size_t)(p - s.p) : s.n;
}

static size_t find_last(lq_str s, char b) // s.n when there is none
{
  for (size_t i = s.n; i-- > 0;) {
    if (s.p[i] == b)
      return i;
  }
  return s.n;
}

static size_t find_text(lq_str s, lq_str what)
{
  for (size_t i = 0; i + what.n <= s.n; i++) {
    i += find(lq_str_slice(s, i, s.n), what.p[0]);
    if (i + what.n <= s.n && memcmp(s.p + i, what.p, what.n) == 0)
      return i;
  }
  return s.n;
}

static bool next_part(lq_str *rest, char separator, lq_str *part)
{
  if (rest->n == 0)
    return false;
  size_t n = find(*rest, separator);
  *part = lq_str_slice(*rest, 0, n);
  *rest = lq_str_slice(*rest, n < rest->n ? n + 1 : n, rest->n);
  return true;
}

// ---- numbers ------------------------------------------------------------------------------------

static bool bits_of(lq_str s, uint64_t *bits)
{
  int64_t i;
  s = lq_str_trim(s);
  if (s.n > 2 && s.p[0] == '0' && lower(s.p[1]) == 'x')
    return lq_parse_u64_base(lq_str_slice(s, 2, s.n), 16, bits);
  if (lq_parse_u64(s, bits))
    return true;
  if (!lq_parse_i64(s, &i))
    return false;
  *bits = (uint64_t)i;
  return true;
}

static void to_text(lq_map_call *c, const lq_value *v)
{
  lq_map_give(c, *v);
}

static void to_string(lq_map_call *c, const lq_value *v)
{
  give(c, text_of(c, v));
}

static void give_long(lq_map_call *c, lq_str s)
{
  uint64_t bits;
  int64_t i;
  if (lq_parse_i64(s, &i))
    lq_map_give(c, lq_int(i));
  else if (bits_of(s, &bits))
    lq_map_give(c, lq_uint(bits));
}

static void to_long(lq_map_call *c, const lq_value *v)
{
  if (v->type == LQ_T_STRING)
    give_long(c, v->s);
  else
    lq_map_give(c, *v);
}

static void to_bool(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  if (lq_str_eq_ascii(s, LQ_STR("true")))
    lq_map_give(c, lq_bool(true));
  else if (lq_str_eq_ascii(s, LQ_STR("false")))
    lq_map_give(c, lq_bool(false));
}

// ---- text ---------------------------------------------------------------------------------------

static void to_const(lq_map_call *c, const lq_value *v)
{
  (void)v;
  give(c, c->row->arg);
}

static void to_match(lq_map_call *c, const lq_value *v)
{
  lq_str arg = c->row->arg;
  size_t n = find(arg, '=');
  if (!lq_str_eq_ascii(text_of(c, v), lq_str_slice(arg, 0, n)))
    return;
  lq_str to = lq_str_slice(arg, n + 1, arg.n);
  lq_map_give(c, lq_str_eq(to, LQ_STR("true")) ? lq_bool(true) : lq_string(to));
}

static void to_lower(lq_map_call *c, const lq_value *v)
{
  give(c, lower_copy(c, text_of(c, v)));
}

static void to_time(lq_map_call *c, const lq_value *v)
{
  char out[40];
  int64_t ns;
  if (v->type == LQ_T_STRING && lq_date_parse(v->s, &ns))
    give(c, own(c, (lq_str){out, lq_date_format(ns, out)}));
  else
    lq_map_give(c, *v);
}

static void to_stamp(lq_map_call *c, const lq_value *v)
{
  lq_fill_time(c->fill, v);
  if (c->fill->has_time)
    to_time(c, v);
}

static void to_lines(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  for (size_t i = 0; i < s.n;) {
    size_t start = i;
    while (i < s.n && !strchr(" \t\r\n", s.p[i]))
      i++;
    if (i > start)
      give(c, lq_str_slice(s, start, i));
    i++;
  }
}

static void to_before(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  give(c, lq_str_slice(s, 0, find(s, c->row->arg.p[0])));
}

static void to_common_name(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  if (s.n > 3 && lq_str_eq_ascii(lq_str_slice(s, 0, 3), LQ_STR("CN="))) {
    s = lq_str_slice(s, 3, s.n);
    s = lq_str_slice(s, 0, find(s, ','));
  }
  give(c, s);
}

// ---- paths, users -------------------------------------------------------------------------------

static lq_str basename_of(lq_str s)
{
  size_t at = find_last(s, '\\');
  return at == s.n ? s : lq_str_slice(s, at + 1, s.n);
}

static void give_basename(lq_map_call *c, lq_str s)
{
  give(c, basename_of(s));
}

static void give_dirname(lq_map_call *c, lq_str s)
{
  size_t at = find_last(s, '\\');
  if (at < s.n)
    give(c, lq_str_slice(s, 0, at));
}

static void give_extension(lq_map_call *c, lq_str s)
{
  s = basename_of(s);
  size_t at = find_last(s, '.');
  if (at < s.n)
    give(c, lq_str_slice(s, at + 1, s.n));
}

static void give_domain(lq_map_call *c, lq_str s)
{
  size_t at = find(s, '\\');
  if (at < s.n)
    give(c, lq_str_slice(s, 0, at));
}

static void give_account(lq_map_call *c, lq_str s)
{
  size_t at = find(s, '\\');
  give(c, at < s.n ? lq_str_slice(s, at + 1, s.n) : s);
}

static void to_basename(lq_map_call *c, const lq_value *v)
{
  give_basename(c, text_of(c, v));
}
static void to_dirname(lq_map_call *c, const lq_value *v)
{
  give_dirname(c, text_of(c, v));
}
static void to_extension(lq_map_call *c, const lq_value *v)
{
  give_extension(c, text_of(c, v));
}
static void to_domain(lq_map_call *c, const lq_value *v)
{
  give_domain(c, text_of(c, v));
}
static void to_account(lq_map_call *c, const lq_value *v)
{
  give_account(c, text_of(c, v));
}

static lq_str local_path(lq_str s)
{
  if (lq_str_starts(s, LQ_STR("\\??\\")))
    s = lq_str_slice(s, 4, s.n);
  return s.n > 0 && s.p[s.n - 1] == '\\' ? lq_str_slice(s, 0, s.n - 1) : s;
}

static void to_local(lq_map_call *c, const lq_value *v)
{
  give(c, local_path(text_of(c, v)));
}

static void to_join(lq_map_call *c, const lq_value *v)
{
  lq_str left = local_path(text_of(c, v)), right = c->other(c->user, c->row->arg);
  lq_value r = lq_string(right);
  if (left.n > 0 && !lq_is_empty_value(&r))
    give(c, lq_arena_format(c->fill->text, "%.*s\\%.*s", LQ_STR_ARG(left), LQ_STR_ARG(right)));
}

// ---- command lines ------------------------------------------------------------------------------

// One argument by the rules of Microsoft's C runtime: 2n backslashes and a quote are n backslashes and the
// end or begin of a quoted part, one more backslash makes the quote plain; in a quoted part, two quotes are
// one. It never gets longer than it was.
static lq_str next_argument(lq_str s, size_t *at, char *out)
{
  size_t n = 0, i = *at;
  bool quoted = false;
  while (i < s.n && (quoted || (s.p[i] != ' ' && s.p[i] != '\t'))) {
    size_t slashes = 0;
    for (; i < s.n && s.p[i] == '\\'; slashes++)
      out[n++] = s.p[i++];
    if (i == s.n || s.p[i] != '"') {
      if (i < s.n && (quoted || (s.p[i] != ' ' && s.p[i] != '\t')))
        out[n++] = s.p[i++];
      continue;
    }
    n -= slashes - slashes / 2;
    if (slashes % 2 == 1) {
      out[n++] = '"';
    } else {
      if (quoted && i + 1 < s.n && s.p[i + 1] == '"')
        out[n++] = s.p[i++];
      quoted = !quoted;
    }
    i++;
  }
  *at = i;
  return (lq_str){out, n};
}

static lq_str next_word(lq_str s, size_t *at, char *out)
{
  size_t start = *at, i = start;
  bool quoted = false;
  for (; i < s.n && (quoted || (s.p[i] != ' ' && s.p[i] != '\t')); i++)
    quoted ^= s.p[i] == '"';
  *at = i;
  return (lq_str){memcpy(out, s.p + start, i - start), i - start};
}

typedef lq_str (*splitter)(lq_str s, size_t *at, char *out);

// Hostile lines have millions of parts: more than Windows could start a program with say nothing new.
enum { MOST_ARGUMENTS = 4096 };

static int64_t split(lq_map_call *c, lq_str s, splitter next, bool giving)
{
  int64_t count = 0;
  char *out = lq_arena_alloc(c->fill->text, s.n); // all of them, one behind the other
  for (size_t i = 0; out && i < s.n && count < MOST_ARGUMENTS;) {
    if (s.p[i] == ' ' || s.p[i] == '\t') {
      i++;
      continue;
    }
    lq_str argument = next(s, &i, out);
    out += argument.n;
    count++;
    if (giving)
      give(c, argument);
  }
  return count;
}

static void give_argv(lq_map_call *c, lq_str s)
{
  split(c, s, next_argument, true);
}
static void give_argc(lq_map_call *c, lq_str s)
{
  lq_map_give(c, lq_int(split(c, s, next_argument, false)));
}
static void to_argv(lq_map_call *c, const lq_value *v)
{
  give_argv(c, text_of(c, v));
}
static void to_argc(lq_map_call *c, const lq_value *v)
{
  give_argc(c, text_of(c, v));
}
static void to_words(lq_map_call *c, const lq_value *v)
{
  split(c, text_of(c, v), next_word, true);
}

static void to_wordc(lq_map_call *c, const lq_value *v)
{
  lq_map_give(c, lq_int(split(c, text_of(c, v), next_word, false)));
}

// ---- hashes -------------------------------------------------------------------------------------

static bool is_zeros(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != '0')
      return false;
  }
  return true;
}

static void give_hashes(lq_map_call *c, lq_str s, lq_str name)
{
  lq_str part;
  while (next_part(&s, ',', &part)) {
    size_t n = find(part, '=');
    lq_str hash = lq_str_slice(part, n < part.n ? n + 1 : n, part.n);
    if (!is_zeros(hash) && (name.n == 0 || lq_str_eq_ascii(lq_str_slice(part, 0, n), name)))
      give(c, lower_copy(c, hash));
  }
}

static void to_hash(lq_map_call *c, const lq_value *v)
{
  give_hashes(c, text_of(c, v), c->row->arg);
}
static void to_hashes(lq_map_call *c, const lq_value *v)
{
  give_hashes(c, text_of(c, v), LQ_STR(""));
}

// ---- registry -----------------------------------------------------------------------------------

static lq_str short_hive(lq_str hive)
{
  static const struct {
    lq_str from, to;
  } hives[] = {{LQ_STR_INIT("HKEY_LOCAL_MACHINE"), LQ_STR_INIT("HKLM")},
               {LQ_STR_INIT("HKEY_USERS"), LQ_STR_INIT("HKU")},
               {LQ_STR_INIT("HKEY_CLASSES_ROOT"), LQ_STR_INIT("HKCR")},
               {LQ_STR_INIT("HKEY_CURRENT_USER"), LQ_STR_INIT("HKCU")},
               {LQ_STR_INIT("HKEY_CURRENT_CONFIG"), LQ_STR_INIT("HKCC")}};
  for (size_t i = 0; i < sizeof hives / sizeof *hives; i++) {
    if (lq_str_eq_ascii(hive, hives[i].from))
      return hives[i].to;
  }
  return hive;
}

static void to_hive(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v), hive = lq_str_slice(s, 0, find(s, '\\'));
  if (hive.n < s.n)
    give(c, short_hive(hive));
}

static void to_key(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  size_t n = find(s, '\\');
  if (n < s.n)
    give(c, lq_str_slice(s, n + 1, s.n));
}

typedef enum registry_type { REG_TEXT, REG_DWORD, REG_QWORD, REG_BYTES } registry_type;

// `DWORD (0x00000001)`, `QWORD (0x00000000-0x00000001)`
static registry_type registry_data(lq_str s, uint64_t *number)
{
  uint64_t high;
  if (lq_str_eq(s, LQ_STR("Binary Data")))
    return REG_BYTES;
  if (s.n < 9 || s.p[s.n - 1] != ')')
    return REG_TEXT;
  lq_str inside = lq_str_slice(s, 7, s.n - 1);
  if (lq_str_starts(s, LQ_STR("DWORD (")) && bits_of(inside, number))
    return REG_DWORD;
  size_t dash = find(inside, '-');
  if (!lq_str_starts(s, LQ_STR("QWORD (")) || dash == inside.n ||
      !bits_of(lq_str_slice(inside, 0, dash), &high) ||
      !bits_of(lq_str_slice(inside, dash + 1, inside.n), number))
    return REG_TEXT;
  *number |= high << 32;
  return REG_QWORD;
}

static void to_registry_data(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  uint64_t number = 0;
  char out[LQ_NUMBER_TEXT_MAX];
  switch (registry_data(s, &number)) {
  case REG_TEXT: give(c, s); break;
  case REG_DWORD:
  case REG_QWORD: give(c, own(c, (lq_str){out, lq_format_u64(number, out)})); break;
  case REG_BYTES: break;
  }
}

static void to_registry_type(lq_map_call *c, const lq_value *v)
{
  static const lq_str names[] = {[REG_TEXT] = LQ_STR_INIT("REG_SZ"),
                                 [REG_DWORD] = LQ_STR_INIT("SZ_DWORD"),
                                 [REG_QWORD] = LQ_STR_INIT("SZ_QWORD"),
                                 [REG_BYTES] = LQ_STR_INIT("REG_BINARY")};
  uint64_t number;
  give(c, names[registry_data(text_of(c, v), &number)]);
}

// ---- network ------------------------------------------------------------------------------------

static lq_str unmapped(lq_str s)
{
  lq_str mapped = LQ_STR("::ffff:");
  bool v4 = s.n > mapped.n && lq_str_eq_ascii(lq_str_slice(s, 0, mapped.n), mapped) && find(s, '.') < s.n;
  return v4 ? lq_str_slice(s, mapped.n, s.n) : s;
}

static void to_address(lq_map_call *c, const lq_value *v)
{
  lq_str s = unmapped(lq_str_trim(text_of(c, v)));
  lq_ip ip;
  if (lq_ip_parse(s, &ip))
    give(c, s);
}

typedef struct answer {
  lq_str type, data;
  bool is_address;
} answer;

// `type:  5 example.com` or an address.
static answer read_answer(lq_str part)
{
  if (!lq_str_starts(part, LQ_STR("type:"))) {
    lq_str ip = unmapped(part);
    return (answer){find(ip, ':') < ip.n ? LQ_STR("AAAA") : LQ_STR("A"), ip, true};
  }
  lq_str rest = lq_str_trim(lq_str_slice(part, 5, part.n));
  size_t n = find(rest, ' ');
  lq_str number = lq_str_slice(rest, 0, n), name = lq_map_code(LQ_STR("dns_type"), number);
  return (answer){name.n > 0 ? name : number, lq_str_trim(lq_str_slice(rest, n, rest.n)), false};
}

static void give_answers(lq_map_call *c, lq_str s, bool type, bool data, bool names, bool addresses)
{
  lq_str part;
  for (uint32_t i = 0; next_part(&s, ';', &part);) {
    if (part.n == 0)
      continue;
    answer a = read_answer(part);
    if (names || addresses) {
      if (a.is_address == addresses)
        give(c, a.data);
      continue;
    }
    c->fill->element = i++;
    if (type)
      give(c, a.type);
    if (data)
      give(c, a.data);
  }
  c->fill->element = 0;
}

static void to_answer_type(lq_map_call *c, const lq_value *v)
{
  give_answers(c, text_of(c, v), true, false, false, false);
}
static void to_answer_data(lq_map_call *c, const lq_value *v)
{
  give_answers(c, text_of(c, v), false, true, false, false);
}
static void to_answer_host(lq_map_call *c, const lq_value *v)
{
  give_answers(c, text_of(c, v), false, false, true, false);
}
static void to_answer_ip(lq_map_call *c, const lq_value *v)
{
  give_answers(c, text_of(c, v), false, false, false, true);
}

// ---- codes --------------------------------------------------------------------------------------

static void to_code(lq_map_call *c, const lq_value *v)
{
  give(c, lq_map_code(c->row->arg, lq_str_trim(text_of(c, v))));
}

static void to_code_or(lq_map_call *c, const lq_value *v)
{
  to_code(c, v);
  if (!c->gave)
    to_lower(c, v);
}

static void give_flag(void *user, lq_str text)
{
  give(user, text);
}

static void to_flags(lq_map_call *c, const lq_value *v)
{
  uint64_t bits;
  if (bits_of(text_of(c, v), &bits))
    lq_map_flags(c->row->arg, bits, give_flag, c);
}

static const uint64_t audit_failure = UINT64_C(1) << 52, audit_success = UINT64_C(1) << 53;

static void to_keywords(lq_map_call *c, const lq_value *v)
{
  uint64_t bits;
  if (bits_of(text_of(c, v), &bits) && bits & (audit_failure | audit_success))
    give(c, bits & audit_failure ? LQ_STR("Audit Failure") : LQ_STR("Audit Success"));
  else
    lq_map_give(c, *v);
}

static void to_outcome(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v);
  uint64_t bits = 0;
  if (!bits_of(s, &bits)) {
    bool failure = lq_str_eq_ascii(s, LQ_STR("AUDIT_FAILURE")) || lq_str_eq_ascii(s, LQ_STR("Audit Failure"));
    bool success = lq_str_eq_ascii(s, LQ_STR("AUDIT_SUCCESS")) || lq_str_eq_ascii(s, LQ_STR("Audit Success"));
    bits = failure ? audit_failure : success ? audit_success : 0;
  }
  if (bits & (audit_failure | audit_success))
    give(c, bits & audit_failure ? LQ_STR("failure") : LQ_STR("success"));
}

// ---- texts of lines -----------------------------------------------------------------------------

// The value of the first line that begins with the name and an equals sign.
static lq_str pair_of(lq_str s, lq_str name)
{
  lq_str line;
  while (next_part(&s, '\n', &line)) {
    line = lq_str_trim(line);
    if (!lq_str_starts(line, name))
      continue;
    lq_str rest = lq_str_trim(lq_str_slice(line, name.n, line.n));
    if (rest.n > 0 && rest.p[0] == '=')
      return lq_str_trim(lq_str_slice(rest, 1, rest.n));
  }
  return LQ_STR("");
}

static void with_pair(lq_map_call *c, const lq_value *v, void (*to)(lq_map_call *c, lq_str s))
{
  lq_str s = pair_of(text_of(c, v), c->row->arg);
  if (s.n > 0)
    to(c, s);
}

static void to_pair(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give);
}
static void to_pair_long(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_long);
}
static void to_pair_argv(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_argv);
}
static void to_pair_argc(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_argc);
}
static void to_pair_basename(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_basename);
}
static void to_pair_dirname(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_dirname);
}
static void to_pair_extension(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_extension);
}
static void to_pair_domain(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_domain);
}
static void to_pair_account(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, give_account);
}

static lq_str unquoted(lq_str s)
{
  s = lq_str_trim(s);
  return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? lq_str_slice(s, 1, s.n - 1) : s;
}

// `ParameterBinding(Get-Item): name="Path"; value="C:\x"`. A line of another form is a value of its own.
static lq_str part_of_detail(lq_str line, lq_str part)
{
  size_t open = find(line, '('), colon = find_text(line, LQ_STR("):"));
  bool is_value = lq_str_eq(part, LQ_STR("value"));
  if (open == 0 || open >= colon || colon == line.n)
    return is_value ? line : LQ_STR("");
  if (lq_str_eq(part, LQ_STR("type")))
    return lq_str_slice(line, 0, open);
  if (lq_str_eq(part, LQ_STR("command")))
    return lq_str_slice(line, open + 1, colon);
  lq_str rest = lq_str_trim(lq_str_slice(line, colon + 2, line.n)), name = LQ_STR("name="),
         value = LQ_STR("value=");
  size_t semicolon = find(rest, ';');
  if (!lq_str_starts(rest, name) || semicolon == rest.n)
    return is_value ? unquoted(rest) : LQ_STR("");
  if (!is_value)
    return unquoted(lq_str_slice(rest, name.n, semicolon));
  lq_str after = lq_str_trim(lq_str_slice(rest, semicolon + 1, rest.n));
  return unquoted(lq_str_starts(after, value) ? lq_str_slice(after, value.n, after.n) : after);
}

static void to_detail(lq_map_call *c, const lq_value *v)
{
  lq_str s = text_of(c, v), line, heading = LQ_STR("Details:");
  if (lq_str_eq(c->row->raw, LQ_STR("$Message"))) { // the lines are one part of a message
    size_t at = find_text(s, heading);
    s = at < s.n ? lq_str_slice(s, at + heading.n, s.n) : LQ_STR("");
  }
  for (uint32_t i = 0; next_part(&s, '\n', &line);) {
    line = lq_str_trim(line);
    if (line.n == 0)
      continue;
    c->fill->element = i++;
    give(c, part_of_detail(line, c->row->arg));
  }
  c->fill->element = 0;
}

void lq_map_apply(lq_map_call *c, const lq_value *raw)
{
  switch ((lq_map_transform)c->row->transform) {
#define TO(NAME, function)                                                                                   \
  case LQ_TO_##NAME: function(c, raw); break;
    TO(TEXT, to_text)
    TO(STRING, to_string)
    TO(LONG, to_long) TO(BOOL, to_bool) TO(CONST, to_const) TO(MATCH, to_match) TO(LOWER, to_lower)
        TO(STAMP, to_stamp) TO(TIME, to_time) TO(BASENAME, to_basename) TO(DIRNAME, to_dirname) TO(
            EXTENSION, to_extension) TO(JOIN, to_join) TO(LOCAL, to_local) TO(ARGV, to_argv) TO(ARGC, to_argc)
            TO(WORDS, to_words) TO(WORDC, to_wordc) TO(LINES, to_lines) TO(DOMAIN, to_domain)
                TO(ACCOUNT, to_account) TO(BEFORE, to_before) TO(COMMON_NAME, to_common_name)
                    TO(HASH, to_hash) TO(HASHES, to_hashes) TO(HIVE, to_hive) TO(KEY, to_key)
                        TO(REGISTRY_DATA, to_registry_data) TO(REGISTRY_TYPE, to_registry_type)
                            TO(ADDRESS, to_address) TO(ANSWER_TYPE, to_answer_type)
                                TO(ANSWER_DATA, to_answer_data) TO(ANSWER_HOST, to_answer_host)
                                    TO(ANSWER_IP, to_answer_ip) TO(CODE, to_code) TO(CODE_OR, to_code_or)
                                        TO(FLAGS, to_flags) TO(KEYWORDS, to_keywords) TO(OUTCOME, to_outcome)
                                            TO(PAIR, to_pair) TO(PAIR_LONG, to_pair_long)
                                                TO(PAIR_ARGV, to_pair_argv) TO(PAIR_ARGC, to_pair_argc)
                                                    TO(PAIR_BASENAME, to_pair_basename)
                                                        TO(PAIR_DIRNAME, to_pair_dirname)
                                                            TO(PAIR_EXTENSION, to_pair_extension)
                                                                TO(PAIR_DOMAIN, to_pair_domain)
                                                                    TO(PAIR_ACCOUNT, to_pair_account)
                                                                        TO(DETAIL, to_detail)
#undef TO
  }
}

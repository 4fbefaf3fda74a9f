// What Windows calls by a number or writes in a form of its own: hashes, registry data, addresses, codes,
// flags.
#include "base/number.h"
#include "input/transform.h"

// ---- hashes

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
  while (lq_text_part(&s, ',', &part)) {
    size_t n = lq_text_find(part, '=');
    lq_str hash = lq_str_slice(part, n < part.n ? n + 1 : n, part.n);
    if (!is_zeros(hash) && (name.n == 0 || lq_str_eq_ascii(lq_str_slice(part, 0, n), name)))
      lq_give(c, lq_map_lower(c, hash));
  }
}

void lq_to_HASH(lq_map_call *c, const lq_value *v)
{
  give_hashes(c, lq_raw_text(c, v), c->row->arg);
}
void lq_to_HASHES(lq_map_call *c, const lq_value *v)
{
  give_hashes(c, lq_raw_text(c, v), LQ_STR(""));
}

// ---- registry

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

void lq_to_HIVE(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v), hive = lq_str_slice(s, 0, lq_text_find(s, '\\'));
  if (hive.n < s.n)
    lq_give(c, short_hive(hive));
}

void lq_to_KEY(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  size_t n = lq_text_find(s, '\\');
  if (n < s.n)
    lq_give(c, lq_str_slice(s, n + 1, s.n));
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
  if (lq_str_starts(s, LQ_STR("DWORD (")) && lq_map_bits(inside, number))
    return REG_DWORD;
  size_t dash = lq_text_find(inside, '-');
  if (!lq_str_starts(s, LQ_STR("QWORD (")) || dash == inside.n ||
      !lq_map_bits(lq_str_slice(inside, 0, dash), &high) ||
      !lq_map_bits(lq_str_slice(inside, dash + 1, inside.n), number))
    return REG_TEXT;
  *number |= high << 32;
  return REG_QWORD;
}

void lq_to_REGISTRY_DATA(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  uint64_t number = 0;
  char out[LQ_NUMBER_TEXT_MAX];
  switch (registry_data(s, &number)) {
  case REG_TEXT: lq_give(c, s); break;
  case REG_DWORD:
  case REG_QWORD: lq_give(c, lq_map_own(c, (lq_str){out, lq_format_u64(number, out)})); break;
  case REG_BYTES: break;
  }
}

void lq_to_REGISTRY_TYPE(lq_map_call *c, const lq_value *v)
{
  static const lq_str names[] = {[REG_TEXT] = LQ_STR_INIT("REG_SZ"),
                                 [REG_DWORD] = LQ_STR_INIT("SZ_DWORD"),
                                 [REG_QWORD] = LQ_STR_INIT("SZ_QWORD"),
                                 [REG_BYTES] = LQ_STR_INIT("REG_BINARY")};
  uint64_t number;
  lq_give(c, names[registry_data(lq_raw_text(c, v), &number)]);
}

// ---- network

static lq_str unmapped(lq_str s)
{
  lq_str mapped = LQ_STR("::ffff:");
  bool v4 = s.n > mapped.n && lq_str_eq_ascii(lq_str_slice(s, 0, mapped.n), mapped) &&
            lq_text_find(s, '.') < s.n;
  return v4 ? lq_str_slice(s, mapped.n, s.n) : s;
}

void lq_to_ADDRESS(lq_map_call *c, const lq_value *v)
{
  lq_str s = unmapped(lq_str_trim(lq_raw_text(c, v)));
  lq_ip ip;
  if (lq_ip_parse(s, &ip))
    lq_give(c, s);
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
    return (answer){lq_text_find(ip, ':') < ip.n ? LQ_STR("AAAA") : LQ_STR("A"), ip, true};
  }
  lq_str rest = lq_str_trim(lq_str_slice(part, 5, part.n));
  size_t n = lq_text_find(rest, ' ');
  lq_str number = lq_str_slice(rest, 0, n), name = lq_map_code(LQ_STR("dns_type"), number);
  return (answer){name.n > 0 ? name : number, lq_str_trim(lq_str_slice(rest, n, rest.n)), false};
}

static void give_answers(lq_map_call *c, lq_str s, bool type, bool data, bool names, bool addresses)
{
  lq_str part;
  for (uint32_t i = 0; lq_text_part(&s, ';', &part);) {
    if (part.n == 0)
      continue;
    answer a = read_answer(part);
    if (names || addresses) {
      if (a.is_address == addresses)
        lq_give(c, a.data);
      continue;
    }
    c->fill->element = i++;
    if (type)
      lq_give(c, a.type);
    if (data)
      lq_give(c, a.data);
  }
  c->fill->element = 0;
}

void lq_to_ANSWER_TYPE(lq_map_call *c, const lq_value *v)
{
  give_answers(c, lq_raw_text(c, v), true, false, false, false);
}
void lq_to_ANSWER_DATA(lq_map_call *c, const lq_value *v)
{
  give_answers(c, lq_raw_text(c, v), false, true, false, false);
}
void lq_to_ANSWER_HOST(lq_map_call *c, const lq_value *v)
{
  give_answers(c, lq_raw_text(c, v), false, false, true, false);
}
void lq_to_ANSWER_IP(lq_map_call *c, const lq_value *v)
{
  give_answers(c, lq_raw_text(c, v), false, false, false, true);
}

// ---- codes

void lq_to_CODE(lq_map_call *c, const lq_value *v)
{
  lq_give(c, lq_map_code(c->row->arg, lq_str_trim(lq_raw_text(c, v))));
}

void lq_to_CODE_OR(lq_map_call *c, const lq_value *v)
{
  lq_to_CODE(c, v);
  if (!c->gave)
    lq_to_LOWER(c, v);
}

static void give_flag(void *user, lq_str text)
{
  lq_give(user, text);
}

void lq_to_FLAGS(lq_map_call *c, const lq_value *v)
{
  uint64_t bits;
  if (lq_map_bits(lq_raw_text(c, v), &bits))
    lq_map_flags(c->row->arg, bits, give_flag, c);
}

static const uint64_t audit_failure = UINT64_C(1) << 52, audit_success = UINT64_C(1) << 53;

void lq_to_KEYWORDS(lq_map_call *c, const lq_value *v)
{
  uint64_t bits;
  if (lq_map_bits(lq_raw_text(c, v), &bits) && bits & (audit_failure | audit_success))
    lq_give(c, bits & audit_failure ? LQ_STR("Audit Failure") : LQ_STR("Audit Success"));
  else
    lq_map_give(c, *v);
}

void lq_to_OUTCOME(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  uint64_t bits = 0;
  if (!lq_map_bits(s, &bits)) {
    bool failure = lq_str_eq_ascii(s, LQ_STR("AUDIT_FAILURE")) || lq_str_eq_ascii(s, LQ_STR("Audit Failure"));
    bool success = lq_str_eq_ascii(s, LQ_STR("AUDIT_SUCCESS")) || lq_str_eq_ascii(s, LQ_STR("Audit Success"));
    bits = failure ? audit_failure : success ? audit_success : 0;
  }
  if (bits & (audit_failure | audit_success))
    lq_give(c, bits & audit_failure ? LQ_STR("failure") : LQ_STR("success"));
}

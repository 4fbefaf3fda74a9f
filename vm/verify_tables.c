// The table verifier: every index in range, every promised order kept, every range tiled. One loop a table,
// each linear in the table; a range that the file gives is compared with its table before it is walked.
#include "vm/verify.h"

#include <math.h>

#include "stdlib/functions.h"
#include "stdlib/regex.h"

static bool fault_at(lq_fault *f, lq_section section, size_t row, lq_reason reason)
{
  *f = (lq_fault){.reason = reason, .section = section, .at = row};
  return false;
}

static bool strings(const lq_program *p, lq_fault *f)
{
  for (size_t i = 1; i < p->nstrings; i++) {
    if (lq_str_cmp(p->strings[i - 1], p->strings[i]) >= 0)
      return fault_at(f, LQ_SECTION_STRTAB, i, LQ_REASON_STRING_ORDER);
  }
  return true;
}

static lq_reason field(const lq_program *p, size_t i)
{
  const lq_field *x = &p->fields[i];
  if (x->name >= p->nstrings)
    return LQ_REASON_STRING_ID;
  size_t n = p->strings[x->name].n;
  if (n == 0 || n > LQ_FIELD_NAME_MAX)
    return LQ_REASON_FIELD_NAME;
  if (x->flags & ~(unsigned)(LQ_FIELD_SCOPE | LQ_FIELD_OPTIONAL) || x->type >= LQ_T_COUNT)
    return LQ_REASON_FIELD_FLAGS;
  // Only to the left: so scopes cannot be tied to each other in a ring.
  if (x->scope != LQ_NONE && (x->scope >= i || !(p->fields[x->scope].flags & LQ_FIELD_SCOPE)))
    return LQ_REASON_FIELD_SCOPE;
  return LQ_REASON_NONE;
}

static bool ip_of_program(const lq_program *p, const lq_ip *ip)
{
  uintptr_t at = (uintptr_t)ip, base = (uintptr_t)p->ips;
  return p->nips > 0 && at >= base && (at - base) / sizeof *ip < p->nips && (at - base) % sizeof *ip == 0;
}

static lq_reason constant(const lq_program *p, size_t i)
{
  const lq_value *x = &p->consts[i];
  switch (x->type) {
  case LQ_T_BOOL:
  case LQ_T_INT:
  case LQ_T_DATE:
  case LQ_T_STRING: break;
  case LQ_T_UINT:
    if (x->u <= INT64_MAX)
      return LQ_REASON_CONST_VALUE;
    break;
  case LQ_T_DOUBLE:
    if (!isfinite(x->d))
      return LQ_REASON_CONST_VALUE;
    break;
  case LQ_T_IP:
    if (!ip_of_program(p, x->ip))
      return LQ_REASON_IP_INDEX;
    break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: return LQ_REASON_CONST_TYPE;
  }
  return i > 0 && lq_const_cmp(&p->consts[i - 1], x) >= 0 ? LQ_REASON_CONST_ORDER : LQ_REASON_NONE;
}

static lq_reason ip(const lq_program *p, size_t i)
{
  bool rises = i == 0 || memcmp(&p->ips[i - 1], &p->ips[i], sizeof *p->ips) < 0;
  return rises ? LQ_REASON_NONE : LQ_REASON_IP_ORDER;
}

static lq_reason set_id(const lq_program *p, size_t i)
{
  return p->set_ids[i] < p->nstrings ? LQ_REASON_NONE : LQ_REASON_STRING_ID;
}

static lq_reason regex(const lq_program *p, size_t i)
{
  if (p->regexes[i].text >= p->nstrings)
    return LQ_REASON_STRING_ID;
  uint32_t flags = p->regexes[i].flags;
  bool known = (flags & ~(uint32_t)(LQ_RE_FOLD | LQ_RE_PREFIX | LQ_RE_SEARCH)) == 0;
  return known && (flags & (LQ_RE_PREFIX | LQ_RE_SEARCH)) != (LQ_RE_PREFIX | LQ_RE_SEARCH)
             ? LQ_REASON_NONE
             : LQ_REASON_REGEX_FLAGS;
}

static lq_reason cidr(const lq_program *p, size_t i)
{
  const lq_cidr *x = &p->cidrs[i];
  if (x->bits > 128)
    return LQ_REASON_CIDR_BITS;
  for (unsigned b = x->bits / 8u; b < 16; b++) {
    unsigned network = b == x->bits / 8u ? 0xFF00u >> (x->bits % 8u) & 0xFFu : 0;
    if (x->base.b[b] & ~network)
      return LQ_REASON_CIDR_BITS;
  }
  return LQ_REASON_NONE;
}

static int cidr_cmp(const lq_cidr *a, const lq_cidr *b)
{
  int order = memcmp(a->base.b, b->base.b, sizeof a->base.b);
  return order ? order : (a->bits > b->bits) - (a->bits < b->bits);
}

// Where the next set of each kind must begin.
typedef struct lq_tiles {
  size_t ids, regexes, cidrs;
} lq_tiles;

static bool ascending(const lq_program *p, const lq_set *s)
{
  for (uint32_t i = s->first + 1; i < s->first + s->count; i++) {
    if (s->kind == LQ_SET_TEXTS && p->set_ids[i - 1] >= p->set_ids[i])
      return false;
    if (s->kind == LQ_SET_CIDRS && cidr_cmp(&p->cidrs[i - 1], &p->cidrs[i]) >= 0)
      return false;
  }
  return true;
}

static lq_reason set(const lq_program *p, const lq_set *s, lq_tiles *t)
{
  size_t *next, total;
  switch (s->kind) {
  case LQ_SET_TEXTS: next = &t->ids, total = p->nset_ids; break;
  case LQ_SET_REGEXES: next = &t->regexes, total = p->nregexes; break;
  case LQ_SET_CIDRS: next = &t->cidrs, total = p->ncidrs; break;
  default: return LQ_REASON_SET_KIND;
  }
  if (s->first != *next || s->count == 0 || s->count > total - *next)
    return LQ_REASON_SET_RANGE;
  *next += s->count;
  return ascending(p, s) ? LQ_REASON_NONE : LQ_REASON_SET_ORDER;
}

static bool sets(const lq_program *p, lq_fault *f)
{
  lq_tiles t = {0};
  for (size_t i = 0; i < p->nsets; i++) {
    lq_reason r = set(p, &p->sets[i], &t);
    if (r)
      return fault_at(f, LQ_SECTION_SETS, i, r);
  }
  if (t.ids != p->nset_ids)
    return fault_at(f, LQ_SECTION_IDS, t.ids, LQ_REASON_SET_TILES);
  if (t.regexes != p->nregexes)
    return fault_at(f, LQ_SECTION_REGEX, t.regexes, LQ_REASON_SET_TILES);
  return t.cidrs == p->ncidrs || fault_at(f, LQ_SECTION_CIDR, t.cidrs, LQ_REASON_SET_TILES);
}

static bool functions(const lq_program *p, lq_fault *f)
{
  uint8_t seen[2 * LQ_FN_COUNT + 1] = {0};
  for (size_t i = 0; i < p->nfunctions; i++) {
    uint32_t fn = p->functions[i];
    bool known = fn < 2u * LQ_FN_COUNT && (fn % 2 == 0 || lq_functions[fn / 2].flags & LQ_FN_FOLDS);
    if (!known)
      return fault_at(f, LQ_SECTION_FUNCS, i, LQ_REASON_FUNCTION_UNKNOWN);
    if (seen[fn]++)
      return fault_at(f, LQ_SECTION_FUNCS, i, LQ_REASON_FUNCTION_TWICE);
  }
  return true;
}

static bool predicate_before(const lq_predicate *a, const lq_predicate *b)
{
  if (a->field != b->field)
    return a->field < b->field;
  return a->matcher != b->matcher ? a->matcher < b->matcher : a->arg < b->arg;
}

static lq_reason predicate(const lq_program *p, size_t i)
{
  const lq_predicate *x = &p->predicates[i];
  if (x->field >= p->nfields)
    return LQ_REASON_PREDICATE_FIELD;
  if (x->matcher >= LQ_MATCHER_COUNT)
    return LQ_REASON_PREDICATE_MATCHER;
  lq_set_kind kind = lq_match_kinds[x->matcher].set;
  bool fits = kind == LQ_SET_NONE    ? x->arg == 0
              : kind == LQ_SET_CONST ? x->arg < p->nconsts
                                     : x->arg < p->nsets && p->sets[x->arg].kind == (uint32_t)kind;
  if (!fits)
    return LQ_REASON_PREDICATE_ARG;
  return i > 0 && !predicate_before(x - 1, x) ? LQ_REASON_PREDICATE_ORDER : LQ_REASON_NONE;
}

static lq_reason meta(const lq_program *p, size_t i)
{
  return p->meta[i].key < p->nstrings && p->meta[i].value < p->nstrings ? LQ_REASON_NONE
                                                                        : LQ_REASON_STRING_ID;
}

static lq_reason debug_field(const lq_program *p, size_t i)
{
  return p->debug_fields[i] < p->nfields ? LQ_REASON_NONE : LQ_REASON_DEBUG_FIELDS;
}

static lq_reason test(const lq_program *p, size_t i)
{
  const lq_test_def *t = &p->tests[i];
  if (t->rule >= p->nrules)
    return LQ_REASON_TEST_RULE;
  if (t->kind > LQ_TEST_COUNT || (t->kind != LQ_TEST_COUNT && t->count != 0))
    return LQ_REASON_TEST_KIND;
  return t->name < p->nstrings && t->events < p->nstrings ? LQ_REASON_NONE : LQ_REASON_STRING_ID;
}

static bool each(const lq_program *p, lq_section section, size_t n,
                 lq_reason (*row)(const lq_program *, size_t), lq_fault *f)
{
  for (size_t i = 0; i < n; i++) {
    lq_reason r = row(p, i);
    if (r)
      return fault_at(f, section, i, r);
  }
  return true;
}

static bool decides(const lq_insn *i)
{
  return lq_ops[i->op].clause;
}

// True if no character is cut at that byte, as far as UTF-8's form can tell.
static bool boundary(lq_str s, uint32_t at)
{
  return at >= s.n || ((uint8_t)s.p[at] & 0xC0) != 0x80;
}

static bool span_fits(const lq_program *p, const lq_rule_def *r, const lq_debug *d)
{
  if (r->source == LQ_NONE)
    return false;
  lq_str s = p->strings[r->source];
  return d->start <= d->end && d->end <= s.n && boundary(s, d->start) && boundary(s, d->end);
}

static bool debug(const lq_program *p, lq_fault *f)
{
  size_t rule = 0, fields = 0;
  for (size_t i = 0; i < p->ndebug; i++) {
    const lq_debug *d = &p->debug[i];
    if (d->pc >= p->ncode || (i > 0 && p->debug[i - 1].pc >= d->pc) || !decides(&p->code[d->pc]))
      return fault_at(f, LQ_SECTION_DEBUG, i, LQ_REASON_DEBUG_PC);
    // Rules tile the code, so this ends: pc < ncode.
    while (d->pc - p->rules[rule].code >= p->rules[rule].ncode)
      rule++;
    if (!span_fits(p, &p->rules[rule], d))
      return fault_at(f, LQ_SECTION_DEBUG, i, LQ_REASON_DEBUG_SPAN);
    if (d->field != fields || d->nfields > p->ndebug_fields - fields)
      return fault_at(f, LQ_SECTION_DEBUG, i, LQ_REASON_DEBUG_FIELDS);
    fields += d->nfields;
    if (d->flags & ~(uint32_t)LQ_DEBUG_NEGATED)
      return fault_at(f, LQ_SECTION_DEBUG, i, LQ_REASON_RESERVED);
  }
  return fields == p->ndebug_fields || fault_at(f, LQ_SECTION_DEBUGFIELDS, fields, LQ_REASON_DEBUG_FIELDS);
}

bool lq_verify(const lq_program *p, void *scratch, lq_fault *f)
{
  // Later lines rely on earlier ones: rules on every table, debug rows on rules.
  return strings(p, f) && each(p, LQ_SECTION_FIELDS, p->nfields, field, f) &&
         each(p, LQ_SECTION_IPS, p->nips, ip, f) && each(p, LQ_SECTION_CONSTS, p->nconsts, constant, f) &&
         each(p, LQ_SECTION_IDS, p->nset_ids, set_id, f) &&
         each(p, LQ_SECTION_REGEX, p->nregexes, regex, f) && each(p, LQ_SECTION_CIDR, p->ncidrs, cidr, f) &&
         sets(p, f) && functions(p, f) && each(p, LQ_SECTION_PREDICATES, p->npredicates, predicate, f) &&
         lq_verify_rules(p, false, scratch, f) && each(p, LQ_SECTION_META, p->nmeta, meta, f) &&
         each(p, LQ_SECTION_DEBUGFIELDS, p->ndebug_fields, debug_field, f) && debug(p, f) &&
         each(p, LQ_SECTION_TESTS, p->ntests, test, f);
}

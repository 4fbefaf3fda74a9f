// What a predicate means, plainly: any value of the field, one after the other, against each entry of the
// set. Faster ways to the same answer live in engine/.
#include "base/glob.h"
#include "base/utf8.h"
#include "stdlib/regex.h"
#include "vm/slots.h"
#include "vm/tokens.h"

// A value on its way through a test.
typedef struct lq_subject {
  const lq_program *p;
  const lq_value *v;
  lq_str text;   // canonical
  lq_str folded; // p is NULL: not known, fold while comparing
  lq_tokens tokens;
} lq_subject;

static lq_str entry_text(const lq_program *p, const lq_set *s, uint32_t i)
{
  return p->strings[p->set_ids[s->first + i]];
}

// Where the set has that text, or -1. Ids are in the order of their texts' bytes, which for UTF-8 is the
// order of code points, so folded text may be compared either way.
static int64_t find_text(const lq_program *p, const lq_set *s, lq_str text, int (*cmp)(lq_str, lq_str))
{
  uint32_t low = 0, high = s->count;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int order = cmp(text, entry_text(p, s, mid));
    if (order == 0)
      return mid;
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  return -1;
}

static int64_t find_folded(const lq_subject *x, const lq_set *s)
{
  return x->folded.p ? find_text(x->p, s, x->folded, lq_str_cmp) : find_text(x->p, s, x->text, lq_fold_cmp);
}

static int64_t find_glob(const lq_subject *x, const lq_set *s, bool fold)
{
  bool while_comparing = fold && !x->folded.p;
  lq_str text = fold && x->folded.p ? x->folded : x->text;
  for (uint32_t i = 0; i < s->count; i++) {
    if (lq_glob_match(entry_text(x->p, s, i), text, while_comparing))
      return i;
  }
  return -1;
}

enum { OUT_OF_MEMORY = -2 };

static int64_t find_regex(const lq_subject *x, const lq_set *s)
{
  bool failed = false;
  for (uint32_t i = 0; i < s->count; i++) {
    int r = lq_regex_match(x->p->compiled_regexes[s->first + i], x->text, NULL, NULL);
    if (r > 0)
      return i;
    failed |= r < 0;
  }
  return failed ? OUT_OF_MEMORY : -1;
}

static bool as_ip(const lq_value *v, lq_ip *ip)
{
  if (v->type == LQ_T_STRING)
    return lq_ip_parse(v->s, ip);
  if (v->type == LQ_T_IP)
    *ip = *v->ip;
  return v->type == LQ_T_IP;
}

static int64_t find_cidr(const lq_subject *x, const lq_set *s)
{
  lq_ip ip;
  if (!as_ip(x->v, &ip))
    return -1;
  for (uint32_t i = 0; i < s->count; i++) {
    if (lq_cidr_has(&x->p->cidrs[s->first + i], &ip))
      return i;
  }
  return -1;
}

static int64_t find_tokens(const lq_subject *x, const lq_set *s, size_t *start, size_t *end,
                           bool (*find)(lq_str, lq_tokens, lq_str, size_t *, size_t *))
{
  for (uint32_t i = 0; i < s->count; i++) {
    if (find(x->text, x->tokens, entry_text(x->p, s, i), start, end))
      return i;
  }
  return -1;
}

// An OBJECT is there, and that is all that can be said of it.
static int64_t when(bool holds)
{
  return holds ? 0 : -1;
}

bool lq_order_holds(lq_matcher_kind matcher, const lq_value *v, const lq_value *c)
{
  int order;
  if (!lq_value_order(v, c, &order))
    return false;
  switch (matcher) {
  case LQ_MATCHER_LT: return order < 0;
  case LQ_MATCHER_LE: return order <= 0;
  case LQ_MATCHER_GT: return order > 0;
  case LQ_MATCHER_GE: return order >= 0;
  default: break;
  }
  return false;
}

// Index of the entry that fits, -1 for none, or OUT_OF_MEMORY.
static int64_t find(const lq_subject *x, lq_matcher_kind matcher, uint32_t c)
{
  const lq_set *s = &x->p->sets[c];
  size_t start, end;
  if (x->v->type == LQ_T_OBJECT)
    return when(matcher == LQ_MATCHER_EXISTS);
  switch (matcher) {
  case LQ_MATCHER_EXISTS: return 0;
  case LQ_MATCHER_EQ: return find_text(x->p, s, x->text, lq_str_cmp);
  case LQ_MATCHER_EQ_FOLD: return find_folded(x, s);
  case LQ_MATCHER_GLOB: return find_glob(x, s, false);
  case LQ_MATCHER_GLOB_FOLD: return find_glob(x, s, true);
  case LQ_MATCHER_REGEX: return find_regex(x, s);
  case LQ_MATCHER_CIDR: return find_cidr(x, s);
  case LQ_MATCHER_LT:
  case LQ_MATCHER_LE:
  case LQ_MATCHER_GT:
  case LQ_MATCHER_GE: return when(lq_order_holds(matcher, x->v, &x->p->consts[c]));
  case LQ_MATCHER_TOKENS_ANY: return find_tokens(x, s, &start, &end, lq_tokens_any);
  case LQ_MATCHER_PHRASE: return find_tokens(x, s, &start, &end, lq_tokens_phrase);
  case LQ_MATCHER_COUNT: break;
  }
  return -1;
}

bool lq_matcher_test(const lq_program *p, lq_matcher_kind matcher, uint32_t c, const lq_value *v,
                     lq_arena *scratch)
{
  char text[LQ_VALUE_TEXT_MAX];
  lq_subject x = {.p = p, .v = v, .text = lq_value_text(v, text)};
  int64_t at = find(&x, matcher, c);
  if (at == OUT_OF_MEMORY)
    scratch->failed = true;
  return at >= 0;
}

// ---- folded texts

static bool needs_fold(lq_str s, bool *ascii)
{
  uint8_t all = 0, capital = 0; // plain enough for the compiler to take many bytes at once
  for (size_t i = 0; i < s.n; i++) {
    uint8_t c = (uint8_t)s.p[i];
    all |= c;
    capital |= (uint8_t)(c - 'A') < 26;
  }
  *ascii = all < 0x80;
  return capital || !*ascii;
}

static lq_str lower_ascii(lq_arena *a, lq_str s)
{
  char *out = lq_arena_alloc(a, s.n);
  if (out)
    lq_lower_ascii(out, s);
  return (lq_str){out, s.n};
}

static void *no_memory(void *user, void *p, size_t old_size, size_t new_size)
{
  (void)user, (void)p, (void)old_size, (void)new_size;
  return NULL;
}

// Folding makes two bytes three at most, so a buffer of twice the size never grows; if it had to, it fails.
static lq_str fold_any(lq_arena *a, lq_str s)
{
  static const lq_mem none = {no_memory, NULL};
  size_t cap = s.n <= SIZE_MAX / 4 ? s.n * 2 + 16 : 0;
  lq_buf out = {.mem = &none, .p = cap ? lq_arena_alloc(a, cap) : NULL, .cap = cap};
  if (!out.p)
    return (lq_str){0};
  lq_fold_append(&out, s);
  return out.failed ? (lq_str){0} : (lq_str){out.p, out.n};
}

static size_t room(const lq_exec *x)
{
  return x->folded ? x->nfolded : 0;
}

// An event that gets more values while it is looked at needs more room, and what was folded stays.
static bool make_room(lq_exec *x)
{
  size_t had = room(x), n = x->event->nvalues + had;
  lq_str *more = lq_arena_array(&x->folds, n, sizeof *more);
  if (!more)
    return false;
  if (had)
    memcpy(more, x->folded, had * sizeof *more);
  x->folded = more;
  x->nfolded = n;
  return true;
}

static lq_str folded_text(lq_exec *x, const lq_slot_value *v)
{
  lq_str s = v->v.s;
  size_t at = (size_t)(v - x->event->values);
  lq_str *kept = at < room(x) || make_room(x) ? &x->folded[at] : NULL;
  if (!kept)
    return (lq_str){0};
  bool ascii;
  if (!kept->p)
    *kept = !needs_fold(s, &ascii) ? s : ascii ? lower_ascii(&x->folds, s) : fold_any(&x->folds, s);
  return *kept;
}

// ---- predicates

static bool uses_folded(lq_matcher_kind matcher)
{
  return lq_match_kinds[matcher].fold && !lq_match_kinds[matcher].tokens;
}

static lq_tokens tokens_of(const lq_program *p, const lq_predicate *q)
{
  return lq_match_kinds[q->matcher].tokens ? lq_tokens_of_field(p->strings[p->fields[q->field].name])
                                           : LQ_TOKENS_WORDS;
}

bool lq_predicate_test(lq_exec *x, const lq_predicate *q)
{
  lq_matcher_kind matcher = (lq_matcher_kind)q->matcher;
  lq_slot_walk w = lq_slot_walk_of(x, q->field);
  const lq_slot_value *v = lq_slot_first(x, &w, q->field);
  if (!v)
    return false;
  lq_subject s = {.p = x->program, .tokens = tokens_of(x->program, q)};
  for (; v; v = lq_slot_next(x, &w, v)) {
    char text[LQ_VALUE_TEXT_MAX];
    s.v = &v->v;
    s.text = lq_value_text(&v->v, text);
    s.folded = uses_folded(matcher) && v->v.type == LQ_T_STRING ? folded_text(x, v) : (lq_str){0};
    int64_t at = find(&s, matcher, q->arg);
    if (at >= 0)
      return true;
    x->failed |= at == OUT_OF_MEMORY;
  }
  return false;
}

// ---- where

static lq_str cidr_text(const lq_cidr *c, lq_arena *scratch)
{
  char text[48];
  bool v4 = lq_ip_is_v4(&c->base) && c->bits >= 96;
  lq_str ip = {text, lq_ip_format(&c->base, text)};
  return lq_arena_format(scratch, "%.*s/%d", LQ_STR_ARG(ip), v4 ? c->bits - 96 : c->bits);
}

static lq_str entry_of(const lq_subject *x, lq_matcher_kind matcher, uint32_t c, uint32_t i,
                       lq_arena *scratch)
{
  char text[LQ_VALUE_TEXT_MAX];
  switch (lq_match_kinds[matcher].set) {
  case LQ_SET_NONE: break;
  case LQ_SET_TEXTS: return entry_text(x->p, &x->p->sets[c], i);
  case LQ_SET_REGEXES: return x->p->strings[x->p->regexes[x->p->sets[c].first + i].text];
  case LQ_SET_CIDRS: return cidr_text(&x->p->cidrs[x->p->sets[c].first + i], scratch);
  case LQ_SET_CONST: return lq_arena_copy(scratch, lq_value_text(&x->p->consts[c], text));
  }
  return LQ_STR("");
}

static bool locate(const lq_subject *x, lq_matcher_kind matcher, uint32_t c, lq_arena *scratch, lq_str *entry,
                   size_t *start, size_t *end)
{
  int64_t at = find(x, matcher, c);
  if (at < 0)
    return false;
  const lq_set *s = &x->p->sets[c];
  *entry = entry_of(x, matcher, c, (uint32_t)at, scratch);
  *start = 0, *end = x->text.n;
  if (matcher == LQ_MATCHER_GLOB || matcher == LQ_MATCHER_GLOB_FOLD)
    lq_glob_locate(*entry, x->text, matcher == LQ_MATCHER_GLOB_FOLD, start, end);
  else if (matcher == LQ_MATCHER_REGEX)
    lq_regex_match(x->p->compiled_regexes[s->first + at], x->text, start, end);
  else if (lq_match_kinds[matcher].tokens)
    find_tokens(x, s, start, end, matcher == LQ_MATCHER_PHRASE ? lq_tokens_phrase : lq_tokens_any);
  return true;
}

bool lq_matcher_locate(const lq_program *p, lq_matcher_kind matcher, uint32_t c, const lq_value *v,
                       lq_arena *scratch, lq_str *entry, size_t *start, size_t *end)
{
  char text[LQ_VALUE_TEXT_MAX];
  lq_subject x = {.p = p, .v = v, .text = lq_value_text(v, text)};
  return locate(&x, matcher, c, scratch, entry, start, end);
}

bool lq_predicate_locate(const lq_program *p, const lq_predicate *q, const lq_value *v, lq_arena *scratch,
                         lq_str *entry, size_t *start, size_t *end)
{
  char text[LQ_VALUE_TEXT_MAX];
  lq_subject x = {.p = p, .v = v, .text = lq_value_text(v, text), .tokens = tokens_of(p, q)};
  return locate(&x, (lq_matcher_kind)q->matcher, q->arg, scratch, entry, start, end);
}

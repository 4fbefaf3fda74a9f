// Each rule has a gate: predicates one of which must hold. Each of these has entries, each entry a longest
// part that a value must have, and a value's parts stand in its line: unless it was made, not read. So this
// asks the tables of the mapping where the values of a field come from.
#include "engine/prefilter.h"

#include "base/glob.h"
#include "engine/gates.h"
#include "stdlib/mapping.h"
#include "vm/exec.h"
#include "vm/tokens.h"

enum { HOPELESS = 1 << 30 }; // rarer than any sum of gates that will do

typedef struct prefilter {
  const lq_program *p;
  lq_arena scratch;
  lq_str texts[LQ_SIEVE_TEXTS];
  size_t n;
} prefilter;

// ---- where values come from

typedef enum origin {
  READ,   // a value, or what is left of it, stands in the line; but for the case of letters
  JOINED, // parts of it do, between backslashes
  MADE,
} origin;

// Numbers are written anew, but no text of a sieve can be one.
static origin origin_of(const lq_map_row *r)
{
  switch (r->transform) {
  case LQ_TO_TEXT:
  case LQ_TO_STRING:
  case LQ_TO_LONG:
  case LQ_TO_BOOL:
  case LQ_TO_LOWER:
  case LQ_TO_BASENAME:
  case LQ_TO_DIRNAME:
  case LQ_TO_EXTENSION:
  case LQ_TO_LOCAL:
  case LQ_TO_ARGC:
  case LQ_TO_WORDS:
  case LQ_TO_WORDC:
  case LQ_TO_LINES:
  case LQ_TO_DOMAIN:
  case LQ_TO_ACCOUNT:
  case LQ_TO_BEFORE:
  case LQ_TO_COMMON_NAME:
  case LQ_TO_HASH:
  case LQ_TO_HASHES:
  case LQ_TO_KEY:
  case LQ_TO_REGISTRY_DATA:
  case LQ_TO_ADDRESS:
  case LQ_TO_ANSWER_DATA:
  case LQ_TO_ANSWER_HOST:
  case LQ_TO_ANSWER_IP:
  case LQ_TO_PAIR:
  case LQ_TO_PAIR_LONG:
  case LQ_TO_PAIR_ARGC:
  case LQ_TO_PAIR_BASENAME:
  case LQ_TO_PAIR_DIRNAME:
  case LQ_TO_PAIR_EXTENSION:
  case LQ_TO_PAIR_DOMAIN:
  case LQ_TO_PAIR_ACCOUNT:
  case LQ_TO_DETAIL: return READ;
  case LQ_TO_JOIN: return JOINED;
  case LQ_TO_CONST:
  case LQ_TO_MATCH:
  case LQ_TO_STAMP:
  case LQ_TO_TIME:
  case LQ_TO_ARGV:      // quotes inside of a word are gone
  case LQ_TO_PAIR_ARGV: // likewise
  case LQ_TO_HIVE:
  case LQ_TO_REGISTRY_TYPE:
  case LQ_TO_ANSWER_TYPE:
  case LQ_TO_CODE:
  case LQ_TO_CODE_OR:
  case LQ_TO_FLAGS:
  case LQ_TO_KEYWORDS:
  case LQ_TO_OUTCOME: break;
  }
  return MADE;
}

static bool holds(prefilter *f, const lq_predicate *q, lq_value v)
{
  lq_str entry;
  size_t start, end;
  return lq_predicate_locate(f->p, q, &v, &f->scratch, &entry, &start, &end);
}

// Some values are made, but known.
static bool holds_made(prefilter *f, const lq_predicate *q, const lq_map_row *r)
{
  const char *sign = memchr(r->arg.p, '=', r->arg.n);
  switch (r->transform) {
  case LQ_TO_CONST: return holds(f, q, lq_string(r->arg));
  case LQ_TO_MATCH:
    return !sign || holds(f, q, lq_bool(true)) ||
           holds(f, q, lq_string(lq_str_slice(r->arg, (size_t)(sign + 1 - r->arg.p), r->arg.n)));
  default: return true;
  }
}

// Does it hold for one of those, with commas between?
static bool holds_any(prefilter *f, const lq_predicate *q, lq_str list)
{
  for (size_t i = 0; i < list.n;) {
    const char *comma = memchr(list.p + i, ',', list.n - i);
    size_t end = comma ? (size_t)(comma - list.p) : list.n;
    if (holds(f, q, lq_string(lq_str_slice(list, i, end))))
      return true;
    i = end + 1;
  }
  return false;
}

static bool holds_kind(prefilter *f, const lq_predicate *q, lq_str field)
{
  size_t n;
  const lq_map_kind *kinds = lq_map_kinds(&n);
  bool category = lq_str_is(field, "event.category"), type = lq_str_is(field, "event.type"),
       action = lq_str_is(field, "event.action");
  for (size_t i = 0; (category || type || action) && i < n; i++) {
    if ((category && holds_any(f, q, kinds[i].categories)) || (type && holds_any(f, q, kinds[i].types)) ||
        (action && holds(f, q, lq_string(kinds[i].action))))
      return true;
  }
  return false;
}

// Of the values for which the predicate may hold.
static origin origin_of_values(prefilter *f, const lq_predicate *q)
{
  const lq_field *field = &f->p->fields[q->field];
  lq_str name = f->p->strings[field->name];
  origin all = READ;
  if (field->scope != LQ_NONE || field->flags & LQ_FIELD_SCOPE || lq_glob_has_wildcard(name) ||
      holds_kind(f, q, name))
    return MADE;
  size_t n;
  const lq_map_row *rows = lq_map_rows(&n);
  for (size_t i = 0; i < n; i++) {
    origin o = lq_str_eq(rows[i].target, name) ? origin_of(&rows[i]) : READ;
    if (o == MADE && !holds_made(f, q, &rows[i]))
      o = READ;
    all = o > all ? o : all;
  }
  return all;
}

// ---- texts

typedef struct part {
  lq_str text;
  uint32_t strength;
} part;

static part stronger(part a, lq_str text)
{
  part b;
  b.text = lq_sieve_part(text, &b.strength);
  return b.strength > a.strength ? b : a;
}

static part part_between(lq_str text, char separator)
{
  part best = {0};
  for (size_t i = 0; i < text.n;) {
    const char *at = memchr(text.p + i, separator, text.n - i);
    size_t end = at ? (size_t)(at - text.p) : text.n;
    best = stronger(best, lq_str_slice(text, i, end));
    i = end + 1;
  }
  return best;
}

// What lies between the words of a phrase is not looked at.
static part part_of_phrase(const prefilter *f, const lq_predicate *q, lq_str phrase)
{
  part best = {0};
  lq_str token;
  lq_tokens how = lq_tokens_of_field(f->p->strings[f->p->fields[q->field].name]);
  for (size_t at = 0; lq_tokens_next(phrase, how, &at, &token);)
    best = stronger(best, token);
  return best;
}

static part part_of(const prefilter *f, const lq_predicate *q, uint32_t entry, origin o)
{
  const lq_set *s = &f->p->sets[q->arg];
  lq_str text = f->p->strings[f->p->set_ids[s->first + entry]];
  if (q->matcher == LQ_MATCHER_PHRASE)
    return o == READ ? part_of_phrase(f, q, text) : (part){0};
  return o == READ ? stronger((part){0}, text) : part_between(text, '\\');
}

static bool has_texts(const lq_predicate *q)
{
  return lq_match_kinds[q->matcher].set == LQ_SET_TEXTS;
}

// What a search for its texts is thought to let pass, as lq_rarity_of has it.
static uint32_t rarity_of(prefilter *f, const lq_predicate *q)
{
  enum { MILLION = 1000000, STRONG = 19 };
  if (!has_texts(q) || f->p->sets[q->arg].count > LQ_SIEVE_TEXTS)
    return HOPELESS;
  origin o = origin_of_values(f, q);
  uint32_t sum = 0;
  for (uint32_t i = 0; o != MADE && i < f->p->sets[q->arg].count; i++) {
    part best = part_of(f, q, i, o);
    if (best.strength == 0)
      return HOPELESS;
    sum += (uint32_t)MILLION >> (best.strength < STRONG ? best.strength : STRONG);
  }
  return o == MADE ? HOPELESS : sum;
}

static bool has_text(const prefilter *f, lq_str text)
{
  for (size_t i = 0; i < f->n; i++) {
    if (lq_str_eq_ascii(f->texts[i], text))
      return true;
  }
  return false;
}

static bool add_texts(prefilter *f, const lq_predicate *q)
{
  origin o = origin_of_values(f, q);
  for (uint32_t i = 0; i < f->p->sets[q->arg].count; i++) {
    lq_str text = part_of(f, q, i, o).text;
    if (has_text(f, text))
      continue;
    if (f->n == LQ_SIEVE_TEXTS)
      return false;
    f->texts[f->n++] = text;
  }
  return true;
}

// ---- rules

// False: it has no gate that would do.
static bool add_rule(prefilter *f, lq_gate_finder *finder, const lq_rule_def *r)
{
  lq_gate gate = lq_gate_find(finder, r->code, r->ncode, NULL);
  bool fine = gate.kind != LQ_GATE_NONE && !finder->failed;
  for (uint32_t i = 0; gate.kind == LQ_GATE_ANY && fine && i < gate.n; i++)
    fine = finder->rarity[gate.ids[i]] < HOPELESS && add_texts(f, &f->p->predicates[gate.ids[i]]);
  return fine;
}

static lq_status add_rules(prefilter *f, const uint32_t *rarity, bool *fine)
{
  lq_gate_finder finder;
  lq_status status = lq_gate_finder_init(&finder, f->p, rarity, f->scratch.mem);
  *fine = true;
  for (size_t i = 0; i < f->p->nrules && status == LQ_OK && *fine; i++) {
    *fine = add_rule(f, &finder, &f->p->rules[i]);
    status = finder.failed ? LQ_E_NOMEM : LQ_OK;
  }
  lq_gate_finder_free(&finder);
  return status;
}

lq_status lq_prefilter_make(lq_sieve **out, const lq_program *p, const lq_mem *mem)
{
  prefilter f = {.p = p, .scratch = {.mem = mem}};
  bool fine = false;
  *out = NULL;
  if (p->nstates > 0 || p->nlineages > 0 || p->nrules == 0 || p->nrules > LQ_SIEVE_TEXTS)
    return LQ_OK;
  uint32_t *rarity = lq_mem_alloc(mem, p->npredicates, sizeof *rarity);
  for (size_t i = 0; rarity && i < p->npredicates; i++)
    rarity[i] = rarity_of(&f, &p->predicates[i]);
  lq_status status = rarity ? add_rules(&f, rarity, &fine) : LQ_E_NOMEM;
  if (status == LQ_OK && fine && f.n > 0)
    status = lq_sieve_new(out, f.texts, f.n, mem);
  lq_arena_free(&f.scratch);
  lq_mem_free(mem, rarity, p->npredicates, sizeof *rarity);
  return status;
}

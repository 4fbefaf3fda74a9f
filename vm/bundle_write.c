// Tables to bytes. The tables are canonical already, so each section is its rows, one after the other.
#include "vm/bundle.h"

#include <blake2.h>

#include "stdlib/functions.h"
#include "vm/bytes.h"

void lq_bundle_hash(const uint8_t *bytes, size_t n, uint8_t out[32])
{
  static const uint8_t zeros[32];
  blake2b_state s;
  memset(out, 0, 32);
  if (n < LQ_BUNDLE_HEADER || blake2b_init(&s, 32) != 0)
    return;
  blake2b_update(&s, bytes, LQ_AT_DIGEST);
  blake2b_update(&s, zeros, sizeof zeros);
  blake2b_update(&s, bytes + LQ_AT_DIGEST + 32, n - LQ_AT_DIGEST - 32);
  blake2b_final(&s, out, 32);
}

typedef struct lq_writing {
  lq_buf *out;
  const lq_program *p;
  size_t base;      // of the bundle in out
  uint32_t section; // rows of the table written so far
  bool wrong;       // the tables are not what lq_verify holds for
  bool large;       // more than the format's 32 bits count
} lq_writing;

static void put(lq_writing *w, const uint8_t *bytes, size_t n)
{
  lq_buf_add(w->out, bytes, n);
}

static void put_words(lq_writing *w, const uint32_t *words, size_t n)
{
  uint8_t row[4 * 12];
  for (size_t i = 0; i < n; i++)
    lq_put32(row + 4 * i, words[i]);
  put(w, row, 4 * n);
}

#define PUT_WORDS(w, ...)                                                                                    \
  put_words(w, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static uint32_t text_id(lq_writing *w, lq_str s)
{
  size_t low = 0, high = w->p->nstrings;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    int order = lq_str_cmp(s, w->p->strings[mid]);
    if (order == 0)
      return (uint32_t)mid;
    if (order < 0)
      high = mid;
    else
      low = mid + 1;
  }
  w->wrong = true;
  return 0;
}

// ---- rows, by the names of vm/sections.def: a section that nothing writes does not compile

static void write_STRDATA(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nstrings; i++)
    lq_buf_str(w->out, w->p->strings[i]);
}

static void write_STRTAB(lq_writing *w)
{
  uint64_t at = 0;
  for (size_t i = 0; i < w->p->nstrings; i++) {
    size_t n = w->p->strings[i].n;
    PUT_WORDS(w, (uint32_t)at, (uint32_t)n);
    at += n;
  }
  w->large |= at > UINT32_MAX;
}

static void write_FIELDS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nfields; i++) {
    const lq_field *f = &w->p->fields[i];
    PUT_WORDS(w, f->name, f->scope, (uint32_t)(f->flags | f->type << 8));
  }
}

static uint64_t bits_of(lq_writing *w, const lq_value *v)
{
  uint64_t bits = 0;
  switch (v->type) {
  case LQ_T_BOOL: return v->b;
  case LQ_T_INT:
  case LQ_T_DATE: return (uint64_t)v->i;
  case LQ_T_UINT: return v->u;
  case LQ_T_DOUBLE: return memcpy(&bits, &v->d, sizeof bits), bits;
  case LQ_T_STRING: return text_id(w, v->s);
  case LQ_T_IP: return (uint64_t)(v->ip - w->p->ips);
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
  w->wrong = true;
  return 0;
}

static void write_CONSTS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nconsts; i++) {
    uint64_t bits = bits_of(w, &w->p->consts[i]);
    PUT_WORDS(w, (uint32_t)w->p->consts[i].type, 0, (uint32_t)bits, (uint32_t)(bits >> 32));
  }
}

static void write_IPS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nips; i++)
    put(w, w->p->ips[i].b, 16);
}

static void write_SETS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nsets; i++)
    PUT_WORDS(w, w->p->sets[i].kind, w->p->sets[i].first, w->p->sets[i].count);
}

static void write_IDS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nset_ids; i++)
    PUT_WORDS(w, w->p->set_ids[i]);
}

static void write_REGEX(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nregexes; i++)
    PUT_WORDS(w, w->p->regexes[i].text, w->p->regexes[i].flags);
}

static void write_CIDR(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ncidrs; i++) {
    put(w, w->p->cidrs[i].base.b, 16);
    PUT_WORDS(w, w->p->cidrs[i].bits);
  }
}

static uint32_t function_name(lq_writing *w, uint32_t fn)
{
  char name[64];
  size_t n = strlen(lq_functions[fn / 2].name);
  if (n + 1 > sizeof name) {
    w->wrong = true;
    return 0;
  }
  memcpy(name, lq_functions[fn / 2].name, n);
  if (fn % 2)
    name[n++] = '~';
  return text_id(w, (lq_str){name, n});
}

static void write_FUNCS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nfunctions; i++)
    PUT_WORDS(w, function_name(w, w->p->functions[i]));
}

static void write_PREDICATES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->npredicates; i++)
    PUT_WORDS(w, w->p->predicates[i].field, w->p->predicates[i].matcher, w->p->predicates[i].arg);
}

static void write_CODE(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ncode; i++) {
    const lq_insn *x = &w->p->code[i];
    PUT_WORDS(w, (uint32_t)x->op | (uint32_t)x->a << 8 | (uint32_t)x->b << 16, x->c);
  }
}

static void write_RULES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nrules; i++) {
    const lq_rule_def *r = &w->p->rules[i];
    PUT_WORDS(w, r->id, r->name, r->code, r->ncode, r->max_stack, r->cost, r->meta, r->nmeta, r->source,
              r->flags, r->state);
  }
}

static void write_SNIPPETS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nsnippets; i++) {
    const lq_snippet *s = &w->p->snippets[i];
    PUT_WORDS(w, s->rule, s->code, s->ncode, s->gives, s->max_stack, s->cost);
  }
}

#define HALVES(number) (uint32_t)(uint64_t)(number), (uint32_t)((uint64_t)(number) >> 32)

static void write_STATES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nstates; i++) {
    const lq_state_def *d = &w->p->states[i];
    PUT_WORDS(w, d->rule, d->kind, HALVES(d->maxspan), d->first_term, d->nterms, d->until, d->first_stage,
              d->nstages, d->flags, 0, 0);
  }
}

static void write_TERMS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nterms; i++) {
    const lq_term_def *t = &w->p->terms[i];
    PUT_WORDS(w, t->snippet, t->flags, t->runs, t->first_key, t->nkeys, t->first_capture, t->ncaptures,
              t->alias);
  }
}

static void write_KEYS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nkeys; i++)
    PUT_WORDS(w, w->p->keys[i].snippet, w->p->keys[i].flags, w->p->keys[i].name);
}

static void write_CAPTURES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ncaptures; i++)
    PUT_WORDS(w, w->p->captures[i].field);
}

static void write_STAGES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nstages; i++) {
    const lq_stage_def *s = &w->p->stages[i];
    PUT_WORDS(w, s->op, s->flags, HALVES(s->number), s->first_arg, s->nargs, s->nby, 0);
  }
}

static void write_STAGEARGS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nstage_args; i++) {
    const lq_stage_arg *a = &w->p->stage_args[i];
    uint32_t name = a->function == LQ_NONE ? LQ_NONE : function_name(w, 2 * a->function);
    PUT_WORDS(w, a->snippet, a->name, name);
  }
}

static void write_LINEAGES(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nlineages; i++)
    PUT_WORDS(w, w->p->lineages[i].rule, w->p->lineages[i].kind, w->p->lineages[i].snippet);
}

static void write_META(lq_writing *w)
{
  for (size_t i = 0; i < w->p->nmeta; i++)
    PUT_WORDS(w, w->p->meta[i].key, w->p->meta[i].value);
}

static void write_DEBUG(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ndebug; i++) {
    const lq_debug *d = &w->p->debug[i];
    PUT_WORDS(w, d->pc, d->start, d->end, d->field, d->nfields, d->flags);
  }
}

static void write_DEBUGFIELDS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ndebug_fields; i++)
    PUT_WORDS(w, w->p->debug_fields[i]);
}

static void write_TESTS(lq_writing *w)
{
  for (size_t i = 0; i < w->p->ntests; i++) {
    const lq_test_def *t = &w->p->tests[i];
    PUT_WORDS(w, t->rule, t->kind, t->count, t->name, t->events, t->line);
  }
}

static void write_PROVENANCE(lq_writing *w)
{
  lq_buf_str(w->out, w->p->provenance);
}

// ---- the whole

typedef struct lq_part {
  uint32_t type, element;
  void (*write)(lq_writing *w);
} lq_part;

static const lq_part parts[LQ_SEC_COUNT] = {
#define LQ_SECTION(name, type, element, doc) [LQ_SEC_##name] = {type, element, write_##name},
#include "vm/sections.def"
#undef LQ_SECTION
};

static size_t rows_of(const lq_program *p, int part)
{
  size_t bytes = 0;
  for (size_t i = 0; part == LQ_SEC_STRDATA && i < p->nstrings; i++)
    bytes += p->strings[i].n;
  switch (part) {
  case LQ_SEC_STRDATA: return bytes;
  case LQ_SEC_STRTAB: return p->nstrings;
  case LQ_SEC_FIELDS: return p->nfields;
  case LQ_SEC_CONSTS: return p->nconsts;
  case LQ_SEC_IPS: return p->nips;
  case LQ_SEC_SETS: return p->nsets;
  case LQ_SEC_IDS: return p->nset_ids;
  case LQ_SEC_REGEX: return p->nregexes;
  case LQ_SEC_CIDR: return p->ncidrs;
  case LQ_SEC_FUNCS: return p->nfunctions;
  case LQ_SEC_PREDICATES: return p->npredicates;
  case LQ_SEC_CODE: return p->ncode;
  case LQ_SEC_RULES: return p->nrules;
  case LQ_SEC_SNIPPETS: return p->nsnippets;
  case LQ_SEC_STATES: return p->nstates;
  case LQ_SEC_TERMS: return p->nterms;
  case LQ_SEC_KEYS: return p->nkeys;
  case LQ_SEC_CAPTURES: return p->ncaptures;
  case LQ_SEC_STAGES: return p->nstages;
  case LQ_SEC_STAGEARGS: return p->nstage_args;
  case LQ_SEC_LINEAGES: return p->nlineages;
  case LQ_SEC_META: return p->nmeta;
  case LQ_SEC_DEBUG: return p->ndebug;
  case LQ_SEC_DEBUGFIELDS: return p->ndebug_fields;
  case LQ_SEC_TESTS: return p->ntests;
  case LQ_SEC_PROVENANCE: return p->provenance.n;
  default: return 0;
  }
}

static void pad(lq_writing *w)
{
  size_t n = w->out->n - w->base;
  lq_buf_fill(w->out, 0, (8 - n % 8) % 8);
}

static void write_part(lq_writing *w, int part)
{
  size_t rows = rows_of(w->p, part);
  if (rows == 0)
    return;
  w->large |= rows >= UINT32_MAX;
  pad(w);
  size_t start = w->out->n;
  parts[part].write(w);
  if (w->out->failed)
    return;
  uint8_t *row = (uint8_t *)w->out->p + w->base + LQ_BUNDLE_HEADER + (size_t)w->section++ * LQ_BUNDLE_SECTION;
  lq_put32(row, parts[part].type);
  lq_put64(row + 8, start - w->base);
  lq_put64(row + 16, w->out->n - start);
  lq_put32(row + 24, (uint32_t)rows);
  lq_put32(row + 28, parts[part].element);
}

static void write_header(lq_writing *w)
{
  uint8_t *h = (uint8_t *)w->out->p + w->base;
  size_t n = w->out->n - w->base;
  memcpy(h, LQ_BUNDLE_MAGIC, 8);
  lq_put16(h + LQ_AT_MAJOR, LQ_BUNDLE_MAJOR);
  lq_put16(h + LQ_AT_MINOR, LQ_BUNDLE_MINOR);
  lq_put32(h + LQ_AT_HEADER_SIZE, LQ_BUNDLE_HEADER);
  lq_put64(h + LQ_AT_FILE_SIZE, n);
  lq_put32(h + LQ_AT_SECTIONS, w->section);
  lq_put64(h + LQ_AT_SEQ, w->p->bundle_seq);
  lq_put64(h + LQ_AT_NOT_AFTER, w->p->not_after);
  lq_put32(h + LQ_AT_LANGUAGE, LQ_BUNDLE_LANGUAGE);
  lq_put32(h + LQ_AT_OPCODES, LQ_BUNDLE_OPCODES);
  lq_bundle_hash(h, n, h + LQ_AT_DIGEST);
}

static size_t sections_of(const lq_program *p)
{
  size_t n = 0;
  for (int i = 0; i < LQ_SEC_COUNT; i++)
    n += rows_of(p, i) > 0;
  return n;
}

lq_status lq_bundle_write(lq_buf *out, const lq_program *p)
{
  lq_writing w = {.out = out, .p = p, .base = out->n};
  lq_buf_fill(out, 0, LQ_BUNDLE_HEADER + sections_of(p) * LQ_BUNDLE_SECTION);
  for (int i = 0; i < LQ_SEC_COUNT && !out->failed; i++)
    write_part(&w, i);
  pad(&w);
  if (out->failed)
    return LQ_E_NOMEM;
  if (w.wrong || w.large)
    return w.wrong ? LQ_E_INTERNAL : LQ_E_LIMIT;
  write_header(&w);
  return LQ_OK;
}

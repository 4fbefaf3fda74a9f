// Bundles: bytes that were verified, and what they hold.
#include "lib/api.h"
#include "vm/disasm.h"

static void hex(char *out, const uint8_t *bytes, size_t n)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
}

static void explain(lq_errinfo *info, lq_status s, const lq_fault *fault)
{
  bool placed = fault && fault->reason;
  const char *text = s == LQ_OK     ? ""
                     : placed       ? lq_reason_text(fault->reason)
                     : s == LQ_E_IO ? "the bundle could not be read"
                                    : lq_status_text(s);
  lq_errinfo facts = {.reason = placed ? (uint32_t)fault->reason : 0, .offset = placed ? fault->at : 0};
  lq_api_explain(info, facts, lq_str_of(text), LQ_STR(""));
}

static lq_status adopt(lq_bundle *b, lq_program *p)
{
  lq_engine_limits limits = {.budget = b->limits.max_budget, .max_scratch = b->limits.max_scratch};
  lq_status s = lq_ruleset_new(&b->rules, p, &limits, &b->mem);
  if (s != LQ_OK)
    return s;
  b->program = lq_ruleset_program(b->rules);
  hex(b->digest, b->program->digest, sizeof b->program->digest);
  return LQ_OK;
}

typedef struct filling {
  lq_fill_fn fill;
  void *user;
} filling;

static bool ask(void *user, void *p, size_t n)
{
  const filling *f = user;
  return f->fill(f->user, p, n) == 0;
}

static lq_status read_by(lq_bundle *b, size_t n, filling f, lq_fault *fault)
{
  const lq_limits *l = &b->limits;
  lq_bundle_limits limits = {.max_bytes = (size_t)l->max_bundle,
                             .max_rules = l->max_rules,
                             .max_cost = l->max_cost,
                             .max_regex_memory = l->max_regex_memory};
  lq_program *p = NULL;
  lq_status s = lq_bundle_read_by(&p, &b->mem, ask, &f, n, &limits, fault);
  return s == LQ_OK ? adopt(b, p) : s;
}

lq_status lq_bundle_load_by(lq_bundle **out, size_t n, lq_fill_fn fill, void *user, const lq_limits *limits,
                            const lq_allocator *allocator, lq_errinfo *info)
{
  lq_limits l;
  if (out)
    *out = NULL;
  if (!out || !fill || (info && !lq_api_has_room(info)) || lq_api_limits(&l, limits) != LQ_OK) {
    explain(info, LQ_E_USAGE, NULL);
    return LQ_E_USAGE;
  }
  lq_mem mem = lq_api_mem(allocator);
  lq_bundle *b = lq_mem_alloc(&mem, 1, sizeof *b);
  if (!b) {
    explain(info, LQ_E_NOMEM, NULL);
    return LQ_E_NOMEM;
  }
  b->mem = mem;
  b->limits = l;
  atomic_init(&b->refs, 1);
  lq_fault fault = {0};
  lq_status s = read_by(b, n, (filling){fill, user}, &fault);
  explain(info, s, &fault);
  if (s == LQ_OK)
    *out = b;
  else
    lq_bundle_free(b);
  return s;
}

static int copy(void *user, void *p, size_t n)
{
  memcpy(p, *(const void *const *)user, n);
  return 0;
}

lq_status lq_bundle_load(lq_bundle **out, const void *bytes, size_t n, const lq_limits *limits,
                         const lq_allocator *allocator, lq_errinfo *info)
{
  bool missing = !bytes && n > 0;
  return lq_bundle_load_by(out, n, missing ? NULL : copy, &bytes, limits, allocator, info);
}

// What const promises is the rules; we made the object, so we know that it may be written.
lq_bundle *lq_bundle_ref(const lq_bundle *b)
{
  lq_bundle *own = (lq_bundle *)(uintptr_t)b;
  if (own)
    atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
  return own;
}

// Release: what this thread read of the bundle comes before; acquire: the one that frees it sees that.
void lq_bundle_free(lq_bundle *b)
{
  if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) > 1)
    return;
  lq_mem mem = b->mem;
  lq_ruleset_free(b->rules);
  lq_mem_free(&mem, b, 1, sizeof *b);
}

lq_text lq_bundle_bytes(const lq_bundle *b)
{
  return (lq_text){(const char *)b->program->bytes, b->program->nbytes};
}
const char *lq_bundle_digest(const lq_bundle *b)
{
  return b->digest;
}

int lq_bundle_is_bundle(const void *bytes, size_t n)
{
  static const char magic[] = "\x89LQB\r\n\x1A\n";
  return n >= 8 && memcmp(bytes, magic, 8) == 0;
}

lq_str lq_bundle_string(const lq_bundle *b, uint32_t id)
{
  return id == LQ_NONE ? LQ_STR("") : b->program->strings[id];
}

// ---- rules

lq_status lq_bundle_rule_meta(const lq_bundle *b, size_t i, const char *key, size_t nth, lq_text *key_out,
                              lq_text *value)
{
  const lq_program *p = b->program;
  if (i >= p->nrules)
    return LQ_E_NOTFOUND;
  const lq_rule_def *r = &p->rules[i];
  for (uint32_t k = 0; k < r->nmeta; k++) {
    const lq_meta *m = &p->meta[r->meta + k];
    if ((key && !lq_str_is(p->strings[m->key], key)) || nth-- > 0)
      continue;
    if (key_out)
      *key_out = lq_text_of(p->strings[m->key]);
    if (value)
      *value = lq_text_of(p->strings[m->value]);
    return LQ_OK;
  }
  return LQ_E_NOTFOUND;
}

lq_str lq_bundle_meta(const lq_bundle *b, uint32_t rule, const char *key)
{
  lq_text v = {"", 0};
  lq_bundle_rule_meta(b, rule, key, 0, NULL, &v);
  return lq_str_make(v.p, v.n);
}

static uint32_t number_of(lq_str s)
{
  uint32_t n = 0;
  for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && n < 100000000; i++)
    n = n * 10 + (uint32_t)(s.p[i] - '0');
  return n;
}

size_t lq_bundle_rule_count(const lq_bundle *b)
{
  return b->program->nrules;
}

lq_status lq_bundle_rule(const lq_bundle *b, size_t i, lq_rule_view *out)
{
  if (i >= b->program->nrules)
    return LQ_E_NOTFOUND;
  const lq_rule_def *r = &b->program->rules[i];
  uint32_t n = (uint32_t)i;
  lq_rule_view v = {
      .id = lq_text_of(lq_bundle_string(b, r->id)),
      .name = lq_text_of(lq_bundle_string(b, r->name)),
      .severity = lq_text_of(lq_bundle_meta(b, n, "severity")),
      .description = lq_text_of(lq_bundle_meta(b, n, "description")),
      .file = lq_text_of(lq_bundle_meta(b, n, "file")),
      .query = lq_text_of(lq_bundle_string(b, r->source)),
      .kind = lq_text_of(lq_bundle_meta(b, n, "kind")),
      .line = number_of(lq_bundle_meta(b, n, "line")),
      .instructions = r->ncode,
      .max_stack = r->max_stack,
      .cost = r->cost,
  };
  return lq_api_give(out, &v, sizeof v);
}

static bool ends_in(lq_str id, lq_str what)
{
  return id.n > what.n && id.p[id.n - what.n - 1] == '/' && lq_str_ends(id, what);
}

static bool has_technique(const lq_bundle *b, size_t rule, lq_str what)
{
  lq_text v;
  for (size_t n = 0; lq_bundle_rule_meta(b, rule, "attack", n, NULL, &v) == LQ_OK; n++) {
    if (lq_str_eq_ascii(lq_str_make(v.p, v.n), what))
      return true;
  }
  return false;
}

lq_status lq_bundle_find(const lq_bundle *b, const char *text, size_t from, size_t *index)
{
  lq_str what = lq_str_of(text);
  for (size_t i = from; i < b->program->nrules; i++) {
    const lq_rule_def *r = &b->program->rules[i];
    lq_str id = lq_bundle_string(b, r->id), name = lq_bundle_string(b, r->name);
    if (lq_str_eq(id, what) || ends_in(id, what) || lq_str_eq(name, what) || has_technique(b, i, what)) {
      *index = i;
      return LQ_OK;
    }
  }
  return LQ_E_NOTFOUND;
}

lq_status lq_bundle_disasm(const lq_bundle *b, size_t rule, lq_write_fn write, void *user)
{
  if (rule >= b->program->nrules)
    return LQ_E_NOTFOUND;
  lq_buf out = {.mem = &b->mem};
  lq_disasm_rule(&out, b->program, (uint32_t)rule);
  return lq_api_write(&out, write, user);
}

// ---- tables

size_t lq_bundle_field_count(const lq_bundle *b)
{
  return b->program->nfields;
}
lq_text lq_bundle_field(const lq_bundle *b, size_t i)
{
  bool there = i < b->program->nfields;
  return lq_text_of(there ? lq_bundle_string(b, b->program->fields[i].name) : LQ_STR(""));
}
size_t lq_bundle_predicate_count(const lq_bundle *b)
{
  return b->program->npredicates;
}

typedef struct section_walk {
  int (*each)(void *user, const lq_section_view *s);
  void *user;
  int stopped;
} section_walk;

static void give_section(void *user, const lq_section_info *s)
{
  section_walk *w = user;
  lq_section_view v = {
      .name = s->name, .type = s->type, .count = s->count, .offset = s->offset, .length = s->length};
  if (!w->stopped)
    w->stopped = w->each(w->user, &v);
}

lq_status lq_bundle_sections(const lq_bundle *b, int (*each)(void *user, const lq_section_view *s),
                             void *user)
{
  section_walk w = {each, user, 0};
  lq_program_sections(b->program, give_section, &w);
  return w.stopped ? LQ_E_CANCELLED : LQ_OK;
}

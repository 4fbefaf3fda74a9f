// Pools to a canonical program: what no rule uses is gone, every table is sorted by content, every number is
// new. So the bundle depends on the rules alone, not on the order they came in or on any hash.

#include "compiler/finish.h"

#include "base/sort.h"
#include "stdlib/functions.h"
#include "vm/bundle.h"

// ---- what is used

void lq_finish_use(lq_finish_table *t, uint32_t i)
{
  t->map[i] = LQ_USED;
}

void lq_finish_use_field(lq_finisher *f, uint32_t i)
{
  for (; i != LQ_NONE && f->fields.map[i] == LQ_UNUSED;
       i = LQ_POOL_ROW(lq_pool_field, f->pool->fields, i).scope) {
    lq_finish_use(&f->fields, i);
    lq_finish_use(&f->strings, LQ_POOL_ROW(lq_pool_field, f->pool->fields, i).name);
  }
}

static void use_const(lq_finisher *f, uint32_t i)
{
  lq_pool_const row = LQ_POOL_ROW(lq_pool_const, f->pool->consts, i);
  lq_finish_use(&f->consts, i);
  if (row.type == LQ_T_STRING)
    lq_finish_use(&f->strings, row.text);
}

static void use_set(lq_finisher *f, uint32_t i)
{
  size_t n;
  const void *members = lq_pool_set_members(f->pool, i, &n);
  lq_set_kind kind = lq_pool_set_kind(f->pool, i);
  bool seen = f->sets.map[i] == LQ_USED;
  lq_finish_use(&f->sets, i);
  for (size_t k = 0; k < n && !seen && kind != LQ_SET_CIDRS; k++)
    lq_finish_use(&f->strings, kind == LQ_SET_TEXTS ? ((const uint32_t *)members)[k]
                                                    : ((const lq_regex_def *)members)[k].text);
}

static void use_predicate(lq_finisher *f, uint32_t i)
{
  if (f->predicates.map[i] == LQ_USED)
    return;
  lq_pool_predicate row = LQ_POOL_ROW(lq_pool_predicate, f->pool->predicates, i);
  lq_finish_use(&f->predicates, i);
  lq_finish_use_field(f, row.field);
  lq_set_kind kind = lq_match_kinds[row.matcher].set;
  if (kind == LQ_SET_CONST)
    use_const(f, row.arg);
  else if (kind != LQ_SET_NONE)
    use_set(f, row.arg);
}

void lq_finish_use_operand(lq_finisher *f, char letter, uint32_t i)
{
  switch (letter) {
  case 'p': use_predicate(f, i); break;
  case 'f': lq_finish_use_field(f, i); break;
  case 'k': use_const(f, i); break;
  case 's': use_set(f, i); break;
  case 'c': lq_finish_use(&f->functions, i); break;
  default: break;
  }
}

static lq_str function_name(lq_finisher *f, uint32_t i)
{
  uint32_t fn = LQ_POOL_ROW(uint32_t, f->pool->functions, i);
  return lq_arena_format(&f->arena, "%s%s", lq_functions[fn / 2].name, fn & 1 ? "~" : "");
}

static void use_all(lq_finisher *f, const uint32_t *function_names)
{
  for (size_t i = 0; i < f->c->nrules; i++)
    lq_finish_use_rule(f, &f->c->rules[i]);
  for (size_t i = 0; i < f->c->ntests; i++) {
    lq_finish_use(&f->strings, f->c->tests[i].name);
    lq_finish_use(&f->strings, f->c->tests[i].events);
  }
  for (size_t i = 0; i < f->pool->functions.n; i++) {
    if (f->functions.map[i] == LQ_USED)
      lq_finish_use(&f->strings, function_names[i]);
  }
}

// ---- new numbers

static int by_content(const void *a, const void *b)
{
  const lq_sort_row *x = a, *y = b;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  int text = lq_str_cmp(x->text, y->text);
  for (int i = 0; i < 3 && text == 0; i++)
    text = (x->key[i] > y->key[i]) - (x->key[i] < y->key[i]);
  return text;
}

static uint64_t begin_of(lq_str text)
{
  uint64_t n = 0;
  for (size_t i = 0; i < sizeof n; i++)
    n = n << 8 | (i < text.n ? (uint8_t)text.p[i] : 0);
  return n;
}

void lq_finish_sort(lq_sort_row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    rows[i].begin = begin_of(rows[i].text);
  if (n > 0)
    lq_sort(rows, n, sizeof *rows, by_content);
}

// Fills t with the used rows in the order of what `describe` says of them.
static bool renumber(lq_finisher *f, lq_finish_table *t, size_t total,
                     void (*describe)(lq_finisher *f, uint32_t old, lq_sort_row *row))
{
  lq_sort_row *rows = lq_arena_array(&f->arena, total, sizeof *rows);
  t->old = lq_arena_array(&f->arena, total, sizeof *t->old);
  if (!rows || !t->old)
    return false;
  for (uint32_t i = 0; i < total; i++) {
    if (t->map[i] == LQ_USED) {
      rows[t->n] = (lq_sort_row){.old = i, .text = LQ_STR("")};
      describe(f, i, &rows[t->n++]);
    }
    t->map[i] = LQ_NONE;
  }
  lq_finish_sort(rows, t->n);
  for (uint32_t i = 0; i < t->n; i++) {
    t->old[i] = rows[i].old;
    t->map[rows[i].old] = i;
  }
  return !f->arena.failed;
}

static void describe_string(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  row->text = f->pool->strings.keys[i];
}

// Scopes first, outer ones before inner ones: a field is tied to one with a smaller number.
static void describe_field(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  lq_pool_field r = LQ_POOL_ROW(lq_pool_field, f->pool->fields, i);
  uint32_t depth = 0, outer = r.scope;
  lq_buf ties = {.mem = f->arena.mem};
  lq_buf_str(&ties, f->pool->strings.keys[r.name]);
  for (; outer != LQ_NONE; depth++) {
    lq_pool_field o = LQ_POOL_ROW(lq_pool_field, f->pool->fields, outer);
    lq_buf_byte(&ties, '\0');
    lq_buf_str(&ties, f->pool->strings.keys[o.name]);
    outer = o.scope;
  }
  row->kind = (r.flags & LQ_FIELD_SCOPE ? 0 : 16) + depth;
  row->text = lq_arena_copy(&f->arena, lq_buf_get(&ties));
  f->arena.failed = f->arena.failed || ties.failed;
  lq_buf_free(&ties);
  row->key[0] = r.flags;
  row->key[1] = r.type;
}

static void describe_const(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  lq_pool_const r = LQ_POOL_ROW(lq_pool_const, f->pool->consts, i);
  row->kind = r.type;
  // Signed ones in the order of their values.
  row->key[0] = r.type == LQ_T_INT || r.type == LQ_T_DATE ? r.bits ^ (uint64_t)1 << 63 : r.bits;
  if (r.type == LQ_T_STRING)
    row->text = f->pool->strings.keys[r.text];
  if (r.type == LQ_T_IP)
    row->text = lq_arena_copy(&f->arena, (lq_str){(const char *)r.ip, sizeof r.ip});
}

static void describe_function(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  row->text = function_name(f, i);
}

// ---- sets

static int by_id(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}
static int by_regex(const void *a, const void *b)
{
  const lq_regex_def *x = a, *y = b;
  int text = (x->text > y->text) - (x->text < y->text);
  return text ? text : (x->flags > y->flags) - (x->flags < y->flags);
}

static uint32_t big_endian(uint32_t v)
{
  uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
  memcpy(&v, b, sizeof v);
  return v;
}

// Members with their new text numbers, in order, as words whose bytes sort as the words do.
static void describe_set(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  size_t n;
  const void *members = lq_pool_set_members(f->pool, i, &n);
  row->kind = (uint32_t)lq_pool_set_kind(f->pool, i);
  size_t size = lq_pool_member_size((lq_set_kind)row->kind);
  row->text = (lq_str){members, n * size};
  if (row->kind == LQ_SET_CIDRS)
    return;
  uint32_t *words = lq_arena_alloc(&f->arena, n * size);
  if (!words)
    return;
  memcpy(words, members, n * size);
  size_t step = size / sizeof *words, total = n * step;
  for (size_t k = 0; k < total; k += step)
    words[k] = f->strings.map[words[k]];
  lq_sort(words, n, size, row->kind == LQ_SET_TEXTS ? by_id : by_regex);
  for (size_t k = 0; k < total; k++)
    words[k] = big_endian(words[k]);
  row->text.p = (const char *)words;
}

static void fill_set(lq_finisher *f, lq_set *s, const lq_sort_row *row)
{
  const uint32_t *words = (const uint32_t *)(const void *)row->text.p;
  lq_program *p = &f->p;
  s->kind = row->kind;
  s->count = (uint32_t)(row->text.n / lq_pool_member_size((lq_set_kind)row->kind));
  s->first = (uint32_t)(row->kind == LQ_SET_TEXTS     ? p->nset_ids
                        : row->kind == LQ_SET_REGEXES ? p->nregexes
                                                      : p->ncidrs);
  for (uint32_t k = 0; k < s->count; k++) {
    if (row->kind == LQ_SET_TEXTS) {
      p->set_ids[p->nset_ids++] = big_endian(words[k]);
    } else if (row->kind == LQ_SET_REGEXES) {
      p->regexes[p->nregexes++] = (lq_regex_def){big_endian(words[2 * k]), big_endian(words[2 * k + 1])};
    } else {
      lq_pool_cidr c = ((const lq_pool_cidr *)(const void *)row->text.p)[k];
      lq_cidr *to = &p->cidrs[p->ncidrs++];
      memcpy(to->base.b, c.base, sizeof c.base);
      to->bits = (uint8_t)c.bits;
    }
  }
}

static bool make_sets(lq_finisher *f)
{
  size_t ids = 0, regexes = 0, cidrs = 0;
  if (!renumber(f, &f->sets, f->pool->sets.n, describe_set))
    return false;
  for (size_t i = 0; i < f->sets.n; i++) {
    size_t n;
    lq_pool_set_members(f->pool, f->sets.old[i], &n);
    lq_set_kind kind = lq_pool_set_kind(f->pool, f->sets.old[i]);
    *(kind == LQ_SET_TEXTS ? &ids : kind == LQ_SET_REGEXES ? &regexes : &cidrs) += n;
  }
  lq_program *p = &f->p;
  p->sets = lq_arena_array(&f->arena, f->sets.n, sizeof *p->sets);
  p->set_ids = lq_arena_array(&f->arena, ids, sizeof *p->set_ids);
  p->regexes = lq_arena_array(&f->arena, regexes, sizeof *p->regexes);
  p->cidrs = lq_arena_array(&f->arena, cidrs, sizeof *p->cidrs);
  for (size_t i = 0; i < f->sets.n && !f->arena.failed; i++) {
    lq_sort_row row = {0};
    describe_set(f, f->sets.old[i], &row);
    if (!f->arena.failed)
      fill_set(f, &p->sets[p->nsets++], &row);
  }
  return !f->arena.failed;
}

// ---- other tables

static bool make_strings(lq_finisher *f)
{
  if (!renumber(f, &f->strings, f->pool->strings.n, describe_string))
    return false;
  f->p.strings = lq_arena_array(&f->arena, f->strings.n, sizeof *f->p.strings);
  for (size_t i = 0; i < f->strings.n && !f->arena.failed; i++)
    f->p.strings[f->p.nstrings++] = f->pool->strings.keys[f->strings.old[i]];
  return !f->arena.failed;
}

static bool make_fields(lq_finisher *f)
{
  if (!renumber(f, &f->fields, f->pool->fields.n, describe_field))
    return false;
  f->p.fields = lq_arena_array(&f->arena, f->fields.n, sizeof *f->p.fields);
  for (size_t i = 0; i < f->fields.n && !f->arena.failed; i++) {
    lq_pool_field r = LQ_POOL_ROW(lq_pool_field, f->pool->fields, f->fields.old[i]);
    f->p.fields[f->p.nfields++] = (lq_field){
        .name = f->strings.map[r.name],
        .scope = r.scope == LQ_NONE ? LQ_NONE : f->fields.map[r.scope],
        .flags = (uint8_t)r.flags,
        .type = (uint8_t)r.type,
    };
  }
  return !f->arena.failed;
}

static lq_value const_value(lq_finisher *f, const lq_pool_const *r)
{
  lq_value v = {.type = (lq_type)r->type};
  switch (v.type) {
  case LQ_T_BOOL: v.b = r->bits != 0; break;
  case LQ_T_INT:
  case LQ_T_DATE: v.i = (int64_t)r->bits; break;
  case LQ_T_UINT: v.u = r->bits; break;
  case LQ_T_DOUBLE: memcpy(&v.d, &r->bits, sizeof v.d); break;
  case LQ_T_STRING: v.s = f->pool->strings.keys[r->text]; break;
  case LQ_T_IP:
    memcpy(f->p.ips[f->p.nips].b, r->ip, sizeof r->ip);
    v.ip = &f->p.ips[f->p.nips++];
    break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
  return v;
}

static bool make_consts(lq_finisher *f)
{
  if (!renumber(f, &f->consts, f->pool->consts.n, describe_const))
    return false;
  f->p.consts = lq_arena_array(&f->arena, f->consts.n, sizeof *f->p.consts);
  f->p.ips = lq_arena_array(&f->arena, f->consts.n, sizeof *f->p.ips);
  for (size_t i = 0; i < f->consts.n && !f->arena.failed; i++) {
    lq_pool_const r = LQ_POOL_ROW(lq_pool_const, f->pool->consts, f->consts.old[i]);
    f->p.consts[f->p.nconsts++] = const_value(f, &r);
  }
  return !f->arena.failed;
}

static bool make_functions(lq_finisher *f)
{
  if (!renumber(f, &f->functions, f->pool->functions.n, describe_function))
    return false;
  f->p.functions = lq_arena_array(&f->arena, f->functions.n, sizeof *f->p.functions);
  for (size_t i = 0; i < f->functions.n && !f->arena.failed; i++)
    f->p.functions[f->p.nfunctions++] = LQ_POOL_ROW(uint32_t, f->pool->functions, f->functions.old[i]);
  return !f->arena.failed;
}

static lq_predicate mapped_predicate(const lq_finisher *f, uint32_t old)
{
  lq_pool_predicate r = LQ_POOL_ROW(lq_pool_predicate, f->pool->predicates, old);
  lq_set_kind kind = lq_match_kinds[r.matcher].set;
  uint32_t arg = kind == LQ_SET_NONE ? 0 : kind == LQ_SET_CONST ? f->consts.map[r.arg] : f->sets.map[r.arg];
  return (lq_predicate){.field = f->fields.map[r.field], .matcher = (uint8_t)r.matcher, .arg = arg};
}

static void describe_predicate(lq_finisher *f, uint32_t i, lq_sort_row *row)
{
  lq_predicate p = mapped_predicate(f, i);
  row->key[0] = p.field;
  row->key[1] = p.matcher;
  row->key[2] = p.arg;
}

static bool make_predicates(lq_finisher *f)
{
  if (!renumber(f, &f->predicates, f->pool->predicates.n, describe_predicate))
    return false;
  f->p.predicates = lq_arena_array(&f->arena, f->predicates.n, sizeof *f->p.predicates);
  for (size_t i = 0; i < f->predicates.n && !f->arena.failed; i++)
    f->p.predicates[f->p.npredicates++] = mapped_predicate(f, f->predicates.old[i]);
  return !f->arena.failed;
}

// ---- all of it

static bool start_table(lq_finisher *f, lq_finish_table *t, size_t n)
{
  t->map = lq_arena_array(&f->arena, n, sizeof *t->map);
  return t->map != NULL;
}

static bool start(lq_finisher *f)
{
  return start_table(f, &f->strings, f->pool->strings.n) && start_table(f, &f->fields, f->pool->fields.n) &&
         start_table(f, &f->consts, f->pool->consts.n) && start_table(f, &f->sets, f->pool->sets.n) &&
         start_table(f, &f->functions, f->pool->functions.n) &&
         start_table(f, &f->predicates, f->pool->predicates.n);
}

// Functions are linked by name, so their names are texts too. Giving them numbers may grow the string pool.
static uint32_t *name_functions(lq_finisher *f, lq_compiler *c)
{
  uint32_t *names = lq_arena_array(&f->arena, c->pool.functions.n, sizeof *names);
  for (uint32_t i = 0; names && i < c->pool.functions.n; i++) {
    names[i] = lq_pool_string(&c->pool, function_name(f, i));
    if (names[i] == LQ_NONE)
      return NULL;
  }
  return f->arena.failed ? NULL : names;
}

static lq_status assemble(lq_finisher *f, lq_compiler *c)
{
  uint32_t *names = name_functions(f, c);
  if (!names || !start(f) || !lq_finish_order_rules(f))
    return LQ_E_NOMEM;
  use_all(f, names);
  if (!make_strings(f) || !make_fields(f) || !make_consts(f) || !make_sets(f) || !make_functions(f) ||
      !make_predicates(f) || !lq_finish_rules(f) || !lq_finish_tests(f))
    return LQ_E_NOMEM;
  f->p.mem = c->mem;
  f->p.provenance = c->provenance;
  return lq_finish_measure(f);
}

lq_status lq_compiler_finish(lq_compiler *c, lq_buf *bundle)
{
  lq_finisher f = {.c = c, .pool = &c->pool, .arena = {.mem = c->mem}};
  lq_status st = c->lost_provenance ? LQ_E_NOMEM : assemble(&f, c);
  if (!st)
    st = lq_bundle_write(bundle, &f.p);
  lq_arena_free(&f.arena);
  return st;
}

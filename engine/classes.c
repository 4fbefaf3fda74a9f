// Learning classes, and finding that of an event.
//
// A class is learnt from its first event, so that which fields of an event are read does not hang on what
// came before. There is room for so many; then others go the way that knows nothing, until events enough have
// come to begin anew.
#include "engine/classes.h"

#include "engine/class_cuts.h"
#include "engine/class_memo.h"
#include "engine/internal.h"
#include "engine/outcomes.h"

enum { CLASSES_MAX = 1024, PLACES = 4 * CLASSES_MAX, PROBES = 16, BYTES_MAX = 16 << 20 };
enum { PATIENCE = 1 << 16 }; // events between two beginnings
enum { CUTS_AFTER = 2 };     // classes; cuts cost about as much as one

struct lq_classes {
  lq_engine *engine;
  const lq_mem *mem;
  lq_class_memo *memo;
  lq_outcomes *outcomes;
  lq_gate_finder finder;
  lq_gate_plan_maker maker;
  lq_class_cuts *cuts;     // NULL: not made
  uint8_t *known;          // by predicate; all 0 between classes
  uint32_t *trues;         // room for the predicates over all class fields
  uint32_t *key;           // of the event
  uint32_t *ids;           // of a gate that is made smaller
  lq_class *list;          // room for CLASSES_MAX
  uint16_t places[PLACES]; // class and 1 more; 0: free
  size_t n, bytes, patience;
};

// ---- fields

static bool is_class_field(lq_str name)
{
  static const lq_str names[] = {
#define LQ_CLASS_FIELD(name, per_mille) LQ_STR_INIT(name),
#include "engine/class_fields.def"
#undef LQ_CLASS_FIELD
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (lq_str_eq(name, names[i]))
      return true;
  }
  return false;
}

static void add_slots(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  lq_class_fields *f = &rs->class_fields;
  for (uint32_t i = 0; i < p->nfields; i++) {
    const lq_field *field = &p->fields[i];
    bool plain = field->scope == LQ_NONE && !(field->flags & LQ_FIELD_SCOPE);
    if (!plain || f->has[rs->slots[i]] || f->n == LQ_CLASS_FIELDS_MAX ||
        !is_class_field(p->strings[field->name]))
      continue;
    f->slots[f->n++] = rs->slots[i];
    f->has[rs->slots[i]] = (uint8_t)f->n;
    lq_slot_set_add(&f->set, rs->slots[i]);
  }
}

uint32_t lq_class_field_of(const lq_ruleset *rs, uint32_t predicate)
{
  const lq_program *p = rs->program;
  return lq_predicate_is_shared(p, predicate)
             ? rs->class_fields.has[rs->slots[p->predicates[predicate].field]]
             : 0;
}

static bool add_predicates(lq_ruleset *rs)
{
  lq_class_fields *f = &rs->class_fields;
  for (uint32_t i = 0; i < rs->program->npredicates; i++) {
    if (lq_class_field_of(rs, i))
      f->first[lq_class_field_of(rs, i)]++;
  }
  for (uint32_t i = 0; i < f->n; i++)
    f->first[i + 1] += f->first[i];
  f->predicates = lq_mem_alloc(rs->mem, f->first[f->n], sizeof *f->predicates);
  if (!f->predicates)
    return false;
  uint32_t at[LQ_CLASS_FIELDS_MAX];
  memcpy(at, f->first, sizeof at);
  for (uint32_t i = 0; i < rs->program->npredicates; i++) {
    if (lq_class_field_of(rs, i))
      f->predicates[at[lq_class_field_of(rs, i) - 1]++] = i;
  }
  return true;
}

lq_status lq_class_fields_find(lq_ruleset *rs)
{
  lq_class_fields *f = &rs->class_fields;
  size_t nslots = lq_fieldmap_slots(rs->fields);
  f->has = lq_mem_alloc(rs->mem, nslots, sizeof *f->has);
  if (!f->has || lq_slot_set_init(&f->set, nslots, rs->mem))
    return LQ_E_NOMEM;
  add_slots(rs);
  return add_predicates(rs) ? LQ_OK : LQ_E_NOMEM;
}

void lq_class_fields_free(lq_ruleset *rs)
{
  lq_class_fields *f = &rs->class_fields;
  lq_mem_free(rs->mem, f->predicates, f->first[f->n], sizeof *f->predicates);
  lq_mem_free(rs->mem, f->has, lq_fieldmap_slots(rs->fields), sizeof *f->has);
  lq_slot_set_free(&f->set);
}

// ---- keys

// The predicates over a class field that hold, appended; false: one of them has no answer.
static bool ask_field(lq_classes *c, uint32_t field, size_t *n)
{
  lq_engine *e = c->engine;
  const lq_class_fields *f = &e->rs->class_fields;
  lq_engine_ask_slot(e, f->slots[field]);
  for (uint32_t i = f->first[field]; i < f->first[field + 1]; i++) {
    uint32_t p = f->predicates[i];
    if (lq_engine_is_denied(e, p) || !lq_engine_may_hold(e, &e->exec, p))
      continue;
    if (!e->exec.memo[p])
      return false;
    c->trues[(*n)++] = p;
  }
  return true;
}

static uint32_t outcome_of(lq_classes *c, uint32_t field)
{
  lq_engine *e = c->engine;
  uint32_t slot = e->rs->class_fields.slots[field];
  size_t n = 0;
  if (!lq_event_first(e->exec.event, slot))
    return LQ_OUTCOME_NOTHING;
  uint32_t o = lq_outcomes_recall(c->outcomes, field, slot, e->exec.event);
  if (o == LQ_NO_OUTCOME && ask_field(c, field, &n))
    o = lq_outcomes_learn(c->outcomes, c->trues, n);
  return o;
}

static bool make_key(lq_classes *c, bool terms, uint64_t *hash)
{
  uint32_t n = c->engine->rs->class_fields.n;
  uint64_t h = terms;
  for (uint32_t i = 0; i < n; i++) {
    c->key[i] = outcome_of(c, i);
    if (c->key[i] == LQ_NO_OUTCOME)
      return false;
    h = (h ^ c->key[i]) * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 29;
  }
  c->key[n] = terms;
  *hash = h;
  return true;
}

// ---- learning

// What a gate that everybody keeps to comes to in a class.
static lq_gate fixed_gate(lq_classes *c, uint32_t condition)
{
  const lq_ruleset *rs = c->engine->rs;
  const lq_gate_range *r = &rs->gates[condition];
  lq_gate g = {.kind = (lq_gate_kind)r->kind, .ids = c->ids};
  for (uint32_t i = r->first; i < r->first + r->n; i++) {
    uint32_t p = rs->gate_ids[i];
    if (c->known[p] == 2)
      return (lq_gate){.kind = LQ_GATE_NONE};
    if (!c->known[p])
      c->ids[g.n++] = p;
  }
  if (g.kind == LQ_GATE_ANY && g.n == 0)
    g.kind = LQ_GATE_NEVER;
  return g;
}

static lq_gate gate_in_class(lq_classes *c, uint32_t condition)
{
  const lq_engine *e = c->engine;
  const lq_condition *d = &e->rs->conditions[condition];
  if (d->reads)
    return fixed_gate(c, condition);
  if (c->cuts && lq_class_cuts_say_no(c->cuts, condition, c->known))
    return (lq_gate){.kind = LQ_GATE_NEVER};
  uint32_t ncode;
  const lq_insn *code = lq_condition_code(e->rs, d, &ncode);
  lq_gate g = lq_gate_find(&c->finder, (uint32_t)(code - e->rs->program->code), ncode, c->known);
  if (g.kind == LQ_GATE_ANY && !lq_layer_is_on(e->layers_off, LQ_LAYER_GATES))
    return (lq_gate){.kind = LQ_GATE_NONE};
  return g;
}

static bool plan_class(lq_classes *c, lq_class *k, bool terms)
{
  const lq_ruleset *rs = c->engine->rs;
  lq_gate_plan_begin(&c->maker);
  for (uint32_t i = 0; i < (terms ? rs->nconditions : rs->nwhole); i++) {
    lq_gate g = gate_in_class(c, i);
    if (c->finder.failed || !lq_gate_plan_add(&c->maker, i, &g))
      return false;
  }
  return lq_gate_plan_make(&k->plan, &c->maker, rs, c->mem) == LQ_OK;
}

static void know(lq_classes *c, uint8_t truth, const uint32_t *predicates, size_t n)
{
  for (size_t i = 0; i < n; i++)
    c->known[predicates[i]] = truth;
}

static size_t trues_of(lq_classes *c, const uint32_t *key)
{
  size_t n = 0, more;
  for (uint32_t i = 0; i < c->engine->rs->class_fields.n; i++) {
    if (key[i] == LQ_OUTCOME_NOTHING)
      continue;
    const uint32_t *ids = lq_outcomes_trues(c->outcomes, key[i], &more);
    memcpy(c->trues + n, ids, more * sizeof *ids);
    n += more;
  }
  return n;
}

static size_t size_of(const lq_classes *c, const lq_class *k)
{
  return lq_gate_plan_size(&k->plan) + (k->ntrues + c->engine->rs->class_fields.n + 1) * sizeof *k->trues;
}

static void drop(lq_classes *c, lq_class *k)
{
  lq_gate_plan_free(&k->plan);
  lq_mem_free(c->mem, k->trues, k->ntrues, sizeof *k->trues);
  lq_mem_free(c->mem, k->key, c->engine->rs->class_fields.n + 1, sizeof *k->key);
}

static bool fill(lq_classes *c, lq_class *k, uint64_t hash, bool terms)
{
  const lq_class_fields *f = &c->engine->rs->class_fields;
  size_t n = trues_of(c, c->key);
  *k = (lq_class){.hash = hash, .ntrues = n};
  k->trues = lq_mem_alloc(c->mem, n, sizeof *k->trues);
  k->key = lq_mem_alloc(c->mem, f->n + 1, sizeof *k->key);
  if (!k->trues || !k->key)
    return false;
  memcpy(k->key, c->key, (f->n + 1) * sizeof *k->key);
  if (n)
    memcpy(k->trues, c->trues, n * sizeof *k->trues);
  know(c, 1, f->predicates, f->first[f->n]);
  know(c, 2, k->trues, n);
  bool fine = plan_class(c, k, terms);
  know(c, 0, f->predicates, f->first[f->n]);
  return fine;
}

static void begin_anew(lq_classes *c)
{
  for (size_t i = 0; i < c->n; i++)
    drop(c, &c->list[i]);
  memset(c->places, 0, sizeof c->places);
  lq_outcomes_clear(c->outcomes);
  lq_class_memo_clear(c->memo);
  c->n = c->bytes = c->patience = 0;
}

// ---- finding

static const lq_class *learn(lq_classes *c, uint16_t *place, uint64_t hash, bool terms)
{
  if (c->n == CLASSES_MAX || c->bytes > BYTES_MAX)
    return NULL;
  if (c->n == CUTS_AFTER && !c->cuts)
    c->cuts = lq_class_cuts_new(c->engine->rs, c->mem);
  lq_class *k = &c->list[c->n];
  if (!fill(c, k, hash, terms)) { // no memory: slower, and the same
    drop(c, k);
    return NULL;
  }
  c->bytes += size_of(c, k);
  *place = (uint16_t)++c->n;
  c->engine->stats.classes = c->n;
  return k;
}

static const lq_class *find(lq_classes *c, uint64_t hash, bool terms)
{
  size_t nkey = (c->engine->rs->class_fields.n + 1) * sizeof *c->key;
  for (size_t i = 0; i < PROBES; i++) {
    uint16_t *place = &c->places[((hash >> 20) + i) & (PLACES - 1)];
    if (*place == 0)
      return learn(c, place, hash, terms);
    lq_class *k = &c->list[*place - 1];
    if (k->hash == hash && memcmp(k->key, c->key, nkey) == 0)
      return k;
  }
  return NULL;
}

static const lq_class *find_by_fields(lq_classes *c, bool terms)
{
  uint64_t hash;
  const lq_class *k = make_key(c, terms, &hash) ? find(c, hash, terms) : NULL;
  if (k)
    lq_class_memo_learn(c->memo, (uint32_t)(k - c->list));
  return k;
}

static void count(lq_classes *c, bool found)
{
  lq_engine_stats *s = &c->engine->stats;
  s->class_hits += found;
  s->class_fallbacks += !found;
  if (!found && c->patience++ > PATIENCE)
    begin_anew(c);
}

lq_status lq_classes_find(lq_classes *c, lq_cursor *cursor, bool terms, const lq_class **found)
{
  const lq_class_fields *f = &c->engine->rs->class_fields;
  *found = NULL;
  lq_status status = lq_cursor_need_rest(cursor, &f->set);
  if (status)
    return status;
  uint32_t number = lq_class_memo_recall(c->memo, cursor, f->slots, f->n, terms);
  if (number != LQ_NO_CLASS)
    *found = &c->list[number];
  else if ((status = lq_cursor_need(cursor, &f->set)))
    return status;
  else
    *found = find_by_fields(c, terms);
  count(c, *found != NULL);
  return LQ_OK;
}

// ---- life

lq_status lq_classes_new(lq_classes **out, lq_engine *e)
{
  const lq_program *p = e->rs->program;
  const lq_class_fields *f = &e->rs->class_fields;
  lq_classes *c = *out = lq_mem_alloc(e->mem, 1, sizeof *c);
  if (!c)
    return LQ_E_NOMEM;
  c->engine = e;
  c->mem = e->mem;
  c->known = lq_mem_alloc(c->mem, p->npredicates, sizeof *c->known);
  c->trues = lq_mem_alloc(c->mem, f->first[f->n], sizeof *c->trues);
  c->key = lq_mem_alloc(c->mem, f->n + 1, sizeof *c->key);
  c->ids = lq_mem_alloc(c->mem, LQ_GATE_MAX, sizeof *c->ids);
  c->list = lq_mem_alloc(c->mem, CLASSES_MAX, sizeof *c->list);
  if (c->known && c->trues && c->key && c->ids && c->list && !lq_outcomes_new(&c->outcomes, c->mem) &&
      !lq_class_memo_new(&c->memo, c->mem) && !lq_gate_finder_init(&c->finder, p, e->rs->rarity, c->mem) &&
      !lq_gate_plan_maker_init(&c->maker, p->npredicates, c->mem))
    return LQ_OK;
  lq_classes_free(c);
  *out = NULL;
  return LQ_E_NOMEM;
}

void lq_classes_free(lq_classes *c)
{
  if (!c)
    return;
  const lq_ruleset *rs = c->engine->rs;
  const lq_class_fields *f = &rs->class_fields;
  for (size_t i = 0; i < c->n; i++)
    drop(c, &c->list[i]);
  lq_class_cuts_free(c->cuts);
  lq_outcomes_free(c->outcomes);
  lq_class_memo_free(c->memo);
  lq_gate_finder_free(&c->finder);
  lq_gate_plan_maker_free(&c->maker);
  lq_mem_free(c->mem, c->known, rs->program->npredicates, sizeof *c->known);
  lq_mem_free(c->mem, c->trues, f->first[f->n], sizeof *c->trues);
  lq_mem_free(c->mem, c->key, f->n + 1, sizeof *c->key);
  lq_mem_free(c->mem, c->ids, LQ_GATE_MAX, sizeof *c->ids);
  lq_mem_free(c->mem, c->list, CLASSES_MAX, sizeof *c->list);
  lq_mem_free(c->mem, c, 1, sizeof *c);
}

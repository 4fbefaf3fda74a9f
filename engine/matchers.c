// The matchers of a program: which predicates they answer, by slot. The tables of a slot come later
// (match_make.c).
#include "base/glob.h"
#include "base/utf8.h"
#include "engine/match_parts.h"

enum { REQUIRED_MIN = 3 };

typedef struct grouping {
  lq_matchers *m;
  const lq_program *p;
  lq_arena lists;
  uint8_t *shapes;             // of strings: shape, when somebody has asked
  size_t entries, entries_max; // of sets that were looked at
} grouping;

// ---- who is covered

// A string as a set may have it. A text that is compared as a whole may not be one that would be taken for a
// pattern.
typedef enum shape { UNKNOWN, WHOLE = 1, PATTERN = 2, UNFIT = 4 } shape;

typedef struct look {
  bool wild, other; // there are wildcards; other bytes that are not ASCII
} look;

static void look_at_bytes(look *l, const char *p, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint8_t c = (uint8_t)p[i];
    l->wild |= c >= (uint8_t)LQ_ANY_ONE;
    l->other |= (c >= 0x80) & (c < (uint8_t)LQ_ANY_ONE);
  }
}

// Nearly all are of ASCII and a wildcard or two, and long ones are many.
static shape look_at(lq_str text)
{
  look l = {0};
  size_t i = 0;
  for (uint64_t word; text.n - i >= sizeof word; i += sizeof word) {
    memcpy(&word, text.p + i, sizeof word);
    if (word & UINT64_C(0x8080808080808080))
      look_at_bytes(&l, text.p + i, sizeof word);
  }
  look_at_bytes(&l, text.p + i, text.n - i);
  return !l.wild ? WHOLE : !l.other || lq_pattern_is_fit(text) ? PATTERN : UNFIT;
}

static shape shape_of(grouping *g, uint32_t id)
{
  if (g->shapes[id] != UNKNOWN)
    return (shape)g->shapes[id];
  shape x = look_at(g->p->strings[id]);
  g->shapes[id] = (uint8_t)x;
  return x;
}

// Of all strings of a set.
static int shapes_of(grouping *g, const lq_predicate *q)
{
  const lq_set *s = &g->p->sets[q->arg];
  int shapes = 0;
  for (uint32_t i = 0; i < s->count; i++)
    shapes |= shape_of(g, g->p->set_ids[s->first + i]);
  return shapes;
}

static bool all_required(const lq_program *p, const lq_predicate *q)
{
  const lq_set *s = &p->sets[q->arg];
  char text[LQ_REQUIRED_MAX];
  for (uint32_t i = 0; i < s->count; i++) {
    if (lq_regex_required(p->strings[p->regexes[s->first + i].text], text).n < REQUIRED_MIN)
      return false;
  }
  return true;
}

static bool is_fit(grouping *g, const lq_predicate *q)
{
  switch ((lq_matcher_kind)q->matcher) {
  case LQ_MATCHER_EXISTS:
  case LQ_MATCHER_CIDR:
  case LQ_MATCHER_LT:
  case LQ_MATCHER_LE:
  case LQ_MATCHER_GT:
  case LQ_MATCHER_GE:
  case LQ_MATCHER_PHRASE: return true;
  case LQ_MATCHER_EQ:
  case LQ_MATCHER_EQ_FOLD:
  case LQ_MATCHER_TOKENS_ANY: return !(shapes_of(g, q) & ~WHOLE);
  case LQ_MATCHER_GLOB:
  case LQ_MATCHER_GLOB_FOLD: return !(shapes_of(g, q) & UNFIT);
  case LQ_MATCHER_REGEX: return all_required(g->p, q);
  case LQ_MATCHER_COUNT: break;
  }
  return false;
}

static bool has_set(const lq_predicate *q)
{
  lq_set_kind kind = lq_match_kinds[q->matcher].set;
  return kind != LQ_SET_NONE && kind != LQ_SET_CONST;
}

// Sets may be shared by any number of predicates; neither memory nor looking at them must: what would take
// more than a few times the sets themselves is left to the plain way.
static bool covers(grouping *g, const lq_predicate *q)
{
  const lq_field *f = &g->p->fields[q->field];
  size_t count = has_set(q) ? g->p->sets[q->arg].count : 0;
  if (f->scope != LQ_NONE || f->flags & LQ_FIELD_SCOPE || count > g->entries_max - g->entries)
    return false;
  g->entries += count;
  return is_fit(g, q);
}

static void group(grouping *g)
{
  lq_matchers *m = g->m;
  g->entries_max = 1024 + 4 * (g->p->nset_ids + g->p->ncidrs + g->p->nregexes);
  for (size_t i = 0; i < g->p->npredicates; i++) {
    m->covered[i] = covers(g, &g->p->predicates[i]);
    m->first[m->field_slots[g->p->predicates[i].field]] += m->covered[i];
  }
  for (size_t i = 0; i < m->nslots; i++)
    m->first[i + 1] += m->first[i]; // the end of each
  for (size_t i = g->p->npredicates; i-- > 0;) {
    if (m->covered[i])
      m->predicates[--m->first[m->field_slots[g->p->predicates[i].field]]] = (uint32_t)i;
  }
}

// ---- what is known of a slot before it is made

size_t lq_matchers_entries(const lq_matchers *m, size_t slot)
{
  const lq_program *p = m->program;
  size_t n = 0;
  for (uint32_t i = m->first[slot]; i < m->first[slot + 1]; i++) {
    const lq_predicate *q = &p->predicates[m->predicates[i]];
    n += has_set(q) ? p->sets[q->arg].count : 0;
  }
  return n;
}

// Is it likely to remember its values? What cannot be found by a hash takes longer than that.
static bool remembers(grouping *g, size_t slot)
{
  const lq_matchers *m = g->m;
  for (uint32_t i = m->first[slot]; i < m->first[slot + 1]; i++) {
    const lq_predicate *q = &g->p->predicates[m->predicates[i]];
    lq_matcher_kind kind = (lq_matcher_kind)q->matcher;
    bool glob = kind == LQ_MATCHER_GLOB || kind == LQ_MATCHER_GLOB_FOLD;
    if (glob ? shapes_of(g, q) & PATTERN : has_set(q) && kind != LQ_MATCHER_EQ && kind != LQ_MATCHER_EQ_FOLD)
      return true;
  }
  return false;
}

static void add_up(grouping *g)
{
  lq_matchers *m = g->m;
  for (size_t i = 0; i < m->nslots; i++) {
    size_t n = lq_matchers_entries(m, i);
    m->most_patterns = n > m->most_patterns ? n : m->most_patterns;
    m->remembering += remembers(g, i);
  }
}

// ---- all of it

static void make(grouping *g)
{
  lq_matchers *m = g->m;
  const lq_program *p = g->p;
  m->slots = lq_arena_array(&m->arena, m->nslots, sizeof *m->slots);
  m->covered = lq_arena_array(&m->arena, p->npredicates, sizeof *m->covered);
  m->first = lq_arena_array(&m->arena, m->nslots + 1, sizeof *m->first);
  m->predicates = lq_arena_array(&m->arena, p->npredicates, sizeof *m->predicates);
  m->maker = lq_match_maker_new(m);
  g->shapes = lq_arena_array(&g->lists, p->nstrings, sizeof *g->shapes);
  if (m->arena.failed || g->lists.failed || !m->maker)
    return;
  group(g);
  add_up(g);
}

lq_status lq_matchers_new(lq_matchers **out, const lq_program *p, const uint32_t *slots, size_t nslots,
                          const lq_mem *mem)
{
  *out = NULL;
  lq_matchers *m = lq_mem_alloc(mem, 1, sizeof *m);
  if (!m)
    return LQ_E_NOMEM;
  *m = (lq_matchers){.program = p, .field_slots = slots, .nslots = nslots, .mem = mem, .arena.mem = mem};
  grouping g = {.m = m, .p = p, .lists.mem = mem};
  make(&g);
  bool failed = m->arena.failed || g.lists.failed || !m->maker;
  lq_arena_free(&g.lists);
  if (failed)
    lq_matchers_free(m);
  else
    *out = m;
  return failed ? LQ_E_NOMEM : LQ_OK;
}

void lq_matchers_free(lq_matchers *m)
{
  if (!m)
    return;
  lq_match_maker_free(m->maker);
  lq_arena_free(&m->arena);
  lq_mem_free(m->mem, m, 1, sizeof *m);
}

bool lq_matchers_covers(const lq_matchers *m, uint32_t predicate)
{
  return m->covered[predicate];
}

size_t lq_matchers_bytes(const lq_matchers *m)
{
  return sizeof *m + m->arena.total + lq_match_maker_bytes(m->maker);
}

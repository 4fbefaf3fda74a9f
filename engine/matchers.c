// Making the matchers of a program: the predicates of each slot, the patterns they share, the tables that
// find those.
#include "base/glob.h"
#include "base/utf8.h"
#include "engine/match_parts.h"

enum { REQUIRED_MIN = 3 };

typedef struct maker {
  lq_matchers *m;
  const lq_program *p;
  lq_arena lists, scratch;      // of the whole making; of one slot
  uint32_t *first, *predicates; // by slot, and one more: where its covered predicates begin
  uint32_t *pattern_of;         // by string: its pattern, if that is one of the list at hand
  uint32_t list;                // where that list begins
  uint32_t ntargets;
  uint8_t *shapes;             // of strings: shape, when somebody has asked
  size_t entries, entries_max; // of covered sets
} maker;

// ---- who is covered

// A string as a set may have it. A text that is compared as a whole may not be one that would be taken for a
// pattern.
typedef enum shape { UNKNOWN, WHOLE = 1, PATTERN = 2, UNFIT = 4 } shape;

static shape shape_of(maker *k, uint32_t id)
{
  if (k->shapes[id] != UNKNOWN)
    return (shape)k->shapes[id];
  lq_str text = k->p->strings[id];
  bool whole = lq_utf8_is_ascii(text) || !lq_glob_has_wildcard(text);
  shape x = whole ? WHOLE : lq_pattern_is_fit(text) ? PATTERN : UNFIT;
  k->shapes[id] = (uint8_t)x;
  return x;
}

static bool all_shaped(maker *k, const lq_predicate *q, int shapes)
{
  const lq_set *s = &k->p->sets[q->arg];
  for (uint32_t i = 0; i < s->count; i++) {
    if (!(shape_of(k, k->p->set_ids[s->first + i]) & shapes))
      return false;
  }
  return true;
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

static bool is_fit(maker *k, const lq_predicate *q)
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
  case LQ_MATCHER_TOKENS_ANY: return all_shaped(k, q, WHOLE);
  case LQ_MATCHER_GLOB:
  case LQ_MATCHER_GLOB_FOLD: return all_shaped(k, q, WHOLE | PATTERN);
  case LQ_MATCHER_REGEX: return all_required(k->p, q);
  case LQ_MATCHER_COUNT: break;
  }
  return false;
}

static bool has_set(const lq_predicate *q)
{
  lq_set_kind kind = lq_match_kinds[q->matcher].set;
  return kind != LQ_SET_NONE && kind != LQ_SET_CONST;
}

// Sets may be shared by any number of predicates, memory must not: what would take more than a few times the
// sets themselves is left to the plain way.
static bool covers(maker *k, const lq_predicate *q)
{
  const lq_field *f = &k->p->fields[q->field];
  size_t count = has_set(q) ? k->p->sets[q->arg].count : 0;
  if (f->scope != LQ_NONE || f->flags & LQ_FIELD_SCOPE || count > k->entries_max - k->entries)
    return false;
  if (!is_fit(k, q))
    return false;
  k->entries += count;
  return true;
}

static void group(maker *k)
{
  lq_matchers *m = k->m;
  k->entries_max = 1024 + 4 * (k->p->nset_ids + k->p->ncidrs + k->p->nregexes);
  for (size_t i = 0; i < k->p->npredicates; i++) {
    m->covered[i] = covers(k, &k->p->predicates[i]);
    k->first[m->field_slots[k->p->predicates[i].field]] += m->covered[i];
  }
  for (size_t i = 0; i < m->nslots; i++)
    k->first[i + 1] += k->first[i]; // the end of each
  for (size_t i = k->p->npredicates; i-- > 0;) {
    if (m->covered[i])
      k->predicates[--k->first[m->field_slots[k->p->predicates[i].field]]] = (uint32_t)i;
  }
}

// ---- patterns

static uint32_t pattern_for(maker *k, uint32_t text)
{
  lq_matchers *m = k->m;
  uint32_t at = k->pattern_of[text];
  if (at < k->list || at >= m->npatterns || m->patterns[at].text != text) {
    at = k->pattern_of[text] = m->npatterns++;
    m->patterns[at] = (lq_pattern){.text = text, .wild = k->shapes[text] & PATTERN};
  }
  return at;
}

static bool is_of(const lq_program *p, uint32_t predicate, lq_matcher_kind a, lq_matcher_kind b)
{
  return p->predicates[predicate].matcher == a || p->predicates[predicate].matcher == b;
}

// The texts of the slot's predicates with these matchers, each once, with whoever has it.
static lq_pattern_list list_texts(maker *k, size_t slot, lq_matcher_kind a, lq_matcher_kind b)
{
  lq_matchers *m = k->m;
  k->list = m->npatterns;
  for (int filling = 0; filling < 2; filling++) {
    for (uint32_t i = k->first[slot]; i < k->first[slot + 1]; i++) {
      const lq_set *s = &k->p->sets[k->p->predicates[k->predicates[i]].arg];
      for (uint32_t e = 0; is_of(k->p, k->predicates[i], a, b) && e < s->count; e++) {
        lq_pattern *x = &m->patterns[pattern_for(k, k->p->set_ids[s->first + e])];
        if (filling)
          m->targets[x->first + x->n] = k->predicates[i];
        x->n++;
      }
    }
    for (uint32_t i = k->list; i < m->npatterns && !filling; i++) {
      m->patterns[i].first = k->ntargets;
      k->ntargets += m->patterns[i].n;
      m->patterns[i].n = 0;
    }
  }
  return (lq_pattern_list){k->p, m->patterns, k->list, m->npatterns - k->list};
}

// ---- what is looked for besides texts and patterns

static void add_literal(lq_literals *out, lq_str text, uint32_t pattern, lq_key_kind kind)
{
  out->rows[out->n++] = (lq_literal){.text = text, .key = {.pattern = pattern, .kind = (uint8_t)kind}};
}

static size_t entries_of(const maker *k, size_t slot, lq_matcher_kind a, lq_matcher_kind b)
{
  size_t n = 0;
  for (uint32_t i = k->first[slot]; i < k->first[slot + 1]; i++)
    n += is_of(k->p, k->predicates[i], a, b) ? k->p->sets[k->p->predicates[k->predicates[i]].arg].count : 0;
  return n;
}

static lq_literals room(maker *k, size_t n)
{
  return (lq_literals){.rows = lq_arena_array(&k->scratch, n, sizeof(lq_literal))};
}

static lq_literals regex_literals(maker *k, size_t slot)
{
  lq_matchers *m = k->m;
  lq_literals out = room(k, entries_of(k, slot, LQ_MATCHER_REGEX, LQ_MATCHER_REGEX));
  for (uint32_t i = k->first[slot]; out.rows && i < k->first[slot + 1]; i++) {
    const lq_set *s = &k->p->sets[k->p->predicates[k->predicates[i]].arg];
    for (uint32_t e = 0; is_of(k->p, k->predicates[i], LQ_MATCHER_REGEX, LQ_MATCHER_REGEX) && e < s->count;
         e++) {
      char text[LQ_REQUIRED_MAX];
      uint32_t regex = s->first + e;
      lq_str literal = lq_regex_required(k->p->strings[k->p->regexes[regex].text], text);
      m->patterns[m->npatterns] = (lq_pattern){regex, k->ntargets, 1, false};
      m->targets[k->ntargets++] = k->predicates[i];
      add_literal(&out, lq_arena_copy(&m->arena, literal), m->npatterns++, LQ_KEY_REGEX);
    }
  }
  return out;
}

// Of a text that has to be one token: itself. Of a phrase: its first token.
static lq_literals token_literals(maker *k, size_t slot, lq_tokens how)
{
  lq_literals out = room(k, entries_of(k, slot, LQ_MATCHER_TOKENS_ANY, LQ_MATCHER_PHRASE));
  for (int phrase = 0; phrase < 2 && out.rows; phrase++) {
    lq_matcher_kind kind = phrase ? LQ_MATCHER_PHRASE : LQ_MATCHER_TOKENS_ANY;
    lq_pattern_list list = list_texts(k, slot, kind, kind);
    for (uint32_t i = list.first; i < list.first + list.n; i++) {
      lq_str text = k->p->strings[list.patterns[i].text], token;
      size_t at = 0;
      if (lq_tokens_next(text, how, &at, &token) && (phrase || lq_str_eq(text, token)))
        add_literal(&out, token, i, phrase ? LQ_KEY_PHRASE : LQ_KEY_TOKEN);
    }
  }
  return out;
}

// ---- a slot

static lq_plane *make_plane(maker *k, const lq_pattern_list *list, const lq_literals *more,
                            lq_literals *carry)
{
  if (list->n + more->n == 0)
    return NULL;
  lq_plane *plane = lq_arena_alloc(&k->m->arena, sizeof *plane);
  if (plane)
    lq_plane_make(plane, &k->m->arena, &k->scratch, list, more, carry);
  return plane;
}

static bool is_any_wild(const lq_pattern_list *list)
{
  for (uint32_t i = list->first; i < list->first + list->n; i++) {
    if (list->patterns[i].wild)
      return true;
  }
  return false;
}

// What was carried from the plane of unfolded texts: where a text has it, the folded text has it folded.
static void fold_literals(maker *k, lq_literals *more, const lq_literals *carried)
{
  for (size_t i = 0; i < carried->n; i++) {
    lq_str text = carried->rows[i].text;
    char *p = lq_arena_alloc(&k->m->arena, LQ_FOLD_ROOM(text.n));
    if (p)
      add_literal(more, (lq_str){p, lq_fold_into(p, text)}, carried->rows[i].key.pattern, LQ_KEY_RAW);
  }
}

// If the folded text is read anyway, it is read for literals in unfolded patterns too.
static void make_planes(maker *k, size_t slot, lq_slot_matcher *x)
{
  lq_literals none = {0}, carried, more = regex_literals(k, slot);
  lq_pattern_list raw = list_texts(k, slot, LQ_MATCHER_EQ, LQ_MATCHER_GLOB);
  lq_pattern_list folded = list_texts(k, slot, LQ_MATCHER_EQ_FOLD, LQ_MATCHER_GLOB_FOLD);
  carried = room(k, raw.n);
  lq_literals all = room(k, raw.n + more.n);
  if (!carried.rows || !all.rows)
    return;
  if (more.n > 0)
    memcpy(all.rows, more.rows, more.n * sizeof *all.rows);
  all.n = more.n;
  x->planes[LQ_FORM_RAW] = make_plane(k, &raw, &none, is_any_wild(&folded) ? &carried : NULL);
  fold_literals(k, &all, &carried);
  x->planes[LQ_FORM_FOLDED] = make_plane(k, &folded, &all, NULL);
}

static bool is_number(lq_str token)
{
  return token.p[0] >= '0' && token.p[0] <= '9';
}

// A text with the phrase has all of its tokens; the longest is likely to be the rarest, numbers apart: texts
// are full of dates.
static void use_longest(maker *k, lq_literal *x)
{
  lq_str phrase = k->p->strings[k->m->patterns[x->key.pattern].text], token;
  for (size_t at = 0; lq_tokens_next(phrase, LQ_TOKENS_WORDS, &at, &token);) {
    bool better = is_number(token) == is_number(x->text) ? token.n > x->text.n : is_number(x->text);
    x->text = better ? token : x->text;
  }
  x->key.kind = LQ_KEY_WORD;
}

static void make_tokens(maker *k, size_t slot, lq_slot_matcher *x)
{
  lq_matchers *m = k->m;
  if (entries_of(k, slot, LQ_MATCHER_TOKENS_ANY, LQ_MATCHER_PHRASE) == 0)
    return;
  uint32_t field = k->p->predicates[k->predicates[k->first[slot]]].field;
  x->how = lq_tokens_of_field(k->p->strings[k->p->fields[field].name]);
  lq_literals tokens = token_literals(k, slot, x->how);
  for (size_t i = 0; i < tokens.n; i++)
    m->longest_word = tokens.rows[i].text.n > m->longest_word ? tokens.rows[i].text.n : m->longest_word;
  // Words are not plain to see. A text that has none of them anywhere need not be cut.
  if (x->how == LQ_TOKENS_WORDS)
    lq_exact_make(&x->words, &m->arena, tokens.rows, (uint32_t)tokens.n);
  for (size_t i = 0; i < tokens.n && x->how == LQ_TOKENS_WORDS; i++)
    use_longest(k, &tokens.rows[i]);
  x->planes[LQ_FORM_TOKENS] = make_plane(k, &(lq_pattern_list){.program = k->p}, &tokens, NULL);
}

static void make_networks(maker *k, size_t slot, lq_slot_matcher *x)
{
  size_t n = entries_of(k, slot, LQ_MATCHER_CIDR, LQ_MATCHER_CIDR);
  x->networks = n > 0 ? lq_arena_array(&k->m->arena, n, sizeof *x->networks) : NULL;
  for (uint32_t i = k->first[slot]; x->networks && i < k->first[slot + 1]; i++) {
    const lq_set *s = &k->p->sets[k->p->predicates[k->predicates[i]].arg];
    for (uint32_t e = 0; is_of(k->p, k->predicates[i], LQ_MATCHER_CIDR, LQ_MATCHER_CIDR) && e < s->count; e++)
      x->networks[x->nnetworks++] = (lq_network){k->p->cidrs[s->first + e], k->predicates[i]};
  }
  lq_networks_sort(x->networks, x->nnetworks);
}

static void make_lists(maker *k, size_t slot, lq_slot_matcher *x)
{
  uint32_t n = k->first[slot + 1] - k->first[slot];
  x->exists = lq_arena_array(&k->m->arena, n, sizeof *x->exists);
  for (uint32_t i = k->first[slot]; x->exists && i < k->first[slot + 1]; i++) {
    if (k->p->predicates[k->predicates[i]].matcher == LQ_MATCHER_EXISTS)
      x->exists[x->nexists++] = k->predicates[i];
  }
  x->orders = x->exists ? x->exists + x->nexists : NULL;
  for (uint32_t i = k->first[slot]; x->orders && i < k->first[slot + 1]; i++) {
    if (lq_match_kinds[k->p->predicates[k->predicates[i]].matcher].set == LQ_SET_CONST)
      x->orders[x->norders++] = k->predicates[i];
  }
}

// Finding whole texts takes no longer than remembering what was found.
static bool pays_to_remember(const lq_slot_matcher *x)
{
  enum { MANY_ORDERS = 16 };
  bool plain = !x->words.texts && !x->nnetworks && x->norders < MANY_ORDERS;
  for (int i = 0; i < LQ_FORMS; i++)
    plain &= !x->planes[i] || lq_plane_is_plain(x->planes[i]);
  return !plain;
}

static void make_slot(maker *k, size_t slot)
{
  lq_matchers *m = k->m;
  lq_slot_matcher *x = lq_arena_alloc(&m->arena, sizeof *x);
  if (!x)
    return;
  lq_arena_reset(&k->scratch);
  make_lists(k, slot, x);
  make_planes(k, slot, x);
  make_tokens(k, slot, x);
  make_networks(k, slot, x);
  x->remembers = pays_to_remember(x);
  m->remembering += x->remembers;
  m->slots[slot] = x;
  m->arena.failed |= k->scratch.failed; // a reset forgets it
}

// ---- all of it

static void make(maker *k)
{
  lq_matchers *m = k->m;
  const lq_program *p = k->p;
  m->slots = lq_arena_array(&m->arena, m->nslots, sizeof *m->slots);
  m->covered = lq_arena_array(&m->arena, p->npredicates, sizeof *m->covered);
  k->first = lq_arena_array(&k->lists, m->nslots + 1, sizeof *k->first);
  k->predicates = lq_arena_array(&k->lists, p->npredicates, sizeof *k->predicates);
  k->shapes = lq_arena_array(&k->lists, p->nstrings, sizeof *k->shapes);
  k->pattern_of = lq_arena_array(&k->lists, p->nstrings, sizeof *k->pattern_of);
  if (m->arena.failed || k->lists.failed)
    return;
  group(k);
  m->patterns = lq_arena_array(&m->arena, k->entries, sizeof *m->patterns);
  m->targets = lq_arena_array(&m->arena, k->entries, sizeof *m->targets);
  for (size_t i = 0; i < m->nslots && !m->arena.failed; i++) {
    if (k->first[i] < k->first[i + 1])
      make_slot(k, i);
  }
}

lq_status lq_matchers_new(lq_matchers **out, const lq_program *p, const uint32_t *slots, size_t nslots,
                          const lq_mem *mem)
{
  *out = NULL;
  lq_matchers *m = lq_mem_alloc(mem, 1, sizeof *m);
  if (!m)
    return LQ_E_NOMEM;
  *m = (lq_matchers){.program = p, .field_slots = slots, .nslots = nslots, .mem = mem, .arena.mem = mem};
  maker k = {.m = m, .p = p, .lists.mem = mem, .scratch.mem = mem};
  make(&k);
  bool failed = m->arena.failed || k.lists.failed;
  lq_arena_free(&k.lists);
  lq_arena_free(&k.scratch);
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
  lq_arena_free(&m->arena);
  lq_mem_free(m->mem, m, 1, sizeof *m);
}

bool lq_matchers_covers(const lq_matchers *m, uint32_t predicate)
{
  return m->covered[predicate];
}

size_t lq_matchers_bytes(const lq_matchers *m)
{
  return sizeof *m + m->arena.total;
}

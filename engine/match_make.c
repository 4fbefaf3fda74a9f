// Making the tables of a slot when it is asked for first: its patterns, and what finds them. Most of a large
// rule set's fields are never met, and making the tables of all would take as long as all else that loading
// does.
#include <pthread.h>

#include "base/glob.h"
#include "base/utf8.h"
#include "engine/match_parts.h"

struct lq_match_maker {
  const lq_matchers *m;
  const lq_program *p;
  const lq_mem *mem;
  pthread_mutex_t busy;
  lq_arena arena, scratch; // of what was made; of the slot at hand
  lq_slot_matcher *x;      // the slot at hand
  uint32_t npatterns, ntargets;
  uint32_t *pattern_of; // by string: its pattern, if that is one of the list at hand
  uint32_t list;        // where that list begins
};

// ---- patterns

static bool is_wild(lq_str text)
{
  return !lq_utf8_is_ascii(text) && lq_glob_has_wildcard(text);
}

static uint32_t pattern_for(lq_match_maker *k, uint32_t text)
{
  uint32_t at = k->pattern_of[text];
  if (at < k->list || at >= k->npatterns || k->x->patterns[at].text != text) {
    at = k->pattern_of[text] = k->npatterns++;
    k->x->patterns[at] = (lq_pattern){.text = text, .wild = is_wild(k->p->strings[text])};
  }
  return at;
}

static bool is_of(const lq_program *p, uint32_t predicate, lq_matcher_kind a, lq_matcher_kind b)
{
  return p->predicates[predicate].matcher == a || p->predicates[predicate].matcher == b;
}

// The texts of the slot's predicates with these matchers, each once, with whoever has it.
static lq_pattern_list list_texts(lq_match_maker *k, size_t slot, lq_matcher_kind a, lq_matcher_kind b)
{
  k->list = k->npatterns;
  for (int filling = 0; filling < 2; filling++) {
    for (uint32_t i = k->m->first[slot]; i < k->m->first[slot + 1]; i++) {
      const lq_set *s = &k->p->sets[k->p->predicates[k->m->predicates[i]].arg];
      for (uint32_t e = 0; is_of(k->p, k->m->predicates[i], a, b) && e < s->count; e++) {
        lq_pattern *x = &k->x->patterns[pattern_for(k, k->p->set_ids[s->first + e])];
        if (filling)
          k->x->targets[x->first + x->n] = k->m->predicates[i];
        x->n++;
      }
    }
    for (uint32_t i = k->list; i < k->npatterns && !filling; i++) {
      k->x->patterns[i].first = k->ntargets;
      k->ntargets += k->x->patterns[i].n;
      k->x->patterns[i].n = 0;
    }
  }
  return (lq_pattern_list){k->p, k->x->patterns, k->list, k->npatterns - k->list};
}

// ---- what is looked for besides texts and patterns

static void add_literal(lq_literals *out, lq_str text, uint32_t pattern, lq_key_kind kind)
{
  out->rows[out->n++] = (lq_literal){.text = text, .key = {.pattern = pattern, .kind = (uint8_t)kind}};
}

static size_t entries_of(const lq_match_maker *k, size_t slot, lq_matcher_kind a, lq_matcher_kind b)
{
  size_t n = 0;
  for (uint32_t i = k->m->first[slot]; i < k->m->first[slot + 1]; i++)
    n += is_of(k->p, k->m->predicates[i], a, b) ? k->p->sets[k->p->predicates[k->m->predicates[i]].arg].count
                                                : 0;
  return n;
}

static lq_literals room(lq_match_maker *k, size_t n)
{
  return (lq_literals){.rows = lq_arena_array(&k->scratch, n, sizeof(lq_literal))};
}

static lq_literals regex_literals(lq_match_maker *k, size_t slot)
{
  lq_literals out = room(k, entries_of(k, slot, LQ_MATCHER_REGEX, LQ_MATCHER_REGEX));
  for (uint32_t i = k->m->first[slot]; out.rows && i < k->m->first[slot + 1]; i++) {
    const lq_set *s = &k->p->sets[k->p->predicates[k->m->predicates[i]].arg];
    for (uint32_t e = 0; is_of(k->p, k->m->predicates[i], LQ_MATCHER_REGEX, LQ_MATCHER_REGEX) && e < s->count;
         e++) {
      char text[LQ_REQUIRED_MAX];
      uint32_t regex = s->first + e;
      lq_str literal = lq_regex_required(k->p->strings[k->p->regexes[regex].text], text);
      k->x->patterns[k->npatterns] = (lq_pattern){regex, k->ntargets, 1, false};
      k->x->targets[k->ntargets++] = k->m->predicates[i];
      add_literal(&out, lq_arena_copy(&k->arena, literal), k->npatterns++, LQ_KEY_REGEX);
    }
  }
  return out;
}

// Of a text that has to be one token: itself. Of a phrase: its first token.
static lq_literals token_literals(lq_match_maker *k, size_t slot, lq_tokens how)
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

static lq_plane *make_plane(lq_match_maker *k, const lq_pattern_list *list, const lq_literals *more,
                            lq_literals *carry)
{
  if (list->n + more->n == 0)
    return NULL;
  lq_plane *plane = lq_arena_alloc(&k->arena, sizeof *plane);
  if (plane)
    lq_plane_make(plane, &k->arena, &k->scratch, list, more, carry);
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
static void fold_literals(lq_match_maker *k, lq_literals *more, const lq_literals *carried)
{
  for (size_t i = 0; i < carried->n; i++) {
    lq_str text = carried->rows[i].text;
    char *p = lq_arena_alloc(&k->arena, LQ_FOLD_ROOM(text.n));
    if (p)
      add_literal(more, (lq_str){p, lq_fold_into(p, text)}, carried->rows[i].key.pattern, LQ_KEY_RAW);
  }
}

// If the folded text is read anyway, it is read for literals in unfolded patterns too.
static void make_planes(lq_match_maker *k, size_t slot, lq_slot_matcher *x)
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
static void use_longest(lq_match_maker *k, lq_literal *x)
{
  lq_str phrase = k->p->strings[k->x->patterns[x->key.pattern].text], token;
  for (size_t at = 0; lq_tokens_next(phrase, LQ_TOKENS_WORDS, &at, &token);) {
    bool better = is_number(token) == is_number(x->text) ? token.n > x->text.n : is_number(x->text);
    x->text = better ? token : x->text;
  }
  x->key.kind = LQ_KEY_WORD;
}

static void make_tokens(lq_match_maker *k, size_t slot, lq_slot_matcher *x)
{
  if (entries_of(k, slot, LQ_MATCHER_TOKENS_ANY, LQ_MATCHER_PHRASE) == 0)
    return;
  uint32_t field = k->p->predicates[k->m->predicates[k->m->first[slot]]].field;
  x->how = lq_tokens_of_field(k->p->strings[k->p->fields[field].name]);
  lq_literals tokens = token_literals(k, slot, x->how);
  for (size_t i = 0; i < tokens.n; i++)
    x->longest_word = tokens.rows[i].text.n > x->longest_word ? tokens.rows[i].text.n : x->longest_word;
  // Words are not plain to see. A text that has none of them anywhere need not be cut.
  if (x->how == LQ_TOKENS_WORDS)
    lq_exact_make(&x->words, &k->arena, tokens.rows, (uint32_t)tokens.n);
  for (size_t i = 0; i < tokens.n && x->how == LQ_TOKENS_WORDS; i++)
    use_longest(k, &tokens.rows[i]);
  x->planes[LQ_FORM_TOKENS] = make_plane(k, &(lq_pattern_list){.program = k->p}, &tokens, NULL);
}

static void make_networks(lq_match_maker *k, size_t slot, lq_slot_matcher *x)
{
  size_t n = entries_of(k, slot, LQ_MATCHER_CIDR, LQ_MATCHER_CIDR);
  x->networks = n > 0 ? lq_arena_array(&k->arena, n, sizeof *x->networks) : NULL;
  for (uint32_t i = k->m->first[slot]; x->networks && i < k->m->first[slot + 1]; i++) {
    const lq_set *s = &k->p->sets[k->p->predicates[k->m->predicates[i]].arg];
    for (uint32_t e = 0; is_of(k->p, k->m->predicates[i], LQ_MATCHER_CIDR, LQ_MATCHER_CIDR) && e < s->count;
         e++)
      x->networks[x->nnetworks++] = (lq_network){k->p->cidrs[s->first + e], k->m->predicates[i]};
  }
  lq_networks_sort(x->networks, x->nnetworks);
}

static void make_lists(lq_match_maker *k, size_t slot, lq_slot_matcher *x)
{
  uint32_t n = k->m->first[slot + 1] - k->m->first[slot];
  x->exists = lq_arena_array(&k->arena, n, sizeof *x->exists);
  for (uint32_t i = k->m->first[slot]; x->exists && i < k->m->first[slot + 1]; i++) {
    if (k->p->predicates[k->m->predicates[i]].matcher == LQ_MATCHER_EXISTS)
      x->exists[x->nexists++] = k->m->predicates[i];
  }
  x->orders = x->exists ? x->exists + x->nexists : NULL;
  for (uint32_t i = k->m->first[slot]; x->orders && i < k->m->first[slot + 1]; i++) {
    if (lq_match_kinds[k->p->predicates[k->m->predicates[i]].matcher].set == LQ_SET_CONST)
      x->orders[x->norders++] = k->m->predicates[i];
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

static void make_tables(lq_match_maker *k, size_t slot, lq_slot_matcher *x)
{
  make_lists(k, slot, x);
  make_planes(k, slot, x);
  make_tokens(k, slot, x);
  make_networks(k, slot, x);
  x->remembers = pays_to_remember(x);
}

// NULL: there was no memory for it.
static lq_slot_matcher *make(lq_match_maker *k, size_t slot)
{
  lq_arena_reset(&k->scratch);
  k->arena.failed = false; // of a slot before
  k->npatterns = k->ntargets = 0;
  size_t n = lq_matchers_entries(k->m, slot);
  lq_slot_matcher *x = k->x = lq_arena_alloc(&k->arena, sizeof *x);
  if (!k->pattern_of)
    k->pattern_of = lq_mem_alloc(k->mem, k->p->nstrings, sizeof *k->pattern_of);
  if (!x || !k->pattern_of)
    return NULL;
  x->patterns = lq_arena_array(&k->arena, n, sizeof *x->patterns);
  x->targets = lq_arena_array(&k->arena, n, sizeof *x->targets);
  if (x->patterns && x->targets)
    make_tables(k, slot, x);
  return k->arena.failed || k->scratch.failed ? NULL : x;
}

// ---- who makes it

const lq_slot_matcher lq_unmade_matcher;

lq_match_maker *lq_match_maker_new(const lq_matchers *m)
{
  lq_match_maker *k = lq_mem_alloc(m->mem, 1, sizeof *k);
  if (!k)
    return NULL;
  *k = (lq_match_maker){.m = m, .p = m->program, .mem = m->mem, .arena.mem = m->mem, .scratch.mem = m->mem};
  if (pthread_mutex_init(&k->busy, NULL) == 0)
    return k;
  lq_mem_free(m->mem, k, 1, sizeof *k);
  return NULL;
}

void lq_match_maker_free(lq_match_maker *k)
{
  if (!k)
    return;
  if (k->pattern_of)
    lq_mem_free(k->mem, k->pattern_of, k->p->nstrings, sizeof *k->pattern_of);
  lq_arena_free(&k->arena);
  lq_arena_free(&k->scratch);
  pthread_mutex_destroy(&k->busy);
  lq_mem_free(k->mem, k, 1, sizeof *k);
}

size_t lq_match_maker_bytes(const lq_match_maker *k)
{
  return sizeof *k + k->arena.total + k->scratch.total +
         (k->pattern_of ? k->p->nstrings * sizeof *k->pattern_of : 0);
}

// One thread at a time: what is made is in one arena, and the allocator was given for one thread after the
// other. Others wait for it: if they went the plain way, what is counted would hang on who came first.
// Acquire and release: whoever meets the pointer sees the tables.
const lq_slot_matcher *lq_matchers_make(const lq_matchers *m, uint32_t slot)
{
  lq_match_maker *k = m->maker;
  pthread_mutex_lock(&k->busy);
  const lq_slot_matcher *x = atomic_load_explicit(&m->slots[slot], memory_order_relaxed);
  if (!x) {
    x = make(k, slot);
    x = x ? x : &lq_unmade_matcher; // for good: trying at each event would cost more than the tables save
    atomic_store_explicit(&m->slots[slot], x, memory_order_release);
  }
  pthread_mutex_unlock(&k->busy);
  return x;
}

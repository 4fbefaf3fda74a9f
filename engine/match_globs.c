// Patterns with wildcards: each is looked for by one of its literals, at the beginning of a value, at its
// end, or anywhere; the rarest decides. Whether the rest fits, lq_glob_match says.
#include "base/glob.h"
#include "base/utf8.h"
#include "engine/match_parts.h"

enum { HEAD, TAIL = HEAD + LQ_ONES_MAX + 1, MIDDLE, WHOLE = MIDDLE + LQ_WIDTHS, NOWHERE, PLACES };

typedef struct placed {
  lq_literal literal;
  uint8_t place; // HEAD and how many `?` stand before, TAIL, MIDDLE and its width, WHOLE
} placed;

static bool is_wildcard(char c)
{
  return c == LQ_ANY_RUN || c == LQ_ANY_ONE;
}

static size_t skip(lq_str p, size_t at, char c)
{
  while (at < p.n && p.p[at] == c)
    at++;
  return at;
}

static size_t literal_end(lq_str p, size_t at)
{
  while (at < p.n && !is_wildcard(p.p[at]))
    at++;
  return at;
}

// The next literal from *at on; false: there is none.
static bool next_literal(lq_str p, size_t *at, lq_str *literal)
{
  size_t start = *at;
  while (start < p.n && is_wildcard(p.p[start]))
    start++;
  *at = literal_end(p, start);
  *literal = lq_str_slice(p, start, *at);
  return literal->n > 0;
}

bool lq_pattern_is_fit(lq_str p)
{
  if (lq_utf8_is_ascii(p))
    return true;
  lq_str literal;
  for (size_t at = 0; next_literal(p, &at, &literal);) {
    if (!lq_utf8_valid(literal))
      return false;
  }
  return true;
}

// A literal is at the head if only `?` stand before it, at the tail if nothing follows.
static uint8_t place_of(lq_str p, lq_str literal)
{
  size_t start = (size_t)(literal.p - p.p), ones = skip(p, 0, LQ_ANY_ONE);
  if (ones == start && ones <= LQ_ONES_MAX)
    return (uint8_t)(HEAD + ones);
  return start + literal.n == p.n ? TAIL : (uint8_t)(MIDDLE + lq_width_index(literal));
}

static size_t run_from(lq_str p, size_t at)
{
  const char *run = at < p.n ? memchr(p.p + at, LQ_ANY_RUN, p.n - at) : NULL;
  return run ? (size_t)(run - p.p) : p.n;
}

// Is there nothing but a segment, tied to an end, on either side of the literal and the runs around it? What
// stands before a literal at the head has been seen by whoever found it.
static void find_sides(lq_key *k, lq_str p, lq_str literal, uint8_t place)
{
  size_t start = (size_t)(literal.p - p.p), end = start + literal.n;
  size_t before = place < TAIL ? 0 : run_from(p, 0), behind = skip(p, end, LQ_ANY_RUN);
  bool runs_before = place < TAIL || (before < start && skip(p, before, LQ_ANY_RUN) == start);
  bool runs_behind = place == TAIL || (behind > end && run_from(p, behind) == p.n);
  behind = p.n - behind;
  if (!runs_before || !runs_behind || before > UINT16_MAX || behind > UINT16_MAX)
    return;
  k->before = (uint16_t)before;
  k->behind = (uint16_t)behind;
  k->kind = LQ_KEY_SIDES;
}

// What is left to do where it was found.
static lq_key_kind kind_of(lq_str p, lq_str literal, uint8_t place)
{
  size_t start = (size_t)(literal.p - p.p), end = start + literal.n;
  bool runs_before = skip(p, 0, LQ_ANY_RUN) == start, runs_behind = skip(p, end, LQ_ANY_RUN) == p.n;
  if (place < TAIL)
    return end == p.n ? LQ_KEY_ENDS : runs_behind ? LQ_KEY_HOLDS : LQ_KEY_GLOB;
  return runs_before && runs_behind ? LQ_KEY_HOLDS : LQ_KEY_GLOB;
}

// Of its literals the one that values have most seldom. What is tied to an end is met less often.
static placed place(const lq_rarity *r, lq_str p, uint32_t pattern, bool wild)
{
  if (!wild)
    return (placed){{.text = p, .key = {.pattern = pattern, .kind = LQ_KEY_HOLDS}}, WHOLE};
  placed best = {.place = NOWHERE};
  uint32_t least = UINT32_MAX;
  lq_str literal;
  for (size_t at = 0; next_literal(p, &at, &literal);) {
    placed x = {.place = place_of(p, literal)};
    uint32_t rarity = lq_rarity_of(r, literal, &x.literal.offset);
    rarity /= x.place < MIDDLE ? 2 : 1;
    if (rarity >= least)
      continue;
    least = rarity;
    x.literal.text = literal;
    x.literal.key = (lq_key){.pattern = pattern, .kind = (uint8_t)kind_of(p, literal, x.place)};
    best = x;
  }
  if (best.place == NOWHERE)
    best.literal.key = (lq_key){.pattern = pattern,
                                .kind = skip(p, 0, LQ_ANY_RUN) == p.n ? LQ_KEY_HOLDS : LQ_KEY_GLOB};
  else if (best.literal.key.kind == LQ_KEY_GLOB)
    find_sides(&best.literal.key, p, best.literal.text, best.place);
  return best;
}

static lq_str text_of(const lq_pattern_list *list, uint32_t i)
{
  return list->program->strings[list->patterns[i].text];
}

static void count_literals(lq_rarity *r, lq_arena *scratch, const lq_pattern_list *list)
{
  size_t bytes = 0;
  for (uint32_t i = list->first; i < list->first + list->n; i++)
    bytes += list->patterns[i].wild ? text_of(list, i).n : 0;
  lq_rarity_make(r, scratch, bytes);
  for (uint32_t i = list->first; r->counts && i < list->first + list->n; i++) {
    lq_str literal;
    for (size_t at = 0; list->patterns[i].wild && next_literal(text_of(list, i), &at, &literal);)
      lq_rarity_count(r, literal);
  }
}

// Those of one place, behind each other.
static uint32_t gather(const placed *all, uint32_t n, uint8_t where, lq_literal *out)
{
  uint32_t found = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (all[i].place == where)
      out[found++] = all[i].literal;
  }
  return found;
}

static void make_always(lq_plane *plane, lq_arena *a, const lq_literal *literals, uint32_t n)
{
  plane->always = lq_arena_array(a, n, sizeof *plane->always);
  plane->nalways = plane->always ? n : 0;
  for (uint32_t i = 0; i < plane->nalways; i++)
    plane->always[i] = literals[i].key;
}

static void make_tables(lq_plane *plane, lq_arena *a, lq_arena *scratch, const placed *all, uint32_t n)
{
  uint32_t counts[PLACES] = {0};
  for (uint32_t i = 0; i < n; i++)
    counts[all[i].place]++;
  lq_literal *some = lq_arena_array(scratch, n, sizeof *some);
  for (uint8_t where = HEAD; some && where < PLACES; where++) {
    if (counts[where] == 0)
      continue;
    uint32_t count = gather(all, n, where, some);
    plane->nheads = where < TAIL ? where - HEAD + 1 : plane->nheads;
    if (where < TAIL)
      lq_trie_make(&plane->heads[where - HEAD], a, scratch, some, count, false);
    else if (where == TAIL)
      lq_trie_make(&plane->tail, a, scratch, some, count, true);
    else if (where < WHOLE)
      lq_grams_make(&plane->grams[where - MIDDLE], a, some, count, (uint32_t)(where - MIDDLE));
    else if (where == WHOLE)
      lq_exact_make(&plane->exact, a, some, count);
    else
      make_always(plane, a, some, count);
  }
}

void lq_plane_make(lq_plane *plane, lq_arena *a, lq_arena *scratch, const lq_pattern_list *list,
                   const lq_literals *more, lq_literals *carry)
{
  lq_rarity r;
  uint32_t n = 0;
  placed *all = lq_arena_array(scratch, list->n + more->n, sizeof *all);
  count_literals(&r, scratch, list);
  if (!all || !r.counts)
    return;
  for (uint32_t i = list->first; i < list->first + list->n; i++) {
    all[n] = place(&r, text_of(list, i), i, list->patterns[i].wild);
    if (carry && all[n].place >= MIDDLE && all[n].place < WHOLE)
      carry->rows[carry->n++] = all[n].literal;
    else
      n++;
  }
  for (size_t i = 0; i < more->n; i++) {
    placed *x = &all[n++];
    *x = (placed){more->rows[i], (uint8_t)(MIDDLE + lq_width_index(more->rows[i].text))};
    lq_rarity_of(&r, more->rows[i].text, &x->literal.offset);
  }
  make_tables(plane, a, scratch, all, n);
}

bool lq_plane_is_plain(const lq_plane *plane)
{
  bool found = plane->tail.nodes || plane->nalways;
  for (int i = 0; i <= LQ_ONES_MAX; i++)
    found |= plane->heads[i].nodes != NULL;
  for (int i = 0; i < LQ_WIDTHS; i++)
    found |= plane->grams[i].grams != NULL;
  return !found;
}

// ---- searching

static void search_heads(const lq_plane *plane, lq_search *s)
{
  size_t from = 0;
  for (int ones = 0; ones < plane->nheads; ones++) {
    lq_trie_walk(&plane->heads[ones], s, from);
    if (from == s->text.n)
      return;
    lq_utf8_next(s->text, &from);
  }
}

void lq_plane_search(const lq_plane *plane, lq_search *s)
{
  if (plane->exact.texts)
    lq_exact_find(&plane->exact, s->text, s, 0);
  search_heads(plane, s);
  if (plane->tail.nodes)
    lq_trie_walk(&plane->tail, s, 0);
  for (int i = 0; i < LQ_WIDTHS; i++) {
    if (plane->grams[i].grams)
      lq_grams_scan(&plane->grams[i], s);
  }
  for (uint32_t i = 0; i < plane->nalways; i++)
    lq_search_found(s, &plane->always[i], 0, s->text.n);
}

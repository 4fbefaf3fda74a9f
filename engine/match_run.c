// Asking for the values of a slot: each is looked for in the cache, then in the tables of its slot.
#include "base/glob.h"
#include "base/layers.h"
#include "base/utf8.h"
#include "engine/match_parts.h"
#include "stdlib/regex.h"

// WORK: steps of comparing literals that share a window with a value, besides so many for each of its bytes.
// Values made to need more are left to the plain way, as are those that folding would need much memory for.
enum {
  WORK = 1 << 16,
  WORK_A_BYTE = 16,
  FOLDED_MAX = 4 << 20,
  CACHE_BYTES = 1 << 20,
  CACHE_A_SLOT = 32 << 10
};

// What was found, each once.
typedef struct found {
  uint32_t *list;  // room for all predicates
  uint32_t *stamp; // by predicate: the turn in which it was found last
  uint32_t turn;
  size_t n;
} found;

struct lq_match_run {
  const lq_matchers *m;
  const lq_mem *mem;
  found value, slot; // predicates that hold for a value, for any value of a slot
  uint32_t *tried;   // by pattern of the slot at hand: the turn of value in which it was looked at last
  char *buffer;      // folded texts
  size_t buffer_size;
  char *word; // folded tokens
  size_t word_size;
  lq_value_cache *cache; // NULL: none
  size_t cache_bytes;
  uint32_t layers_off;
  lq_match_stats stats;
};

// ---- a run

static bool make_found(found *f, size_t n, const lq_mem *mem)
{
  f->list = lq_mem_alloc(mem, n, sizeof *f->list);
  f->stamp = lq_mem_alloc(mem, n, sizeof *f->stamp);
  return f->list && f->stamp;
}

static void free_found(found *f, size_t n, const lq_mem *mem)
{
  lq_mem_free(mem, f->list, n, sizeof *f->list);
  lq_mem_free(mem, f->stamp, n, sizeof *f->stamp);
}

// Without memory for it nothing is remembered.
static void make_cache(lq_match_run *r)
{
  lq_value_cache_free(r->cache);
  r->cache = NULL;
  size_t some = r->m->remembering * CACHE_A_SLOT;
  size_t bytes = r->cache_bytes ? r->cache_bytes : some < CACHE_BYTES ? some : CACHE_BYTES;
  if (lq_layer_is_on(r->layers_off, LQ_LAYER_CACHE))
    (void)lq_value_cache_new(&r->cache, r->m->nslots, bytes, r->mem);
}

lq_status lq_match_run_new(lq_match_run **out, const lq_matchers *m, const lq_mem *mem)
{
  *out = NULL;
  lq_match_run *r = lq_mem_alloc(mem, 1, sizeof *r);
  if (!r)
    return LQ_E_NOMEM;
  *r = (lq_match_run){.m = m, .mem = mem};
  size_t n = m->program->npredicates;
  bool made = make_found(&r->value, n, mem) && make_found(&r->slot, n, mem);
  r->tried = lq_mem_alloc(mem, m->most_patterns, sizeof *r->tried);
  if (!made || !r->tried) {
    lq_match_run_free(r);
    return LQ_E_NOMEM;
  }
  make_cache(r);
  *out = r;
  return LQ_OK;
}

void lq_match_run_free(lq_match_run *r)
{
  if (!r)
    return;
  size_t n = r->m->program->npredicates;
  free_found(&r->value, n, r->mem);
  free_found(&r->slot, n, r->mem);
  lq_mem_free(r->mem, r->tried, r->m->most_patterns, sizeof *r->tried);
  lq_mem_free(r->mem, r->buffer, r->buffer_size, 1);
  lq_mem_free(r->mem, r->word, r->word_size, 1);
  lq_value_cache_free(r->cache);
  lq_mem_free(r->mem, r, 1, sizeof *r);
}

void lq_match_run_set_layers_off(lq_match_run *r, uint32_t off)
{
  r->layers_off = off;
  make_cache(r);
}

void lq_match_run_set_cache(lq_match_run *r, size_t bytes)
{
  r->cache_bytes = bytes;
  make_cache(r);
}

const lq_match_stats *lq_match_run_stats(const lq_match_run *r)
{
  return &r->stats;
}

// ---- what is found

static void begin(found *f, size_t predicates)
{
  f->n = 0;
  if (++f->turn == 0) { // after four billion turns
    memset(f->stamp, 0, predicates * sizeof *f->stamp);
    f->turn = 1;
  }
}

static inline void add(found *f, uint32_t predicate)
{
  if (f->stamp[predicate] == f->turn)
    return;
  f->stamp[predicate] = f->turn;
  f->list[f->n++] = predicate;
}

static void add_predicate(void *user, uint32_t predicate)
{
  lq_match_run *r = user;
  add(&r->value, predicate);
}

static void add_pattern(const lq_search *s, uint32_t pattern)
{
  const lq_pattern *x = &s->of->patterns[pattern];
  for (uint32_t i = 0; i < x->n; i++)
    add(&s->run->value, s->of->targets[x->first + i]);
}

static bool is_new(lq_match_run *r, uint32_t pattern)
{
  bool is = r->tried[pattern] != r->value.turn;
  r->tried[pattern] = r->value.turn;
  return is;
}

bool lq_search_is_done(const lq_search *s, const lq_key *k)
{
  return s->run->tried[k->pattern] == s->run->value.turn || (k->kind == LQ_KEY_WORD && s->cut);
}

// Letters of other scripts separate words of a script, and so do their bytes.
static bool in_script_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool is_script_token(lq_str text, size_t start, size_t end)
{
  return (start == 0 || !in_script_word(text.p[start - 1])) &&
         (end == text.n || !in_script_word(text.p[end]));
}

static bool is_ascii_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// May it be a token? Beside a letter or a digit it is the part of one.
static bool may_be_word(lq_str text, size_t start, size_t end)
{
  return (start == 0 || !is_ascii_word(text.p[start - 1])) && (end == text.n || !is_ascii_word(text.p[end]));
}

static bool regex_holds(lq_search *s, uint32_t regex)
{
  int r = lq_regex_match(s->run->m->program->compiled_regexes[regex], s->raw, NULL, NULL);
  s->failed |= r < 0; // the plain way fails as well, or does not
  return r > 0;
}

// A value is read forwards, so the first place leaves most room for the end of the pattern. It may leave too
// little for the beginning; in any other case it decides.
static bool has_sides(lq_search *s, const lq_key *k, lq_str pattern, size_t start, size_t end)
{
  lq_str before = lq_str_slice(pattern, 0, k->before);
  bool ends = lq_glob_ends(lq_str_slice(pattern, pattern.n - k->behind, pattern.n),
                           lq_str_slice(s->text, end, s->text.n));
  bool begins = ends && lq_glob_begins(before, lq_str_slice(s->text, 0, start));
  if (ends && !begins && lq_glob_begins(before, s->text)) {
    lq_search_charge(s, k->before + k->behind);
    return false;
  }
  s->run->tried[k->pattern] = s->run->value.turn;
  return begins;
}

static bool holds(lq_search *s, const lq_key *k, size_t start, size_t end)
{
  const lq_program *p = s->run->m->program;
  uint32_t text = s->of->patterns[k->pattern].text;
  switch ((lq_key_kind)k->kind) {
  case LQ_KEY_HOLDS: return true;
  case LQ_KEY_ENDS: return end == s->text.n;
  case LQ_KEY_SIDES: return !lq_search_is_done(s, k) && has_sides(s, k, p->strings[text], start, end);
  case LQ_KEY_GLOB: return is_new(s->run, k->pattern) && lq_glob_match(p->strings[text], s->text, false);
  case LQ_KEY_RAW: return is_new(s->run, k->pattern) && lq_glob_match(p->strings[text], s->raw, false);
  case LQ_KEY_WORD: s->cut |= may_be_word(s->text, start, end); return false;
  case LQ_KEY_TOKEN: return s->whole_tokens || is_script_token(s->text, start, end);
  case LQ_KEY_PHRASE:
    return (s->whole_tokens || is_script_token(s->text, start, end)) &&
           lq_tokens_phrase_at(s->raw, s->how, p->strings[text], start);
  case LQ_KEY_REGEX: return is_new(s->run, k->pattern) && regex_holds(s, text);
  }
  return false;
}

void lq_search_found(lq_search *s, const lq_key *k, size_t start, size_t end)
{
  if (!holds(s, k, start, end))
    return;
  s->run->tried[k->pattern] = s->run->value.turn;
  add_pattern(s, k->pattern);
}

// ---- forms of a text

static bool make_room(lq_match_run *r, size_t size)
{
  if (size <= r->buffer_size)
    return true;
  size_t want = r->buffer_size * 2 > size ? r->buffer_size * 2 : size;
  char *p = lq_mem_resize(r->mem, r->buffer, r->buffer_size, want, 1);
  if (!p)
    return false;
  r->buffer = p;
  r->buffer_size = want;
  return true;
}

static bool fold(lq_match_run *r, lq_str s, lq_str *out, bool *ascii)
{
  enum { FIRST = 4096 };
  if (s.n > FOLDED_MAX || !make_room(r, s.n < FIRST ? FIRST : s.n))
    return false;
  *ascii = lq_lower_ascii(r->buffer, s);
  size_t n = s.n;
  if (!*ascii) {
    if (!make_room(r, LQ_FOLD_ROOM(s.n)))
      return false;
    n = lq_fold_into(r->buffer, s);
  }
  *out = (lq_str){r->buffer, n};
  return true;
}

static bool make_word_room(lq_match_run *r, size_t size)
{
  if (size <= r->word_size)
    return true;
  char *p = lq_mem_resize(r->mem, r->word, r->word_size, size, 1);
  if (!p)
    return false;
  r->word = p;
  r->word_size = size;
  return true;
}

static void search_words(const lq_slot_matcher *x, lq_search *s)
{
  lq_match_run *r = s->run;
  size_t longest = x->longest_word * 3; // folding may take from a token's bytes, two of three at most
  lq_str token;
  if (!make_word_room(r, LQ_FOLD_ROOM(longest) + 1)) {
    s->failed = true;
    return;
  }
  s->whole_tokens = true;
  for (size_t at = 0; lq_tokens_next(s->raw, LQ_TOKENS_WORDS, &at, &token);) {
    if (token.n > longest)
      continue;
    size_t start = (size_t)(token.p - s->raw.p);
    s->text = (lq_str){r->word, lq_fold_into(r->word, token)};
    lq_exact_find(&x->words, s->text, s, start);
  }
  s->whole_tokens = false;
}

static void search_text(const lq_slot_matcher *x, lq_search *s)
{
  lq_match_run *r = s->run;
  const lq_plane *raw = x->planes[LQ_FORM_RAW], *folded = x->planes[LQ_FORM_FOLDED],
                 *tokens = x->planes[LQ_FORM_TOKENS];
  bool ascii = false;
  s->text = s->raw;
  if (raw)
    lq_plane_search(raw, s);
  if (!s->failed && (folded || tokens) && !fold(r, s->raw, &s->text, &ascii))
    s->failed = true;
  if (!s->failed && folded)
    lq_plane_search(folded, s);
  if (!s->failed && tokens) {
    if (!ascii && s->how == LQ_TOKENS_SCRIPT) {
      lq_lower_ascii(r->buffer, s->raw);
      s->text = (lq_str){r->buffer, s->raw.n};
    }
    lq_plane_search(tokens, s);
  }
  if (!s->failed && s->cut)
    search_words(x, s);
}

// ---- values

static void search_orders(lq_match_run *r, const lq_slot_matcher *x, const lq_value *v)
{
  const lq_program *p = r->m->program;
  for (uint32_t i = 0; i < x->norders; i++) {
    const lq_predicate *q = &p->predicates[x->orders[i]];
    if (lq_order_holds((lq_matcher_kind)q->matcher, v, &p->consts[q->arg]))
      add(&r->value, x->orders[i]);
  }
}

// Finds what holds for one value. False: there is no answer.
static bool search(lq_match_run *r, const lq_slot_matcher *x, const lq_value *v)
{
  char text[LQ_VALUE_TEXT_MAX];
  begin(&r->value, r->m->program->npredicates);
  for (uint32_t i = 0; i < x->nexists; i++)
    add(&r->value, x->exists[i]);
  if (v->type == LQ_T_OBJECT)
    return true;
  lq_search s = {.run = r, .of = x, .raw = lq_value_text(v, text), .how = x->how};
  s.work = WORK + s.raw.n * (uint64_t)WORK_A_BYTE;
  search_text(x, &s);
  search_orders(r, x, v);
  lq_ip ip;
  if (x->nnetworks > 0 && v->type == LQ_T_STRING && lq_ip_parse(v->s, &ip))
    lq_networks_find(x->networks, x->nnetworks, &ip, add_predicate, r);
  return !s.failed;
}

static bool search_value(lq_match_run *r, const lq_slot_matcher *x, uint32_t slot, const lq_value *v,
                         const uint32_t **trues, size_t *n)
{
  r->stats.values++;
  bool asks = r->cache && lq_value_cache_wants(r->cache, slot, v, x->remembers);
  if (asks && lq_value_cache_find(r->cache, slot, v, trues, n)) {
    r->stats.hits++;
    return true;
  }
  // Events have no values of these kinds. Should one come, it is not for the tables.
  if (v->type == LQ_T_NULL || v->type == LQ_T_IP || v->type == LQ_T_DATE || !search(r, x, v))
    return false;
  *trues = r->value.list;
  *n = r->value.n;
  if (asks) {
    r->stats.misses++;
    lq_value_cache_add(r->cache, slot, v, *trues, *n);
  }
  return true;
}

static bool search_values(lq_match_run *r, const lq_slot_matcher *x, uint32_t slot, const lq_event *event)
{
  begin(&r->slot, r->m->program->npredicates);
  for (const lq_slot_value *v = lq_event_first(event, slot); v; v = lq_event_next(event, v)) {
    const uint32_t *trues;
    size_t n;
    if (!search_value(r, x, slot, &v->v, &trues, &n))
      return false;
    for (size_t i = 0; i < n; i++)
      add(&r->slot, trues[i]);
  }
  return true;
}

bool lq_match_run_slot(lq_match_run *r, uint32_t slot, const lq_event *event, const uint32_t **trues,
                       size_t *n)
{
  const lq_slot_value *v = lq_event_first(event, slot);
  *n = 0;
  *trues = r->slot.list;
  if (!v || r->m->first[slot] == r->m->first[slot + 1])
    return true;
  const lq_slot_matcher *x = lq_matchers_slot(r->m, slot);
  bool answered = x != &lq_unmade_matcher;
  if (answered && !v->next) {
    answered = search_value(r, x, slot, &v->v, trues, n);
  } else if (answered) {
    answered = search_values(r, x, slot, event);
    *n = r->slot.n;
  }
  r->stats.gave_up += !answered;
  return answered;
}

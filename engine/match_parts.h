// What the parts of the matchers share: patterns of a slot, the tables that find them in a text, and the
// search that they report to.
#ifndef LQ_ENGINE_MATCH_PARTS_H
#define LQ_ENGINE_MATCH_PARTS_H

#include <stdatomic.h>

#include "base/arena.h"
#include "engine/matchers.h"
#include "engine/value_cache.h"
#include "vm/exec.h"
#include "vm/tokens.h"

// One text that sets of a slot's predicates have: whoever has it, holds when it is found.
typedef struct lq_pattern {
  uint32_t text;     // string id; of a regex: its index
  uint32_t first, n; // range of targets: predicates
  bool wild;         // there are wildcards in it
} lq_pattern;

// What is left to do where the literal of a pattern lies in a value.
typedef enum lq_key_kind {
  LQ_KEY_HOLDS,  // nothing
  LQ_KEY_ENDS,   // the value has to end there
  LQ_KEY_SIDES,  // it has to begin and to end as the pattern does, before and behind the literal
  LQ_KEY_GLOB,   // the whole pattern has to match
  LQ_KEY_RAW,    // the same, without folding
  LQ_KEY_WORD,   // the text has to be cut into tokens
  LQ_KEY_TOKEN,  // it has to be a whole token
  LQ_KEY_PHRASE, // it has to be a whole token, and the rest of the phrase to follow
  LQ_KEY_REGEX,  // the regular expression has to match
} lq_key_kind;
typedef struct lq_key {
  uint32_t pattern;
  uint16_t before, behind; // LQ_KEY_SIDES: bytes of the pattern at either end, without runs
  uint8_t kind;            // lq_key_kind
} lq_key;

// A search in one value.
typedef struct lq_slot_matcher lq_slot_matcher;
typedef struct lq_search {
  lq_match_run *run;
  const lq_slot_matcher *of;
  lq_str raw, text;  // as it is in the event; as the tables want it
  uint64_t work;     // steps that are left
  bool failed;       // it has no answer
  bool cut;          // its tokens are to be looked at
  bool whole_tokens; // what is found is a token
  lq_tokens how;
} lq_search;
void lq_search_found(lq_search *s, const lq_key *k, size_t start, size_t end);
bool lq_search_is_done(const lq_search *s, const lq_key *k); // finding it once more would change nothing
static inline bool lq_search_charge(lq_search *s, size_t steps)
{
  s->failed |= s->work < steps;
  s->work -= s->failed ? 0 : steps;
  return !s->failed;
}

// ---- tables. Their memory is of an arena; a failure shows there.

// A text that is looked for.
typedef struct lq_literal {
  lq_str text;
  lq_key key;
  uint32_t offset; // of the window that lq_grams looks for
} lq_literal;

// Whole texts, by hash.
typedef struct lq_exact_cell {
  uint32_t hash, key; // index of a text; LQ_NONE: empty
} lq_exact_cell;
typedef struct lq_exact {
  lq_literal *texts; // NULL: nothing is in it
  uint32_t n, mask;  // texts; cells less one
  lq_exact_cell *cells;
  uint64_t lengths; // a bit for each length that some text has, the last one for all that are longer
  bool crowded;     // the texts are in order, and the cells are not used
} lq_exact;
void lq_exact_make(lq_exact *t, lq_arena *a, const lq_literal *texts, uint32_t n);
// start: where the text lies in the value, for lq_search_found.
void lq_exact_find(const lq_exact *t, lq_str text, lq_search *s, size_t start);

// Literals at the beginning of a text, or backwards from its end.
typedef struct lq_trie_node {
  const char *label;
  uint32_t length;
  uint32_t children, keys; // where they begin; children lie behind each other
  uint32_t nchildren, nkeys;
} lq_trie_node;
typedef struct lq_trie {
  lq_trie_node *nodes; // NULL: nothing is in it
  uint8_t *bytes;      // of each node: the byte that leads to it
  lq_key *keys;
  bool backwards;
} lq_trie;
void lq_trie_make(lq_trie *t, lq_arena *a, lq_arena *scratch, const lq_literal *literals, size_t n,
                  bool backwards);
void lq_trie_walk(const lq_trie *t, lq_search *s, size_t from); // from: where the walk begins

// Literals anywhere: windows of a few bytes are looked up, literals compared where one is met.
enum { LQ_WINDOW_MAX = 4, LQ_WIDTHS = 3 };
typedef struct lq_gram {
  const char *literal;
  uint32_t window, length, offset;
  lq_key key;
} lq_gram;
typedef struct lq_grams {
  uint32_t width; // bytes of a window
  uint32_t bits, bucket_bits;
  uint64_t *seen;    // a bit for each hash of a window that is in it
  uint32_t *buckets; // where those of a hash begin; one more
  lq_gram *grams;    // NULL: nothing is in it
} lq_grams;
// All literals are of the kind that has windows of that width: 1; 2, for two bytes and three; 4, for others.
static inline uint32_t lq_width_index(lq_str literal)
{
  return literal.n == 1 ? 0 : literal.n < LQ_WINDOW_MAX ? 1 : 2;
}
void lq_grams_make(lq_grams *g, lq_arena *a, const lq_literal *literals, size_t n, uint32_t width_index);
void lq_grams_scan(const lq_grams *g, lq_search *s);

// Where in a set of literals a window is that is seldom met in values. Counts the windows of all of them
// first.
typedef struct lq_rarity {
  uint16_t *counts;
  uint32_t bits;
} lq_rarity;
void lq_rarity_make(lq_rarity *r, lq_arena *scratch, size_t bytes);
void lq_rarity_count(lq_rarity *r, lq_str literal);
// How often a literal's rarest window is expected, in no unit; where it is.
uint32_t lq_rarity_of(const lq_rarity *r, lq_str literal, uint32_t *offset);

// Patterns of one form of a value's text.
enum { LQ_ONES_MAX = 3 };
typedef struct lq_plane {
  lq_exact exact;
  lq_trie heads[LQ_ONES_MAX + 1]; // by the number of `?` before
  int nheads;                     // of them; there is nothing in those that follow
  lq_trie tail;
  lq_grams grams[LQ_WIDTHS];
  lq_key *always; // those that have no literal
  uint32_t nalways;
} lq_plane;
typedef struct lq_pattern_list {
  const lq_program *program;
  const lq_pattern *patterns; // all
  uint32_t first, n;          // those of the plane
} lq_pattern_list;
// more: literals that are looked for besides, anywhere. carry: takes the literals that are anywhere and have
// no table in the plane then; with room for as many as there are patterns. NULL: they have one.
typedef struct lq_literals {
  lq_literal *rows;
  size_t n;
} lq_literals;
void lq_plane_make(lq_plane *plane, lq_arena *a, lq_arena *scratch, const lq_pattern_list *list,
                   const lq_literals *more, lq_literals *carry);
bool lq_plane_is_plain(const lq_plane *plane); // whole texts are all that it looks for
bool lq_pattern_is_fit(lq_str pattern);        // its literals are whole code points
void lq_plane_search(const lq_plane *plane, lq_search *s);

// Networks of a slot, by length, then by address.
typedef struct lq_network {
  lq_cidr cidr;
  uint32_t predicate;
} lq_network;
void lq_networks_sort(lq_network *rows, size_t n);
// Calls found(user, predicate) for each network that has the address.
void lq_networks_find(const lq_network *rows, size_t n, const lq_ip *ip,
                      void (*found)(void *user, uint32_t predicate), void *user);

// ---- all of it

// Forms of a value's text, each with patterns of its own. TOKENS: what else is folded; of scripts the letters
// of ASCII alone.
typedef enum lq_form { LQ_FORM_RAW, LQ_FORM_FOLDED, LQ_FORM_TOKENS, LQ_FORMS } lq_form;
struct lq_slot_matcher {
  lq_plane *planes[LQ_FORMS]; // NULL: nobody asks
  lq_exact words;             // tokens of texts, and first tokens of phrases: LQ_TOKENS_WORDS
  size_t longest_word;        // of them, bytes
  lq_tokens how;
  lq_pattern *patterns; // by lq_key.pattern
  uint32_t *targets;
  uint32_t *exists, *orders; // predicates; those that compare with a constant
  uint32_t nexists, norders;
  lq_network *networks;
  size_t nnetworks;
  bool remembers; // searching takes longer than remembering, also of a value that is not short
};
extern const lq_slot_matcher lq_unmade_matcher; // there was no memory for one: the plain way has the answers

typedef struct lq_match_maker lq_match_maker;
struct lq_matchers {
  const lq_program *program;
  const uint32_t *field_slots;
  size_t nslots;
  const lq_mem *mem;
  lq_arena arena;                          // all that follows, but for what the maker makes
  uint8_t *covered;                        // by predicate
  uint32_t *first, *predicates;            // by slot, and one more: where its covered predicates begin
  _Atomic(const lq_slot_matcher *) *slots; // NULL: nobody has asked yet
  lq_match_maker *maker;                   // what is written after load
  size_t most_patterns;                    // that a slot can have
  size_t remembering;                      // slots that are likely to remember
};
size_t lq_matchers_entries(const lq_matchers *m, size_t slot); // of the sets of its covered predicates

// Makes the tables of slots, for any thread, one at a time.
lq_match_maker *lq_match_maker_new(const lq_matchers *m); // NULL: out of memory
void lq_match_maker_free(lq_match_maker *k);
size_t lq_match_maker_bytes(const lq_match_maker *k);
const lq_slot_matcher *lq_matchers_make(const lq_matchers *m, uint32_t slot);
// Of a slot with covered predicates.
static inline const lq_slot_matcher *lq_matchers_slot(const lq_matchers *m, uint32_t slot)
{
  const lq_slot_matcher *x = atomic_load_explicit(&m->slots[slot], memory_order_acquire);
  return x ? x : lq_matchers_make(m, slot);
}

// A text without which a regular expression cannot match, folded, in out; empty: none is known.
enum { LQ_REQUIRED_MAX = 64 };
lq_str lq_regex_required(lq_str regex, char out[LQ_REQUIRED_MAX]);

#endif

// How often a test is thought to hold, from what it looks like: words that rules name are rare in most
// fields, and common in those of few values.
#include "engine/gates.h"

#include "base/glob.h"
#include "base/utf8.h"

enum { MILLION = 1000000 };

static uint32_t often_in(lq_str name)
{
  static const struct {
    lq_str name;
    uint32_t per_mille;
  } known[] = {
#define LQ_CLASS_FIELD(name, per_mille) {LQ_STR_INIT(name), per_mille},
#include "engine/class_fields.def"
#undef LQ_CLASS_FIELD
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (lq_str_eq(name, known[i].name))
      return known[i].per_mille * 1000;
  }
  return 0;
}

// Texts that stand in all kinds of fields, such as of flags.
static bool is_plain_word(lq_str s)
{
  return s.n <= 1 || lq_str_is(s, "true") || lq_str_is(s, "false");
}

static bool begins_a_path(lq_str s)
{
  return s.n > 2 && (s.p[0] == '/' || s.p[1] == ':');
}

static bool is_wildcard(char c)
{
  return c == LQ_ANY_RUN || c == LQ_ANY_ONE;
}

// Most patterns show it at one end, and most other texts by having no such bytes at all.
static bool has_wildcard(lq_str s)
{
  return s.n > 0 && (is_wildcard(s.p[0]) || is_wildcard(s.p[s.n - 1]) ||
                     (!lq_utf8_is_ascii(s) && lq_glob_has_wildcard(s)));
}

// Up to as many as make a difference.
static size_t letters_of(lq_str s)
{
  enum { MANY = 9 };
  size_t letters = 0;
  for (size_t i = 0; i < s.n && letters < MANY; i++)
    letters += !is_wildcard(s.p[i]);
  return letters;
}

// The more letters it asks for, the rarer; a folder has many files.
static uint32_t of_pattern(lq_str s)
{
  if (s.n > 0 && !has_wildcard(s))
    return is_plain_word(s) ? 100000 : 1000;
  size_t letters = letters_of(s);
  if (letters == 0)
    return 900000;
  if (letters <= 3)
    return 300000;
  if (s.p[s.n - 1] == LQ_ANY_RUN && begins_a_path(s))
    return 50000;
  return letters <= 5 ? 30000 : letters <= 8 ? 6000 : 2000;
}

static uint32_t of_texts(const lq_program *p, const lq_predicate *q, uint32_t (*of_one)(lq_str))
{
  const lq_set *s = &p->sets[q->arg];
  uint64_t sum = 0;
  for (uint32_t i = 0; i < s->count && sum < MILLION; i++)
    sum += of_one(p->strings[p->set_ids[s->first + i]]);
  return sum < 950000 ? (uint32_t)sum : 950000;
}

static uint32_t of_token(lq_str s)
{
  return of_pattern(s) + 20000;
}

static uint32_t of_matcher(const lq_program *p, const lq_predicate *q)
{
  switch ((lq_matcher_kind)q->matcher) {
  case LQ_MATCHER_EXISTS: return 500000;
  case LQ_MATCHER_EQ:
  case LQ_MATCHER_EQ_FOLD:
  case LQ_MATCHER_GLOB:
  case LQ_MATCHER_GLOB_FOLD: return of_texts(p, q, of_pattern);
  case LQ_MATCHER_TOKENS_ANY:
  case LQ_MATCHER_PHRASE: return of_texts(p, q, of_token);
  case LQ_MATCHER_REGEX: return 400000; // and each is tried
  case LQ_MATCHER_CIDR: return 200000;
  case LQ_MATCHER_LT:
  case LQ_MATCHER_LE:
  case LQ_MATCHER_GT:
  case LQ_MATCHER_GE: return 400000;
  case LQ_MATCHER_COUNT: break;
  }
  return MILLION;
}

// Predicates are in the order of their fields.
void lq_gate_rarities(const lq_program *p, uint32_t *rarity)
{
  uint32_t field = LQ_NONE, often = 0;
  for (uint32_t i = 0; i < p->npredicates; i++) {
    if (p->predicates[i].field != field) {
      field = p->predicates[i].field;
      often = often_in(p->strings[p->fields[field].name]);
    }
    uint32_t alone = of_matcher(p, &p->predicates[i]);
    rarity[i] = alone > often ? alone : often;
  }
}

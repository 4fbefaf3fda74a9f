// The regular expressions of a bundle. A few bytes can say much (`(a{100}){10}`, or one text in many rows),
// so what all cost is added up before the first one is compiled.
#include "vm/bundle_regex.h"

#include "stdlib/regex.h"

enum {
  MAX_REGEXES = 100000,
  // Units of lq_regex_cost that a bundle may have: these, and for each byte of it so many more.
  COST_FREE = 262144,
  COST_FOR_BYTE = 16,
  // What RE2 needs at the least to match one: what there is of it at all, and its program twice, forwards and
  // backwards, at 64 bytes of the budget an instruction.
  LEAST_MEMORY = 2048,
  LEAST_FOR_UNIT = 256,
};

static lq_status refuse(lq_reason *reason, lq_reason why)
{
  *reason = why;
  return LQ_E_LIMIT;
}

static uint64_t least_memory(uint64_t cost)
{
  return LEAST_MEMORY + LEAST_FOR_UNIT * cost;
}

// *least: the memory without which they cannot be. 100,000 times LQ_REGEX_COST_MAX is far from wrapping.
static lq_status add_up(const lq_program *p, uint64_t memory, uint64_t *least, size_t *row, lq_reason *reason)
{
  uint64_t sum = 0, most = COST_FREE + COST_FOR_BYTE * (uint64_t)p->nbytes;
  *least = 0;
  for (*row = 0; *row < p->nregexes; ++*row) {
    size_t at;
    uint64_t cost = lq_regex_cost(p->strings[p->regexes[*row].text], LQ_REGEX_COST_MAX, &at);
    if (cost == LQ_REGEX_COSTS_TOO_MUCH)
      return refuse(reason, LQ_REASON_LIMIT_REGEX_COST);
    sum += cost;
    *least += least_memory(cost);
    if (sum > most)
      return refuse(reason, LQ_REASON_LIMIT_REGEX_SUM);
    if (*least > memory)
      return refuse(reason, LQ_REASON_LIMIT_REGEX_MEMORY);
  }
  return LQ_OK;
}

// What is over the least goes to each in proportion: RE2 keeps more states of a larger expression.
static lq_status compile(lq_program *p, uint64_t times_least, size_t row, lq_reason *reason)
{
  char message[120];
  size_t at;
  lq_str text = p->strings[p->regexes[row].text];
  uint64_t memory = times_least * least_memory(lq_regex_cost(text, LQ_REGEX_COST_MAX, &at));
  lq_status s = lq_regex_new_within(&p->compiled_regexes[row], text, p->regexes[row].flags,
                                    memory < LQ_REGEX_MEMORY_MAX ? (size_t)memory : LQ_REGEX_MEMORY_MAX,
                                    message, &at);
  *reason = s == LQ_E_LIMIT ? LQ_REASON_LIMIT_REGEX : LQ_REASON_REGEX_SYNTAX;
  return s == LQ_OK || s == LQ_E_NOMEM || s == LQ_E_LIMIT ? s : LQ_E_BUNDLE;
}

lq_status lq_bundle_compile_regexes(lq_program *p, uint64_t memory, size_t *row, lq_reason *reason)
{
  uint64_t least;
  *row = 0;
  if (p->nregexes > MAX_REGEXES)
    return refuse(reason, LQ_REASON_LIMIT_REGEX);
  lq_status s = add_up(p, memory, &least, row, reason);
  if (s != LQ_OK || p->nregexes == 0)
    return s;
  for (*row = 0; *row < p->nregexes && s == LQ_OK; ++*row)
    s = compile(p, memory / least, *row, reason);
  *row -= s != LQ_OK;
  return s;
}

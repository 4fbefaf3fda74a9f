// Outcomes are sets of predicates, each kept once. Values lead to them through a table in which a newer value
// takes the place of an older one: whoever invents values only makes others be looked at again.
#include "engine/outcomes.h"

#include "base/hash.h"
#include "engine/value_key.h"

enum { VALUES = 1024, KEY_MAX = 58, PROBES = 16, PLACES = 2 * LQ_OUTCOMES_MAX };

// Values of a slot as bytes: type, length, text of each.
typedef struct value_key {
  uint8_t field, n; // n is 0: none
  uint8_t bytes[KEY_MAX];
} value_key;

typedef struct remembered {
  uint32_t outcome;
  value_key key;
} remembered;

typedef struct outcome {
  uint32_t first, n;
} outcome;

struct lq_outcomes {
  const lq_mem *mem;
  remembered values[VALUES];
  value_key now; // of the last question
  size_t at;
  outcome list[LQ_OUTCOMES_MAX];
  uint32_t n;
  uint16_t places[PLACES]; // outcome and 1 more; 0: free
  uint32_t *ids;
  size_t nids, ids_cap;
};

static void make_key(value_key *k, uint32_t field, uint32_t slot, const lq_event *event)
{
  size_t n = 0;
  bool fits = true;
  for (const lq_slot_value *v = lq_event_first(event, slot); v && fits; v = lq_event_next(event, v))
    fits = lq_key_add_value(k->bytes, KEY_MAX, &n, &v->v);
  k->field = (uint8_t)field;
  k->n = fits ? (uint8_t)n : 0;
}

uint32_t lq_outcomes_recall(lq_outcomes *o, uint32_t field, uint32_t slot, const lq_event *event)
{
  value_key *k = &o->now;
  make_key(k, field, slot, event);
  o->at = (lq_hash_text((lq_str){(const char *)k->bytes, k->n}) + field * 0x9E37u) % VALUES;
  const remembered *r = &o->values[o->at];
  bool same = k->n && r->key.n == k->n && r->key.field == k->field && !memcmp(r->key.bytes, k->bytes, k->n);
  return same ? r->outcome : LQ_NO_OUTCOME;
}

// ---- sets

static bool is_set(const lq_outcomes *o, uint32_t i, const uint32_t *trues, size_t n)
{
  return o->list[i].n == n && !memcmp(o->ids + o->list[i].first, trues, n * sizeof *trues);
}

static bool make_room(lq_outcomes *o, size_t n)
{
  if (o->n == LQ_OUTCOMES_MAX || n > LQ_OUTCOME_IDS_MAX - o->nids)
    return false;
  for (; o->ids_cap < o->nids + n;) {
    if (!LQ_GROW(o->mem, o->ids, o->ids_cap, &o->ids_cap))
      return false;
  }
  return true;
}

static uint32_t add_set(lq_outcomes *o, uint16_t *place, const uint32_t *trues, size_t n)
{
  if (!make_room(o, n))
    return LQ_NO_OUTCOME;
  o->list[o->n] = (outcome){(uint32_t)o->nids, (uint32_t)n};
  memcpy(o->ids + o->nids, trues, n * sizeof *trues);
  o->nids += n;
  *place = (uint16_t)(o->n + 1);
  return o->n++;
}

static uint32_t number_of(lq_outcomes *o, const uint32_t *trues, size_t n)
{
  size_t hash = lq_hash_text((lq_str){(const char *)trues, n * sizeof *trues});
  for (size_t i = 0; i < PROBES; i++) {
    uint16_t *place = &o->places[(hash + i) % PLACES];
    if (*place == 0)
      return add_set(o, place, trues, n);
    if (is_set(o, *place - 1u, trues, n))
      return *place - 1u;
  }
  return LQ_NO_OUTCOME;
}

uint32_t lq_outcomes_learn(lq_outcomes *o, const uint32_t *trues, size_t n)
{
  uint32_t number = n ? number_of(o, trues, n) : LQ_OUTCOME_NOTHING;
  if (number != LQ_NO_OUTCOME && o->now.n)
    o->values[o->at] = (remembered){.outcome = number, .key = o->now};
  return number;
}

const uint32_t *lq_outcomes_trues(const lq_outcomes *o, uint32_t number, size_t *n)
{
  *n = o->list[number].n;
  return o->ids + o->list[number].first;
}

// ---- life

lq_status lq_outcomes_new(lq_outcomes **out, const lq_mem *mem)
{
  *out = lq_mem_alloc(mem, 1, sizeof **out);
  if (*out)
    (*out)->mem = mem;
  return *out ? LQ_OK : LQ_E_NOMEM;
}

void lq_outcomes_free(lq_outcomes *o)
{
  if (!o)
    return;
  lq_mem_free(o->mem, o->ids, o->ids_cap, sizeof *o->ids);
  lq_mem_free(o->mem, o, 1, sizeof *o);
}

void lq_outcomes_clear(lq_outcomes *o)
{
  memset(o->values, 0, sizeof o->values);
  memset(o->places, 0, sizeof o->places);
  o->n = 0;
  o->nids = 0;
}

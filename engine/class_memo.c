// The values of all class fields are written into one key: a direct table of a few hundred keys, compared in
// full. Whoever invents values only makes events be asked field by field.
#include "engine/class_memo.h"

#include "base/hash.h"
#include "engine/value_key.h"

enum { PLACES = 256, KEY_MAX = 376, END_OF_FIELD = 0xFF };

typedef struct key {
  uint32_t number;
  size_t n; // bytes; 0: none
  uint8_t bytes[KEY_MAX];
} key;

struct lq_class_memo {
  const lq_mem *mem;
  key now; // of the last question
  size_t at;
  key places[PLACES];
};

static bool add_field(key *k, const lq_event *event, uint32_t slot)
{
  for (const lq_slot_value *v = lq_event_first(event, slot); v; v = lq_event_next(event, v)) {
    if (!lq_key_add_value(k->bytes, KEY_MAX, &k->n, &v->v))
      return false;
  }
  if (k->n == KEY_MAX)
    return false;
  k->bytes[k->n++] = END_OF_FIELD;
  return true;
}

static void begin(key *k, uint64_t kind, bool terms)
{
  memcpy(k->bytes, &kind, sizeof kind);
  k->bytes[sizeof kind] = terms;
  k->n = sizeof kind + 1;
}

uint32_t lq_class_memo_recall(lq_class_memo *m, const lq_cursor *c, const uint32_t *slots, uint32_t nslots,
                              bool terms)
{
  key *k = &m->now;
  bool fits = true;
  begin(k, c->kind, terms);
  for (uint32_t i = 0; i < nslots && fits; i++) {
    if (!lq_cursor_kind_decides(c, slots[i]))
      fits = add_field(k, c->event, slots[i]);
  }
  k->n = fits ? k->n : 0;
  m->at = lq_hash_text((lq_str){(const char *)k->bytes, k->n}) % PLACES;
  const key *there = &m->places[m->at];
  return k->n && there->n == k->n && !memcmp(there->bytes, k->bytes, k->n) ? there->number : LQ_NO_CLASS;
}

void lq_class_memo_learn(lq_class_memo *m, uint32_t number)
{
  key *there = &m->places[m->at];
  if (m->now.n == 0)
    return;
  there->number = number;
  there->n = m->now.n;
  memcpy(there->bytes, m->now.bytes, m->now.n);
}

void lq_class_memo_clear(lq_class_memo *m)
{
  for (size_t i = 0; i < PLACES; i++)
    m->places[i].n = 0;
}

lq_status lq_class_memo_new(lq_class_memo **out, const lq_mem *mem)
{
  *out = lq_mem_alloc(mem, 1, sizeof **out);
  if (*out)
    (*out)->mem = mem;
  return *out ? LQ_OK : LQ_E_NOMEM;
}

void lq_class_memo_free(lq_class_memo *m)
{
  if (m)
    lq_mem_free(m->mem, m, 1, sizeof *m);
}

// Bytes to events: any bytes, in one piece and in two, must give the same events, and the counters must add
// up.
#include <stdio.h>
#include <stdlib.h>

#include "input/reader.h"

// Survives NDEBUG: what it finds must stop the fuzzer in every build.
#define MUST(condition)                                                                                      \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "not so: %s\n", #condition);                                                           \
      abort();                                                                                               \
    }                                                                                                        \
  } while (0)

typedef struct tally {
  uint64_t events, values, sum; // sum: over names, texts, lines and offsets
  uint64_t bad;
} tally;

static void mix(tally *t, const void *p, size_t n)
{
  for (const unsigned char *b = p; n > 0; b++, n--)
    t->sum = (t->sum ^ *b) * UINT64_C(1099511628211);
}

static int on_record(void *user, lq_cursor *c)
{
  tally *t = user;
  const lq_event *e = c->event;
  lq_slot_set all;
  MUST(lq_slot_set_init(&all, lq_fieldmap_slots(e->map), &lq_mem_libc) == LQ_OK);
  lq_slot_set_all(&all);
  MUST(lq_cursor_need(c, &all) == LQ_OK);
  lq_slot_set_free(&all);
  t->events++;
  for (uint32_t s = 0; s < lq_fieldmap_slots(e->map); s++) {
    for (const lq_slot_value *v = lq_event_first(e, s); v; v = lq_event_next(e, v)) {
      char scratch[LQ_VALUE_TEXT_MAX];
      lq_str text = v->v.type == LQ_T_OBJECT ? LQ_STR("{}") : lq_value_text(&v->v, scratch);
      t->values++;
      mix(t, &s, sizeof s);
      mix(t, text.p, text.n);
      mix(t, &v->element, sizeof v->element);
    }
  }
  mix(t, &e->line, sizeof e->line);
  mix(t, &e->offset, sizeof e->offset);
  mix(t, &e->time, sizeof e->time);
  return 0;
}

static int on_bad(void *user, const lq_bad_record *b)
{
  tally *t = user;
  t->bad++;
  mix(t, &b->line, sizeof b->line);
  mix(t, &b->offset, sizeof b->offset);
  return 0;
}

static lq_fieldmap *small_map(void)
{
  static const struct {
    const char *name;
    uint32_t scope;
    bool is_scope;
  } fields[] = {{"process.name", LQ_NO_SLOT, false},
                {"process.args", LQ_NO_SLOT, false},
                {"a", LQ_NO_SLOT, true},
                {"a.b", 2, false},
                {"dns.answers.data", LQ_NO_SLOT, false},
                {"winlog.event_data.\xFF", LQ_NO_SLOT, false},
                {"event.category", LQ_NO_SLOT, false},
                {"registry.data.strings", LQ_NO_SLOT, false},
                {"file.path", LQ_NO_SLOT, false}};
  lq_fieldmap *m = NULL;
  uint32_t slot;
  MUST(lq_fieldmap_new(&m, &lq_mem_libc) == LQ_OK);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    lq_field_spec spec = {lq_str_of(fields[i].name), fields[i].scope, fields[i].is_scope};
    MUST(lq_fieldmap_add(m, &spec, &slot) == LQ_OK);
  }
  return m;
}

static tally read_in_two(const lq_fieldmap *m, const uint8_t *p, size_t n, size_t at)
{
  tally t = {0};
  lq_reader *r = NULL;
  lq_input_limits limits = {.max_record = 2000, .max_value = 100, .max_depth = 16, .max_fields = 100};
  lq_reader_hooks hooks = {on_record, on_bad, &t};
  MUST(lq_reader_new(&r, m, &limits, &hooks, &lq_mem_libc) == LQ_OK);
  lq_reader_begin(r, LQ_STR("fuzz"));
  lq_status s = lq_reader_feed(r, p, at);
  if (s == LQ_OK)
    s = lq_reader_feed(r, p + at, n - at);
  MUST(s == LQ_OK || s == LQ_E_INPUT);
  s = lq_reader_end(r);
  MUST(s == LQ_OK || s == LQ_E_INPUT);
  const lq_input_stats *x = lq_reader_stats(r);
  MUST(x->records == x->events + x->bad);
  MUST(x->bad == x->bad_json + x->bad_size + x->bad_shape + x->partial);
  MUST(x->events == t.events && x->bad == t.bad);
  lq_reader_free(r);
  return t;
}

static void on_leaf(void *user, lq_str name, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str text = lq_value_text(v, scratch);
  mix(user, name.p, name.n);
  mix(user, text.p, text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  if (n < 2)
    return 0;
  size_t at = (data[0] | (size_t)data[1] << 8) % (n - 1);
  data += 2, n -= 2;
  lq_fieldmap *m = small_map();
  bool packed = n > 3 && ((data[0] == 0x1F && data[1] == 0x8B) || (data[0] == 0x28 && data[1] == 0xB5));
  tally one = read_in_two(m, data, n, n), two = read_in_two(m, data, n, at <= n ? at : n);
  // A damaged compressed stream may give more or less of its last block, by where it is cut.
  MUST(packed ||
       (one.events == two.events && one.values == two.values && one.bad == two.bad && one.sum == two.sum));
  lq_record_visit((lq_str){(const char *)data, n}, NULL, &lq_mem_libc, on_leaf, &one);
  lq_fieldmap_free(m);
  return 0;
}

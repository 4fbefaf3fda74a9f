// Fields that are asked for one by one are the fields that come all at once, and what nobody asks for is left
// alone.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/reader.h"
#include "libquery/lq.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { PLAIN, DOTTED, SCOPE, TIED, TIED_TOO, INNER, IN_INNER, SCOPED_SELF, SLOTS };

static lq_fieldmap *make_map(void)
{
  static const struct {
    const char *name;
    uint32_t scope;
    bool is_scope;
  } specs[SLOTS] = {{"plain", LQ_NO_SLOT, false}, {"a.b", LQ_NO_SLOT, false}, {"list", LQ_NO_SLOT, true},
                    {"list.x", SCOPE, false},     {"list.y", SCOPE, false},   {"list.in", SCOPE, true},
                    {"list.in.z", INNER, false},  {"list", SCOPE, false}};
  lq_fieldmap *m;
  cr_assert(lq_fieldmap_new(&m, &lq_mem_libc) == LQ_OK);
  for (uint32_t i = 0; i < SLOTS; i++) {
    lq_field_spec spec = {lq_str_of(specs[i].name), specs[i].scope, specs[i].is_scope};
    uint32_t slot;
    cr_assert(lq_fieldmap_add(m, &spec, &slot) == LQ_OK && slot == i);
  }
  return m;
}

static const char *const events[] = {
    "{\"plain\":[1,\"two\",null,[3]],\"a\":{\"b\":true},\"a.b\":2}",
    "{\"list\":[{\"x\":1,\"y\":2},{\"x\":[3,4]},5,{\"y\":6}],\"plain\":7}",
    "{\"list\":{\"in\":[{\"z\":1},{\"z\":2}],\"x\":3},\"list\":[{\"in\":{\"z\":[4,5]}},{\"y\":\"\\u00e9\"}]}",
    "{\"list.x\":1,\"list.y\":2,\"list.in.z\":3}",
    "{\"list\":[{\"in.z\":1,\"x\":2},{\"in\":[{\"z\":3}]}],\"list.x\":9}",
    "{\"Event\":{\"System\":{\"EventID\":1},\"EventData\":{}},\"plain\":1}",
    "{\"plain\":\"\xFF\",\"a\":{\"b\":{\"c\":1}}}",
    "{}",
};

// Values of all slots, slot by slot.
static void show(lq_buf *out, const lq_event *e)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (uint32_t s = 0; s < SLOTS; s++) {
    for (const lq_slot_value *v = lq_event_first(e, s); v; v = lq_event_next(e, v)) {
      lq_buf_printf(out, "%u:", s);
      lq_buf_str(out, v->v.type == LQ_T_OBJECT ? LQ_STR("{}") : lq_value_text(&v->v, scratch));
      lq_buf_printf(out, "@%u/%u ", v->element, v->parent);
    }
  }
  lq_buf_byte(out, '\n');
}

typedef struct asking {
  uint32_t first, step; // asks for one slot after the other; step 0: for all at once
  lq_buf out;
} asking;

static int on_record(void *user, lq_cursor *c)
{
  asking *a = user;
  lq_slot_set set;
  cr_assert(lq_slot_set_init(&set, SLOTS, &lq_mem_libc) == LQ_OK);
  for (uint32_t i = 0, slot = a->first; i < SLOTS && a->step; i++, slot = (slot + a->step) % SLOTS) {
    memset(set.words, 0, set.n * sizeof *set.words);
    lq_slot_set_add(&set, slot);
    cr_expect(lq_cursor_need(c, &set) == LQ_OK);
    cr_expect(lq_cursor_need(c, &set) == LQ_OK); // nothing comes twice
  }
  lq_slot_set_all(&set);
  cr_expect(lq_cursor_need(c, &set) == LQ_OK);
  lq_slot_set_free(&set);
  show(&a->out, c->event);
  return 0;
}

static void read_all(asking *a, const lq_fieldmap *m)
{
  lq_reader *r;
  lq_reader_hooks hooks = {.record = on_record, .user = a};
  a->out.mem = &lq_mem_libc;
  cr_assert(lq_reader_new(&r, m, NULL, &hooks, &lq_mem_libc) == LQ_OK);
  lq_reader_begin(r, LQ_STR("e"));
  for (size_t i = 0; i < COUNT(events); i++)
    cr_assert(lq_reader_feed(r, events[i], strlen(events[i])) == LQ_OK &&
              lq_reader_feed(r, "\n", 1) == LQ_OK);
  cr_assert(lq_reader_end(r) == LQ_OK);
  const lq_input_stats *s = lq_reader_stats(r);
  cr_expect(s->events == COUNT(events) && s->repaired_utf8 == 1);
  lq_reader_free(r);
}

Test(cursor, one_by_one_is_all_at_once)
{
  lq_fieldmap *m = make_map();
  asking whole = {.step = 0};
  read_all(&whole, m);
  for (uint32_t first = 0; first < SLOTS; first++) {
    for (uint32_t step = 1; step < SLOTS; step += 2) { // without a common divisor: each comes once
      asking a = {.first = first, .step = step};
      read_all(&a, m);
      cr_expect(lq_str_eq(lq_buf_get(&a.out), lq_buf_get(&whole.out)),
                "from %u by %u:\n%.*s\ninstead of\n%.*s", first, step, LQ_STR_ARG(lq_buf_get(&a.out)),
                LQ_STR_ARG(lq_buf_get(&whole.out)));
      lq_buf_free(&a.out);
    }
  }
  lq_buf_free(&whole.out);
  lq_fieldmap_free(m);
}

// ---- getters

typedef struct names {
  lq_buf asked;
  const char *event; // `name=number` and blanks
} names;

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  names *n = user;
  char want[64];
  snprintf(want, sizeof want, " %.*s=", (int)field.n, field.p);
  if (nth == 0)
    lq_buf_printf(&n->asked, "%.*s ", (int)field.n, field.p);
  const char *at = nth == 0 ? strstr(n->event, want) : NULL;
  if (!at)
    return 0;
  *out = (lq_field_value){.kind = LQ_VALUE_INT, .i = atoi(at + strlen(want))};
  return 1;
}

static int on_match(void *user, const lq_match *m)
{
  (void)m;
  ++*(int *)user;
  return 0;
}

static const struct {
  const char *query, *event, *asked;
  int matches;
} rows[] = {
    {"a == 1", " a=2 b=1", "@timestamp a ", 0},
    {"a == 1", " a=1 b=1", "@timestamp a ", 1},
    {"any where true", " a=1", "@timestamp ", 1},
    {"sequence by k [any where a == 1] [any where a == 2]", " a=3 k=1", "@timestamp a ", 0},
    {"sequence by k [any where a == 1] [any where a == 2]", " a=1 k=1", "@timestamp a k ", 0},
    {"any where a == 1 | keep b, c", " a=2 b=3", "@timestamp a ", 0},
    {"any where a == 1 | keep b, c", " a=1 b=3", "@timestamp a b c ", 1},
    {"s:{x == 1 and y == 2}", " s.x=1 s.y=2", "@timestamp s s.x s.y ", 1},
};

Test(cursor, a_getter_is_asked_for_what_is_needed)
{
  for (size_t i = 0; i < COUNT(rows); i++) {
    lq_bundle *b = NULL;
    lq_build *build = NULL;
    lq_scan *s = NULL;
    int matches = 0;
    names n = {.asked = {.mem = &lq_mem_libc}, .event = rows[i].event};
    lq_scan_options o = {.struct_size = sizeof o, .match = on_match, .user = &matches};
    cr_assert(lq_build_new(&build, NULL) == LQ_OK);
    cr_assert(lq_build_add_query(build, "q", NULL, rows[i].query, strlen(rows[i].query)) == LQ_OK, "%s",
              rows[i].query);
    cr_assert(lq_build_finish(build, &b) == LQ_OK);
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
    cr_expect(lq_scan_record(s, get, &n, 1) == LQ_OK && lq_scan_finish(s) == LQ_OK);
    cr_expect(matches == rows[i].matches, "%s, %s: %d", rows[i].query, rows[i].event, matches);
    cr_expect(lq_str_is(lq_buf_get(&n.asked), rows[i].asked), "%s, %s: %.*s", rows[i].query, rows[i].event,
              LQ_STR_ARG(lq_buf_get(&n.asked)));
    lq_buf_free(&n.asked);
    lq_scan_free(s);
    lq_bundle_free(b);
    lq_build_free(build);
  }
}

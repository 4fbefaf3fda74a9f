// What nobody wants gets no node, and nobody sees a difference: events, counts and bad records are those of
// the plain decoder.
#include <criterion/criterion.h>

#include "base/glob.h"
#include "base/layers.h"
#include "input/reader.h"
#include "random_json.h"

enum { RECORDS = 10000 };

static uint32_t add_field(lq_fieldmap *m, const char *name, uint32_t scope, bool is_scope)
{
  lq_field_spec spec = {lq_str_of(name), scope, is_scope};
  uint32_t slot = LQ_NO_SLOT;
  cr_assert_eq(lq_fieldmap_add(m, &spec, &slot), LQ_OK);
  return slot;
}

static void add_plain(lq_fieldmap *m, const char *const *names)
{
  for (; *names; names++)
    add_field(m, *names, LQ_NO_SLOT, false);
}

static void add_scopes(lq_fieldmap *m)
{
  uint32_t a = add_field(m, "a", LQ_NO_SLOT, true), n = add_field(m, "a.n", a, true);
  add_field(m, "a.x", a, false);
  add_field(m, "a.n.z", n, false);
}

typedef struct output {
  lq_buf text;
  const lq_fieldmap *map;
  lq_slot_set all;
} output;

static void show(output *o, const lq_slot_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_buf_printf(&o->text, " %u:%u:%u:", (unsigned)v->v.type, v->element, v->parent);
  lq_buf_str(&o->text, v->v.type == LQ_T_OBJECT ? LQ_STR("{}") : lq_value_text(&v->v, scratch));
}

static int on_record(void *user, lq_cursor *c)
{
  output *o = user;
  cr_assert_eq(lq_cursor_need(c, &o->all), LQ_OK);
  cr_assert_eq(lq_cursor_need_time(c), LQ_OK);
  lq_buf_printf(&o->text, "\nline %u mapped %d time %lld", (unsigned)c->event->line, c->event->mapped,
                c->event->has_time ? (long long)c->event->time : -1);
  for (uint32_t s = 0; s < lq_fieldmap_slots(o->map); s++) {
    lq_buf_printf(&o->text, "\n  %u", s);
    for (const lq_slot_value *v = lq_event_first(c->event, s); v; v = lq_event_next(c->event, v))
      show(o, v);
  }
  return 0;
}

static int on_bad(void *user, const lq_bad_record *b)
{
  output *o = user;
  lq_buf_printf(&o->text, "\nbad %u:%u ", (unsigned)b->line, b->column);
  lq_buf_str(&o->text, b->reason);
  return 0;
}

static void read_all(output *o, lq_str text, uint32_t layers_off, lq_input_stats *stats)
{
  lq_input_limits limits = {.layers_off = layers_off, .max_fields = 8, .max_depth = 6};
  lq_reader_hooks hooks = {on_record, on_bad, o};
  lq_reader *r;
  cr_assert_eq(lq_reader_new(&r, o->map, &limits, &hooks, &lq_mem_libc), LQ_OK);
  lq_reader_begin(r, LQ_STR("x"));
  for (size_t i = 0; i < text.n; i += 5000) // lines are cut
    cr_assert_eq(lq_reader_feed(r, text.p + i, text.n - i < 5000 ? text.n - i : 5000), LQ_OK);
  cr_assert_eq(lq_reader_end(r), LQ_OK);
  *stats = *lq_reader_stats(r);
  lq_reader_free(r);
}

// Records on lines of their own, some of them broken.
static lq_buf lines_of(dice *d)
{
  lq_buf all = {.mem = &lq_mem_libc};
  lq_buf_z(
      &all,
      "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Image\":\"C:\\\\a.exe\"}\n");
  for (int i = 0; i < RECORDS; i++) {
    lq_buf b = {.mem = &lq_mem_libc};
    add_json(&b, d, 0);
    if (roll(d, 10) == 0)
      mutate(&b, d);
    for (size_t k = 0; k < b.n; k++)
      b.p[k] = b.p[k] == '\n' ? ' ' : b.p[k];
    lq_buf_str(&all, lq_buf_get(&b));
    lq_buf_byte(&all, '\n');
    lq_buf_free(&b);
  }
  cr_assert(!all.failed);
  return all;
}

static size_t first_difference(lq_str a, lq_str b)
{
  size_t i = 0, last = 0;
  for (; i < a.n && i < b.n && a.p[i] == b.p[i]; i++)
    last = a.p[i] == '\n' && (a.p[i + 1] == 'l' || a.p[i + 1] == 'b') ? i : last;
  return last;
}

static void compare(const lq_fieldmap *map, lq_str text, uint32_t layers_off)
{
  output fast = {.text = {.mem = &lq_mem_libc}, .map = map}, plain = fast;
  lq_input_stats a, b;
  cr_assert_eq(lq_slot_set_init(&fast.all, lq_fieldmap_slots(map), &lq_mem_libc), LQ_OK);
  lq_slot_set_all(&fast.all);
  plain.all = fast.all;
  read_all(&fast, text, layers_off, &a);
  read_all(&plain, text, LQ_LAYER_SIMD | LQ_LAYER_SHAPES | layers_off, &b);
  lq_str got = lq_buf_get(&fast.text), want = lq_buf_get(&plain.text);
  size_t at = first_difference(got, want);
  cr_expect(lq_str_eq(got, want), "got %.600s\n\nwant %.600s", got.p + at, want.p + at);
  cr_expect_eq(memcmp(&a, &b, offsetof(lq_input_stats, unexpected_keys)), 0,
               "duplicates %llu %llu, repaired %llu %llu", (unsigned long long)a.duplicate_keys,
               (unsigned long long)b.duplicate_keys, (unsigned long long)a.repaired_utf8,
               (unsigned long long)b.repaired_utf8);
  cr_expect(b.duplicate_keys > 100 && b.repaired_utf8 > 100 && b.bad > 100 && b.mapped > 100 &&
            b.cut_depth > 100);
  lq_slot_set_free(&fast.all);
  lq_buf_free(&fast.text);
  lq_buf_free(&plain.text);
}

static const char *const few[] = {"process.name", "x", NULL};
static const char *const windows[] = {"process.executable",
                                      "winlog.event_data.Image",
                                      "winlog.event_data.Odd.one",
                                      "winlog.event_data.process.name",
                                      "process.name",
                                      "event.code",
                                      "host.name",
                                      "event.category",
                                      "process.command_line",
                                      NULL};
static const char *const wrapped[] = {
    "_source.x", "Event.System", "System.EventID.n", "a.x", "@timestamp", "", NULL};
static const char *const nothing[] = {NULL};

static const struct map_case {
  const char *const *names;
  bool scopes;
  const char *pattern;
} map_cases[] = {{nothing, false, NULL},  {few, false, NULL},    {windows, false, NULL},
                 {windows, true, NULL},   {wrapped, true, NULL}, {wrapped, false, NULL},
                 {few, false, "proc\xFF"}};

Test(wants, nobody_sees_a_difference, .timeout = 200)
{
  dice d = {5};
  lq_buf lines = lines_of(&d);
  for (size_t i = 0; i < sizeof map_cases / sizeof *map_cases; i++) {
    const struct map_case *c = &map_cases[i];
    lq_fieldmap *m;
    cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
    add_plain(m, c->names);
    if (c->scopes)
      add_scopes(m);
    if (c->pattern)
      add_field(m, c->pattern, LQ_NO_SLOT, false);
    compare(m, lq_buf_get(&lines), i % 2 ? LQ_LAYER_MAPPING : 0);
    compare(m, lq_buf_get(&lines), i % 2 ? 0 : LQ_LAYER_MAPPING);
    lq_fieldmap_free(m);
  }
  lq_buf_free(&lines);
}

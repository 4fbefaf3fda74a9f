// Wanted fields and the slots of one event.
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/event.h"
#include "base/glob.h"
#include "counting_mem.h"

static uint32_t add(lq_fieldmap *m, lq_str name, uint32_t scope, bool is_scope)
{
  uint32_t slot = 12345;
  cr_assert_eq(lq_fieldmap_add(m, &(lq_field_spec){name, scope, is_scope}, &slot), LQ_OK);
  return slot;
}

static uint32_t plain(lq_fieldmap *m, const char *name)
{
  return add(m, lq_str_of(name), LQ_NO_SLOT, false);
}

Test(base_event, every_spelling_leads_to_one_node)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  cr_expect_eq(plain(m, "process.parent.name"), 0);
  cr_expect_eq(plain(m, "process"), 1);
  cr_expect_eq(plain(m, "process.parent.name"), 0);
  cr_expect_eq(plain(m, ""), 2);
  cr_expect_eq(lq_fieldmap_slots(m), 3);
  uint32_t node = lq_fieldmap_child(m, 0, LQ_STR("process"));
  cr_expect_eq(lq_fieldmap_slot_at(m, node), 1);
  uint32_t mixed = lq_fieldmap_descend(m, node, LQ_STR("parent.name"));
  cr_expect_eq(lq_fieldmap_slot_at(m, mixed), 0);
  cr_expect_eq(lq_fieldmap_descend(m, 0, LQ_STR("process.parent.name")), mixed);
  cr_expect_eq(lq_fieldmap_next_slot(m, 0), LQ_NO_SLOT);
  static const char *const absent[] = {"Process",  "process.name",          "process.",
                                       ".process", "process.parent.name.x", "proces"};
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
    cr_expect_eq(lq_fieldmap_descend(m, 0, lq_str_of(absent[i])), LQ_NO_NODE, "%s", absent[i]);
  cr_expect_eq(lq_fieldmap_child(m, LQ_NO_NODE, LQ_STR("x")), LQ_NO_NODE);
  cr_expect_eq(lq_fieldmap_slot_at(m, LQ_NO_NODE), LQ_NO_SLOT);
  cr_expect_not(lq_fieldmap_has_patterns(m));
  lq_fieldmap_free(m);
}

Test(base_event, many_names)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  char name[64];
  for (uint32_t i = 0; i < 5000; i++) {
    snprintf(name, sizeof name, "group%u.a_rather_long_part_%u.x", i % 17, i);
    cr_assert_eq(plain(m, name), i);
  }
  for (uint32_t i = 0; i < 5000; i++) {
    snprintf(name, sizeof name, "group%u.a_rather_long_part_%u.x", i % 17, i);
    cr_assert_eq(lq_fieldmap_slot_at(m, lq_fieldmap_descend(m, 0, lq_str_of(name))), i);
    cr_assert(lq_str_is(lq_fieldmap_spec(m, i)->name, name));
  }
  lq_fieldmap_free(m);
}

Test(base_event, values)
{
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &mem), LQ_OK);
  uint32_t a = plain(m, "a.b"), c = plain(m, "c");
  uint32_t scope = add(m, LQ_STR("c"), LQ_NO_SLOT, true), inside = add(m, LQ_STR("c"), scope, false);
  uint32_t deep = add(m, LQ_STR("c.d"), scope, false);
  uint32_t pattern = add(m, LQ_STR("a.\xFF"), LQ_NO_SLOT, false),
           any = add(m, LQ_STR("\xFF"), LQ_NO_SLOT, false);
  cr_expect_eq(lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("x"), a, false}, &(uint32_t){0}), LQ_E_USAGE);
  cr_expect_eq(lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("x"), 99, false}, &(uint32_t){0}), LQ_E_USAGE);
  cr_expect(lq_fieldmap_node_is_scope(m, lq_fieldmap_descend(m, 0, LQ_STR("c"))));
  cr_expect_not(lq_fieldmap_node_is_scope(m, lq_fieldmap_descend(m, 0, LQ_STR("a.b"))));
  lq_event e;
  cr_assert_eq(lq_event_init(&e, m, &mem), LQ_OK);
  size_t warm = 0;
  for (int round = 0; round < 20; round++) {
    if (round == 10)
      warm = count.requests;
    lq_event_clear(&e);
    for (size_t s = 0; s < lq_fieldmap_slots(m); s++)
      cr_assert_null(lq_event_first(&e, (uint32_t)s));
    lq_event_add(&e, LQ_STR("a.b"), lq_string(lq_arena_copy(&e.text, LQ_STR("one"))));
    lq_event_add(&e, LQ_STR("c"), lq_int(1));
    lq_event_add(&e, LQ_STR("c"), lq_int(2));
    lq_event_add(&e, LQ_STR("c.d"), lq_int(3));
    lq_event_add(&e, LQ_STR("a.x"), lq_int(4));
    for (int64_t i = 0; i < 100; i++)
      lq_event_add(&e, LQ_STR("nobody.wants"), lq_int(i));
  }
  cr_expect_eq(count.requests, warm, "a warm event allocates");
  const lq_slot_value *v = lq_event_first(&e, a);
  cr_expect(lq_str_is(v->v.s, "one"));
  cr_expect_null(lq_event_next(&e, v));
  v = lq_event_first(&e, c);
  cr_expect_eq(v->v.i, 1);
  v = lq_event_next(&e, v);
  cr_expect_eq(v->v.i, 2);
  cr_expect_null(lq_event_next(&e, v));
  for (uint32_t s = scope; s <= inside; s += inside - scope) {
    v = lq_event_first(&e, s);
    cr_expect_eq(v->element, 0);
    cr_expect_eq(lq_event_next(&e, v)->element, 1);
  }
  cr_expect_eq(lq_event_first(&e, deep)->element, 0);
  cr_expect_eq(lq_event_next(&e, lq_event_first(&e, pattern))->v.i, 4);
  size_t n = 0;
  for (v = lq_event_first(&e, any); v; v = lq_event_next(&e, v))
    n++;
  cr_expect_eq(n, 105);
  lq_event_free(&e);
  lq_event_free(&e);
  lq_fieldmap_free(m);
  lq_fieldmap_free(NULL);
  cr_expect_eq(count.live, 0);
  cr_expect_not(count.wrong_size);
}

// The whole way with memory that runs out at the n-th request; true when nothing ran out.
static bool once(const lq_mem *mem)
{
  lq_fieldmap *m;
  lq_event e = {0};
  if (lq_fieldmap_new(&m, mem) != LQ_OK)
    return false;
  bool ok = true;
  for (int i = 0; i < 100 && ok; i++) {
    char name[] = {(char)('a' + i % 26), '.', (char)('a' + i / 26), i % 9 == 0 ? LQ_ANY_RUN : 'z', '\0'};
    uint32_t slot;
    ok = lq_fieldmap_add(m, &(lq_field_spec){lq_str_of(name), LQ_NO_SLOT, false}, &slot) == LQ_OK;
  }
  ok = ok && lq_event_init(&e, m, mem) == LQ_OK;
  for (int i = 0; i < 100 && ok; i++)
    lq_event_add(&e, LQ_STR("b.az"), lq_string(lq_arena_copy(&e.text, LQ_STR("v"))));
  ok = ok && !e.failed && !e.text.failed;
  lq_event_free(&e);
  lq_fieldmap_free(m);
  return ok;
}

Test(base_event, out_of_memory_at_every_place)
{
  bool ok = false;
  for (size_t n = 1; !ok && n < 1000; n++) {
    counting_mem count = {.fail_at = n};
    lq_mem mem = {counting_fn, &count};
    ok = once(&mem);
    cr_assert_eq(count.live, 0, "request %zu leaks", n);
    cr_assert_not(count.wrong_size);
  }
  cr_expect(ok);
}

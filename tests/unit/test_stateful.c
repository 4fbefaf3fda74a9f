// Stateful rules from their text to their groups, over events as JSON.
#include <criterion/criterion.h>

#include "state/stateful.h"
#include "tests/unit/compile_query.h"

typedef struct played {
  compiled compiled;
  lq_stateful *stateful;
  lq_event event;
  lq_buf out;
  uint64_t line;
} played;

static int group(void *user, const lq_outcome *g)
{
  played *p = user;
  for (size_t i = 0; i < g->nevents; i++)
    lq_buf_printf(&p->out, "%s%d", i ? "," : "", g->events[i] ? (int)g->events[i]->line : 0);
  for (size_t i = 0; i < g->ncolumns; i++) {
    char scratch[LQ_VALUE_TEXT_MAX];
    lq_buf_z(&p->out, i ? " " : "[");
    for (size_t k = 0; k < g->columns[i].values.n; k++)
      lq_buf_str(&p->out, lq_value_text(&g->columns[i].values.v[k], scratch));
  }
  lq_buf_z(&p->out, g->ncolumns ? "];" : ";");
  return 0;
}

static lq_status begin(played *p, const char *query, int64_t lateness)
{
  lq_stateful_options o = {.lateness = lateness, .hooks = {.user = p, .group = group}};
  *p = (played){.out = {.mem = &lq_mem_libc}};
  lq_status st = compile_query(&p->compiled, query, LQ_DIALECT_LQ, true);
  if (!st)
    st = lq_event_init(&p->event, lq_ruleset_fields(p->compiled.rules), &lq_mem_libc);
  return st ? st : lq_stateful_new(&p->stateful, p->compiled.engine, &o, &lq_mem_libc);
}

static lq_status feed(played *p, const char *json)
{
  lq_bad_record bad;
  lq_hits hits;
  lq_event_clear(&p->event);
  p->event.line = ++p->line;
  lq_cursor cursor = lq_cursor_of(&p->event);
  lq_status st = lq_event_from_json(&p->event, lq_str_of(json), NULL, &bad, &lq_mem_libc);
  p->event.line = p->line;
  if (!st)
    st = lq_engine_eval(p->compiled.engine, &cursor, LQ_ASK_ALL, &hits);
  return st ? st : lq_stateful_event(p->stateful, &cursor, &hits);
}

static void end(played *p)
{
  lq_stateful_free(p->stateful);
  if (p->event.map)
    lq_event_free(&p->event);
  free_compiled(&p->compiled);
  lq_buf_free(&p->out);
}

#define AT(seconds) "{\"@timestamp\":\"2024-05-01T10:00:" #seconds "Z\","
#define START "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":"
#define EVENTS_MAX 8

typedef struct story {
  const char *query, *events[EVENTS_MAX], *groups;
} story;

static const story stories[] = {
    {"sequence by host.id with maxspan=10s [any where a == 1] [any where a == 2]",
     {AT(00) "\"host\":{\"id\":\"x\"},\"a\":1}", AT(01) "\"host\":{\"id\":\"y\"},\"a\":2}",
      AT(02) "\"host\":{\"id\":\"x\"},\"a\":2}"},
     "1,3;"},
    {"sequence by host.id [any where a == 1] as one [any where a == 2 and b == one.b]",
     {AT(00) "\"host.id\":1,\"a\":1,\"b\":\"p\"}", AT(01) "\"host.id\":1,\"a\":2,\"b\":\"q\"}",
      AT(02) "\"host.id\":1,\"a\":2,\"b\":\"p\"}"},
     "1,3;"},
    {"sequence [any where a == 1] [any where a == 2] | where events[0].b == events[1].b",
     {AT(00) "\"a\":1,\"b\":5}", AT(01) "\"a\":2,\"b\":5}", AT(02) "\"a\":1,\"b\":5}",
      AT(03) "\"a\":2,\"b\":6}"},
     "1,2;"},
    {"sequence with maxspan=10s [any where a == 1] ![any where a == 2]",
     {AT(00) "\"a\":1}", AT(05) "\"a\":2}", AT(20) "\"a\":1}", AT(40) "\"a\":3}"},
     "3,0;"},
    {"any where a == 1 | stats count() as n, dcount(b) as kinds by host.id over 10s | where n >= 2",
     {AT(00) "\"a\":1,\"b\":1,\"host.id\":\"x\"}", AT(01) "\"a\":1,\"b\":2,\"host.id\":\"x\"}",
      AT(02) "\"a\":1,\"b\":2,\"host.id\":\"x\"}", AT(03) "\"a\":1,\"host.id\":\"y\"}"},
     "1,2[x 2 2];"},
    {"any where a == 1 | tail 2 | sort b",
     {AT(00) "\"a\":1,\"b\":1}", AT(01) "\"a\":1,\"b\":3}", AT(02) "\"a\":1,\"b\":2}"},
     "3;2;"},
    {"any where a == 1 | new_terms b over 1d | suppress by host.id for 5s",
     {AT(00) "\"a\":1,\"b\":1}", AT(01) "\"a\":1,\"b\":2}", AT(06) "\"a\":1,\"b\":3}",
      AT(07) "\"a\":1,\"b\":3}"},
     "1;3;"},
    {"any where a == 1 | eval c = b + 1 | where c > 2",
     {AT(00) "\"a\":1,\"b\":1}", AT(01) "\"a\":1,\"b\":2}"},
     "2[3];"},
    {"any where a == 1 and descendant of [process where process.name == \"cmd.exe\"]",
     {AT(00) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"entity_id\":\"1\","
             "\"name\":\"cmd.exe\"}}",
      AT(01) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"entity_id\":\"2\","
             "\"parent\":{\"entity_id\":\"1\"}}}",
      AT(02) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"entity_id\":\"3\","
             "\"parent\":{\"entity_id\":\"2\"}}}",
      AT(03) "\"a\":1,\"process\":{\"entity_id\":\"1\"}}",
      AT(04) "\"a\":1,\"process\":{\"entity_id\":\"3\"}}",
      AT(05) "\"a\":1,\"process\":{\"entity_id\":\"9\"}}"},
     "5;"},
    {"any where a == 1 and child of [process where child of [process where process.name == \"cmd.exe\"]]",
     {AT(00) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"pid\":1,\"name\":\"cmd."
             "exe\"}}",
      AT(01) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"pid\":2,\"parent\":{"
             "\"pid\":1}}}",
      AT(02) "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"pid\":3,\"parent\":{"
             "\"pid\":2}}}",
      AT(03) "\"a\":1,\"process\":{\"pid\":2}}", AT(04) "\"a\":1,\"process\":{\"pid\":3}}"},
     "5;"},
    // A number that comes again is another process: neither what it was nor what its children were counts.
    {"any where a == 1 and child of [process where process.name == \"cmd.exe\"]",
     {AT(00) START "{\"pid\":1,\"name\":\"cmd.exe\"}}", AT(01) START "{\"pid\":2,\"parent\":{\"pid\":1}}}",
      AT(02) "\"a\":1,\"process\":{\"pid\":2}}", AT(03) START "{\"pid\":2,\"parent\":{\"pid\":7}}}",
      AT(04) "\"a\":1,\"process\":{\"pid\":2}}", AT(05) START "{\"pid\":1,\"name\":\"notepad.exe\"}}",
      AT(06) START "{\"pid\":3,\"parent\":{\"pid\":1}}}", AT(07) "\"a\":1,\"process\":{\"pid\":3}}"},
     "3;"},
    {"any where a == 1 and event of [process where process.name == \"cmd.exe\"]",
     {AT(00) START "{\"pid\":1,\"name\":\"cmd.exe\"}}", AT(01) "\"a\":1,\"process\":{\"pid\":1}}",
      AT(02) START "{\"pid\":1,\"name\":\"notepad.exe\"}}", AT(03) "\"a\":1,\"process\":{\"pid\":1}}"},
     "2;"},
    // An entity id does not: what says its start a second time is about the same process.
    {"any where a == 1 and child of [process where process.name == \"cmd.exe\"]",
     {AT(00) START "{\"entity_id\":\"1\",\"name\":\"cmd.exe\"}}",
      AT(01) START "{\"entity_id\":\"2\",\"parent\":{\"entity_id\":\"1\"}}}",
      AT(02) START "{\"entity_id\":\"2\"}}", AT(03) "\"a\":1,\"process\":{\"entity_id\":\"2\"}}"},
     "4;"},
};

static void tell(const story *s, int64_t lateness)
{
  played p;
  cr_assert(begin(&p, s->query, lateness) == LQ_OK, "%s", s->query);
  for (int i = 0; i < EVENTS_MAX && s->events[i]; i++)
    cr_expect(feed(&p, s->events[i]) == LQ_OK, "%s: %s", s->query, s->events[i]);
  cr_expect(lq_stateful_end(p.stateful) == LQ_OK);
  lq_str got = lq_buf_get(&p.out);
  cr_expect(lq_str_is(got, s->groups), "%s\n  wanted %s\n  got    %.*s", s->query, s->groups,
            LQ_STR_ARG(got));
  end(&p);
}

Test(stateful, stories)
{
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
    tell(&stories[i], 0);
}

Test(stateful, events_that_wait_are_read_as_those_that_do_not)
{
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
    tell(&stories[i], LQ_LATENESS_WHOLE);
    tell(&stories[i], 3000000000);
  }
}

// Stops after each event: saved, and gone on with by another engine.
static void stop_and_go(const story *s, int64_t lateness)
{
  played two[2], *p = &two[0], *next = &two[1];
  lq_buf all = {.mem = &lq_mem_libc};
  cr_assert(begin(p, s->query, lateness) == LQ_OK);
  for (int i = 0; i < EVENTS_MAX && s->events[i]; i++) {
    lq_buf bytes = {.mem = &lq_mem_libc};
    lq_restored done;
    cr_expect(feed(p, s->events[i]) == LQ_OK);
    cr_expect(lq_partition_save(lq_stateful_partition(p->stateful), &bytes, &(bool){false}) == LQ_OK);
    cr_assert(begin(next, s->query, lateness) == LQ_OK);
    lq_status st = lq_partition_restore(lq_stateful_place(next->stateful), bytes.p, bytes.n, &done);
    cr_expect(st == LQ_OK && done.same_bundle && done.kept == 1 && done.cold == 0, "%s: status %d", s->query,
              st);
    next->line = p->line;
    lq_buf_str(&all, lq_buf_get(&p->out));
    end(p);
    played *t = p;
    p = next;
    next = t;
    lq_buf_free(&bytes);
  }
  cr_expect(lq_stateful_end(p->stateful) == LQ_OK);
  lq_buf_str(&all, lq_buf_get(&p->out));
  lq_str got = lq_buf_get(&all);
  cr_expect(lq_str_is(got, s->groups), "%s\n  wanted %s\n  got    %.*s", s->query, s->groups,
            LQ_STR_ARG(got));
  end(p);
  lq_buf_free(&all);
}

Test(stateful, stopped_and_gone_on_with)
{
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
    stop_and_go(&stories[i], 0);
    stop_and_go(&stories[i], LQ_LATENESS_WHOLE);
  }
}

Test(stateful, another_rule_of_the_same_id_starts_cold)
{
  played a, b;
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_restored done;
  cr_assert(begin(&a, "sequence [any where a == 1] [any where a == 2]", 0) == LQ_OK);
  cr_assert(begin(&b, "sequence [any where a == 1] [any where a == 3]", 0) == LQ_OK);
  cr_expect(feed(&a, "{\"a\":1}") == LQ_OK);
  cr_expect(lq_partition_save(lq_stateful_partition(a.stateful), &bytes, &(bool){false}) == LQ_OK);
  cr_expect(lq_partition_restore(lq_stateful_place(b.stateful), bytes.p, bytes.n, &done) == LQ_OK);
  cr_expect(!done.same_bundle && done.kept == 0 && done.cold == 1);
  b.line = 1;
  cr_expect(feed(&b, "{\"a\":3}") == LQ_OK && b.out.n == 0);
  end(&a);
  end(&b);
  lq_buf_free(&bytes);
}

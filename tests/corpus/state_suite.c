// Queries over a file of events: what each gives, as line numbers. Dialect and file as arguments, a query a
// line on stdin, a line of numbers out: -1 for a missing event, `!` and a status for a query that failed.
#include <stdio.h>
#include <stdlib.h>

#include "state/stateful.h"
#include "tests/unit/compile_query.h"

typedef struct suite {
  compiled compiled;
  lq_stateful *stateful;
  uint64_t line;
} suite;

static int single(void *user, uint32_t rule)
{
  suite *s = user;
  (void)rule;
  printf("%d ", (int)s->line);
  return 0;
}

static int group(void *user, const lq_outcome *g)
{
  (void)user;
  for (size_t i = 0; i < g->nevents; i++)
    printf("%d ", g->events[i] ? (int)g->events[i]->line : -1);
  return 0;
}

static int record(void *user, lq_cursor *c)
{
  const lq_event *e = c->event;
  suite *s = user;
  s->line = e->line;
  lq_hits hits;
  lq_status st = lq_engine_eval(s->compiled.engine, c, LQ_ASK_ALL, &hits);
  if (!st)
    st = lq_engine_need_all(s->compiled.engine, c);
  if (!st)
    st = lq_engine_give(s->compiled.engine, &hits, single, s);
  if (!st && s->stateful)
    st = lq_stateful_event(s->stateful, c, &hits);
  return st != LQ_OK;
}

static lq_status over(suite *s, const char *bytes, size_t n)
{
  lq_reader *reader;
  lq_reader_hooks hooks = {.record = record, .user = s};
  lq_input_limits limits = {0};
  lq_status st = lq_reader_new(&reader, lq_ruleset_fields(s->compiled.rules), &limits, &hooks, &lq_mem_libc);
  if (st)
    return st;
  lq_reader_begin(reader, LQ_STR("events"));
  st = lq_reader_feed(reader, bytes, n);
  if (!st)
    st = lq_reader_end(reader);
  lq_reader_free(reader);
  return st;
}

static lq_status run(const char *query, lq_dialect dialect, const char *bytes, size_t n)
{
  suite s = {0};
  lq_stateful_options o = {.lateness = LQ_LATENESS_WHOLE, .hooks = {.user = &s, .group = group}};
  lq_status st = compile_query(&s.compiled, query, dialect, true);
  if (!st)
    st = lq_stateful_new(&s.stateful, s.compiled.engine, &o, &lq_mem_libc);
  if (!st)
    st = over(&s, bytes, n);
  if (!st && s.stateful)
    st = lq_stateful_end(s.stateful);
  lq_stateful_free(s.stateful);
  free_compiled(&s.compiled);
  return st;
}

int main(int argc, char **argv)
{
  static char query[1 << 20];
  FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
  char *bytes = malloc((size_t)64 << 20);
  size_t n = f && bytes ? fread(bytes, 1, (size_t)64 << 20, f) : 0;
  if (!f || !bytes)
    return 2;
  fclose(f);
  lq_dialect dialect = strcmp(argv[1], "endgame") == 0 ? LQ_DIALECT_ENDGAME : LQ_DIALECT_LQ;
  while (fgets(query, sizeof query, stdin)) {
    query[strcspn(query, "\n")] = 0;
    for (char *p = query; *p; p++)
      *p = *p == 1 ? '\n' : *p; // line breaks inside a query come as this
    lq_status st = run(query, dialect, bytes, n);
    printf(st ? "! %d\n" : "\n", st);
    fflush(stdout);
  }
  free(bytes);
  return 0;
}

// lq run --profile: which rules, predicates and fields cost most.
#include "cli/profile.h"

#include <stdlib.h>

#include "cli/text.h"

enum { SHOWN = 10 };

typedef struct lq_cost_row {
  uint32_t kind;
  uint64_t runs, ns;
  lq_string what;
} lq_cost_row;

static void take_kind(lq_costs *c, lq_scan *s, uint32_t kind)
{
  lq_cost_view v = LQ_INIT(lq_cost_view);
  for (size_t i = 0; lq_scan_cost(s, kind, i, &v) == LQ_OK; i++) {
    if (v.runs == 0)
      continue;
    if (c->n == c->cap) {
      c->cap = c->cap ? 2 * c->cap : 64;
      c->rows = lq_need(c->rows, c->cap, sizeof *c->rows);
    }
    lq_cost_row *row = &c->rows[c->n++];
    *row = (lq_cost_row){.kind = kind, .runs = v.runs, .ns = v.ns};
    lq_string_one_line(&row->what, v.what.p, v.what.n);
  }
}

void lq_costs_take(lq_costs *c, lq_scan *s)
{
  for (uint32_t kind = 0; kind <= LQ_COST_FIELD; kind++)
    take_kind(c, s, kind);
}

void lq_costs_free(lq_costs *c)
{
  for (size_t i = 0; i < c->n; i++)
    lq_string_free(&c->rows[i].what);
  free(c->rows);
  *c = (lq_costs){0};
}

// By kind, the costliest first; then by name, so that what is equal stands still.
static int compare(const void *a, const void *b)
{
  const lq_cost_row *x = a, *y = b;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  if (x->ns != y->ns)
    return x->ns > y->ns ? -1 : 1;
  return strcmp(x->what.p ? x->what.p : "", y->what.p ? y->what.p : "");
}

static void say_kind(lq_string *text, const lq_cost_row *rows, size_t n, double scale, const char *title)
{
  double all = 0;
  for (size_t i = 0; i < n; i++)
    all += (double)rows[i].ns;
  lq_string_printf(text, "  %8s  %10s  %12s  %s\n", "SHARE", "MS", "RUNS", title);
  for (size_t i = 0; i < n && i < SHOWN; i++)
    lq_string_printf(text, "  %7.1f%%  %10.3f  %12.0f  %.100s\n",
                     all > 0 ? 100 * (double)rows[i].ns / all : 0, (double)rows[i].ns * scale / 1e6,
                     (double)rows[i].runs * scale, rows[i].what.p ? rows[i].what.p : "");
}

void lq_costs_say(lq_cli *cli, lq_costs *c, const lq_stats *s)
{
  static const char *const titles[] = {
      [LQ_COST_RULE] = "RULE", [LQ_COST_PREDICATE] = "TEST", [LQ_COST_FIELD] = "FIELD, ALL TESTS AT ONCE"};
  lq_string text = {0};
  double scale = s->profiled ? (double)s->events / (double)s->profiled : 0;
  lq_string_printf(&text, "  timed: %llu of %llu events; what follows is for all of them\n",
                   (unsigned long long)s->profiled, (unsigned long long)s->events);
  if (c->n)
    qsort(c->rows, c->n, sizeof *c->rows, compare);
  for (size_t from = 0, to = 0; from < c->n; from = to) {
    while (to < c->n && c->rows[to].kind == c->rows[from].kind)
      to++;
    say_kind(&text, c->rows + from, to - from, scale, titles[c->rows[from].kind]);
  }
  lq_out_add(&cli->err, text.p, text.n);
  lq_out_flush(&cli->err);
  lq_string_free(&text);
}

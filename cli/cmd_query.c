// lq query: one query over events.
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/reading.h"
#include "cli/sink.h"

typedef struct search {
  lq_sink *sink; // NULL: only count
  uint64_t found, head;
} search;

static int on_match(void *user, const lq_match *m)
{
  search *s = user;
  int stop = s->sink ? lq_sink_match(s->sink, m) : 0;
  s->found++;
  return stop || s->found == s->head;
}

static void on_block(void *user, bool idle)
{
  search *s = user;
  if (s->sink)
    lq_sink_flush(s->sink, idle);
}

static void report(lq_cli *c, const lq_options *o, const search *s)
{
  if (o->value[LQ_OPT_COUNT])
    lq_out_printf(&c->out, "%llu\n", (unsigned long long)s->found);
  if (o->value[LQ_OPT_MATCH] && s->found == 0)
    c->saw |= LQ_SAW_NO;
}

static void run(lq_cli *c, const lq_options *o, const lq_bundle *bundle, uint64_t head)
{
  search s = {.head = head};
  lq_reading r;
  lq_reading_init(&r, c, bundle);
  r.pass.match = on_match;
  r.pass.block = on_block;
  r.pass.user = &s;
  if (!lq_reading_choose(&r, o))
    return;
  if (!o->value[LQ_OPT_COUNT])
    s.sink = lq_sink_new(c, bundle, o->format, false, false);
  bool ran = lq_reading_run_names(&r, o->args + 1, o->nargs - 1);
  lq_sink_end(s.sink);
  if (!ran)
    return;
  lq_reading_say_bad(&r);
  report(c, o, &s);
}

void lq_cmd_query(lq_cli *c, const lq_options *o)
{
  lq_bundle *bundle;
  uint32_t dialect;
  uint64_t head = 0;
  if (o->nargs == 0) {
    lq_say_usage(c, "query: no query");
    lq_say_help(c, "for example: lq query 'process.name : \"powershell.exe\"' events.ndjson");
    return;
  }
  if (!lq_dialect_named(c, o, &dialect) || !lq_option_number(c, o, LQ_OPT_HEAD, &head))
    return;
  if (!lq_load_query(c, o->args[0], strlen(o->args[0]), dialect, &bundle))
    return;
  if (o->value[LQ_OPT_HEAD] && head == 0)
    report(c, o, &(search){0});
  else
    run(c, o, bundle, head);
  lq_bundle_free(bundle);
}

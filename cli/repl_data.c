// The events at the prompt: which files, how many events, and the fields in them.
#include <stdlib.h>
#include <string.h>

#include "cli/load.h"
#include "cli/reading.h"
#include "cli/repl.h"
#include "cli/table.h"

enum { EVENTS_LOOKED_AT = 2000, FIELDS_MAX = 20000, SAMPLE = 60 };

// ---- fields

static size_t place_of(const lq_repl *r, lq_text name, bool *there)
{
  size_t low = 0, high = r->nfields;
  *there = false;
  while (low < high && !*there) {
    size_t mid = (low + high) / 2, n = strlen(r->fields[mid].name);
    int order = memcmp(r->fields[mid].name, name.p, n < name.n ? n : name.n);
    if (order == 0 && n == name.n) {
      *there = true;
      return mid;
    }
    if (order < 0 || (order == 0 && n < name.n))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void insert(lq_repl *r, size_t at, lq_text name, const char *type, lq_text value)
{
  lq_string sample = {0};
  if (r->nfields == FIELDS_MAX || memchr(name.p, '\0', name.n))
    return;
  if (r->nfields == r->fields_cap) {
    r->fields_cap = r->fields_cap * 2 + 64;
    r->fields = lq_need(r->fields, r->fields_cap, sizeof *r->fields);
  }
  memmove(r->fields + at + 1, r->fields + at, (r->nfields - at) * sizeof *r->fields);
  r->nfields++;
  lq_string_add(&sample, "", 0);
  lq_string_safe(&sample, value.p, value.n < 4 * SAMPLE ? value.n : 4 * SAMPLE);
  r->fields[at] = (lq_repl_field){
      .name = lq_copy(name.p, name.n), .sample = sample.p, .type = type, .count = 1};
}

static void on_field(void *user, lq_text name, const char *type, lq_text value)
{
  lq_repl *r = user;
  bool there;
  size_t at = place_of(r, name, &there);
  if (there)
    r->fields[at].count++;
  else
    insert(r, at, name, type, value);
}

// ---- loading

typedef struct load {
  lq_repl *repl;
  uint64_t seen;
} load;

static int on_event(void *user, lq_text raw, lq_text source, uint64_t line)
{
  load *l = user;
  (void)source, (void)line;
  if (l->seen++ < EVENTS_LOOKED_AT)
    lq_record_fields(raw.p, raw.n, NULL, on_field, l->repl);
  return 0;
}

static int no_match(void *user, const lq_match *m)
{
  (void)user, (void)m;
  return 0;
}

// A bundle without rules: events are read and counted, nothing is asked of them.
static lq_bundle *no_rules(lq_cli *c)
{
  lq_build *b;
  lq_bundle *bundle = NULL;
  lq_status s = lq_build_new(&b, NULL);
  if (s == LQ_OK)
    s = lq_build_finish(b, &bundle);
  lq_build_free(b);
  if (s != LQ_OK)
    lq_say_status(c, s, "cannot read events");
  return bundle;
}

static void say_loaded(lq_repl *r)
{
  lq_string s = {0};
  lq_string_count(&s, r->events);
  lq_string_printf(&s, " %s in %zu %s, ", r->events == 1 ? "event" : "events", r->files.n,
                   r->files.n == 1 ? "file" : "files");
  lq_string_count(&s, r->nfields);
  // With -o ndjson standard output is for matches alone.
  if (r->format == LQ_FORMAT_TABLE)
    lq_out_printf(&r->cli->out, "%s fields\n", s.p);
  else
    lq_say(r->cli, "%s fields", s.p);
  lq_string_free(&s);
}

static void keep_files(lq_repl *r, const lq_files *more)
{
  r->files.mem = r->cli->host.mem;
  for (size_t i = 0; i < more->n; i++) {
    if (lq_files_add(&r->files, more->names[i]) != LQ_OK)
      lq_out_of_memory();
  }
  // The total is only for the ETA; one unknown size makes it unknown.
  r->files.bytes = more->bytes && (r->files.bytes || r->files.n == more->n) ? r->files.bytes + more->bytes
                                                                            : 0;
}

bool lq_repl_add_files(lq_repl *r, char *const *names, size_t n)
{
  lq_files files;
  load l = {.repl = r};
  lq_bundle *bundle = no_rules(r->cli);
  if (!bundle)
    return false;
  lq_find_files(r->cli, names, n, &lq_takes_events, &files);
  if (files.missing)
    r->cli->saw |= LQ_SAW_BAD_INPUT;
  lq_reading reading;
  lq_reading_init(&reading, r->cli, bundle);
  reading.pass.strict = true; // how many events there are is what it says
  reading.pass.match = no_match;
  reading.pass.event = on_event;
  reading.pass.user = &l;
  if (files.n > 0) {
    lq_reading_run(&reading, &files);
    lq_reading_say_bad(&reading);
    r->events += reading.pass.stats.events;
    keep_files(r, &files);
  }
  say_loaded(r);
  lq_files_free(&files);
  lq_bundle_free(bundle);
  return true;
}

void lq_do_load(lq_repl *r, char **args, size_t n)
{
  if (n > 1) {
    lq_repl_add_files(r, args + 1, n - 1);
    return;
  }
  for (size_t i = 0; i < r->files.n; i++) {
    lq_string s = {0};
    lq_string_safe(&s, r->files.names[i], strlen(r->files.names[i]));
    lq_out_printf(&r->cli->out, "%s\n", s.p);
    lq_string_free(&s);
  }
  say_loaded(r);
}

void lq_do_fields(lq_repl *r, char **args, size_t n)
{
  static const char *const titles[] = {"FIELD", "TYPE", "VALUES", "FOR EXAMPLE"};
  if (r->nfields == 0) {
    lq_say(r->cli, "no events are loaded; `:load FILE` loads some");
    return;
  }
  lq_table *t = lq_table_new(&r->cli->out, r->cli->color, titles, 4);
  for (size_t i = 0; i < r->nfields; i++) {
    const lq_repl_field *f = &r->fields[i];
    lq_string sample = {0};
    if (n > 1 && !strstr(f->name, args[1]))
      continue;
    lq_string_fit(&sample, f->sample, strlen(f->sample), SAMPLE);
    lq_table_text(t, (lq_text){f->name, strlen(f->name)});
    lq_table_z(t, f->type);
    lq_table_printf(t, "%llu", (unsigned long long)f->count);
    lq_table_cell(t, sample.p, sample.n);
    lq_string_free(&sample);
  }
  lq_table_end(t);
}

void lq_repl_free_data(lq_repl *r)
{
  for (size_t i = 0; i < r->nfields; i++) {
    free(r->fields[i].name);
    free(r->fields[i].sample);
  }
  free(r->fields);
  lq_files_free(&r->files);
}

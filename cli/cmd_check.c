// lq check: what rule files hold, and what is wrong with it.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/table.h"

static const char *const state_words[] = {"rule", "error", "not run", "skipped"};
static const char *const json_words[] = {"compiled", "error", "unsupported", "skipped"};

// ---- the list ----

enum { SNIPPET = 48 };

static void put_snippet(lq_string *s, lq_text query)
{
  lq_string safe = {0}, cut = {0};
  lq_string_safe_flat(&safe, query.p, query.n < 400 ? query.n : 400);
  lq_string_fit(&cut, safe.p, safe.n, SNIPPET);
  lq_string_printf(s, "`%s`", cut.p ? cut.p : "");
  lq_string_free(&safe);
  lq_string_free(&cut);
}

static void put_what(lq_string *s, const lq_found *f)
{
  lq_text label = f->name.n ? f->name : f->id;
  if (f->state == LQ_FOUND_SKIPPED)
    put_snippet(s, f->query);
  else
    lq_string_safe(s, label.p, label.n);
  if (f->reason.n) {
    lq_string_z(s, ": ");
    lq_string_safe(s, f->reason.p, f->reason.n);
  }
}

static lq_paint paint_of(uint32_t state)
{
  return state == LQ_FOUND_COMPILED ? LQ_PAINT_GOOD : state == LQ_FOUND_ERROR ? LQ_PAINT_BAD : LQ_PAINT_DIM;
}

static void put_list(lq_cli *c, const lq_build *b)
{
  static const char *const titles[] = {"WHERE", "WHAT", "ATT&CK", "RULE"};
  lq_table *t = lq_table_new(&c->out, c->color, titles, 4);
  lq_table_may_cut(t, 0, LQ_CUT_START);
  lq_table_may_cut(t, 2, LQ_CUT_END);
  lq_string s = {0};
  lq_found f;
  for (size_t i = 0; lq_build_found(b, i, &f) == LQ_OK; i++) {
    const char *word = state_words[f.state & 3];
    lq_table_printf(t, "%.*s:%u", (int)f.file.n, f.file.p, (unsigned)f.line);
    lq_string_painted(&s, c->color, paint_of(f.state), (lq_text){word, strlen(word)});
    lq_table_cell(t, s.p, s.n);
    lq_string_clear(&s);
    lq_table_text(t, f.state == LQ_FOUND_SKIPPED ? (lq_text){0} : f.attack);
    put_what(&s, &f);
    lq_table_cell(t, s.p, s.n);
    lq_string_clear(&s);
  }
  lq_table_end(t);
  lq_string_free(&s);
}

// ---- --print and --tree ----

static void put_printed(lq_cli *c, const lq_build *b, bool tree)
{
  lq_string s = {0};
  lq_found f;
  for (size_t i = 0; lq_build_found(b, i, &f) == LQ_OK; i++) {
    if (f.state == LQ_FOUND_SKIPPED)
      continue;
    lq_status status = tree ? lq_build_print_tree(b, i, lq_string_write, &s)
                            : lq_build_print(b, i, 100, lq_string_write, &s);
    if (status != LQ_OK)
      continue; // it did not parse: the diagnostics say why
    lq_string head = {0}, safe = {0};
    lq_string_z(&head, "// ");
    lq_string_safe(&head, f.id.p, f.id.n);
    lq_string_z(&head, "\n");
    lq_out_add(&c->out, head.p, head.n);
    lq_string_safe_lines(&safe, s.p, s.n);
    lq_out_add(&c->out, safe.p, safe.n);
    lq_out_z(&c->out, s.n && s.p[s.n - 1] == '\n' ? "\n" : "\n\n");
    lq_string_clear(&s);
    lq_string_free(&head);
    lq_string_free(&safe);
  }
  lq_string_free(&s);
}

// ---- JSON ----

static void json_found(lq_string *s, const lq_found *f)
{
  const struct {
    const char *key;
    lq_text v;
  } pairs[] = {{"id", f->id},     {"name", f->name},   {"file", f->file},    {"attack", f->attack},
               {"kind", f->kind}, {"query", f->query}, {"reason", f->reason}};
  lq_string_printf(s, "{\"state\":\"%s\",\"line\":%u", json_words[f->state & 3], (unsigned)f->line);
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    lq_string_printf(s, ",\"%s\":", pairs[i].key);
    lq_string_json(s, pairs[i].v.p, pairs[i].v.n);
  }
  lq_string_z(s, "}");
}

static void put_json(lq_cli *c, const lq_build *b)
{
  lq_string s = {0};
  lq_found f;
  lq_string_z(&s, "{\"found\":[");
  for (size_t i = 0; lq_build_found(b, i, &f) == LQ_OK; i++) {
    lq_string_z(&s, i ? ",\n" : "\n");
    json_found(&s, &f);
  }
  lq_string_z(&s, "],\n\"diagnostics\":[");
  for (size_t i = 0; i < lq_build_diag_count(b); i++) {
    lq_string_z(&s, i ? ",\n" : "\n");
    lq_build_diag_json(b, i, lq_string_write, &s);
  }
  lq_string_z(&s, "]}\n");
  lq_out_add(&c->out, s.p, s.n);
  lq_string_free(&s);
}

// ---- the summary ----

typedef struct code_count {
  uint32_t code;
  size_t n;
} code_count;

static int by_code(const void *a, const void *b)
{
  uint32_t x = ((const code_count *)a)->code, y = ((const code_count *)b)->code;
  return (x > y) - (x < y);
}

static size_t count_codes(const lq_build *b, code_count **out)
{
  size_t n = 0, kinds = 0;
  lq_diagnostic d;
  *out = lq_need(NULL, lq_build_diag_count(b), sizeof **out);
  while (lq_build_diag(b, n, &d) == LQ_OK && n < lq_build_diag_count(b))
    (*out)[n++] = (code_count){d.code, 1};
  qsort(*out, n, sizeof **out, by_code);
  for (size_t i = 0; i < n; i++) {
    if (kinds > 0 && (*out)[kinds - 1].code == (*out)[i].code)
      (*out)[kinds - 1].n++;
    else
      (*out)[kinds++] = (*out)[i];
  }
  return kinds;
}

static void put_count(lq_string *s, size_t n, const char *one, const char *many)
{
  lq_string_z(s, s->n ? ", " : "");
  lq_string_count(s, n);
  lq_string_printf(s, " %s", n == 1 ? one : many);
}

static void say_summary(lq_cli *c, const lq_rules_in *r)
{
  lq_string s = {0};
  code_count *codes;
  size_t kinds = count_codes(r->build, &codes);
  put_count(&s, r->compiled + r->errors, "rule", "rules");
  put_count(&s, r->error_messages, "error", "errors");
  put_count(&s, r->warning_messages, "warning", "warnings");
  if (r->unsupported)
    put_count(&s, r->unsupported, "rule of a kind that this version does not run",
              "rules of a kind that this version does not run");
  put_count(&s, r->skipped, "code span skipped", "code spans skipped");
  lq_say(c, "%s", s.p);
  lq_string_clear(&s);
  for (size_t i = 0; i < kinds; i++) {
    const char *title = "", *explanation;
    uint32_t severity;
    lq_explain_code(codes[i].code, &severity, &title, &explanation);
    lq_string_printf(&s, "  LQ%u  %6zu  %s\n", (unsigned)codes[i].code, codes[i].n, title);
  }
  lq_out_add(&c->err, s.p, s.n);
  lq_out_flush(&c->err);
  lq_string_free(&s);
  free(codes);
}

void lq_cmd_check(lq_cli *c, const lq_options *o)
{
  bool print = o->value[LQ_OPT_PRINT] != NULL, tree = o->value[LQ_OPT_TREE] != NULL,
       json = o->format == LQ_FORMAT_JSON;
  lq_rules_in r;
  if (o->nargs == 0) {
    lq_say_usage(c, "check: no rules");
    lq_say_help(c, "for example: lq check rules/");
    return;
  }
  lq_load_files(c, o->args, o->nargs, LQ_BUILD_KEEP_GOING, true, &r);
  if (r.build && r.files > 0) {
    if (json)
      put_json(c, r.build);
    else if (print || tree)
      put_printed(c, r.build, tree);
    else
      put_list(c, r.build);
    lq_out_flush(&c->out);
    if (!json)
      lq_show_diagnostics(c, r.build);
    say_summary(c, &r);
  }
  lq_rules_in_free(&r);
}

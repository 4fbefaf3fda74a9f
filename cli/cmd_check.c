// lq check: what rule files hold, and what is wrong with it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "cli/fix.h"
#include "cli/load.h"
#include "cli/report.h"
#include "cli/table.h"

static const char *const state_words[] = {"rule", "error", "not run", "skipped"};
static const char *const json_words[] = {"compiled", "error", "unsupported", "skipped"};

// ---- the list

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
  lq_found f = LQ_INIT(lq_found);
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

// ---- --print and --tree

static void put_printed(lq_cli *c, const lq_build *b, bool tree)
{
  lq_string s = {0};
  lq_found f = LQ_INIT(lq_found);
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

// ---- JSON

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

static void json_count(lq_string *s, bool *first, const char *prefix, lq_text name, size_t n)
{
  lq_string key = {0};
  lq_string_z(&key, prefix);
  lq_string_text(&key, name);
  lq_string_z(s, *first ? "" : ",");
  lq_string_json(s, key.p, key.n);
  lq_string_printf(s, ":%zu", n);
  lq_string_free(&key);
  *first = false;
}

// ---- counts

typedef struct kind_count {
  lq_text kind;
  bool runs;
  size_t n;
} kind_count;

enum { KINDS_MAX = 32 }; // kinds of rules; what a file invents beyond that is counted as the last

typedef struct kinds {
  kind_count of[KINDS_MAX];
  size_t n;
} kinds;

static void count_kind(kinds *k, lq_text kind, bool runs)
{
  size_t i = 0;
  while (i < k->n &&
         (k->of[i].runs != runs || k->of[i].kind.n != kind.n || memcmp(k->of[i].kind.p, kind.p, kind.n) != 0))
    i++;
  if (i == KINDS_MAX)
    i = KINDS_MAX - 1;
  else if (i == k->n)
    k->of[k->n++] = (kind_count){kind, runs, 0};
  k->of[i].n++;
}

static int by_count(const void *a, const void *b)
{
  const kind_count *x = a, *y = b;
  if (x->n != y->n)
    return x->n < y->n ? 1 : -1;
  int order = memcmp(x->kind.p, y->kind.p, x->kind.n < y->kind.n ? x->kind.n : y->kind.n);
  return order ? order : (x->kind.n > y->kind.n) - (x->kind.n < y->kind.n);
}

static void count_kinds(const lq_build *b, kinds *out)
{
  lq_found f = LQ_INIT(lq_found);
  *out = (kinds){0};
  for (size_t i = 0; lq_build_found(b, i, &f) == LQ_OK; i++) {
    lq_text kind = f.kind.n ? f.kind : (lq_text){"query", 5};
    if (f.state != LQ_FOUND_SKIPPED)
      count_kind(out, kind, f.state != LQ_FOUND_UNSUPPORTED);
  }
  qsort(out->of, out->n, sizeof *out->of, by_count);
}

static void json_kinds(lq_string *s, const kinds *k, bool runs)
{
  bool first = true;
  lq_string_z(s, "{");
  for (size_t i = 0; i < k->n; i++) {
    if (k->of[i].runs == runs)
      json_count(s, &first, "", k->of[i].kind, k->of[i].n);
  }
  lq_string_z(s, "}");
}

static void json_summary(lq_string *s, const lq_rules_in *r, const lq_findings *f)
{
  kinds k;
  bool first = true;
  count_kinds(r->build, &k);
  lq_string_printf(
      s, "{\"files\":%zu,\"compiled\":%zu,\"errors\":%zu,\"warnings\":%zu,\"skipped\":%zu,\"codes\":{",
      r->files, r->compiled, f->by_severity[LQ_SEVERITY_ERROR], f->by_severity[LQ_SEVERITY_WARNING],
      r->skipped);
  for (size_t i = 0; i < LQ_CODES_MAX; i++) {
    char digits[8];
    int n = snprintf(digits, sizeof digits, "%zu", i);
    if (f->by_code[i])
      json_count(s, &first, "LQ", (lq_text){digits, (size_t)n}, f->by_code[i]);
  }
  lq_string_z(s, "},\"kinds\":");
  json_kinds(s, &k, true);
  lq_string_z(s, ",\"unsupported\":");
  json_kinds(s, &k, false);
  lq_string_z(s, "}");
}

static void put_json(lq_cli *c, const lq_rules_in *r, const lq_findings *findings)
{
  lq_string s = {0};
  lq_found f = LQ_INIT(lq_found);
  lq_string_z(&s, "{\"found\":[");
  for (size_t i = 0; lq_build_found(r->build, i, &f) == LQ_OK; i++) {
    lq_string_z(&s, i ? ",\n" : "\n");
    json_found(&s, &f);
  }
  lq_string_z(&s, "],\n\"diagnostics\":[");
  for (size_t i = 0; i < findings->n; i++) {
    lq_string_z(&s, i ? ",\n" : "\n");
    lq_build_diag_json(r->build, findings->items[i].index, lq_string_write, &s);
  }
  lq_string_z(&s, "],\n\"summary\":");
  json_summary(&s, r, findings);
  lq_string_z(&s, "}\n");
  lq_out_add(&c->out, s.p, s.n);
  lq_string_free(&s);
}

// ---- the summary

static void put_count(lq_string *s, size_t n, const char *one, const char *many)
{
  lq_string_z(s, s->n ? ", " : "");
  lq_string_count(s, n);
  lq_string_printf(s, " %s", n == 1 ? one : many);
}

static void put_kinds(lq_string *s, const kinds *k, bool runs, const char *what)
{
  bool any = false;
  for (size_t i = 0; i < k->n; i++) {
    if (k->of[i].runs != runs)
      continue;
    lq_string_printf(s, "%s", any ? ", " : what);
    lq_string_count(s, k->of[i].n);
    lq_string_z(s, " ");
    lq_string_safe(s, k->of[i].kind.p, k->of[i].kind.n);
    any = true;
  }
  lq_string_z(s, any ? "\n" : "");
}

static void put_codes(lq_string *s, const lq_findings *f)
{
  for (uint32_t code = 0; code < LQ_CODES_MAX; code++) {
    const char *title = "", *explanation;
    uint32_t severity;
    if (f->by_code[code] && lq_explain_code(code, &severity, &title, &explanation) == LQ_OK)
      lq_string_printf(s, "  LQ%u  %6zu  %s\n", (unsigned)code, f->by_code[code], title);
  }
}

static void say_summary(lq_cli *c, const lq_rules_in *r, const lq_findings *f, bool fixed)
{
  lq_string s = {0};
  kinds k;
  count_kinds(r->build, &k);
  put_count(&s, r->compiled + r->errors, "rule", "rules");
  put_count(&s, f->by_severity[LQ_SEVERITY_ERROR], "error", "errors");
  put_count(&s, f->by_severity[LQ_SEVERITY_WARNING], "warning", "warnings");
  if (r->unsupported)
    put_count(&s, r->unsupported, "rule of a kind that this version does not run",
              "rules of a kind that this version does not run");
  put_count(&s, r->skipped, "code span skipped", "code spans skipped");
  lq_say(c, "%s", s.p);
  lq_string_clear(&s);
  if (k.n > 1)
    put_kinds(&s, &k, true, "  kinds of rules: ");
  put_kinds(&s, &k, false, "  not supported: ");
  put_codes(&s, f);
  if (f->sure && !fixed) {
    lq_string_z(&s, "  ");
    lq_string_count(&s, f->sure);
    lq_string_printf(&s, " of them %s by --fix\n", f->sure == 1 ? "is repaired" : "are repaired");
  }
  lq_out_add(&c->err, s.p ? s.p : "", s.n);
  lq_out_flush(&c->err);
  lq_string_free(&s);
}

// ---- the verb

static void put_messages(lq_cli *c, const lq_findings *f)
{
  if (c->err.terminal && c->out.terminal)
    lq_out_flush(&c->out);
  for (size_t i = 0; i < f->n; i++) {
    lq_build_diag_text(f->build, f->items[i].index, c->err_color, lq_out_write, &c->err);
    lq_out_z(&c->err, "\n");
  }
}

static void put_report(lq_cli *c, const lq_options *o, const lq_rules_in *r, const lq_findings *f)
{
  bool tree = o->value[LQ_OPT_TREE] != NULL;
  switch (o->format) {
  case LQ_FORMAT_JSON: put_json(c, r, f); break;
  case LQ_FORMAT_SARIF: lq_report_sarif(&c->out, f); break;
  case LQ_FORMAT_GITHUB: lq_report_github(&c->out, f); break;
  default:
    if (tree || o->value[LQ_OPT_PRINT])
      put_printed(c, r->build, tree);
    else
      put_list(c, r->build);
    put_messages(c, f);
    break;
  }
  lq_out_flush(&c->out);
}

static bool read_level(lq_cli *c, const lq_options *o, int *level)
{
  static const char *const words[] = {"error", "warning", "note"};
  const char *word = o->value[LQ_OPT_LEVEL];
  *level = -1;
  for (int i = 0; word && i < 3; i++) {
    if (strcmp(words[i], word) == 0)
      *level = i;
  }
  if (word && *level < 0)
    lq_say_usage(c, "--level is error, warning or note, not `%s`", word);
  return !word || *level >= 0;
}

static void load(lq_cli *c, const lq_options *o, const lq_selection *selection, lq_rules_in *r,
                 lq_findings *f)
{
  lq_load_files(c, o->args, o->nargs, LQ_BUILD_KEEP_GOING, true, r);
  if (r->build)
    lq_findings_of(r->build, selection, f);
}

// One repair can show the next: looked at again until nothing changes.
static void fix(lq_cli *c, const lq_options *o, const lq_selection *selection, lq_rules_in *r, lq_findings *f)
{
  enum { ROUNDS = 8 };
  lq_fixed all = {0};
  for (int round = 0; round < ROUNDS && f->sure > 0 && !lq_interrupted(); round++) {
    lq_fixed now = {0};
    lq_fix_files(c, f, &now);
    all.fixes += now.fixes;
    all.files = now.files > all.files ? now.files : all.files;
    all.left = now.left;
    if (now.fixes == 0)
      break;
    lq_findings_free(f);
    lq_rules_in_free(r);
    c->saw &= ~(unsigned)LQ_SAW_BAD_RULE;
    load(c, o, selection, r, f);
  }
  lq_say(c, "repaired %zu %s in %zu %s", all.fixes, all.fixes == 1 ? "place" : "places", all.files,
         all.files == 1 ? "file" : "files");
  if (all.left && f->sure)
    lq_say(c, "left %zu alone: written there, they would not read back right", f->sure);
}

void lq_cmd_check(lq_cli *c, const lq_options *o)
{
  lq_selection selection;
  lq_rules_in r;
  lq_findings f = {0};
  int level;
  if (o->nargs == 0) {
    lq_say_usage(c, "check: no rules");
    lq_say_help(c, "for example: lq check rules/");
    return;
  }
  if (!lq_selection_read(c, o, &selection) || !read_level(c, o, &level))
    return;
  load(c, o, &selection, &r, &f);
  if (o->value[LQ_OPT_FIX] && r.build && r.files > 0)
    fix(c, o, &selection, &r, &f);
  if (r.build && r.files > 0) {
    put_report(c, o, &r, &f);
    say_summary(c, &r, &f, o->value[LQ_OPT_FIX] != NULL);
  }
  for (int i = 0; i <= level; i++)
    c->saw |= f.by_severity[i] ? LQ_SAW_NO : 0;
  lq_findings_free(&f);
  lq_rules_in_free(&r);
}

// lq inspect: what a bundle holds.
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/table.h"
#include "cli/why.h"

static int section_row(void *user, const lq_section_view *s)
{
  lq_table *t = user;
  lq_table_z(t, "");
  lq_table_z(t, s->name);
  lq_table_printf(t, "%u", (unsigned)s->count);
  lq_table_printf(t, "%llu", (unsigned long long)s->offset);
  lq_table_printf(t, "%llu", (unsigned long long)s->length);
  return 0;
}

static void put_sections(lq_cli *c, const lq_bundle *b)
{
  static const char *const titles[] = {"", "SECTION", "ENTRIES", "OFFSET", "BYTES"};
  lq_table *t = lq_table_new(&c->out, c->color, titles, 5);
  lq_out_z(&c->out, "\n");
  lq_bundle_sections(b, section_row, t);
  lq_table_end(t);
}

static void put_fields(lq_cli *c, const lq_bundle *b)
{
  size_t n = lq_bundle_field_count(b);
  lq_string s = {0};
  lq_string_printf(&s, "\n%zu fields\n", n);
  for (size_t i = 0; i < n; i++) {
    lq_text f = lq_bundle_field(b, i);
    lq_string_z(&s, "  ");
    lq_string_safe(&s, f.p, f.n);
    lq_string_z(&s, "\n");
  }
  lq_out_add(&c->out, s.p, s.n);
  lq_string_free(&s);
}

static void put_rules(lq_cli *c, const lq_bundle *b)
{
  static const char *const titles[] = {"", "RULE", "ATT&CK", "SEVERITY", "CODE", "COST", "NAME"};
  lq_table *t = lq_table_new(&c->out, c->color, titles, 7);
  size_t n = lq_bundle_rule_count(b);
  lq_out_z(&c->out, "\n");
  for (size_t i = 0; i < n; i++) {
    lq_rule_view v = LQ_INIT(lq_rule_view);
    lq_string attack = {0};
    lq_bundle_rule(b, i, &v);
    lq_string_attack(&attack, b, i);
    lq_table_z(t, "");
    lq_table_text(t, v.id);
    lq_table_text(t, (lq_text){attack.p, attack.n});
    lq_table_text(t, v.severity);
    lq_table_printf(t, "%u", (unsigned)v.instructions);
    lq_table_printf(t, "%u", (unsigned)v.cost);
    lq_table_text(t, v.name);
    lq_string_free(&attack);
  }
  lq_table_end(t);
}

static void as_text(lq_cli *c, const lq_bundle *b)
{
  lq_out_printf(&c->out, "%zu rules\ndigest      %s\nbytes       %zu\npredicates  %zu\n",
                lq_bundle_rule_count(b), lq_bundle_digest(b), lq_bundle_bytes(b).n,
                lq_bundle_predicate_count(b));
  put_sections(c, b);
  put_fields(c, b);
  put_rules(c, b);
}

// ---- JSON

static void json_pair(lq_string *s, const char *key, lq_text v)
{
  lq_string_printf(s, ",\"%s\":", key);
  lq_string_json(s, v.p, v.n);
}

static int json_section(void *user, const lq_section_view *v)
{
  lq_string *s = user;
  lq_string_z(s, s->p[s->n - 1] == '[' ? "" : ",");
  lq_string_printf(s, "{\"type\":%u", (unsigned)v->type);
  json_pair(s, "name", (lq_text){v->name, strlen(v->name)});
  lq_string_printf(s, ",\"entries\":%u,\"offset\":%llu,\"bytes\":%llu}", (unsigned)v->count,
                   (unsigned long long)v->offset, (unsigned long long)v->length);
  return 0;
}

static void json_meta(lq_string *s, const lq_bundle *b, size_t rule)
{
  lq_text key, value;
  lq_string_z(s, ",\"meta\":[");
  for (size_t nth = 0; lq_bundle_rule_meta(b, rule, NULL, nth, &key, &value) == LQ_OK; nth++) {
    lq_string_z(s, nth ? ",[" : "[");
    lq_string_json(s, key.p, key.n);
    lq_string_z(s, ",");
    lq_string_json(s, value.p, value.n);
    lq_string_z(s, "]");
  }
  lq_string_z(s, "]}");
}

static void json_rule(lq_string *s, const lq_bundle *b, size_t i)
{
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_bundle_rule(b, i, &v);
  lq_string_z(s, i ? ",{\"id\":" : "{\"id\":");
  lq_string_json(s, v.id.p, v.id.n);
  json_pair(s, "name", v.name);
  json_pair(s, "severity", v.severity);
  json_pair(s, "kind", v.kind);
  json_pair(s, "file", v.file);
  lq_string_printf(s, ",\"line\":%u,\"instructions\":%u,\"max_stack\":%u,\"cost\":%u", (unsigned)v.line,
                   (unsigned)v.instructions, (unsigned)v.max_stack, (unsigned)v.cost);
  json_pair(s, "query", v.query);
  json_meta(s, b, i);
}

static void as_json(lq_cli *c, const lq_bundle *b)
{
  lq_string s = {0};
  lq_string_printf(
      &s, "{\"rule_count\":%zu,\"digest\":\"%s\",\"bytes\":%zu,\"predicate_count\":%zu,\"sections\":[",
      lq_bundle_rule_count(b), lq_bundle_digest(b), lq_bundle_bytes(b).n, lq_bundle_predicate_count(b));
  lq_bundle_sections(b, json_section, &s);
  lq_string_z(&s, "],\"fields\":[");
  for (size_t i = 0; i < lq_bundle_field_count(b); i++) {
    lq_text f = lq_bundle_field(b, i);
    lq_string_z(&s, i ? "," : "");
    lq_string_json(&s, f.p, f.n);
  }
  lq_string_z(&s, "],\"rules\":[");
  for (size_t i = 0; i < lq_bundle_rule_count(b); i++)
    json_rule(&s, b, i);
  lq_string_z(&s, "]}\n");
  lq_out_add(&c->out, s.p, s.n);
  lq_string_free(&s);
}

void lq_cmd_inspect(lq_cli *c, const lq_options *o)
{
  lq_rules_in r;
  if (o->nargs == 0) {
    lq_say_usage(c, "inspect: no bundle");
    lq_say_help(c, "for example: lq inspect pack.lqb");
    return;
  }
  lq_load_rules(c, o->args, o->nargs, LQ_BUILD_NO_WARNINGS, &r);
  if (r.bundle && o->format == LQ_FORMAT_JSON)
    as_json(c, r.bundle);
  else if (r.bundle)
    as_text(c, r.bundle);
  lq_rules_in_free(&r);
}

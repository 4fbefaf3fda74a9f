// A KQL query from standard input as a line of JSON: its tree in the form of the conformance suite, or what
// is wrong with it. Also says whether what the printer makes of it parses to the same tree.
#include <stdio.h>
#include <stdlib.h>

#include "base/glob.h"
#include "parser/parse.h"

static void tree(lq_buf *out, lq_str query, const lq_node *n);

static void text(lq_buf *out, lq_str pattern)
{
  lq_buf plain = {.mem = out->mem};
  lq_glob_plain(&plain, pattern);
  lq_buf_json(out, lq_buf_get(&plain));
  lq_buf_free(&plain);
}

static void field_name(lq_buf *out, const lq_node *field)
{
  if (field)
    text(out, field->name);
  else
    lq_buf_z(out, "null");
}

static void value(lq_buf *out, const lq_node *leaf)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  bool bare = leaf->kind == LQ_N_STRING && leaf->op == LQ_OPER_KQL_TERM;
  if (leaf->kind == LQ_N_BOOL || (bare && lq_str_is(leaf->value.s, "null")))
    lq_buf_str(out, lq_value_text(&leaf->value, scratch));
  else
    text(out, leaf->name.n > 0 ? leaf->name : lq_value_text(&leaf->value, scratch));
}

// A test of one value, by the field before the group.
static void leaf(lq_buf *out, const lq_node *field, const lq_node *n)
{
  const char *word = n->op == LQ_OPER_KQL_PHRASE                                  ? "phrase"
                     : n->kind == LQ_N_ANYTHING                                   ? "exists"
                     : n->kind == LQ_N_STRING && lq_glob_has_wildcard(n->value.s) ? "wildcard"
                                                                                  : "term";
  lq_buf_printf(out, "[\"%s\",", word);
  field_name(out, field);
  if (n->kind != LQ_N_ANYTHING) {
    lq_buf_byte(out, ',');
    value(out, n);
  }
  lq_buf_byte(out, ']');
}

static const char *joint(const lq_node *n)
{
  return n->kind == LQ_N_AND ? "and" : n->kind == LQ_N_OR ? "or" : n->kind == LQ_N_NOT ? "not" : NULL;
}

static void group(lq_buf *out, const lq_node *field, const lq_node *n)
{
  if (!joint(n)) {
    leaf(out, field, n);
    return;
  }
  lq_buf_printf(out, "[\"%s\"", joint(n));
  for (const lq_node *k = n->kids; k; k = k->next) {
    lq_buf_byte(out, ',');
    group(out, field, k);
  }
  lq_buf_byte(out, ']');
}

static void everything(lq_buf *out, lq_str query, const lq_node *n)
{
  lq_str s = lq_str_slice(query, n->span.start, n->span.end);
  bool fields = s.n > 0 && memchr(s.p, ':', s.n);
  lq_buf_z(out, fields ? "[\"exists\",\"*\"]" : s.n > 0 ? "[\"exists\",null]" : "null");
}

static void condition(lq_buf *out, lq_str query, const lq_node *n)
{
  const lq_node *first = n->kids, *second = first ? first->next : NULL;
  switch ((int)n->kind) {
  case LQ_N_MATCH: group(out, first, second); break;
  case LQ_N_ANY_TEXT: leaf(out, NULL, first); break;
  case LQ_N_BOOL: everything(out, query, n); break;
  case LQ_N_COMPARE:
    lq_buf_z(out, "[\"range\",");
    field_name(out, first);
    lq_buf_printf(out, ",\"%s\",", lq_op_spelling(n->op));
    value(out, second);
    lq_buf_byte(out, ']');
    break;
  case LQ_N_SCOPE:
    lq_buf_z(out, "[\"nested\",");
    field_name(out, first);
    lq_buf_byte(out, ',');
    tree(out, query, second);
    lq_buf_byte(out, ']');
    break;
  default: lq_buf_z(out, "\"?\""); break;
  }
}

static void tree(lq_buf *out, lq_str query, const lq_node *n)
{
  if (n->kind == LQ_N_QUERY || n->kind == LQ_N_EVENT) {
    tree(out, query, n->kids);
  } else if (joint(n)) {
    lq_buf_printf(out, "[\"%s\"", joint(n));
    for (const lq_node *k = n->kids; k; k = k->next) {
      lq_buf_byte(out, ',');
      tree(out, query, k);
    }
    lq_buf_byte(out, ']');
  } else {
    condition(out, query, n);
  }
}

static void errors(lq_buf *out, const lq_diag_list *diags)
{
  const char *comma = "";
  lq_buf_z(out, "{\"errors\":[");
  for (const lq_diag *d = diags->first; d; d = d->next) {
    lq_buf_printf(out, "%s{\"code\":%d,\"message\":", comma, (int)d->code);
    lq_buf_json(out, d->message);
    lq_buf_z(out, ",\"help\":");
    lq_buf_json(out, d->help);
    lq_buf_z(out, ",\"spans\":[");
    for (int i = 0; i < d->nlabels; i++)
      lq_buf_printf(out, "%s[%u,%u]", i > 0 ? "," : "", d->labels[i].span.start, d->labels[i].span.end);
    lq_buf_z(out, "]}");
    comma = ",";
  }
  lq_buf_z(out, "]}");
}

static bool prints_the_same(lq_buf *printed, const lq_node *n, unsigned width, lq_diag_list *diags)
{
  lq_node *again;
  lq_buf_clear(printed);
  lq_print_query(printed, n, LQ_DIALECT_KQL, width);
  return lq_parse(&again, diags->arena->mem, lq_buf_get(printed), LQ_DIALECT_KQL, diags) == LQ_OK &&
         lq_node_equal(n, again);
}

static lq_str read_all(void)
{
  size_t cap = 1 << 20;
  char *p = malloc(cap);
  return p ? lq_str_make(p, fread(p, 1, cap, stdin)) : LQ_STR("");
}

int main(void)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source source = {LQ_STR("query"), read_all()};
  lq_diag_list diags = {.arena = &arena, .source = &source};
  lq_buf out = {.mem = &lq_mem_libc}, printed = {.mem = &lq_mem_libc};
  lq_node *n;
  lq_status s = lq_parse(&n, &lq_mem_libc, source.text, LQ_DIALECT_KQL, &diags);
  if (s == LQ_OK) {
    lq_buf_z(&out, "{\"tree\":");
    tree(&out, source.text, n);
    bool narrow = prints_the_same(&printed, n, 60, &diags);
    bool wide = prints_the_same(&printed, n, 0, &diags);
    lq_buf_printf(&out, ",\"same\":%s,\"print\":", narrow && wide ? "true" : "false");
    lq_buf_json(&out, lq_buf_get(&printed));
    lq_buf_byte(&out, '}');
  } else {
    errors(&out, &diags);
  }
  printf("%.*s\n", (int)out.n, out.p);
  lq_buf_free(&printed);
  lq_buf_free(&out);
  lq_arena_free(&arena);
  free((char *)(uintptr_t)source.text.p);
  return s == LQ_OK ? 0 : s == LQ_E_QUERY ? 1 : 2;
}

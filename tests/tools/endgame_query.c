// A query of Endgame EQL (or a native one) from standard input as a line of JSON: what is wrong with it and
// where; for an expression also what it comes to, folded and run, and its code.
//
//   endgame_query endgame|endgame-case|lq query|expression|atom|definitions
//
// Definitions may stand before a NUL byte; places are those of the text behind it.
#include <stdio.h>
#include <stdlib.h>

#include "compiler/compiler.h"
#include "compiler/plan.h"
#include "parser/parse.h"
#include "vm/bundle.h"
#include "vm/disasm.h"
#include "vm/exec.h"

typedef struct asked {
  lq_compile_options options;
  lq_str definitions, text;
  lq_arena arena;
} asked;

static lq_str read_all(void)
{
  size_t cap = 1 << 20;
  char *p = malloc(cap);
  return p ? lq_str_make(p, fread(p, 1, cap, stdin)) : LQ_STR("");
}

static void value_json(lq_buf *out, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str text = v ? lq_value_text(v, scratch) : LQ_STR("null");
  if (v && v->type == LQ_T_STRING)
    lq_buf_json(out, text);
  else
    lq_buf_str(out, text);
}

// Offsets are moved so that 0 is where the text asked about begins.
static void errors_json(lq_buf *out, const lq_diag_list *diags, uint32_t from)
{
  const char *comma = "";
  lq_buf_z(out, "[");
  for (const lq_diag *d = diags->first; d; d = d->next) {
    if (d->severity != LQ_SEV_ERROR)
      continue;
    lq_buf_printf(out, "%s{\"code\":%d,\"message\":", comma, (int)d->code);
    lq_buf_json(out, d->message);
    lq_buf_z(out, ",\"spans\":[");
    for (int i = 0; i < d->nlabels; i++) {
      // What is wrong at the end of an empty text points before it.
      lq_span at = d->labels[i].span;
      lq_buf_printf(out, "%s[%u,%u]", i > 0 ? "," : "", at.start < from ? 0 : at.start - from,
                    at.end < from ? 0 : at.end - from);
    }
    lq_buf_z(out, "]}");
    comma = ",";
  }
  lq_buf_z(out, "]");
}

// The program of a query; NULL: it does not compile.
static lq_program *compile(asked *a, const char *before, const char *after, bool optimise)
{
  lq_compiler *c = NULL;
  lq_program *p = NULL;
  lq_node *tree = NULL;
  lq_fault fault;
  lq_buf bundle = {.mem = &lq_mem_libc};
  lq_diag_list diags = {.arena = &a->arena};
  lq_compile_options o = a->options;
  o.optimise = optimise;
  o.strip = true;
  lq_str text = lq_arena_format(&a->arena, "%.*s %s%.*s%s", LQ_STR_ARG(a->definitions), before,
                                LQ_STR_ARG(a->text), after);
  lq_rule_info info = {.id = LQ_STR("rule"), .name = LQ_STR("rule"), .source = text};
  if (lq_parse(&tree, &lq_mem_libc, text, o.dialect, &diags) == LQ_OK &&
      lq_compiler_new(&c, &lq_mem_libc) == LQ_OK &&
      lq_compiler_add(c, tree, &info, &o, &diags, NULL) == LQ_OK && lq_compiler_finish(c, &bundle) == LQ_OK)
    lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault);
  lq_compiler_free(c);
  lq_buf_free(&bundle);
  return p;
}

// What the expression gives for an event without fields.
static void run_json(lq_buf *out, asked *a)
{
  lq_program *p = compile(a, "any where true | eval x = (", ")", false);
  lq_fieldmap *map = NULL;
  lq_event event;
  lq_values got = {0};
  uint32_t slots[1] = {0};
  if (!p || p->nfields > 0 || lq_fieldmap_new(&map, &lq_mem_libc) ||
      lq_event_init(&event, map, &lq_mem_libc)) {
    lq_buf_z(out, "\"?\"");
  } else {
    lq_exec x = {
        .program = p, .event = &event, .slots = slots, .scratch = {.mem = &lq_mem_libc}, .budget = 1000000};
    bool ran = lq_exec_value(&x, p->stage_args[0].snippet, &got) == LQ_VERDICT_YES;
    if (ran)
      value_json(out, got.n > 0 ? got.v : NULL);
    else
      lq_buf_z(out, "\"?\"");
    lq_arena_free(&x.scratch);
    lq_event_free(&event);
  }
  lq_fieldmap_free(map);
  lq_program_free(p);
}

static void fold_json(lq_buf *out, asked *a, const lq_node *expression)
{
  lq_planner p = {.arena = &a->arena, .o = &a->options};
  lq_plan *plan = lq_fold_plan(&p, lq_lower_value(&p, expression));
  if (plan && plan->kind == LQ_P_CONST)
    value_json(out, &plan->value);
  else if (plan && plan->kind == LQ_P_BOOL)
    lq_buf_z(out, plan->truth ? "true" : "false");
  else
    lq_buf_z(out, plan && plan->kind == LQ_P_NULL ? "null" : "\"?\"");
}

static void code_json(lq_buf *out, asked *a)
{
  lq_program *p = compile(a, "any where ", "", true);
  lq_buf code = {.mem = &lq_mem_libc};
  if (p)
    lq_disasm_rule(&code, p, 0);
  lq_buf_json(out, lq_buf_get(&code));
  lq_buf_free(&code);
  lq_program_free(p);
}

// A field or a literal, with a sign perhaps. Else where that ends.
static bool is_atom(const lq_node *n, uint32_t *end)
{
  while (n->kids && (n->kind != LQ_N_NEGATE || n->kids->kind != LQ_N_NUMBER) && n->kind != LQ_N_CALL)
    n = n->kids;
  bool fits = n->kind == LQ_N_FIELD || n->kind == LQ_N_NULL || lq_is_literal(n);
  *end = n->kind == LQ_N_CALL ? n->mark.end : n->span.end;
  return fits;
}

int main(int argc, char **argv)
{
  const char *dialect = argc > 1 ? argv[1] : "endgame", *start = argc > 2 ? argv[2] : "query";
  lq_str all = read_all();
  const char *nul = all.n > 0 ? memchr(all.p, 0, all.n) : NULL;
  size_t cut = nul ? (size_t)(nul - all.p) : 0;
  asked a = {.arena = {.mem = &lq_mem_libc}, .definitions = {all.p, cut}};
  a.text = lq_str_slice(all, nul ? cut + 1 : 0, all.n);
  a.options = (lq_compile_options){.dialect = strcmp(dialect, "lq") == 0 ? LQ_DIALECT_LQ : LQ_DIALECT_ENDGAME,
                                   .case_sensitive = strcmp(dialect, "endgame-case") == 0};
  bool query = strcmp(start, "query") == 0, definitions = strcmp(start, "definitions") == 0;
  lq_str before = lq_arena_format(&a.arena, "%.*s%s", LQ_STR_ARG(a.definitions),
                                  query || definitions ? "\n" : "\nany where ");
  lq_str whole = lq_arena_format(&a.arena, "%.*s%.*s%s", LQ_STR_ARG(before), LQ_STR_ARG(a.text),
                                 definitions ? "\nany where true" : "");
  lq_source source = {LQ_STR("query"), whole};
  lq_diag_list diags = {.arena = &a.arena, .source = &source};
  lq_buf out = {.mem = &lq_mem_libc};
  lq_node *tree = NULL;
  lq_status s = lq_parse(&tree, &lq_mem_libc, whole, a.options.dialect, &diags);
  const lq_node *event = tree ? tree->kids : NULL, *expression = event ? event->kids : NULL;
  if (tree && (s == LQ_OK || s == LQ_E_QUERY))
    s = lq_check(tree, &a.options, &lq_mem_libc, &diags) == LQ_OK ? s : LQ_E_QUERY;
  uint32_t end = 0;
  if (s == LQ_OK && strcmp(start, "atom") == 0 &&
      (event->kids->next || event->next || !is_atom(expression, &end) || expression->kids)) {
    is_atom(expression, &end);
    lq_diag_add(&diags, LQ_DIAG_SYNTAX, (lq_span){end, end + 1}, "only one field or literal may stand here");
    s = LQ_E_QUERY;
  }
  lq_buf_z(&out, "{\"errors\":");
  errors_json(&out, &diags, (uint32_t)before.n);
  if (s == LQ_OK && strcmp(start, "expression") == 0) {
    lq_buf_z(&out, ",\"fold\":");
    fold_json(&out, &a, expression);
    lq_buf_z(&out, ",\"run\":");
    run_json(&out, &a);
    lq_buf_z(&out, ",\"code\":");
    code_json(&out, &a);
  }
  lq_buf_z(&out, "}");
  printf("%.*s\n", (int)out.n, out.p);
  lq_buf_free(&out);
  lq_arena_free(&a.arena);
  free((char *)(uintptr_t)all.p);
  return s == LQ_OK ? 0 : s == LQ_E_QUERY ? 1 : 2;
}

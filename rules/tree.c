// The tree of a rule: its query, with the conditions and stages that the rule's file adds to it.
#include "parser/parse.h"
#include "rules/rules.h"

// What is added stands elsewhere in the file, so the whole stays where the query was.
static void and_to_event(lq_builder *b, lq_node *event, const lq_node *condition)
{
  lq_node *query = event->kids, *added = lq_node_copy(b, condition);
  lq_span span = query->span;
  lq_node *both = lq_node_chain(b, LQ_N_AND, query, added, query->mark);
  if (!both)
    return;
  both->span = span;
  event->kids = event->last = NULL;
  event->nkids = 0;
  lq_node_add(b, event, both);
}

static void and_to_events(lq_builder *b, lq_node *n, const lq_node *condition)
{
  if (n->kind == LQ_N_EVENT) {
    if (n->kids)
      and_to_event(b, n, condition);
    return;
  }
  bool down = n->kind == LQ_N_QUERY || n->kind == LQ_N_SEQUENCE || n->kind == LQ_N_SAMPLE ||
              n->kind == LQ_N_JOIN || n->kind == LQ_N_TERM;
  for (lq_node *kid = down ? n->kids : NULL; kid; kid = kid->next)
    and_to_events(b, kid, condition);
  if (n->until)
    and_to_events(b, n->until, condition);
}

void lq_rule_print(lq_rule_file_rule *rule, const lq_mem *mem, lq_arena *arena)
{
  enum { WIDTH = 100 };
  if (!rule->tree)
    return;
  lq_buf text = {.mem = mem};
  lq_print_placed(&text, rule->tree, WIDTH);
  rule->query = lq_arena_copy(arena, lq_buf_get(&text));
  arena->failed |= text.failed;
  lq_buf_free(&text);
}

static lq_status query_of(lq_node **out, const lq_rule_file_rule *rule, const lq_mem *mem, lq_builder *b)
{
  if (!rule->tree)
    return lq_parse(out, mem, rule->query, rule->dialect, b->diags);
  *out = lq_node_copy(b, rule->tree);
  return LQ_OK;
}

lq_status lq_rule_tree(lq_node **out, const lq_rule_file_rule *rule, const lq_mem *mem, lq_diag_list *diags)
{
  lq_builder b = {.arena = diags->arena, .diags = diags};
  lq_node *tree = NULL;
  *out = NULL;
  lq_status s = query_of(&tree, rule, mem, &b);
  if ((s != LQ_OK && s != LQ_E_QUERY) || !tree)
    return s == LQ_OK && diags->arena->failed ? LQ_E_NOMEM : s;
  for (const lq_node *n = rule->conditions.first; n; n = n->next)
    and_to_events(&b, tree, n);
  for (const lq_node *n = rule->stages.first; n && tree->kind == LQ_N_QUERY; n = n->next)
    lq_node_add(&b, tree, lq_node_copy(&b, n));
  if (diags->arena->failed)
    return LQ_E_NOMEM;
  *out = tree;
  return b.reported ? LQ_E_QUERY : s;
}

// Tree nodes: made in an arena, with their depth and number kept under a limit.
#include "parser/tree.h"

static void report_once(lq_builder *b, lq_diag_code code, lq_span span, const char *what, int limit)
{
  if (b->reported)
    return;
  b->reported = true;
  lq_diag *d = lq_diag_add(b->diags, code, span, "%s", what);
  lq_diag_label(b->diags, d, span, "the limit is %d", limit);
}

lq_node *lq_node_new(lq_builder *b, lq_node_kind kind, lq_span span, lq_span mark)
{
  if (b->nodes >= LQ_NODES_MAX) {
    report_once(b, LQ_DIAG_TOO_LARGE, span, "the query is too large", LQ_NODES_MAX);
    return NULL;
  }
  lq_node *n = lq_arena_alloc(b->arena, sizeof *n);
  if (!n)
    return NULL;
  b->nodes++;
  n->kind = kind;
  n->span = span;
  n->mark = mark;
  n->depth = 1;
  n->duration = -1;
  return n;
}

void lq_node_add(lq_builder *b, lq_node *parent, lq_node *kid)
{
  if (!parent || !kid || parent->kind == LQ_N_ERROR)
    return;
  if (kid->depth >= LQ_DEPTH_MAX) {
    report_once(b, LQ_DIAG_TOO_DEEP, parent->span, "nested too deeply", LQ_DEPTH_MAX);
    *parent = (lq_node){.kind = LQ_N_ERROR,
                        .span = parent->span,
                        .mark = parent->mark,
                        .next = parent->next,
                        .depth = 1,
                        .duration = -1};
    return;
  }
  kid->next = NULL;
  if (parent->last)
    parent->last->next = kid;
  else
    parent->kids = kid;
  parent->last = kid;
  parent->nkids++;
  if (parent->depth <= kid->depth)
    parent->depth = kid->depth + 1;
}

lq_node *lq_node_chain(lq_builder *b, lq_node_kind kind, lq_node *l, lq_node *r, lq_span mark)
{
  if (!l || !r)
    return NULL;
  lq_span span = {l->span.start, r->span.end};
  lq_node *n = l;
  if (l->kind != kind || l->parens) {
    n = lq_node_new(b, kind, span, mark);
    lq_node_add(b, n, l);
  }
  lq_node_add(b, n, r);
  if (n)
    n->span = span;
  return n;
}

static lq_node *copy_list(lq_builder *b, const lq_node *first)
{
  lq_node *list = NULL, **end = &list;
  for (const lq_node *k = first; k; k = k->next) {
    *end = lq_node_copy(b, k);
    if (!*end)
      return NULL;
    end = &(*end)->next;
  }
  return list;
}

lq_node *lq_node_copy(lq_builder *b, const lq_node *n)
{
  lq_node *made = lq_node_new(b, n->kind, n->span, n->mark);
  if (!made)
    return NULL;
  int depth = made->depth;
  *made = *n;
  made->depth = depth;
  made->kids = made->last = made->next = NULL;
  made->nkids = 0;
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_node_add(b, made, lq_node_copy(b, k));
  made->by = copy_list(b, n->by);
  made->until = n->until ? lq_node_copy(b, n->until) : NULL;
  return made;
}

static const char *const stage_words[] = {
    [LQ_STAGE_WHERE] = "where",       [LQ_STAGE_FILTER] = "filter",
    [LQ_STAGE_HEAD] = "head",         [LQ_STAGE_TAIL] = "tail",
    [LQ_STAGE_SORT] = "sort",         [LQ_STAGE_UNIQUE] = "unique",
    [LQ_STAGE_COUNT] = "count",       [LQ_STAGE_UNIQUE_COUNT] = "unique_count",
    [LQ_STAGE_KEEP] = "keep",         [LQ_STAGE_DROP] = "drop",
    [LQ_STAGE_EVAL] = "eval",         [LQ_STAGE_STATS] = "stats",
    [LQ_STAGE_SUPPRESS] = "suppress", [LQ_STAGE_NEW_TERMS] = "new_terms",
};

const char *lq_stage_word(lq_stage_kind s)
{
  return stage_words[s];
}

bool lq_stage_find(lq_str word, lq_stage_kind *out)
{
  for (size_t i = 0; i < sizeof stage_words / sizeof *stage_words; i++) {
    if (!lq_str_eq_ascii(word, lq_str_of(stage_words[i])))
      continue;
    *out = (lq_stage_kind)i;
    return true;
  }
  return false;
}

// Warnings about lists: an entry that stands twice, an entry that another one covers.

#include "base/glob.h"
#include "base/sort.h"
#include "compiler/lint.h"

enum { PAIRS_MAX = 1000000 };

typedef struct item {
  lq_str text; // as it is compared
  const lq_node *node, *before;
  uint64_t letters; // of a pattern, where patterns are compared
  size_t at;        // place in the list
  bool wild, twice;
} item;

static int by_text(const void *a, const void *b)
{
  const item *x = a, *y = b;
  int text = lq_str_cmp(x->text, y->text);
  return text ? text : (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
  const item *x = a, *y = b;
  return (x->at > y->at) - (x->at < y->at);
}

static lq_str compared_text(lq_linter *l, lq_op op, const lq_node *n)
{
  lq_str s = lq_literal_pattern(l->arena, n);
  // Folding a regex's text would make `\S` and `\s` one.
  return lq_operators[op].folds && !lq_is_regex(op) ? lq_folded_text(l->arena, s) : s;
}

// Takes the entry and what joins it to the one before.
static void offer_removal(lq_linter *l, lq_diag *d, const item *it)
{
  if (it->before && !it->before->parens && !it->node->parens && it->before->span.end <= it->node->span.start)
    lq_diag_fix(l->d, d, (lq_span){it->before->span.end, it->node->span.end}, "%s", "");
}

static void twice(lq_linter *l, const item *first, item *again)
{
  bool same = first->node->value.type != LQ_T_STRING || lq_str_eq(first->node->value.s, again->node->value.s);
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_DUPLICATE_ENTRY, again->node->span,
                           "this entry occurs twice in the list");
  lq_diag_label(l->d, d, again->node->span, "%s",
                same ? "again here" : "the same but for case, which does not count");
  lq_diag_label(l->d, d, first->node->span, "first here");
  lq_diag_help(l->d, d, "remove one of them");
  offer_removal(l, d, again);
  again->twice = true;
}

static void find_duplicates(lq_linter *l, item *items, size_t n)
{
  lq_sort(items, n, sizeof *items, by_text);
  size_t first = 0;
  for (size_t i = 1; i < n; i++) {
    if (lq_str_eq(items[first].text, items[i].text))
      twice(l, &items[first], &items[i]);
    else
      first = i;
  }
  lq_sort(items, n, sizeof *items, by_place);
}

static void covered(lq_linter *l, const item *wide, const item *narrow)
{
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_COVERED_ENTRY, narrow->node->span,
                           "this entry is covered by another one");
  lq_diag_label(l->d, d, narrow->node->span, "adds nothing");
  lq_diag_label(l->d, d, wide->node->span, "matches all of it");
  lq_diag_help(l->d, d, "remove it");
  offer_removal(l, d, narrow);
}

static const item *wider(const item *items, size_t n, const item *it)
{
  for (size_t i = 0; i < n; i++) {
    if (items[i].wild && !(items[i].letters & ~it->letters) && &items[i] != it && !items[i].twice &&
        !lq_str_eq(items[i].text, it->text) && lq_pattern_covers(items[i].text, it->text))
      return &items[i];
  }
  return NULL;
}

static void find_covered(lq_linter *l, lq_op op, item *items, size_t n)
{
  size_t wild = 0;
  for (size_t i = 0; i < n; i++)
    wild += items[i].wild = lq_glob_has_wildcard(items[i].text);
  if (lq_operators[op].reads != LQ_READS_PATTERN || wild == 0 || wild > PAIRS_MAX / n)
    return;
  for (size_t i = 0; i < n; i++)
    items[i].letters = lq_pattern_letters(items[i].text);
  for (size_t i = 0; i < n; i++) {
    // Over a text field `a b` is two words, either of which will do, and `a*` matches only one of them.
    bool words = op == LQ_OPER_KQL_TERM && memchr(items[i].text.p, ' ', items[i].text.n);
    const item *w = items[i].twice || words ? NULL : wider(items, n, &items[i]);
    if (w)
      covered(l, w, &items[i]);
  }
}

void lq_lint_list(lq_linter *l, lq_op op, const lq_node *first)
{
  size_t n = 0, i = 0;
  for (const lq_node *k = first; k; k = k->next)
    n += lq_is_literal(k);
  item *items = n > 1 ? lq_arena_array(l->arena, n, sizeof *items) : NULL;
  if (!items)
    return;
  const lq_node *before = NULL;
  for (const lq_node *k = first; k; before = k, k = k->next) {
    if (lq_is_literal(k))
      items[i] = (item){.text = compared_text(l, op, k), .node = k, .before = before, .at = i}, i++;
  }
  if (l->arena->failed)
    return;
  find_duplicates(l, items, n);
  find_covered(l, op, items, n);
}

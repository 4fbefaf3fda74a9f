// Tree to query text: one canonical layout, which parses to the same tree.
#include "parser/kql.h"
#include "parser/parse.h"
#include "parser/spell.h"

typedef struct printer {
  lq_buf *out;
  lq_buf *scratch; // one line, to see whether it fits
  unsigned width;  // 0: everything on one line
  size_t line;     // where the current line begins in out
  size_t limit;    // stop here: it does not fit anyway
  bool placed;     // nodes are told where they stand, from `origin` on
  size_t origin;
} printer;

enum { OR, AND, NOT, RELATION, SUM, PRODUCT, SIGN, PRIMARY };

static int strength(const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_OR: return OR;
  case LQ_N_AND: return AND;
  case LQ_N_NOT: return NOT;
  case LQ_N_COMPARE:
  case LQ_N_IN:
  case LQ_N_MATCH:
  case LQ_N_SCOPE:
  case LQ_N_ANY_TEXT:
  case LQ_N_LINEAGE: return RELATION;
  case LQ_N_ARITH: return lq_operators[n->op].strength == LQ_STRENGTH_SUM ? SUM : PRODUCT;
  case LQ_N_NEGATE: return SIGN;
  default: return PRIMARY; // leaves and calls; the rest never is an operand
  }
}

static void put(printer *p, const char *z)
{
  lq_buf_z(p->out, z);
}

static void print(printer *p, const lq_node *n, unsigned indent);

// n was printed from `start` on. lq_print_placed has it to be written to.
static void place(printer *p, const lq_node *n, size_t start)
{
  if (p->placed)
    ((lq_node *)n)->shown = (lq_span){(uint32_t)(start - p->origin), (uint32_t)(p->out->n - p->origin)};
}

static void newline(printer *p, unsigned indent)
{
  lq_buf_byte(p->out, '\n');
  p->line = p->out->n;
  lq_buf_fill(p->out, ' ', indent);
}

static bool full(const printer *p)
{
  return p->limit && p->out->n > p->limit;
}

// True if n fits on the rest of the line, with room for a bracket and an `and` after it.
static bool fits(printer *p, const lq_node *n)
{
  if (!p->width)
    return true;
  size_t column = p->out->n - p->line, room = 6;
  if (column + room >= p->width)
    return false;
  lq_buf_clear(p->scratch);
  printer flat = {.out = p->scratch, .limit = p->width - column - room};
  print(&flat, n, 0);
  return p->scratch->n <= flat.limit;
}

// Mixed `and` and `or` get brackets even where precedence would do.
static void operand(printer *p, const lq_node *n, int least, unsigned indent)
{
  if (strength(n) >= least) {
    print(p, n, indent);
    return;
  }
  put(p, "(");
  if (fits(p, n)) {
    print(p, n, indent);
  } else {
    newline(p, indent + 2);
    print(p, n, indent + 2);
    newline(p, indent);
  }
  put(p, ")");
}

static void print_chain(printer *p, const lq_node *n, const char *word, unsigned indent)
{
  bool broken = !fits(p, n);
  for (const lq_node *k = n->kids; k && !full(p); k = k->next) {
    operand(p, k, NOT, indent);
    if (!k->next)
      continue;
    put(p, word);
    if (broken)
      newline(p, indent);
    else
      put(p, " ");
  }
}

typedef void (*item_fn)(printer *p, const lq_node *n, unsigned indent);

// Items in brackets: on one line, or filled into lines of their own.
static void print_items(printer *p, const lq_node *first, const lq_node *whole, item_fn item, unsigned indent)
{
  bool broken = whole && !fits(p, whole);
  put(p, "(");
  if (broken)
    newline(p, indent + 2);
  for (const lq_node *k = first; k && !full(p); k = k->next) {
    if (k != first) {
      put(p, ",");
      if (broken && !fits(p, k))
        newline(p, indent + 2);
      else
        put(p, " ");
    }
    item(p, k, indent + 2);
  }
  if (broken)
    newline(p, indent);
  put(p, ")");
}

// Patterns after `:`. An OR is a list with commas.
static void print_pattern(printer *p, const lq_node *n, unsigned indent)
{
  size_t start = p->out->n;
  switch ((int)n->kind) {
  case LQ_N_OR: print_items(p, n->kids, n, print_pattern, indent); break;
  case LQ_N_AND:
    put(p, "(");
    for (const lq_node *k = n->kids; k && !full(p); k = k->next) {
      print_pattern(p, k, indent);
      if (k->next)
        put(p, " and ");
    }
    put(p, ")");
    break;
  case LQ_N_NOT:
    put(p, "not ");
    print_pattern(p, n->kids, indent);
    break;
  default: print(p, n, indent);
  }
  place(p, n, start);
}

static void print_match(printer *p, const lq_node *n, unsigned indent)
{
  const lq_node *group = n->kids->next;
  operand(p, n->kids, SUM, indent);
  lq_buf_printf(p->out, " %s ", lq_op_spelling(n->op));
  if (group->kind == LQ_N_NOT)
    put(p, "(");
  print_pattern(p, group, indent);
  if (group->kind == LQ_N_NOT)
    put(p, ")");
}

static void print_in(printer *p, const lq_node *n, bool negated, unsigned indent)
{
  size_t start = p->out->n;
  operand(p, n->kids, SUM, indent);
  lq_buf_printf(p->out, negated ? " not %s " : " %s ", lq_op_spelling(n->op));
  print_items(p, n->kids->next, n, print, indent);
  place(p, n, start);
}

static void print_arith(printer *p, const lq_node *n, unsigned indent)
{
  int own = strength(n);
  operand(p, n->kids, own, indent);
  lq_buf_printf(p->out, " %s ", lq_op_spelling(n->op));
  operand(p, n->kids->next, own + 1, indent);
}

static void print_scope(printer *p, const lq_node *n, unsigned indent)
{
  print(p, n->kids, indent);
  put(p, ":{");
  if (fits(p, n->kids->next)) {
    put(p, " ");
    print(p, n->kids->next, indent);
    put(p, " }");
    return;
  }
  newline(p, indent + 2);
  print(p, n->kids->next, indent + 2);
  newline(p, indent);
  put(p, "}");
}

static void print_event(printer *p, const lq_node *n, unsigned indent)
{
  bool broken = !fits(p, n);
  if (n->optional || n->name.n) {
    if (n->optional)
      put(p, "any");
    else
      lq_spell_category(p->out, n->name);
    put(p, " where");
    indent += 2;
    if (broken)
      newline(p, indent);
    else
      put(p, " ");
  }
  print(p, n->kids, indent);
}

static void print_list(printer *p, const lq_node *first, unsigned indent)
{
  for (const lq_node *k = first; k && !full(p); k = k->next) {
    print(p, k, indent);
    if (k->next)
      put(p, ", ");
  }
}

// Keys are sums, not conditions.
static void print_keys(printer *p, const lq_node *first, unsigned indent)
{
  put(p, " by ");
  for (const lq_node *k = first; k; k = k->next) {
    operand(p, k, SUM, indent);
    if (k->next)
      put(p, ", ");
  }
}

static void print_term(printer *p, const lq_node *n, unsigned indent)
{
  put(p, n->negated ? "![" : "[");
  print(p, n->kids, indent + 2);
  put(p, "]");
  if (n->by)
    print_keys(p, n->by, indent);
  if (n->number)
    lq_buf_printf(p->out, " with runs=%lld", (long long)n->number);
  if (n->name.n) {
    put(p, " as ");
    lq_spell_name(p->out, n->name, false);
  }
}

static void print_terms(printer *p, const lq_node *n, unsigned indent)
{
  put(p, n->kind == LQ_N_SEQUENCE ? "sequence" : n->kind == LQ_N_SAMPLE ? "sample" : "join");
  if (n->by)
    print_keys(p, n->by, indent);
  if (n->kind == LQ_N_SEQUENCE && n->duration >= 0) {
    put(p, " with maxspan=");
    lq_spell_duration(p->out, n->duration);
  }
  for (const lq_node *k = n->kids; k && !full(p); k = k->next) {
    if (p->width)
      newline(p, indent + 2);
    else
      put(p, " ");
    print(p, k, indent + 2);
  }
  if (!n->until)
    return;
  if (p->width)
    newline(p, indent);
  else
    put(p, " ");
  put(p, "until ");
  print(p, n->until, indent);
}

static void print_named(printer *p, const lq_node *n, bool name_first, unsigned indent)
{
  if (name_first) {
    lq_spell_name(p->out, n->name, false);
    put(p, " = ");
    print(p, n->kids, indent);
    return;
  }
  print(p, n->kids, indent);
  if (n->name.n) {
    put(p, " as ");
    lq_spell_name(p->out, n->name, false);
  }
}

static void print_stage_arguments(printer *p, const lq_node *n, unsigned indent)
{
  for (const lq_node *k = n->kids; k; k = k->next) {
    put(p, k == n->kids ? " " : ", ");
    if (k->kind == LQ_N_NAMED)
      print_named(p, k, n->stage == LQ_STAGE_EVAL, indent);
    else
      print(p, k, indent);
  }
  if (n->by) {
    put(p, " by ");
    print_list(p, n->by, indent);
  }
}

static void print_stage(printer *p, const lq_node *n, unsigned indent)
{
  put(p, "| ");
  put(p, lq_stage_word(n->stage));
  if (n->stage == LQ_STAGE_HEAD || n->stage == LQ_STAGE_TAIL)
    lq_buf_printf(p->out, " %lld", (long long)n->number);
  print_stage_arguments(p, n, indent + 2);
  if (n->descending)
    put(p, " desc");
  if (n->duration >= 0) {
    put(p, n->stage == LQ_STAGE_SUPPRESS ? " for " : " over ");
    lq_spell_duration(p->out, n->duration);
  }
}

static void print_query(printer *p, const lq_node *n, unsigned indent)
{
  for (const lq_node *k = n->kids; k && !full(p); k = k->next) {
    print(p, k, indent);
    if (!k->next)
      continue;
    if (p->width)
      newline(p, indent);
    else
      put(p, " ");
  }
}

static void print_call(printer *p, const lq_node *n, unsigned indent)
{
  lq_spell_name(p->out, n->name, true);
  if (n->tilde)
    put(p, "~");
  print_items(p, n->kids, n, print, indent);
}

static void print_lineage(printer *p, const lq_node *n, unsigned indent)
{
  static const char *const words[] = {"child of [", "descendant of [", "event of ["};
  put(p, words[n->lineage]);
  print(p, n->kids, indent + 2);
  put(p, "]");
}

static void print_node(printer *p, const lq_node *n, unsigned indent)
{
  switch (n->kind) {
  case LQ_N_ERROR: put(p, "/* error */"); break;
  case LQ_N_NULL:
  case LQ_N_BOOL:
  case LQ_N_NUMBER:
  case LQ_N_STRING:
  case LQ_N_DURATION:
  case LQ_N_ANYTHING:
  case LQ_N_FIELD:
  case LQ_N_VARIABLE: lq_spell_leaf(p->out, n); break;
  case LQ_N_REF: lq_buf_str(p->out, n->value.s); break;
  case LQ_N_COLUMN: lq_buf_str(p->out, n->name); break;
  case LQ_N_CALL: print_call(p, n, indent); break;
  case LQ_N_NOT:
    if (n->kids->kind == LQ_N_IN) {
      print_in(p, n->kids, true, indent);
      break;
    }
    put(p, "not ");
    operand(p, n->kids, NOT, indent);
    break;
  case LQ_N_AND: print_chain(p, n, " and", indent); break;
  case LQ_N_OR: print_chain(p, n, " or", indent); break;
  case LQ_N_COMPARE:
    operand(p, n->kids, SUM, indent);
    lq_buf_printf(p->out, " %s ", lq_op_spelling(n->op));
    operand(p, n->kids->next, SUM, indent);
    break;
  case LQ_N_IN: print_in(p, n, false, indent); break;
  case LQ_N_MATCH: print_match(p, n, indent); break;
  case LQ_N_SCOPE: print_scope(p, n, indent); break;
  case LQ_N_ARITH: print_arith(p, n, indent); break;
  case LQ_N_NEGATE:
    put(p, "-");
    operand(p, n->kids, SIGN, indent);
    break;
  case LQ_N_LINEAGE: print_lineage(p, n, indent); break;
  case LQ_N_ANY_TEXT: print(p, n->kids, indent); break;
  case LQ_N_EVENT: print_event(p, n, indent); break;
  case LQ_N_SEQUENCE:
  case LQ_N_SAMPLE:
  case LQ_N_JOIN: print_terms(p, n, indent); break;
  case LQ_N_TERM: print_term(p, n, indent); break;
  case LQ_N_STAGE: print_stage(p, n, indent); break;
  case LQ_N_NAMED: print_named(p, n, false, indent); break;
  case LQ_N_QUERY: print_query(p, n, indent); break;
  }
}

static void print(printer *p, const lq_node *n, unsigned indent)
{
  size_t start = p->out->n;
  if (full(p))
    return;
  print_node(p, n, indent);
  place(p, n, start);
}

void lq_print_placed(lq_buf *out, lq_node *n, unsigned width)
{
  lq_buf scratch = {.mem = out->mem};
  printer p = {
      .out = out, .scratch = &scratch, .width = width, .line = out->n, .placed = true, .origin = out->n};
  if (n)
    print(&p, n, 0);
  out->failed |= scratch.failed;
  lq_buf_free(&scratch);
}

void lq_print_query(lq_buf *out, const lq_node *n, lq_dialect dialect, unsigned width)
{
  if (n && dialect == LQ_DIALECT_KQL) {
    lq_kql_print(out, n, width);
    return;
  }
  lq_buf scratch = {.mem = out->mem};
  printer p = {.out = out, .scratch = &scratch, .width = width, .line = out->n};
  if (n)
    print(&p, n, 0);
  out->failed |= scratch.failed;
  lq_buf_free(&scratch);
}

// Macros and constants of Endgame EQL: what a call or a name stands for is copied into its place.
#include "parser/build.h"

typedef struct expansion {
  lq_parse_ctx *c;
  const lq_macro *macro;
  lq_list args;
  lq_span span; // of the call: what comes out of a macro is said to stand there
} expansion;

static const lq_macro *find(const lq_parse_ctx *c, lq_str name, bool constant)
{
  const lq_macro *m = c->macros;
  while (m && !(m->constant == constant && lq_str_eq(m->name, name)))
    m = m->next;
  return m;
}

static lq_node *copy(expansion *x, const lq_node *n, bool arg);

static lq_node *copy_list(expansion *x, const lq_node *first, bool arg)
{
  lq_list list = {0};
  for (const lq_node *k = first; k; k = k->next)
    list = lq_list_add(list, copy(x, k, arg));
  return list.first;
}

// Arguments keep their places, and are no place for parameters.
static lq_node *copy_plain(expansion *x, const lq_node *n, bool arg)
{
  lq_span span = arg ? n->span : x->span;
  lq_node *made = lq_node_new(&x->c->b, n->kind, span, arg ? n->mark : span);
  if (!made || made->kind != n->kind)
    return made; // the budget is spent
  int depth = made->depth;
  *made = *n;
  made->span = span;
  made->mark = arg ? n->mark : span;
  made->depth = depth;
  made->kids = made->last = made->next = NULL;
  made->nkids = 0;
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_node_add(&x->c->b, made, copy(x, k, arg));
  made->by = copy_list(x, n->by, arg);
  made->until = n->until ? copy(x, n->until, arg) : NULL;
  return made;
}

// The argument that a name begins with; *rest: what follows it.
static const lq_node *argument(const expansion *x, lq_str name, lq_str *rest)
{
  size_t n = 0;
  while (n < name.n && name.p[n] != '.' && name.p[n] != '[')
    n++;
  *rest = lq_str_slice(name, n, name.n);
  const lq_node *arg = x->args.first;
  for (unsigned i = 0; i < x->macro->nparams && arg; i++, arg = arg->next) {
    if (lq_str_eq(x->macro->params[i], lq_str_slice(name, 0, n)))
      return arg;
  }
  return NULL;
}

static lq_node *copy_argument(expansion *x, const lq_node *arg, lq_str rest)
{
  lq_node *made = copy_plain(x, arg, true);
  if (!made || rest.n == 0 || made->kind == LQ_N_ERROR)
    return made;
  if (made->kind != LQ_N_FIELD) {
    lq_diag *d = lq_diag_add(x->c->b.diags, LQ_DIAG_WRONG_TYPE, arg->span,
                             "the macro `%.*s` needs a field here", LQ_STR_ARG(x->macro->name));
    lq_diag_label(x->c->b.diags, d, arg->span, "it reads `%.*s` of it", LQ_STR_ARG(rest));
    return lq_build_error(x->c, arg->span);
  }
  made->name = lq_arena_format(x->c->b.arena, "%.*s%.*s", LQ_STR_ARG(made->name), LQ_STR_ARG(rest));
  return made;
}

static lq_node *copy(expansion *x, const lq_node *n, bool arg)
{
  lq_str rest;
  const lq_node *given = !arg && n->kind == LQ_N_FIELD ? argument(x, n->name, &rest) : NULL;
  return given ? copy_argument(x, given, rest) : copy_plain(x, n, arg);
}

bool lq_macro_call(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_list args, lq_node **out)
{
  expansion x = {.c = c, .macro = find(c, name->text, false), .args = args, .span = span};
  if (!x.macro)
    return false;
  if (args.n == x.macro->nparams) {
    *out = copy(&x, x.macro->body, false);
    if (*out)
      (*out)->parens = true;
    return true;
  }
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_ARGUMENT_COUNT, span,
                           "the macro `%.*s` takes %u argument%s, not %u", LQ_STR_ARG(x.macro->name),
                           x.macro->nparams, x.macro->nparams == 1 ? "" : "s", args.n);
  lq_diag_label(c->b.diags, d, span, "called here");
  *out = lq_build_error(c, span);
  return true;
}

bool lq_macro_constant(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_node **out)
{
  expansion x = {.c = c, .macro = find(c, name->text, true), .span = span};
  if (x.macro)
    *out = copy(&x, x.macro->body, false);
  return x.macro != NULL;
}

// What a build found and said: rules, code spans that are none, diagnostics.
#include "lib/build.h"

#include "base/sort.h"
#include "parser/parse.h"

size_t lq_build_found_count(const lq_build *b)
{
  return b->nfound;
}

lq_status lq_build_found(const lq_build *b, size_t i, lq_found *out)
{
  if (i >= b->nfound)
    return LQ_E_NOTFOUND;
  const lq_found_rule *f = &b->found[i];
  lq_found v = {.state = f->state,
                .line = f->line,
                .id = lq_text_of(f->id),
                .name = lq_text_of(f->name),
                .file = lq_text_of(f->source->name),
                .query = lq_text_of(f->query),
                .attack = lq_text_of(f->attack),
                .reason = lq_text_of(f->reason),
                .kind = lq_text_of(f->kind)};
  return lq_api_give(out, &v, sizeof v);
}

// ---- printing

// Trees are not kept: a rule that is printed is parsed once more.
static lq_status print(const lq_build *b, size_t i, bool outline, unsigned width, lq_write_fn write,
                       void *user)
{
  if (i >= b->nfound || !b->found[i].parsed)
    return LQ_E_NOTFOUND;
  const lq_found_rule *f = &b->found[i];
  lq_arena arena = {.mem = &b->mem};
  lq_diag_list unheard = {.arena = &arena, .max = 1};
  lq_buf out = {.mem = &b->mem};
  lq_node *tree = NULL;
  lq_status s = lq_parse(&tree, &b->mem, f->query, f->dialect, &unheard);
  if (s == LQ_OK && outline)
    lq_print_tree(&out, tree);
  else if (s == LQ_OK)
    lq_print_query(&out, tree, f->dialect, width);
  lq_arena_free(&arena);
  if (s == LQ_OK)
    return lq_api_write(&out, write, user);
  lq_buf_free(&out);
  return s == LQ_E_QUERY ? LQ_E_NOTFOUND : s;
}

lq_status lq_build_print(const lq_build *b, size_t i, unsigned width, lq_write_fn write, void *user)
{
  return print(b, i, false, width, write, user);
}
lq_status lq_build_print_tree(const lq_build *b, size_t i, lq_write_fn write, void *user)
{
  return print(b, i, true, 0, write, user);
}

// ---- diagnostics

static lq_diag *copy_diag(lq_build *b, const lq_diag *d)
{
  lq_arena *a = &b->arena;
  lq_diag *own = lq_arena_alloc(a, sizeof *own);
  if (!own)
    return NULL;
  *own = *d;
  own->next = NULL;
  own->rule = lq_arena_copy(a, d->rule);
  own->message = lq_arena_copy(a, d->message);
  own->help = lq_arena_copy(a, d->help);
  own->note = lq_arena_copy(a, d->note);
  own->fix = lq_arena_copy(a, d->fix);
  for (int i = 0; i < d->nlabels; i++)
    own->labels[i].text = lq_arena_copy(a, d->labels[i].text);
  return a->failed ? NULL : own;
}

lq_status lq_build_keep_diags(lq_build *b, const lq_diag_list *l)
{
  b->nerrors += l->nerrors;
  b->nwarnings += l->nwarnings;
  for (const lq_diag *d = l->first; d && b->ndiags < LQ_DIAGS_MAX; d = d->next) {
    lq_diag *own = copy_diag(b, d);
    if (!own || !LQ_GROW(&b->mem, b->diags, b->ndiags, &b->diags_cap))
      return LQ_E_NOMEM;
    b->diags[b->ndiags++] = own;
  }
  return LQ_OK;
}

static int by_place(const void *a, const void *b)
{
  const lq_diag *x = *(const lq_diag *const *)a, *y = *(const lq_diag *const *)b;
  lq_span s = x->labels[0].span, t = y->labels[0].span;
  if (s.start != t.start)
    return s.start < t.start ? -1 : 1;
  if (s.end != t.end)
    return s.end < t.end ? -1 : 1;
  return x->code != y->code ? (x->code > y->code) - (x->code < y->code) : lq_str_cmp(x->message, y->message);
}

void lq_build_sort_diags(lq_build *b, size_t first)
{
  if (b->ndiags > first)
    lq_sort(b->diags + first, b->ndiags - first, sizeof *b->diags, by_place);
}

size_t lq_build_diag_count(const lq_build *b)
{
  return b->ndiags;
}
size_t lq_build_error_count(const lq_build *b)
{
  return b->nerrors;
}
size_t lq_build_warning_count(const lq_build *b)
{
  return b->nwarnings;
}

static void place(const lq_diag *d, lq_diagnostic *out)
{
  if (!d->source)
    return;
  lq_place start = lq_source_locate(d->source, d->labels[0].span.start);
  lq_place end = lq_source_locate(d->source, d->labels[0].span.end);
  out->file = lq_text_of(d->source->name);
  out->line = start.line, out->column = start.column;
  out->end_line = end.line, out->end_column = end.column;
  out->start = d->labels[0].span.start, out->end = d->labels[0].span.end;
}

lq_status lq_build_diag(const lq_build *b, size_t i, lq_diagnostic *out)
{
  if (i >= b->ndiags)
    return LQ_E_NOTFOUND;
  const lq_diag *d = b->diags[i];
  lq_diagnostic v = {.code = (uint32_t)d->code,
                     .severity = (uint32_t)d->severity,
                     .message = lq_text_of(d->message),
                     .help = lq_text_of(d->help),
                     .note = lq_text_of(d->note),
                     .file = lq_text_of(LQ_STR("")),
                     .rule = lq_text_of(d->rule),
                     .has_fix = !d->has_fix                    ? 0
                                : lq_diag_fix_is_sure(d->code) ? LQ_FIX_SURE
                                                               : LQ_FIX_SUGGESTED,
                     .fix_start = d->fix_span.start,
                     .fix_end = d->fix_span.end,
                     .fix = lq_text_of(d->fix)};
  place(d, &v);
  if (d->has_fix && d->source) {
    lq_place start = lq_source_locate(d->source, d->fix_span.start);
    lq_place end = lq_source_locate(d->source, d->fix_span.end);
    v.fix_line = start.line, v.fix_column = start.column;
    v.fix_end_line = end.line, v.fix_end_column = end.column;
  }
  return lq_api_give(out, &v, sizeof v);
}

lq_status lq_build_diag_text(const lq_build *b, size_t i, int color, lq_write_fn write, void *user)
{
  if (i >= b->ndiags)
    return LQ_E_NOTFOUND;
  lq_buf out = {.mem = &b->mem};
  lq_diag_render_text(&out, b->diags[i], color != 0);
  return lq_api_write(&out, write, user);
}

lq_status lq_build_diag_json(const lq_build *b, size_t i, lq_write_fn write, void *user)
{
  if (i >= b->ndiags)
    return LQ_E_NOTFOUND;
  lq_buf out = {.mem = &b->mem};
  lq_diag_render_json(&out, b->diags[i]);
  return lq_api_write(&out, write, user);
}

// What a build found and said: rules, code spans that are none, diagnostics.
#include "lib/build.h"

#include "base/sort.h"
#include "parser/parse.h"

// ---- ids

static size_t hash_of(lq_str s)
{
  uint64_t h = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < s.n; i++)
    h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001B3);
  return (size_t)(h ^ h >> 32);
}

// Where the id is, or would be.
static uint32_t *place_of(const lq_build *b, lq_str id)
{
  size_t mask = b->ids_size - 1, i = hash_of(id) & mask;
  while (b->ids[i] && !lq_str_eq(b->found[b->ids[i] - 1].id, id))
    i = (i + 1) & mask;
  return &b->ids[i];
}

const lq_found_rule *lq_build_id_taken(const lq_build *b, lq_str id)
{
  uint32_t at = b->ids_size > 0 ? *place_of(b, id) : 0;
  return at ? &b->found[at - 1] : NULL;
}

static bool grow_ids(lq_build *b)
{
  size_t old_size = b->ids_size, size = old_size ? old_size * 2 : 64;
  uint32_t *old = b->ids, *ids = lq_mem_alloc(&b->mem, size, sizeof *ids);
  if (!ids)
    return false;
  b->ids = ids;
  b->ids_size = size;
  for (size_t i = 0; i < old_size; i++) {
    if (old[i])
      *place_of(b, b->found[old[i] - 1].id) = old[i];
  }
  lq_mem_free(&b->mem, old, old_size, sizeof *old);
  return true;
}

lq_status lq_build_take_id(lq_build *b, size_t found)
{
  if (b->nids * 2 >= b->ids_size && !grow_ids(b))
    return LQ_E_NOMEM;
  *place_of(b, b->found[found].id) = (uint32_t)found + 1;
  b->nids++;
  return LQ_OK;
}

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

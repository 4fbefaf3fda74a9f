// Rule files by their endings, and what every reader needs.
#include "rules/reader.h"

#include "base/utf8.h"

typedef lq_status reader_fn(lq_rule_reader *r);

static const struct form {
  const char *ending;
  reader_fn *read;
} forms[] = {
    {".lq", lq_read_lqfile},
    {".md", lq_read_playbook},
    {".markdown", lq_read_playbook},
    {".toml", lq_read_elastic},
};

static const struct form *form_of(lq_str name)
{
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    lq_str ending = lq_str_of(forms[i].ending);
    if (name.n > ending.n && lq_str_eq_ascii(lq_str_slice(name, name.n - ending.n, name.n), ending))
      return &forms[i];
  }
  return NULL;
}

bool lq_rules_takes(lq_str name)
{
  return form_of(name) != NULL;
}

// Everything behind this point may rely on spans that fit, and on names and titles that are UTF-8.
static bool can_be_read(lq_rule_reader *r)
{
  lq_str text = r->file->source.text;
  if (text.n > LQ_SOURCE_MAX) {
    lq_diag_add(r->diags, LQ_DIAG_TOO_LARGE, (lq_span){0}, "the file is larger than %d MiB",
                LQ_SOURCE_MAX >> 20);
    return false;
  }
  size_t behind, bad = lq_utf8_first_bad(text, &behind);
  if (bad < text.n) {
    lq_span here = {(uint32_t)bad, (uint32_t)bad + 1};
    lq_diag *d = lq_diag_add(r->diags, LQ_DIAG_INVALID_UTF8, here, "the file is not UTF-8");
    lq_diag_label(r->diags, d, here, "byte 0x%02X does not belong here", (unsigned char)text.p[bad]);
    lq_diag_help(r->diags, d, "save the file as UTF-8");
    return false;
  }
  return true;
}

lq_status lq_rules_read(lq_rule_file *out, const lq_source *source, const lq_mem *mem, lq_diag_list *diags)
{
  *out = (lq_rule_file){.source = *source};
  const struct form *form = form_of(source->name);
  if (!form)
    return LQ_E_UNSUPPORTED;
  lq_rule_reader r = {.file = out, .arena = diags->arena, .mem = mem, .diags = diags, .line = 1};
  size_t errors = diags->nerrors;
  diags->source = source;
  diags->map = (lq_source_map){0};
  diags->rule = LQ_STR("");
  lq_status s = can_be_read(&r) ? form->read(&r) : LQ_OK;
  for (lq_rule_file_rule *rule = out->rules; rule && s == LQ_OK; rule = rule->next)
    lq_rule_print(rule, mem, diags->arena);
  if (s != LQ_OK || diags->arena->failed)
    return s != LQ_OK ? s : LQ_E_NOMEM;
  return diags->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}

lq_rule_file_rule *lq_rule_append(lq_rule_reader *r)
{
  lq_rule_file_rule *rule = lq_arena_alloc(r->arena, sizeof *rule);
  if (!rule)
    return NULL;
  lq_rule_file *f = r->file;
  if (f->last)
    f->last->next = rule;
  else
    f->rules = rule;
  f->last = rule;
  f->n++;
  return rule;
}

// Room is doubled whenever the count is a power of two; what was there before stays behind in the arena.
void lq_rule_meta(lq_rule_reader *r, lq_rule_file_rule *rule, const char *key, lq_str value)
{
  if ((rule->nmeta & (rule->nmeta - 1)) == 0) {
    lq_meta_pair *more = lq_arena_array(r->arena, rule->nmeta ? rule->nmeta * 2 : 1, sizeof *more);
    if (!more)
      return;
    if (rule->nmeta)
      memcpy(more, rule->meta, rule->nmeta * sizeof *more);
    rule->meta = more;
  }
  rule->meta[rule->nmeta++] = (lq_meta_pair){lq_str_of(key), value};
}

void lq_rule_query(lq_rule_reader *r, lq_rule_file_rule *rule, lq_span span)
{
  lq_map_segment *shift = lq_arena_alloc(r->arena, sizeof *shift);
  if (!shift)
    return;
  *shift = (lq_map_segment){0, span.start};
  rule->query = lq_str_slice(r->file->source.text, span.start, span.end);
  rule->map = (lq_source_map){.segments = shift, .n = 1};
  rule->span = span;
  rule->line = lq_rule_line(r, span.start);
}

uint32_t lq_rule_line(lq_rule_reader *r, size_t offset)
{
  if (offset < r->line_at)
    r->line_at = 0, r->line = 1;
  lq_str rest = lq_str_slice(r->file->source.text, r->line_at, offset);
  for (const char *nl; rest.n > 0 && (nl = memchr(rest.p, '\n', rest.n)); r->line++)
    rest = lq_str_slice(rest, (size_t)(nl + 1 - rest.p), rest.n);
  r->line_at = offset;
  return r->line;
}

lq_str lq_rule_stem(lq_str name)
{
  size_t from = name.n, to = name.n;
  while (from > 0 && name.p[from - 1] != '/')
    from--;
  while (to > from && name.p[to - 1] != '.')
    to--;
  return lq_str_slice(name, from, to > from + 1 ? to - 1 : name.n);
}

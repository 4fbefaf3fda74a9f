// Building: rule text in, a bundle out. Each rule is read, parsed, checked and compiled by itself, so one
// with errors leaves the others as they are.
#include "lib/build.h"

#include "base/utf8.h"
#include "parser/parse.h"

// ---- life

lq_status lq_build_new(lq_build **out, const lq_build_options *options)
{
  lq_build_options o = {.struct_size = sizeof o};
  lq_limits limits;
  if (out)
    *out = NULL;
  if (!out || (options && lq_api_take(&o, sizeof o, options) != LQ_OK) ||
      lq_api_limits(&limits, o.limits) != LQ_OK || o.dialect > LQ_DIALECT_NAME_ENDGAME)
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(o.allocator);
  lq_build *b = lq_mem_alloc(&mem, 1, sizeof *b);
  if (!b)
    return LQ_E_NOMEM;
  b->mem = mem;
  b->options = o;
  b->limits = limits;
  b->arena.mem = b->file_arena.mem = b->rule_arena.mem = &b->mem;
  lq_status s = lq_compiler_new(&b->compiler, &b->mem);
  if (s == LQ_OK)
    *out = b;
  else
    lq_build_free(b);
  return s;
}

void lq_build_free(lq_build *b)
{
  if (!b)
    return;
  lq_mem mem = b->mem;
  lq_compiler_free(b->compiler);
  lq_mem_free(&mem, b->found, b->found_cap, sizeof *b->found);
  lq_ids_free(b);
  lq_mem_free(&mem, b->diags, b->diags_cap, sizeof *b->diags);
  lq_arena_free(&b->rule_arena);
  lq_arena_free(&b->file_arena);
  lq_arena_free(&b->arena);
  lq_mem_free(&mem, b, 1, sizeof *b);
}

// ---- what is known of a rule before it is compiled

static lq_str meta_of(const lq_rule_file_rule *r, const char *key)
{
  for (size_t i = 0; i < r->nmeta; i++) {
    if (lq_str_is(r->meta[i].key, key))
      return r->meta[i].value;
  }
  return LQ_STR("");
}

static lq_str attack_of(lq_build *b, const lq_rule_file_rule *r)
{
  lq_buf list = {.mem = &b->mem};
  for (size_t i = 0; i < r->nmeta; i++) {
    if (!lq_str_is(r->meta[i].key, "attack"))
      continue;
    if (list.n > 0)
      lq_buf_byte(&list, ' ');
    lq_buf_str(&list, r->meta[i].value);
  }
  lq_str ids = lq_arena_copy(&b->arena, lq_buf_get(&list));
  b->arena.failed |= list.failed;
  lq_buf_free(&list);
  return ids;
}

// The query's text: a part of the source where it stands there as it is, else a copy.
static lq_str query_text(lq_build *b, const lq_source *source, lq_str query)
{
  uintptr_t p = (uintptr_t)query.p, from = (uintptr_t)source->text.p;
  bool inside = p >= from && p - from <= source->text.n && query.n <= source->text.n - (p - from);
  return inside ? query : lq_arena_copy(&b->arena, query);
}

// Of what the rule asks, in the file.
static lq_span first_line(const lq_source *source, const lq_rule_file_rule *r)
{
  lq_str text = r->tree ? lq_str_slice(source->text, r->span.start, r->span.end) : r->query;
  const char *nl = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
  uint32_t n = (uint32_t)(nl ? (size_t)(nl - text.p) : text.n);
  return r->tree ? (lq_span){r->span.start, r->span.start + n} : lq_source_map_span(&r->map, (lq_span){0, n});
}

static lq_found_rule *note_rule(lq_build *b, const lq_source *source, const lq_rule_file_rule *r)
{
  static const uint32_t states[] = {
      [LQ_RULE_FOUND] = LQ_FOUND_ERROR, // until it is compiled
      [LQ_RULE_UNSUPPORTED] = LQ_FOUND_UNSUPPORTED,
      [LQ_RULE_SKIPPED] = LQ_FOUND_SKIPPED,
      [LQ_RULE_BROKEN] = LQ_FOUND_ERROR,
  };
  if (!LQ_GROW(&b->mem, b->found, b->nfound, &b->found_cap))
    return NULL;
  lq_found_rule f = {.state = states[r->state], .line = r->line, .source = source, .dialect = r->dialect};
  f.id = lq_arena_copy(&b->arena, r->id);
  f.name = lq_arena_copy(&b->arena, r->name.n > 0 ? r->name : r->id);
  f.query = query_text(b, source, r->query);
  f.place = first_line(source, r);
  f.reason = lq_arena_copy(&b->arena, r->reason);
  f.kind = lq_arena_copy(&b->arena, meta_of(r, "kind"));
  f.attack = attack_of(b, r);
  if (b->arena.failed)
    return NULL;
  b->found[b->nfound] = f;
  return &b->found[b->nfound++];
}

// ---- one rule

static lq_compile_options compile_options(const lq_build *b, const lq_rule_file_rule *r)
{
  uint32_t f = b->options.flags;
  return (lq_compile_options){.dialect = r->dialect,
                              .category_field = r->category_field,
                              .strict_schema = b->has_schema || (f & LQ_BUILD_STRICT_SCHEMA) != 0,
                              .schema = b->has_schema ? &b->schema : NULL,
                              .lists = b->lists,
                              .optimise = !(f & LQ_BUILD_NO_OPTIMISER),
                              .lint = !(f & LQ_BUILD_NO_WARNINGS),
                              .strip = (f & LQ_BUILD_STRIP) != 0,
                              .case_sensitive = (f & LQ_BUILD_CASE_SENSITIVE) != 0,
                              .max_list = b->limits.max_list,
                              .max_code = b->limits.max_code,
                              .now = b->options.now};
}

static bool query_is_utf8(lq_str query, lq_diag_list *diags)
{
  size_t end, bad = lq_utf8_first_bad(query, &end);
  if (bad < query.n)
    lq_diag_add(diags, LQ_DIAG_INVALID_UTF8, (lq_span){(uint32_t)bad, (uint32_t)end},
                "the query is not UTF-8");
  return bad == query.n;
}

// The builder holds the ceiling; a caller may want less.
static bool is_shallow(const lq_build *b, const lq_node *tree, lq_diag_list *diags)
{
  if (tree->depth <= (int)(b->limits.max_depth < LQ_DEPTH_MAX ? b->limits.max_depth : LQ_DEPTH_MAX))
    return true;
  lq_diag_add(diags, LQ_DIAG_TOO_DEEP, tree->span, "nested more than %u deep", b->limits.max_depth);
  return false;
}

void lq_build_say_other(lq_diag_list *diags, lq_diag *d, const lq_found_rule *other)
{
  lq_diag_note(diags, d, "the other one is at %.*s:%u", LQ_STR_ARG(other->source->name), other->line);
  lq_diag_help(diags, d, "give one of them an `id` of its own");
}

// Within a file an id stands for one rule. Rules of different files are told apart at the end (ids.c).
static bool id_is_free(lq_build *b, const lq_found_rule *f, lq_diag_list *diags)
{
  const lq_found_rule *other = lq_ids_of_file(b, f->id, f->source);
  if (!other)
    return true;
  lq_diag *d = lq_diag_add(diags, LQ_DIAG_DUPLICATE_NAME, lq_span_in_file(f->place),
                           "two rules have the id `%.*s`", LQ_STR_ARG(f->id));
  lq_build_say_other(diags, d, other);
  return false;
}

// What the compiler calls the rule until then. No id can be that: they are UTF-8.
static lq_str name_for_now(lq_build *b, const lq_found_rule *f)
{
  if (!lq_ids_known(b, f->id))
    return f->id;
  return lq_arena_format(&b->rule_arena, "\xFF%zu", (size_t)(f - b->found));
}

// The rule's own annotations, and where it comes from.
static lq_meta_pair *full_meta(lq_build *b, const lq_source *source, const lq_rule_file_rule *r)
{
  lq_meta_pair *m = lq_arena_array(&b->rule_arena, r->nmeta + 2, sizeof *m);
  if (!m)
    return NULL;
  if (r->nmeta > 0)
    memcpy(m, r->meta, r->nmeta * sizeof *m);
  m[r->nmeta] = (lq_meta_pair){LQ_STR("file"), source->name};
  m[r->nmeta + 1] = (lq_meta_pair){LQ_STR("line"), lq_arena_format(&b->rule_arena, "%u", r->line)};
  return m;
}

static lq_status compile(lq_build *b, lq_found_rule *f, lq_node *tree, const lq_rule_file_rule *r,
                         lq_diag_list *diags)
{
  lq_compile_options o = compile_options(b, r);
  lq_rule_info info = {.id = name_for_now(b, f),
                       .name = f->name,
                       .source = f->query,
                       .printed = r->tree != NULL,
                       .meta = full_meta(b, f->source, r),
                       .nmeta = r->nmeta + 2};
  if (!info.meta)
    return LQ_E_NOMEM;
  lq_status s = lq_compiler_add(b->compiler, tree, &info, &o, diags, &f->rule);
  for (size_t i = 0; i < r->ntests && s == LQ_OK; i++) {
    const lq_rule_test *t = &r->tests[i];
    s = lq_compiler_add_test(b->compiler, f->rule, t->kind, t->count, t->name, t->events, t->line);
  }
  if (s != LQ_OK)
    return s;
  f->state = LQ_FOUND_COMPILED;
  return lq_ids_take(b, f);
}

static lq_status parse_and_compile(lq_build *b, lq_found_rule *f, const lq_rule_file_rule *r,
                                   lq_diag_list *diags)
{
  lq_node *tree = NULL;
  if (!query_is_utf8(r->query, diags))
    return LQ_E_QUERY;
  lq_status s = lq_rule_tree(&tree, r, &b->mem, diags);
  f->parsed = s == LQ_OK && tree;
  if ((s != LQ_OK && s != LQ_E_QUERY) || !tree)
    return s;
  bool good = s == LQ_OK && r->state == LQ_RULE_FOUND && is_shallow(b, tree, diags) &&
              id_is_free(b, f, diags);
  if (good)
    return compile(b, f, tree, r, diags);
  // It will not run; what else is wrong with it is said all the same.
  lq_compile_options o = compile_options(b, r);
  s = lq_check(tree, &o, &b->mem, diags);
  return s == LQ_OK ? LQ_E_QUERY : s;
}

static lq_status add_rule(lq_build *b, const lq_source *source, const lq_rule_file_rule *r)
{
  lq_found_rule *f = note_rule(b, source, r);
  if (!f)
    return LQ_E_NOMEM;
  bool worth_parsing = r->state == LQ_RULE_FOUND ||
                       (r->state == LQ_RULE_BROKEN && lq_str_trim(r->query).n > 0);
  if (!worth_parsing)
    return LQ_OK;
  lq_arena_reset(&b->rule_arena);
  lq_diag_list diags = {.arena = &b->rule_arena, .source = source, .map = r->map, .rule = f->id};
  lq_status s = parse_and_compile(b, f, r, &diags);
  if (b->rule_arena.failed)
    s = LQ_E_NOMEM;
  lq_status kept = lq_build_keep_diags(b, &diags);
  // Limits are told of in diagnostics, like all that is wrong with a rule.
  if (s == LQ_E_QUERY || s == LQ_E_LIMIT)
    s = LQ_OK;
  return s != LQ_OK ? s : kept;
}

// ---- files and queries

const lq_source *lq_build_copy_source(lq_build *b, const char *name, const void *bytes, size_t n)
{
  lq_source *s = lq_arena_alloc(&b->arena, sizeof *s);
  lq_buf repaired = {.mem = &b->mem};
  lq_utf8_repair(&repaired, lq_str_of(name)); // bundles and messages hold it, and both are UTF-8
  if (s) {
    s->name = lq_arena_copy(&b->arena, lq_buf_get(&repaired));
    s->text = lq_arena_copy(&b->arena, lq_str_make(bytes, n));
  }
  bool whole = !repaired.failed && !b->arena.failed;
  lq_buf_free(&repaired);
  return whole ? s : NULL;
}

lq_status lq_build_open(const lq_build *b, const void *bytes, size_t n)
{
  if (!b || b->finished || (!bytes && n > 0))
    return LQ_E_USAGE;
  return b->lost ? LQ_E_NOMEM : LQ_OK;
}

// A failed allocation can stop an add anywhere, so what there is of it is not looked at again.
lq_status lq_build_settle(lq_build *b, lq_status s)
{
  b->lost = b->lost || s == LQ_E_NOMEM;
  return s;
}

static lq_status add_query(lq_build *b, const char *name, const char *id, const char *query, size_t n)
{
  const lq_source *source = lq_build_copy_source(b, name, query, n);
  if (!source)
    return LQ_E_NOMEM;
  lq_meta_pair kind[] = {{LQ_STR("kind"), LQ_STR("query")}};
  lq_rule_file_rule r = {.id = lq_str_of(id),
                         .name = lq_str_of(id),
                         .query = source->text,
                         .line = 1,
                         .meta = kind,
                         .nmeta = 1,
                         .dialect = (lq_dialect)b->options.dialect,
                         .span = {0, (uint32_t)n}};
  size_t errors = b->nerrors;
  lq_status s = add_rule(b, source, &r);
  return s != LQ_OK ? s : b->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}

lq_status lq_build_add_query(lq_build *b, const char *name, const char *id, const char *query, size_t n)
{
  id = id ? id : "query";
  lq_status s = lq_build_open(b, query, n);
  if (s == LQ_E_USAGE || !name || !lq_utf8_valid(lq_str_of(id)) || *id == '\0')
    return LQ_E_USAGE;
  if (s == LQ_OK && n > LQ_SOURCE_MAX)
    return LQ_E_LIMIT;
  return s != LQ_OK ? s : lq_build_settle(b, add_query(b, name, id, query, n));
}

int lq_build_takes(const char *name)
{
  return lq_rules_takes(lq_str_of(name));
}

static lq_status add_file(lq_build *b, const char *name, const void *bytes, size_t n)
{
  const lq_source *source = lq_build_copy_source(b, name, bytes, n);
  if (!source)
    return LQ_E_NOMEM;
  size_t errors = b->nerrors, diags_before = b->ndiags;
  lq_arena_reset(&b->file_arena);
  lq_diag_list diags = {.arena = &b->file_arena};
  lq_rule_file file;
  lq_status s = lq_rules_read(&file, source, &b->mem, &diags);
  if (s == LQ_OK || s == LQ_E_QUERY)
    s = lq_build_keep_diags(b, &diags);
  for (const lq_rule_file_rule *r = s == LQ_OK ? file.rules : NULL; r && s == LQ_OK; r = r->next)
    s = add_rule(b, source, r);
  lq_build_sort_diags(b, diags_before);
  return s != LQ_OK ? s : b->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}

lq_status lq_build_add_file(lq_build *b, const char *name, const void *bytes, size_t n)
{
  lq_status s = lq_build_open(b, bytes, n);
  if (s == LQ_E_USAGE || !name)
    return LQ_E_USAGE;
  if (!lq_build_takes(name))
    return LQ_E_UNSUPPORTED;
  return s != LQ_OK ? s : lq_build_settle(b, add_file(b, name, bytes, n));
}

static lq_status set_schema(lq_build *b, const char *name, const void *bytes, size_t n)
{
  const lq_source *source = lq_build_copy_source(b, name, bytes, n);
  if (!source)
    return LQ_E_NOMEM;
  lq_arena_reset(&b->file_arena);
  lq_diag_list diags = {.arena = &b->file_arena, .source = source};
  lq_status s = lq_schema_read(&b->schema, &b->arena, source->text, &diags);
  if (b->file_arena.failed)
    s = LQ_E_NOMEM;
  b->has_schema = s == LQ_OK;
  lq_status kept = s == LQ_OK || s == LQ_E_QUERY ? lq_build_keep_diags(b, &diags) : LQ_OK;
  return kept != LQ_OK ? kept : s;
}

lq_status lq_build_set_schema(lq_build *b, const char *name, const void *bytes, size_t n)
{
  lq_status s = lq_build_open(b, bytes, n);
  if (s == LQ_E_USAGE || !name)
    return LQ_E_USAGE;
  if (s == LQ_OK && n > LQ_SOURCE_MAX)
    return LQ_E_LIMIT;
  return s != LQ_OK ? s : lq_build_settle(b, set_schema(b, name, bytes, n));
}

lq_status lq_build_finish(lq_build *b, lq_bundle **out)
{
  return lq_build_close(b, out, NULL);
}

// A limit of the bundle's own has no place in a file: it is said of the whole.
static lq_status say_limit(lq_build *b, const char *why)
{
  lq_arena_reset(&b->rule_arena);
  lq_diag_list diags = {.arena = &b->rule_arena};
  lq_diag_add(&diags, LQ_DIAG_TOO_LARGE, (lq_span){0, 0}, "the bundle is too large: %s", why);
  lq_status s = lq_build_keep_diags(b, &diags);
  return s == LQ_OK && !b->rule_arena.failed ? LQ_E_LIMIT : LQ_E_NOMEM;
}

static lq_status load(lq_build *b, lq_bundle **out, lq_str bytes, lq_errinfo *info)
{
  lq_allocator a = {b->mem.fn, b->mem.user};
  lq_errinfo why = LQ_INIT(lq_errinfo);
  lq_status s = lq_bundle_load(out, bytes.p, bytes.n, &b->limits, &a, &why);
  if (s == LQ_E_LIMIT)
    s = say_limit(b, why.message);
  lq_api_explain(info, why, lq_str_of(why.message), lq_str_of(why.help));
  return s;
}

lq_status lq_build_close(lq_build *b, lq_bundle **out, lq_errinfo *info)
{
  lq_status s = lq_build_open(b, NULL, 0);
  if (!out || s == LQ_E_USAGE)
    return LQ_E_USAGE;
  *out = NULL;
  if (s == LQ_OK)
    s = lq_build_settle(b, lq_ids_tell_apart(b));
  if (s != LQ_OK)
    return s;
  if (b->nerrors > 0 && !(b->options.flags & LQ_BUILD_KEEP_GOING))
    return LQ_E_QUERY;
  b->finished = true;
  if (!(b->options.flags & LQ_BUILD_STRIP))
    lq_compiler_set_provenance(b->compiler, LQ_STR("{\"libquery\":\"" LQ_VERSION_STRING "\"}"));
  lq_buf bytes = {.mem = &b->mem};
  s = lq_compiler_finish(b->compiler, &bytes);
  if (s == LQ_OK && bytes.failed)
    s = LQ_E_NOMEM;
  if (s == LQ_OK) {
    // Through the same door as any other bundle: what the compiler gets wrong is refused here, not run.
    s = load(b, out, lq_buf_get(&bytes), info);
  }
  lq_buf_free(&bytes);
  return s == LQ_E_BUNDLE || s == LQ_E_VERSION ? LQ_E_INTERNAL : s;
}

// Lists for `lookup`: files of values to exact texts, patterns and networks.
#include "base/glob.h"
#include "input/json.h"
#include "lib/build.h"

enum { JSON_DEPTH = 16, JSON_LEAVES = 4096 };

typedef struct list_reader {
  lq_build *build;
  lq_diag_list diags;
  lq_str text;
  size_t at;      // where the next line begins
  size_t entries; // so far, of all sorts
  lq_str *texts;  // arrays of the build's memory, moved to its arena in the end
  size_t ntexts, texts_cap;
  lq_str *patterns;
  size_t npatterns, patterns_cap;
  lq_cidr *networks;
  size_t nnetworks, networks_cap;
  lq_buf cell; // of CSV, unquoted
  lq_status status;
} list_reader;

// ---- entries

static lq_str pattern_of(lq_arena *a, lq_str s)
{
  char *p = lq_arena_alloc(a, s.n);
  for (size_t i = 0; p && i < s.n; i++)
    p[i] = s.p[i] == '*' ? LQ_ANY_RUN : s.p[i] == '?' ? LQ_ANY_ONE : s.p[i];
  return (lq_str){p, p ? s.n : 0};
}

// A network, a pattern if there is a star in it, or the whole value. A question mark alone is found in
// addresses of web pages.
static void add(list_reader *r, lq_str s)
{
  const lq_mem *mem = &r->build->mem;
  lq_arena *arena = &r->build->arena;
  lq_cidr network;
  bool grown;
  if (s.n == 0 || r->status)
    return;
  if (r->entries++ >= r->build->limits.max_list) {
    r->status = LQ_E_LIMIT;
    return;
  }
  // Addresses of IPv6 have several spellings.
  lq_ip ip;
  bool address = memchr(s.p, ':', s.n) && lq_ip_parse(s, &ip);
  if (address)
    network = (lq_cidr){.base = ip, .bits = 128};
  if (address || lq_cidr_parse(s, &network, NULL)) {
    if ((grown = LQ_GROW(mem, r->networks, r->nnetworks, &r->networks_cap)))
      r->networks[r->nnetworks++] = network;
  } else if (memchr(s.p, '*', s.n)) {
    if ((grown = LQ_GROW(mem, r->patterns, r->npatterns, &r->patterns_cap)))
      r->patterns[r->npatterns++] = pattern_of(arena, s);
  } else if ((grown = LQ_GROW(mem, r->texts, r->ntexts, &r->texts_cap))) {
    r->texts[r->ntexts++] = lq_arena_copy(arena, s);
  }
  if (!grown || arena->failed)
    r->status = LQ_E_NOMEM;
}

static bool next_line(list_reader *r, lq_str *line)
{
  if (r->at >= r->text.n)
    return false;
  const char *nl = memchr(r->text.p + r->at, '\n', r->text.n - r->at);
  size_t end = nl ? (size_t)(nl - r->text.p) : r->text.n;
  *line = lq_str_trim(lq_str_slice(r->text, r->at, end));
  r->at = end + 1;
  return true;
}

static void bad(list_reader *r, lq_str where, const char *what)
{
  uint32_t start = (uint32_t)(where.p - r->text.p);
  lq_diag *d = lq_diag_add(&r->diags, LQ_DIAG_FILE_SYNTAX, (lq_span){start, start + (uint32_t)where.n}, "%s",
                           what);
  lq_diag_help(&r->diags, d, "an entry is a text, a number, or an object with a member `value`");
}

// ---- text

static void read_text(list_reader *r)
{
  lq_str line;
  while (!r->status && next_line(r, &line)) {
    if (line.n > 0 && line.p[0] != '#')
      add(r, line);
  }
}

// ---- CSV

// The next cell, without its quotes; *last: the row ends behind it. False: the text is at its end.
static bool next_cell(list_reader *r, bool *last)
{
  lq_str t = r->text;
  lq_buf_clear(&r->cell);
  if (r->at >= t.n)
    return false;
  bool quoted = t.p[r->at] == '"';
  for (r->at += quoted; r->at < t.n; r->at++) {
    char c = t.p[r->at];
    if (quoted && c == '"' && r->at + 1 < t.n && t.p[r->at + 1] == '"')
      r->at++;
    else if (quoted && c == '"') {
      quoted = false;
      continue;
    } else if (!quoted && (c == ',' || c == '\n'))
      break;
    lq_buf_byte(&r->cell, c);
  }
  *last = r->at >= t.n || t.p[r->at] == '\n';
  r->at++;
  return true;
}

// The column called `value`, or the first.
static size_t read_header(list_reader *r)
{
  size_t column = 0, i = 0;
  bool last = false;
  for (; !last && next_cell(r, &last); i++) {
    if (lq_str_eq_ascii(lq_str_trim(lq_buf_get(&r->cell)), LQ_STR("value")))
      column = i;
  }
  return column;
}

static void read_csv(list_reader *r)
{
  size_t column = read_header(r), i = 0;
  bool last = false;
  while (!r->status && next_cell(r, &last)) {
    if (i == column)
      add(r, lq_str_trim(lq_buf_get(&r->cell)));
    i = last ? 0 : i + 1;
  }
  r->status = r->status ? r->status : r->cell.failed ? LQ_E_NOMEM : LQ_OK;
}

// ---- NDJSON

static void add_value(list_reader *r, const lq_json *j, uint32_t at)
{
  uint64_t repaired = 0;
  bool range = false;
  char scratch[LQ_VALUE_TEXT_MAX];
  const lq_json_node *n = &j->nodes[at];
  if (n->kind == LQ_JSON_STRING) {
    add(r, lq_json_string(j, n, &r->build->file_arena, &repaired));
  } else if (n->kind == LQ_JSON_NUMBER) {
    lq_value v = lq_json_number(j, n, &range);
    add(r, lq_value_text(&v, scratch));
  } else if (n->kind == LQ_JSON_TRUE || n->kind == LQ_JSON_FALSE) {
    add(r, n->kind == LQ_JSON_TRUE ? LQ_STR("true") : LQ_STR("false"));
  } else {
    bad(r, j->text, "no value in this line");
  }
}

static void read_ndjson(list_reader *r)
{
  lq_json j = {.mem = &r->build->mem, .max_leaves = JSON_LEAVES};
  lq_str line;
  while (!r->status && next_line(r, &line)) {
    lq_json_error error = {0};
    if (line.n == 0)
      continue;
    lq_status s = lq_json_parse(&j, line, JSON_DEPTH, &error);
    if (s == LQ_E_NOMEM)
      r->status = s;
    else if (s)
      bad(r, line, error.reason ? error.reason : "this is not JSON");
    else if (j.nodes[0].kind == LQ_JSON_OBJECT && !lq_json_member(&j, 0, LQ_STR("value")))
      bad(r, line, "no `value` in this object");
    else
      add_value(r, &j, j.nodes[0].kind == LQ_JSON_OBJECT ? lq_json_member(&j, 0, LQ_STR("value")) : 0);
  }
  lq_json_free(&j);
}

// ---- the list

static void *keep(lq_build *b, const void *rows, size_t n, size_t size)
{
  void *own = lq_arena_array(&b->arena, n, size);
  if (own && n > 0)
    memcpy(own, rows, n * size);
  return own;
}

static lq_status add_list(list_reader *r, const char *name)
{
  lq_build *b = r->build;
  lq_named_list *l = lq_arena_alloc(&b->arena, sizeof *l);
  if (!l)
    return LQ_E_NOMEM;
  *l = (lq_named_list){.next = b->lists,
                       .name = lq_arena_copy(&b->arena, lq_str_of(name)),
                       .texts = keep(b, r->texts, r->ntexts, sizeof *r->texts),
                       .ntexts = r->ntexts,
                       .patterns = keep(b, r->patterns, r->npatterns, sizeof *r->patterns),
                       .npatterns = r->npatterns,
                       .networks = keep(b, r->networks, r->nnetworks, sizeof *r->networks),
                       .nnetworks = r->nnetworks};
  if (b->arena.failed)
    return LQ_E_NOMEM;
  b->lists = l;
  return LQ_OK;
}

typedef void (*read_fn)(list_reader *r);

static read_fn reader_of(lq_str file)
{
  static const struct {
    lq_str ending;
    read_fn read;
  } forms[] = {{LQ_STR_INIT(".txt"), read_text},
               {LQ_STR_INIT(".csv"), read_csv},
               {LQ_STR_INIT(".ndjson"), read_ndjson},
               {LQ_STR_INIT(".jsonl"), read_ndjson}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    lq_str e = forms[i].ending;
    if (file.n > e.n && lq_str_eq_ascii(lq_str_slice(file, file.n - e.n, file.n), e))
      return forms[i].read;
  }
  return NULL;
}

int lq_build_takes_list(const char *file)
{
  return reader_of(lq_str_of(file)) != NULL;
}

static lq_status read_list(lq_build *b, const char *name, const lq_source *source, read_fn read)
{
  lq_arena_reset(&b->file_arena);
  list_reader r = {.build = b,
                   .diags = {.arena = &b->file_arena, .source = source},
                   .text = source->text,
                   .cell = {.mem = &b->mem}};
  // A byte order mark is no part of the first entry.
  if (lq_str_starts(r.text, LQ_STR("\xEF\xBB\xBF")))
    r.at = 3;
  read(&r);
  lq_status s = r.status ? r.status : add_list(&r, name);
  lq_mem_free(&b->mem, r.texts, r.texts_cap, sizeof *r.texts);
  lq_mem_free(&b->mem, r.patterns, r.patterns_cap, sizeof *r.patterns);
  lq_mem_free(&b->mem, r.networks, r.networks_cap, sizeof *r.networks);
  lq_buf_free(&r.cell);
  if (!s)
    s = lq_build_keep_diags(b, &r.diags);
  return s ? s : r.diags.nerrors ? LQ_E_QUERY : LQ_OK;
}

lq_status lq_build_add_list(lq_build *b, const char *name, const char *file, const void *bytes, size_t n)
{
  lq_status s = lq_build_open(b, bytes, n);
  if (s == LQ_E_USAGE || !name || !*name || !file)
    return LQ_E_USAGE;
  read_fn read = reader_of(lq_str_of(file));
  if (!read)
    return LQ_E_UNSUPPORTED;
  if (s == LQ_OK && n > LQ_SOURCE_MAX)
    return LQ_E_LIMIT;
  if (s != LQ_OK)
    return s;
  const lq_source *source = lq_build_copy_source(b, file, bytes, n);
  return lq_build_settle(b, source ? read_list(b, name, source, read) : LQ_E_NOMEM);
}

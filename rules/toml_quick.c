// The TOML that rule files are made of, read in one pass over the text: keys without escapes, headers,
// strings, whole numbers, booleans, arrays, inline tables. Files that have anything else in them, mistakes
// first of all, are left to the parser behind toml.cc, which is the reference: what is read here is read
// alike there.
#include "rules/toml.h"

enum {
  PARTS_MAX = 8,   // of a header
  DEPTH_MAX = 16,  // of arrays and inline tables
  KEYS_MAX = 100,  // of one table: a new key is compared with all of them
  DIGITS_MAX = 18, // of a number: they cannot overflow
};
_Static_assert((int)DEPTH_MAX < LQ_TOML_DEPTH_MAX && (int)PARTS_MAX < LQ_TOML_DOTS_MAX,
               "no flaw is read here");

// A table or an array.
typedef struct box {
  lq_toml node;
  lq_toml *last;
  unsigned keys;
  bool open; // made by a header: later ones may go on below it. An open array is one of tables
} box;

typedef struct reader {
  lq_str text;
  size_t at;
  lq_arena *arena;
  unsigned depth;
} reader;

// ---- bytes

static bool at_end(const reader *r)
{
  return r->at == r->text.n;
}

// 0 at the end. A byte that is 0 stands in no file that is read here.
static char here(const reader *r)
{
  return at_end(r) ? '\0' : r->text.p[r->at];
}

static bool take(reader *r, char c)
{
  bool is = here(r) == c;
  r->at += is;
  return is;
}

static bool is_text(char c)
{
  return ((unsigned char)c >= 0x20 && c != 0x7F) || c == '\t';
}

static bool is_bare(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void skip_blanks(reader *r)
{
  while (here(r) == ' ' || here(r) == '\t')
    r->at++;
}

// Blanks, a comment, a line end. False: something else stands there.
static bool end_line(reader *r)
{
  skip_blanks(r);
  if (here(r) == '#') {
    while (is_text(here(r)))
      r->at++;
  }
  return at_end(r) || take(r, '\n');
}

// Between the values of an array.
static bool skip_lines(reader *r)
{
  for (skip_blanks(r); here(r) == '#' || here(r) == '\n'; skip_blanks(r)) {
    if (!end_line(r))
      return false;
  }
  return true;
}

static bool ends_value(const reader *r)
{
  char c = here(r);
  return at_end(r) || c == ' ' || c == '\t' || c == '\n' || c == ',' || c == ']' || c == '}' || c == '#';
}

// ---- nodes

static void *new_node(reader *r, lq_toml_kind kind, size_t size, lq_span span)
{
  lq_toml *n = lq_arena_alloc(r->arena, size);
  if (n)
    n->kind = kind, n->span = span;
  return n;
}

static box *new_box(reader *r, lq_toml_kind kind, lq_span span)
{
  return new_node(r, kind, sizeof(box), span);
}

static lq_span since(const reader *r, size_t start)
{
  return (lq_span){(uint32_t)start, (uint32_t)r->at};
}

static void append(box *into, lq_toml *n)
{
  if (into->last)
    into->last->next = n;
  else
    into->node.kids = n;
  into->last = n;
}

static lq_toml *find(const box *table, lq_str key)
{
  lq_toml *n = table->node.kids;
  while (n && !lq_str_eq(n->key, key))
    n = n->next;
  return n;
}

// A key as it stands in the file.
typedef struct name {
  lq_str key;
  lq_span span;
} name;

static bool append_named(box *table, const name *called, lq_toml *n)
{
  if (!n || ++table->keys > KEYS_MAX)
    return false;
  n->key = called->key;
  n->key_span = called->span;
  append(table, n);
  return true;
}

// ---- strings

// How many quotes stand at `at`: five at most, which is the end of a string of several lines and two of its
// own.
static size_t quotes_at(lq_str s, size_t at, char quote)
{
  size_t n = 0;
  while (n < 5 && at + n < s.n && s.p[at + n] == quote)
    n++;
  return n;
}

// The simple ones. A code point by its number, and a backslash at the end of a line, are not read here.
static bool is_escape(char c)
{
  return c == '"' || c == '\\' || c == 'b' || c == 't' || c == 'n' || c == 'f' || c == 'r';
}

// From its opening quote to behind the last.
static bool read_string(reader *r)
{
  lq_str s = r->text;
  char quote = s.p[r->at];
  bool lines = quotes_at(s, r->at, quote) >= 3;
  size_t i = r->at + (lines ? 3 : 1);
  while ((i = lq_toml_skip_plain(s, i, quote)) < s.n) {
    char c = s.p[i];
    if (c == quote) {
      size_t n = lines ? quotes_at(s, i, quote) : 1;
      i += n;
      if (!lines || n >= 3) {
        r->at = i;
        return true;
      }
    } else if (c == '\\' && quote == '"') {
      if (i + 1 == s.n || !is_escape(s.p[i + 1]))
        return false;
      i += 2;
    } else if (c == '\\' || c == '\t' || (lines && c == '\n')) {
      i++;
    } else {
      return false;
    }
  }
  return false;
}

static bool read_name(reader *r, name *out)
{
  size_t start = r->at;
  if (here(r) == '"' || here(r) == '\'') {
    if (quotes_at(r->text, start, here(r)) > 1 || !read_string(r))
      return false;
    out->key = lq_str_slice(r->text, start + 1, r->at - 1);
    if (memchr(out->key.p, '\\', out->key.n))
      return false;
  } else {
    while (is_bare(here(r)))
      r->at++;
    out->key = lq_str_slice(r->text, start, r->at);
  }
  out->span = since(r, start);
  return out->key.n > 0;
}

// ---- values

static lq_toml *read_value(reader *r);

static lq_toml *read_text(reader *r)
{
  size_t start = r->at;
  return read_string(r) ? new_node(r, LQ_TOML_STRING, sizeof(lq_toml), since(r, start)) : NULL;
}

static lq_toml *read_number(reader *r)
{
  size_t start = r->at;
  bool minus = take(r, '-');
  size_t first = r->at;
  int64_t value = 0;
  while (r->at - first < DIGITS_MAX && here(r) >= '0' && here(r) <= '9')
    value = value * 10 + (r->text.p[r->at++] - '0');
  bool padded = r->at - first > 1 && r->text.p[first] == '0';
  if (r->at == first || padded || !ends_value(r))
    return NULL;
  lq_toml *n = new_node(r, LQ_TOML_INT, sizeof *n, since(r, start));
  if (n)
    n->as.i = minus ? -value : value;
  return n;
}

static lq_toml *read_bool(reader *r)
{
  size_t start = r->at;
  lq_str word = here(r) == 't' ? LQ_STR("true") : LQ_STR("false");
  if (!lq_str_starts(lq_str_slice(r->text, start, r->text.n), word))
    return NULL;
  r->at += word.n;
  lq_toml *n = ends_value(r) ? new_node(r, LQ_TOML_BOOL, sizeof *n, since(r, start)) : NULL;
  if (n)
    n->as.b = word.n == 4;
  return n;
}

// What was begun at its opening bracket, and is whole.
static lq_toml *close_box(reader *r, box *b)
{
  b->node.span.end = (uint32_t)r->at;
  return &b->node;
}

static lq_toml *read_array(reader *r)
{
  box *a = new_box(r, LQ_TOML_ARRAY, since(r, r->at));
  r->at++;
  while (a && skip_lines(r)) {
    if (take(r, ']'))
      return close_box(r, a);
    lq_toml *n = read_value(r);
    if (!n)
      return NULL;
    append(a, n);
    if (!skip_lines(r) || (!take(r, ',') && here(r) != ']'))
      return NULL;
  }
  return NULL;
}

static bool read_pair(reader *r, box *table)
{
  name called;
  if (!read_name(r, &called) || find(table, called.key))
    return false;
  skip_blanks(r);
  if (!take(r, '='))
    return false;
  skip_blanks(r);
  return append_named(table, &called, read_value(r));
}

static lq_toml *read_inline_table(reader *r)
{
  box *t = new_box(r, LQ_TOML_TABLE, since(r, r->at));
  r->at++;
  skip_blanks(r);
  if (t && take(r, '}'))
    return close_box(r, t);
  while (t && read_pair(r, t)) {
    skip_blanks(r);
    if (take(r, '}'))
      return close_box(r, t);
    if (!take(r, ','))
      return NULL;
    skip_blanks(r);
  }
  return NULL;
}

static lq_toml *read_kind(reader *r)
{
  switch (here(r)) {
  case '"':
  case '\'': return read_text(r);
  case '[': return read_array(r);
  case '{': return read_inline_table(r);
  case 't':
  case 'f': return read_bool(r);
  default: return read_number(r);
  }
}

static lq_toml *read_value(reader *r)
{
  if (r->depth == DEPTH_MAX)
    return NULL;
  r->depth++;
  lq_toml *n = read_kind(r);
  r->depth--;
  return n;
}

// ---- headers

typedef struct header {
  name parts[PARTS_MAX];
  size_t n;
  bool array;
  lq_span span;
} header;

static bool read_header(reader *r, header *h)
{
  size_t start = r->at++;
  h->array = take(r, '[');
  do {
    if (h->n == PARTS_MAX || !read_name(r, &h->parts[h->n++]))
      return false;
  } while (take(r, '.'));
  if (!take(r, ']') || (h->array && !take(r, ']')))
    return false;
  h->span = since(r, start);
  return end_line(r);
}

static box *add_box(reader *r, box *table, const name *called, lq_toml_kind kind, lq_span span)
{
  box *b = new_box(r, kind, span);
  if (!b || !append_named(table, called, &b->node))
    return NULL;
  b->open = true;
  return b;
}

// The table that a header's part stands for when more parts follow: of an array of tables the newest.
static box *step_into(reader *r, box *table, const name *part, lq_span span)
{
  lq_toml *n = find(table, part->key);
  if (!n)
    return add_box(r, table, part, LQ_TOML_TABLE, span);
  if ((n->kind != LQ_TOML_TABLE && n->kind != LQ_TOML_ARRAY) || !((box *)n)->open)
    return NULL;
  return n->kind == LQ_TOML_TABLE ? (box *)n : (box *)((box *)n)->last;
}

static box *add_element(reader *r, box *array, lq_span span)
{
  box *t = new_box(r, LQ_TOML_TABLE, span);
  if (!t)
    return NULL;
  append(array, &t->node);
  array->node.span.end = span.end;
  return t;
}

// The table that the lines below the header fill. NULL: that is for the other parser to say.
static box *open_table(reader *r, box *root, const header *h)
{
  box *table = root;
  for (size_t i = 0; i + 1 < h->n && table; i++)
    table = step_into(r, table, &h->parts[i], h->span);
  const name *last = &h->parts[h->n - 1];
  lq_toml *n = table ? find(table, last->key) : NULL;
  if (!table || (n && !(h->array && n->kind == LQ_TOML_ARRAY && ((box *)n)->open)))
    return NULL;
  if (!h->array)
    return add_box(r, table, last, LQ_TOML_TABLE, h->span);
  box *array = n ? (box *)n : add_box(r, table, last, LQ_TOML_ARRAY, h->span);
  return array ? add_element(r, array, h->span) : NULL;
}

// ---- a file

static bool read_lines(reader *r, box *root)
{
  for (box *table = root; skip_lines(r) && !at_end(r);) {
    if (here(r) == '[') {
      header h = {.n = 0};
      table = read_header(r, &h) ? open_table(r, root, &h) : NULL;
      if (!table)
        return false;
    } else if (!read_pair(r, table) || !end_line(r)) {
      return false;
    }
  }
  return at_end(r);
}

lq_status lq_toml_parse_quick(lq_toml **out, lq_str text, lq_arena *arena)
{
  reader r = {.text = text, .at = lq_str_starts(text, LQ_STR("\xEF\xBB\xBF")) ? 3 : 0, .arena = arena};
  box *root = new_box(&r, LQ_TOML_TABLE, (lq_span){(uint32_t)r.at, (uint32_t)text.n});
  bool read = root && read_lines(&r, root);
  *out = read ? &root->node : NULL;
  return arena->failed ? LQ_E_NOMEM : read ? LQ_OK : LQ_E_UNSUPPORTED;
}

// JSON text to a flat list of nodes: one pass, no recursion. Strings stay where they are until somebody asks.
#include "input/json.h"

#include "input/walk.h"

enum { PLAIN, WIDE, BACKSLASH, QUOTE, CONTROL }; // what a byte is inside a string

#define P4 PLAIN, PLAIN, PLAIN, PLAIN
#define P16 P4, P4, P4, P4
#define C16                                                                                                  \
  CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL, CONTROL,         \
      CONTROL, CONTROL, CONTROL, CONTROL, CONTROL
#define W16 WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE
static const uint8_t in_string[256] = {
    C16, C16, PLAIN, PLAIN,     QUOTE, PLAIN, P4,    P4,  P4,  P16, P16,
    P4,  P4,  P4,    BACKSLASH, PLAIN, PLAIN, PLAIN, P16, P16, // DEL is no control character in RFC 8259
    W16, W16, W16,   W16,       W16,   W16,   W16,   W16};

typedef struct parser {
  lq_json *j;
  const char *p, *end;
  lq_json_error *error;
  uint32_t open; // the container we are in: nodes[open].next is the one around it until it closes
  uint32_t depth, max_depth, leaves;
} parser;

enum { NO_CONTAINER = UINT32_MAX };

// What is kept and what is left out are read by the same functions. A copy of them for each, with the rare
// one out of the way, makes the first 5 to 7 % faster (user CPU of one query over 500 MB of Windows events,
// five interleaved runs).
#define HOT static inline __attribute__((always_inline))
#define COLD __attribute__((cold, noinline))

static lq_status fail(const parser *p, const char *at, const char *reason)
{
  *p->error = (lq_json_error){.at = (size_t)(at - p->j->text.p), .reason = reason, .cut = at == p->end};
  return LQ_E_INPUT;
}

static lq_status cut(const parser *p, const char *at, const char *reason)
{
  fail(p, at, reason);
  p->error->cut = true;
  return LQ_E_INPUT;
}

static inline void skip_blanks(parser *p)
{
  while (p->p < p->end && (*p->p == ' ' || *p->p == '\n' || *p->p == '\r' || *p->p == '\t'))
    p->p++;
}

#define BYTES(c) (UINT64_C(0x0101010101010101) * (c))

// Marks each byte of w that is a quote, a backslash or a control; above the first mark there may be false
// ones.
static inline uint64_t specials(uint64_t w)
{
  uint64_t quote = w ^ BYTES('"'), backslash = w ^ BYTES('\\');
  return (((quote - BYTES(1)) & ~quote) | ((backslash - BYTES(1)) & ~backslash) | ((w - BYTES(0x20)) & ~w)) &
         BYTES(0x80);
}

// Past all plain bytes, eight a step; *wide is set if some were not ASCII.
static inline const char *skip_plain(const char *s, const char *end, bool *wide)
{
  uint64_t w, high = 0;
  for (; end - s >= 8; s += 8) {
    memcpy(&w, s, 8);
    if (specials(w))
      break;
    high |= w;
  }
  *wide |= (high & BYTES(0x80)) != 0;
  for (; s < end; s++) {
    uint8_t class = in_string[(uint8_t)*s];
    if (class > WIDE)
      break;
    *wide |= class == WIDE;
  }
  return s;
}

static bool is_hex(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline bool is_escape(char c)
{
  switch (c) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't': return true;
  default: return false;
  }
}

// p->p is at a backslash.
static lq_status skip_escape(parser *p)
{
  const char *at = p->p++;
  if (p->p == p->end)
    return fail(p, p->p, "a string is not closed");
  char c = *p->p++;
  if (c == 'u') {
    for (int i = 0; i < 4; i++, p->p++) {
      if (p->p == p->end)
        return fail(p, p->p, "a string is not closed");
      if (!is_hex(*p->p))
        return fail(p, at, "`\\u` needs four hexadecimal digits");
    }
    return LQ_OK;
  }
  return is_escape(c) ? LQ_OK : fail(p, at, "a string has an unknown escape");
}

// p->p is behind the opening quote; ends behind the closing one.
HOT lq_status take_string(parser *p, lq_json_node *n)
{
  const char *start = p->p;
  bool wide = false, escaped = false;
  for (;;) {
    p->p = skip_plain(p->p, p->end, &wide);
    if (p->p == p->end)
      return cut(p, start - 1, "a string is not closed");
    if (*p->p == '"')
      break;
    if (*p->p != '\\')
      return fail(p, p->p, "a control character in a string must be written as an escape");
    escaped = true;
    lq_status s = skip_escape(p);
    if (s != LQ_OK)
      return s;
  }
  n->start = (uint32_t)(start - p->j->text.p);
  n->end = (uint32_t)(p->p++ - p->j->text.p);
  n->escaped = wide || escaped;
  return LQ_OK;
}

static bool skip_digits(parser *p)
{
  const char *start = p->p;
  while (p->p < p->end && *p->p >= '0' && *p->p <= '9')
    p->p++;
  return p->p > start;
}

static lq_status take_number(parser *p)
{
  if (*p->p == '-')
    p->p++;
  if (p->p < p->end && *p->p == '0')
    p->p++;
  else if (!skip_digits(p))
    return fail(p, p->p, "a number needs a digit here");
  if (p->p < p->end && *p->p == '.') {
    p->p++;
    if (!skip_digits(p))
      return fail(p, p->p, "a number needs a digit here");
  }
  if (p->p < p->end && (*p->p == 'e' || *p->p == 'E')) {
    p->p++;
    if (p->p < p->end && (*p->p == '+' || *p->p == '-'))
      p->p++;
    if (!skip_digits(p))
      return fail(p, p->p, "a number needs a digit here");
  }
  return LQ_OK;
}

static lq_status take_word(parser *p, lq_str word)
{
  for (size_t i = 0; i < word.n; i++, p->p++) {
    if (p->p == p->end || *p->p != word.p[i])
      return fail(p, p->p, "not a JSON value");
  }
  return LQ_OK;
}

static lq_status new_node(parser *p, uint32_t *at)
{
  lq_json *j = p->j;
  if (j->n == j->cap && !LQ_GROW(j->mem, j->nodes, j->n, &j->cap))
    return LQ_E_NOMEM;
  *at = (uint32_t)j->n++;
  return LQ_OK;
}

static lq_status limit(const parser *p, const char *reason, bool leaves)
{
  fail(p, p->p, reason);
  p->error->cut = false;
  p->error->leaves = leaves;
  return LQ_E_LIMIT;
}

static lq_status count_leaf(parser *p)
{
  return p->j->max_leaves && ++p->leaves > p->j->max_leaves ? limit(p, "too many values", true) : LQ_OK;
}

static lq_status open_container(parser *p, uint32_t at, lq_json_kind kind)
{
  if (p->depth == p->max_depth)
    return limit(p, "nested too deeply", false);
  p->depth++;
  p->j->nodes[at] = (lq_json_node){
      .start = (uint32_t)(p->p - p->j->text.p), .next = p->open, .kind = (uint8_t)kind};
  p->open = at;
  p->p++;
  return LQ_OK;
}

static void close_container(parser *p)
{
  lq_json_node *n = &p->j->nodes[p->open];
  p->open = n->next;
  n->next = (uint32_t)p->j->n;
  n->end = (uint32_t)(++p->p - p->j->text.p);
  p->depth--;
}

HOT lq_status take_name(parser *p, lq_json_node *name)
{
  if (p->p == p->end)
    return fail(p, p->p, "an object is not closed");
  if (*p->p != '"')
    return fail(p, p->p, *p->p == '}' ? "a comma before `}`" : "a key in double quotes is missing");
  p->p++;
  lq_status s = take_string(p, name);
  if (s != LQ_OK)
    return s;
  skip_blanks(p);
  if (p->p == p->end || *p->p != ':')
    return fail(p, p->p, "a colon is missing after a key");
  p->p++;
  skip_blanks(p);
  return LQ_OK;
}

HOT lq_status take_key(parser *p, uint32_t *at)
{
  lq_status s = new_node(p, at);
  if (s != LQ_OK)
    return s;
  lq_json_node key = {.kind = LQ_JSON_STRING, .next = *at + 1};
  s = take_name(p, &key);
  p->j->nodes[*at] = key;
  return s;
}

HOT lq_status take_scalar(parser *p, lq_json_node *n)
{
  lq_status s;
  n->start = (uint32_t)(p->p - p->j->text.p);
  switch (*p->p) {
  case '"': p->p++, n->kind = LQ_JSON_STRING; return take_string(p, n);
  case 't': n->kind = LQ_JSON_TRUE, s = take_word(p, LQ_STR("true")); break;
  case 'f': n->kind = LQ_JSON_FALSE, s = take_word(p, LQ_STR("false")); break;
  case 'n': n->kind = LQ_JSON_NULL, s = take_word(p, LQ_STR("null")); break;
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9': n->kind = LQ_JSON_NUMBER, s = take_number(p); break;
  case ']': return fail(p, p->p, "a comma before `]`");
  case '\0':
  case '\xFE':
  case '\xFF': return fail(p, p->p, "this is UTF-16 or no text at all; events are read as UTF-8");
  default: return fail(p, p->p, "a value is missing");
  }
  n->end = (uint32_t)(p->p - p->j->text.p);
  return s;
}

// A value begins at p->p. Gives *inside when a container was opened that has something in it.
HOT lq_status take_value(parser *p, uint32_t where, bool *inside)
{
  *inside = false;
  uint32_t at;
  lq_status s = new_node(p, &at);
  if (s != LQ_OK)
    return s;
  bool object = *p->p == '{';
  if (!object && *p->p != '[') {
    lq_json_node n = {.next = at + 1};
    s = count_leaf(p);
    s = s == LQ_OK ? take_scalar(p, &n) : s;
    p->j->nodes[at] = n;
    return s;
  }
  s = open_container(p, at, object ? LQ_JSON_OBJECT : LQ_JSON_ARRAY);
  if (s != LQ_OK)
    return s;
  p->j->nodes[at].end = where; // until it closes
  skip_blanks(p);
  *inside = p->p == p->end || *p->p != (object ? '}' : ']');
  if (*inside)
    return LQ_OK;
  close_container(p);
  return count_leaf(p); // so that the number of keys, too, is bounded by that of leaves
}

// Before a comma or a closing bracket. *more: a comma was there, and the next value begins.
static inline lq_status take_end(parser *p, bool object, bool *more)
{
  skip_blanks(p);
  *more = false;
  if (p->p == p->end)
    return fail(p, p->p, object ? "an object is not closed" : "an array is not closed");
  if (*p->p == ',') {
    p->p++;
    skip_blanks(p);
    *more = true;
    return LQ_OK;
  }
  if (*p->p != (object ? '}' : ']'))
    return fail(p, p->p, *p->p == '}' || *p->p == ']' ? "this bracket closes nothing" : "a comma is missing");
  return LQ_OK;
}

// After a value: closes what closes here and stops at the next value of a container, or at the end of the
// text.
static lq_status take_ends(parser *p)
{
  bool more = false;
  while (p->open != NO_CONTAINER) {
    lq_status s = take_end(p, p->j->nodes[p->open].kind == LQ_JSON_OBJECT, &more);
    if (s != LQ_OK || more)
      return s;
    close_container(p);
  }
  skip_blanks(p);
  return p->p == p->end ? LQ_OK : fail(p, p->p, "something follows the end of the value");
}

// ---- what is left out

static bool is_object_at(const lq_json *j, size_t level)
{
  return j->brackets[level / 8] >> level % 8 & 1;
}

static lq_status push_bracket(parser *p, size_t level, bool object)
{
  lq_json *j = p->j;
  size_t at = level / 8;
  if (at >= j->brackets_cap && !LQ_GROW(j->mem, j->brackets, at, &j->brackets_cap))
    return LQ_E_NOMEM;
  uint8_t bit = (uint8_t)(1u << level % 8);
  j->brackets[at] = object ? j->brackets[at] | bit : j->brackets[at] & (uint8_t)~bit;
  return LQ_OK;
}

// Closes what closes behind a value that is left out; stops at the next one of those, or after the outermost.
static lq_status skip_ends(parser *p, size_t *level)
{
  bool more = false;
  while (*level > 0) {
    lq_status s = take_end(p, is_object_at(p->j, *level - 1), &more);
    if (s != LQ_OK || more)
      return s;
    p->p++;
    --*level;
  }
  return LQ_OK;
}

// One value and all inside it, whatever its depth: the same checks, a bit for each open bracket.
COLD static lq_status skip_value(parser *p)
{
  size_t level = 0;
  lq_json_node none;
  do {
    lq_status s = LQ_OK;
    if (level > 0 && is_object_at(p->j, level - 1))
      s = take_name(p, &none);
    if (s == LQ_OK && p->p == p->end)
      s = fail(p, p->p, "the text ends where a value should be");
    if (s != LQ_OK)
      return s;
    bool object = *p->p == '{', inside = object || *p->p == '[';
    if (!inside) {
      s = take_scalar(p, &none);
    } else {
      s = push_bracket(p, level++, object);
      p->p++;
      skip_blanks(p);
      if (p->p < p->end && *p->p == (object ? '}' : ']'))
        p->p++, level--, inside = false;
    }
    if (s == LQ_OK && !inside)
      s = skip_ends(p, &level);
    if (s != LQ_OK)
      return s;
  } while (level > 0);
  return LQ_OK;
}

// Sets what it was left out for.
static bool leaves_out(parser *p, uint32_t where)
{
  lq_json *j = p->j;
  if (where == LQ_JSON_LEAVE_OUT)
    return true;
  if (j->skip_deep && p->depth == p->max_depth && (*p->p == '{' || *p->p == '['))
    return j->deep = true;
  if (j->choice && !j->choice->room(j->choice->user, where))
    return j->crowded = true;
  return false;
}

// A member or an element, or the root, where not everything is worth a node.
COLD static lq_status choose_item(parser *p, bool *inside)
{
  lq_json *j = p->j;
  bool member = p->open != NO_CONTAINER && j->nodes[p->open].kind == LQ_JSON_OBJECT;
  uint32_t where = p->open != NO_CONTAINER ? j->nodes[p->open].end : 0, key = 0;
  lq_status s = member ? take_key(p, &key) : LQ_OK;
  if (s == LQ_OK && p->p == p->end)
    s = fail(p, p->p, "the text ends where a value should be");
  if (s != LQ_OK)
    return s;
  if (member && j->choice)
    where = j->choice->member(j->choice->user, where, lq_json_raw(j, &j->nodes[key]), j->nodes[key].escaped);
  if (!leaves_out(p, where))
    return take_value(p, where, inside);
  j->n -= member;
  return skip_value(p);
}

HOT lq_status take_item(parser *p, bool *inside)
{
  uint32_t key;
  if (p->j->choice || p->depth == p->max_depth)
    return choose_item(p, inside);
  if (p->open != NO_CONTAINER && p->j->nodes[p->open].kind == LQ_JSON_OBJECT) {
    lq_status s = take_key(p, &key);
    if (s != LQ_OK)
      return s;
  }
  if (p->p == p->end)
    return fail(p, p->p, "the text ends where a value should be");
  return take_value(p, 0, inside);
}

lq_status lq_json_parse(lq_json *j, lq_str text, uint32_t max_depth, lq_json_error *error)
{
  *error = (lq_json_error){0};
  j->text = text;
  j->n = 0;
  j->deep = j->crowded = j->has_duplicate = j->duplicate = false;
  if (text.n >= UINT32_MAX) {
    *error = (lq_json_error){.reason = "larger than 4 GiB"};
    return LQ_E_LIMIT;
  }
  lq_walk_verdict v = j->walker && !j->choice ? lq_json_walk(j->walker, j, text, max_depth) : LQ_WALK_UNSURE;
  if (v != LQ_WALK_UNSURE)
    return v == LQ_WALK_FINE ? LQ_OK : LQ_E_NOMEM;
  j->n = 0;
  parser p = {.j = j,
              .p = text.p,
              .end = text.p + text.n,
              .error = error,
              .open = NO_CONTAINER,
              .max_depth = max_depth};
  skip_blanks(&p);
  do {
    bool inside = false;
    lq_status s = take_item(&p, &inside);
    if (s == LQ_OK && !inside)
      s = take_ends(&p);
    if (s != LQ_OK)
      return s;
  } while (p.open != NO_CONTAINER);
  return LQ_OK;
}

void lq_json_free(lq_json *j)
{
  lq_mem_free(j->mem, j->nodes, j->cap, sizeof *j->nodes);
  lq_mem_free(j->mem, j->brackets, j->brackets_cap, sizeof *j->brackets);
  *j = (lq_json){.mem = j->mem};
}

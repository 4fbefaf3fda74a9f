// Over the index of a text, piece by piece, with no recursion: one pass checks all that json.c checks.
#include "input/walk.h"

#include "base/layers.h"

enum {
  DEEPEST = 64,      // what is nested deeper is left to the plain decoder,
  LONGEST = 1 << 20, // and what is longer: its index would take four times its size
  MOST_KEYS = 64,    // of one object: with more, lq_fill_find_duplicates may give up and call it a duplicate
  LONGEST_PAUSE = 256,
};

// Two copies, one that knows shapes and one that does not.
#define HOT static inline __attribute__((always_inline))
#define COLD __attribute__((cold, noinline))

// An open container.
typedef struct level {
  uint32_t node;           // its own
  uint32_t where;          // what it is called; LQ_JSON_LEAVE_OUT: it has no node
  uint32_t object;         // its number among all objects
  uint16_t in, last, keys; // the key it lies under, the key before the next, how many there were
  bool is_object;
} level;

typedef enum verdict { FINE, BROKEN, UNDECIDED, NOMEM } verdict;

typedef struct walk {
  lq_walker *w;
  lq_json *j;
  const char *text;
  size_t n;
  const uint32_t *at, *end; // the next piece. The last one of all is a closing bracket.
  level *top, *base, *highest;
  uint32_t leaves, most_leaves;
  bool duplicate;
} walk;

// Where the bytes of a string end: its closing quote is the last byte before the next piece that is no blank.
static inline uint32_t end_before(const walk *k, uint32_t next)
{
  const char *p = k->text + next - 1;
  while (*p != '"')
    p--;
  return (uint32_t)(p - k->text);
}

HOT lq_json_node *add_node(walk *k, lq_json_kind kind, uint32_t start)
{
  lq_json *j = k->j;
  if (__builtin_expect(j->n == j->cap, 0) && !LQ_GROW(j->mem, j->nodes, j->n, &j->cap))
    return NULL;
  lq_json_node *n = &j->nodes[j->n++];
  *n = (lq_json_node){.start = start, .next = (uint32_t)j->n, .kind = (uint8_t)kind};
  return n;
}

// ---- scalars

static inline bool is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

static inline const char *skip_digits(const char *p)
{
  while (is_digit(*p))
    p++;
  return p;
}

// Nothing is read beyond the text: a bracket ends it.
static inline const char *skip_number(const char *p)
{
  p += *p == '-';
  const char *start = p;
  p = *p == '0' ? p + 1 : skip_digits(p);
  if (p == start)
    return NULL;
  if (*p == '.') {
    start = p + 1;
    p = skip_digits(start);
    if (p == start)
      return NULL;
  }
  if ((*p | 0x20) == 'e') {
    p += p[1] == '+' || p[1] == '-' ? 2 : 1;
    start = p;
    p = skip_digits(p);
    if (p == start)
      return NULL;
  }
  return p;
}

static inline const char *skip_word(const walk *k, const char *p, const char *word, size_t n)
{
  return (size_t)(k->text + k->n - p) > n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static inline bool ends_scalar(char c)
{
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

HOT verdict take_word(walk *k, uint32_t start, bool make)
{
  const char *p = k->text + start;
  lq_json_kind kind = LQ_JSON_NUMBER;
  switch (*p) {
  case 't': kind = LQ_JSON_TRUE, p = skip_word(k, p, "true", 4); break;
  case 'f': kind = LQ_JSON_FALSE, p = skip_word(k, p, "false", 5); break;
  case 'n': kind = LQ_JSON_NULL, p = skip_word(k, p, "null", 4); break;
  default: p = skip_number(p); break;
  }
  if (!p || !ends_scalar(*p))
    return BROKEN;
  k->at++;
  if (!make)
    return FINE;
  lq_json_node *n = add_node(k, kind, start);
  if (!n)
    return NOMEM;
  n->end = (uint32_t)(p - k->text);
  return FINE;
}

HOT verdict take_string(walk *k, uint32_t start, bool make)
{
  k->at++;
  if (!make)
    return FINE;
  lq_json_node *n = add_node(k, LQ_JSON_STRING, start + 1);
  if (!n)
    return NOMEM;
  n->end = end_before(k, *k->at);
  n->escaped = lq_index_is_odd(k->w->index.odd, n->start, n->end);
  return FINE;
}

// ---- keys

// A key that was not expected here.
COLD static uint16_t find_shape(walk *k, uint32_t start)
{
  lq_shapes *s = &k->w->shapes;
  level *t = k->top;
  uint32_t end = end_before(k, k->at[1]);
  if (lq_index_is_odd(k->w->index.odd, start, end))
    return LQ_NO_SHAPE;
  uint16_t found = lq_shapes_find(s, t->in, (lq_str){k->text + start, end - start});
  if (t->last != LQ_NO_SHAPE)
    s->items[t->last].next = found;
  else
    s->items[t->in].first = found;
  return found;
}

HOT verdict take_known_key(walk *k, uint32_t start, uint32_t *where, uint16_t *shape)
{
  lq_shape *items = k->w->shapes.items;
  level *t = k->top;
  uint16_t id = t->last != LQ_NO_SHAPE ? items[t->last].next : items[t->in].first;
  if (!lq_shape_begins(&items[id], k->text + start, k->n - start))
    id = find_shape(k, start);
  if (id == LQ_NO_SHAPE || ++t->keys > MOST_KEYS)
    return UNDECIDED;
  lq_shape *s = &items[id];
  k->duplicate |= s->object == t->object;
  s->object = t->object;
  t->last = *shape = id;
  *where = s->where;
  if (s->where == LQ_JSON_LEAVE_OUT)
    return FINE;
  lq_json_node *n = add_node(k, LQ_JSON_STRING, start);
  if (!n)
    return NOMEM;
  n->end = start + s->n;
  n->shape = id;
  return FINE;
}

HOT verdict take_key(walk *k, bool shapes, uint32_t *where, uint16_t *shape)
{
  uint32_t quote = *k->at;
  verdict v = FINE;
  if (k->text[quote] != '"' || k->text[k->at[1]] != ':')
    return BROKEN;
  if (shapes) {
    v = take_known_key(k, quote + 1, where, shape);
    k->at += 2;
    return v;
  }
  v = take_string(k, quote, true);
  k->at++;
  return v;
}

// ---- containers

HOT verdict open_container(walk *k, bool shapes, uint32_t start, uint32_t where, uint16_t shape, bool *inside)
{
  bool object = k->text[start] == '{', make = !shapes || where != LQ_JSON_LEAVE_OUT;
  if (k->top == k->highest)
    return BROKEN;
  uint32_t node = (uint32_t)k->j->n;
  if (make && !add_node(k, object ? LQ_JSON_OBJECT : LQ_JSON_ARRAY, start))
    return NOMEM;
  k->at++;
  *inside = k->text[*k->at] != (object ? '}' : ']');
  if (*inside) {
    *++k->top = (level){.node = node, .where = where, .in = shape, .is_object = object};
    if (shapes && object)
      k->top->object = ++k->w->shapes.object;
    return FINE;
  }
  if (make)
    k->j->nodes[node].end = *k->at + 1;
  k->at++;
  return ++k->leaves > k->most_leaves ? BROKEN : FINE;
}

HOT verdict take_value(walk *k, bool shapes, uint32_t where, uint16_t shape, bool *inside)
{
  uint32_t start = *k->at;
  bool make = !shapes || where != LQ_JSON_LEAVE_OUT;
  char c = k->text[start];
  *inside = false;
  if (c == '{' || c == '[')
    return open_container(k, shapes, start, where, shape, inside);
  if (++k->leaves > k->most_leaves)
    return BROKEN;
  return c == '"' ? take_string(k, start, make) : take_word(k, start, make);
}

// After a value: closes what closes here, up to the next value of a container or the end.
HOT verdict take_ends(walk *k, bool shapes)
{
  for (; k->top > k->base; k->top--) {
    if (k->at == k->end)
      return BROKEN;
    uint32_t at = *k->at++;
    char c = k->text[at];
    if (c == ',')
      return FINE;
    if (c != (k->top->is_object ? '}' : ']'))
      return BROKEN;
    if (shapes && k->top->where == LQ_JSON_LEAVE_OUT)
      continue;
    lq_json_node *n = &k->j->nodes[k->top->node];
    n->next = (uint32_t)k->j->n;
    n->end = at + 1;
  }
  return k->at == k->end ? FINE : BROKEN;
}

HOT verdict run(walk *k, bool shapes)
{
  verdict v;
  do {
    bool inside;
    uint32_t where = k->top->where;
    uint16_t shape = k->top->in;
    if (k->top->is_object && (v = take_key(k, shapes, &where, &shape)) != FINE)
      return v;
    v = take_value(k, shapes, where, shape, &inside);
    if (v == FINE && !inside)
      v = take_ends(k, shapes);
    if (v != FINE)
      return v;
  } while (k->top > k->base);
  return FINE;
}

static __attribute__((noinline)) verdict run_known(walk *k)
{
  return run(k, true);
}

static __attribute__((noinline)) verdict run_all(walk *k)
{
  return run(k, false);
}

// ---- a record

// Records are objects. What is none, or ends like none, is not worth the code here.
static bool is_worth_it(const lq_index *s, const char *text)
{
  return s->n >= 2 && text[s->at[0]] == '{' && text[s->at[s->n - 1]] == '}';
}

static verdict begin(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth, bool shapes)
{
  level levels[DEEPEST + 1]; // the lowest is outside the record
  levels[0] = (level){.node = 0};
  j->n = 0;
  walk k = {.w = w,
            .j = j,
            .text = text.p,
            .n = text.n,
            .at = w->index.at,
            .end = w->index.at + w->index.n,
            .top = levels,
            .base = levels,
            .highest = levels + (max_depth < DEEPEST ? max_depth : DEEPEST),
            .most_leaves = j->max_leaves ? j->max_leaves : UINT32_MAX};
  verdict v = shapes ? run_known(&k) : run_all(&k);
  j->duplicate = k.duplicate;
  j->has_duplicate = shapes && v == FINE;
  return v;
}

// A record whose keys are not decided by shapes is often followed by more of its kind. A table that was full
// is another matter: it begins again.
static void note(lq_walker *w, bool undecided)
{
  w->undecided += undecided;
  if (!undecided)
    w->pauses = 0;
  else if (!w->shapes.full)
    w->pauses = w->pauses < LONGEST_PAUSE ? w->pauses * 2 + 1 : w->pauses;
  w->pause = undecided ? w->pauses : 0;
}

static bool uses_shapes(lq_walker *w)
{
  if (!w->has_shapes)
    return false;
  if (w->pause == 0)
    return lq_shapes_begin(&w->shapes);
  w->pause--;
  w->undecided++;
  return false;
}

static verdict walk_text(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth)
{
  if (text.n > LONGEST || !lq_index_reserve(&w->index, text.n, w->mem) ||
      !w->run(text.p, text.n, &w->index) || !is_worth_it(&w->index, text.p))
    return BROKEN;
  if (uses_shapes(w)) {
    verdict v = begin(w, j, text, max_depth, true);
    note(w, v == UNDECIDED);
    if (v != UNDECIDED)
      return v;
  }
  return begin(w, j, text, max_depth, false);
}

lq_walk_verdict lq_json_walk(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth)
{
  w->records++;
  switch (walk_text(w, j, text, max_depth)) {
  case FINE: return LQ_WALK_FINE;
  case NOMEM: return LQ_WALK_NOMEM;
  case BROKEN:
  case UNDECIDED: break;
  }
  w->plain++;
  j->has_duplicate = false;
  return LQ_WALK_UNSURE;
}

void lq_walker_init(lq_walker *w, uint32_t layers_off, const lq_index_kernel *kernel, const lq_mem *mem)
{
  lq_index_kernel best;
  if (!kernel)
    lq_index_kernels(&best, 1), kernel = &best;
  *w = (lq_walker){.mem = mem,
                   .run = kernel->run,
                   .has_shapes = lq_layer_is_on(layers_off, LQ_LAYER_SHAPES),
                   .shapes = {.mem = mem}};
}

void lq_walker_free(lq_walker *w)
{
  if (!w->mem)
    return;
  lq_index_free(&w->index, w->mem);
  lq_shapes_free(&w->shapes);
}

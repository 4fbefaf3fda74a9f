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

// Where we are in an object.
typedef struct place {
  uint16_t *expected; // what keys came here before (lq_shape.first, .next)
  uint32_t object;    // its number among all objects
  uint32_t keys;      // that it has had
} place;

// An open container.
typedef struct level {
  uint32_t node;  // its own
  uint32_t where; // what it is called; LQ_JSON_LEAVE_OUT: it has no node
  uint16_t in;    // the key it lies under
  bool is_object;
  place inner; // while a container inside it is open
} level;

typedef enum verdict { FINE, BROKEN, UNDECIDED, NOMEM } verdict;

// Of one record. It is kept where its address is given to nobody, so that most of it stays in registers.
typedef struct walk {
  lq_shapes *shapes;
  lq_shape *items;
  lq_json *j;
  const char *text;
  size_t n;
  const uint64_t *odd;
  const uint32_t *at, *end; // the next piece. The last one of all is a closing bracket.
  level *top, *base, *highest;
  place here;
  bool duplicate;
} walk;

// Where the bytes of a string end: its closing quote is the last byte before the next piece that is no blank.
static inline uint32_t end_before(const char *text, uint32_t next)
{
  do
    next--;
  while (text[next] != '"');
  return next;
}

COLD static bool grow(lq_json *j)
{
  return LQ_GROW(j->mem, j->nodes, j->n, &j->cap);
}

HOT lq_json_node *add_node(walk *k, lq_json_kind kind, uint32_t start)
{
  lq_json *j = k->j;
  if (__builtin_expect(j->n == j->cap, 0) && !grow(j))
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
  n->end = end_before(k->text, *k->at);
  n->escaped = lq_index_is_odd(k->odd, n->start, n->end);
  return FINE;
}

// ---- keys

// A key that was not expected here.
COLD static uint16_t find_shape(lq_shapes *s, uint16_t in, uint16_t *expected, const char *text,
                                const uint64_t *odd, uint32_t start, uint32_t colon)
{
  uint32_t end = end_before(text, colon);
  if (lq_index_is_odd(odd, start, end))
    return LQ_NO_SHAPE;
  return lq_shapes_find(s, in, expected, (lq_str){text + start, end - start});
}

// NULL: it has none.
HOT lq_shape *shape_of(const walk *k, uint32_t start)
{
  const char *text = k->text + start;
  uint16_t *expected = k->here.expected;
  lq_shape *s = &k->items[expected[0]];
  if (__builtin_expect(lq_shape_begins(s, text, k->n - start), 1))
    return s;
  s = &k->items[expected[1]];
  if (lq_shape_begins(s, text, k->n - start))
    return s;
  uint16_t found = find_shape(k->shapes, k->top->in, expected, k->text, k->odd, start, k->at[1]);
  return found != LQ_NO_SHAPE ? &k->items[found] : NULL;
}

HOT verdict take_known_key(walk *k, uint32_t start, uint32_t *where, lq_shape **shape)
{
  lq_shape *s = shape_of(k, start);
  if (!s || ++k->here.keys > MOST_KEYS)
    return UNDECIDED;
  if (__builtin_expect(s->object == k->here.object, 0))
    k->duplicate = true;
  s->object = k->here.object;
  k->here.expected = s->next;
  *shape = s;
  *where = s->where;
  if (s->where == LQ_JSON_LEAVE_OUT)
    return FINE;
  lq_json_node *n = add_node(k, LQ_JSON_STRING, start);
  if (!n)
    return NOMEM;
  n->end = start + s->n;
  n->shape = (uint16_t)(s - k->items);
  return FINE;
}

HOT verdict take_key(walk *k, bool shapes, uint32_t *where, lq_shape **shape)
{
  uint32_t quote = *k->at;
  if (k->text[quote] != '"' || k->text[k->at[1]] != ':')
    return BROKEN;
  if (!shapes) {
    verdict v = take_string(k, quote, true);
    k->at++;
    return v;
  }
  verdict v = take_known_key(k, quote + 1, where, shape);
  k->at += 2;
  return v;
}

// ---- containers

HOT verdict open_container(walk *k, bool shapes, uint32_t start, uint32_t where, const lq_shape *shape,
                           bool *inside)
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
    k->top->inner = k->here;
    *++k->top = (level){
        .node = node, .where = where, .in = (uint16_t)(shapes ? shape - k->items : 0), .is_object = object};
    if (shapes && object)
      k->here = (place){k->items[k->top->in].first, ++k->shapes->object, 0};
    return FINE;
  }
  if (make)
    k->j->nodes[node].end = *k->at + 1;
  return ++k->at == k->end && k->top > k->base ? BROKEN : FINE;
}

HOT bool is_container(char c)
{
  return c == '{' || c == '[';
}

HOT verdict take_scalar(walk *k, bool shapes, uint32_t where)
{
  bool make = !shapes || where != LQ_JSON_LEAVE_OUT;
  return k->text[*k->at] == '"' ? take_string(k, *k->at, make) : take_word(k, *k->at, make);
}

// Members, or elements below, up to a container that has something in it, which is opened, or to what is no
// comma.
HOT verdict take_members(walk *k, bool shapes, bool *inside)
{
  for (;;) {
    uint32_t where = 0;
    lq_shape *shape = NULL;
    verdict v = take_key(k, shapes, &where, &shape);
    if (v != FINE)
      return v;
    if (is_container(k->text[*k->at]))
      return open_container(k, shapes, *k->at, where, shape, inside);
    v = take_scalar(k, shapes, where);
    if (v != FINE || k->text[*k->at] != ',')
      return v;
    k->at++;
  }
}

HOT verdict take_elements(walk *k, bool shapes, bool *inside)
{
  const level *t = k->top;
  for (;;) {
    if (is_container(k->text[*k->at]))
      return open_container(k, shapes, *k->at, t->where, &k->items[t->in], inside);
    verdict v = take_scalar(k, shapes, t->where);
    if (v != FINE || k->text[*k->at] != ',')
      return v;
    k->at++;
  }
}

// After a value: closes what closes here, up to the next value of a container or the end. There is a next
// piece behind all but a closing bracket.
HOT verdict take_ends(walk *k, bool shapes)
{
  while (k->top > k->base) {
    uint32_t at = *k->at++;
    char c = k->text[at];
    if (c == ',')
      return FINE;
    if (c != (k->top->is_object ? '}' : ']'))
      return BROKEN;
    if (!shapes || k->top->where != LQ_JSON_LEAVE_OUT) {
      lq_json_node *n = &k->j->nodes[k->top->node];
      n->next = (uint32_t)k->j->n;
      n->end = at + 1;
    }
    k->top--;
    k->here = k->top->inner;
    if (k->at == k->end)
      break;
  }
  return k->at == k->end && k->top == k->base ? FINE : BROKEN;
}

HOT verdict run(walk *k, bool shapes)
{
  verdict v;
  bool inside = false;
  v = open_container(k, shapes, *k->at, 0, k->items, &inside);
  if (v == FINE && !inside)
    return k->at == k->end ? FINE : BROKEN;
  while (v == FINE && k->top > k->base) {
    inside = false;
    v = k->top->is_object ? take_members(k, shapes, &inside) : take_elements(k, shapes, &inside);
    if (v == FINE && !inside)
      v = take_ends(k, shapes);
  }
  return v;
}

static __attribute__((noinline)) verdict run_known(walk k)
{
  verdict v = run(&k, true);
  k.j->duplicate = k.duplicate;
  return v;
}

static __attribute__((noinline)) verdict run_all(walk k)
{
  return run(&k, false);
}

// ---- a record

// Records are objects. What is none, or ends like none, is not worth the code here, nor is one so large that
// its values would have to be counted.
static bool is_worth_it(const lq_index *s, const char *text, uint32_t max_leaves)
{
  return s->n >= 2 && (max_leaves == 0 || s->n <= max_leaves) && text[s->at[0]] == '{' &&
         text[s->at[s->n - 1]] == '}';
}

static verdict begin(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth, bool shapes)
{
  level levels[DEEPEST + 1]; // the lowest is outside the record
  levels[0] = (level){.node = 0};
  j->n = 0;
  walk k = {.shapes = &w->shapes,
            .items = w->shapes.items,
            .j = j,
            .odd = w->index.odd,
            .text = text.p,
            .n = text.n,
            .at = w->index.at,
            .end = w->index.at + w->index.n,
            .top = levels,
            .base = levels,
            .highest = levels + (max_depth < DEEPEST ? max_depth : DEEPEST)};
  verdict v = shapes ? run_known(k) : run_all(k);
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
      !w->run(text.p, text.n, &w->index) || !is_worth_it(&w->index, text.p, j->max_leaves))
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
                   .shapes = {.mem = mem, .texts = {.mem = mem}}};
}

void lq_walker_free(lq_walker *w)
{
  if (!w->mem)
    return;
  lq_index_free(&w->index, w->mem);
  lq_shapes_free(&w->shapes);
}

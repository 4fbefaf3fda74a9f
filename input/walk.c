// Over a text from byte to byte, but for its strings, whose ends follow from the index, with no recursion:
// one pass checks all that json.c checks.
#include "input/walk.h"

#include "base/layers.h"
#include "input/walk_text.h"

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
  uint16_t *link;  // to the step that is expected (shapes.h)
  uint32_t object; // its number among all objects
  uint32_t keys;   // that it has had
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
  lq_shape_step *steps;
  lq_json *j;
  const char *text, *end; // the last byte is a closing brace, so who looks for something else stops there
  const char *roomy;      // up to here, a key can be looked at without regard to the end; may be NULL
  const char *p;          // so far all is well
  const uint64_t *odd;
  const uint32_t *at; // where the next string begins; behind the last one stands the end
  level *top, *base, *highest;
  place here;
  bool duplicate;
} walk;

static inline uint32_t place_of(const walk *k, const char *p)
{
  return (uint32_t)(p - k->text);
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

static inline const char *skip_word(const walk *k, const char *p, const char *word, size_t n)
{
  return (size_t)(k->end - p) > n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

// What follows is looked at by who takes the next step: nothing goes on with a digit or a letter.
HOT verdict take_word(walk *k, bool make)
{
  const char *p = k->p, *start = p;
  lq_json_kind kind = LQ_JSON_NUMBER;
  switch (*p) {
  case 't': kind = LQ_JSON_TRUE, p = skip_word(k, p, "true", 4); break;
  case 'f': kind = LQ_JSON_FALSE, p = skip_word(k, p, "false", 5); break;
  case 'n': kind = LQ_JSON_NULL, p = skip_word(k, p, "null", 4); break;
  default: p = skip_number(p); break;
  }
  if (!p)
    return BROKEN;
  k->p = p;
  if (!make)
    return FINE;
  lq_json_node *n = add_node(k, kind, place_of(k, start));
  if (!n)
    return NOMEM;
  n->end = place_of(k, p);
  return FINE;
}

// Most strings are followed by a comma and the next string: then goes_on, and that is where we are.
HOT verdict take_string(walk *k, bool make, bool *goes_on)
{
  uint32_t start = *k->at++ + 1, end = *k->at - 2;
  *goes_on = are(k->text + end, "\",");
  if (!*goes_on)
    end = end_before(k->text, *k->at);
  k->p = k->text + end + (*goes_on ? 2 : 1);
  if (!make)
    return FINE;
  lq_json_node *n = add_node(k, LQ_JSON_STRING, start);
  if (!n)
    return NOMEM;
  n->end = end;
  n->escaped = lq_index_is_odd(k->odd, start, end);
  return FINE;
}

// ---- keys

// A key that was not expected here.
COLD static uint16_t find_shape(lq_shapes *s, uint16_t in, uint16_t **link, lq_str text, const uint64_t *odd,
                                uint32_t start, uint32_t next)
{
  uint16_t found = lq_shapes_find_other(s, link, text.p + start, text.n - start);
  if (found != LQ_NO_SHAPE)
    return found;
  uint32_t end = end_before(text.p, next);
  if (lq_index_is_odd(odd, start, end))
    return LQ_NO_SHAPE;
  return lq_shapes_find(s, in, link, (lq_str){text.p + start, end - start});
}

HOT bool begins(const walk *k, const lq_shape *s, const char *key)
{
  return __builtin_expect(key <= k->roomy, 1) ? lq_shape_begins(s, key)
                                              : lq_shape_begins_near(s, key, (size_t)(k->end - key));
}

// The first of all: it has none. Of two that come in turns, none is put before the other.
HOT lq_shape *shape_of(walk *k, const char *key)
{
  lq_shape_step *step = &k->steps[*k->here.link];
  lq_shape *s = &k->items[step->shape];
  if (__builtin_expect(begins(k, s, key), 1)) {
    k->here.link = &step->next;
    return s;
  }
  step = &k->steps[step->other];
  s = &k->items[step->shape];
  if (begins(k, s, key)) {
    k->here.link = &step->next;
    return s;
  }
  uint16_t *link = k->here.link;
  lq_str text = {k->text, (size_t)(k->end - k->text)};
  uint16_t found = find_shape(k->shapes, k->top->in, &link, text, k->odd, place_of(k, key), k->at[1]);
  k->here.link = link;
  return &k->items[found];
}

// Up to the end of its name.
HOT verdict take_known_key(walk *k, uint32_t *where, lq_shape **shape)
{
  const char *key = k->p + 1;
  lq_shape *s = shape_of(k, key);
  if (s == k->items + LQ_NO_SHAPE || ++k->here.keys > MOST_KEYS)
    return UNDECIDED;
  if (__builtin_expect(s->object == k->here.object, 0))
    k->duplicate = true;
  s->object = k->here.object;
  *shape = s;
  *where = s->where;
  k->at++;
  k->p = key + s->n + 1;
  if (s->where == LQ_JSON_LEAVE_OUT)
    return FINE;
  lq_json_node *n = add_node(k, LQ_JSON_STRING, place_of(k, key));
  if (!n)
    return NOMEM;
  n->end = n->start + s->n;
  n->shape = (uint16_t)(s - k->items);
  return FINE;
}

HOT verdict take_name(walk *k, bool shapes, uint32_t *where, lq_shape **shape)
{
  bool goes_on;
  if (shapes)
    return take_known_key(k, where, shape);
  verdict v = take_string(k, true, &goes_on);
  return v == FINE && goes_on ? BROKEN : v;
}

// Up to the value.
HOT verdict take_colon(walk *k)
{
  const char *p = skip_blanks(k->p);
  if (*p != ':')
    return BROKEN;
  k->p = skip_blanks(p + 1);
  return FINE;
}

// ---- containers

// Field by field: what is not set is not cleared either.
HOT void enter(walk *k, bool shapes, bool object, uint32_t node, uint32_t where, const lq_shape *shape)
{
  k->top->inner = k->here;
  level *top = ++k->top;
  top->node = node;
  top->where = where;
  top->in = (uint16_t)(shapes ? shape - k->items : 0);
  top->is_object = object;
  if (shapes && object)
    k->here = (place){&k->items[top->in].first, ++k->shapes->object, 0};
}

HOT verdict open_container(walk *k, bool shapes, uint32_t where, const lq_shape *shape, bool *inside)
{
  bool object = *k->p == '{', make = !shapes || where != LQ_JSON_LEAVE_OUT;
  if (k->top == k->highest)
    return BROKEN;
  uint32_t node = (uint32_t)k->j->n;
  if (make && !add_node(k, object ? LQ_JSON_OBJECT : LQ_JSON_ARRAY, place_of(k, k->p)))
    return NOMEM;
  k->p = skip_blanks(k->p + 1);
  *inside = *k->p != (object ? '}' : ']');
  if (*inside) {
    enter(k, shapes, object, node, where, shape);
    return FINE;
  }
  k->p++;
  if (make)
    k->j->nodes[node].end = place_of(k, k->p);
  return FINE;
}

HOT bool is_container(char c)
{
  return c == '{' || c == '[';
}

HOT verdict take_scalar(walk *k, bool make, bool *goes_on)
{
  *goes_on = false;
  return *k->p == '"' ? take_string(k, make, goes_on) : take_word(k, make);
}

// Members, or elements below, up to a container, which is opened, or to what is no comma.
HOT verdict take_members(walk *k, bool shapes, bool *inside)
{
  for (;;) {
    uint32_t where = 0;
    lq_shape *shape = NULL;
    bool goes_on;
    if (*k->p != '"')
      return BROKEN;
  known:;
    verdict v = take_name(k, shapes, &where, &shape);
    bool make = !shapes || where != LQ_JSON_LEAVE_OUT;
    if (v != FINE)
      return v;
    if (__builtin_expect(k->p[0] == ':' && k->p[1] == '"', 1)) {
      v = take_string(k, make, &goes_on);
    } else {
      v = take_colon(k);
      if (v != FINE)
        return v;
      if (is_container(*k->p))
        return open_container(k, shapes, where, shape, inside);
      v = take_scalar(k, make, &goes_on);
    }
    if (v == FINE && goes_on)
      goto known;
    if (v != FINE || *k->p != ',')
      return v;
    k->p = skip_blanks(k->p + 1);
  }
}

HOT verdict take_elements(walk *k, bool shapes, bool *inside)
{
  const level *t = k->top;
  bool make = !shapes || t->where != LQ_JSON_LEAVE_OUT;
  for (;;) {
    bool goes_on;
    if (is_container(*k->p))
      return open_container(k, shapes, t->where, &k->items[t->in], inside);
    verdict v = take_scalar(k, make, &goes_on);
    if (v == FINE && goes_on)
      continue;
    if (v != FINE || *k->p != ',')
      return v;
    k->p = skip_blanks(k->p + 1);
  }
}

// After a value: closes what closes here, up to the next value of a container or the end.
HOT verdict take_ends(walk *k, bool shapes)
{
  while (k->top > k->base) {
    if (k->p == k->end)
      return BROKEN;
    k->p = skip_blanks(k->p);
    char c = *k->p++;
    if (c == ',') {
      k->p = skip_blanks(k->p);
      return FINE;
    }
    if (c != (k->top->is_object ? '}' : ']'))
      return BROKEN;
    if (!shapes || k->top->where != LQ_JSON_LEAVE_OUT) {
      lq_json_node *n = &k->j->nodes[k->top->node];
      n->next = (uint32_t)k->j->n;
      n->end = place_of(k, k->p);
    }
    k->top--;
    k->here = k->top->inner;
  }
  return k->p == k->end ? FINE : BROKEN;
}

HOT verdict run(walk *k, bool shapes)
{
  verdict v;
  bool inside = false;
  v = open_container(k, shapes, 0, k->items, &inside);
  if (v == FINE && !inside)
    return k->p == k->end ? FINE : BROKEN;
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

static verdict begin(lq_walker *w, lq_json *j, const char *text, lq_str object, uint32_t max_depth,
                     bool shapes)
{
  level levels[DEEPEST + 1]; // the lowest is outside the record
  levels[0] = (level){.node = 0};
  j->n = 0;
  walk k = {.shapes = &w->shapes,
            .items = w->shapes.items,
            .steps = w->shapes.steps,
            .j = j,
            .odd = w->index.odd,
            .text = text,
            .end = object.p + object.n,
            .roomy = object.n >= LQ_SHAPE_ROOM ? object.p + (object.n - LQ_SHAPE_ROOM) : NULL,
            .p = object.p,
            .at = w->index.at,
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

// Is it the line at hand, but for blanks at its end?
static bool is_line(const lq_walker *w, lq_str text)
{
  size_t n = text.n;
  if (w->line.p != text.p || n > w->line.n)
    return false;
  while (n < w->line.n && (text.p[n] == ' ' || text.p[n] == '\t' || text.p[n] == '\r'))
    n++;
  return n == w->line.n;
}

static bool find_strings(lq_walker *w, lq_str text)
{
  bool known = is_line(w, text);
  lq_walker_forget_line(w);
  if (known)
    return w->line_is_fine;
  return lq_index_reserve(&w->index, text.n, w->mem) && w->run(text.p, text.n, false, &w->index);
}

// The end of a line is looked for in ever larger pieces: of a long one twice, and none is longer than a walk
// goes.
size_t lq_walker_line(lq_walker *w, const char *p, size_t n)
{
  enum { FIRST = 1 << 14, GROWS = 4 };
  lq_walker_forget_line(w);
  for (size_t size = FIRST; size / GROWS < n && size <= LONGEST; size *= GROWS) {
    size_t piece = n < size ? n : size;
    if (!lq_index_reserve(&w->index, piece, w->mem))
      break;
    w->line_is_fine = w->run(p, piece, true, &w->index);
    if (w->index.bytes < piece)
      w->line = (lq_str){p, w->index.bytes};
    if (w->index.bytes < piece || piece == n)
      return w->index.bytes;
  }
  const char *newline = memchr(p, '\n', n);
  return newline ? (size_t)(newline - p) : n;
}

static verdict walk_text(lq_walker *w, lq_json *j, lq_str text, uint32_t max_depth)
{
  lq_str object = text;
  if (text.n > LONGEST || !find_strings(w, text) || !lq_walk_finds_object(&object) ||
      (j->max_leaves && lq_walk_may_have_more(object, j->max_leaves)))
    return BROKEN;
  w->index.at[w->index.n] = (uint32_t)(object.p + object.n - text.p);
  if (uses_shapes(w)) {
    verdict v = begin(w, j, text.p, object, max_depth, true);
    note(w, v == UNDECIDED);
    if (v != UNDECIDED)
      return v;
  }
  return begin(w, j, text.p, object, max_depth, false);
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

// Fields are sorted by their parts, then written as a walk through the tree that they are.
#include "bench/ecs.h"

#include <libquery/lq.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FIELDS = 4096, MAX_DEPTH = 16 };

typedef struct field {
  lq_str name;
  size_t name_at, value_at, value_n; // in `text`, which moves
  size_t order;
  bool bare; // a number or a truth value
} field;

struct ecs {
  field fields[MAX_FIELDS];
  size_t n;
  lq_buf text;
};

ecs *ecs_new(void)
{
  ecs *e = calloc(1, sizeof *e);
  if (e)
    e->text.mem = &lq_mem_libc;
  return e;
}

void ecs_free(ecs *e)
{
  if (e)
    lq_buf_free(&e->text);
  free(e);
}

static void take(void *user, lq_text name, const char *type, lq_text value)
{
  ecs *e = user;
  if (e->n == MAX_FIELDS || strcmp(type, "null") == 0 || strcmp(type, "object") == 0)
    return;
  bool bare = strcmp(type, "string") != 0 && strcmp(type, "ip") != 0 && strcmp(type, "date") != 0;
  field *f = &e->fields[e->n];
  *f = (field){.name = {NULL, name.n}, .name_at = e->text.n, .value_n = value.n, .order = e->n, .bare = bare};
  lq_buf_add(&e->text, name.p, name.n);
  f->value_at = e->text.n;
  lq_buf_add(&e->text, value.p, value.n);
  e->n++;
}

// Dots before everything else: then all fields of an object stand together.
static int by_name(const void *a, const void *b)
{
  const field *f = a, *g = b;
  size_t n = f->name.n < g->name.n ? f->name.n : g->name.n;
  for (size_t i = 0; i < n; i++) {
    unsigned x = f->name.p[i] == '.' ? 0 : (unsigned char)f->name.p[i],
             y = g->name.p[i] == '.' ? 0 : (unsigned char)g->name.p[i];
    if (x != y)
      return x < y ? -1 : 1;
  }
  if (f->name.n != g->name.n)
    return f->name.n < g->name.n ? -1 : 1;
  return f->order < g->order ? -1 : 1;
}

static lq_str part_of(lq_str name, size_t from)
{
  const char *dot = memchr(name.p + from, '.', name.n - from);
  return lq_str_slice(name, from, dot ? (size_t)(dot - name.p) : name.n);
}

static void put_value(const ecs *e, const field *f, lq_buf *out)
{
  lq_str v = lq_str_make(e->text.p + f->value_at, f->value_n);
  if (f->bare)
    lq_buf_str(out, v);
  else
    lq_buf_json(out, v);
}

// All fields of one name: a value, or an array of them.
static size_t put_leaf(const ecs *e, size_t i, lq_buf *out)
{
  size_t end = i + 1;
  while (end < e->n && lq_str_eq(e->fields[end].name, e->fields[i].name))
    end++;
  if (end - i > 1)
    lq_buf_byte(out, '[');
  for (size_t k = i; k < end; k++) {
    if (k > i)
      lq_buf_byte(out, ',');
    put_value(e, &e->fields[k], out);
  }
  if (end - i > 1)
    lq_buf_byte(out, ']');
  return end;
}

// The object whose fields begin with the first `skip` bytes of field i's name. Gives the first field that is
// none of it.
static size_t put_object(const ecs *e, size_t i, size_t skip, int depth, lq_buf *out)
{
  lq_str prefix = lq_str_slice(e->fields[i].name, 0, skip);
  bool first = true;
  lq_buf_byte(out, '{');
  while (i < e->n && lq_str_starts(e->fields[i].name, prefix)) {
    lq_str name = e->fields[i].name, part = part_of(name, skip);
    size_t end = skip + part.n;
    // A name that is a value and an object at once keeps its dots.
    bool deeper = end < name.n && depth < MAX_DEPTH &&
                  !(i && lq_str_eq(e->fields[i - 1].name, lq_str_slice(name, 0, end)));
    if (!deeper)
      part = lq_str_slice(name, skip, name.n);
    if (!first)
      lq_buf_byte(out, ',');
    first = false;
    lq_buf_json(out, part);
    lq_buf_byte(out, ':');
    i = deeper ? put_object(e, i, end + 1, depth + 1, out) : put_leaf(e, i, out);
  }
  lq_buf_byte(out, '}');
  return i;
}

static void take_text(ecs *e, const char *name, const char *value)
{
  take(e, (lq_text){name, strlen(name)}, "string", (lq_text){value, strlen(value)});
}

// What the shipper of the events adds.
static void take_agent(ecs *e, uint64_t number)
{
  char text[24];
  int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
  take(e, (lq_text){"event.sequence", 14}, "integer", (lq_text){text, (size_t)n});
  take_text(e, "agent.type", "winlogbeat");
  take_text(e, "agent.version", "8.11.0");
  take_text(e, "agent.ephemeral_id", "6e0b1f4a-7f2c-4a86-9c5d-2b0c7a3f9d11");
  take_text(e, "agent.id", "c1d2a7e0-55aa-4c1e-8f0d-90ab12cd34ef");
}

bool ecs_line(ecs *e, lq_str raw, uint64_t number, lq_buf *out)
{
  e->n = 0;
  lq_buf_clear(&e->text);
  if (lq_record_fields(raw.p, raw.n, NULL, take, e) != LQ_OK)
    return false;
  take_agent(e, number);
  if (e->text.failed)
    return false;
  for (size_t i = 0; i < e->n; i++)
    e->fields[i].name.p = e->text.p + e->fields[i].name_at;
  qsort(e->fields, e->n, sizeof *e->fields, by_name);
  put_object(e, 0, 0, 0, out);
  return !out->failed;
}

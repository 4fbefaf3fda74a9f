// The decoders, fast and plain, against another one: on files, and on random and broken records.
// Usage: json_peer RECORDS FILE...
#include "json_peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/random_json.h"
#include "input/walk.h"

enum { DEEPEST = 64 };

typedef struct peer {
  lq_json plain, fast;
  lq_walker walker;
  lq_arena strings;
  lq_buf ours, theirs;
  unsigned long compared, same, stricter, wrong;
} peer;

static void on_piece(void *user, const char *p, size_t n)
{
  lq_buf_add(user, p, n);
}

static void say_number(lq_buf *b, lq_value v)
{
  if (v.type == LQ_T_INT)
    lq_buf_printf(b, "i%lld", (long long)v.i);
  else if (v.type == LQ_T_UINT)
    lq_buf_printf(b, "u%llu", (unsigned long long)v.u);
  else
    lq_buf_printf(b, "d%.17g", v.d);
}

static uint32_t say_value(peer *x, const lq_json *j, uint32_t at)
{
  const lq_json_node *n = &j->nodes[at];
  bool range;
  uint64_t repaired = 0;
  lq_str s;
  switch ((lq_json_kind)n->kind) {
  case LQ_JSON_OBJECT:
  case LQ_JSON_ARRAY:
    lq_buf_byte(&x->ours, n->kind == LQ_JSON_OBJECT ? '{' : '[');
    for (uint32_t i = at + 1; i < j->nodes[at].next;)
      i = say_value(x, j, i);
    lq_buf_byte(&x->ours, n->kind == LQ_JSON_OBJECT ? '}' : ']');
    return j->nodes[at].next;
  case LQ_JSON_STRING:
    s = lq_json_string(j, n, &x->strings, &repaired);
    lq_buf_printf(&x->ours, "\"%zu:", s.n);
    lq_buf_str(&x->ours, s);
    break;
  case LQ_JSON_NUMBER: say_number(&x->ours, lq_json_number(j, n, &range)); break;
  case LQ_JSON_TRUE: lq_buf_byte(&x->ours, 't'); break;
  case LQ_JSON_FALSE: lq_buf_byte(&x->ours, 'f'); break;
  case LQ_JSON_NULL: lq_buf_byte(&x->ours, 'n'); break;
  }
  return at + 1;
}

static bool says_the_same(peer *x, const lq_json *j)
{
  lq_buf_clear(&x->ours);
  lq_arena_reset(&x->strings);
  say_value(x, j, 0);
  return lq_str_eq(lq_buf_get(&x->ours), lq_buf_get(&x->theirs));
}

static void compare(peer *x, lq_str text, const char *name)
{
  peer_sink sink = {on_piece, &x->theirs};
  lq_json_error a, b;
  lq_buf_clear(&x->theirs);
  peer_verdict theirs = peer_parse(text.p, text.n, &sink);
  lq_status plain = lq_json_parse(&x->plain, text, DEEPEST, &a),
            fast = lq_json_parse(&x->fast, text, DEEPEST, &b);
  bool fine = plain == LQ_OK, wrong = plain != fast;
  if (theirs == PEER_FINE)
    wrong |= plain == LQ_E_INPUT || (fine && !(says_the_same(x, &x->plain) && says_the_same(x, &x->fast)));
  else
    wrong |= theirs == PEER_BAD && fine;
  x->compared++;
  x->same += theirs == PEER_FINE && fine && !wrong;
  x->stricter += theirs == PEER_STRICTER && fine;
  x->wrong += wrong;
  if (wrong && x->wrong < 10)
    printf("%s: plain %d %s, fast %d, theirs %d: %.*s\n", name, plain, fine ? "" : a.reason, fast,
           (int)theirs, text.n < 500 ? (int)text.n : 500, text.p);
}

static void compare_file(peer *x, const char *path)
{
  FILE *f = fopen(path, "rb");
  lq_buf text = {.mem = &lq_mem_libc};
  char block[1 << 14];
  for (size_t n; f && (n = fread(block, 1, sizeof block, f)) > 0;)
    lq_buf_add(&text, block, n);
  if (f)
    fclose(f);
  compare(x, lq_buf_get(&text), path);
  lq_buf_free(&text);
}

static void compare_random(peer *x, long records)
{
  dice d = {99};
  for (long i = 0; i < records; i++) {
    lq_buf text = {.mem = &lq_mem_libc};
    add_json(&text, &d, 0);
    for (uint32_t k = roll(&d, 3); k > 0; k--)
      mutate(&text, &d);
    compare(x, lq_buf_get(&text), "random");
    lq_buf_free(&text);
  }
}

int main(int argc, char **argv)
{
  const lq_mem *mem = &lq_mem_libc;
  peer x = {.plain = {.mem = mem}, .strings = {.mem = mem}, .ours = {.mem = mem}, .theirs = {.mem = mem}};
  lq_walker_init(&x.walker, 0, NULL, mem);
  x.fast = (lq_json){.mem = mem, .walker = &x.walker};
  for (int i = 2; i < argc; i++)
    compare_file(&x, argv[i]);
  compare_random(&x, argc > 1 ? atol(argv[1]) : 0);
  printf("%lu texts, %lu say the same, %lu that the other refuses, %lu wrong\n", x.compared, x.same,
         x.stricter, x.wrong);
  lq_json_free(&x.plain);
  lq_json_free(&x.fast);
  lq_walker_free(&x.walker);
  lq_arena_free(&x.strings);
  lq_buf_free(&x.ours);
  lq_buf_free(&x.theirs);
  return x.wrong > 0 || x.same == 0 || x.compared == 0;
}

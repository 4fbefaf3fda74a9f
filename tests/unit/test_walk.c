// The fast decoder against the plain one: what a record is, where it is bad, what it says, whichever kernel
// runs and however little the shapes can hold.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/layers.h"
#include "input/fill.h"
#include "input/walk.h"
#include "random_json.h"

enum { RECORDS = 60000, KERNELS = 8 };

static lq_buf record_of(dice *d, bool wild)
{
  lq_buf b = {.mem = &lq_mem_libc};
  add_json(&b, d, 0);
  for (uint32_t i = wild ? 1 + roll(d, 3) : 0; i > 0; i--)
    mutate(&b, d);
  return b;
}

// A text that ends where its memory ends, so that a byte read too far is found out.
static char *exact_copy(lq_str s)
{
  char *p = malloc(s.n ? s.n : 1);
  cr_assert_not_null(p);
  memcpy(p, s.p, s.n);
  return p;
}

// ---- kernels

static bool same_bits(const lq_index *a, const lq_index *b)
{
  for (uint32_t i = 0; i < a->bytes; i++) {
    if (lq_index_is_odd(a->odd, i, i + 1) != lq_index_is_odd(b->odd, i, i + 1))
      return false;
  }
  return true;
}

static bool same_index(const lq_index *a, const lq_index *b)
{
  return a->n == b->n && memcmp(a->at, b->at, a->n * sizeof *a->at) == 0 && same_bits(a, b);
}

// As a whole, and as what stands before its first newline.
static void compare_kernels(const char *text, size_t n, bool line, lq_index *a, lq_index *b)
{
  lq_index_kernel kernels[KERNELS];
  size_t count = lq_index_kernels(kernels, KERNELS);
  bool fine = lq_index_scalar(text, n, line, a);
  const char *newline = line && n > 0 ? memchr(text, '\n', n) : NULL;
  cr_assert_eq(a->bytes, newline ? (size_t)(newline - text) : n);
  for (size_t k = 0; k + 1 < count; k++) {
    cr_assert_eq(kernels[k].run(text, n, line, b), fine, "%s: %.*s", kernels[k].name, (int)n, text);
    cr_assert_eq(a->bytes, b->bytes, "%s: %.*s", kernels[k].name, (int)n, text);
    cr_assert(!fine || same_index(a, b), "%s: %.*s", kernels[k].name, (int)n, text);
  }
}

Test(walk, every_kernel_finds_what_the_scalar_one_finds)
{
  lq_index a = {0}, b = {0};
  dice d = {1};
  for (int i = 0; i < RECORDS; i++) {
    lq_buf text = record_of(&d, i % 2);
    char *p = exact_copy(lq_buf_get(&text));
    cr_assert(lq_index_reserve(&a, text.n, &lq_mem_libc) && lq_index_reserve(&b, text.n, &lq_mem_libc));
    compare_kernels(p, text.n, false, &a, &b);
    compare_kernels(p, text.n, true, &a, &b);
    free(p);
    lq_buf_free(&text);
  }
  lq_index_free(&a, &lq_mem_libc);
  lq_index_free(&b, &lq_mem_libc);
}

// A run of backslashes before a quote, at every place of a block and over its end.
Test(walk, backslashes_are_counted_over_blocks)
{
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  lq_index index = {0};
  char text[256];
  cr_assert_str_eq(kernels[n - 1].name, "scalar");
  cr_assert(lq_index_reserve(&index, sizeof text, &lq_mem_libc));
  for (size_t before = 0; before < 70; before++) {
    for (size_t run = 0; run < 140; run++) {
      memset(text, 'a', sizeof text);
      text[0] = '"';
      memset(text + 1 + before, '\\', run);
      text[1 + before + run] = '"';
      for (size_t k = 0; k < n; k++)
        cr_assert_eq(kernels[k].run(text, before + run + 2, false, &index), run % 2 == 0, "%s %zu %zu",
                     kernels[k].name, before, run);
    }
  }
  lq_index_free(&index, &lq_mem_libc);
}

// ---- nodes and verdicts

static bool same_nodes(const lq_json *a, const lq_json *b)
{
  bool same = a->n == b->n;
  for (size_t i = 0; i < a->n && same; i++) {
    const lq_json_node *x = &a->nodes[i], *y = &b->nodes[i];
    same = x->start == y->start && x->end == y->end && x->next == y->next && x->kind == y->kind &&
           x->escaped == y->escaped;
  }
  return same;
}

static bool has_duplicate(const lq_json *j)
{
  lq_fill f;
  lq_arena text = {.mem = &lq_mem_libc};
  cr_assert_eq(lq_fill_init(&f, NULL, 1000, &lq_mem_libc), LQ_OK);
  lq_fill_begin(&f, j, NULL, &text);
  lq_fill_find_duplicates(&f);
  bool found = f.duplicate;
  lq_fill_free(&f);
  lq_arena_free(&text);
  return found;
}

static void compare(lq_json *plain, lq_json *fast, lq_str text, const char *kernel)
{
  lq_json_error a, b;
  lq_status want = lq_json_parse(plain, text, 12, &a), got = lq_json_parse(fast, text, 12, &b);
  cr_assert_eq(got, want, "%s: %.*s", kernel, LQ_STR_ARG(text));
  cr_assert(a.at == b.at && a.reason == b.reason && a.cut == b.cut && a.leaves == b.leaves, "%.*s",
            LQ_STR_ARG(text));
  cr_assert(plain->deep == fast->deep && plain->crowded == fast->crowded);
  if (want != LQ_OK)
    return;
  cr_assert(same_nodes(plain, fast), "%s: %.*s", kernel, LQ_STR_ARG(text));
  cr_assert_eq(has_duplicate(plain), has_duplicate(fast), "%s: %.*s", kernel, LQ_STR_ARG(text));
}

static const struct walker_case {
  uint32_t off;
  size_t most; // shapes
} walker_cases[] = {{0, 0}, {0, 1}, {0, 8}, {0, 256}, {LQ_LAYER_SHAPES, 0}};
enum { WALKERS = sizeof walker_cases / sizeof *walker_cases };

static void run_walkers(const lq_index_kernel *kernel, int records, uint64_t seed)
{
  lq_json plain = {.mem = &lq_mem_libc, .max_leaves = 400, .skip_deep = true}, fast[WALKERS];
  lq_walker walkers[WALKERS];
  dice d = {seed};
  for (size_t w = 0; w < WALKERS; w++) {
    lq_walker_init(&walkers[w], walker_cases[w].off, kernel, &lq_mem_libc);
    walkers[w].shapes.most = walker_cases[w].most;
    fast[w] = plain;
    fast[w].walker = &walkers[w];
  }
  for (int i = 0; i < records; i++) {
    lq_buf text = record_of(&d, i % 3 == 0);
    char *p = exact_copy(lq_buf_get(&text));
    for (size_t w = 0; w < WALKERS; w++)
      compare(&plain, &fast[w], (lq_str){p, text.n}, kernel->name);
    free(p);
    lq_buf_free(&text);
  }
  for (size_t w = 0; w < WALKERS; w++) { // each way was taken
    cr_expect(walkers[w].plain > 0 && walkers[w].plain < walkers[w].records / 2 + walkers[w].records / 4);
    cr_expect((walkers[w].undecided > 0) == !walker_cases[w].off);
    cr_expect(walker_cases[w].off || walker_cases[w].most != 8 || walkers[w].shapes.generation > 20);
    lq_json_free(&fast[w]);
    lq_walker_free(&walkers[w]);
  }
  lq_json_free(&plain);
}

Test(walk, fast_is_plain, .timeout = 200)
{
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  for (size_t k = 0; k < n; k++)
    run_walkers(&kernels[k], RECORDS / 4, 17 + k);
}

static lq_walk_verdict walk_of(lq_walker *w, lq_json *j, lq_str text)
{
  return lq_json_walk(w, j, text, 64);
}

// ---- lines: their end and their strings are found at once

static void add_line(lq_buf *b, dice *d, int i)
{
  static const char *const ends[] = {"\n", "\r\n", " \t\n", "\n", "x\n"};
  lq_buf record = record_of(d, i % 3 == 0);
  if (i % 50 == 7) // of more than one piece, of several, and longer than a walk goes
    lq_buf_printf(b, "{\"a\":\"%0*d\",\"b\":1}", 5 << (12 + roll(d, 7)), 1);
  else if (i % 7 > 0)
    lq_buf_str(b, lq_buf_get(&record));
  lq_buf_z(b, ONE_OF(d, ends));
  lq_buf_free(&record);
}

static lq_str without_end(lq_str s)
{
  while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]))
    s.n--;
  return s;
}

static void compare_lines(const lq_index_kernel *kernel, uint64_t seed)
{
  lq_walker w;
  lq_walker_init(&w, 0, kernel, &lq_mem_libc);
  lq_json plain = {.mem = &lq_mem_libc, .max_leaves = 400, .skip_deep = true}, fast = plain;
  fast.walker = &w;
  lq_buf lines = {.mem = &lq_mem_libc};
  dice d = {seed};
  for (int i = 0; i < 300; i++)
    add_line(&lines, &d, i);
  char *text = exact_copy((lq_str){lines.p, lines.n - 2}), *p = text, *end = p + lines.n - 2;
  while (p < end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t want = (size_t)((newline ? newline : end) - p), n = lq_walker_line(&w, p, (size_t)(end - p));
    cr_assert_eq(n, want, "%s", kernel->name);
    lq_str line = without_end((lq_str){p, n});
    if (roll(&d, 5) == 0)
      lq_walker_forget_line(&w);
    compare(&plain, &fast, roll(&d, 9) ? line : lq_str_slice(line, line.n / 2, line.n), kernel->name);
    p += n + 1;
  }
  free(text);
  lq_buf_free(&lines);
  lq_json_free(&plain);
  lq_json_free(&fast);
  lq_walker_free(&w);
}

Test(walk, lines_are_looked_at_once, .timeout = 100)
{
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  for (size_t k = 0; k < n; k++)
    compare_lines(&kernels[k], 3 + k);
}

// Records of one shape: after the first, no key is looked up, and a key that comes twice is seen.
Test(walk, a_known_shape_is_read_without_looking_up)
{
  lq_walker w;
  lq_walker_init(&w, 0, NULL, &lq_mem_libc);
  lq_json j = {.mem = &lq_mem_libc, .walker = &w};
  for (int i = 0; i < 10; i++) {
    cr_assert_eq(walk_of(&w, &j, LQ_STR("{\"a\":{\"b\":[{\"c\":1},{\"c\":2}]},\"d\":{\"b\":1,\"a\":2}}")),
                 LQ_WALK_FINE);
    cr_expect(j.has_duplicate && !j.duplicate);
  }
  cr_expect_eq(w.shapes.made, 6);
  cr_expect_eq(w.shapes.lookups, 6);
  cr_assert_eq(walk_of(&w, &j, LQ_STR("{\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}")), LQ_WALK_FINE);
  cr_expect(j.has_duplicate && j.duplicate);
  cr_expect(lq_shapes_begin(&w.shapes));
  cr_expect_eq(w.shapes.generation, 1);
  lq_json_free(&j);
  lq_walker_free(&w);
}

// What stands between strings is looked at by nobody but the walk: each of these, whole and cut at every
// byte.
static const char *const between[] = {
    "{\"a\" \"b\"}",
    "{\"a\":\"x\" \"b\":1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":\"x\",,\"b\":1}",
    "{\"a\":\"x\" ,\"b\":1}",
    "{\"a\":\"x\", \"b\" : 1 , \"c\"\t:\r\n[ ] }",
    "{,\"a\":1}",
    "{\"a\":\"x\";\"b\":1}",
    "{\"a\":\"x\"y,\"b\":1}",
    "{\"a\":\"x\",y\"b\":1}",
    "{\"a\"::\"x\"}",
    "{\"a\",\"b\"}",
    "{\"a\":\"x\"\"b\":1}",
    "{\"a\":1\"b\":1}",
    "{\"a\":tru\"e\",\"b\":1}",
    "{\"a\":\"\\\",\",\"b\":\",\"}",
    "{\"a\":\",\",\"b\":\"\\\\\",\"c\":\"}\"}",
    "{\"a\":\"x\",\"b\"}",
    "{\"a\":\"x\",}",
    "{\"a\":[\"x\",\"y\",1,\"z\"],\"b\":[{\"c\":\"d\"},{\"c\":\"e\"}]}",
    "{\"a\":[\"x\":\"y\"]}",
    "{\"a\":[\"x\",]}",
    "{\"a\":{\"b\":\"c\"]}",
    "{\"a\":[\"b\"}}",
    "{\"a\":\"b\"}}",
    "{\"a\":\"b\"} \"c\"",
    "{\"a\":{}}",
    "{\"a\":{}{}}",
    "{\"a\":[{}]]}",
    "{{}}",
    "{[]}",
    "\f{\"a\":\"b\"}",
    "{\"a\":\f\"b\"}",
    "{\"a\":\x1A\"b\",\"c\":-}",
    "{\"a\":\"b\"}\f",
    " {\"a\":\"b\" } \r",
};

Test(walk, what_stands_between_strings_is_checked)
{
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  for (size_t k = 0; k < n; k++) {
    lq_walker w;
    lq_walker_init(&w, 0, &kernels[k], &lq_mem_libc);
    lq_json plain = {.mem = &lq_mem_libc, .skip_deep = true}, fast = plain;
    fast.walker = &w;
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
      for (size_t cut = 0; cut <= strlen(between[i]); cut++) {
        char *p = exact_copy((lq_str){between[i], cut});
        compare(&plain, &fast, (lq_str){p, cut}, kernels[k].name);
        free(p);
      }
    }
    lq_json_free(&plain);
    lq_json_free(&fast);
    lq_walker_free(&w);
  }
}

// More values than the limit are the plain decoder's; commas in strings only seem to be some.
Test(walk, values_are_not_counted_but_their_commas)
{
  lq_walker w;
  lq_walker_init(&w, 0, NULL, &lq_mem_libc);
  lq_json plain = {.mem = &lq_mem_libc, .max_leaves = 3}, fast = plain;
  fast.walker = &w;
  compare(&plain, &fast, LQ_STR("{\"a\":1,\"b\":[2,{}]}"), "as many");
  cr_expect_eq(w.plain, 0);
  compare(&plain, &fast, LQ_STR("{\"a\":1,\"b\":[2,{},[]]}"), "more");
  cr_expect_eq(w.plain, 1);
  compare(&plain, &fast, LQ_STR("{\"a\":\",,,\"}"), "commas");
  cr_expect_eq(w.plain, 2);
  lq_json_free(&plain);
  lq_json_free(&fast);
  lq_walker_free(&w);
}

// ---- a stream that invents keys: the table is begun again and again, and nothing else happens

Test(walk, invented_keys_make_it_forget)
{
  lq_walker w;
  char text[64];
  lq_walker_init(&w, 0, NULL, &lq_mem_libc);
  lq_json j = {.mem = &lq_mem_libc, .walker = &w};
  for (int i = 0; i < 20000; i++) {
    int n = snprintf(text, sizeof text, "{\"k%d\":{\"a\":1},\"b\":2}", i);
    cr_assert_eq(walk_of(&w, &j, (lq_str){text, (size_t)n}), LQ_WALK_FINE);
    cr_assert_eq(j.n, 7);
  }
  cr_expect_leq(w.shapes.n, LQ_SHAPES_MOST);
  cr_expect_geq(w.shapes.generation, 20000 * 2 / LQ_SHAPES_MOST);
  cr_expect_leq(w.undecided, 2 * w.shapes.generation);
  lq_json_free(&j);
  lq_walker_free(&w);
}

// Known keys in ever another order: steps run out, and at one place there are more than are kept.
Test(walk, invented_orders_make_it_forget)
{
  lq_walker w;
  dice d = {5};
  lq_walker_init(&w, 0, NULL, &lq_mem_libc);
  w.shapes.most = 128;
  lq_json j = {.mem = &lq_mem_libc, .walker = &w}, plain = {.mem = &lq_mem_libc};
  lq_buf text = {.mem = &lq_mem_libc};
  for (int i = 0; i < 3000; i++) {
    uint32_t first = roll(&d, 90), step = 1 + roll(&d, 88);
    lq_buf_clear(&text);
    for (uint32_t k = 0; k < 30; k++)
      lq_buf_printf(&text, "%s\"k%u\":\"v\"", k ? "," : "{", (first + k * step) % 89);
    lq_buf_z(&text, "}");
    compare(&plain, &j, lq_buf_get(&text), "orders");
  }
  cr_expect_leq(w.shapes.n, 128);
  cr_expect_geq(w.shapes.generation, 40);
  cr_expect_lt(w.undecided, 100);
  lq_buf_free(&text);
  lq_json_free(&j);
  lq_json_free(&plain);
  lq_walker_free(&w);
}

// Keys that all want the same place in the table, and keys that are too long for it: found out, and read all
// the same.
Test(walk, keys_that_collide_are_left_to_the_other_way)
{
  lq_walker w;
  lq_walker_init(&w, 0, NULL, &lq_mem_libc);
  lq_json j = {.mem = &lq_mem_libc, .walker = &w}, plain = {.mem = &lq_mem_libc};
  lq_buf text = {.mem = &lq_mem_libc};
  lq_buf_z(&text, "{");
  for (int i = 0; i < 60; i++) // alike in their first, middle and last eight bytes
    lq_buf_printf(&text, "\"AAAAAAAA%03dBBBBBBBBBBBBBBBBBBBBB\":1,", i);
  lq_buf_z(&text, "\"b\":2}");
  for (int i = 0; i < 100; i++)
    compare(&plain, &j, lq_buf_get(&text), "collide");
  cr_expect_gt(w.undecided, 90);
  lq_buf_clear(&text);
  lq_buf_printf(&text, "{\"%0300d\":1,\"%0200d\":2,\"%0200d\":3}", 1, 2, 2);
  compare(&plain, &j, lq_buf_get(&text), "long");
  lq_buf_free(&text);
  lq_json_free(&j);
  lq_json_free(&plain);
  lq_walker_free(&w);
}

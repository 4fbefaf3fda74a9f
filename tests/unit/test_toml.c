// The two readers of TOML: what the quick one reads, the full one reads alike.
#include <criterion/criterion.h>

#include "rules/toml.h"
#include "tests/unit/counting_mem.h"
#include "tests/unit/random_json.h"

typedef struct pair {
  lq_arena arena;
  lq_toml *quick, *full;
  lq_status quick_status, full_status;
} pair;

static void read_both(pair *p, lq_str text)
{
  lq_toml_error error;
  *p = (pair){.arena = {.mem = &lq_mem_libc}};
  p->quick_status = lq_toml_parse_quick(&p->quick, text, &p->arena);
  p->full_status = lq_toml_parse_full(&p->full, text, &p->arena, &error);
}

static bool same_span(lq_span a, lq_span b)
{
  return a.start == b.start && a.end == b.end;
}

static bool same_value(const lq_toml *a, const lq_toml *b)
{
  switch (a->kind) {
  case LQ_TOML_INT: return a->as.i == b->as.i;
  case LQ_TOML_DOUBLE: return a->as.d == b->as.d;
  case LQ_TOML_BOOL: return a->as.b == b->as.b;
  case LQ_TOML_TABLE:
  case LQ_TOML_ARRAY:
  case LQ_TOML_STRING:
  case LQ_TOML_TIME: return true;
  }
  return false;
}

static bool same_tree(const lq_toml *a, const lq_toml *b)
{
  if (a->kind != b->kind || !same_span(a->span, b->span) || !lq_str_eq(a->key, b->key) ||
      !same_span(a->key_span, b->key_span) || !same_value(a, b))
    return false;
  const lq_toml *x = a->kids, *y = b->kids;
  while (x && y && same_tree(x, y))
    x = x->next, y = y->next;
  return !x && !y;
}

// Quickly read and the same, or left alone.
static bool agree(lq_str text)
{
  pair p;
  read_both(&p, text);
  bool good = p.quick_status == LQ_OK ? p.full_status == LQ_OK && same_tree(p.quick, p.full)
                                      : p.quick_status == LQ_E_UNSUPPORTED && !p.quick;
  lq_arena_free(&p.arena);
  return good;
}

static bool is_quick(lq_str text)
{
  pair p;
  read_both(&p, text);
  lq_arena_free(&p.arena);
  return p.quick_status == LQ_OK;
}

static const char *const quick[] = {
    "",
    "\n",
    "\xEF\xBB\xBF",
    "\xEF\xBB\xBFrule = 1",
    "# comment, \xC3\xA9\xE2\x80\xA8\tand tab",
    " \t# comment\n \t\n\t a\t = \t1 \t# comment\n",
    "a=1",
    "a = -0\nb = -17\nc = 0\nd = 999999999999999999\n",
    "a = true\nb = false#\n",
    "A-z_09 = 1\n'a b' = 2\n\"c.d\" = 3\n-=5\n1=6\n",
    "\"\xC3\xA9\" = \"\xC3\xA9\xF0\x9F\x98\x80\"\nz = 1\n",
    "a = \"\"",
    "a = ''",
    "a = \"x\\\"y\\\\\\b\\t\\n\\f\\r\"\nb = '\\'\nc = \"'\"\nd = '\"'\n",
    "a = \"\"\"\"\"\"\nb = ''''''\nc = 1\n",
    "a = '''\nx ' y '' z\n'''\nb = \"\"\"x \" y \"\" \\\"\"\"\" # and one of its own\nc = 1\n",
    "a = ''''''''\nb = \"\"\"\"\"\"\"\"\n",
    "a = '''''''",
    "a = []\nb = [ ]\nc = [1,2]\nd = [1,]\n",
    "a = [ # comment\n  'x', # more\n\n  \"y\"\n  ,\n  [true, []], {b = 1},\n]# end\n",
    "a = {}\nb = { }\nc = {d = 1}\ne = { f = 'x' , \"g\" = [ { h = 1 } ] }\n",
    "a = [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]\n",
    "[a]\n[b]\n[a.c]\n['d e'.\"f\"]\nx = 1\n",
    "[a.b.c]\nx = 1\n[a.b.d]\n[a.e]\nx = 2",
    "[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\n[[a.c]]\n[[a.c]]\n[a.c.d]\n[[a]]\n[a.b]\n",
    "[[a.b]] # comment\n[[a.b.c]]\t\n  [[a.b]]\n[[e]]",
    "[a.b.c.d.e.f.g.h]",
};

Test(toml, what_is_read_quickly)
{
  for (size_t i = 0; i < sizeof quick / sizeof *quick; i++) {
    cr_expect(is_quick(lq_str_of(quick[i])), "%s", quick[i]);
    cr_expect(agree(lq_str_of(quick[i])), "%s", quick[i]);
  }
}

// Mistakes, and what is too rare to be read twice.
Test(toml, what_is_left_to_the_other)
{
  static const char *const texts[] = {
      "a",
      "a =",
      "a = \n",
      "= 1",
      "a 1",
      "a = 1 b = 2",
      "a = x",
      "a = tru",
      "a = truex",
      "a = 1x",
      "a = -",
      "a = 01",
      "a = 1\na = 2\n",
      "[a]\nx = 1\nx = 2\n",
      "[a]\n[a]\n",
      "a = 1\n[a]\n",
      "a = [1]\n[[a]]\n",
      "a = {}\n[a.b]\n",
      "[[a]]\n[a]\n",
      "[a]\n[[a]]\n",
      "a = {b = 1, b = 2}",
      "[a",
      "[[a]",
      "[a]]",
      "[]",
      "[a.]",
      "[.a]",
      "[[a] ]",
      "[a] b",
      "a = 'x",
      "a = '''x''",
      "a = \"x\\",
      "a = \"\\x41\"",
      "a = \"x\ny\"",
      "a = 'x\ny'",
      "a = '''''''''''",
      "'''a''' = 1",
      "a = [1",
      "a = [1 2]",
      "a = [,]",
      "a = [1,,2]",
      "a = {",
      "a = {b}",
      "a = {b = 1,}",
      "a = {,}",
      "a = {b = 1 c = 2}",
      "a = {\nb = 1}",
      "a = 'x\x01'",
      "a = '\x7F'",
      "# \x01",
      "\x01",
      "\xC3\xA9 = 1",
      "a = \"\\\xC3\xA9\"",
      "a = \xC3\xA9",
      "a = 1\"\xC3\xA9\"",
      "a = tru'\xCE\xA9'",
      "a.b = 1",
      "a . b = 1",
      "a = {b.c = 1}",
      "[ a ]",
      "[a . b]",
      "[a.b]\n[a]\n",
      "'' = 1",
      "\"a\\tb\" = 1",
      "'a\\' = 1",
      "a = 1\r\n",
      "a = '''\r\n'''",
      "a = 1.5",
      "a = 1e5",
      "a = 1_0",
      "a = +1",
      "a = 0x1F",
      "a = inf",
      "a = 1000000000000000000",
      "a = 2024-01-01",
      "a = 2024-01-01 10:00:00",
      "a = \"\\u00e9\"",
      "a = \"\"\"x\\\n  y\"\"\"",
      "a = [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
      "[a.b.c.d.e.f.g.h.i]",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    cr_expect(!is_quick(lq_str_of(texts[i])), "%s", texts[i]);
  cr_expect(!is_quick(LQ_STR("a = 'x\0y'")) && !is_quick(LQ_STR("\0")) && !is_quick(LQ_STR("a = 1\0")));
}

static lq_buf keys_of(size_t n)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < n; i++)
    lq_buf_printf(&b, "k%zu = 1\n", i);
  return b;
}

// Each key is compared with those before it, so a table of many is none for the quick one.
Test(toml, a_table_of_many_keys)
{
  lq_buf few = keys_of(100), many = keys_of(101);
  cr_expect(is_quick(lq_buf_get(&few)) && agree(lq_buf_get(&few)));
  cr_expect(!is_quick(lq_buf_get(&many)));
  lq_buf_free(&few);
  lq_buf_free(&many);
}

// Every byte at every place of a text that is read eight bytes at a time.
Test(toml, bytes_that_mean_something)
{
  char text[20];
  for (unsigned c = 0; c < 256; c++) {
    bool stops = c < 0x20 || c == 0x7F || c == '"' || c == '\\';
    for (size_t at = 0; at < sizeof text; at++) {
      memset(text, c == 0xFF ? 'x' : (int)(0x80 + at), sizeof text);
      text[at] = (char)c;
      size_t found = lq_toml_skip_plain((lq_str){text, sizeof text}, 0, '"');
      cr_expect(found == (stops ? at : sizeof text), "0x%02X at %zu: %zu", c, at, found);
      cr_expect(lq_toml_skip_plain((lq_str){text, at}, at, '"') == at);
    }
  }
}

// Pieces of files in any order, some of them broken.
static void write_text(lq_buf *b, dice *d)
{
  static const char *const pieces[] = {
      "a",
      "b",
      "'c d'",
      "\"e\"",
      " = ",
      "=",
      "\n",
      "\n",
      "\n",
      "1",
      "-20",
      "true",
      "'x'",
      "\"y\\n\"",
      "'''\nz\n'''",
      "\"\"\"\n",
      "[",
      "]",
      "[",
      "]",
      "{",
      "}",
      ", ",
      ".",
      "# c\n",
      " ",
      "\t",
      "\\",
      "\n[a]\n",
      "\n[[a]]\n",
      "\n[[b]]\n",
      "\n[a.b]\n",
      "\n[[a.b]]\n",
      "\n[a.b.a]\n",
      "\na = 1\n",
      "\nb = [1, 'x']\n",
      "\n'c d' = {a = 1, b = 2}\n",
      "\"",
      "'",
      "\xC3\xA9",
      "\r\n",
  };
  size_t whole = roll(d, 3);
  for (size_t n = 1 + roll(d, 12); n > 0; n--) {
    if (whole && roll(d, 8) < 7)
      lq_buf_z(b, pieces[28 + roll(d, 9)]);
    else
      lq_buf_z(b, ONE_OF(d, pieces));
  }
}

// One of the texts above, with a few bytes of it changed.
static void spoil_text(lq_buf *b, dice *d)
{
  static const char bytes[] = "ab01 \t\n\"'\\=[]{},.#-\r\x01\x7F";
  lq_buf_z(b, ONE_OF(d, quick));
  for (size_t n = 1 + roll(d, 3); n > 0 && b->n > 0; n--) {
    size_t at = roll(d, (uint32_t)b->n);
    char c = bytes[roll(d, sizeof bytes - 1)];
    if (roll(d, 2) && (unsigned char)b->p[at] < 0x80)
      b->p[at] = c;
    else
      lq_buf_byte(b, c);
  }
}

Test(toml, texts_by_chance)
{
  dice d = {20260101};
  size_t read = 0, spoilt = 0;
  lq_buf b = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < 40000; i++) {
    lq_buf_clear(&b);
    bool made = roll(&d, 2);
    (made ? write_text : spoil_text)(&b, &d);
    cr_expect(agree(lq_buf_get(&b)), "%.*s", LQ_STR_ARG(lq_buf_get(&b)));
    *(made ? &read : &spoilt) += is_quick(lq_buf_get(&b));
  }
  cr_expect(read > 2000 && spoilt > 2000, "%zu and %zu", read, spoilt); // else the dice test nothing
  lq_buf_free(&b);
}

Test(toml, no_memory)
{
  lq_str text = LQ_STR("[[a.b]]\nc = ['''\nx''', {d = 1}]\n[a.b.e]\n");
  lq_buf b = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < 200; i++) // more than a block of the arena
    lq_buf_str(&b, text);
  for (size_t n = 1;; n++) {
    counting_mem c = {.fail_at = n};
    lq_mem mem = {counting_fn, &c};
    lq_arena arena = {.mem = &mem};
    lq_toml *root;
    lq_status s = lq_toml_parse_quick(&root, lq_buf_get(&b), &arena);
    bool done = c.requests < n;
    cr_expect(s == (done ? LQ_OK : LQ_E_NOMEM) && !root == !done, "request %zu: %d", n, s);
    lq_arena_free(&arena);
    cr_expect(c.live == 0 && !c.wrong_size, "request %zu", n);
    if (done)
      break;
  }
  lq_buf_free(&b);
}

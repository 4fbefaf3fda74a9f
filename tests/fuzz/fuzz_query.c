// Any text as a query, in each dialect: parsed, printed, parsed again to the same tree, compiled, loaded,
// run. The first byte chooses the dialect.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "libquery/lq.h"
#include "parser/parse.h"

enum { DIALECTS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
  if (!holds)
    abort();
}

// What is printed must parse, and to the same tree.
static void print_and_parse(const lq_node *tree, lq_dialect dialect, lq_arena *arena)
{
  lq_buf text = {.mem = &lq_mem_libc};
  lq_print_query(&text, tree, dialect, 80);
  lq_diag_list diags = {.arena = arena};
  lq_node *again = NULL;
  lq_status s = lq_parse(&again, &lq_mem_libc, lq_buf_get(&text), dialect, &diags);
  check(text.failed || s == LQ_E_LIMIT || (s == LQ_OK && lq_node_equal(tree, again)));
  lq_buf_free(&text);
}

static void parse(lq_str text, lq_dialect dialect)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_diag_list diags = {.arena = &arena};
  lq_node *tree = NULL;
  lq_status s = lq_parse(&tree, &lq_mem_libc, text, dialect, &diags);
  check((s == LQ_E_QUERY) == (diags.nerrors > 0));
  if (s == LQ_OK && tree && dialect != LQ_DIALECT_ENDGAME)
    print_and_parse(tree, dialect, &arena);
  lq_arena_free(&arena);
}

static void run(const lq_bundle *bundle)
{
  static const char event[] = "{\"process\":{\"name\":\"cmd.exe\",\"pid\":4,\"args\":[\"a\",\"b*\"]},\"a\":[{"
                              "\"b\":1},{\"b\":\"x\"}]}\n";
  lq_scan_options o = {.struct_size = sizeof o};
  lq_scan *scan = NULL;
  check(lq_scan_new(&scan, bundle, &o) == LQ_OK);
  check(lq_scan_begin(scan, "fuzz") == LQ_OK && lq_scan_feed(scan, event, sizeof event - 1) == LQ_OK);
  check(lq_scan_end(scan) == LQ_OK);
  lq_scan_free(scan);
}

// What compiles must load: the verifier refuses nothing of ours.
static void compile(const char *text, size_t n, uint32_t dialect)
{
  lq_build_options o = {.struct_size = sizeof o, .dialect = dialect};
  lq_build *build = NULL;
  lq_bundle *bundle = NULL;
  check(lq_build_new(&build, &o) == LQ_OK);
  lq_status s = lq_build_add_query(build, "<fuzz>", NULL, text, n);
  if (s == LQ_OK) {
    s = lq_build_finish(build, &bundle);
    check(s == LQ_OK || s == LQ_E_LIMIT);
  }
  if (bundle)
    run(bundle);
  lq_bundle_free(bundle);
  lq_build_free(build);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  uint32_t dialect = data[0] % DIALECTS;
  const char *text = (const char *)data + 1;
  parse((lq_str){text, size - 1}, (lq_dialect)dialect);
  compile(text, size - 1, dialect);
  return 0;
}

// The order in which files come in changes nothing: neither the bundle's bytes, nor what shared ids become,
// nor what is said of them.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name, *text;
} files[] = {
    {"a/one.lq", "---\nid: x\n---\nprocess.name : \"a\"\ntest match \"m\" {\"process\":{\"name\":\"a\"}}\n"},
    {"b/one.lq", "---\nid: x\n---\nprocess.name : \"b\"\n---\nid: z\n---\nprocess.pid == 1\n"},
    {"c/one.lq", "---\nid: x\n---\nprocess.name : \"c\" and not file.name : (\"q\", \"r*\")\n"},
    {"d/other.lq", "---\nid: x-2\n---\nsequence by host.id [process where true] [file where true]\n"},
    {"e/other.lq", "---\nid: x-2\n---\nprocess.name regex~ \"e.\"\n"},
    {"f.toml", "[rule]\nrule_id = \"x\"\nname = \"N\"\nlanguage = \"eql\"\ntype = \"eql\"\n"
               "query = '''process where process.name : \"f\"'''\n"},
    {"g.toml", "[rule]\nrule_id = \"z\"\nname = \"N\"\nlanguage = \"kuery\"\ntype = \"query\"\n"
               "query = '''process.name : g'''\n"},
    {"h/p.md", "# Execution – TA0002\n\n## T1059 – Shells\n\n`process.name : \"cmd.exe\"`\n"},
    {"i/p.md", "# Execution – TA0002\n\n## T1059 – Shells\n\n`process.name : \"powershell.exe\"`\n"},
    {"j.lq", "---\nid: x\n---\nprocess.name ===\n"},
};
enum { FILES = sizeof files / sizeof *files };

typedef struct outcome {
  char bytes[16384], said[4096];
  size_t n, warnings;
} outcome;

static void build(const size_t order[FILES], outcome *out)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_KEEP_GOING};
  lq_build *b;
  lq_bundle *bundle;
  *out = (outcome){.n = 0};
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (size_t i = 0; i < FILES; i++) {
    lq_status s = lq_build_add_file(b, files[order[i]].name, files[order[i]].text,
                                    strlen(files[order[i]].text));
    cr_assert(s == (order[i] == FILES - 1 ? LQ_E_QUERY : LQ_OK), "%s: %d", files[order[i]].name, s);
  }
  cr_assert(lq_build_finish(b, &bundle) == LQ_OK);
  lq_text bytes = lq_bundle_bytes(bundle);
  cr_assert(bytes.n <= sizeof out->bytes);
  memcpy(out->bytes, bytes.p, out->n = bytes.n);
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  for (size_t i = 0, at = 0; lq_build_diag(b, i, &d) == LQ_OK; i++) {
    if (d.code != 414)
      continue;
    out->warnings++;
    at += (size_t)snprintf(out->said + at, sizeof out->said - at, "%.*s:%u: %.*s (%.*s)\n", (int)d.file.n,
                           d.file.p, d.line, (int)d.message.n, d.message.p, (int)d.note.n, d.note.p);
    cr_assert(at < sizeof out->said);
  }
  lq_bundle_free(bundle);
  lq_build_free(b);
}

static void shuffle(size_t order[FILES], unsigned seed)
{
  for (size_t i = FILES - 1; i > 0; i--) {
    seed = seed * 1103515245u + 12345u;
    size_t j = (seed >> 16) % (i + 1), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

Test(build_order, the_same_files_give_the_same_bundle)
{
  static outcome right, got;
  // `x-2` is somebody's own.
  static const char *const want[] = {
      "b/one.lq:4: a rule of another file has the id `x` too; this one is called `x-3` (the other one is at "
      "a/one.lq:4)",
      "c/one.lq:4: a rule of another file has the id `x` too; this one is called `x-4` (the other one is at "
      "a/one.lq:4)",
      "f.toml:6: a rule of another file has the id `x` too; this one is called `x-5`",
      "e/other.lq:4: a rule of another file has the id `x-2` too; this one is called `x-2-2`",
      "g.toml:6: a rule of another file has the id `z` too; this one is called `z-2`",
      "i/p.md:5: a rule of another file has the id `p/T1059` too; this one is called `p/T1059-2`"};
  size_t order[FILES];
  for (size_t i = 0; i < FILES; i++)
    order[i] = i;
  build(order, &right);
  cr_expect_eq(right.warnings, sizeof want / sizeof *want);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    cr_expect(strstr(right.said, want[i]), "%s is not in\n%s", want[i], right.said);
  for (unsigned seed = 1; seed <= 200; seed++) {
    shuffle(order, seed);
    build(order, &got);
    cr_expect(got.n == right.n && memcmp(got.bytes, right.bytes, right.n) == 0, "seed %u: other bytes", seed);
    cr_expect_str_eq(got.said, right.said, "seed %u:\n%s", seed, got.said);
  }
}

// Whoever comes first, a file that has an id twice is told so.
Test(build_order, an_id_twice_in_one_file_is_an_error_beside_any_other_file)
{
  static const char twice[] = "---\nid: x\n---\nany where true\n---\nid: x\n---\nany where false\n",
                    once[] = "---\nid: x\n---\nany where true\n";
  for (int first = 0; first < 2; first++) {
    lq_build *b;
    lq_diagnostic d = LQ_INIT(lq_diagnostic);
    cr_assert(lq_build_new(&b, NULL) == LQ_OK);
    for (int i = 0; i < 2; i++) {
      bool whole = i != first;
      lq_status s = lq_build_add_file(b, whole ? "twice.lq" : "once.lq", whole ? twice : once,
                                      whole ? sizeof twice - 1 : sizeof once - 1);
      cr_expect(s == (whole ? LQ_E_QUERY : LQ_OK));
    }
    cr_expect(lq_build_error_count(b) == 1 && lq_build_diag(b, 0, &d) == LQ_OK && d.line == 8, "line %u",
              d.line);
    lq_build_free(b);
  }
}

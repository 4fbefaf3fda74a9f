// Rules by name to a bundle, and everything that is said about them on the way.
#include "cli/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/reading.h"

enum { RULE_FILE_MAX = 64 << 20 };

void lq_show_diagnostics(lq_cli *c, const lq_build *b)
{
  size_t n = lq_build_diag_count(b);
  if (c->err.terminal && c->out.terminal)
    lq_out_flush(&c->out);
  for (size_t i = 0; i < n; i++) {
    lq_build_diag_text(b, i, c->err_color, lq_out_write, &c->err);
    lq_out_z(&c->err, "\n");
  }
  lq_out_flush(&c->err);
}

// `DIR/hosts.txt` is the list `hosts`.
static void add_list(lq_cli *c, lq_build *b, const char *file)
{
  lq_string text = {0}, name = {0};
  const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *ending = strrchr(base, '.');
  lq_string_add(&name, base, ending ? (size_t)(ending - base) : strlen(base));
  int error = lq_read_file(file, RULE_FILE_MAX, &text);
  if (error) {
    lq_say(c, "cannot read %s: %s", file, strerror(error));
    c->saw |= LQ_SAW_BAD_RULE;
  } else {
    lq_status s = lq_build_add_list(b, name.p, file, text.n ? text.p : "", text.n);
    if (s != LQ_OK && s != LQ_E_QUERY && s != LQ_E_UNSUPPORTED)
      lq_say_status(c, s, file);
  }
  lq_string_free(&name);
  lq_string_free(&text);
}

static const lq_taker lists = {lq_build_takes_list, ".txt, .csv or .ndjson"};

static void add_lists(lq_cli *c, lq_build *b)
{
  lq_files files;
  char *dir = (char *)c->lists;
  lq_find_files(c, &dir, 1, &lists, &files);
  if (files.missing)
    c->saw |= LQ_SAW_BAD_RULE;
  for (size_t i = 0; i < files.n && !lq_interrupted(); i++)
    add_list(c, b, files.names[i]);
  lq_files_free(&files);
}

static void set_schema(lq_cli *c, lq_build *b)
{
  lq_string text = {0};
  int error = lq_read_file(c->schema, RULE_FILE_MAX, &text);
  if (error) {
    lq_say(c, "cannot read the schema %s: %s", c->schema, strerror(error));
    c->saw |= LQ_SAW_BAD_RULE;
  } else {
    lq_status s = lq_build_set_schema(b, c->schema, text.n ? text.p : "", text.n);
    if (s != LQ_OK && s != LQ_E_QUERY)
      lq_say_status(c, s, c->schema);
  }
  lq_string_free(&text);
}

static bool new_build(lq_cli *c, uint32_t flags, uint32_t dialect, lq_build **out)
{
  lq_build_options options = {
      .struct_size = sizeof options, .flags = flags, .dialect = dialect, .now = c->now};
  lq_status s = lq_build_new(out, &options);
  if (s != LQ_OK)
    lq_say_status(c, s, "cannot start a build");
  if (s == LQ_OK && c->schema)
    set_schema(c, *out);
  if (s == LQ_OK && c->lists)
    add_lists(c, *out);
  return s == LQ_OK;
}

static void bad_rule(lq_cli *c, const char *name, const char *why)
{
  lq_say(c, "cannot read %s: %s", name, why);
  c->saw |= LQ_SAW_BAD_RULE;
}

static void add_file(lq_cli *c, lq_build *b, const char *name)
{
  lq_string text = {0};
  int error = lq_read_file(name, RULE_FILE_MAX, &text);
  if (error) {
    bad_rule(c, name, strerror(error));
  } else if (text.n > RULE_FILE_MAX) {
    lq_say(c, "%s: a rule file holds at most 64 MiB", name);
    c->saw |= LQ_SAW_LIMIT;
  } else if (lq_bundle_is_bundle(text.p, text.n)) {
    bad_rule(c, name, "a bundle is compiled already: `lq run` takes one alone, `lq inspect` shows it");
  } else {
    lq_status s = lq_build_add_file(b, name, text.n ? text.p : "", text.n);
    if (s == LQ_E_UNSUPPORTED && !lq_build_takes(name))
      bad_rule(c, name, "neither a rule file (.lq, .md, .toml) nor a bundle");
    else if (s != LQ_OK && s != LQ_E_QUERY)
      lq_say_status(c, s, name);
  }
  lq_string_free(&text);
}

static void count_found(lq_rules_in *r)
{
  size_t n = lq_build_found_count(r->build);
  lq_found f = LQ_INIT(lq_found);
  for (size_t i = 0; i < n; i++) {
    if (lq_build_found(r->build, i, &f) != LQ_OK)
      continue;
    r->compiled += f.state == LQ_FOUND_COMPILED;
    r->errors += f.state == LQ_FOUND_ERROR;
    r->unsupported += f.state == LQ_FOUND_UNSUPPORTED;
    r->skipped += f.state == LQ_FOUND_SKIPPED;
  }
  r->error_messages = lq_build_error_count(r->build);
  r->warning_messages = lq_build_warning_count(r->build);
}

static const lq_taker rules = {lq_build_takes, ".lq, .md or .toml"};

static void finish(lq_cli *c, uint32_t flags, bool quiet, lq_rules_in *r)
{
  bool go_on = flags & LQ_BUILD_KEEP_GOING;
  lq_status s = lq_build_finish(r->build, &r->bundle);
  count_found(r);
  if (!quiet)
    lq_show_diagnostics(c, r->build);
  if (r->error_messages > 0 || s == LQ_E_QUERY)
    c->saw |= LQ_SAW_BAD_RULE;
  else if (s != LQ_OK)
    lq_say_status(c, s, "cannot compile the rules");
  if (s != LQ_OK || (!go_on && c->saw & (LQ_SAW_BAD_RULE | LQ_SAW_LIMIT))) {
    lq_bundle_free(r->bundle);
    r->bundle = NULL;
  }
}

bool lq_new_build(lq_cli *c, uint32_t flags, lq_build **out)
{
  return new_build(c, flags, LQ_DIALECT_NAME_LQ, out);
}

void lq_load_files(lq_cli *c, char *const *names, size_t n, uint32_t flags, bool quiet, lq_rules_in *r)
{
  lq_files files;
  *r = (lq_rules_in){0};
  lq_find_files(c, names, n, &rules, &files);
  r->files = files.n;
  if (files.missing)
    c->saw |= LQ_SAW_BAD_RULE;
  lq_progress progress;
  lq_progress_start(&progress, c, 0);
  if (lq_new_build(c, flags, &r->build)) {
    for (size_t i = 0; i < files.n && !lq_interrupted(); i++) {
      add_file(c, r->build, files.names[i]);
      lq_progress_files(&progress, i + 1, files.n);
    }
    lq_progress_end(&progress);
    if (!lq_interrupted())
      finish(c, flags, quiet, r);
  }
  lq_files_free(&files);
}

// ---- bundles

static bool ends_in_lqb(const char *name)
{
  size_t n = strlen(name);
  return n > 4 && strcmp(name + n - 4, ".lqb") == 0;
}

static void take_bundle(lq_cli *c, const char *name, lq_status s, const lq_errinfo *info, lq_rules_in *r)
{
  if (s == LQ_OK) {
    r->files = 1;
    r->compiled = lq_bundle_rule_count(r->bundle);
    return;
  }
  r->bundle = NULL;
  if (s == LQ_E_NOMEM)
    lq_out_of_memory();
  lq_say(c, "cannot load %s: %s (at byte %llu)", name, info->message[0] ? info->message : lq_status_text(s),
         (unsigned long long)info->offset);
  c->saw |= s == LQ_E_LIMIT ? LQ_SAW_LIMIT : LQ_SAW_BAD_RULE;
}

static void load_bundle(lq_cli *c, const char *name, const lq_string *bytes, lq_rules_in *r)
{
  lq_errinfo info = LQ_INIT(lq_errinfo);
  lq_status s = lq_bundle_load(&r->bundle, bytes->p ? bytes->p : "", bytes->n, NULL, NULL, &info);
  take_bundle(c, name, s, &info, r);
}

// A plain file of a size that a bundle may have, and what it begins with.
typedef struct plain_file {
  int fd;
  size_t size;
  char head[8];
  int error;
} plain_file;

static bool open_plain(const char *name, uint64_t max, plain_file *f)
{
  struct stat st;
  f->fd = lq_io_open(lq_os, name);
  if (f->fd < 0)
    return false;
  bool fits = lq_os->fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof f->head &&
              (uint64_t)st.st_size <= max;
  f->size = fits ? (size_t)st.st_size : 0;
  if (fits && lq_os->pread(f->fd, f->head, sizeof f->head, 0) == (ssize_t)sizeof f->head &&
      lq_bundle_is_bundle(f->head, sizeof f->head))
    return true;
  lq_os->close(f->fd);
  return false;
}

static int fill(void *user, void *p, size_t n)
{
  plain_file *f = user;
  for (size_t done = 0; done < n;) {
    long got = lq_in_read(f->fd, (char *)p + done, n - done);
    if (got <= 0) {
      f->error = got < 0 ? errno : EIO; // it has become shorter
      return 1;
    }
    done += (size_t)got;
  }
  return 0;
}

// What a plain file holds goes straight to where the bundle keeps it. False: it is no bundle, or no plain
// file.
static bool load_plain_bundle(lq_cli *c, const char *name, lq_rules_in *r)
{
  lq_limits limits = {.struct_size = sizeof limits};
  plain_file f = {0};
  lq_limits_default(&limits);
  if (strcmp(name, "-") == 0 || lq_build_takes(name) || !open_plain(name, limits.max_bundle, &f))
    return false;
  lq_errinfo info = LQ_INIT(lq_errinfo);
  lq_status s = lq_bundle_load_by(&r->bundle, f.size, fill, &f, NULL, NULL, &info);
  lq_os->close(f.fd);
  if (s == LQ_E_IO)
    bad_rule(c, name, strerror(f.error));
  else
    take_bundle(c, name, s, &info, r);
  return true;
}

// Reads the file if it is a bundle. A pipe or device is no bundle until its bytes say so, and can be read
// only once.
static bool is_bundle_file(lq_cli *c, const char *name, lq_string *bytes)
{
  lq_limits limits = {.struct_size = sizeof limits};
  struct stat st;
  bool from_stdin = strcmp(name, "-") == 0;
  lq_limits_default(&limits);
  if (!from_stdin && (lq_build_takes(name) || stat(name, &st) != 0 || S_ISDIR(st.st_mode)))
    return false;
  int error = lq_read_file(name, (size_t)limits.max_bundle, bytes);
  if (error && from_stdin)
    bad_rule(c, "standard input", strerror(error));
  return !error && (from_stdin || ends_in_lqb(name) || lq_bundle_is_bundle(bytes->p, bytes->n));
}

void lq_load_rules(lq_cli *c, char *const *names, size_t n, uint32_t flags, lq_rules_in *r)
{
  lq_string bytes = {0};
  *r = (lq_rules_in){0};
  if (n == 1 && load_plain_bundle(c, names[0], r))
    return;
  if (n == 1 && is_bundle_file(c, names[0], &bytes))
    load_bundle(c, names[0], &bytes, r);
  else
    lq_load_files(c, names, n, flags, false, r);
  lq_string_free(&bytes);
}

bool lq_load_query(lq_cli *c, const char *query, size_t n, uint32_t dialect, lq_bundle **out)
{
  lq_build *b;
  *out = NULL;
  if (!new_build(c, c->query_flags, dialect, &b))
    return false;
  lq_status s = lq_build_add_query(b, "<query>", NULL, query, n);
  if (s == LQ_OK)
    s = lq_build_finish(b, out);
  lq_show_diagnostics(c, b);
  if (s == LQ_E_QUERY || lq_build_error_count(b) > 0)
    c->saw |= LQ_SAW_BAD_RULE;
  else if (s != LQ_OK)
    lq_say_status(c, s, "cannot compile the query");
  lq_build_free(b);
  return s == LQ_OK;
}

void lq_rules_in_free(lq_rules_in *r)
{
  lq_bundle_free(r->bundle);
  lq_build_free(r->build);
  *r = (lq_rules_in){0};
}

// The way old rules are read, for tests of conformance.
static bool compat_named(lq_cli *c, const char *word, uint32_t *dialect)
{
  bool heeds_case = strcmp(word, "endgame-case") == 0;
  if (!heeds_case && strcmp(word, "endgame") != 0) {
    lq_say_usage(c, "--compat is endgame or endgame-case, not `%s`", word);
    return false;
  }
  *dialect = LQ_DIALECT_NAME_ENDGAME;
  c->query_flags = heeds_case ? LQ_BUILD_CASE_SENSITIVE : 0;
  return true;
}

bool lq_dialect_named(lq_cli *c, const lq_options *o, uint32_t *dialect)
{
  static const struct {
    const char *word;
    uint32_t dialect;
  } words[] = {{"lq", LQ_DIALECT_NAME_LQ},
               {"eql", LQ_DIALECT_NAME_LQ},
               {"kql", LQ_DIALECT_NAME_KQL},
               {"kuery", LQ_DIALECT_NAME_KQL}};
  const char *word = o->value[LQ_OPT_DIALECT];
  *dialect = LQ_DIALECT_NAME_LQ;
  if (o->value[LQ_OPT_COMPAT])
    return compat_named(c, o->value[LQ_OPT_COMPAT], dialect);
  for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].word, word) == 0) {
      *dialect = words[i].dialect;
      return true;
    }
  }
  if (word)
    lq_say_usage(c, "--dialect is lq or kql, not `%s`", word);
  return !word;
}

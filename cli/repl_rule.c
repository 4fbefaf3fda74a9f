// The rule at the prompt: its tests, its file, and a turn in the user's own editor.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/load.h"
#include "cli/repl.h"

// ---- as a file

static void put_tests(lq_string *s, const lq_repl *r)
{
  for (size_t i = 0; i < r->ntests; i++) {
    const lq_repl_test *t = &r->tests[i];
    lq_string_printf(s, "\ntest %s \"%s\" %s\n", t->none ? "none" : "match", t->name, t->json);
  }
}

static void put_rule(lq_string *s, const lq_repl *r, const char *id, const char *name)
{
  lq_string_printf(s, "---\nid: %s\nname: ", id);
  lq_string_json(s, name, strlen(name)); // a JSON string is a YAML string
  lq_string_z(s, "\n---\n");
  lq_string_add(s, r->query.p, r->query.n);
  lq_string_z(s, "\n");
  put_tests(s, r);
}

// A random UUID: ids of rules must differ from all others in the world, and nothing in the rule makes sure of
// that.
static char *new_id(void)
{
  unsigned char b[16] = {0};
  lq_string s = {0};
  FILE *f = fopen("/dev/urandom", "rb");
  if (!f || fread(b, 1, sizeof b, f) != sizeof b)
    b[0] = (unsigned char)getpid();
  if (f)
    fclose(f);
  b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
  b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
  for (int i = 0; i < 16; i++)
    lq_string_printf(&s, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
  return s.p;
}

static bool exists(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0;
}

static char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/'), *from = slash ? slash + 1 : path, *dot = strrchr(from, '.');
  return lq_copy(from, dot && dot > from ? (size_t)(dot - from) : strlen(from));
}

static void set(char **to, char *p)
{
  if (*to != p)
    free(*to);
  *to = p;
}

static char *joined(char **words, size_t n)
{
  lq_string s = {0};
  for (size_t i = 0; i < n; i++)
    lq_string_printf(&s, "%s%s", i ? " " : "", words[i]);
  return s.p;
}

static void save_as(lq_repl *r, const char *path)
{
  lq_string s = {0};
  if (!r->id)
    r->id = new_id();
  put_rule(&s, r, r->id, r->name);
  int error = lq_write_file(path, s.p, s.n);
  if (error) {
    lq_say(r->cli, "cannot write %s: %s", path, strerror(error));
  } else {
    lq_out_printf(&r->cli->out, "saved %s (%zu %s)\n", path, r->ntests, r->ntests == 1 ? "test" : "tests");
    set(&r->saved, lq_copy(path, strlen(path)));
  }
  lq_string_free(&s);
}

void lq_do_save(lq_repl *r, char **args, size_t n)
{
  bool over = n > 1 && strcmp(args[1], "!") == 0;
  args += 1 + over;
  n -= 1 + (size_t)over;
  const char *path = n ? args[0] : r->saved;
  bool same = path && r->saved && strcmp(path, r->saved) == 0;
  if (r->query.n == 0) {
    lq_say(r->cli, "no query to save yet");
  } else if (!path) {
    lq_say(r->cli, "`:save` needs a file name, such as rule.lq");
  } else if (!same && !over && exists(path)) {
    lq_say(r->cli, "%s exists; `:save! %s` writes over it", path, path);
  } else {
    if (n > 1)
      set(&r->name, joined(args + 1, n - 1));
    else if (!r->name)
      r->name = base_name(path);
    save_as(r, path);
  }
}

// ---- tests

typedef struct tally {
  lq_repl *repl;
  bool loud;
  size_t at, passed, failed;
} tally;

static int on_test(void *user, const lq_test_result *t)
{
  tally *y = user;
  lq_cli *c = y->repl->cli;
  lq_string s = {0};
  *(t->passed ? &y->passed : &y->failed) += 1;
  y->at++;
  if (t->passed && !y->loud)
    return 0;
  lq_string_printf(&s, "%s%s%s %zu %s \"", lq_paint_code(c->color, t->passed ? LQ_PAINT_GOOD : LQ_PAINT_BAD),
                   t->passed ? "ok  " : "FAIL", lq_paint_code(c->color, LQ_PAINT_PLAIN), y->at,
                   t->kind == 0 ? "match" : "none");
  lq_string_safe(&s, t->name.p, t->name.n);
  lq_string_z(&s, "\"\n");
  if (!t->passed) {
    lq_string_z(&s, "     ");
    if (t->reason.n)
      lq_string_safe(&s, t->reason.p, t->reason.n);
    else
      lq_string_z(&s, t->kind == 0 ? "should match, and does not" : "should not match, and does");
    lq_string_z(&s, "\n");
  }
  lq_out_add(&c->out, s.p, s.n);
  lq_string_free(&s);
  return 0;
}

// The tests run as they will from the file: the rule is compiled from what would be written.
void lq_repl_run_tests(lq_repl *r, bool loud)
{
  lq_string file = {0};
  lq_build *b = NULL;
  lq_bundle *bundle = NULL;
  tally y = {.repl = r, .loud = loud};
  lq_build_options options = {
      .struct_size = sizeof options, .flags = LQ_BUILD_NO_WARNINGS, .now = r->cli->now};
  if (r->ntests == 0 || r->query.n == 0)
    return;
  put_rule(&file, r, "rule", "rule");
  lq_status s = lq_build_new(&b, &options);
  if (s == LQ_OK)
    s = lq_build_add_file(b, "<rule>.lq", file.p, file.n);
  if (s == LQ_OK)
    s = lq_build_finish(b, &bundle);
  if (b)
    lq_show_diagnostics(r->cli, b);
  if (s == LQ_OK)
    s = lq_bundle_run_tests(bundle, NULL, NULL, on_test, &y);
  if (s != LQ_OK && s != LQ_E_QUERY)
    lq_say_status(r->cli, s, "cannot run the tests");
  if (s == LQ_OK)
    lq_out_printf(&r->cli->out, "tests: %zu passed, %zu failed\n", y.passed, y.failed);
  lq_bundle_free(bundle);
  lq_build_free(b);
  lq_string_free(&file);
}

// A rule file is UTF-8, and a test's name has no quotes in it.
static char *clean(const char *p, char quote)
{
  lq_string s = {0};
  size_t n = strlen(p);
  uint32_t c;
  lq_string_add(&s, "", 0);
  for (size_t i = 0; i < n;) {
    size_t len = lq_char_at(p + i, n - i, &c);
    if (len == 0)
      lq_string_z(&s, "\xEF\xBF\xBD");
    else if (c == (uint32_t)quote)
      lq_string_z(&s, "'");
    else
      lq_string_add(&s, p + i, len);
    i += len ? len : 1;
  }
  return s.p;
}

static void add_test(lq_repl *r, bool none, const lq_repl_event *e, const char *name)
{
  r->tests = lq_need(r->tests, r->ntests + 1, sizeof *r->tests);
  r->tests[r->ntests++] = (lq_repl_test){
      .none = none, .name = clean(name ? name : e->place, '"'), .json = clean(e->events, '\0')};
  lq_repl_run_tests(r, true);
}

static void drop_test(lq_repl *r, const char *number)
{
  unsigned long v = strtoul(number, NULL, 10);
  if (v == 0 || v > r->ntests) {
    lq_say(r->cli, "no test `%s`: there are %zu", number, r->ntests);
    return;
  }
  free(r->tests[v - 1].name);
  free(r->tests[v - 1].json);
  memmove(r->tests + v - 1, r->tests + v, (r->ntests - v) * sizeof *r->tests);
  r->ntests--;
  lq_out_printf(&r->cli->out, "%zu %s left\n", r->ntests, r->ntests == 1 ? "test" : "tests");
}

void lq_do_test(lq_repl *r, char **args, size_t n)
{
  bool match = n > 1 && strcmp(args[1], "match") == 0, none = n > 1 && strcmp(args[1], "none") == 0;
  if (n == 1 && r->ntests > 0) {
    lq_repl_run_tests(r, true);
  } else if (n == 1) {
    lq_say(r->cli, "the rule has no tests; `:test match 3 \"name\"` makes one of event 3");
  } else if (n > 2 && (match || none)) {
    const lq_repl_event *e = lq_repl_shown(r, args[2]);
    char *name = n > 3 ? joined(args + 3, n - 3) : NULL;
    if (e && r->query.n == 0)
      lq_say(r->cli, "there is no query to test yet");
    else if (e && !e->events)
      lq_say(r->cli, "a row has more events than are shown; write its test in the rule's file");
    else if (e)
      add_test(r, none, e, name);
    free(name);
  } else if (n == 3 && strcmp(args[1], "drop") == 0) {
    drop_test(r, args[2]);
  } else {
    lq_say(r->cli, "write `:test match 3 \"name\"`, `:test none 3 \"name\"`, `:test drop 1` or `:test`");
  }
}

void lq_repl_forget_rule(lq_repl *r)
{
  while (r->ntests > 0) {
    lq_repl_test *t = &r->tests[--r->ntests];
    free(t->name);
    free(t->json);
  }
  free(r->tests);
  r->tests = NULL;
  lq_string_free(&r->query);
  set(&r->name, NULL);
  set(&r->id, NULL);
  set(&r->saved, NULL);
}

void lq_do_new(lq_repl *r, char **args, size_t n)
{
  (void)args, (void)n;
  lq_repl_forget_rule(r);
  lq_out_z(&r->cli->out, "a new rule\n");
}

// ---- $EDITOR

// The shell takes the editor's own options apart.
static bool run_editor(lq_cli *c, const char *path)
{
  int status = 0;
  lq_out_flush(&c->out);
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", "exec ${VISUAL:-${EDITOR:-vi}} \"$0\"", path, (char *)NULL);
    _exit(127);
  }
  if (pid < 0) {
    lq_say(c, "cannot start an editor: %s", strerror(errno));
    return false;
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  lq_interrupt_clear(); // Ctrl-C in the editor was the editor's
  if (status != 0)
    lq_say(c, "the editor failed; set EDITOR to one that exists");
  return status == 0;
}

static void edit_file(lq_repl *r, const char *path)
{
  lq_string text = {0};
  int error = run_editor(r->cli, path) ? lq_read_file(path, 16 << 20, &text) : -1;
  if (error > 0)
    lq_say(r->cli, "cannot read %s: %s", path, strerror(error));
  while (text.n && strchr(" \t\r\n", text.p[text.n - 1]))
    text.n--;
  if (error == 0 && text.n) {
    text.p[text.n] = '\0';
    lq_out_printf(&r->cli->out, "%s\n", text.p);
    lq_editor_remember(&r->editor, text.p);
    lq_repl_query(r, text.p, text.n);
  }
  lq_string_free(&text);
}

void lq_do_edit(lq_repl *r, char **args, size_t n)
{
  const char *folder = getenv("TMPDIR");
  lq_string path = {0};
  (void)args, (void)n;
  lq_string_printf(&path, "%s/lq-query-XXXXXX", folder && *folder ? folder : "/tmp");
  int fd = mkstemp(path.p);
  if (fd < 0) {
    lq_say(r->cli, "cannot write %s: %s", path.p, strerror(errno));
  } else {
    close(fd);
    int error = lq_write_file(path.p, r->query.n ? r->query.p : "", r->query.n);
    if (error)
      lq_say(r->cli, "cannot write %s: %s", path.p, strerror(error));
    else
      edit_file(r, path.p);
    unlink(path.p);
  }
  lq_string_free(&path);
}

// Streams over files: what they number, what they refuse, and memory that runs out. Whatever fails, the next
// run has every alert once.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counting_mem.h"
#include "feed/alerts.h"
#include "feed/io.h"
#include "feed/stream.h"
#include "library.h"

// ---- a folder, and a clock of its own

static int64_t clock_now;

static int64_t my_clock(void)
{
  return clock_now += 100000000;
}

// The tests of faults look after what a disk does: here it need not be waited for.
static int no_sync(int fd)
{
  (void)fd;
  return 0;
}

static int no_wait(int fd, short events, int duration)
{
  (void)fd, (void)events, (void)duration;
  return 0;
}

static lq_os_calls calls(void)
{
  lq_os_calls os = lq_os_real;
  os.clock = my_clock;
  os.fsync = no_sync;
  os.wait = no_wait;
  return os;
}

static void enter_new_folder(void)
{
  // In memory where that can be: thousands of small files come and go.
  char in_memory[] = "/dev/shm/lq-feed-XXXXXX", on_disk[] = "/tmp/lq-feed-XXXXXX";
  char *name = mkdtemp(in_memory) ? in_memory : mkdtemp(on_disk);
  cr_assert(name && chdir(name) == 0);
}

static void clear_folder(void)
{
  DIR *dir = opendir(".");
  for (struct dirent *e = readdir(dir); e; e = readdir(dir))
    (void)unlink(e->d_name);
  closedir(dir);
}

static void leave_folder(void)
{
  char name[200];
  clear_folder();
  cr_assert(getcwd(name, sizeof name) && chdir("/") == 0);
  cr_assert(rmdir(name) == 0);
}

static void put_file(const char *name, const char *bytes, const char *mode)
{
  FILE *f = fopen(name, mode);
  cr_assert(f && fputs(bytes, f) >= 0 && fclose(f) == 0, "%s", name);
}

static size_t get_file(const char *name, char *out, size_t max)
{
  FILE *f = fopen(name, "r");
  size_t n = f ? fread(out, 1, max - 1, f) : 0;
  if (f)
    fclose(f);
  out[n] = '\0';
  return n;
}

// ---- a run

typedef struct world {
  lq_os_calls os;
  lq_host host;
  const lq_bundle *bundle;
  size_t asked, turns; // how often it was asked whether to stop; when it is
  void (*at_half)(void);
  const char *why;
  size_t notices[32];
} world;

static bool is_over(void *user)
{
  world *w = user;
  if (++w->asked == w->turns / 2 && w->at_half)
    w->at_half();
  return w->turns && w->asked >= w->turns;
}

static void count_notice(void *user, const lq_notice *n)
{
  world *w = user;
  w->notices[n->kind]++;
}

static void open_world(world *w, const lq_bundle *b, const lq_mem *mem)
{
  *w = (world){.os = calls(), .bundle = b};
  w->host = (lq_host){.mem = mem, .os = &w->os, .stopped = is_over, .notice = count_notice, .user = w};
}

static int on_match(void *user, const lq_match *m)
{
  return lq_alerts_add(user, m);
}

typedef struct choices {
  bool follow, final;
  lq_alerts_form form;
} choices;

static lq_status run_opened(world *w, lq_stream *s, const lq_files *files, const choices *c)
{
  lq_alerts alerts;
  lq_alerts_begin(&alerts, s->out, w->bundle, c->form);
  s->pass->match = on_match;
  s->pass->user = &alerts;
  lq_status status = lq_stream_run(s, files);
  if (status == LQ_OK)
    status = alerts.failed;
  lq_alerts_free(&alerts);
  return status;
}

// One run over the files from `state` to `alerts`.
static lq_status run(world *w, char *const *names, size_t n, choices c)
{
  lq_files files = {0};
  lq_out out = {0};
  lq_pass pass = {.host = &w->host, .bundle = w->bundle, .per_rule = true};
  lq_stream s = {.pass = &pass,
                 .out = &out,
                 .state = "state",
                 .output = "alerts",
                 .follow = c.follow,
                 .final = c.final,
                 .lock = -1,
                 .state_fd = -1};
  lq_status status = lq_out_open(&out, w->host.mem, &w->os, -1, "nothing");
  if (status == LQ_OK)
    status = c.follow ? lq_files_add((files.mem = w->host.mem, &files), names[0])
                      : lq_walk(&w->host, names, n, &lq_takes_events, &files);
  if (status == LQ_OK)
    status = lq_stream_open(&s);
  if (status == LQ_OK)
    status = run_opened(w, &s, &files, &c);
  if (status == LQ_OK && out.error)
    status = out.error == ENOMEM ? LQ_E_NOMEM : LQ_E_IO;
  lq_out_flush(&out);
  if (out.fd >= 0)
    w->os.close(out.fd);
  lq_out_free(&out);
  lq_stream_close(&s);
  lq_pass_free(&pass);
  lq_files_free(&files);
  return status;
}

// ---- the lines of files that follow each other

#define A "{\"a\":1}"
static char *const app[] = {(char *)"app.ndjson"};

// The lines that the alerts name, in order, with blanks between.
static void lines_of_alerts(char *out, size_t max)
{
  static char alerts[8192];
  size_t n = 0;
  get_file("alerts", alerts, sizeof alerts);
  out[0] = '\0';
  for (const char *p = alerts; (p = strstr(p, "\"line\":")); p++)
    n += (size_t)snprintf(out + n, max - n, n ? " %ld" : "%ld", strtol(p + strlen("\"line\":"), NULL, 10));
}

static const struct {
  const char *name, *first, *more, *second, *lines;
} rotations[] = {
    {"whole lines", A "\n" A "\n", "", A "\n", "1 2 3"},
    {"more lines before it was renamed", A "\n", A "\n" A "\n", A "\n" A "\n", "1 2 3 4 5"},
    {"a last line without its end", A "\n" A, "", A "\n", "1 2 3"},
    {"a line whose end came late", A "\n{\"a\":", "1}\n", A "\n", "1 2 3"},
    {"nothing new", A "\n", "", "", "1"},
    {"empty lines", "\n\n" A "\n\n", "", "\n" A "\n", "3 6"},
    {"an array over lines", "[" A ",\n" A "]\n", "", A "\n", "1 2 4"},
    {"an array on one line", "[" A "," A "]", "", A "\n", "1 1 2"},
    {"bad lines", "x\n" A "\n", "y\n", A "\n", "2 4"},
    {"no line at all", "", "", A "\n", "1"},
};

// Renamed between two runs: the second one reads the rest of the old file, then the new one.
Test(feed, lines_are_counted_on_through_a_rotation)
{
  lq_bundle *b = bundle_of("a == 1");
  enter_new_folder();
  for (size_t i = 0; i < sizeof rotations / sizeof *rotations; i++) {
    char got[200];
    world w;
    open_world(&w, b, &lq_mem_libc);
    put_file(app[0], rotations[i].first, "w");
    cr_expect(run(&w, app, 1, (choices){0}) == LQ_OK);
    put_file(app[0], rotations[i].more, "a");
    cr_expect(rename(app[0], "app.ndjson.1") == 0);
    put_file(app[0], rotations[i].second, "w");
    cr_expect(run(&w, app, 1, (choices){0}) == LQ_OK);
    lines_of_alerts(got, sizeof got);
    cr_expect(strcmp(got, rotations[i].lines) == 0, "%s: %s instead of %s", rotations[i].name, got,
              rotations[i].lines);
    clear_folder();
  }
  leave_folder();
  lq_bundle_free(b);
}

static size_t rotation;

static void rotate(void)
{
  put_file(app[0], rotations[rotation].more, "a");
  cr_expect(rename(app[0], "app.ndjson.1") == 0);
  put_file(app[0], rotations[rotation].second, "w");
}

Test(feed, lines_are_counted_on_while_it_follows)
{
  lq_bundle *b = bundle_of("a == 1");
  enter_new_folder();
  for (rotation = 0; rotation < sizeof rotations / sizeof *rotations; rotation++) {
    char got[200];
    world w;
    open_world(&w, b, &lq_mem_libc);
    put_file(app[0], rotations[rotation].first, "w");
    w.turns = 400;
    w.at_half = rotate;
    cr_expect(run(&w, app, 1, (choices){.follow = true}) == LQ_OK);
    lines_of_alerts(got, sizeof got);
    cr_expect(strcmp(got, rotations[rotation].lines) == 0, "%s: %s instead of %s", rotations[rotation].name,
              got, rotations[rotation].lines);
    clear_folder();
  }
  leave_folder();
  lq_bundle_free(b);
}

// ---- the file of marks

static void add(lq_checkpoint *c, bool whole, const char *state, lq_buf *file)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  unsigned char digest[LQ_SEAL_DIGEST];
  lq_checkpoint_write(c, whole, lq_str_of(state), &bytes, digest);
  lq_checkpoint_kept(c, whole, bytes.n, digest);
  lq_buf_str(file, lq_buf_get(&bytes));
  lq_buf_free(&bytes);
}

static lq_status write_and_read(lq_checkpoint *given, const char **why)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_checkpoint c = {.mem = &lq_mem_libc};
  add(given, true, "", &bytes);
  lq_status s = lq_checkpoint_read(&c, bytes.p, bytes.n, why);
  if (s == LQ_OK)
    cr_expect(c.nmarks == given->nmarks && c.marks[0]->file.prefix == given->marks[0]->file.prefix);
  lq_checkpoint_free(&c);
  lq_buf_free(&bytes);
  return s;
}

// So many bytes are read into a place of that size, and the digest of the file says nothing about who made
// it.
Test(feed, the_prefix_of_a_mark_is_bounded)
{
  const char *why = NULL;
  lq_checkpoint c = {.mem = &lq_mem_libc};
  lq_mark *m = lq_checkpoint_mark(&c, "log");
  static const struct {
    uint32_t prefix;
    lq_status status;
  } cases[] = {
      {0, LQ_OK}, {LQ_PREFIX_MAX, LQ_OK}, {LQ_PREFIX_MAX + 1, LQ_E_BUNDLE}, {UINT32_MAX, LQ_E_BUNDLE}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    m->file.prefix = cases[i].prefix;
    cr_expect(write_and_read(&c, &why) == cases[i].status, "%u", (unsigned)cases[i].prefix);
  }
  lq_checkpoint_free(&c);
}

// What of a file is there after each of its checkpoints.
typedef struct stage {
  size_t end;
  uint64_t committed, ino;
  size_t marks;
  const char *state;
} stage;

static void check_stage(const lq_buf *file, size_t n, const stage *s)
{
  const char *why = NULL;
  lq_checkpoint c = {.mem = &lq_mem_libc};
  lq_status status = lq_checkpoint_read(&c, file->p, n, &why);
  cr_expect(status == (s ? LQ_OK : LQ_E_BUNDLE) && !why == !!s, "%zu bytes: %d, %s", n, status,
            why ? why : "");
  if (s) {
    cr_expect(c.committed == s->committed && c.nmarks == s->marks && c.torn == n - s->end, "%zu bytes", n);
    cr_expect(c.state.n == strlen(s->state) && memcmp(c.state.p, s->state, c.state.n) == 0, "%zu bytes", n);
    cr_expect(c.marks[0]->file.ino == s->ino && strcmp(c.marks[0]->name, "log") == 0, "%zu bytes", n);
    cr_expect(c.nmarks < 2 || (strcmp(c.marks[1]->name, "other") == 0 && c.marks[1]->file.dev == 9));
  }
  lq_checkpoint_free(&c);
}

// Cut anywhere, the last checkpoint that is whole counts; so it does when a byte of what is behind it was
// changed.
Test(feed, checkpoints_behind_the_first)
{
  lq_buf file = {.mem = &lq_mem_libc};
  lq_checkpoint c = {.mem = &lq_mem_libc};
  stage stages[3];
  lq_mark *m = lq_checkpoint_mark(&c, "log");
  m->file.ino = 1;
  cr_expect(lq_checkpoint_wants_whole(&c));
  add(&c, true, "all", &file);
  stages[0] = (stage){file.n, 0, 1, 1, "all"};
  c.committed = 7, m->file.ino = 2;
  add(&c, false, "+1", &file);
  stages[1] = (stage){file.n, 7, 2, 1, "all+1"};
  lq_checkpoint_mark(&c, "other")->file.dev = 9;
  c.committed = 8;
  add(&c, false, "", &file);
  stages[2] = (stage){file.n, 8, 2, 2, "all+1"};
  // Marks that stand still are not written again.
  cr_expect(stages[2].end - stages[1].end < stages[0].end + 64, "%zu, %zu", stages[0].end, file.n);
  for (size_t n = 0; n <= file.n; n++) {
    size_t whole = n >= stages[2].end ? 3 : n >= stages[1].end ? 2 : n >= stages[0].end;
    check_stage(&file, n, whole ? &stages[whole - 1] : NULL);
  }
  for (size_t at = 0; at < file.n; at++) {
    size_t whole = at >= stages[1].end ? 2 : at >= stages[0].end;
    file.p[at] ^= 0x10;
    lq_checkpoint read = {.mem = &lq_mem_libc};
    const char *why = NULL;
    lq_status s = lq_checkpoint_read(&read, file.p, file.n, &why);
    cr_expect(whole ? s == LQ_OK && read.torn == file.n - stages[whole - 1].end : s < 0 && why, "%zu: %d", at,
              s);
    lq_checkpoint_free(&read);
    file.p[at] ^= 0x10;
  }
  lq_buf_free(&file);
  lq_checkpoint_free(&c);
}

// What is written behind the whole one may not outgrow it, nor be nothing but rewriting when it is small.
Test(feed, everything_is_written_anew_when_changes_outgrow_it)
{
  static const struct {
    uint64_t whole, more;
    bool wants;
  } cases[] = {{0, 0, true},        {1000, 0, false},        {1000, 65536, false},
               {1000, 65537, true}, {100000, 100000, false}, {100000, 100001, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_checkpoint c = {.whole = cases[i].whole, .more = cases[i].more};
    cr_expect(lq_checkpoint_wants_whole(&c) == cases[i].wants, "case %zu", i);
  }
}

// ---- memory that runs out

static char *const folder[] = {(char *)"."};
static const char log_1[] = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"x\"}\nnone\n{\"a\":1,\"b\":\"=y\"}\n";
static const char log_2[] = "{\"a\":2,\"b\":\"=y\"}\n{\"a\":1,\"b\":\"z\"}\n";

static void put_logs(void)
{
  put_file("one.ndjson", log_1, "w");
  put_file("two.ndjson", log_2, "w");
}

// Two runs with a rotation between: the second goes on from the first one's state, and finds what was
// renamed.
static lq_status whole_day(world *w, lq_alerts_form form)
{
  put_logs();
  lq_status s = run(w, folder, 1, (choices){.form = form});
  if (s != LQ_OK)
    return s;
  put_file("one.ndjson", "{\"a\":2,\"b\":\"z\"}\n", "a");
  cr_expect(rename("one.ndjson", "one.ndjson.1") == 0);
  put_file("one.ndjson", "{\"a\":1,\"b\":\"w\"}\n", "w");
  return run(w, folder, 1, (choices){.form = form, .final = true});
}

// The same day gone through again after the failure, by whoever has memory.
static void resume(world *w, lq_alerts_form form)
{
  struct stat st;
  if (stat("one.ndjson.1", &st) == 0)
    cr_expect(run(w, folder, 1, (choices){.form = form, .final = true}) == LQ_OK);
  else
    cr_expect(whole_day(w, form) == LQ_OK);
}

static void fail_each(lq_alerts_form form, bool once)
{
  static char right[16384], got[16384];
  lq_bundle *b = bundle_of("sequence by b [any where a == 1] [any where a == 2]");
  counting_mem c = {.live = 0};
  const lq_mem counted = {counting_fn, &c};
  world w;
  open_world(&w, b, &counted);
  cr_assert(whole_day(&w, form) == LQ_OK);
  size_t n = get_file("alerts", right, sizeof right), requests = c.requests;
  cr_assert(c.live == 0 && !c.wrong_size && n > 100, "%zu, %zu", c.live, n);
  for (size_t k = 1; k <= requests; k++) {
    clear_folder();
    c = (counting_mem){.fail_at = k, .once = once};
    open_world(&w, b, &counted);
    lq_status s = whole_day(&w, form);
    cr_expect(c.live == 0 && !c.wrong_size, "request %zu of %zu: %zu bytes leaked", k, requests, c.live);
    cr_expect(s == LQ_E_NOMEM || s == LQ_OK, "request %zu: status %d", k, s);
    cr_expect(s == LQ_OK || w.notices[LQ_NOTICE_CANNOT_READ] == 0, "request %zu: a file is blamed", k);
    open_world(&w, b, &lq_mem_libc);
    if (s != LQ_OK)
      resume(&w, form);
    get_file("alerts", got, sizeof got);
    cr_expect(strcmp(got, right) == 0, "request %zu of %zu%s, status %d:\n%sinstead of\n%s", k, requests,
              once ? ", once" : "", s, got, right);
  }
  cr_log_info("%zu requests\n", requests);
  clear_folder();
  lq_bundle_free(b);
}

Test(feed, no_memory_is_a_status_and_loses_nothing)
{
  enter_new_folder();
  for (int form = LQ_ALERTS_NDJSON; form <= LQ_ALERTS_CSV; form++) {
    fail_each((lq_alerts_form)form, false);
    fail_each((lq_alerts_form)form, true);
  }
  leave_folder();
}

// ---- a state file that is torn

// Cut at any byte behind its first checkpoint, the next run has every alert once.
Test(feed, a_torn_state_file_is_resumed)
{
  static char right[16384], got[16384], state[65536];
  lq_bundle *b = bundle_of("sequence by b [any where a == 1] [any where a == 2]");
  world w;
  enter_new_folder();
  open_world(&w, b, &lq_mem_libc);
  put_logs();
  cr_assert(run(&w, folder, 1, (choices){0}) == LQ_OK);
  size_t n = get_file("state", state, sizeof state);
  cr_assert(get_file("alerts", right, sizeof right) > 100);
  lq_seal first;
  cr_assert(lq_seal_open(&first, (lq_str){state, n}, LQ_SEAL_STATE, 2) == LQ_SEAL_SOUND && first.size < n);
  for (size_t cut = first.size; cut <= n; cut++) {
    FILE *f = fopen("state", "w");
    cr_assert(f && fwrite(state, 1, cut, f) == cut && fclose(f) == 0);
    open_world(&w, b, &lq_mem_libc);
    cr_expect(run(&w, folder, 1, (choices){0}) == LQ_OK, "cut at %zu", cut);
    get_file("alerts", got, sizeof got);
    cr_expect(strcmp(got, right) == 0, "cut at %zu of %zu:\n%s", cut, n, got);
  }
  leave_folder();
  lq_bundle_free(b);
}

// The program lq: from the command line to a verb, and from what was seen to an exit code.
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/reading.h"

int lq_exit_code(unsigned saw)
{
  static const struct {
    unsigned bit;
    int code;
  } gravest_first[] = {
      {LQ_SAW_INTERRUPT, 130}, {LQ_SAW_BAD_OUTPUT, 6}, {LQ_SAW_LIMIT, 5}, {LQ_SAW_BAD_RULE, 3},
      {LQ_SAW_BAD_INPUT, 4},   {LQ_SAW_USAGE, 2},      {LQ_SAW_NO, 1},
  };
  for (size_t i = 0; i < sizeof gravest_first / sizeof *gravest_first; i++) {
    if (saw & gravest_first[i].bit)
      return gravest_first[i].code;
  }
  return 0;
}

static void say(lq_cli *c, const char *prefix, const char *fmt, va_list args)
{
  lq_string raw = {0}, line = {0};
  if (c->err.terminal && c->out.terminal)
    lq_out_flush(&c->out);
  lq_string_vprintf(&raw, fmt, args);
  lq_string_z(&line, prefix);
  lq_string_safe(&line, raw.p, raw.n);
  lq_string_z(&line, "\n");
  lq_out_add(&c->err, line.p, line.n);
  lq_out_flush(&c->err);
  lq_string_free(&raw);
  lq_string_free(&line);
}

void lq_say(lq_cli *c, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  say(c, "lq: ", fmt, args);
  va_end(args);
}

void lq_say_usage(lq_cli *c, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  say(c, "lq: ", fmt, args);
  va_end(args);
  c->saw |= LQ_SAW_USAGE;
}

void lq_say_help(lq_cli *c, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  say(c, "help: ", fmt, args);
  va_end(args);
}

void lq_say_status(lq_cli *c, lq_status s, const char *what)
{
  if (s == LQ_E_NOMEM)
    lq_out_of_memory();
  lq_say(c, "%s: %s", what, lq_status_text(s));
  c->saw |= s == LQ_E_LIMIT ? LQ_SAW_LIMIT : s == LQ_E_INPUT ? LQ_SAW_BAD_INPUT : LQ_SAW_BAD_RULE;
}

static int64_t wall_time(void *user)
{
  struct timespec t = {0};
  (void)user;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t time_now(void)
{
  const char *fixed = getenv("SOURCE_DATE_EPOCH");
  return fixed && *fixed ? (int64_t)strtoll(fixed, NULL, 10) * 1000000000 : wall_time(NULL);
}

static bool is_interrupted(void *user)
{
  (void)user;
  return lq_interrupted();
}

// Columns are counted with wcwidth, which needs to know that text is UTF-8, whatever the user's language is.
static void set_locale(void)
{
  if (!setlocale(LC_CTYPE, "C.UTF-8"))
    setlocale(LC_CTYPE, "");
}

static bool is_bare_word(const char *s)
{
  return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

// `lq WORD` where WORD is no verb: a slip, or a query with the verb left out.
static const lq_command *query_or_slip(lq_cli *c, const char *word)
{
  const char *near = is_bare_word(word) ? lq_command_near(word) : NULL;
  if (!is_bare_word(word))
    return lq_command_named("query");
  lq_say_usage(c, "no verb `%s`", word);
  if (near)
    lq_say_help(c, "did you mean `lq %s`?", near);
  else
    lq_say_help(c,
                "`lq help` lists the verbs; to search for events where the field `%s` is true: lq query %s",
                word, word);
  return NULL;
}

static bool takes_next(const char *arg)
{
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    const lq_option_row *row = &lq_option_rows[i];
    bool letter = arg[1] == row->letter && !arg[2], word = arg[1] == '-' && strcmp(arg + 2, row->word) == 0;
    if (row->value && (letter || word))
      return true;
  }
  return false;
}

// Takes the verb out of argv. Options, with their values, may stand before it.
static const lq_command *verb_of(lq_cli *c, int *argc, char **argv)
{
  int at = 1;
  while (at < *argc && argv[at][0] == '-' && argv[at][1] && strcmp(argv[at], "--") != 0)
    at += takes_next(argv[at]) ? 2 : 1;
  if (at >= *argc)
    return NULL;
  if (strcmp(argv[at], "--") == 0 && at + 1 < *argc) // what follows is no option, and so no verb either
    return lq_command_named("query");
  const lq_command *command = lq_command_named(argv[at]);
  if (!command)
    return query_or_slip(c, argv[at]);
  for (int i = at; i < *argc; i++)
    argv[i] = argv[i + 1];
  --*argc;
  return command;
}

static bool is_any(const char *s, const char *a, const char *b)
{
  return strcmp(s, a) == 0 || strcmp(s, b) == 0;
}

static void run(lq_cli *c, int argc, char **argv)
{
  lq_options o = {0};
  if (argc > 1 && is_any(argv[1], "-V", "--version"))
    argv[1] = (char *)"version";
  const lq_command *command = argc > 1 && is_any(argv[1], "-h", "--help") ? NULL : verb_of(c, &argc, argv);
  if (c->saw)
    return;
  if (!command) {
    bool asked = argc > 1 && is_any(argv[1], "-h", "--help");
    lq_help_overview(asked ? &c->out : &c->err, asked ? c->color : c->err_color);
    c->saw |= asked ? 0 : LQ_SAW_USAGE;
    return;
  }
  if (lq_options_parse(c, command, argc, argv, &o)) {
    if (o.value[LQ_OPT_HELP])
      lq_help_verb(&c->out, c->color, command);
    else
      command->run(c, &o);
  }
  lq_options_free(&o);
}

// A descriptor that was closed would be given to the next file that is opened, and messages would go into it.
// What stands there now refuses, so the error is still seen.
static void fill_closed(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0)
      (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

int main(int argc, char **argv)
{
  static lq_cli c; // the signal and out-of-memory paths reach its output
  fill_closed();
  lq_open_out(&c.out, STDOUT_FILENO, "standard output");
  lq_open_out(&c.err, STDERR_FILENO, "standard error");
  lq_flush_before_death(&c.out);
  lq_progress_hook(&c);
  lq_color_wanted(NULL, &c.out, &c.color);
  lq_color_wanted(NULL, &c.err, &c.err_color);
  lq_signals();
  set_locale();
  c.now = time_now();
  c.host = (lq_host){.mem = &lq_mem_libc,
                     .os = lq_os,
                     .stopped = is_interrupted,
                     .notice = lq_say_notice,
                     .now = getenv("SOURCE_DATE_EPOCH") ? NULL : wall_time,
                     .user = &c};
  run(&c, argc, argv);
  // What close says of a full disk (NFS, quotas) is a lost alert, too.
  if (lq_out_flush(&c.out) && lq_os->close(c.out.fd) != 0 && errno != EBADF)
    c.out.error = errno;
  if (c.out.error) {
    lq_say(&c, "cannot write to %s: %s", c.out.name, strerror(c.out.error));
    c.saw |= LQ_SAW_BAD_OUTPUT;
  }
  if (lq_interrupted())
    c.saw |= LQ_SAW_INTERRUPT;
  lq_out_flush(&c.err);
  lq_out_free(&c.out);
  lq_out_free(&c.err);
  return lq_exit_code(c.saw);
}

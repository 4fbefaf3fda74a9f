// Verbs and options: what may stand on the command line, and what did.
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

const lq_option_row lq_option_rows[LQ_OPT_COUNT_OF] = {
#define LQ_OPTION(name, letter, word, value, help) {letter, word, value, help},
#include "cli/options.def"
#undef LQ_OPTION
};

const lq_format_row lq_format_rows[LQ_FORMAT_COUNT] = {
#define LQ_FORMAT(name, word, help) {word, help},
#include "cli/formats.def"
#undef LQ_FORMAT
};

_Static_assert(LQ_OPT_COUNT_OF <= 64, "more options than bits");
#define O(name) (UINT64_C(1) << LQ_OPT_##name)
#define F(name) (1u << LQ_FORMAT_##name)
const lq_command lq_commands[] = {
#define LQ_COMMAND(name, word, usage, summary, options, formats, details)                                    \
  {word, usage, summary, details, (options) | O(COLOR) | O(HELP), formats, lq_cmd_##name},
#include "cli/commands.def"
#undef LQ_COMMAND
};
const size_t lq_command_count = sizeof lq_commands / sizeof *lq_commands;

const lq_command *lq_command_named(const char *word)
{
  for (size_t i = 0; i < lq_command_count; i++) {
    if (strcmp(lq_commands[i].word, word) == 0)
      return &lq_commands[i];
  }
  return NULL;
}

// Letters to change, add, leave out or swap to make b of a; words here are short.
static size_t distance(const char *a, const char *b)
{
  enum { MAX = 24 };
  size_t n = strlen(a), m = strlen(b), d[MAX + 1][MAX + 1];
  if (n > MAX || m > MAX)
    return MAX;
  for (size_t i = 0; i <= n; i++) {
    for (size_t j = 0; j <= m; j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
      best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
        best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  }
  return d[n][m];
}

static bool is_near(const char *a, const char *b)
{
  return distance(a, b) <= (strlen(b) > 4 ? 2 : 1);
}

const char *lq_command_near(const char *word)
{
  for (size_t i = 0; i < lq_command_count; i++) {
    if (is_near(word, lq_commands[i].word))
      return lq_commands[i].word;
  }
  return NULL;
}

// ---- getopt, fed from the tables

typedef struct spec {
  struct option longs[LQ_OPT_COUNT_OF + 1];
  char shorts[2 * LQ_OPT_COUNT_OF + 2];
} spec;

enum { LONG = 256 };

static spec spec_of(const lq_command *command)
{
  spec s = {.shorts = ":"};
  size_t n = 0, at = 1;
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    const lq_option_row *row = &lq_option_rows[i];
    if (!(command->options & UINT64_C(1) << i))
      continue;
    s.longs[n++] = (struct option){row->word, row->value ? required_argument : no_argument, NULL, LONG + i};
    if (row->letter)
      s.shorts[at++] = row->letter;
    if (row->letter && row->value)
      s.shorts[at++] = ':';
  }
  return s;
}

static int option_of_letter(const lq_command *command, int letter)
{
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    if ((command->options & UINT64_C(1) << i) && lq_option_rows[i].letter == letter)
      return i;
  }
  return -1;
}

static const char *option_near(const lq_command *command, const char *arg)
{
  char word[32] = {0};
  if (strncmp(arg, "--", 2) != 0)
    return NULL;
  strncpy(word, arg + 2, sizeof word - 1);
  word[strcspn(word, "=")] = '\0';
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    if ((command->options & UINT64_C(1) << i) && is_near(word, lq_option_rows[i].word))
      return lq_option_rows[i].word;
  }
  return NULL;
}

static void say_bad_option(lq_cli *c, const lq_command *command, char **argv, int kind)
{
  const char *arg = argv[optind - 1], *near;
  int letter = optopt > 0 && optopt < LONG ? optopt : 0;
  if (kind == ':') {
    lq_say_usage(c, "%s: `%s` needs a value", command->word, arg);
  } else if (optopt >= LONG) {
    lq_say_usage(c, "%s: `--%s` takes no value", command->word, lq_option_rows[optopt - LONG].word);
  } else if (letter) {
    lq_say_usage(c, "%s: no option `-%c`", command->word, letter);
  } else {
    lq_say_usage(c, "%s: no option `%s`", command->word, arg);
    near = option_near(command, arg);
    if (near) {
      lq_say_help(c, "did you mean `--%s`?", near);
      return;
    }
  }
  lq_say_help(c, "`lq help %s` lists the options", command->word);
}

static bool choose_format(lq_cli *c, lq_options *o)
{
  uint32_t known = o->command->formats;
  const char *word = o->value[LQ_OPT_FORMAT];
  lq_string list = {0};
  // The rows stand in this order: what a terminal gets, then what a pipe gets.
  if (known & F(TABLE))
    o->format = c->out.terminal ? LQ_FORMAT_TABLE : LQ_FORMAT_NDJSON;
  else
    o->format = LQ_FORMAT_TEXT;
  if (!word)
    return true;
  for (int i = 0; i < LQ_FORMAT_COUNT; i++) {
    if (!(known & 1u << i))
      continue;
    lq_string_printf(&list, "%s%s", list.n ? ", " : "", lq_format_rows[i].word);
    if (strcmp(lq_format_rows[i].word, word) == 0) {
      o->format = (lq_format)i;
      lq_string_free(&list);
      return true;
    }
  }
  lq_say_usage(c, "%s: no format `%s`", o->command->word, word);
  lq_say_help(c, "formats are %s", list.p);
  lq_string_free(&list);
  return false;
}

static bool choose_color(lq_cli *c, const lq_options *o)
{
  const char *when = o->value[LQ_OPT_COLOR];
  if (lq_color_wanted(when, &c->out, &c->color) && lq_color_wanted(when, &c->err, &c->err_color))
    return true;
  lq_say_usage(c, "--color is auto, always or never, not `%s`", when);
  return false;
}

static bool read_options(lq_cli *c, int argc, char **argv, lq_options *o)
{
  spec s = spec_of(o->command);
  optind = 0; // glibc: begin anew
  opterr = 0;
  for (;;) {
    int got = getopt_long(argc, argv, s.shorts, s.longs, NULL);
    if (got < 0)
      return true;
    int which = got >= LONG ? got - LONG : got == '?' || got == ':' ? -1 : option_of_letter(o->command, got);
    if (which < 0) {
      say_bad_option(c, o->command, argv, got);
      return false;
    }
    o->value[which] = optarg ? optarg : "";
  }
}

static char **list_of(char **a, size_t n, char **b, size_t m)
{
  char **list = lq_need(NULL, n + m + 1, sizeof *list);
  for (size_t i = 0; i < n; i++)
    list[i] = a[i];
  for (size_t i = 0; i < m; i++)
    list[n + i] = b[i];
  list[n + m] = NULL;
  return list;
}

// Of a time in UTC: timegm is not everywhere, and mktime heeds the zone. Years begin in March, so that leap
// days are last.
static long long seconds_of(const struct tm *t)
{
  long long month = (t->tm_mon + 10) % 12, year = t->tm_year + 1900LL - (t->tm_mon < 2);
  long long days = 365 * year + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + t->tm_mday - 1;
  return ((days - 719468) * 24 + t->tm_hour) * 3600 + t->tm_min * 60LL + t->tm_sec;
}

// RFC 3339 in UTC, whole seconds; or seconds since 1970.
static bool choose_now(lq_cli *c, const char *text)
{
  struct tm t = {0};
  char *end = NULL;
  if (!text)
    return true;
  const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
  long long seconds = rest && strcmp(rest, "Z") == 0 ? seconds_of(&t) : strtoll(text, &end, 10);
  if ((end && (end == text || *end)) || seconds > INT64_MAX / 1000000000 ||
      seconds < INT64_MIN / 1000000000) {
    lq_say_usage(c, "--now needs a time such as 2024-05-01T10:00:00Z, not `%s`", text);
    return false;
  }
  c->now = (int64_t)seconds * 1000000000;
  return true;
}

// argv[0] is the verb's name. Options end at `--`; only `run` tells apart what stands before and after it.
bool lq_options_parse(lq_cli *c, const lq_command *command, int argc, char **argv, lq_options *o)
{
  *o = (lq_options){.command = command};
  int end = 1;
  while (end < argc && strcmp(argv[end], "--") != 0)
    end++;
  o->split = end < argc;
  char **after = o->split ? argv + end + 1 : argv + argc;
  size_t nafter = (size_t)(argv + argc - after);
  // A copy with an end of its own: getopt looks at argv[argc].
  char **before = list_of(argv, (size_t)end, NULL, 0);
  bool ok = read_options(c, end, before, o);
  if (ok) {
    bool two = command->run == lq_cmd_run;
    o->nargs = (size_t)(end - optind) + (two ? 0 : nafter);
    o->args = list_of(before + optind, (size_t)(end - optind), after, two ? 0 : nafter);
    o->nrest = two ? nafter : 0;
    o->rest = list_of(after, o->nrest, NULL, 0);
  }
  free(before);
  if (!ok || !choose_color(c, o) || !choose_now(c, o->value[LQ_OPT_NOW]) ||
      (!o->value[LQ_OPT_HELP] && !choose_format(c, o)))
    return false;
  c->lists = o->value[LQ_OPT_LISTS];
  c->schema = o->value[LQ_OPT_SCHEMA];
  return true;
}

void lq_options_free(lq_options *o)
{
  free(o->args);
  free(o->rest);
  o->args = o->rest = NULL;
}

bool lq_option_number(lq_cli *c, const lq_options *o, lq_option which, uint64_t *v)
{
  const char *text = o->value[which];
  char *end = NULL;
  errno = 0;
  unsigned long long n = text ? strtoull(text, &end, 10) : 0;
  if (text && (*text < '0' || *text > '9' || *end || errno)) {
    lq_say_usage(c, "%s: `--%s` needs a whole number, not `%s`", o->command->word, lq_option_rows[which].word,
                 text);
    return false;
  }
  *v = n;
  return true;
}

bool lq_option_time(lq_cli *c, const lq_options *o, lq_option which, int64_t *ns)
{
  static const struct {
    const char *unit;
    int64_t ns;
  } units[] = {
      {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};
  const char *text = o->value[which];
  char *end = NULL;
  if (!text)
    return true;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 10);
  bool number = *text >= '0' && *text <= '9' && !errno;
  if (number && n == 0 && !*end) {
    *ns = 0;
    return true;
  }
  for (size_t i = 0; number && i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) == 0 && n <= (unsigned long long)(INT64_MAX / 4 / units[i].ns)) {
      *ns = (int64_t)n * units[i].ns;
      return true;
    }
  }
  lq_say_usage(c, "%s: `--%s` needs a time such as 30s, 5m or 1h, not `%s`", o->command->word,
               lq_option_rows[which].word, text);
  return false;
}

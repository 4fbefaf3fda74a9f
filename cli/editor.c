// One line from the user: with editing, history and completion at a terminal, plain from a pipe.
#include "cli/editor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(LQ_LINE_EDITOR_READLINE) || defined(LQ_LINE_EDITOR_LIBEDIT)
#define LQ_LINE_EDITOR 1
#endif
#ifdef LQ_LINE_EDITOR_READLINE
#include <readline/history.h>
#include <readline/readline.h>
#elif defined(LQ_LINE_EDITOR_LIBEDIT)
#include <editline/readline.h>
#endif

enum { HISTORY_LINES = 2000, LINE_MAX_BYTES = 16 << 20 };

// ---- plain lines

static bool take_line(lq_editor *e, lq_string *out)
{
  const char *from = e->held.p + e->held_at;
  const char *end = e->held.n > e->held_at ? memchr(from, '\n', e->held.n - e->held_at) : NULL;
  if (!end)
    return false;
  lq_string_add(out, from, (size_t)(end - from));
  if (out->n && out->p[out->n - 1] == '\r')
    out->p[--out->n] = '\0';
  e->held_at += (size_t)(end - from) + 1;
  return true;
}

static void forget_taken(lq_editor *e)
{
  lq_string rest = {0};
  lq_string_add(&rest, e->held.p + e->held_at, e->held.n - e->held_at);
  lq_string_free(&e->held);
  e->held = rest;
  e->held_at = 0;
}

static lq_line_result plain_line(lq_editor *e, lq_string *out)
{
  char block[4096];
  while (!take_line(e, out)) {
    if (e->held_at)
      forget_taken(e);
    long got = e->held.n < LINE_MAX_BYTES ? lq_in_read(STDIN_FILENO, block, sizeof block) : 0;
    if (got < 0)
      return errno == EINTR ? LQ_LINE_INTERRUPTED : LQ_LINE_END;
    if (got == 0 && e->held.n == 0)
      return LQ_LINE_END;
    lq_string_add(&e->held, got ? block : "\n", got ? (size_t)got : 1);
  }
  return LQ_LINE_OK;
}

#ifndef LQ_LINE_EDITOR

void lq_editor_open(lq_editor *e, lq_cli *c, lq_complete_fn complete, void *user)
{
  *e = (lq_editor){.cli = c, .complete = complete, .user = user};
  e->interactive = isatty(STDIN_FILENO) && c->out.terminal;
}

lq_line_result lq_editor_line(lq_editor *e, const char *prompt, lq_string *out)
{
  if (e->interactive)
    lq_out_z(&e->cli->out, prompt);
  lq_out_flush(&e->cli->out);
  return plain_line(e, out);
}

void lq_editor_remember(lq_editor *e, const char *text)
{
  (void)e, (void)text;
}

void lq_editor_close(lq_editor *e)
{
  lq_string_free(&e->held);
}

#else

// ---- the line editor: readline's interface, which libedit has, too

// Its callbacks get no pointer of ours.
static lq_editor *active;
static struct {
  char *line;
  bool done;
} got_line;

typedef struct words {
  char **list;
  size_t n, cap;
} words;

static void add_word(void *list, const char *word, size_t n)
{
  words *w = list;
  if (w->n + 2 > w->cap) {
    w->cap = w->cap * 2 + 32;
    w->list = lq_need(w->list, w->cap, sizeof *w->list);
  }
  w->list[w->n++] = lq_copy(word, n);
}

static char *next_word(const char *text, int again)
{
  static words w;
  static size_t at;
  if (!again) {
    for (; at < w.n; at++)
      free(w.list[at]);
    w.n = at = 0;
    size_t end = (size_t)rl_point, start = end - strlen(text);
    active->complete(active->user, rl_line_buffer, end, start, add_word, &w);
  }
  return at < w.n ? w.list[at++] : NULL;
}

static char **complete(const char *text, int start, int end)
{
  (void)start, (void)end;
  char **found = rl_completion_matches(text, next_word);
  rl_attempted_completion_over = 1; // a file name is offered only where one is meant
  size_t n = found && found[0] ? strlen(found[0]) : 0;
  bool one = found && !found[1];
  // A function's name ends in its bracket, a folder's in a slash: the argument follows at once.
  rl_completion_append_character = one && n && strchr("(/", found[0][n - 1]) ? '\0' : ' ';
  return found;
}

static void on_line(char *line)
{
  got_line.line = line;
  got_line.done = true;
  rl_callback_handler_remove();
}

// $XDG_STATE_HOME/lq/history, ~/.local/state/lq/history; the folders are made.
static char *history_file(void)
{
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  lq_string path = {0};
  if (state && *state == '/')
    lq_string_z(&path, state);
  else if (home && *home == '/')
    lq_string_printf(&path, "%s/.local/state", home);
  else
    return NULL;
  lq_string_z(&path, "/lq");
  for (char *slash = path.p + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = '\0';
    mkdir(path.p, 0700);
    *slash = '/';
  }
  mkdir(path.p, 0700);
  lq_string_z(&path, "/history");
  return path.p;
}

void lq_editor_open(lq_editor *e, lq_cli *c, lq_complete_fn fn, void *user)
{
  const char *term = getenv("TERM");
  *e = (lq_editor){.cli = c, .complete = fn, .user = user};
  e->interactive = isatty(STDIN_FILENO) && c->out.terminal && !(term && strcmp(term, "dumb") == 0);
  if (!e->interactive)
    return;
  active = e;
  rl_readline_name = (char *)"lq";
  rl_catch_signals = 0; // Ctrl-C is ours: it drops the line
  rl_attempted_completion_function = complete;
  rl_basic_word_break_characters = (char *)" \t\n\"'`()[]{},;|<>=!+*%?";
  rl_completer_word_break_characters = (char *)" \t\n\"'`()[]{},;|<>=!+*%?";
  using_history();
  e->history = history_file();
  if (e->history)
    read_history(e->history);
  stifle_history(HISTORY_LINES);
}

static lq_line_result edited_line(const char *prompt, lq_string *out)
{
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  got_line.line = NULL;
  got_line.done = false;
  rl_callback_handler_install(prompt, on_line);
  while (!got_line.done) {
    int ready = lq_interrupted() ? -1 : poll(&in, 1, -1);
    if (lq_interrupted()) {
      rl_callback_handler_remove();
      return LQ_LINE_INTERRUPTED;
    }
    if (ready > 0)
      rl_callback_read_char();
  }
  if (!got_line.line)
    return LQ_LINE_END;
  lq_string_z(out, got_line.line);
  free(got_line.line);
  return LQ_LINE_OK;
}

lq_line_result lq_editor_line(lq_editor *e, const char *prompt, lq_string *out)
{
  lq_out_flush(&e->cli->out);
  if (!e->interactive)
    return plain_line(e, out);
  return edited_line(prompt, out);
}

void lq_editor_remember(lq_editor *e, const char *text)
{
  if (e->interactive && *text)
    add_history(text);
}

void lq_editor_close(lq_editor *e)
{
  lq_string_free(&e->held);
  if (e->interactive && e->history)
    write_history(e->history); // without a place for it there is none: no reason to complain
  free(e->history);
  active = NULL;
}

#endif

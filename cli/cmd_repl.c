// lq repl: the loop of the prompt, and its commands by name.
#include <stdlib.h>
#include <string.h>

#include "cli/repl.h"

const lq_repl_command lq_repl_commands[] = {
#define LQ_REPL_COMMAND(name, operands, help) {#name, operands, help, lq_do_##name},
#include "cli/repl_commands.def"
#undef LQ_REPL_COMMAND
};
const size_t lq_repl_command_count = sizeof lq_repl_commands / sizeof *lq_repl_commands;

// ---- commands

// Words with blanks between; "..." keeps blanks. In place.
static size_t split(char *line, char **words, size_t max)
{
  size_t n = 0;
  char *to = line;
  for (char *p = line; n < max;) {
    while (*p == ' ' || *p == '\t')
      p++;
    if (!*p)
      break;
    words[n++] = to;
    for (bool quoted = false; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
      if (*p == '"')
        quoted = !quoted;
      else
        *to++ = *p;
    }
    if (*p)
      p++;
    *to++ = '\0';
  }
  return n;
}

// A command may be cut short as long as it stays the only one: `:q`, `:ex 3`.
static const lq_repl_command *find(const char *word)
{
  size_t n = strlen(word), found = 0;
  const lq_repl_command *hit = NULL;
  for (size_t i = 0; i < lq_repl_command_count; i++) {
    const lq_repl_command *k = &lq_repl_commands[i];
    if (strcmp(k->word, word) == 0)
      return k;
    if (n > 0 && strncmp(k->word, word, n) == 0) {
      hit = k;
      found++;
    }
  }
  return found == 1 ? hit : NULL;
}

static void run_command(lq_repl *r, const char *line)
{
  enum { WORDS = 64 };
  char *copy = lq_copy(line, strlen(line)), *words[WORDS];
  size_t n = split(copy, words, WORDS);
  char *word = n ? words[0] + 1 : copy;
  size_t length = n ? strlen(word) : 0;
  // `:save!`: the sign goes on as an operand.
  if (length && word[length - 1] == '!' && n < WORDS) {
    word[length - 1] = '\0';
    memmove(words + 2, words + 1, (n - 1) * sizeof *words);
    words[1] = (char *)"!";
    n++;
  }
  const lq_repl_command *k = n ? find(word) : NULL;
  if (k)
    k->run(r, words, n);
  else
    lq_say(r->cli, "no command `:%s`; `:help` lists them", n ? word : "");
  free(copy);
}

void lq_do_help(lq_repl *r, char **args, size_t n)
{
  (void)args, (void)n;
  lq_out *out = &r->cli->out;
  lq_out_z(out,
           "Type a query to run it over the events. An unfinished one continues on the next line; an empty\n"
           "line ends it. A line that begins with | adds to the query before it. Tab completes.\n\n");
  for (size_t i = 0; i < lq_repl_command_count; i++) {
    lq_string s = {0};
    lq_string_printf(&s, ":%s %s", lq_repl_commands[i].word, lq_repl_commands[i].operands);
    if (s.n > 18)
      lq_out_printf(out, "  %s\n  %-18s %s\n", s.p, "", lq_repl_commands[i].help);
    else
      lq_out_printf(out, "  %-18s %s\n", s.p, lq_repl_commands[i].help);
    lq_string_free(&s);
  }
}

void lq_do_quit(lq_repl *r, char **args, size_t n)
{
  (void)args, (void)n;
  r->quit = true;
}

void lq_do_time(lq_repl *r, char **args, size_t n)
{
  (void)args, (void)n;
  r->timing = !r->timing;
  lq_out_printf(&r->cli->out, "times are %s\n", r->timing ? "shown" : "not shown");
}

// ---- the loop

static bool is_blank(const lq_string *s)
{
  return s->n == 0 || strspn(s->p, " \t") == s->n;
}

static bool is_refining(const lq_repl *r, const lq_string *text)
{
  return r->query.n && text->p[strspn(text->p, " \t")] == '|';
}

// The query that was typed; a stage alone goes on from the query before it.
static void whole_query(const lq_repl *r, const lq_string *text, lq_string *whole)
{
  if (is_refining(r, text)) {
    lq_string_add(whole, r->query.p, r->query.n);
    lq_string_z(whole, "\n");
  }
  lq_string_add(whole, text->p, text->n);
}

static bool needs_more(const lq_repl *r, const lq_string *text)
{
  int unfinished = 0;
  lq_string whole = {0};
  whole_query(r, text, &whole);
  lq_status s = lq_query_unfinished(whole.p, whole.n, LQ_DIALECT_NAME_LQ, &unfinished);
  lq_string_free(&whole);
  return s == LQ_OK && unfinished;
}

// In the history a query is one line, unless a comment in it needs its line end.
static void remember(lq_repl *r, const lq_string *text)
{
  char *copy = lq_copy(text->p, text->n);
  if (!strstr(copy, "//")) {
    for (char *p = copy; *p; p++)
      *p = *p == '\n' ? ' ' : *p;
  }
  lq_editor_remember(&r->editor, copy);
  free(copy);
}

// Reads lines until they make a query or a command.
static lq_line_result read_entry(lq_repl *r, lq_string *text)
{
  for (;;) {
    lq_string line = {0};
    lq_line_result got = lq_editor_line(&r->editor, text->n ? "...> " : "lq> ", &line);
    bool blank = is_blank(&line);
    if (got == LQ_LINE_OK && !(blank && text->n == 0)) {
      if (!blank && text->n)
        lq_string_z(text, "\n");
      if (!blank)
        lq_string_add(text, line.p, line.n);
    }
    lq_string_free(&line);
    if (got == LQ_LINE_END && text->n)
      return LQ_LINE_OK;
    if (got != LQ_LINE_OK || (text->n && (blank || text->p[0] == ':' || !needs_more(r, text))))
      return got;
  }
}

static void run_query(lq_repl *r, const lq_string *text)
{
  lq_string whole = {0};
  whole_query(r, text, &whole);
  lq_repl_query(r, whole.p, whole.n);
  lq_string_free(&whole);
}

// What went wrong at the prompt was said there; it is no reason for an exit code.
static void one_entry(lq_repl *r, const lq_string *text)
{
  unsigned before = r->cli->saw;
  remember(r, text);
  const char *p = text->p + strspn(text->p, " \t");
  if (*p == ':')
    run_command(r, p);
  else
    run_query(r, text);
  r->cli->saw = before;
}

static void loop(lq_repl *r)
{
  lq_string text = {0};
  while (!r->quit && !lq_out_broken(&r->cli->out)) {
    lq_line_result got = read_entry(r, &text);
    if (got == LQ_LINE_OK && text.n)
      one_entry(r, &text);
    if (lq_interrupted() && r->editor.interactive) {
      lq_out_z(&r->cli->out, "\n");
      lq_interrupt_clear();
    } else if (got != LQ_LINE_OK) {
      break;
    }
    lq_string_clear(&text);
  }
  if (r->editor.interactive && !r->quit)
    lq_out_z(&r->cli->out, "\n");
  lq_string_free(&text);
}

void lq_cmd_repl(lq_cli *c, const lq_options *o)
{
  lq_repl r = {.cli = c, .format = o->format};
  for (size_t i = 0; i < o->nargs; i++) {
    if (strcmp(o->args[i], "-") == 0) {
      lq_say_usage(c, "repl: standard input is where you type; name event files");
      return;
    }
  }
  // A pipe gets the same tables as a terminal: a session that is played back reads like one.
  if (!o->value[LQ_OPT_FORMAT])
    r.format = LQ_FORMAT_TABLE;
  lq_editor_open(&r.editor, c, lq_repl_complete, &r);
  if (r.editor.interactive)
    lq_out_printf(&c->out, "lq %s: type a query, or :help\n", lq_version());
  if (o->nargs)
    lq_repl_add_files(&r, o->args, o->nargs);
  loop(&r);
  lq_editor_close(&r.editor);
  lq_repl_forget_shown(&r);
  lq_repl_forget_state(&r);
  lq_repl_forget_rule(&r);
  lq_repl_free_data(&r);
}

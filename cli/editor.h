// One line from the user: with editing, history and completion at a terminal, plain from a pipe.
#ifndef LQ_CLI_EDITOR_H
#define LQ_CLI_EDITOR_H

#include "cli/cli.h"

typedef enum lq_line_result { LQ_LINE_OK, LQ_LINE_END, LQ_LINE_INTERRUPTED } lq_line_result;

// Gives each word that could stand at the end of the n bytes of the line; start is where that word begins.
typedef void (*lq_complete_fn)(void *user, const char *line, size_t n, size_t start,
                               void (*add)(void *list, const char *word, size_t n), void *list);

typedef struct lq_editor {
  lq_cli *cli;
  bool interactive; // there are prompts, and somebody to read them
  lq_complete_fn complete;
  void *user;
  char *history;  // file
  lq_string held; // read from the pipe and not taken yet
  size_t held_at;
} lq_editor;

void lq_editor_open(lq_editor *e, lq_cli *c, lq_complete_fn complete, void *user);
lq_line_result lq_editor_line(lq_editor *e, const char *prompt, lq_string *out); // without its line end
void lq_editor_remember(lq_editor *e, const char *text);
void lq_editor_close(lq_editor *e);

#endif

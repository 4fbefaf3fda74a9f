// What Tab offers at the prompt: commands, file names, words of the language, fields of the schema and of the
// data.
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/repl.h"

typedef struct offer {
  void (*add)(void *list, const char *word, size_t n);
  void *list;
  const char *prefix;
  size_t n; // of the prefix
} offer;

static bool begins(const char *word, size_t n, const offer *o)
{
  return n >= o->n && memcmp(word, o->prefix, o->n) == 0;
}

static void offer_commands(const offer *o)
{
  for (size_t i = 0; i < lq_repl_command_count; i++) {
    lq_string s = {0};
    lq_string_printf(&s, ":%s", lq_repl_commands[i].word);
    if (begins(s.p, s.n, o))
      o->add(o->list, s.p, s.n);
    lq_string_free(&s);
  }
}

static void offer_file(const offer *o, const char *folder, size_t nfolder, const char *name)
{
  struct stat st;
  lq_string s = {0};
  lq_string_add(&s, folder, nfolder);
  lq_string_z(&s, name);
  if (stat(s.p, &st) == 0 && S_ISDIR(st.st_mode))
    lq_string_z(&s, "/");
  if (begins(s.p, s.n, o))
    o->add(o->list, s.p, s.n);
  lq_string_free(&s);
}

static void offer_files(const offer *o)
{
  lq_string folder = {0};
  size_t n = o->n;
  while (n > 0 && o->prefix[n - 1] != '/')
    n--;
  lq_string_add(&folder, n ? o->prefix : "./", n ? n : 2);
  DIR *dir = opendir(folder.p);
  for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    if (e->d_name[0] != '.')
      offer_file(o, folder.p, n, e->d_name);
  }
  if (dir)
    closedir(dir);
  lq_string_free(&folder);
}

static void offer_fields(const offer *o, const lq_repl *r)
{
  for (size_t i = 0; i < r->nfields && o->n > 0; i++) {
    size_t n = strlen(r->fields[i].name);
    if (begins(r->fields[i].name, n, o))
      o->add(o->list, r->fields[i].name, n);
  }
}

static void offer_word(void *user, lq_text word, uint32_t kind, size_t start)
{
  const offer *o = user;
  (void)start;
  if (!begins(word.p, word.n, o))
    return;
  if (kind != LQ_COLOR_FUNCTION) {
    o->add(o->list, word.p, word.n);
    return;
  }
  lq_string s = {0};
  lq_string_text(&s, word);
  if (s.n && s.p[s.n - 1] != '(')
    lq_string_z(&s, "(");
  o->add(o->list, s.p, s.n);
  lq_string_free(&s);
}

void lq_repl_complete(void *user, const char *line, size_t n, size_t start,
                      void (*add)(void *list, const char *word, size_t n), void *list)
{
  const offer o = {.add = add, .list = list, .prefix = line + start, .n = n - start};
  const char *p = line + strspn(line, " \t");
  bool files = strncmp(p, ":l", 2) == 0 || strncmp(p, ":r", 2) == 0 || strncmp(p, ":s", 2) == 0;
  if (*p == ':' && (size_t)(p - line) == start) {
    offer_commands(&o);
  } else if (*p == ':' && files) {
    offer_files(&o);
  } else if (*p == ':') {
    offer_fields(&o, user);
  } else {
    offer_fields(&o, user);
    lq_complete(line, n, LQ_DIALECT_NAME_LQ, offer_word, (void *)&o);
  }
}

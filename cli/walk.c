// Names on the command line to files: folders are walked, globs expanded, the order is always the same.
#include "cli/walk.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

typedef struct walker {
  lq_cli *cli;
  int (*takes)(const char *name);
  lq_files *out;
  bool size_unknown;
} walker;

static void cannot(walker *w, const char *name, int error)
{
  lq_say(w->cli, "cannot read %s: %s", name, strerror(error));
  w->out->missing = true;
}

static void add(walker *w, const char *name, const struct stat *st)
{
  lq_files *f = w->out;
  if (f->n == f->cap) {
    f->cap = f->cap * 2 + 16;
    f->names = lq_need(f->names, f->cap, sizeof *f->names);
  }
  f->names[f->n++] = lq_copy(name, strlen(name));
  if (st && S_ISREG(st->st_mode))
    f->bytes += (uint64_t)st->st_size;
  else
    w->size_unknown = true;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

// Names in a folder, sorted by bytes; NULL and errno.
static char **names_in(const char *folder, size_t *n)
{
  DIR *dir = opendir(folder);
  char **names = lq_need(NULL, 0, sizeof *names);
  size_t cap = 0;
  *n = 0;
  if (!dir) {
    free(names);
    return NULL;
  }
  for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    if (e->d_name[0] == '.')
      continue;
    if (*n == cap) {
      cap = cap * 2 + 32;
      names = lq_need(names, cap, sizeof *names);
    }
    names[(*n)++] = lq_copy(e->d_name, strlen(e->d_name));
  }
  closedir(dir);
  qsort(names, *n, sizeof *names, by_name);
  return names;
}

static void walk_folder(walker *w, const char *folder, int depth);

static void walk_entry(walker *w, const char *path, int depth)
{
  struct stat link, st;
  if (lstat(path, &link) != 0 || stat(path, &st) != 0) {
    if (w->takes(path))
      cannot(w, path, errno);
    return;
  }
  if (S_ISDIR(link.st_mode))
    walk_folder(w, path, depth + 1);
  else if (S_ISREG(st.st_mode) && w->takes(path))
    add(w, path, &st);
}

// Recursion follows folders, and is capped.
static void walk_folder(walker *w, const char *folder, int depth)
{
  size_t n = 0, length = strlen(folder);
  char **names = depth < DEPTH_MAX ? names_in(folder, &n) : (errno = ELOOP, NULL);
  if (!names) {
    cannot(w, folder, errno);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    lq_string path = {0};
    lq_string_printf(&path, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", names[i]);
    walk_entry(w, path.p, depth);
    lq_string_free(&path);
    free(names[i]);
  }
  free(names);
}

static void take_name(walker *w, const char *name)
{
  struct stat st;
  size_t before = w->out->n;
  if (strcmp(name, "-") == 0) {
    add(w, name, NULL);
  } else if (stat(name, &st) != 0) {
    cannot(w, name, errno);
  } else if (S_ISDIR(st.st_mode)) {
    walk_folder(w, name, 0);
    if (w->out->n == before && !w->out->missing) {
      lq_say(w->cli, "nothing to read in %s: %s", name,
             w->takes == lq_takes_events ? "no .json, .ndjson or .jsonl (.gz, .zst)"
                                         : "no .lq, .md or .toml");
      w->out->missing = true;
    }
  } else {
    add(w, name, &st);
  }
}

static bool exists(const char *name)
{
  struct stat st;
  return lstat(name, &st) == 0;
}

// A pattern that the shell left alone; a file of that very name goes first.
static bool take_glob(walker *w, const char *name)
{
  glob_t found = {0};
  if (!strpbrk(name, "*?[") || exists(name) || glob(name, GLOB_ERR, NULL, &found) != 0)
    return false;
  for (size_t i = 0; i < found.gl_pathc; i++)
    take_name(w, found.gl_pathv[i]);
  globfree(&found);
  return true;
}

void lq_walk(lq_cli *c, char *const *names, size_t n, int (*takes)(const char *name), lq_files *out)
{
  walker w = {.cli = c, .takes = takes, .out = out};
  *out = (lq_files){0};
  for (size_t i = 0; i < n; i++) {
    if (!take_glob(&w, names[i]))
      take_name(&w, names[i]);
  }
  if (w.size_unknown)
    out->bytes = 0;
}

void lq_files_free(lq_files *f)
{
  for (size_t i = 0; i < f->n; i++)
    free(f->names[i]);
  free(f->names);
  *f = (lq_files){0};
}

static bool ends_in(const char *name, size_t n, const char *ending)
{
  size_t m = strlen(ending);
  return n > m && strncasecmp(name + n - m, ending, m) == 0;
}

int lq_takes_events(const char *name)
{
  static const char *const packed[] = {".gz", ".zst"}, *const endings[] = {".json", ".ndjson", ".jsonl"};
  size_t n = strlen(name);
  for (size_t i = 0; i < 2; i++) {
    if (ends_in(name, n, packed[i])) {
      n -= strlen(packed[i]);
      break;
    }
  }
  for (size_t i = 0; i < 3; i++) {
    if (ends_in(name, n, endings[i]))
      return 1;
  }
  return 0;
}

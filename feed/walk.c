// Names on the command line to files: folders are walked, globs expanded, the order is always the same.
#include "feed/walk.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

typedef struct walker {
  const lq_host *host;
  const lq_taker *taker;
  lq_files *out;
  bool size_unknown;
  lq_status status;
} walker;

static void cannot(walker *w, const char *name, int error)
{
  lq_host_cannot(w->host, LQ_NOTICE_CANNOT_FIND, name, error);
  w->out->missing = true;
}

lq_status lq_files_add(lq_files *f, const char *name)
{
  char *copy = lq_name_copy(f->mem, name, strlen(name));
  if (!copy || !LQ_GROW(f->mem, f->names, f->n, &f->cap)) {
    lq_name_free(f->mem, copy);
    return LQ_E_NOMEM;
  }
  f->names[f->n++] = copy;
  return LQ_OK;
}

static void add(walker *w, const char *name, const struct stat *st)
{
  w->status = lq_files_add(w->out, name);
  if (st && S_ISREG(st->st_mode))
    w->out->bytes += (uint64_t)st->st_size;
  else
    w->size_unknown = true;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

// Names in a folder, sorted by bytes. False and errno.
static bool names_in(const char *folder, lq_files *out)
{
  DIR *dir = opendir(folder);
  lq_status s = LQ_OK;
  if (!dir)
    return false;
  for (struct dirent *e = readdir(dir); e && s == LQ_OK; e = readdir(dir)) {
    if (e->d_name[0] != '.')
      s = lq_files_add(out, e->d_name);
  }
  closedir(dir);
  if (out->n)
    qsort(out->names, out->n, sizeof *out->names, by_name);
  errno = ENOMEM;
  return s == LQ_OK;
}

static void walk_folder(walker *w, const char *folder, int depth);

static void walk_entry(walker *w, const char *path, int depth)
{
  struct stat link, st;
  if (lstat(path, &link) != 0 || stat(path, &st) != 0) {
    if (w->taker->takes(path))
      cannot(w, path, errno);
    return;
  }
  if (S_ISDIR(link.st_mode))
    walk_folder(w, path, depth + 1);
  else if (S_ISREG(st.st_mode) && w->taker->takes(path))
    add(w, path, &st);
}

static void walk_names(walker *w, const char *folder, const lq_files *names, int depth)
{
  const lq_mem *mem = w->host->mem;
  size_t length = strlen(folder);
  for (size_t i = 0; i < names->n && w->status == LQ_OK; i++) {
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    char *path = lq_name_printf(mem, "%s%s%s", folder, slash, names->names[i]);
    if (path)
      walk_entry(w, path, depth);
    else
      w->status = LQ_E_NOMEM;
    lq_name_free(mem, path);
  }
}

// Recursion follows folders, and is capped.
static void walk_folder(walker *w, const char *folder, int depth)
{
  lq_files names = {.mem = w->host->mem};
  errno = ELOOP;
  if (depth < DEPTH_MAX && names_in(folder, &names))
    walk_names(w, folder, &names, depth);
  else if (errno == ENOMEM)
    w->status = LQ_E_NOMEM;
  else
    cannot(w, folder, errno);
  lq_files_free(&names);
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
    if (w->status == LQ_OK && w->out->n == before && !w->out->missing) {
      lq_host_say(w->host,
                  &(lq_notice){.kind = LQ_NOTICE_NOTHING_IN, .name = name, .why = w->taker->endings});
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
  for (size_t i = 0; i < found.gl_pathc && w->status == LQ_OK; i++)
    take_name(w, found.gl_pathv[i]);
  globfree(&found);
  return true;
}

lq_status lq_walk(const lq_host *h, char *const *names, size_t n, const lq_taker *taker, lq_files *out)
{
  walker w = {.host = h, .taker = taker, .out = out};
  *out = (lq_files){.mem = h->mem};
  for (size_t i = 0; i < n && w.status == LQ_OK; i++) {
    if (!take_glob(&w, names[i]))
      take_name(&w, names[i]);
  }
  if (w.size_unknown)
    out->bytes = 0;
  return w.status;
}

void lq_files_free(lq_files *f)
{
  if (!f->mem)
    return;
  for (size_t i = 0; i < f->n; i++)
    lq_name_free(f->mem, f->names[i]);
  lq_mem_free(f->mem, f->names, f->cap, sizeof *f->names);
  *f = (lq_files){.mem = f->mem};
}

const lq_taker lq_takes_events = {lq_input_takes, NULL};

// The public JSON parsing suite: each y_ file parses, each n_ file is refused, an i_ file may do either.
// Usage: json_suite FOLDER
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/json.h"

static size_t read_file(const char *path, char **text)
{
  FILE *f = fopen(path, "rb");
  if (!f)
    return 0;
  size_t n = 0, cap = 1 << 20;
  *text = malloc(cap);
  n = *text ? fread(*text, 1, cap, f) : 0;
  fclose(f);
  return n;
}

static int check(const char *folder, const char *name)
{
  char path[4096];
  char *text = NULL;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  size_t n = read_file(path, &text);
  lq_json j = {.mem = &lq_mem_libc};
  lq_json_error error;
  lq_status s = lq_json_parse(&j, (lq_str){text ? text : "", n}, 64, &error);
  int wrong = (name[0] == 'y' && s != LQ_OK) || (name[0] == 'n' && s == LQ_OK);
  if (wrong)
    printf("%s: %s\n", name, s == LQ_OK ? "parses" : error.reason);
  lq_json_free(&j);
  free(text);
  return wrong;
}

int main(int argc, char **argv)
{
  DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
  if (!d)
    return 2;
  int files = 0, wrong = 0;
  for (struct dirent *e; (e = readdir(d));) {
    if (e->d_name[1] == '_')
      files++, wrong += check(argv[1], e->d_name);
  }
  closedir(d);
  printf("%d files, %d wrong\n", files, wrong);
  return wrong || files == 0;
}

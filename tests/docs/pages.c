// Writes one reference page, as the library makes it from its tables.   pages NAME
#include <libquery/lq.h>
#include <stdio.h>

static int put(void *user, const char *bytes, size_t n)
{
  return fwrite(bytes, 1, n, user) != n;
}

int main(int argc, char **argv)
{
  lq_status s = argc == 2 ? lq_docs(argv[1], put, stdout) : LQ_E_USAGE;
  if (s != LQ_OK)
    fprintf(stderr, "pages: %s\n", lq_status_text(s));
  return s != LQ_OK || fflush(stdout) != 0;
}

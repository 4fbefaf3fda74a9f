// A program that runs bundles and nothing else: linked with the archive it must not bring the compiler along.
#include <libquery/lq.h>
#include <stdio.h>

static int on_match(void *user, const lq_match *m)
{
  (void)user;
  return puts(lq_match_id(m)) == EOF;
}

static size_t read_all(const char *name, char *out, size_t cap)
{
  FILE *f = fopen(name, "rb");
  size_t n = f ? fread(out, 1, cap, f) : 0;
  if (f)
    fclose(f);
  return n;
}

int main(int argc, char **argv)
{
  static char bytes[1 << 20];
  lq_scan_options o = {.struct_size = sizeof o, .match = on_match};
  lq_bundle *b = NULL;
  lq_scan *s = NULL;
  if (argc < 3 ||
      lq_bundle_load(&b, bytes, read_all(argv[1], bytes, sizeof bytes), NULL, NULL, NULL) != LQ_OK)
    return 2;
  int failed = lq_scan_new(&s, b, &o) != LQ_OK || lq_scan_begin(s, argv[2]) != LQ_OK ||
               lq_scan_feed(s, bytes, read_all(argv[2], bytes, sizeof bytes)) != LQ_OK ||
               lq_scan_end(s) != LQ_OK;
  lq_scan_free(s);
  lq_bundle_free(b);
  return failed;
}

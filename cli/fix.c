// lq check --fix: writes fixes that are sure into the rule files.
#include "cli/fix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/load.h"

// What a file says of itself: mistakes of spelling and grammar, whether it can be read, how many sure fixes
// it has.
typedef struct health {
  size_t spelling, broken, fixes;
} health;

typedef struct file_fixes {
  lq_text name;
  const lq_diagnostic **fixes; // ascending, without overlaps
  size_t n;
} file_fixes;

enum { FILE_MAX = 64 << 20 };

static bool check_bytes(lq_cli *c, const char *name, const lq_string *text, health *h)
{
  lq_build *b;
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  *h = (health){0};
  if (!lq_new_build(c, LQ_BUILD_KEEP_GOING, &b))
    return false;
  lq_status s = lq_build_add_file(b, name, text->n ? text->p : "", text->n);
  for (size_t i = 0; i < lq_build_diag_count(b); i++) {
    if (lq_build_diag(b, i, &d) != LQ_OK)
      continue;
    h->spelling += d.code < 200;
    h->broken += d.code >= 500 && d.severity == LQ_SEVERITY_ERROR;
    h->fixes += d.has_fix == LQ_FIX_SURE;
  }
  lq_build_free(b);
  return s == LQ_OK || s == LQ_E_QUERY;
}

static bool is_better(const health *before, const health *after)
{
  return after->spelling <= before->spelling && after->broken <= before->broken &&
         (after->spelling < before->spelling || after->fixes < before->fixes);
}

static void apply(const lq_string *text, const lq_diagnostic *const *fixes, size_t n, lq_string *out)
{
  size_t at = 0;
  lq_string_clear(out);
  for (size_t i = 0; i < n; i++) {
    lq_string_add(out, text->p + at, (size_t)fixes[i]->fix_start - at);
    lq_string_text(out, fixes[i]->fix);
    at = (size_t)fixes[i]->fix_end;
  }
  lq_string_add(out, text->p + at, text->n - at);
}

// All at once; if that does not read back right (a rule inside TOML has escapes of its own), one by one from
// the end, so that the places of those before it stay.
static size_t improve(lq_cli *c, const file_fixes *f, const char *name, lq_string *text)
{
  health before, after;
  lq_string next = {0};
  size_t made = 0;
  if (!check_bytes(c, name, text, &before))
    return 0;
  apply(text, f->fixes, f->n, &next);
  if (check_bytes(c, name, &next, &after) && is_better(&before, &after)) {
    made = f->n;
    lq_string_clear(text);
    lq_string_add(text, next.p, next.n);
  }
  for (size_t i = f->n; made < f->n && f->n > 1 && i-- > 0;) {
    apply(text, &f->fixes[i], 1, &next);
    if (!check_bytes(c, name, &next, &after) || !is_better(&before, &after))
      continue;
    before = after;
    lq_string_clear(text);
    lq_string_add(text, next.p, next.n);
    made++;
  }
  lq_string_free(&next);
  return made;
}

// Through a link to what it names, and with the permissions it has.
static int write_back(const char *name, const lq_string *text)
{
  struct stat st;
  char *real = realpath(name, NULL);
  if (!real)
    return errno;
  int error = stat(real, &st) != 0 ? errno : lq_write_file(real, text->n ? text->p : "", text->n);
  if (!error && chmod(real, st.st_mode & 07777) != 0)
    error = errno;
  free(real);
  return error;
}

static bool spans_fit(const file_fixes *f, size_t n)
{
  return f->n == 0 || f->fixes[f->n - 1]->fix_end <= n;
}

static void fix_file(lq_cli *c, const file_fixes *f, lq_fixed *out)
{
  lq_string text = {0};
  char *name = lq_copy(f->name.p, f->name.n);
  int error = lq_read_file(name, FILE_MAX, &text);
  size_t made = 0;
  if (!error && spans_fit(f, text.n))
    made = improve(c, f, name, &text);
  if (made > 0)
    error = write_back(name, &text);
  if (error) {
    lq_say(c, "cannot fix %s: %s", name, strerror(error));
    c->saw |= LQ_SAW_BAD_OUTPUT;
    made = 0;
  }
  out->fixes += made;
  out->files += made > 0;
  out->left += f->n - made;
  lq_string_free(&text);
  free(name);
}

static int by_file_and_place(const void *a, const void *b)
{
  const lq_diagnostic *x = *(const lq_diagnostic *const *)a, *y = *(const lq_diagnostic *const *)b;
  size_t n = x->file.n < y->file.n ? x->file.n : y->file.n;
  int order = memcmp(x->file.p, y->file.p, n);
  if (order || x->file.n != y->file.n)
    return order ? order : (x->file.n > y->file.n) - (x->file.n < y->file.n);
  if (x->fix_start != y->fix_start)
    return x->fix_start < y->fix_start ? -1 : 1;
  return (x->fix_end > y->fix_end) - (x->fix_end < y->fix_end);
}

static bool same_file(const lq_diagnostic *a, const lq_diagnostic *b)
{
  return a->file.n == b->file.n && memcmp(a->file.p, b->file.p, a->file.n) == 0;
}

// Of fixes that overlap the first is made; the next look at the file finds the others again, if they are
// still there.
static size_t without_overlaps(const lq_diagnostic **fixes, size_t n)
{
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (kept == 0 || fixes[i]->fix_start >= fixes[kept - 1]->fix_end)
      fixes[kept++] = fixes[i];
  }
  return kept;
}

void lq_fix_files(lq_cli *c, const lq_findings *f, lq_fixed *out)
{
  const lq_diagnostic **all = lq_need(NULL, f->n ? f->n : 1, sizeof *all);
  size_t n = 0;
  for (size_t i = 0; i < f->n; i++) {
    const lq_diagnostic *d = &f->items[i].d;
    if (d->has_fix == LQ_FIX_SURE && d->file.n && d->fix_end >= d->fix_start)
      all[n++] = d;
  }
  qsort(all, n, sizeof *all, by_file_and_place);
  for (size_t i = 0, end; i < n && !lq_interrupted(); i = end) {
    for (end = i + 1; end < n && same_file(all[i], all[end]);)
      end++;
    file_fixes file = {.name = all[i]->file, .fixes = all + i};
    file.n = without_overlaps(file.fixes, end - i);
    out->left += end - i - file.n;
    fix_file(c, &file, out);
  }
  free(all);
}

// The line that says how far a long run is.
#include "cli/progress.h"

#include <string.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;

int64_t lq_elapsed(int64_t since)
{
  return lq_os->clock() - since;
}

static void write_line(const char *p, size_t n)
{
  (void)!write(STDERR_FILENO, p, n); // a lost progress line is no loss
}

static void clear(void *user)
{
  static const char code[] = "\r\033[K";
  lq_cli *c = user;
  if (c->progress_shown)
    write_line(code, sizeof code - 1);
  c->progress_shown = false;
}

void lq_progress_hook(lq_cli *c)
{
  c->err.before = clear;
  c->err.user = c;
  if (c->out.terminal) {
    c->out.before = clear;
    c->out.user = c;
  }
}

void lq_progress_start(lq_progress *p, lq_cli *c, uint64_t total)
{
  *p = (lq_progress){.cli = c, .total = total};
  p->start = p->last = lq_elapsed(0);
}

static bool is_due(lq_progress *p, int64_t now)
{
  return p->cli->err.terminal && now - p->start >= SECOND && now - p->last >= SECOND / 5;
}

void lq_progress_files(lq_progress *p, size_t done, size_t of)
{
  int64_t now = lq_elapsed(0);
  if (!is_due(p, now))
    return;
  lq_string line = {0};
  lq_string_z(&line, "\r\033[K");
  lq_string_count(&line, done);
  lq_string_z(&line, " of ");
  lq_string_count(&line, of);
  lq_string_z(&line, " files");
  write_line(line.p, line.n);
  lq_string_free(&line);
  p->cli->progress_shown = true;
  p->last = now;
}

void lq_progress_show(lq_progress *p, const lq_stats *s)
{
  int64_t now = lq_elapsed(0), spent = now - p->start;
  if (!is_due(p, now))
    return;
  lq_string line = {0};
  double seconds = (double)spent / (double)SECOND;
  lq_string_z(&line, "\r\033[K");
  lq_string_count(&line, s->events + s->skimmed);
  lq_string_printf(&line, " events  %.0f MB/s  ", (double)s->bytes / 1e6 / seconds);
  lq_string_count(&line, s->matches);
  lq_string_z(&line, " hits");
  if (p->total > s->bytes_in && s->bytes_in > 0) {
    double left = seconds * (double)(p->total - s->bytes_in) / (double)s->bytes_in;
    lq_string_printf(&line, "  ETA %d:%02d", (int)(left / 60), (int)left % 60);
  }
  write_line(line.p, line.n);
  lq_string_free(&line);
  p->cli->progress_shown = true;
  p->last = now;
}

void lq_progress_end(lq_progress *p)
{
  clear(p->cli);
}

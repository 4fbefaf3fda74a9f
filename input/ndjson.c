// A JSON object a line: a line is found by memchr and never copied, and a bad line is one bad record.
#include "input/frame.h"

lq_status lq_frame_take_line(lq_frame *f, lq_str text, uint64_t offset, bool open_ended)
{
  if (text.n > f->env.max_record)
    return lq_frame_fault(f, f->line, offset, LQ_FORM_SIZE, 0, "the record is larger than the limit");
  while (text.n > 0 && lq_frame_is_blank(text.p[0]))
    text.p++, text.n--, offset++;
  while (text.n > 0 && lq_frame_is_blank(text.p[text.n - 1]))
    text.n--;
  if (text.n == 0)
    return LQ_OK;
  lq_form_record r = {text, f->line, offset, open_ended};
  bool broken;
  size_t at;
  return lq_frame_record(f, &r, &broken, &at);
}

// A line that is already too long: says so once and forgets it; its end is still to come.
static lq_status give_up_line(lq_frame *f)
{
  uint64_t offset = f->base;
  f->base += f->held.n;
  lq_buf_clear(&f->held);
  f->skip_line = true;
  return lq_frame_fault(f, f->line, offset, LQ_FORM_SIZE, 0, "the record is larger than the limit");
}

static lq_status end_line(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  uint64_t offset = f->base;
  f->base += f->held.n + n + 1;
  if (f->held.n > 0) {
    s = lq_frame_hold(f, p, n);
    p = f->held.p, n = f->held.n;
  }
  if (s == LQ_OK && !f->skip_line)
    s = lq_frame_take_line(f, (lq_str){p, n}, offset, false);
  lq_buf_clear(&f->held);
  f->skip_line = false;
  f->line++;
  return s;
}

lq_status lq_frame_feed_lines(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  const char *end = p + n;
  while (p < end && s == LQ_OK) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t len = (size_t)((newline ? newline : end) - p);
    if (!f->skip_line && f->held.n + len > f->env.max_record) {
      s = give_up_line(f);
      continue;
    }
    if (newline)
      s = end_line(f, p, len);
    else if (f->skip_line)
      f->base += len;
    else
      s = lq_frame_hold(f, p, len);
    p = newline ? newline + 1 : end;
  }
  return s;
}

static void begin(void *state, const lq_form_env *env, const lq_form_place *from)
{
  lq_frame *f = state;
  lq_frame_begin(f, env, from->line);
  f->mode = LQ_FRAME_LINES;
  f->base = from->offset;
  f->skip_line = from->inside;
}

const lq_form lq_form_ndjson = {.size = sizeof(lq_frame),
                                .resumes = true,
                                .begin = begin,
                                .feed = lq_frame_feed,
                                .end = lq_frame_end,
                                .where = lq_frame_where,
                                .at_line = lq_frame_at_line,
                                .pass_lines = lq_frame_pass_lines,
                                .free = lq_frame_free};

// A JSON object a line: a line is found by memchr and never copied, and a bad line is one bad record. Behind
// a sieve, lines that hold none of its texts are counted and no more, if they begin and end as an object
// does.
#include "input/frame.h"

static lq_str without_blanks(lq_str s)
{
  while (s.n > 0 && lq_frame_is_blank(s.p[0]))
    s.p++, s.n--;
  while (s.n > 0 && lq_frame_is_blank(s.p[s.n - 1]))
    s.n--;
  return s;
}

// A line that was cut, or is none of JSON, does not go by unseen: to tell these costs nothing.
static bool looks_whole(lq_str line)
{
  return line.n >= 2 && line.p[0] == '{' && line.p[line.n - 1] == '}';
}

// Lines that were read to find out what the source is are no lines of its own yet.
static bool is_held_back(const lq_frame *f, lq_str line)
{
  return f->env.sieve && f->mode == LQ_FRAME_LINES && !f->sifted && looks_whole(line) &&
         lq_sieve_find(f->env.sieve, line, 0, f->env.wide) == line.n;
}

lq_status lq_frame_take_line(lq_frame *f, lq_str text, uint64_t offset, bool open_ended)
{
  if (text.n > f->env.max_record)
    return lq_frame_fault(f, f->line, offset, LQ_FORM_SIZE, 0, "the record is larger than the limit");
  lq_str line = without_blanks(text);
  offset += (uint64_t)(line.p - text.p);
  text = line;
  if (text.n == 0)
    return LQ_OK;
  if (is_held_back(f, text)) {
    f->env.hooks.skim(f->env.hooks.user, 1);
    return LQ_OK;
  }
  lq_form_record r = {text, f->line, offset, open_ended, f->is_line};
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
  f->skip_line = f->sifted = false;
  f->line++;
  return s;
}

// ---- many lines at once

// Small enough that what was searched is still at hand when its lines are counted.
enum { SKIMMED_AT_ONCE = 1 << 16 };

static size_t last_newline(const char *p, size_t n) // 1 more; 0: there is none
{
  while (n > 0 && p[n - 1] != '\n')
    n--;
  return n;
}

// These lines are whole, and hold nothing of the sieve. Gives the bytes of those that are done with, up to
// one that looks odd.
static size_t skim(lq_frame *f, const char *from, size_t n)
{
  const char *p = from, *end = from + n;
  uint64_t records = 0;
  while (p < end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    lq_str line = without_blanks((lq_str){p, (size_t)(newline - p)});
    f->sifted = line.n > 0 && !looks_whole(line);
    if (f->sifted)
      break;
    records += line.n > 0;
    f->line++;
    p = newline + 1;
  }
  f->base += (uint64_t)(p - from);
  f->env.hooks.skim(f->env.hooks.user, records);
  return (size_t)(p - from);
}

// Bytes of lines that are done with, as the sieve holds them back: up to the first that is to be read, or is
// not here to its end. A line that is too long is none of them.
static size_t skim_lines(lq_frame *f, const char *p, size_t n)
{
  size_t most = f->env.max_record < SKIMMED_AT_ONCE ? f->env.max_record + 1 : SKIMMED_AT_ONCE, done = 0;
  f->sifted = false;
  while (done < n && !f->sifted) {
    size_t piece = last_newline(p + done, n - done < most ? n - done : most);
    size_t found = lq_sieve_find(f->env.sieve, (lq_str){p + done, piece}, 0, f->env.wide);
    size_t lines = found < piece ? last_newline(p + done, found) : piece;
    size_t skimmed = skim(f, p + done, lines);
    f->sifted |= found < piece;
    done += skimmed;
    if (skimmed < lines || lines == 0)
      break;
  }
  return done;
}

// A line that begins here is taken as a whole, if it is one.
static size_t line_length(lq_frame *f, const char *p, size_t n)
{
  f->is_line = f->held.n == 0 && !f->skip_line;
  if (f->is_line)
    return f->env.hooks.line(f->env.hooks.user, p, n);
  const char *newline = memchr(p, '\n', n);
  return newline ? (size_t)(newline - p) : n;
}

lq_status lq_frame_feed_lines(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  const char *end = p + n;
  while (p < end && s == LQ_OK) {
    if (f->env.sieve && f->held.n == 0 && !f->skip_line)
      p += skim_lines(f, p, (size_t)(end - p));
    if (p == end)
      break;
    size_t len = line_length(f, p, (size_t)(end - p));
    bool ends = p + len < end;
    if (!f->skip_line && f->held.n + len > f->env.max_record) {
      s = give_up_line(f);
      continue;
    }
    if (ends)
      s = end_line(f, p, len);
    else if (f->skip_line)
      f->base += len;
    else
      s = lq_frame_hold(f, p, len);
    f->is_line = false;
    p = ends ? p + len + 1 : end;
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

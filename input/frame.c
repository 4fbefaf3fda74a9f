// Text, as its first bytes come: are its lines records? Then they are taken as such, otherwise it is scanned.
#include "input/frame.h"

enum { PIECE = 1 << 16, PROBE_LEAVES = 1 << 20 };

lq_status lq_frame_record(lq_frame *f, const lq_form_record *r, bool *broken, size_t *at)
{
  *broken = false;
  return f->env.hooks.record(f->env.hooks.user, r, broken, at);
}

lq_status lq_frame_fault(lq_frame *f, uint64_t line, uint64_t offset, lq_form_fault why, size_t column,
                         const char *reason)
{
  return f->env.hooks.fault(f->env.hooks.user, line, offset, why, column, reason);
}

void lq_frame_begin(lq_frame *f, const lq_form_env *env, uint64_t line)
{
  lq_buf held = f->held;
  held.mem = env->mem;
  lq_buf_clear(&held);
  lq_json probe = f->probe;
  probe.mem = env->mem;
  *f = (lq_frame){.env = *env, .held = held, .probe = probe, .line = line, .blank = true};
  f->probe.max_leaves = PROBE_LEAVES;
}

void lq_frame_free(void *state, const lq_mem *mem)
{
  lq_frame *f = state;
  f->held.mem = f->probe.mem = mem;
  lq_buf_free(&f->held);
  lq_json_free(&f->probe);
}

void lq_frame_where(const void *state, lq_form_place *out)
{
  const lq_frame *f = state;
  bool lines = f->mode == LQ_FRAME_LINES;
  *out = (lq_form_place){.form = lines ? LQ_FORM_ndjson : -1, .line = f->line, .offset = f->base};
  out->inside = lines && f->skip_line;
  if (lines || f->mode == LQ_FRAME_UNKNOWN || f->state == LQ_INSIDE)
    out->pending = f->held.n;
}

bool lq_frame_at_line(const void *state)
{
  const lq_frame *f = state;
  return f->mode == LQ_FRAME_LINES && f->held.n == 0 && !f->skip_line;
}

void lq_frame_pass_lines(void *state, uint64_t lines, size_t n)
{
  lq_frame *f = state;
  f->line += lines;
  f->base += n;
}

lq_status lq_frame_hold(lq_frame *f, const char *p, size_t n)
{
  lq_buf_add(&f->held, p, n);
  return f->held.failed ? LQ_E_NOMEM : LQ_OK;
}

// Forgets what is done with.
static void drop(lq_frame *f)
{
  size_t done = f->state == LQ_INSIDE ? f->start : f->at;
  if (done == 0)
    return;
  memmove(f->held.p, f->held.p + done, f->held.n - done);
  f->held.n -= done;
  f->base += done;
  f->at -= done;
  f->start -= f->state == LQ_INSIDE ? done : f->start;
}

void lq_frame_pass_newline(lq_frame *f)
{
  f->at++;
  f->line++;
  f->line_start = f->base + f->at;
  f->blank = true;
}

// ---- what kind of source it is

static bool is_array(const lq_json *j, uint32_t value)
{
  return value && j->nodes[value].kind == LQ_JSON_ARRAY;
}

static bool is_wrapper_object(const lq_json *j)
{
  uint32_t hits = lq_json_member(j, 0, LQ_STR("hits")), events = lq_json_member(j, 0, LQ_STR("Events"));
  return (hits && is_array(j, lq_json_member(j, hits, LQ_STR("hits")))) || is_array(j, events) ||
         (events && is_array(j, lq_json_member(j, events, LQ_STR("Event"))));
}

lq_status lq_frame_probe(lq_frame *f, size_t from, size_t to, lq_json_error *error)
{
  return lq_json_parse(&f->probe, (lq_str){f->held.p + from, to - from}, f->env.max_depth, error);
}

// False: more bytes are needed to tell.
static bool pass_mark(lq_frame *f, bool at_end)
{
  static const char mark[3] = "\xEF\xBB\xBF";
  if (f->base > 0 || f->at > 0)
    return true;
  size_t n = f->held.n < 3 ? f->held.n : 3;
  if (n == 0 || memcmp(f->held.p, mark, n) != 0)
    return true;
  if (n == 3)
    f->at = 3;
  return n == 3 || at_end;
}

static lq_status decide_by_line(lq_frame *f, size_t len, bool newline, bool at_end)
{
  lq_json_error error;
  char c = f->held.p[f->at];
  if (c == '{' || c == '[') {
    lq_status s = c == '{' && len <= f->env.max_record ? lq_frame_probe(f, f->at, f->at + len, &error)
                                                       : LQ_E_INPUT;
    bool lines = s == LQ_OK ? !is_wrapper_object(&f->probe) : s == LQ_E_LIMIT;
    f->mode = lines ? LQ_FRAME_LINES : LQ_FRAME_STREAM;
    return s == LQ_E_NOMEM ? s : LQ_OK;
  }
  if (!newline && !at_end) {
    f->mode = LQ_FRAME_LINES;
    return LQ_OK;
  }
  // No record begins like this. The next line has a chance of its own.
  lq_status s = lq_frame_take_line(f, (lq_str){f->held.p + f->at, len}, f->base + f->at, !newline);
  f->at += len;
  if (f->at < f->held.n)
    lq_frame_pass_newline(f);
  return s;
}

static lq_status decide(lq_frame *f, bool at_end, bool *wait)
{
  *wait = !pass_mark(f, at_end);
  if (*wait)
    return LQ_OK;
  while (f->at < f->held.n && lq_frame_is_blank(f->held.p[f->at])) {
    if (f->held.p[f->at] == '\n')
      lq_frame_pass_newline(f);
    else
      f->at++;
  }
  size_t left = f->held.n - f->at;
  if (left == 0)
    return LQ_OK;
  if (f->checked > left)
    f->checked = left;
  const char *p = f->held.p + f->at, *newline = memchr(p + f->checked, '\n', left - f->checked);
  size_t len = newline ? (size_t)(newline - p) : left;
  f->checked = len;
  *wait = !newline && !at_end && len <= f->env.max_record && *p != '[';
  if (*wait)
    return LQ_OK;
  f->checked = 0;
  return decide_by_line(f, len, newline, at_end);
}

// The held bytes become lines.
static lq_status change_to_lines(lq_frame *f)
{
  lq_buf held = f->held;
  size_t from = f->at;
  f->base += from;
  f->held = (lq_buf){.mem = f->env.mem};
  f->at = 0;
  lq_status s = lq_frame_feed_lines(f, held.p + from, held.n - from);
  lq_buf_free(&held);
  return s;
}

static lq_status scan(lq_frame *f, bool at_end)
{
  lq_status s = LQ_OK;
  bool wait = false;
  while (s == LQ_OK && !wait && f->at < f->held.n) {
    if (f->mode == LQ_FRAME_UNKNOWN)
      s = decide(f, at_end, &wait);
    else if (f->mode == LQ_FRAME_STREAM)
      s = lq_frame_scan_objects(f);
    else
      return change_to_lines(f);
  }
  if (s == LQ_OK)
    drop(f);
  return s;
}

lq_status lq_frame_feed(void *state, const char *p, size_t n)
{
  lq_frame *f = state;
  lq_status s = LQ_OK;
  while (n > 0 && s == LQ_OK) {
    if (f->mode == LQ_FRAME_LINES)
      return lq_frame_feed_lines(f, p, n);
    size_t piece = n < PIECE ? n : PIECE;
    s = lq_frame_hold(f, p, piece);
    if (s == LQ_OK)
      s = scan(f, false);
    p += piece;
    n -= piece;
  }
  return s;
}

lq_status lq_frame_end(void *state)
{
  lq_frame *f = state;
  lq_status s = LQ_OK;
  do {
    if (f->mode != LQ_FRAME_LINES)
      s = scan(f, true);
    if (s == LQ_OK && f->mode == LQ_FRAME_STREAM)
      s = lq_frame_end_objects(f);
  } while (s == LQ_OK && f->mode != LQ_FRAME_LINES && f->at < f->held.n);
  if (s == LQ_OK && f->mode == LQ_FRAME_LINES && f->held.n > 0)
    s = lq_frame_take_line(f, lq_buf_get(&f->held), f->base, true);
  return s;
}

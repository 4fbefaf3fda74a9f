// Records in a stream of bytes. NDJSON is the fast way: a line is found by memchr and never copied.
// Everything else (objects over several lines, arrays, search results) is scanned byte by byte, and a broken
// record loses as little of what follows as can be.
#include "input/frame.h"

enum { PIECE = 1 << 16, PROBE_LEAVES = 1 << 20 };

static lq_status record(lq_frame *f, const lq_frame_record *r, bool *broken, size_t *at)
{
  *broken = false;
  return f->hooks.record(f->hooks.user, r, broken, at);
}

static lq_status fault(lq_frame *f, uint64_t line, uint64_t offset, lq_frame_fault why, size_t column,
                       const char *reason)
{
  return f->hooks.fault(f->hooks.user, line, offset, why, column, reason);
}

void lq_frame_begin(lq_frame *f)
{
  lq_buf held = f->held;
  held.mem = f->mem;
  lq_buf_clear(&held);
  lq_json probe = f->probe;
  probe.mem = f->mem;
  *f = (lq_frame){.mem = f->mem,
                  .hooks = f->hooks,
                  .max_record = f->max_record,
                  .max_depth = f->max_depth,
                  .held = held,
                  .probe = probe,
                  .line = 1,
                  .blank = true};
  f->probe.max_leaves = PROBE_LEAVES;
}

void lq_frame_begin_at(lq_frame *f, uint64_t offset, uint64_t line, bool inside)
{
  lq_frame_begin(f);
  f->mode = LQ_FRAME_LINES;
  f->base = offset;
  f->line = line;
  f->skip_line = inside;
}

void lq_frame_free(lq_frame *f)
{
  if (!f->mem)
    return;
  f->held.mem = f->probe.mem = f->mem;
  lq_buf_free(&f->held);
  lq_json_free(&f->probe);
}

static lq_status hold(lq_frame *f, const char *p, size_t n)
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

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void pass_newline(lq_frame *f)
{
  f->at++;
  f->line++;
  f->line_start = f->base + f->at;
  f->blank = true;
}

// ---- lines

static lq_status take_line(lq_frame *f, lq_str text, uint64_t offset, bool open_ended)
{
  if (text.n > f->max_record)
    return fault(f, f->line, offset, LQ_FRAME_SIZE, 0, "the record is larger than the limit");
  while (text.n > 0 && is_blank(text.p[0]))
    text.p++, text.n--, offset++;
  while (text.n > 0 && is_blank(text.p[text.n - 1]))
    text.n--;
  if (text.n == 0)
    return LQ_OK;
  lq_frame_record r = {text, f->line, offset, open_ended};
  bool broken;
  size_t at;
  return record(f, &r, &broken, &at);
}

// A line that is already too long: says so once and forgets it; its end is still to come.
static lq_status give_up_line(lq_frame *f)
{
  uint64_t offset = f->base;
  f->base += f->held.n;
  lq_buf_clear(&f->held);
  f->skip_line = true;
  return fault(f, f->line, offset, LQ_FRAME_SIZE, 0, "the record is larger than the limit");
}

static lq_status end_line(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  uint64_t offset = f->base;
  f->base += f->held.n + n + 1;
  if (f->held.n > 0) {
    s = hold(f, p, n);
    p = f->held.p, n = f->held.n;
  }
  if (s == LQ_OK && !f->skip_line)
    s = take_line(f, (lq_str){p, n}, offset, false);
  lq_buf_clear(&f->held);
  f->skip_line = false;
  f->line++;
  return s;
}

static lq_status feed_lines(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  const char *end = p + n;
  while (p < end && s == LQ_OK) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t len = (size_t)((newline ? newline : end) - p);
    if (!f->skip_line && f->held.n + len > f->max_record) {
      s = give_up_line(f);
      continue;
    }
    if (newline)
      s = end_line(f, p, len);
    else if (f->skip_line)
      f->base += len;
    else
      s = hold(f, p, len);
    p = newline ? newline + 1 : end;
  }
  return s;
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

static lq_status probe(lq_frame *f, size_t from, size_t to, lq_json_error *error)
{
  return lq_json_parse(&f->probe, (lq_str){f->held.p + from, to - from}, f->max_depth, error);
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
    lq_status s = c == '{' && len <= f->max_record ? probe(f, f->at, f->at + len, &error) : LQ_E_INPUT;
    bool lines = s == LQ_OK ? !is_wrapper_object(&f->probe) : s == LQ_E_LIMIT;
    f->mode = lines ? LQ_FRAME_LINES : LQ_FRAME_STREAM;
    return s == LQ_E_NOMEM ? s : LQ_OK;
  }
  if (!newline && !at_end) {
    f->mode = LQ_FRAME_LINES;
    return LQ_OK;
  }
  // No record begins like this. The next line has a chance of its own.
  lq_status s = take_line(f, (lq_str){f->held.p + f->at, len}, f->base + f->at, !newline);
  f->at += len;
  if (f->at < f->held.n)
    pass_newline(f);
  return s;
}

static lq_status decide(lq_frame *f, bool at_end, bool *wait)
{
  *wait = !pass_mark(f, at_end);
  if (*wait)
    return LQ_OK;
  while (f->at < f->held.n && is_blank(f->held.p[f->at])) {
    if (f->held.p[f->at] == '\n')
      pass_newline(f);
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
  *wait = !newline && !at_end && len <= f->max_record && *p != '[';
  if (*wait)
    return LQ_OK;
  f->checked = 0;
  return decide_by_line(f, len, newline, at_end);
}

// ---- objects over lines

// The lines in [start, to) have passed: where are we then?
static void move_to(lq_frame *f, size_t to)
{
  f->at = to;
  f->line = f->start_line;
  f->line_start = f->base + f->start - f->column;
  const char *p = f->held.p + f->start, *end = f->held.p + to;
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    f->line++;
    f->line_start = f->base + (uint64_t)(++p - f->held.p);
  }
}

// Where a record could begin afresh: the last line in (start, to] whose first byte is a brace no deeper
// indented than the record's own. 0: nowhere.
static size_t last_fresh_start(const lq_frame *f, size_t to)
{
  size_t found = 0;
  const char *p = f->held.p + f->start, *end = f->held.p + f->held.n, *last = f->held.p + to;
  while (p <= last && p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    const char *line = ++p;
    while (p < end && (*p == ' ' || *p == '\t'))
      p++;
    if (p < end && p <= last && *p == '{' && (uint64_t)(p - line) <= f->column)
      found = (size_t)(p - f->held.p);
  }
  return found;
}

// A record begins at `at`, whatever came before it. Whether lines are records may be asked again.
static void begin_afresh(lq_frame *f)
{
  f->blank = true;
  f->state = LQ_BETWEEN;
  f->checked = 0;
  if (!f->has_stream && f->arrays == 0)
    f->mode = LQ_FRAME_UNKNOWN;
}

// The record makes no sense from `broken` on (in held). What follows is looked at again from the nearest
// place where a record may begin: a broken record must not swallow the others.
static void recover(lq_frame *f, size_t broken)
{
  size_t fresh = last_fresh_start(f, broken);
  if (fresh) {
    move_to(f, fresh);
    begin_afresh(f);
    return;
  }
  move_to(f, broken);
  f->blank = false;
  f->state = LQ_LOST;
}

// Is the record, as far as it is here, the beginning of JSON? If not, it is reported and left.
static lq_status check_prefix(lq_frame *f, size_t to, bool surely_broken)
{
  lq_json_error error;
  lq_status s = probe(f, f->start, to, &error);
  if (s == LQ_E_NOMEM)
    return s;
  f->checked = to - f->start;
  if (s != LQ_E_INPUT || error.cut) {
    if (!surely_broken)
      return LQ_OK;
    error = (lq_json_error){.at = to - f->start - 1, .reason = "a string is not closed"};
  }
  s = fault(f, f->start_line, f->base + f->start, LQ_FRAME_JSON, error.at + 1, error.reason);
  recover(f, f->start + error.at);
  return s;
}

// The key before a value, looking back from its first byte; the record's bytes are all held.
static lq_str key_before(const lq_frame *f, size_t at)
{
  const char *first = f->held.p + f->start, *p = f->held.p + at;
  while (p > first && is_blank(p[-1]))
    p--;
  if (p == first || *--p != ':')
    return LQ_STR("");
  while (p > first && is_blank(p[-1]))
    p--;
  if (p == first || *--p != '"')
    return LQ_STR("");
  const char *end = p;
  while (p > first && p[-1] != '"')
    p--;
  return (lq_str){p, (size_t)(end - p)};
}

// An array of records inside an object: `{"hits":{"hits":[`, `{"Events":[`, `{"Events":{"Event":[`.
static bool opens_wrapper(const lq_frame *f)
{
  if (f->wrapper_depth)
    return false;
  lq_str key = key_before(f, f->at);
  if (f->depth == 1)
    return lq_str_eq(key, LQ_STR("Events"));
  lq_str outer = f->depth == 2 && f->inner > f->base + f->start ? key_before(f, (size_t)(f->inner - f->base))
                                                                : LQ_STR("");
  return (lq_str_eq(key, LQ_STR("hits")) && lq_str_eq(outer, key)) ||
         (lq_str_eq(key, LQ_STR("Event")) && lq_str_eq(outer, LQ_STR("Events")));
}

static void enter_wrapper(lq_frame *f)
{
  f->wrapper_depth = f->depth;
  f->outer_arrays = f->arrays;
  f->arrays = 1;
  f->has_stream = true;
  f->state = LQ_BETWEEN;
  f->at++;
}

static lq_status finish_record(lq_frame *f)
{
  lq_frame_record r = {{f->held.p + f->start, f->at - f->start}, f->start_line, f->base + f->start, false};
  bool broken;
  size_t broken_at, end = f->at;
  lq_status s = record(f, &r, &broken, &broken_at);
  f->has_stream |= !broken && (f->line > f->start_line || f->arrays > 0);
  f->state = LQ_BETWEEN;
  // Its brackets balance, so what follows is most likely sound, unless another record began inside.
  if (broken && last_fresh_start(f, end - 1))
    recover(f, f->start + broken_at < end ? f->start + broken_at : end - 1);
  return s;
}

static lq_status skip_large(lq_frame *f)
{
  lq_status s = check_prefix(f, f->at, false);
  if (s != LQ_OK || f->state != LQ_INSIDE)
    return s;
  s = fault(f, f->start_line, f->base + f->start, LQ_FRAME_SIZE, 0, "the record is larger than the limit");
  f->state = LQ_SKIPPING;
  f->skip_is_wrapper = false;
  return s;
}

// One byte inside a string.
static void pass_in_string(lq_frame *f, char c)
{
  if (f->escaped)
    f->escaped = false;
  else if (c == '\\')
    f->escaped = true;
  else if (c == '"')
    f->in_string = false;
  f->at++;
}

static bool may_be_fresh(const lq_frame *f)
{
  return f->blank && f->depth > 0 && f->base + f->at - f->line_start <= f->column &&
         f->at - f->start >= 2 * f->checked;
}

static lq_status pass_opening(lq_frame *f, char c)
{
  if (c == '{' && may_be_fresh(f)) {
    lq_status s = check_prefix(f, f->at + 1, false);
    if (s != LQ_OK || f->state != LQ_INSIDE)
      return s;
  }
  if (c == '[' && f->depth <= 2 && opens_wrapper(f)) {
    enter_wrapper(f);
    return LQ_OK;
  }
  if (c == '{' && f->depth == 1)
    f->inner = f->base + f->at;
  f->depth++;
  f->blank = false;
  f->at++;
  return LQ_OK;
}

static lq_status inside(lq_frame *f)
{
  lq_status s = LQ_OK;
  while (f->at < f->held.n && s == LQ_OK && f->state == LQ_INSIDE) {
    char c = f->held.p[f->at];
    if (f->at - f->start >= f->max_record) {
      s = skip_large(f);
    } else if (f->in_string) {
      if (c == '\n')
        s = check_prefix(f, f->at + 1, true);
      else
        pass_in_string(f, c);
    } else if (c == '\n') {
      pass_newline(f);
    } else if (c == '{' || c == '[') {
      s = pass_opening(f, c);
    } else {
      f->in_string = c == '"';
      f->blank &= is_blank(c);
      f->at++;
      if ((c == '}' || c == ']') && --f->depth == 0)
        s = finish_record(f);
    }
  }
  return s;
}

static void begin_record(lq_frame *f)
{
  f->state = LQ_INSIDE;
  f->start = f->at;
  f->start_line = f->line;
  f->column = f->base + f->at - f->line_start;
  f->checked = f->depth = 0;
  f->inner = 0;
  f->in_string = f->escaped = false;
  f->blank = false;
}

static void close_array(lq_frame *f)
{
  f->at++;
  if (--f->arrays > 0 || !f->wrapper_depth)
    return;
  f->state = LQ_SKIPPING;
  f->skip_is_wrapper = true;
  f->depth = f->wrapper_depth;
  f->arrays = f->outer_arrays;
  f->wrapper_depth = 0;
  f->in_string = f->escaped = false;
}

static lq_status between(lq_frame *f)
{
  while (f->at < f->held.n && f->state == LQ_BETWEEN) {
    char c = f->held.p[f->at];
    if (c == '\n') {
      pass_newline(f);
    } else if (is_blank(c) || (c == ',' && f->arrays > 0)) {
      f->at++;
    } else if (c == '{') {
      begin_record(f);
    } else if (c == '[' && f->arrays < UINT32_MAX) {
      f->arrays++;
      f->at++;
    } else if (c == ']' && f->arrays > 0) {
      close_array(f);
    } else {
      f->state = LQ_GARBAGE;
      f->in_string = f->escaped = false;
      return fault(f, f->line, f->base + f->at, LQ_FRAME_SHAPE, 1, "an event is a JSON object, this is none");
    }
  }
  return LQ_OK;
}

// Ends with the line, in an array also with the element.
static void pass_garbage(lq_frame *f)
{
  for (; f->at < f->held.n; f->at++) {
    char c = f->held.p[f->at];
    bool ends = c == '\n' || (f->arrays > 0 && !f->in_string && (c == ',' || c == ']'));
    if (ends) {
      f->state = LQ_BETWEEN;
      return;
    }
    if (f->escaped)
      f->escaped = false;
    else if (c == '\\')
      f->escaped = f->in_string;
    else if (c == '"')
      f->in_string = !f->in_string;
  }
}

static void skip(lq_frame *f)
{
  while (f->at < f->held.n && f->state == LQ_SKIPPING) {
    char c = f->held.p[f->at];
    if (c == '\n') {
      pass_newline(f);
    } else if (f->in_string) {
      pass_in_string(f, c);
    } else {
      f->in_string = c == '"';
      f->depth += c == '{' || c == '[';
      f->depth -= c == '}' || c == ']';
      f->at++;
      if (f->depth == 0)
        f->state = LQ_BETWEEN;
    }
  }
}

// Until a line begins like a record.
static void search(lq_frame *f)
{
  while (f->at < f->held.n) {
    char c = f->held.p[f->at];
    if (c == '{' && f->blank && f->base + f->at - f->line_start <= f->column) {
      begin_afresh(f);
      return;
    }
    if (c == '\n') {
      pass_newline(f);
    } else {
      f->blank &= is_blank(c);
      f->at++;
    }
  }
}

static lq_status scan_stream(lq_frame *f)
{
  switch (f->state) {
  case LQ_BETWEEN: return between(f);
  case LQ_INSIDE: return inside(f);
  case LQ_GARBAGE: pass_garbage(f); return LQ_OK;
  case LQ_SKIPPING: skip(f); return LQ_OK;
  case LQ_LOST: search(f); return LQ_OK;
  }
  return LQ_OK;
}

// The held bytes become lines.
static lq_status change_to_lines(lq_frame *f)
{
  lq_buf held = f->held;
  size_t from = f->at;
  f->base += from;
  f->held = (lq_buf){.mem = f->mem};
  f->at = 0;
  lq_status s = feed_lines(f, held.p + from, held.n - from);
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
      s = scan_stream(f);
    else
      return change_to_lines(f);
  }
  if (s == LQ_OK)
    drop(f);
  return s;
}

lq_status lq_frame_feed(lq_frame *f, const char *p, size_t n)
{
  lq_status s = LQ_OK;
  while (n > 0 && s == LQ_OK) {
    if (f->mode == LQ_FRAME_LINES)
      return feed_lines(f, p, n);
    size_t piece = n < PIECE ? n : PIECE;
    s = hold(f, p, piece);
    if (s == LQ_OK)
      s = scan(f, false);
    p += piece;
    n -= piece;
  }
  return s;
}

static lq_status end_stream(lq_frame *f)
{
  if (f->state == LQ_INSIDE) {
    lq_status s = check_prefix(f, f->held.n, false);
    if (s != LQ_OK || f->state != LQ_INSIDE)
      return s;
    f->state = LQ_BETWEEN;
    f->arrays = f->wrapper_depth = 0; // one report is enough
    return fault(f, f->start_line, f->base + f->start, LQ_FRAME_PARTIAL, 0,
                 "the input ends inside this record");
  }
  if (f->arrays > 0 || (f->state == LQ_SKIPPING && f->skip_is_wrapper)) {
    f->arrays = 0;
    f->state = LQ_BETWEEN;
    return fault(f, f->line, f->base + f->held.n, LQ_FRAME_PARTIAL, 0,
                 "the input ends inside an array of records");
  }
  return LQ_OK;
}

lq_status lq_frame_end(lq_frame *f)
{
  lq_status s = LQ_OK;
  do {
    if (f->mode != LQ_FRAME_LINES)
      s = scan(f, true);
    if (s == LQ_OK && f->mode == LQ_FRAME_STREAM)
      s = end_stream(f);
  } while (s == LQ_OK && f->mode != LQ_FRAME_LINES && f->at < f->held.n);
  if (s == LQ_OK && f->mode == LQ_FRAME_LINES && f->held.n > 0)
    s = take_line(f, lq_buf_get(&f->held), f->base, true);
  return s;
}

// JSON objects one after another, over lines, in arrays or wrappers: scanned byte by byte, and a broken
// record loses as little of what follows as can be.
#include "input/frame.h"

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
  lq_status s = lq_frame_probe(f, f->start, to, &error);
  if (s == LQ_E_NOMEM)
    return s;
  f->checked = to - f->start;
  if (s != LQ_E_INPUT || error.cut) {
    if (!surely_broken)
      return LQ_OK;
    error = (lq_json_error){.at = to - f->start - 1, .reason = "a string is not closed"};
  }
  s = lq_frame_fault(f, f->start_line, f->base + f->start, LQ_FORM_JSON, error.at + 1, error.reason);
  recover(f, f->start + error.at);
  return s;
}

// The key before a value, looking back from its first byte; the record's bytes are all held.
static lq_str key_before(const lq_frame *f, size_t at)
{
  const char *first = f->held.p + f->start, *p = f->held.p + at;
  while (p > first && lq_frame_is_blank(p[-1]))
    p--;
  if (p == first || *--p != ':')
    return LQ_STR("");
  while (p > first && lq_frame_is_blank(p[-1]))
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
  lq_form_record r = {
      {f->held.p + f->start, f->at - f->start}, f->start_line, f->base + f->start, false, false};
  bool broken;
  size_t broken_at, end = f->at;
  lq_status s = lq_frame_record(f, &r, &broken, &broken_at);
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
  s = lq_frame_fault(f, f->start_line, f->base + f->start, LQ_FORM_SIZE, 0,
                     "the record is larger than the limit");
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
    if (f->at - f->start >= f->env.max_record) {
      s = skip_large(f);
    } else if (f->in_string) {
      if (c == '\n')
        s = check_prefix(f, f->at + 1, true);
      else
        pass_in_string(f, c);
    } else if (c == '\n') {
      lq_frame_pass_newline(f);
    } else if (c == '{' || c == '[') {
      s = pass_opening(f, c);
    } else {
      f->in_string = c == '"';
      f->blank &= lq_frame_is_blank(c);
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
      lq_frame_pass_newline(f);
    } else if (lq_frame_is_blank(c) || (c == ',' && f->arrays > 0)) {
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
      return lq_frame_fault(f, f->line, f->base + f->at, LQ_FORM_SHAPE, 1,
                            "an event is a JSON object, this is none");
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
      lq_frame_pass_newline(f);
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
      lq_frame_pass_newline(f);
    } else {
      f->blank &= lq_frame_is_blank(c);
      f->at++;
    }
  }
}

lq_status lq_frame_scan_objects(lq_frame *f)
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

lq_status lq_frame_end_objects(lq_frame *f)
{
  if (f->state == LQ_INSIDE) {
    lq_status s = check_prefix(f, f->held.n, false);
    if (s != LQ_OK || f->state != LQ_INSIDE)
      return s;
    f->state = LQ_BETWEEN;
    f->arrays = f->wrapper_depth = 0; // one report is enough
    return lq_frame_fault(f, f->start_line, f->base + f->start, LQ_FORM_PARTIAL, 0,
                          "the input ends inside this record");
  }
  if (f->arrays > 0 || (f->state == LQ_SKIPPING && f->skip_is_wrapper)) {
    f->arrays = 0;
    f->state = LQ_BETWEEN;
    return lq_frame_fault(f, f->line, f->base + f->held.n, LQ_FORM_PARTIAL, 0,
                          "the input ends inside an array of records");
  }
  return LQ_OK;
}

// Also for text of which nothing is known yet.
static void begin(void *state, const lq_form_env *env, const lq_form_place *from)
{
  lq_frame_begin(state, env, from->line);
}

const lq_form lq_form_objects = {.size = sizeof(lq_frame),
                                 .begin = begin,
                                 .feed = lq_frame_feed,
                                 .end = lq_frame_end,
                                 .where = lq_frame_where,
                                 .at_line = lq_frame_at_line,
                                 .pass_lines = lq_frame_pass_lines,
                                 .free = lq_frame_free};

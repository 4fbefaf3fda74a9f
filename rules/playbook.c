// A playbook: Markdown whose headings name ATT&CK techniques and whose code spans are queries. Nothing is
// changed in it to be compiled, and places in messages are places in the page.
#include <md4c.h>

#include "rules/headings.h"
#include "rules/reader.h"

// The first keeps small what is searched from end to end.
enum { SPANS_MAX = 20000, LABEL_MAX = 120, COUNTS = 512 };

typedef struct playbook {
  lq_rule_reader *r;
  lq_str page;
  lq_headings headings;
  int heading;     // level of the heading we are in, 0: none
  bool code;       // in a code span or a code block
  lq_str language; // of a fenced block
  lq_buf text;     // of the heading or paragraph we are in
  bool prose;      // that text has more than code
  lq_str label;    // last line of the last paragraph, until a query takes it as its title
  lq_span *pieces; // of the code, in the page
  size_t npieces, pieces_cap;
  lq_attack_id *counts[COUNTS]; // how many rules each technique has, by a hash of its id
  unsigned unnamed;             // rules without a technique
  lq_status status;
} playbook;

// ---- what holds for a query
static lq_attack_id *count_of(playbook *pb, lq_str technique)
{
  size_t hash = 0;
  for (size_t k = 0; k < technique.n; k++)
    hash = hash * 31 + (unsigned char)technique.p[k];
  lq_attack_id **i = &pb->counts[hash % COUNTS];
  while (*i && !lq_str_eq((*i)->id, technique))
    i = &(*i)->next;
  if (!*i && (*i = lq_arena_alloc(pb->r->arena, sizeof **i)))
    (*i)->id = technique;
  return *i;
}

// The last line of what comes before the query on its page, without "OR:" before it, a colon behind it, or
// the bars of a table.
static lq_str tidy_label(lq_str s)
{
  const char *nl;
  while ((nl = memchr(s.p, '\n', s.n)))
    s = lq_str_slice(s, (size_t)(nl - s.p) + 1, s.n);
  s = lq_str_trim(s);
  if (s.n >= 3 && lq_str_eq_ascii(lq_str_slice(s, 0, 3), LQ_STR("OR:")))
    s = lq_str_trim(lq_str_slice(s, 3, s.n));
  while (s.n > 0 && strchr(":| ", s.p[s.n - 1]) && s.p[s.n - 1] != '\0')
    s.n--;
  while (s.n > 0 && strchr("| ", s.p[0]) && s.p[0] != '\0')
    s = lq_str_slice(s, 1, s.n);
  return s;
}

static lq_str title(playbook *pb, lq_str name, unsigned nth)
{
  lq_arena *a = pb->r->arena;
  lq_str written = pb->prose ? lq_str_trim(lq_buf_get(&pb->text)) : LQ_STR("");
  lq_str label = tidy_label(written.n > 0 ? written : pb->label);
  if (name.n == 0)
    return label.n > 0 ? lq_arena_copy(a, label) : label;
  if (nth < 2)
    return name;
  return label.n > 0 && label.n <= LABEL_MAX
             ? lq_arena_format(a, "%.*s: %.*s", LQ_STR_ARG(name), LQ_STR_ARG(label))
             : lq_arena_format(a, "%.*s (%u)", LQ_STR_ARG(name), nth);
}

static void name_rule(playbook *pb, lq_rule_file_rule *rule)
{
  lq_rule_reader *r = pb->r;
  lq_str stem = lq_rule_stem(r->file->source.name);
  const lq_heading *s = lq_headings_techniques(&pb->headings);
  lq_heading *top = lq_headings_top(&pb->headings);
  if (!s->techniques) {
    rule->id = lq_arena_format(r->arena, "%.*s/rule-%u", LQ_STR_ARG(stem), ++pb->unnamed);
    rule->name = title(pb, top->name, ++top->rules);
    return;
  }
  lq_attack_id *count = count_of(pb, s->techniques->id);
  if (!count)
    return;
  unsigned nth = ++count->rules;
  lq_str id = s->techniques->id;
  rule->id = nth == 1 ? lq_arena_format(r->arena, "%.*s/%.*s", LQ_STR_ARG(stem), LQ_STR_ARG(id))
                      : lq_arena_format(r->arena, "%.*s/%.*s-%u", LQ_STR_ARG(stem), LQ_STR_ARG(id), nth);
  rule->name = title(pb, top->name, nth);
}

static void describe_rule(playbook *pb, lq_rule_file_rule *rule)
{
  for (const lq_attack_id *i = lq_headings_techniques(&pb->headings)->techniques; i; i = i->next)
    lq_rule_meta(pb->r, rule, "attack", i->id);
  for (const lq_attack_id *i = lq_headings_tactics(&pb->headings); i; i = i->next)
    lq_rule_meta(pb->r, rule, "attack", i->id);
  lq_str text = lq_headings_text(&pb->headings);
  if (text.n > 0)
    lq_rule_meta(pb->r, rule, "description", text);
  lq_rule_meta(pb->r, rule, "kind", LQ_STR("query"));
  lq_rule_meta(pb->r, rule, "language", rule->dialect == LQ_DIALECT_KQL ? LQ_STR("kql") : LQ_STR("lq"));
}

// ---- code

static bool only_blanks(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (!strchr(" \t\r\n", s.p[i]) || s.p[i] == '\0')
      return false;
  }
  return true;
}

static void add_piece(playbook *pb, const char *p, size_t n)
{
  // md4c gives a line's end as a blank of its own, which lies nowhere in the page.
  uintptr_t at = (uintptr_t)p, begin = (uintptr_t)pb->page.p;
  if (n == 0 || at < begin || at >= begin + pb->page.n)
    return;
  if (!LQ_GROW(pb->r->mem, pb->pieces, pb->npieces, &pb->pieces_cap)) {
    pb->status = LQ_E_NOMEM;
    return;
  }
  uint32_t from = (uint32_t)(at - begin);
  pb->pieces[pb->npieces++] = (lq_span){from, from + (uint32_t)n};
}

// The page's bytes from the first to the last piece are the query, if all between the pieces is white space.
static bool is_whole(const playbook *pb)
{
  for (size_t i = 1; i < pb->npieces; i++) {
    if (!only_blanks(lq_str_slice(pb->page, pb->pieces[i - 1].end, pb->pieces[i].start)))
      return false;
  }
  return true;
}

// In a quotation each line begins with `>`: the lines are put together, and each has its place in the page.
static void stitch(playbook *pb, lq_rule_file_rule *rule, lq_span span)
{
  lq_arena *a = pb->r->arena;
  lq_map_segment *segments = lq_arena_array(a, pb->npieces, sizeof *segments);
  char *text = lq_arena_array(a, span.end - span.start, 1);
  if (!segments || !text)
    return;
  uint32_t n = 0;
  for (size_t i = 0; i < pb->npieces; i++) {
    lq_span piece = pb->pieces[i];
    if (i > 0)
      text[n++] = '\n';
    segments[i] = (lq_map_segment){n, piece.start};
    memcpy(text + n, pb->page.p + piece.start, piece.end - piece.start);
    n += piece.end - piece.start;
  }
  rule->query = lq_str_make(text, n);
  rule->map = (lq_source_map){.segments = segments, .n = pb->npieces};
  rule->span = span;
  rule->line = lq_rule_line(pb->r, span.start);
}

static void trim_pieces(playbook *pb)
{
  while (pb->npieces > 0) {
    lq_span *last = &pb->pieces[pb->npieces - 1];
    while (last->end > last->start && only_blanks(lq_str_make(pb->page.p + last->end - 1, 1)))
      last->end--;
    if (last->end > last->start)
      break;
    pb->npieces--;
  }
  size_t drop = 0;
  for (; drop < pb->npieces; drop++) {
    lq_span *first = &pb->pieces[drop];
    while (first->start < first->end && only_blanks(lq_str_make(pb->page.p + first->start, 1)))
      first->start++;
    if (first->start < first->end)
      break;
  }
  if (drop > 0)
    memmove(pb->pieces, pb->pieces + drop, (pb->npieces - drop) * sizeof *pb->pieces);
  pb->npieces -= drop;
}

// NULL: a language that is no query language.
static const char *dialect_of(lq_str language, lq_dialect *out)
{
  static const struct {
    const char *name;
    lq_dialect dialect;
  } known[] = {
      {"", LQ_DIALECT_LQ},       {"lq", LQ_DIALECT_LQ},   {"eql", LQ_DIALECT_LQ}, {"kql", LQ_DIALECT_KQL},
      {"kuery", LQ_DIALECT_KQL}, {"text", LQ_DIALECT_LQ}, {"txt", LQ_DIALECT_LQ},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (lq_str_eq_ascii(language, lq_str_of(known[i].name))) {
      *out = known[i].dialect;
      return known[i].name;
    }
  }
  return NULL;
}

static void judge(playbook *pb, lq_rule_file_rule *rule)
{
  const char *reason = NULL;
  if (pb->heading > 0) {
    reason = "it is in a heading";
  } else if (!dialect_of(pb->language, &rule->dialect)) {
    rule->reason = lq_arena_format(pb->r->arena, "a code block in another language: %.*s",
                                   LQ_STR_ARG(pb->language));
    rule->state = LQ_RULE_SKIPPED;
    return;
  } else {
    lq_status s;
    lq_is_query(pb->r->mem, rule->query, rule->dialect, &reason, &s);
    if (s != LQ_OK)
      pb->status = s;
  }
  if (reason) {
    rule->state = LQ_RULE_SKIPPED;
    rule->reason = lq_str_of(reason);
  }
}

static bool has_room(playbook *pb, lq_span span)
{
  if (pb->r->file->n < SPANS_MAX)
    return true;
  lq_diag_add(pb->r->diags, LQ_DIAG_TOO_LARGE, span, "more than %d code spans in one file", SPANS_MAX);
  pb->status = LQ_E_LIMIT;
  return false;
}

static void end_code(playbook *pb)
{
  pb->code = false;
  trim_pieces(pb);
  if (pb->npieces == 0)
    return;
  lq_span span = {pb->pieces[0].start, pb->pieces[pb->npieces - 1].end};
  lq_rule_file_rule *rule = has_room(pb, span) ? lq_rule_append(pb->r) : NULL;
  if (!rule)
    return;
  if (is_whole(pb))
    lq_rule_query(pb->r, rule, span);
  else
    stitch(pb, rule, span);
  judge(pb, rule);
  if (rule->state != LQ_RULE_FOUND)
    return;
  name_rule(pb, rule);
  describe_rule(pb, rule);
  pb->label = LQ_STR("");
}

// ---- the page, piece by piece, as md4c gives it

// One line of the paragraph's text.
static lq_str one_line(playbook *pb, lq_str s)
{
  lq_str copy = lq_arena_copy(pb->r->arena, s);
  char *p = (char *)(uintptr_t)copy.p;
  for (size_t i = 0; i < copy.n; i++) {
    if (p[i] == '\n')
      p[i] = ' ';
  }
  return copy;
}

// Clearing forgets that memory ran out, so that is noted first.
static void clear_text(playbook *pb)
{
  if (pb->text.failed)
    pb->status = LQ_E_NOMEM;
  lq_buf_clear(&pb->text);
  pb->prose = false;
}

static void end_paragraph(playbook *pb)
{
  lq_str text = lq_str_trim(lq_buf_get(&pb->text));
  lq_heading *top = lq_headings_top(&pb->headings);
  if (pb->prose && text.n > 0 && pb->heading == 0) {
    if (top->text.n == 0)
      top->text = one_line(pb, text);
    pb->label = lq_arena_copy(pb->r->arena, text);
  }
  clear_text(pb);
}

static int verdict(const playbook *pb)
{
  return pb->status != LQ_OK || pb->r->arena->failed || pb->text.failed;
}

static void begin_code(playbook *pb, lq_str language)
{
  pb->code = true;
  pb->npieces = 0;
  pb->language = lq_arena_copy(pb->r->arena, language);
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *user)
{
  playbook *pb = user;
  end_paragraph(pb);
  if (type == MD_BLOCK_H) {
    pb->heading = (int)((const MD_BLOCK_H_DETAIL *)detail)->level;
    return verdict(pb);
  }
  pb->headings.text_since |= type != MD_BLOCK_DOC;
  if (type == MD_BLOCK_CODE) {
    const MD_ATTRIBUTE *lang = &((const MD_BLOCK_CODE_DETAIL *)detail)->lang;
    begin_code(pb, lang->text ? lq_str_make(lang->text, lang->size) : LQ_STR(""));
  }
  return verdict(pb);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *user)
{
  playbook *pb = user;
  (void)detail;
  if (type == MD_BLOCK_CODE)
    end_code(pb);
  if (type == MD_BLOCK_H) {
    lq_headings_open(&pb->headings, pb->heading, lq_str_trim(lq_buf_get(&pb->text)));
    pb->label = LQ_STR("");
    clear_text(pb);
    pb->heading = 0;
  }
  end_paragraph(pb);
  return verdict(pb);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *user)
{
  (void)detail;
  if (type == MD_SPAN_CODE)
    begin_code(user, LQ_STR(""));
  return verdict(user);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *user)
{
  playbook *pb = user;
  (void)detail;
  if (type != MD_SPAN_CODE)
    return verdict(pb);
  size_t n = pb->r->file->n;
  end_code(pb);
  // A word in code, such as the name of a tool, is part of the sentence around it; a query is not.
  if (pb->r->file->n == n || pb->r->file->last->state != LQ_RULE_FOUND) {
    for (size_t i = 0; i < pb->npieces; i++)
      lq_buf_str(&pb->text, lq_str_slice(pb->page, pb->pieces[i].start, pb->pieces[i].end));
  }
  return verdict(pb);
}

static void add_entity(playbook *pb, lq_str s)
{
  static const char *const known[][2] = {
      {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", " "}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (lq_str_is(s, known[i][0]))
      s = lq_str_of(known[i][1]);
  }
  lq_buf_str(&pb->text, s);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *user)
{
  playbook *pb = user;
  if (pb->code) {
    add_piece(pb, text, size);
  } else if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) {
    lq_buf_byte(&pb->text, '\n');
  } else if (type == MD_TEXT_ENTITY) {
    add_entity(pb, lq_str_make(text, size));
  } else if (type == MD_TEXT_NORMAL) {
    lq_buf_add(&pb->text, text, size);
    pb->prose |= !only_blanks(lq_str_make(text, size));
  }
  return verdict(pb);
}

lq_status lq_read_playbook(lq_rule_reader *r)
{
  // Tables are not asked for: a row's code spans are found all the same, and a `|` in one needs no escape.
  static const MD_PARSER parser = {.enter_block = enter_block,
                                   .leave_block = leave_block,
                                   .enter_span = enter_span,
                                   .leave_span = leave_span,
                                   .text = on_text};
  playbook pb = {.r = r, .page = r->file->source.text, .text = {.mem = r->mem}, .label = LQ_STR("")};
  pb.headings.arena = r->arena;
  lq_headings_page(&pb.headings, lq_rule_stem(r->file->source.name));
  lq_str body = lq_str_starts(pb.page, LQ_STR("\xEF\xBB\xBF")) ? lq_str_slice(pb.page, 3, pb.page.n)
                                                               : pb.page;
  int failed = md_parse(body.p, (MD_SIZE)body.n, &parser, &pb);
  // md4c itself fails for want of memory only. A limit has been reported, and what was read before it is
  // good.
  if (pb.status == LQ_E_LIMIT)
    pb.status = LQ_OK;
  else if (failed || verdict(&pb))
    pb.status = LQ_E_NOMEM;
  lq_buf_free(&pb.text);
  lq_mem_free(r->mem, pb.pieces, pb.pieces_cap, sizeof *pb.pieces);
  return pb.status;
}

// A playbook: Markdown whose headings name ATT&CK techniques and whose code spans are queries. Nothing is
// changed in it to be compiled, and places in messages are places in the page.
#include <md4c.h>

#include "rules/reader.h"

typedef struct id_list {
  struct id_list *next;
  lq_str id;
  unsigned rules; // in the list of all techniques of the page
} id_list;

// What is below one heading, or below several that follow each other with no text between.
typedef struct section {
  int level; // 0: the page itself
  id_list *techniques, *tactics;
  lq_str name; // the heading without its ids
  lq_str text; // the first paragraph
  unsigned rules;
} section;

// LEVELS: the page, H1 to H6, one to spare. The others keep what is searched from end to end short.
enum { LEVELS = 8, SPANS_MAX = 20000, HEADING_IDS_MAX = 64, LABEL_MAX = 120, COUNTS = 512 };

typedef struct playbook {
  lq_rule_reader *r;
  lq_str page;
  section sections[LEVELS];
  int depth;       // the innermost one
  bool text_since; // something stood below the last heading
  int heading;     // level of the heading we are in, 0: none
  bool code;       // in a code span or a code block
  lq_str language; // of a fenced block
  lq_buf text;     // of the heading or paragraph we are in
  bool prose;      // that text has more than code
  lq_str label;    // last line of the last paragraph, until a query takes it as its title
  lq_span *pieces; // of the code, in the page
  size_t npieces, pieces_cap;
  id_list *counts[COUNTS]; // how many rules each technique has, by a hash of its id
  unsigned unnamed;        // rules without a technique
  lq_status status;
} playbook;

// ---- ids in headings and file names
// ---------------------------------------------------------------------------------

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digits(lq_str s, size_t at, size_t n)
{
  if (at > s.n || s.n - at < n)
    return false;
  for (size_t i = 0; i < n; i++) {
    if (!is_digit(s.p[at + i]))
      return false;
  }
  return true;
}

// Length of the ATT&CK id that begins there: T1059, T1059.001 or TA0002. 0: none.
static size_t id_length(lq_str s, size_t at)
{
  if (s.p[at] != 'T' || (at > 0 && is_alnum(s.p[at - 1])))
    return 0;
  bool tactic = at + 1 < s.n && s.p[at + 1] == 'A';
  size_t n = tactic ? 2 : 1;
  if (!digits(s, at + n, 4))
    return 0;
  n += 4;
  if (!tactic && at + n < s.n && s.p[at + n] == '.' && digits(s, at + n + 1, 3))
    n += 4;
  return at + n < s.n && is_alnum(s.p[at + n]) ? 0 : n;
}

static void add_id(playbook *pb, id_list **list, lq_str id)
{
  for (int n = 0; *list; list = &(*list)->next, n++) {
    if (lq_str_eq((*list)->id, id) || n >= HEADING_IDS_MAX)
      return;
  }
  *list = lq_arena_alloc(pb->r->arena, sizeof **list);
  if (*list)
    (*list)->id = lq_arena_copy(pb->r->arena, id);
}

static void add_ids(playbook *pb, section *s, lq_str text)
{
  for (size_t i = 0; i < text.n;) {
    size_t n = id_length(text, i);
    if (n > 0)
      add_id(pb, text.p[i + 1] == 'A' ? &s->tactics : &s->techniques, lq_str_slice(text, i, i + n));
    i += n ? n : 1;
  }
}

// T1021 of T1021.002.
static lq_str family(lq_str id)
{
  return lq_str_slice(id, 0, id.n < 5 ? id.n : 5);
}

static bool same_family(const section *a, const section *b)
{
  return a->techniques && b->techniques && lq_str_eq(family(a->techniques->id), family(b->techniques->id));
}

// ---- headings
// -------------------------------------------------------------------------------------------------------

// What stands between ids and names. Length of the one that s begins (or, from its end, ends) with; 0: none.
static size_t joint(lq_str s, bool from_end)
{
  static const char *const joints[] = {" ", "\t", "-", ":", "–", "—", ",", "|", "(", ")", "[", "]", "&", "/"};
  for (size_t i = 0; i < sizeof joints / sizeof joints[0]; i++) {
    lq_str j = lq_str_of(joints[i]);
    if (from_end ? lq_str_ends(s, j) : lq_str_starts(s, j))
      return j.n;
  }
  return 0;
}

// "Native API" of "T1106 – Native API" and of "Native API (T1106)". A heading that is only ids stays as it
// is.
static lq_str name_of(lq_str heading)
{
  lq_str name = heading;
  size_t n;
  while (name.n > 0 && ((n = id_length(name, 0)) > 0 || (n = joint(name, false)) > 0))
    name = lq_str_slice(name, n, name.n);
  size_t whole = name.n;
  for (size_t i = 0; i < name.n; i++) {
    if (id_length(name, i) > 0)
      name.n = i;
  }
  while (name.n > 0 && name.n < whole && (n = joint(name, true)) > 0)
    name.n -= n;
  return name.n > 0 ? name : heading;
}

// T1021, T1021.001, T1021.002 one under the other share what follows: same level or same technique, and no
// text between.
static bool joins(const playbook *pb, const section *s)
{
  const section *top = &pb->sections[pb->depth];
  return !pb->text_since && top->level > 0 && top->techniques && s->techniques &&
         (s->level == top->level || same_family(top, s));
}

static void join(playbook *pb, const section *s)
{
  section *top = &pb->sections[pb->depth];
  for (const id_list *i = s->techniques; i; i = i->next)
    add_id(pb, &top->techniques, i->id);
  for (const id_list *i = s->tactics; i; i = i->next)
    add_id(pb, &top->tactics, i->id);
}

static void open_section(playbook *pb, int level, lq_str heading)
{
  section s = {.level = level};
  add_ids(pb, &s, heading);
  s.name = lq_arena_copy(pb->r->arena, name_of(heading));
  if (joins(pb, &s)) {
    join(pb, &s);
  } else {
    while (pb->depth > 0 && pb->sections[pb->depth].level >= level)
      pb->depth--;
    pb->sections[++pb->depth] = s;
  }
  pb->text_since = false;
  pb->label = LQ_STR("");
}

// ---- what holds for a query
// -----------------------------------------------------------------------------------------

// A heading without a technique belongs to the one around it.
static const section *technique_section(const playbook *pb)
{
  int i = pb->depth;
  while (i > 0 && !pb->sections[i].techniques)
    i--;
  return &pb->sections[i];
}

static const id_list *tactics_of(const playbook *pb)
{
  int i = pb->depth;
  while (i > 0 && !pb->sections[i].tactics)
    i--;
  return pb->sections[i].tactics;
}

// The first paragraph below the nearest heading that has one; never that of another technique.
static lq_str description_of(const playbook *pb)
{
  for (int i = pb->depth; i > 0; i--) {
    const section *s = &pb->sections[i];
    if (s->text.n > 0)
      return s->text;
    if (s->techniques && !same_family(s, s - 1))
      break;
  }
  return LQ_STR("");
}

static id_list *count_of(playbook *pb, lq_str technique)
{
  size_t hash = 0;
  for (size_t k = 0; k < technique.n; k++)
    hash = hash * 31 + (unsigned char)technique.p[k];
  id_list **i = &pb->counts[hash % COUNTS];
  while (*i && !lq_str_eq((*i)->id, technique))
    i = &(*i)->next;
  if (!*i && (*i = lq_arena_alloc(pb->r->arena, sizeof **i)))
    (*i)->id = technique;
  return *i;
}

// The last line of what stands before the query on its page, without "OR:" before it, a colon behind it, or
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
  const section *s = technique_section(pb);
  if (!s->techniques) {
    rule->id = lq_arena_format(r->arena, "%.*s/rule-%u", LQ_STR_ARG(stem), ++pb->unnamed);
    rule->name = title(pb, pb->sections[pb->depth].name, ++pb->sections[pb->depth].rules);
    return;
  }
  id_list *count = count_of(pb, s->techniques->id);
  if (!count)
    return;
  unsigned nth = ++count->rules;
  lq_str id = s->techniques->id;
  rule->id = nth == 1 ? lq_arena_format(r->arena, "%.*s/%.*s", LQ_STR_ARG(stem), LQ_STR_ARG(id))
                      : lq_arena_format(r->arena, "%.*s/%.*s-%u", LQ_STR_ARG(stem), LQ_STR_ARG(id), nth);
  rule->name = title(pb, pb->sections[pb->depth].name, nth);
}

static void describe_rule(playbook *pb, lq_rule_file_rule *rule)
{
  for (const id_list *i = technique_section(pb)->techniques; i; i = i->next)
    lq_rule_meta(pb->r, rule, "attack", i->id);
  for (const id_list *i = tactics_of(pb); i; i = i->next)
    lq_rule_meta(pb->r, rule, "attack", i->id);
  lq_str text = description_of(pb);
  if (text.n > 0)
    lq_rule_meta(pb->r, rule, "description", text);
  lq_rule_meta(pb->r, rule, "kind", LQ_STR("query"));
  lq_rule_meta(pb->r, rule, "language", rule->dialect == LQ_DIALECT_KQL ? LQ_STR("kql") : LQ_STR("lq"));
}

// ---- code
// -----------------------------------------------------------------------------------------------------------

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
  rule->map = (lq_source_map){segments, pb->npieces};
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
    reason = "it stands in a heading";
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
// -----------------------------------------------------------------------

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
  section *top = &pb->sections[pb->depth];
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
  pb->text_since |= type != MD_BLOCK_DOC;
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
    open_section(pb, pb->heading, lq_str_trim(lq_buf_get(&pb->text)));
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
  add_ids(&pb, &pb.sections[0], lq_rule_stem(r->file->source.name));
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

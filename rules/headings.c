// The headings of a playbook, as a stack of sections.
#include "rules/headings.h"

enum { HEADING_IDS_MAX = 64 }; // they are searched from end to end

// ---- ids in headings and file names

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

static void add_id(lq_headings *h, lq_attack_id **list, lq_str id)
{
  for (int n = 0; *list; list = &(*list)->next, n++) {
    if (lq_str_eq((*list)->id, id) || n >= HEADING_IDS_MAX)
      return;
  }
  *list = lq_arena_alloc(h->arena, sizeof **list);
  if (*list)
    (*list)->id = lq_arena_copy(h->arena, id);
}

static void add_ids(lq_headings *h, lq_heading *s, lq_str text)
{
  for (size_t i = 0; i < text.n;) {
    size_t n = id_length(text, i);
    if (n > 0)
      add_id(h, text.p[i + 1] == 'A' ? &s->tactics : &s->techniques, lq_str_slice(text, i, i + n));
    i += n ? n : 1;
  }
}

// T1021 of T1021.002.
static lq_str family(lq_str id)
{
  return lq_str_slice(id, 0, id.n < 5 ? id.n : 5);
}

static bool same_family(const lq_heading *a, const lq_heading *b)
{
  return a->techniques && b->techniques && lq_str_eq(family(a->techniques->id), family(b->techniques->id));
}

// ---- headings

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
static bool joins(const lq_headings *h, const lq_heading *s)
{
  const lq_heading *top = &h->sections[h->depth];
  return !h->text_since && top->level > 0 && top->techniques && s->techniques &&
         (s->level == top->level || same_family(top, s));
}

static void join(lq_headings *h, const lq_heading *s)
{
  lq_heading *top = &h->sections[h->depth];
  for (const lq_attack_id *i = s->techniques; i; i = i->next)
    add_id(h, &top->techniques, i->id);
  for (const lq_attack_id *i = s->tactics; i; i = i->next)
    add_id(h, &top->tactics, i->id);
}

void lq_headings_open(lq_headings *h, int level, lq_str heading)
{
  lq_heading s = {.level = level};
  add_ids(h, &s, heading);
  s.name = lq_arena_copy(h->arena, name_of(heading));
  if (joins(h, &s)) {
    join(h, &s);
  } else {
    while (h->depth > 0 && h->sections[h->depth].level >= level)
      h->depth--;
    h->sections[++h->depth] = s;
  }
  h->text_since = false;
}

void lq_headings_page(lq_headings *h, lq_str name)
{
  add_ids(h, &h->sections[0], name);
}

lq_heading *lq_headings_top(lq_headings *h)
{
  return &h->sections[h->depth];
}

// A heading without a technique belongs to the one around it.
const lq_heading *lq_headings_techniques(const lq_headings *h)
{
  int i = h->depth;
  while (i > 0 && !h->sections[i].techniques)
    i--;
  return &h->sections[i];
}

const lq_attack_id *lq_headings_tactics(const lq_headings *h)
{
  int i = h->depth;
  while (i > 0 && !h->sections[i].tactics)
    i--;
  return h->sections[i].tactics;
}

// The first paragraph below the nearest heading that has one; never that of another technique.
lq_str lq_headings_text(const lq_headings *h)
{
  for (int i = h->depth; i > 0; i--) {
    const lq_heading *s = &h->sections[i];
    if (s->text.n > 0)
      return s->text;
    if (s->techniques && !same_family(s, s - 1))
      break;
  }
  return LQ_STR("");
}

// Words of a text: runs of letters and digits, and marks between two of them that do not end a word.
#include "vm/tokens.h"

#include <utf8proc.h>

#include "base/glob.h"
#include "base/utf8.h"

typedef enum kind { OUTSIDE, LETTER, DIGIT, JOINER, MARK, MID_LETTER, MID_NUMBER, MID_BOTH } kind;

lq_tokens lq_tokens_of_field(lq_str field)
{
  return lq_str_is(field, "powershell.file.script_block_text") ? LQ_TOKENS_SCRIPT : LQ_TOKENS_WORDS;
}

static kind kind_of_punctuation(uint32_t c)
{
  switch (c) {
  case '.':
  case '\'':
  case 0x2018:
  case 0x2019: return MID_BOTH;
  case ':':
  case 0xB7:
  case 0x387:
  case 0x2027: return MID_LETTER;
  case ',':
  case ';': return MID_NUMBER;
  default: return OUTSIDE;
  }
}

// As the categories below have it; most texts are nothing else.
static kind kind_of_ascii(uint32_t c)
{
  if (c - 'a' < 26 || c - 'A' < 26)
    return LETTER;
  return c - '0' < 10 ? DIGIT : c == '_' ? JOINER : kind_of_punctuation(c);
}

static kind kind_of(uint32_t c)
{
  if (c < 0x80)
    return kind_of_ascii(c);
  if (c == LQ_CODEPOINT_BAD)
    return OUTSIDE;
  switch (utf8proc_category((utf8proc_int32_t)c)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_NL: return LETTER;
  case UTF8PROC_CATEGORY_ND: return DIGIT;
  case UTF8PROC_CATEGORY_PC: return JOINER;
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME: return MARK;
  default: return kind_of_punctuation(c);
  }
}

static bool in_word(kind k)
{
  return k >= LETTER && k <= MARK;
}

// `can't` and `3.14` are one word: a mark between two letters, or two digits, belongs to it.
static bool joins(kind before, kind mid, kind after)
{
  bool letters = before == LETTER && after == LETTER, digits = before == DIGIT && after == DIGIT;
  return (letters && (mid == MID_LETTER || mid == MID_BOTH)) ||
         (digits && (mid == MID_NUMBER || mid == MID_BOTH));
}

static kind peek(lq_str s, size_t at)
{
  return at < s.n ? kind_of(lq_utf8_next(s, &at)) : OUTSIDE;
}

static bool next_word(lq_str s, size_t *at, lq_str *token)
{
  size_t start = *at, end;
  kind last = OUTSIDE;
  while (*at < s.n && !in_word(last)) {
    start = *at;
    last = kind_of(lq_utf8_next(s, at));
  }
  if (!in_word(last))
    return false;
  for (end = *at; *at < s.n; end = *at) {
    kind k = kind_of(lq_utf8_next(s, at));
    if (!in_word(k) && !joins(last, k, peek(s, *at)))
      break;
    if (k != MARK)
      last = k;
  }
  *token = lq_str_slice(s, start, end);
  return true;
}

static bool in_script_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool next_script_word(lq_str s, size_t *at, lq_str *token)
{
  while (*at < s.n && !in_script_word(s.p[*at]))
    ++*at;
  size_t start = *at;
  while (*at < s.n && in_script_word(s.p[*at]))
    ++*at;
  *token = lq_str_slice(s, start, *at);
  return token->n > 0;
}

bool lq_tokens_next(lq_str text, lq_tokens how, size_t *at, lq_str *token)
{
  return how == LQ_TOKENS_SCRIPT ? next_script_word(text, at, token) : next_word(text, at, token);
}

static void place(lq_str text, lq_str first, lq_str last, size_t *start, size_t *end)
{
  *start = (size_t)(first.p - text.p);
  *end = (size_t)(last.p - text.p) + last.n;
}

bool lq_tokens_any(lq_str text, lq_tokens how, lq_str pattern, size_t *start, size_t *end)
{
  lq_str token;
  for (size_t at = 0; lq_tokens_next(text, how, &at, &token);) {
    if (lq_glob_match(pattern, token, true)) {
      place(text, token, token, start, end);
      return true;
    }
  }
  return false;
}

// Does the phrase go on from text's token `first`, which ends at `at`?
static bool phrase_here(lq_str text, lq_tokens how, lq_str phrase, lq_str first, size_t at, lq_str *last)
{
  lq_str want, have = first;
  size_t q = 0;
  bool any = false;
  while (lq_tokens_next(phrase, how, &q, &want)) {
    if (any && !lq_tokens_next(text, how, &at, &have))
      return false;
    if (!lq_fold_eq(want, have))
      return false;
    any = true;
  }
  *last = have;
  return any;
}

bool lq_tokens_phrase(lq_str text, lq_tokens how, lq_str phrase, size_t *start, size_t *end)
{
  lq_str token, last;
  for (size_t at = 0; lq_tokens_next(text, how, &at, &token);) {
    if (phrase_here(text, how, phrase, token, at, &last)) {
      place(text, token, last, start, end);
      return true;
    }
  }
  return false;
}

bool lq_tokens_phrase_at(lq_str text, lq_tokens how, lq_str phrase, size_t start)
{
  lq_str token, last;
  return lq_tokens_next(text, how, &start, &token) && phrase_here(text, how, phrase, token, start, &last);
}

// The parser's driver: tokens in, repairs on the way. Shared by parse.c, repair.c and messages.c.
#ifndef LQ_PARSER_DRIVER_H
#define LQ_PARSER_DRIVER_H

#include "parser/build.h"

// Words that are keywords in one place only follow the token kinds.
enum {
  LQ_WORD_ASC = LQ_TOK_COUNT,
  LQ_WORD_DESC,
  LQ_WORD_OVER,
  LQ_WORD_FOR,
  LQ_WORD_STAGE_FILTER,
  LQ_WORD_STAGE_TAKE,
  LQ_WORD_STAGE_SORT,
  LQ_WORD_STAGE_LIST,
  LQ_WORD_STAGE_COUNT,
  LQ_WORD_STAGE_FIELDS,
  LQ_WORD_STAGE_EVAL,
  LQ_WORD_STAGE_STATS,
  LQ_WORD_STAGE_SUPPRESS,
  LQ_WORD_STAGE_NEW_TERMS,
  LQ_WORD_STAGE_UNKNOWN,
  LQ_WORD_METHOD,
  LQ_WORD_FORK,
  LQ_WORD_COUNT,
};

enum { LQ_OPEN_MAX = 1024 };

typedef struct lq_driver {
  lq_parse_ctx ctx;
  struct lq_grammar *g;
  lq_lexer *lx;
  lq_token ahead; // a token that was looked at
  bool has_ahead;
  lq_token back; // one that was given back, before `ahead`
  bool has_back;
  lq_token prev; // the last one the parser took
  int prev_kind;
  lq_str subject;           // the last name, to guess what an unquoted value was meant to be
  unsigned nopen, too_open; // too_open: so many more than fit
  unsigned forgiven;        // brackets put in where none may have been meant
  bool piped;               // behind the first `|`
  bool done;                // the parser has stopped
  // The first `nopen` of each; all before them begins as 0.
  lq_token open[LQ_OPEN_MAX]; // brackets not closed yet, innermost last
  bool in_group[LQ_OPEN_MAX]; // the bracket is one of values, as in `a : ("x", "y")`
} lq_driver;

static inline lq_diag_list *diags_of(lq_driver *d)
{
  return d->ctx.b.diags;
}
static inline lq_str source_of(const lq_driver *d, lq_span s)
{
  return lq_str_slice(d->ctx.text, s.start, s.end);
}

// Kinds are lq_token_kind or LQ_WORD_*.
bool lq_takes(lq_driver *d, int kind);
void lq_push(lq_driver *d, int kind, const lq_token *t);
void lq_feed(lq_driver *d, lq_token t);
lq_token lq_take_token(lq_driver *d);
lq_token lq_peek_token(lq_driver *d);
void lq_skip_balanced(lq_driver *d); // the opener has been read
lq_token_kind lq_closer_of(lq_token_kind opener);
bool lq_is_match(lq_token_kind k); // an operator that a value or a group of them follows
bool lq_is_name(lq_token_kind k);  // a field, a variable or a function
bool lq_is_test(lq_token_kind k);  // an operator that makes a condition
bool lq_is_opener(lq_token_kind k);
bool lq_is_closer(lq_token_kind k);

// repair.c: t cannot stand here. True if that was reported and t dealt with.
bool lq_repair(lq_driver *d, lq_token *t, int kind);
bool lq_repair_group_end(lq_driver *d, const lq_token *t);

// repair_value.c
// Reads a value whose quotes were forgotten, if one comes next.
bool lq_repair_unquoted(lq_driver *d);
bool lq_condition_follows(lq_str text, uint32_t at); // a name, then an operator

// repair_stage.c
bool lq_repair_stage_by(lq_driver *d, const lq_token *t); // `| sort by x`
void lq_repair_stage(lq_driver *d, const lq_token *word);
void lq_skip_stage(lq_driver *d); // up to the next `|`

// parse.c: an expression up to where `ends` says that something else begins, END included. NULL: none.
lq_node *lq_parse_body(lq_driver *d, bool (*ends)(lq_driver *d, const lq_token *t));

// endgame.c
void lq_read_definitions(lq_driver *d);
void lq_refuse_endgame(lq_driver *d, const lq_token *t, int kind);
bool lq_repair_endgame(lq_driver *d, lq_token *t);
static inline bool lq_in_endgame(const lq_driver *d)
{
  return d->ctx.dialect == LQ_DIALECT_ENDGAME;
}

// messages.c
void lq_unexpected(lq_driver *d, const lq_token *t);
void lq_describe_token(lq_buf *out, const lq_driver *d, const lq_token *t);

#endif

// The scanner's state, shared by scan.l and the functions its rules call; nothing outside lexer/ includes it.
#ifndef LQ_LEXER_STATE_H
#define LQ_LEXER_STATE_H

#include <setjmp.h>

#include "base/utf8.h"
#include "lexer/lexer.h"

// A comment, for lq_lexer_highlight only: it is no token.
enum { LQ_TOK_COMMENT = LQ_TOK_COUNT };

struct lq_lexer {
  const lq_mem *mem;
  lq_str text;
  char *copy; // flex writes into its input
  lq_dialect dialect;
  lq_diag_list *diags;
  void *scanner;
  uint32_t start, at; // the current match
  uint32_t open;      // where the string or comment being read began
  lq_buf body;        // what that string says so far
  char quote;
  unsigned bad_escapes; // in that string
  lq_span bad_escape;   // the first of them
  unsigned nesting;     // comments
  bool valid_utf8;
  bool unfinished, comments, dead;
  bool operand;     // KQL: the token before is a value or closes a bracket
  lq_token tok;     // being made
  lq_token pending; // the second half of `!:`
  bool has_pending;
  jmp_buf fatal; // flex gives up by calling something that must not return
};

// The scanner proper, in scan.l.
int lq_flex(lq_lexer *lx);
lq_status lq_flex_open(lq_lexer *lx); // needs copy; may longjmp to fatal
void lq_flex_close(lq_lexer *lx);
void lq_flex_seek(lq_lexer *lx, uint32_t offset);

int lq_read_kql(lq_lexer *lx); // in kql.c: the next token of KQL

// Each gives the token's kind and fills lx->tok.
int lq_emit(lq_lexer *lx, int k, lq_span span);
int lq_read_name(lq_lexer *lx, const char *p, size_t n);
int lq_read_number(lq_lexer *lx, const char *p, size_t n);
int lq_read_duration(lq_lexer *lx, const char *p, size_t n);
int lq_read_bad_number(lq_lexer *lx, const char *p, size_t n);
int lq_read_dotted(lq_lexer *lx, const char *p, size_t n);

// String bodies, piece by piece.
void lq_body_open(lq_lexer *lx, char quote);
void lq_body_text(lq_lexer *lx, const char *p, size_t n);
void lq_body_codepoint(lq_lexer *lx, const char *hex, size_t n);
void lq_body_bad_escape(lq_lexer *lx);
int lq_body_close(lq_lexer *lx, bool raw);
// The line (or the text) ended first. *resume: where reading should go on.
int lq_body_unterminated(lq_lexer *lx, uint32_t eol, uint32_t *resume);
int lq_raw_unterminated(lq_lexer *lx, uint32_t *resume);
bool lq_quote_closes(const lq_lexer *lx, uint32_t from, char quote); // on the same line
bool lq_quote_follows(const lq_lexer *lx); // the quote of the string at hand, later in its line
// True if the string that closed at lx->at seems to lack its closing quote: reported; go on at *resume.
bool lq_quote_missing(lq_lexer *lx, uint32_t *resume);

// Complaints.
int lq_foreign(lq_lexer *lx, lq_token_kind meant, const char *write);
void lq_stray(lq_lexer *lx);
void lq_stray_hash(lq_lexer *lx);
// A run with bytes above ASCII. The kind of token it gives, or -1 for none; *resume: where reading goes on.
int lq_stray_word(lq_lexer *lx, uint32_t *resume);
void lq_comment_unterminated(lq_lexer *lx);
void lq_check_utf8(lq_lexer *lx);

int lq_keyword(lq_str word, bool exact_case); // a kind, or -1

#endif

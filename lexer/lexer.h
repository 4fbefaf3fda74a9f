// Source text to tokens, for both dialects. Knows nothing of the grammar, so the REPL colours with it too.
#ifndef LQ_LEXER_LEXER_H
#define LQ_LEXER_LEXER_H

#include "base/diag.h"
#include "base/value.h"
#include "libquery/status.h"

typedef enum lq_dialect {
  LQ_DIALECT_LQ, // native: a superset of Elastic EQL
  LQ_DIALECT_KQL,
  LQ_DIALECT_ENDGAME, // native spelling, Endgame EQL's meaning and leniencies (LANGUAGE.md, section 1); tests
                      // and old rules only
} lq_dialect;

typedef enum lq_token_kind {
#define LQ_TOKEN(name, class, spelling) LQ_TOK_##name,
#include "lexer/tokens.def"
#undef LQ_TOKEN
} lq_token_kind;
enum { LQ_TOK_COUNT = LQ_TOK_RBRACE + 1 };

typedef enum lq_token_class {
  LQ_CLASS_NONE,
  LQ_CLASS_NAME,
  LQ_CLASS_FUNCTION,
  LQ_CLASS_STRING,
  LQ_CLASS_NUMBER,
  LQ_CLASS_LITERAL,
  LQ_CLASS_KEYWORD,
  LQ_CLASS_OPERATOR,
  LQ_CLASS_PUNCT,
  LQ_CLASS_COMMENT,
  LQ_CLASS_ERROR,
} lq_token_class;

typedef struct lq_token {
  lq_token_kind kind;
  lq_span span;
  lq_str text; // NAME, OPTIONAL (without `?`), VARIABLE (without `$`): the full path with blanks and
               // back-ticks taken away; TILDE_NAME: without the `~`; STRING: decoded, in pattern form
               // (base/glob.h): an unescaped `*` or `?` is LQ_ANY_RUN or LQ_ANY_ONE. In the arena of diags.
  lq_value number; // NUMBER: int, uint or double; DURATION: INT, nanoseconds
  bool quoted;     // NAME: some part stood in back-ticks, so it is no keyword and no function
  bool raw;        // STRING: written as a raw string
} lq_token;

typedef struct lq_lexer lq_lexer;

enum { LQ_SOURCE_MAX = 16 * 1024 * 1024 };
// text must outlive the lexer. *out is NULL on failure: LQ_E_NOMEM, or LQ_E_LIMIT for text over
// LQ_SOURCE_MAX.
lq_status lq_lexer_new(lq_lexer **out, const lq_mem *mem, lq_str text, lq_dialect dialect,
                       lq_diag_list *diags);
void lq_lexer_free(lq_lexer *lx);

// Always returns a token; after the last one, END for ever. Bad input is reported once (to diags), then
// skipped or given as the token that was meant: `&&` as AND, `'x'` as STRING, ... so the parser goes on.
// INVALID when nothing can be guessed, or when memory ran out (diags->arena->failed).
lq_token lq_lexer_next(lq_lexer *lx);
// True if the text ended inside a string that may span lines, a raw string or a comment: a REPL asks for
// more.
bool lq_lexer_unfinished(const lq_lexer *lx);

// Reads on at `from`, which lies in or before the last token: the text up to `and`, `or`, a bracket, a comma
// or the end of the line, as if it stood in quotes. For values whose quotes were forgotten; nothing is
// reported. `not` inside a value is one of its words.
lq_token lq_lexer_words(lq_lexer *lx, uint32_t from);

const char *lq_token_name(lq_token_kind k);     // "NAME"
const char *lq_token_spelling(lq_token_kind k); // "a name"
lq_token_class lq_token_class_of(lq_token_kind k);

// For colours: calls back for every token *and comment* in order; errors are not reported.
lq_status lq_lexer_highlight(const lq_mem *mem, lq_str text, lq_dialect dialect,
                             void (*each)(void *user, lq_span span, lq_token_class cls), void *user);

#endif

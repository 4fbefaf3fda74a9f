// Diagnostics: collected as data, rendered late. Nothing below cli/ prints.
#ifndef LQ_BASE_DIAG_H
#define LQ_BASE_DIAG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/source.h"
#include "base/span.h"

typedef enum lq_severity { LQ_SEV_ERROR, LQ_SEV_WARNING, LQ_SEV_NOTE } lq_severity;

typedef enum lq_diag_code {
#define LQ_DIAG(name, code, sev, title, explanation) LQ_DIAG_##name = code,
#include "base/diag_codes.def"
#undef LQ_DIAG
} lq_diag_code;

enum { LQ_DIAG_LABELS_MAX = 4 };

typedef struct lq_label {
  lq_span span; // in the file
  lq_str text;
} lq_label;

typedef struct lq_diag {
  struct lq_diag *next;
  const lq_source *source; // NULL: not about a place
  lq_str rule;             // id of the rule, if known
  lq_diag_code code;
  lq_severity severity;
  lq_str message;
  lq_label labels[LQ_DIAG_LABELS_MAX]; // labels[0] is the primary one
  int nlabels;
  lq_str help, note; // what to do; context. Empty: none
  bool has_fix;
  lq_span fix_span; // in the file: replace these bytes ...
  lq_str fix;       // ... by these
} lq_diag;

// Where queries come from is set once; spans are then given in the query's own bytes and kept in the file's.
typedef struct lq_diag_list {
  lq_arena *arena; // owns every diagnostic and string here
  const lq_source *source;
  lq_source_map map;
  lq_str rule;
  lq_diag *first, *last;
  size_t nerrors, nwarnings;
  size_t max; // stop keeping after this many (0: LQ_DIAGS_MAX); they are still counted
  size_t kept, dropped;
  const lq_diag *first_here; // where the search for repeated messages begins: the first one of this source
  lq_diag sink;              // what lq_diag_add gives when it keeps nothing
} lq_diag_list;
enum { LQ_DIAGS_MAX = 10000 };

// Never NULL: out of memory, over max, or said before (same place, code and message) gives the list's sink,
// which callers may label blindly. The arena's .failed tells.
lq_diag *lq_diag_add(lq_diag_list *l, lq_diag_code code, lq_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// The first label at the primary span becomes the text of the primary label; more than LABELS_MAX are left
// out.
void lq_diag_label(lq_diag_list *l, lq_diag *d, lq_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void lq_diag_help(lq_diag_list *l, lq_diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void lq_diag_note(lq_diag_list *l, lq_diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void lq_diag_fix(lq_diag_list *l, lq_diag *d, lq_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

const char *lq_diag_name(lq_diag_code code); // "unknown-field"-like symbolic name: the row's name
const char *lq_diag_title(lq_diag_code code);
const char *lq_diag_explanation(lq_diag_code code);
// Do fixes of this code say what was meant, beyond doubt? Others may change what the rule matches.
bool lq_diag_fix_is_sure(lq_diag_code code);
const lq_diag_code *lq_diag_codes(size_t *n); // all, ascending

// Some lines, each with its end; the caller puts an empty line between two diagnostics. Control characters
// and bidi marks, in the source or in a message, are shown as other characters: a terminal never sees them.
void lq_diag_render_text(lq_buf *out, const lq_diag *d, bool color);
void lq_diag_render_json(lq_buf *out, const lq_diag *d); // one object, no line end

#endif

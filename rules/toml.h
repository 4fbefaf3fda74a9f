// TOML as a tree that knows where everything stands in the file. Text stays in the file until it is asked
// for.
#ifndef LQ_RULES_TOML_H
#define LQ_RULES_TOML_H

#include "base/arena.h"
#include "base/source.h"
#include "libquery/status.h"

typedef enum lq_toml_kind {
  LQ_TOML_TABLE,
  LQ_TOML_ARRAY,
  LQ_TOML_STRING, // lq_toml_string reads it
  LQ_TOML_INT,
  LQ_TOML_DOUBLE,
  LQ_TOML_BOOL,
  LQ_TOML_TIME, // a date, a time or both; nobody asks which
} lq_toml_kind;

typedef struct lq_toml {
  struct lq_toml *next; // of the same table or array
  struct lq_toml *kids; // in file order
  lq_str key;           // in a table
  lq_span key_span;
  lq_span span; // of the value; of a [table]: its header
  lq_toml_kind kind;
  union {
    int64_t i;
    double d;
    bool b;
  } as;
} lq_toml;

typedef struct lq_toml_error {
  size_t at;     // in the file
  lq_str what;   // what the parser says, in the arena; empty: the file nests too deeply
  bool unclosed; // a string that opens at `at` has no end
} lq_toml_error;

enum {
  LQ_TOML_SIZE_MAX = 4 * 1024 * 1024, // the tree takes up to fifty times that
  LQ_TOML_DEPTH_MAX = 32,             // arrays and tables in one another
  LQ_TOML_DOTS_MAX = 32,              // parts of one key
};

// text is UTF-8 of at most LQ_TOML_SIZE_MAX bytes. LQ_E_INPUT: it is no TOML, *error says where. LQ_E_NOMEM.
lq_status lq_toml_parse(lq_toml **out, lq_str text, lq_arena *arena, lq_toml_error *error);

// Its two halves. Most files are read by the quick one; LQ_E_UNSUPPORTED says that this one is not for it,
// and nothing of what is wrong with it. The full one reads all, and what both read they read alike.
lq_status lq_toml_parse_quick(lq_toml **out, lq_str text, lq_arena *arena);
lq_status lq_toml_parse_full(lq_toml **out, lq_str text, lq_arena *arena, lq_toml_error *error);

// The first places of what the parser would not survive or says poorly; text.n: there is none.
typedef struct lq_toml_flaws {
  size_t unclosed; // a string without an end: its opening quote. Nothing is looked for behind it
  size_t dots;     // a key has too many parts
  size_t
      foreign; // a byte beyond ASCII that is neither in quotes nor in a comment, or stands behind a backslash
} lq_toml_flaws;
lq_toml_flaws lq_toml_find_flaws(lq_str text);

// Where the next byte stands, from `at` on, that may mean something in a string: a quote of that kind, a
// backslash, a control character. s.n: none does.
size_t lq_toml_skip_plain(lq_str s, size_t at, char quote);

// The value of the string whose quote opens at `at`, in a file that lq_toml_parse took: a part of the file
// where nothing is escaped, else in the arena. map (may be NULL): from its bytes to the file's. Memory
// failing shows in the arena.
lq_str lq_toml_string(lq_str file, size_t at, lq_arena *arena, lq_source_map *map);

const lq_toml *lq_toml_get(const lq_toml *table, const char *key); // NULL: no such key, or no table
#endif

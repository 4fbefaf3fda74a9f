/* libquery: compile detection rules, run them over event records, say why they matched.
 *
 * The whole public API is here. Rules go through an lq_build into an lq_bundle (bytes, verified at every
 * load); a bundle goes into an lq_scan, which takes records and calls back for each match. A program that
 * only runs bundles uses the second half alone and links no compiler. docs/embedding.md shows how the calls
 * go together.
 *
 * Ownership: what a call makes comes back in `**out`, its first argument: yours to free with the matching
 * _free, which accepts NULL; NULL when the call fails. What a getter gives belongs to its parent and lives as
 * long as the parent, unless its comment says otherwise. What a callback is given lives until it returns.
 * Arguments are borrowed for the call, and copied where they are needed longer.
 *
 * Threads: an lq_bundle never changes and counts its references: any number of threads may use, share and
 * free it at the same time. An lq_build and an lq_scan are used by one thread at a time, and different ones
 * by different threads at the same time. Functions without an object may be called from anywhere.
 *
 * Errors: every call that can fail gives an lq_status (libquery/status.h): LQ_E_USAGE when an argument is
 * wrong (NULL where the comment does not allow it), LQ_E_NOMEM when memory runs out; a comment names what
 * else to expect. Getters that give no status take no NULL. For people there are diagnostics (lq_build_diag)
 * and lq_errinfo. Nothing is global, nothing is printed, nothing exits.
 *
 * Callbacks: must not call into the object that calls them, except for its getters; a scan gives LQ_E_USAGE
 * then. Where a callback gives an int, nonzero stops the call, which gives LQ_E_CANCELLED (LQ_E_IO
 * for an lq_write_fn).
 *
 * Text: a pointer and a length; it may hold any byte. Texts are UTF-8 unless said otherwise. The pointer of
 * an empty text is not NULL. Arguments of type `const char *` without a length end with a NUL.
 *
 * Units: times are nanoseconds since 1970-01-01 UTC; sizes and offsets are bytes, from 0; lines and columns
 * count from 1, and 0 says that there is none.
 *
 * Structs: one that you allocate begins with struct_size, which says how much of it you know; set it with
 * LQ_INIT. A call gives LQ_E_USAGE for a struct_size that cannot be right (under 4, over 4,096, or no
 * multiple of 4), and nothing is read or written. Otherwise old programs work with a new library and new
 * programs with an old one:
 *   - what you fill in (options, limits): fields that you do not know have their defaults. Fields that the
 *     library does not know must be zero; anything else asks for what is not there and gives LQ_E_USAGE.
 *   - what the library fills in (views, counters): as much as both know; the rest of yours becomes zero.
 * Structs that only the library allocates, and that you see in a callback, have no struct_size: they grow at
 * the end. lq_text and lq_allocator are values, and never grow. `reserved` must be zero.
 */
#ifndef LIBQUERY_LQ_H
#define LIBQUERY_LQ_H

#include <stddef.h>
#include <stdint.h>

#include "libquery/status.h"

/* A value of a struct that begins with struct_size, all else zero:
 *   lq_errinfo error = LQ_INIT(lq_errinfo);
 * In C, {.struct_size = sizeof(lq_scan_options), .match = on_match} does the same and fills in more. */
#ifdef __cplusplus
template <typename T> constexpr T lq_init()
{
  T t{};
  t.struct_size = sizeof(T);
  return t;
}
#define LQ_INIT(type) (lq_init<type>())
extern "C" {
#else
#define LQ_INIT(type) ((type){.struct_size = sizeof(type)})
#endif

#if defined(__GNUC__)
#define LQ_API __attribute__((visibility("default")))
#else
#define LQ_API
#endif

/* The version of this header: a number to compare, major * 1,000,000 + minor * 1,000 + patch, and a text. */
#define LQ_VERSION_MAJOR 0
#define LQ_VERSION_MINOR 1
#define LQ_VERSION_PATCH 0
#define LQ_VERSION_NUMBER (LQ_VERSION_MAJOR * 1000000 + LQ_VERSION_MINOR * 1000 + LQ_VERSION_PATCH)
#define LQ_VERSION_STRING "0.1.0"

/* n bytes at p. */
typedef struct lq_text {
  const char *p;
  size_t n;
} lq_text;

/* The version of the library that runs, as a text ("0.1.0", static) and as a number. */
LQ_API const char *lq_version(void);
LQ_API uint32_t lq_version_number(void);
/* What a status means, in a few words. Static text. */
LQ_API const char *lq_status_text(lq_status s);

/* Memory of your own. fn gives new_size bytes, aligned for any type, that begin as the old_size bytes at p
 * did; p is NULL for a new block. new_size 0 frees p and gives NULL. NULL for more than 0 means out of
 * memory, and p stays valid. The struct is copied; fn and user must work as long as an object made with them
 * lives, from every thread that uses one. */
typedef struct lq_allocator {
  void *(*fn)(void *user, void *p, size_t old_size, size_t new_size);
  void *user;
} lq_allocator;

/* Takes n bytes of output, which may be a part of it. Nonzero stops: the call that writes gives LQ_E_IO. */
typedef int (*lq_write_fn)(void *user, const char *bytes, size_t n);

/* Every limit there is. 0 in a field means its default, which lq_limits_default fills in. A bundle keeps the
 * limits it was loaded or built with: max_cost, max_budget, max_scratch and max_regex_memory of its rules are
 * those, whatever a scan says; the others are the scan's. */
typedef struct lq_limits {
  uint32_t struct_size;
  uint32_t max_depth;      /* nesting of a query; 256 (also the ceiling) */
  uint32_t max_list;       /* entries of one list; 100,000 */
  uint32_t max_code;       /* instructions of one rule; 65,536 (ceiling) */
  uint64_t max_bundle;     /* bytes of a bundle; 64 MiB */
  uint32_t max_rules;      /* rules of a bundle; 1,000,000 */
  uint32_t max_json_depth; /* nesting of a record: what lies deeper is left out and counted; 64 */
  uint64_t max_cost;       /* worst-case units of one rule for one event, refused at load; 1,000,000 */
  uint64_t max_budget;     /* units that iterators may use for one event at run time; 1,000,000 */
  uint64_t max_scratch;    /* bytes that expressions may use for one event; 16 MiB */
  uint64_t max_record;     /* bytes of one record; 16 MiB */
  uint64_t max_value;  /* bytes of one text that functions get and that is remembered of an event, longer ones
                        * are counted; comparisons and patterns look at the whole; 1 MiB */
  uint32_t max_fields; /* values of one field of a record, more are left out and counted; 4,096 */
  uint32_t max_ratio;  /* output to input of a compressed stream, after its first MiB; 200 */
  /* Of stateful rules. State over a limit is evicted, oldest first, between two events or two rows that are
     given out, and counted: lq_stats. docs/running.md has the order. */
  uint64_t max_state;      /* bytes of all state of a scan, waiting events too; 256 MiB */
  uint64_t max_state_rule; /* bytes of one rule's state after each event; 16 MiB */
  uint64_t max_state_keys; /* keys of one rule, and processes that lineage knows; 100,000 */
  uint64_t max_waiting;    /* bytes of events that wait for their turn in time; 64 MiB */
  uint32_t max_window;     /* events that one group of a window holds; 65,536 */
  uint32_t max_distinct;   /* values that one dcount tells apart; 65,536 */
  int64_t max_future; /* ns that a stamp may be beyond lq_scan_set_now and still be believed; 5 minutes */
  uint64_t max_regex_memory; /* bytes that all regular expressions of a bundle may use together; 256 MiB */
} lq_limits;
LQ_API lq_status lq_limits_default(lq_limits *l);

/* Why a call failed: where, and in words. Filled without allocating, so that it works when memory is what is
 * missing; empty after LQ_OK. message and help end with a NUL and are cut between two characters. */
typedef struct lq_errinfo {
  uint32_t struct_size;
  uint32_t reason; /* a bundle: number of vm/verify_reasons.def; a query: diagnostic code, 106 is LQ106 */
  uint32_t line, column; /* a query: from 1, columns in code points; 0: no place */
  uint64_t offset;       /* a query, a bundle: byte of what was given */
  char message[256];
  char help[256]; /* what to do, may be empty */
} lq_errinfo;

/* ---- building: rule text to a bundle ---- */

typedef struct lq_build lq_build;
typedef struct lq_bundle lq_bundle;

/* Native; Kibana's; Endgame EQL, with its own meaning of null, case and `sequence` (docs/language.md). */
enum { LQ_DIALECT_NAME_LQ = 0, LQ_DIALECT_NAME_KQL = 1, LQ_DIALECT_NAME_ENDGAME = 2 };
enum {
  LQ_BUILD_KEEP_GOING = 1, /* rules with errors are left out and counted; otherwise finish gives LQ_E_QUERY */
  LQ_BUILD_STRICT_SCHEMA = 2, /* a field that is not in the schema is an error */
  LQ_BUILD_NO_OPTIMISER = 4,  /* the same results, slower: to check the optimiser */
  LQ_BUILD_NO_WARNINGS = 8,
  LQ_BUILD_STRIP = 16,          /* no query text, no clause positions: smaller, cannot say why */
  LQ_BUILD_CASE_SENSITIVE = 32, /* Endgame EQL only, which otherwise ignores case everywhere */
};

typedef struct lq_build_options {
  uint32_t struct_size;
  uint32_t flags;   /* LQ_BUILD_*, or-ed */
  uint32_t dialect; /* LQ_DIALECT_NAME_* of lq_compile and lq_build_add_query; rule files name their own */
  uint32_t reserved;
  int64_t now;                   /* for date math in literals; the library reads no clock */
  const lq_limits *limits;       /* NULL: defaults */
  const lq_allocator *allocator; /* NULL: malloc and free */
} lq_build_options;

/* Compiles one query of n bytes to a bundle of one rule, which is called "query". options may be NULL:
 * defaults. LQ_E_QUERY: the query has errors, and *error (may be NULL) is the first one, with its place.
 * Warnings, further errors, and messages with the source beside them need an lq_build. LQ_E_LIMIT: a limit
 * that is no mistake in the query, such as its size. */
LQ_API lq_status lq_compile(lq_bundle **out, const char *query, size_t n, const lq_build_options *options,
                            lq_errinfo *error);

/* Many rules. options may be NULL: defaults. After an add gave LQ_E_NOMEM the build is not whole: every later
 * add, and lq_build_finish, give LQ_E_NOMEM too. After lq_build_finish nothing can be added (LQ_E_USAGE);
 * what was found and said can still be asked for. */
LQ_API lq_status lq_build_new(lq_build **out, const lq_build_options *options);
LQ_API void lq_build_free(lq_build *b);

/* Adds one query as one rule. name is what messages call its source ("<query>"); id may be NULL: "query".
 * LQ_E_QUERY: it has errors, see the diagnostics; more can be added. LQ_E_LIMIT: it is too long. */
LQ_API lq_status lq_build_add_query(lq_build *b, const char *name, const char *id, const char *query,
                                    size_t n);
/* Adds the rules of a file, whose format is chosen by the name's ending (.md .lq .toml). LQ_E_UNSUPPORTED:
 * another ending. LQ_E_QUERY: some rule has errors; the other rules are in. */
LQ_API lq_status lq_build_add_file(lq_build *b, const char *name, const void *bytes, size_t n);
/* Sets the fields that exist, for all that is added later: a CSV whose first line names the columns `name`
 * (or `Field`), `type`, `array` (or `Normalization`); the fields.csv of ECS is one. From then on a field that
 * is not in it is an error, and literals are checked against its types. It never changes what a rule matches.
 * LQ_E_QUERY: the file has errors, see the diagnostics. LQ_E_LIMIT: it is too long. */
LQ_API lq_status lq_build_set_schema(lq_build *b, const char *name, const void *bytes, size_t n);
/* Adds values to the list NAME of `lookup("NAME", x)`, for the rules that are added later. The format is
 * chosen by the ending of `file`: .txt (a line each; # begins a comment), .csv (the first line names the
 * columns; the one called `value`, or the first, is taken), .ndjson (texts, numbers, or objects with a member
 * `value`). An entry is a network (10.0.0.0/8), a pattern if it holds a `*`, and otherwise a whole value;
 * case matters. LQ_E_UNSUPPORTED: another ending. LQ_E_LIMIT: over max_list entries. LQ_E_QUERY: some lines
 * cannot be read, see the diagnostics; the others are in. */
LQ_API lq_status lq_build_add_list(lq_build *b, const char *name, const char *file, const void *bytes,
                                   size_t n);
/* Does a file's name end as lq_build_add_list, as lq_build_add_file, wants it? 1 or 0. */
LQ_API int lq_build_takes_list(const char *file);
LQ_API int lq_build_takes(const char *name);

/* Compiles all that was added. LQ_E_QUERY: some rule has errors, and LQ_BUILD_KEEP_GOING is not set.
 * LQ_E_LIMIT: the bundle is over a limit of its own. The bundle does not need the build any more. Where rules
 * of different files share an id, the first by the files' names keeps it and the others get a number
 * appended (LQ414): the order of adding does not matter. */
LQ_API lq_status lq_build_finish(lq_build *b, lq_bundle **out);

/* A sure fix says what the author meant, or keeps what the rule matches; a suggested one needs a look. */
enum { LQ_FIX_NONE = 0, LQ_FIX_SUGGESTED = 1, LQ_FIX_SURE = 2 };
enum { LQ_SEVERITY_ERROR = 0, LQ_SEVERITY_WARNING = 1, LQ_SEVERITY_NOTE = 2 };
/* One message for the author of a rule. Codes are stable: base/diag_codes.def, docs/diagnostics.md. */
typedef struct lq_diagnostic {
  uint32_t struct_size;
  uint32_t code;     /* 203 is LQ203 */
  uint32_t severity; /* LQ_SEVERITY_* */
  uint32_t has_fix;  /* LQ_FIX_* */
  lq_text message;
  lq_text help, note;                          /* what to do; context. May be empty */
  lq_text file, rule;                          /* name and id as they were given; may be empty */
  uint32_t line, column, end_line, end_column; /* columns in code points */
  uint64_t start, end;                         /* bytes of the file; end is the first one after */
  uint64_t fix_start, fix_end;                 /* replace these bytes of the file ... */
  lq_text fix;                                 /* ... by these */
  uint32_t fix_line, fix_column, fix_end_line, fix_end_column;
} lq_diagnostic;
/* How many there are, in the order in which files were added, by place within a file. Errors and warnings are
 * counted beyond the 10,000 messages that are kept. */
LQ_API size_t lq_build_diag_count(const lq_build *b);
LQ_API size_t lq_build_error_count(const lq_build *b);
LQ_API size_t lq_build_warning_count(const lq_build *b);
/* One of them: as data, its texts being the build's; as lines for a terminal, in colour if color is nonzero,
 * the marked source beside them and control characters made visible; as one JSON object without a line end.
 * LQ_E_NOTFOUND: there is no such message. LQ_E_IO: write stopped. */
LQ_API lq_status lq_build_diag(const lq_build *b, size_t i, lq_diagnostic *out);
LQ_API lq_status lq_build_diag_text(const lq_build *b, size_t i, int color, lq_write_fn write, void *user);
LQ_API lq_status lq_build_diag_json(const lq_build *b, size_t i, lq_write_fn write, void *user);

/* What was found in the files, in order: rules, and in playbooks code spans that are no query. ERROR: with
 * errors. UNSUPPORTED: a rule of a kind that this version cannot run. SKIPPED: no rule. */
enum { LQ_FOUND_COMPILED = 0, LQ_FOUND_ERROR = 1, LQ_FOUND_UNSUPPORTED = 2, LQ_FOUND_SKIPPED = 3 };
typedef struct lq_found {
  uint32_t struct_size;
  uint32_t state; /* LQ_FOUND_* */
  uint32_t line;  /* of the query in the file */
  uint32_t reserved;
  lq_text id, name, file, query, attack; /* attack: ids with a blank between them */
  lq_text reason;                        /* UNSUPPORTED, SKIPPED: why */
  lq_text kind;                          /* query, eql, threshold, ... */
} lq_found;
/* Texts are the build's. LQ_E_NOTFOUND: past the last. */
LQ_API size_t lq_build_found_count(const lq_build *b);
LQ_API lq_status lq_build_found(const lq_build *b, size_t i, lq_found *out);
/* The canonical text of what was found, in lines of up to width columns (0: one line), or its tree as an
 * outline. LQ_E_NOTFOUND: it did not parse. LQ_E_IO: write stopped. */
LQ_API lq_status lq_build_print(const lq_build *b, size_t i, unsigned width, lq_write_fn write, void *user);
LQ_API lq_status lq_build_print_tree(const lq_build *b, size_t i, lq_write_fn write, void *user);

/* ---- bundles ---- */

/* Loads a bundle from bytes, which may be anything: they are copied and verified whole. The format is
 * docs/bundle.md's. limits, allocator and info may be NULL. LQ_E_BUNDLE: not a bundle, damaged, or rejected
 * by the verifier. LQ_E_VERSION: of another version. LQ_E_LIMIT: over a limit. info says why. */
LQ_API lq_status lq_bundle_load(lq_bundle **out, const void *bytes, size_t n, const lq_limits *limits,
                                const lq_allocator *allocator, lq_errinfo *info);
/* The same, of n bytes that fill puts at p, all of them, where the bundle keeps them: nothing is copied. LQ_E_IO:
 * it gave nonzero. Nobody else may write there, then or later: what is verified is what runs. */
typedef int (*lq_fill_fn)(void *user, void *p, size_t n);
LQ_API lq_status lq_bundle_load_by(lq_bundle **out, size_t n, lq_fill_fn fill, void *user,
                                   const lq_limits *limits, const lq_allocator *allocator, lq_errinfo *info);
/* Another reference to the same bundle: b itself, to be given back by an lq_bundle_free of its own. A scan
 * holds one, so a bundle may be freed while scans of it live; the last reference frees the memory, in
 * whichever thread that is. NULL gives NULL. */
LQ_API lq_bundle *lq_bundle_ref(const lq_bundle *b);
LQ_API void lq_bundle_free(lq_bundle *b);
/* What to write to a .lqb file: not text. */
LQ_API lq_text lq_bundle_bytes(const lq_bundle *b);
/* Its identity: BLAKE2b-256 of the bytes, as 64 hex digits. */
LQ_API const char *lq_bundle_digest(const lq_bundle *b);
/* Do n bytes begin as a bundle does (8 suffice)? 1 or 0. */
LQ_API int lq_bundle_is_bundle(const void *bytes, size_t n);

/* A rule as it was compiled. What its author left out is empty or 0; of a bundle that was stripped, query is.
 */
typedef struct lq_rule_view {
  uint32_t struct_size;
  uint32_t line; /* of the query in the file */
  uint32_t instructions;
  uint32_t max_stack; /* values */
  uint32_t cost;      /* units that one event takes at worst: vm/opcodes.def and vm/match_kinds.def */
  uint32_t reserved;
  lq_text id, name, severity, description, file, query, kind;
} lq_rule_view;
/* Rules have indexes from 0, in the order in which they run. LQ_E_NOTFOUND: past the last. */
LQ_API size_t lq_bundle_rule_count(const lq_bundle *b);
LQ_API lq_status lq_bundle_rule(const lq_bundle *b, size_t i, lq_rule_view *out);
/* The nth value of a metadata key ("attack", "tag", "reference", "os" ...), or of any key with key NULL.
 * key_out and value may be NULL. LQ_E_NOTFOUND: there are not so many. */
LQ_API lq_status lq_bundle_rule_meta(const lq_bundle *b, size_t i, const char *key, size_t nth,
                                     lq_text *key_out, lq_text *value);
/* The next rule from index `from` on whose id, end of the id after a `/`, name or ATT&CK technique `what` is.
 * LQ_E_NOTFOUND: none. */
LQ_API lq_status lq_bundle_find(const lq_bundle *b, const char *what, size_t from, size_t *index);
/* A rule's bytecode as lines for people (docs/bytecode.md). LQ_E_NOTFOUND, LQ_E_IO. */
LQ_API lq_status lq_bundle_disasm(const lq_bundle *b, size_t rule, lq_write_fn write, void *user);
/* The fields that rules read, by full name; empty past the last. */
LQ_API size_t lq_bundle_field_count(const lq_bundle *b);
LQ_API lq_text lq_bundle_field(const lq_bundle *b, size_t i);
/* Tests of one field each; rules share them. */
LQ_API size_t lq_bundle_predicate_count(const lq_bundle *b);

/* The sections of the file, in order (vm/sections.def). LQ_E_CANCELLED: each gave nonzero. */
typedef struct lq_section_view {
  const char *name;        /* static */
  uint32_t type;           /* number of vm/sections.def */
  uint32_t count;          /* rows */
  uint64_t offset, length; /* bytes of the file */
} lq_section_view;
LQ_API lq_status lq_bundle_sections(const lq_bundle *b, int (*each)(void *user, const lq_section_view *s),
                                    void *user);

/* Runs the tests that are written beside the rules (docs/rule-files.md), one after another; each may be NULL.
 * A test that fails is a result; LQ_OK says that all could be run. LQ_E_CANCELLED: each gave nonzero. */
typedef struct lq_test_result {
  size_t rule;    /* index in the bundle */
  uint32_t kind;  /* 0 match, 1 none, 2 count */
  uint32_t line;  /* of the test in the file */
  int32_t passed; /* 1 or 0 */
  uint32_t reserved;
  uint64_t wanted, got;        /* matches */
  lq_text name, event, reason; /* event: JSON; reason: why it could not be run, or empty */
} lq_test_result;
LQ_API lq_status lq_bundle_run_tests(const lq_bundle *b, const lq_limits *limits,
                                     const lq_allocator *allocator,
                                     int (*each)(void *user, const lq_test_result *r), void *user);

/* ---- scanning: records to matches ---- */

typedef struct lq_scan lq_scan;
typedef struct lq_match lq_match;

/* A record that could not be read and was skipped. */
typedef struct lq_bad_event {
  lq_text source, reason; /* as given to lq_scan_begin; for people */
  uint64_t line, offset;  /* where the record begins in the source, decompressed */
  uint32_t column;        /* byte in the record from 1, 0: not known */
  uint32_t reserved;
} lq_bad_event;

/* What a partial match of a stateful rule does, and why. */
enum {
  LQ_STEP_KIND_BEGAN = 0,        /* an event fits the first term */
  LQ_STEP_KIND_ADVANCED = 1,     /* an event fits the next term */
  LQ_STEP_KIND_REPLACED = 2,     /* a newer one took its place */
  LQ_STEP_KIND_EXPIRED = 3,      /* maxspan is over */
  LQ_STEP_KIND_UNTIL = 4,        /* an event fits `until` and ended it */
  LQ_STEP_KIND_MISSING_SEEN = 5, /* an event came that has to be missing; whether it spoils the match is
                                    decided later */
  LQ_STEP_KIND_HELD = 6,         /* complete; waits for what has to stay missing */
  LQ_STEP_KIND_MATCHED = 7,      /* complete; stages of the pipe come next and may still drop it */
  LQ_STEP_KIND_REFUSED = 8,      /* complete, but an event came that has to be missing: no match */
  LQ_STEP_KIND_EVICTED = 9,      /* for a limit */
  LQ_STEP_KIND_SUPPRESSED = 10,  /* by `suppress` */
};
typedef struct lq_step_view {
  uint32_t kind;       /* LQ_STEP_KIND_* */
  uint32_t filled;     /* events it has */
  size_t rule;         /* index in the bundle */
  int64_t time, began; /* place in the order of time of the event at hand, or the time that passed; that of
                          its first event */
  uint64_t arrival;    /* number of the event at hand, from 0 in the order in which they came in */
  uint64_t began_arrival;
  lq_text key;      /* its key for people: values with `, ` between, `null` for none */
  const char *word; /* the kind for people; static */
} lq_step_view;

/* A lateness: every event waits for the end of input, and then all are put in order. */
#define LQ_SCAN_LATENESS_WHOLE INT64_MIN

/* Room outside memory for events that wait for the end of input and are more than max_waiting: temporary
 * files, for example. The scan writes them as sorted runs of max_waiting each, and merges these
 * at the end; no more than about 100 runs are there at once. Runs are numbered from 0, and no number is used
 * twice. All three functions are called from within lq_scan_feed, lq_scan_record, lq_scan_finish and
 * lq_scan_free, on their thread. Where one gives nonzero that call gives LQ_E_IO, and so do feeding and
 * finishing from then on; the scan's counters can still be read. What is written is for this scan in this
 * process alone; it holds events as they came, so keep it from other users. */
typedef struct lq_spill {
  uint32_t struct_size;
  uint32_t reserved;
  void *user;
  int (*write)(void *user, uint32_t run, const void *bytes, size_t n); /* appends n bytes to the run */
  /* Gives the n bytes from offset on; fewer is a failure. All of them have been written. */
  int (*read)(void *user, uint32_t run, uint64_t offset, void *bytes, size_t n);
  void (*drop)(void *user, uint32_t run); /* the run is not needed any more: once for each, by lq_scan_free at
                                             the latest */
} lq_spill;

/* Ways to an answer that are faster than the plain one, each a bit: leaving some out makes a scan slower and
 * changes no match. For tests, and to find out which layer is to blame. LQ_E_NOTFOUND: there are no more. */
typedef struct lq_layer_view {
  uint32_t struct_size;
  uint32_t bit;
  const char *name, *doc; /* static */
} lq_layer_view;
LQ_API lq_status lq_layer_at(size_t i, lq_layer_view *out);
#define LQ_LAYERS_ALL UINT32_MAX

typedef struct lq_scan_options {
  uint32_t struct_size;
  uint32_t layers_off;           /* bits of lq_layer_view that are left out; 0: none, LQ_LAYERS_ALL: all */
  int64_t now;                   /* for functions that ask for the time; the library reads no clock */
  const lq_limits *limits;       /* NULL: defaults */
  const lq_allocator *allocator; /* NULL: malloc and free */
  /* Called for each match, in rule order within an event, and for each record that could not be read. Either
   * may be NULL. Nonzero stops the feed with LQ_E_CANCELLED. */
  int (*match)(void *user, const lq_match *m);
  int (*bad)(void *user, const lq_bad_event *b);
  /* Called for each event, before its matches; may be NULL. raw is the record as it came in, source is as
   * given to lq_scan_begin; either may hold bytes that are no UTF-8. Nonzero stops as above. */
  int (*event)(void *user, lq_text raw, lq_text source, uint64_t line);
  void *user;
  /* Stateful rules take events in the order of their time. This is how long (ns) an event may come after a
   * newer one: events wait that long, and what comes later still is counted (lq_stats.late) and not offered
   * to them. 0: events come in order. LQ_SCAN_LATENESS_WHOLE: for files; otherwise not
   * negative. Rules over single events never wait.
   */
  int64_t lateness;
  /* 16 secret bytes, so that nobody can write events whose keys collide. NULL: random ones from the system. A
   * key of zeros is for tests. Results do not depend on it. */
  const uint8_t *hash_key;
  void (*step)(void *user, const lq_step_view *s); /* what partial matches do; may be NULL */
  /* With LQ_SCAN_LATENESS_WHOLE: where events go that find no room in max_waiting. NULL: the first ones
   * then leave before all have come (lq_stats.forced), and what is older than these is late. */
  const lq_spill *spill;
  /* Not 0: every record is read. Otherwise, where each rule needs one of a few texts, lines of NDJSON without
   * any of them are not (lq_stats.skimmed): nobody is told when one of these is broken. A scan with `event`
   * reads all, and so does one with stateful rules. */
  uint32_t strict;
  /* A clock of yours: ns that ascend, from any beginning; NULL: nothing is timed. Every so many events (0:
   * the 64th) it is asked twice for each thing that is done, for lq_scan_cost. */
  uint32_t clock_every;
  uint64_t (*clock)(void *user);
} lq_scan_options;

/* Makes a scan, which holds a reference to the bundle: you may free yours at once. options may be NULL; all
 * that they point to is copied. LQ_E_USAGE: an option is wrong. */
LQ_API lq_status lq_scan_new(lq_scan **out, const lq_bundle *b, const lq_scan_options *options);
LQ_API void lq_scan_free(lq_scan *s);

/* Bytes of a log, in pieces of any size: NDJSON, JSON arrays, streams of objects, plain or in gzip or zstd.
 * Matches come as soon as a record is whole. name is what alerts call the source; give file names as the user
 * wrote them. A record that cannot be read is counted and skipped; the next one is read.
 * LQ_E_INPUT: the stream itself is broken (compression), lq_scan_message says how. LQ_E_CANCELLED: a callback
 * stopped it. Once a feed has failed, nothing more is read of that source, and later feeds and the end give
 * the same status; lq_scan_begin starts another one. lq_scan_end gives the last record, which may lack a line
 * end. */
LQ_API lq_status lq_scan_begin(lq_scan *s, const char *name);
LQ_API lq_status lq_scan_feed(lq_scan *s, const void *bytes, size_t n);
LQ_API lq_status lq_scan_end(lq_scan *s);
/* One whole source that is in memory: lq_scan_begin, lq_scan_feed and lq_scan_end, up to the first that
 * fails. */
LQ_API lq_status lq_scan_buffer(lq_scan *s, const char *name, const void *bytes, size_t n);
/* How far a source has been read, whole records only, for a scan that resumes there (in another process
 * perhaps, which has what lq_scan_save gave). What is in it depends on the form of the source: keep
 * lq_position_bytes, and give them to lq_position_load. LQ_INIT(lq_position) is the beginning of a source. */
enum { LQ_POSITION_BYTES = 120 };
typedef struct lq_position {
  uint32_t struct_size;
  uint32_t used; /* of bytes */
  uint8_t bytes[LQ_POSITION_BYTES];
} lq_position;
/* Between two feeds, or after lq_scan_end, when nothing is pending any more. */
LQ_API lq_status lq_scan_position(const lq_scan *s, lq_position *out);
/* Resumes at a position, in place of lq_scan_begin. Feed the source from lq_position_view.offset on.
 * LQ_E_USAGE: it is no position. */
LQ_API lq_status lq_scan_begin_at(lq_scan *s, const char *name, const lq_position *from);
/* They may be kept forever; later versions read them. Borrowed from p; empty for the beginning of a source,
 * and for what is no position. */
LQ_API lq_text lq_position_bytes(const lq_position *p);
/* Bytes may be anything. LQ_E_BUNDLE: they are no position that this version knows. */
LQ_API lq_status lq_position_load(lq_position *out, const void *bytes, size_t n);
typedef struct lq_position_view {
  uint32_t struct_size;
  int32_t whole; /* the source can be read again from its first byte only; its records are passed over */
  int32_t cut;   /* compressed, and its end is still to come */
  uint32_t reserved;
  uint64_t offset;     /* in the source as fed, of the first byte to feed; 0 if whole */
  uint64_t line;       /* that has been reached */
  uint64_t first_line; /* of the source's first byte */
  uint64_t next_line;  /* of a source that follows this one under its name */
  uint64_t records;    /* that were read, bad ones too */
  uint64_t pending;    /* bytes of a record that is not whole yet */
} lq_position_view;
/* LQ_E_USAGE: it is no position. */
LQ_API lq_status lq_position_get(const lq_position *p, lq_position_view *out);
/* The beginning of a source that follows another one under its name: line numbers continue, so that no two
 * alerts have the same id. LQ_E_USAGE: before is no position. */
LQ_API lq_status lq_position_follow(lq_position *out, const lq_position *before);
/* No more input will come: stateful rules decide what waits, and stages that waited for the end give their
 * rows. lq_scan_end ends a source only. A scan without stateful rules does not need it. Feed nothing after
 * it. */
LQ_API lq_status lq_scan_finish(lq_scan *s);
/* Live input: the time at which what is fed next came in; call it before the first event, and again as
 * time passes. It may go back. A stamp more than max_future beyond it, and newer than any that was believed,
 * is not believed: it moves no time, and its event is seen where it arrived, as one without a time is: at the
 * last time that was believed, or the time that was reached since (lq_stats.future). Without this call, and
 * with LQ_SCAN_LATENESS_WHOLE, every stamp is believed. For functions that ask for the time it is `now` as
 * well. */
LQ_API void lq_scan_set_now(lq_scan *s, int64_t now);
/* What was wrong when feed or end gave LQ_E_INPUT, otherwise empty; until the next lq_scan_begin. */
LQ_API const char *lq_scan_message(const lq_scan *s);

/* One value of a field of your own record. `text` must live until lq_scan_record returns. */
enum { LQ_VALUE_BOOL = 1, LQ_VALUE_INT = 2, LQ_VALUE_DOUBLE = 3, LQ_VALUE_TEXT = 4 };
typedef struct lq_field_value {
  uint32_t kind; /* LQ_VALUE_* */
  uint32_t reserved;
  int64_t i;    /* BOOL, INT */
  double d;     /* an infinity or NaN is left out and counted (lq_stats.number_range) */
  lq_text text; /* repaired to UTF-8 where needed */
} lq_field_value;
/* Gives the nth value (0, 1, ...) of a field in *out, which is zero before, and 1; 0 when there are no more.
 */
typedef int (*lq_get_fn)(void *user, lq_text field, size_t nth, lq_field_value *out);
/* Scans a record of your own, without JSON: get is asked for `@timestamp` and for each field that some rule
 * comes to need, for no more than max_fields values of one (lq_stats.cut_fields). number is its place in the
 * source, which alerts call the line. LQ_E_CANCELLED as for lq_scan_feed. */
LQ_API lq_status lq_scan_record(lq_scan *s, lq_get_fn get, void *user, uint64_t number);

/* ---- sifting: more threads for one scan ---- */

/* Which records matter can be found out by any thread, as it needs nothing but the record; what they mean
 * comes in order. So a scan can be helped: threads sift blocks of a log, each with an lq_sift of its own, and
 * the thread of the scan takes the blocks in the order of their source. Matches, their order, bad records and
 * counters are those that lq_scan_feed would give; docs/embedding.md has an example. */
typedef struct lq_sift lq_sift; /* for one thread at a time */
typedef struct lq_sifted
    lq_sifted; /* what was found in a block: of the thread that fills it, then of the one that takes it */
/* options: those of the scan, of which allocator, limits, now, layers_off and strict count; NULL: defaults.
 * No callback is called. Holds a reference to the bundle. LQ_E_USAGE: an option is wrong. */
LQ_API lq_status lq_sift_new(lq_sift **out, const lq_bundle *b, const lq_scan_options *options);
LQ_API void lq_sift_free(lq_sift *s);
/* Can be filled again and again. allocator may be NULL. */
LQ_API lq_status lq_sifted_new(lq_sifted **out, const lq_allocator *allocator);
LQ_API void lq_sifted_free(lq_sifted *b);
/* Looks at the next n bytes of a source, a MiB for example, cut anywhere. They are borrowed until they were
 * taken, or the block is filled again. Worth it for NDJSON that is not packed: in all else the scan cannot
 * use what was found, and reads the bytes itself. LQ_E_NOMEM: nothing was found; it can be taken all the
 * same. */
LQ_API lq_status lq_sift_block(lq_sift *s, const void *bytes, size_t n, lq_sifted *into);
/* In place of lq_scan_feed with the bytes of the block, and gives what that would. A scan with an `event`
 * callback, or of another bundle, other limits, another `now` or another `strict`, reads all of them itself.
 * Of lq_stats only rules_run and predicates_run may differ, where stateful rules do not wait for the end of
 * input. */
LQ_API lq_status lq_scan_take(lq_scan *s, const lq_sifted *b);

/* Unpacking in a thread of its own: bytes of a packed source in, plain bytes to `write`, up to some MiB for a
 * call with a few hundred bytes; `write` gives nonzero to stop (LQ_E_IO). LQ_E_INPUT: the stream is broken,
 * cut, or grows more than max_ratio allows, behind what was given. Sources that are not packed pass as they
 * are. */
typedef struct lq_unpack lq_unpack; /* for one thread at a time */
LQ_API lq_status lq_unpack_new(lq_unpack **out, const lq_limits *limits, const lq_allocator *allocator);
LQ_API void lq_unpack_free(lq_unpack *u);
/* Is a source packed that begins like this, or may it be? 1 or 0. */
LQ_API int lq_unpack_applies(const void *bytes, size_t n);
LQ_API lq_status lq_unpack_begin(lq_unpack *u);
LQ_API lq_status lq_unpack_feed(lq_unpack *u, const void *bytes, size_t n, lq_write_fn write, void *user);
LQ_API lq_status lq_unpack_end(lq_unpack *u, lq_write_fn write, void *user);
LQ_API const char *lq_unpack_message(const lq_unpack *u); /* why LQ_E_INPUT; static */
/* A scan of what was unpacked: in place of lq_scan_begin; then feed or take what came out. */
LQ_API lq_status lq_scan_begin_unpacked(lq_scan *s, const char *name);
/* After each piece: that many bytes were unpacked to so many, for lq_stats; and what lq_unpack said after
 * them, with its message. Gives what lq_scan_feed of the packed bytes would. */
LQ_API lq_status lq_scan_unpacked(lq_scan *s, uint64_t packed, uint64_t unpacked, lq_status status,
                                  const char *message);

/* What a scan has counted since it was made or restored. */
typedef struct lq_stats {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t bytes_in, bytes;                             /* as fed; after decompression */
  uint64_t records, events, bad;                        /* records = events + bad + skimmed */
  uint64_t bad_json, bad_size, bad_shape, partial;      /* add up to bad */
  uint64_t mapped;                                      /* raw Windows events read as ECS */
  uint64_t duplicate_keys, repaired_utf8, number_range; /* events with that, not skipped */
  /* Events that went over max_value, max_fields and max_json_depth; the rest of them was judged. */
  uint64_t cut_values, cut_fields, cut_depth;
  uint64_t matches, rules_run, predicates_run;
  uint64_t indeterminate; /* rule and event pairs whose budget ran out: no verdict */
  uint64_t capped;        /* results that were cut from a product of arrays */
  /* Stateful rules. */
  uint64_t state_bytes, state_peak; /* now, and at most; never over max_state */
  uint64_t state_live, state_keys;  /* partial matches and rows kept now; keys now */
  uint64_t state_waiting,
      state_pending; /* events that wait for their turn; matches that wait for what must stay missing */
  uint64_t state_expired, state_replaced, state_killed,
      state_suppressed;   /* partial matches: out of time, by a newer one, by `until`; matches */
  uint64_t state_evicted; /* evicted for a limit: matches may be missing */
  uint64_t state_cut;     /* values, keys and window events over a limit: matches may be missing */
  uint64_t late;          /* events after their time: stateful rules did not see them */
  uint64_t future;        /* stamps that were not believed: their events were seen where they arrived */
  uint64_t timeless;      /* events without a time of their own, which took the last one that was believed */
  uint64_t forced;        /* events that could not wait long enough for order: max_waiting, and no lq_spill */
  uint64_t dropped;       /* events for which there was no room at all */
  uint64_t processes, processes_evicted; /* that lineage knows; evicted for a limit */
  int64_t clock;                         /* time that stateful rules have reached; INT64_MIN: none yet */
  uint64_t spilled;                      /* events that waited outside memory: lq_spill */
  uint64_t skimmed; /* lines without any text that a match needs, not read: lq_scan_options.strict */
  /* What the faster ways did (lq_layer_at). These hang on how many threads there are, and what they count may
   * change with any version. */
  uint64_t unexpected_keys,
      new_keys; /* in records of JSON: not predicted from those before; not met before */
  uint64_t classes, class_hits, class_fallbacks; /* of events; events of one that was known; of none */
  uint64_t conditions, gates_open, candidates;   /* left to choose from, event by event; tests that held of
                                                    those that choose; chosen, and run or kept for later */
  uint64_t values, value_hits, value_misses,
      values_left;   /* that fields had for rules; remembered; not; fields
                        whose tests were tried one by one after all */
  uint64_t profiled; /* events that were timed: lq_scan_options.clock */
} lq_stats;

/* The state of one rule, in the words of lq_stats. LQ_E_NOTFOUND: it is a rule over single events, or no
 * rule. */
typedef struct lq_rule_state_view {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t events, matches; /* events that fit a term; matches that were given out */
  uint64_t live, keys, pending, bytes, peak;
  uint64_t expired, replaced, killed, evicted, cut, suppressed;
} lq_rule_state_view;
LQ_API lq_status lq_scan_rule_state(const lq_scan *s, size_t rule, lq_rule_state_view *out);

/* A partial match that lives now. */
typedef struct lq_live_view {
  size_t rule;            /* index in the bundle */
  uint32_t filled, slots; /* events it has, of how many */
  int32_t held;           /* complete, waits for what must stay missing */
  uint32_t reserved;
  int64_t began, last;             /* times of its first and last event */
  lq_text key;                     /* for people: values with `, ` between */
  size_t nevents;                  /* length of the arrays: its slots, in order */
  const lq_text *events, *sources; /* empty: not there yet, or missing */
  const uint64_t *lines;           /* 0: likewise */
} lq_live_view;
/* Gives them rule by rule, oldest first. */
LQ_API lq_status lq_scan_each_live(const lq_scan *s, void (*each)(void *user, const lq_live_view *live),
                                   void *user);

/* ---- what stateful rules remember ---- */

/* The clock, events that wait for their turn, partial matches, windows, first-seen values, processes, and
 * counters. A scan has one of its own. To scan several partitions of a stream with one scan, make one for
 * each, and attach it before feeding. For one thread at a time, which is that of its scan. */
typedef struct lq_state lq_state;
typedef struct lq_state_options {
  uint32_t struct_size;
  uint32_t reserved;
  const lq_limits *limits;       /* those of state, and of records that are read again; NULL: defaults */
  const lq_allocator *allocator; /* NULL: malloc and free */
  int64_t lateness;              /* as in lq_scan_options */
  const uint8_t *hash_key;       /* likewise */
  const lq_spill *spill;         /* likewise; called by the scan that feeds the state, and by lq_state_free */
} lq_state_options;
/* Holds a reference to the bundle. options may be NULL; all that they point to is copied. LQ_E_NOMEM,
 * LQ_E_USAGE. */
LQ_API lq_status lq_state_new(lq_state **out, const lq_bundle *b, const lq_state_options *options);
/* A scan that feeds it has its own one back. */
LQ_API void lq_state_free(lq_state *s);
/* What is fed from now on goes to that state, which is borrowed; NULL: to the scan's own. Tell
 * lq_scan_set_now after it. LQ_E_USAGE: it is of another bundle, another scan feeds it, or a callback runs.
 */
LQ_API lq_status lq_scan_use_state(lq_scan *s, lq_state *state);
/* The one that is fed; the scan's, or whose it was. */
LQ_API lq_state *lq_scan_state(const lq_scan *s);

/* All of it as bytes: a frame. They hold records of events: protect them like the log. Without stateful rules
 * nothing is written. LQ_E_IO: write stopped. LQ_E_UNSUPPORTED: events wait that may leave memory (lq_spill):
 * outside of it, or without what a save needs. LQ_E_NOMEM. */
LQ_API lq_status lq_state_save(lq_state *s, lq_write_fn write, void *user);
/* What has changed since the last lq_state_save or lq_state_save_changes, as a frame to be stored behind that
 * one's; or, when so much has changed that it is not worth it, or when there was none, all of it: *whole is
 * 1, and what was stored before is not needed any more. If you could not keep the bytes, call lq_state_save
 * next. */
LQ_API lq_status lq_state_save_changes(lq_state *s, lq_write_fn write, void *user, int *whole);
typedef struct lq_restore_view {
  uint32_t struct_size;
  int32_t same_bundle;
  uint32_t kept, cold; /* rules whose state was taken; rules of the bytes that are gone here or have changed:
                          theirs is lost */
} lq_restore_view;
/* Takes the place of what is there: a whole frame, and those of changes behind it, in their order, one behind
 * the other. Bundle and limits may be others than they were saved with: rules that are the same keep what
 * they remember, what is over a limit is evicted and counted, and events that wait are read again. Bytes may
 * be anything: LQ_E_BUNDLE (damaged), LQ_E_VERSION (of another version of the library: begin without them) or
 * LQ_E_NOMEM, and the state is as it was. info and counts may be NULL. */
LQ_API lq_status lq_state_restore(lq_state *s, const void *bytes, size_t n, lq_errinfo *info,
                                  lq_restore_view *counts);
/* Fills out[0] to out[n - 1], yours to free, each with the keys whose hash falls to it and with its share of
 * what has no key; s stays as it is. Merged again they are what s is, but that counters of rules begin at 0.
 */
LQ_API lq_status lq_state_split(lq_state *s, uint32_t n, lq_state **out);
/* Adds what `from` holds, which stays as it is. Where both know a key, the newer one stays, and counts add
 * up. LQ_E_USAGE: they are of different bundles. LQ_E_NOMEM: `into` is as it was. */
LQ_API lq_status lq_state_merge(lq_state *into, lq_state *from);
/* The counters that lq_scan_stats gives of it; the others are 0. */
LQ_API lq_status lq_state_stats(const lq_state *s, lq_stats *out);

/* The same of the state that the scan feeds. */
LQ_API lq_status lq_scan_save(lq_scan *s, lq_write_fn write, void *user);
LQ_API lq_status lq_scan_restore(lq_scan *s, const void *bytes, size_t n, lq_errinfo *info,
                                 lq_restore_view *counts);
LQ_API lq_status lq_scan_stats(const lq_scan *s, lq_stats *out);
/* Matches of one rule; 0 past the last. */
LQ_API uint64_t lq_scan_rule_matches(const lq_scan *s, size_t rule);

/* What was measured in events that were timed: multiply by events / profiled (lq_stats) for what all took. */
enum {
  LQ_COST_RULE = 0, /* the code of a rule, and of its terms; what it asks for, too. i: as in the bundle */
  LQ_COST_PREDICATE = 1, /* a test of a field that was tried by itself; rules share them */
  LQ_COST_FIELD = 2      /* all tests of a field, answered at once */
};
typedef struct lq_cost_view {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t runs, ns;
  lq_text what; /* a rule's id, a test, a field's name; until the next call; empty without runs */
} lq_cost_view;
/* LQ_E_NOTFOUND: there are no more of that kind, or the scan has no clock. */
LQ_API lq_status lq_scan_cost(lq_scan *s, uint32_t kind, size_t i, lq_cost_view *out);

/* ---- a match, inside the callback ---- */

LQ_API size_t lq_match_rule(const lq_match *m); /* index in the bundle */
/* The scan's; lq_bundle_ref keeps it for longer. */
LQ_API const lq_bundle *lq_match_bundle(const lq_match *m);
/* 32 hex digits: BLAKE2b-128 of the rule's id, source names and lines (docs/alert.md), the same in every run.
 * Until the next call. */
LQ_API const char *lq_match_id(const lq_match *m);
/* The event: as it came in, where from, and when; event and source may hold bytes that are no UTF-8.
 * lq_match_time gives 1, or 0 when the event has no time, and *ns stays. */
LQ_API lq_text lq_match_event(const lq_match *m);
LQ_API lq_text lq_match_source(const lq_match *m);
LQ_API uint64_t lq_match_line(const lq_match *m);
LQ_API int lq_match_time(const lq_match *m, int64_t *ns);
/* A match of several events (a sequence, a sample, a row of `stats`) has many; the getters above are about
 * the one that completed it, or the last one there is. Of a ROW, columns say what was counted, and events are
 * samples: the first and the last. */
enum { LQ_MATCH_EVENT = 0, LQ_MATCH_GROUP = 1, LQ_MATCH_ROW = 2 };
LQ_API uint32_t lq_match_kind(const lq_match *m);
/* The ith event, from 0: empty text and line 0 for a term that has to be missing, and past the last. */
LQ_API size_t lq_match_event_count(const lq_match *m);
LQ_API lq_text lq_match_event_at(const lq_match *m, size_t i);
LQ_API lq_text lq_match_source_at(const lq_match *m, size_t i);
LQ_API uint64_t lq_match_line_at(const lq_match *m, size_t i);
LQ_API int lq_match_time_at(const lq_match *m, size_t i, int64_t *ns);
/* Columns that stages made (`stats`, `eval`, `count` ...) or kept. text is for people, json is one JSON
 * value; any of the three may be NULL. LQ_E_NOTFOUND: past the last. */
LQ_API size_t lq_match_column_count(const lq_match *m);
LQ_API lq_status lq_match_column(const lq_match *m, size_t i, lq_text *name, lq_text *text, lq_text *json);
/* The key that joins the events of a group: each part's name as written in the rule, and its value, which is
 * empty with *null = 1 where the events have none. No argument may be NULL. LQ_E_NOTFOUND: past the last. */
LQ_API size_t lq_match_key_count(const lq_match *m);
LQ_API lq_status lq_match_key(const lq_match *m, size_t i, lq_text *name, lq_text *value, int *null);
/* What `lq query` prints, without a line end: the event as it came in, in one line; {"events":[...]} for a
 * group; the columns of a row as an object. */
LQ_API lq_status lq_match_row_json(const lq_match *m, lq_write_fn write, void *user);
/* The event's first value of a field, as text. LQ_E_NOTFOUND: it has none, or no rule of the bundle reads it.
 */
LQ_API lq_status lq_match_field(const lq_match *m, const char *name, lq_text *value);

/* One clause that made the rule true. */
typedef struct lq_clause {
  lq_text clause;                  /* as written in the rule */
  lq_text field, value;            /* the value that matched; empty field: the clause reads none */
  lq_text entry;                   /* the pattern of the list that matched, with `*` and `?`; may be empty */
  uint64_t match_start, match_end; /* the matched part of value, in bytes */
  size_t event;                    /* which event of the match this is about */
} lq_clause;
/* Gives them in the order of the rule's bytecode; those under `not` are left out, and of a bundle that was
 * stripped there are none. LQ_E_CANCELLED: each gave nonzero. */
LQ_API lq_status lq_match_why(const lq_match *m, int (*each)(void *user, const lq_clause *c), void *user);
/* The alert as a JSON object, as docs/alert.md has it, without a line end. */
LQ_API lq_status lq_match_json(const lq_match *m, lq_write_fn write, void *user);

/* ---- for editors, prompts and documentation ---- */

enum {
  LQ_COLOR_NONE = 0,
  LQ_COLOR_NAME,
  LQ_COLOR_FUNCTION,
  LQ_COLOR_STRING,
  LQ_COLOR_NUMBER,
  LQ_COLOR_LITERAL,
  LQ_COLOR_KEYWORD,
  LQ_COLOR_OPERATOR,
  LQ_COLOR_PUNCT,
  LQ_COLOR_COMMENT,
  LQ_COLOR_ERROR,
};
/* Gives each token and comment with its class (LQ_COLOR_*), in order, as bytes from start to before end. The
 * text need not be right. This and the next two use malloc. */
LQ_API lq_status lq_highlight(const char *query, size_t n, uint32_t dialect,
                              void (*each)(void *user, size_t start, size_t end, uint32_t color), void *user);
/* Sets *unfinished to 1 if the query is right so far and needs more (a prompt asks for another line),
 * otherwise to 0. */
LQ_API lq_status lq_query_unfinished(const char *query, size_t n, uint32_t dialect, int *unfinished);
/* Gives the words that could stand at the end of the text (which may end in the beginning of one): keywords,
 * functions, stages, ECS fields. start is the byte where the word begins, kind is one of LQ_COLOR_*. */
LQ_API lq_status lq_complete(const char *query, size_t n, uint32_t dialect,
                             void (*each)(void *user, lq_text word, uint32_t kind, size_t start), void *user);
/* Gives every leaf of one JSON record by its ECS name, raw Windows events mapped; type is a word such as
 * "string". allocator may be NULL. LQ_E_INPUT: no record. LQ_E_LIMIT: over a default limit. */
LQ_API lq_status lq_record_fields(const char *json, size_t n, const lq_allocator *allocator,
                                  void (*each)(void *user, lq_text name, const char *type, lq_text value),
                                  void *user);

/* A row of stdlib/functions.def; texts are static. params: a letter for each, as that file explains. */
typedef struct lq_function_view {
  uint32_t struct_size;
  int32_t folds; /* has a `name~` form */
  const char *name, *group, *result, *params, *doc, *example, *expected;
} lq_function_view;
LQ_API size_t lq_function_count(void);
LQ_API lq_status lq_function_at(size_t i, lq_function_view *out);

/* What events are read from: forms of records, and packings around them. Texts are static; endings of file
 * names are separated by blanks. LQ_E_NOTFOUND: past the last. */
typedef struct lq_input_view {
  uint32_t struct_size;
  int32_t packing; /* otherwise a form */
  const char *name, *endings, *what;
} lq_input_view;
LQ_API lq_status lq_input_at(size_t i, lq_input_view *out);
/* Does a file of this name hold events, by its ending? 1 or 0. Input is read by what it holds, whatever its
 * name. */
LQ_API int lq_input_takes(const char *name);

/* The fields of ECS, by name; texts are static. LQ_E_NOTFOUND: past the last. */
LQ_API lq_status lq_ecs_field(size_t i, lq_text *name, const char **type);

/* A diagnostic code's severity, title and explanation; 203 is LQ203. Texts are static. LQ_E_NOTFOUND: no such
 * code. */
LQ_API lq_status lq_explain_code(uint32_t code, uint32_t *severity, const char **title,
                                 const char **explanation);
/* All codes, ascending; 0 past the last. */
LQ_API size_t lq_code_count(void);
LQ_API uint32_t lq_code_at(size_t i);

/* Writes a reference page that is made from the tables, in Markdown: "functions", "bytecode", "diagnostics".
 * Uses malloc. LQ_E_NOTFOUND: another name. LQ_E_IO: write stopped. */
LQ_API lq_status lq_docs(const char *page, lq_write_fn write, void *user);

#ifdef __cplusplus
}
#endif
#endif

// Raw Windows events to ECS: which raw names become which fields, for which events. Tables only;
// input/windows.c does it. Rows: stdlib/mappings/*.def. Source of the facts: docs/mapping.md.
#ifndef LQ_STDLIB_MAPPING_H
#define LQ_STDLIB_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

// The log that an event belongs to, by its channel or else its provider (both without regard to case).
//   name, channel, provider
#define LQ_MAP_GROUPS(X)                                                                                     \
  X(ANY, "", "")                                                                                             \
  X(SYSMON, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")                              \
  X(SECURITY, "Security", "Microsoft-Windows-Security-Auditing")                                             \
  X(POWERSHELL, "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell")                  \
  X(POWERSHELL_CORE, "PowerShellCore/Operational", "PowerShellCore")                                         \
  X(CLASSIC, "Windows PowerShell", "PowerShell")                                                             \
  X(SYSTEM, "System", "Service Control Manager")                                                             \
  X(APPLICATION, "Application", "")

typedef enum lq_map_group {
#define X(name, channel, provider) LQ_MAP_##name,
  LQ_MAP_GROUPS(X)
#undef X
} lq_map_group;

// How a raw value becomes a field's, and whether it can give more than one. `arg` is the row's last column.
//   name, ONE or MANY, text
#define LQ_MAP_TRANSFORMS(X)                                                                                 \
  X(TEXT, ONE, "the value as it is")                                                                         \
  X(STRING, ONE, "a number as text")                                                                         \
  X(LONG, ONE, "a whole number; hexadecimal with `0x`")                                                      \
  X(BOOL, ONE, "true or false")                                                                              \
  X(CONST, ONE, "the argument, whatever the raw value is (a row without a raw name: always)")                \
  X(MATCH, ONE, "`name=value`: the value, if the raw one is the name; the rest is not a value")              \
  X(LOWER, ONE, "lower case")                                                                                \
  X(STAMP, ONE, "the event's time")                                                                          \
  X(TIME, ONE, "a date as RFC 3339 text")                                                                    \
  X(BASENAME, ONE, "what follows the last backslash")                                                        \
  X(DIRNAME, ONE, "what comes before the last backslash")                                                    \
  X(EXTENSION, ONE, "what follows the last dot of the file's name")                                          \
  X(JOIN, ONE, "the value, a backslash, and the raw value that the argument names")                          \
  X(LOCAL, ONE, "a path without its leading `\\??\\` and closing backslash")                                 \
  X(ARGV, MANY, "a command line split by the rules of Windows")                                              \
  X(ARGC, ONE, "how many parts ARGV gives")                                                                  \
  X(WORDS, MANY, "split at blanks outside quotes, which stay")                                               \
  X(WORDC, ONE, "how many parts WORDS gives")                                                                \
  X(LINES, MANY, "split at white space")                                                                     \
  X(DOMAIN, ONE, "what comes before the backslash of `DOMAIN\\user`")                                        \
  X(ACCOUNT, ONE, "what follows the backslash of `DOMAIN\\user`")                                            \
  X(BEFORE, ONE, "what comes before the argument; all of it without one")                                    \
  X(COMMON_NAME, ONE, "the first `CN=` of a distinguished name, otherwise the value")                        \
  X(HASH, MANY, "the hash that the argument names, of `SHA1=…,MD5=…`, lower case; only zeros are none")      \
  X(HASHES, MANY, "every one of them")                                                                       \
  X(HIVE, ONE, "the hive of a registry path, short")                                                         \
  X(KEY, ONE, "a registry path without its hive")                                                            \
  X(REGISTRY_DATA, ONE, "registry data; DWORD and QWORD in decimal")                                         \
  X(REGISTRY_TYPE, ONE, "the type of registry data")                                                         \
  X(ADDRESS, ONE, "an IP address, without what maps IPv4 into IPv6")                                         \
  X(ANSWER_TYPE, MANY, "types of DNS answers")                                                               \
  X(ANSWER_DATA, MANY, "data of DNS answers")                                                                \
  X(ANSWER_HOST, MANY, "names among DNS answers")                                                            \
  X(ANSWER_IP, MANY, "addresses among DNS answers")                                                          \
  X(CODE, ONE, "the text that the table in the argument has for it; none without one")                       \
  X(CODE_OR, ONE, "the same, otherwise the value in lower case")                                             \
  X(FLAGS, MANY, "the texts of all its bits in the table of the argument")                                   \
  X(KEYWORDS, ONE, "keywords of an event, those of audits as text")                                          \
  X(OUTCOME, ONE, "success or failure of an audit")                                                          \
  X(PAIR, ONE, "the value after `name = ` or `name=` in a text of lines")                                    \
  X(PAIR_LONG, ONE, "the same, as a whole number")                                                           \
  X(PAIR_ARGV, MANY, "the same, split like ARGV")                                                            \
  X(PAIR_ARGC, ONE, "how many parts PAIR_ARGV gives")                                                        \
  X(PAIR_BASENAME, ONE, "the same, and BASENAME of it")                                                      \
  X(PAIR_DIRNAME, ONE, "the same, and DIRNAME of it")                                                        \
  X(PAIR_EXTENSION, ONE, "the same, and EXTENSION of it")                                                    \
  X(PAIR_DOMAIN, ONE, "the same, and DOMAIN of it")                                                          \
  X(PAIR_ACCOUNT, ONE, "the same, and ACCOUNT of it")                                                        \
  X(DETAIL, MANY, "that part of each line `Type(Command): name=\"…\"; value=\"…\"`, an object a line")

typedef enum lq_map_transform {
#define X(name, gives, text) LQ_TO_##name,
  LQ_MAP_TRANSFORMS(X)
#undef X
} lq_map_transform;

// Rows in the order of the files. For each field, the first row that gives a value wins; rows with `also` add
// to it.
typedef struct lq_map_row {
  lq_str ids; // `1,5,7-9`, or `*`
  lq_str raw; // `$name`: of the event's header (headers.def), else of its data; empty: no raw value is needed
  lq_str target, arg;
  uint8_t group, transform; // ANY: every log
  bool also;
} lq_map_row;
const lq_map_row *lq_map_rows(size_t *n);

// What kind of event an id is. The first that fits wins. Lists are split at commas.
typedef struct lq_map_kind {
  lq_str ids, categories, types, action;
  uint8_t group;
} lq_map_kind;
const lq_map_kind *lq_map_kinds(size_t *n);

// Where the header of an event is. element: a name of the flat form, or below `System`; attribute: of that
// element.
typedef struct lq_map_header {
  lq_str element, attribute;
  lq_str name; // `$name`, or empty: known and not wanted
  bool flat;
} lq_map_header;
const lq_map_header *lq_map_headers(size_t *n);

bool lq_map_ids_hold(lq_str ids, uint32_t id);
lq_map_group lq_map_group_of(lq_str channel, lq_str provider);
lq_str lq_map_code(lq_str table, lq_str value); // without regard to case; empty: none
// Calls flag for the text of each bit of the table that is set in bits.
void lq_map_flags(lq_str table, uint64_t bits, void (*flag)(void *user, lq_str text), void *user);
bool lq_map_gives_many(lq_map_transform t); // values for one raw value
const char *lq_map_transform_name(lq_map_transform t);
const char *lq_map_transform_text(lq_map_transform t);

#endif

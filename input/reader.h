// Bytes of a log to events: decompression, framing, JSON, Windows mapping. No I/O: bytes are pushed in,
// events come out.
#ifndef LQ_INPUT_READER_H
#define LQ_INPUT_READER_H

#include "input/cursor.h"
#include "input/sieve.h"
#include "libquery/status.h"

typedef struct lq_input_limits {
  uint32_t layers_off; // bits of lq_layer (base/layers.h): ways that are not taken, for tests
  size_t max_record;   // bytes of one record; 0: 16 MiB
  size_t
      max_value; // bytes of one text that are kept where texts are copied; longer ones are counted; 0: 1 MiB
  uint32_t max_depth;  // nesting of JSON, what lies deeper is left out and counted; 0: 64
  uint32_t max_fields; // values of one field, more are left out and counted; 0: 4,096
  uint64_t max_ratio;  // output to input of a compressed stream, after its first MiB; 0: 200
} lq_input_limits;
// None of them but max_record makes a record unreadable: an event must not hide behind what no rule reads.

// What is odd about a record shows when it is opened or when a field is asked for; each oddity counts once.
typedef struct lq_oddities {
  bool repaired, cut, range, crowded;
} lq_oddities;

typedef struct lq_input_stats {
  uint64_t bytes_in, bytes;                             // as given; after decompression
  uint64_t records, events;                             // records = events + bad + skimmed
  uint64_t bad;                                         // records that were skipped, by reason below
  uint64_t bad_json, bad_size, bad_shape, partial;      // they add up to bad
  uint64_t mapped;                                      // raw Windows events turned into ECS
  uint64_t duplicate_keys, repaired_utf8, number_range; // events with that; not skipped
  uint64_t cut_values, cut_fields, cut_depth; // events over max_value, max_fields, max_depth; not skipped
  uint64_t skimmed; // lines that a sieve held back: nobody knows whether they are events
  // What prediction of keys did: that no record before said would come here; that none had here.
  uint64_t unexpected_keys, new_keys;
} lq_input_stats;

typedef struct lq_bad_record {
  lq_str source;
  uint64_t line, offset; // where the record begins
  uint32_t column;       // byte in the record where it stops making sense, from 1; 0 unknown
  lq_str reason;         // "a comma is missing", for people
} lq_bad_record;

typedef struct lq_reader lq_reader;
typedef struct lq_reader_hooks {
  // Nonzero stops: lq_reader_feed gives LQ_E_CANCELLED. The event, its raw bytes and the cursor live until
  // the call returns.
  int (*record)(void *user, lq_cursor *c);
  int (*bad)(void *user, const lq_bad_record *b);
  void *user;
} lq_reader_hooks;

lq_status lq_reader_new(lq_reader **out, const lq_fieldmap *map, const lq_input_limits *limits,
                        const lq_reader_hooks *hooks, const lq_mem *mem);
void lq_reader_free(lq_reader *r);
// From the next source on, lines that hold nothing of it are not read (input/sieve.h). Borrowed; NULL: all
// are.
void lq_reader_set_sieve(lq_reader *r, const lq_sieve *sieve);
// One source after another through the same reader. The kind of compression and framing is found from the
// first bytes. Framing: NDJSON; one JSON array of objects; a stream of (pretty-printed) objects;
// `hits.hits[]._source`. A record that is an object with `_source` gives that. A record with `Event` or
// `Events[]` is EVTX JSON.
void lq_reader_begin(lq_reader *r, lq_str source);
lq_status lq_reader_feed(lq_reader *r, const void *bytes,
                         size_t n); // any split of the bytes gives the same events
// A last record without its end is complete if it is whole JSON, else counted in `partial`. A broken
// compressed stream: LQ_E_INPUT after all events before the fault were given.
lq_status lq_reader_end(lq_reader *r);
// How far a source has been read, and where reading can resume: between two feeds, and behind the end. A
// source that is packed, or of a form that cannot begin in its middle, is read again from its first byte.
typedef struct lq_reader_position {
  int form;              // LQ_FORM_*: feed from offset on; -1: from the first byte
  bool inside;           // of a record that is too long and was reported
  bool cut;              // packed, and its end has not come
  uint64_t offset, line; // of the first byte that is not done with
  uint64_t first_line;   // of the source
  uint64_t next_line;    // of a source that follows this one under the same name
  uint64_t pending;      // bytes of a record that is not whole yet
} lq_reader_position;
bool lq_reader_resumes(int form); // can it begin in the middle of a source?
void lq_reader_position_get(const lq_reader *r, lq_reader_position *out);
void lq_reader_begin_at(lq_reader *r, lq_str source, const lq_reader_position *from);
// Of a source that is not packed, and of which a record is a line: does one begin here? Then the whole lines
// that come next may be left to another reader, which begins in its middle, and this one reads some of them
// only.
bool lq_reader_broken(const lq_reader *r); // nothing more is read of this source
bool lq_reader_at_line(const lq_reader *r);
// One of them, which begins so many lines and bytes from here: given and counted as ever, with what the other
// one has seen of it.
lq_status lq_reader_take(lq_reader *r, lq_str text, uint64_t lines, uint64_t offset, lq_oddities seen);
// All n bytes of them are done with, and `counted` is what the other one has counted. status: what there was
// to say of them; not LQ_OK: nothing more is read of this source.
lq_status lq_reader_pass_lines(lq_reader *r, uint64_t lines, size_t n, const lq_input_stats *counted,
                               lq_status status);
void lq_reader_leave_unread(lq_reader *r, size_t n); // that were fed, behind what stopped it
void lq_reader_set_stats(lq_reader *r, const lq_input_stats *stats);
// Right after begin: somebody else unpacks the source, and it is fed what came out. Then after each piece: so
// many bytes it was made of, and what there is to say of the packing behind it (message: static).
void lq_reader_is_unpacked(lq_reader *r);
lq_status lq_reader_unpacked(lq_reader *r, uint64_t packed, uint64_t unpacked, lq_status status,
                             const char *message);
// For the other one, in its record hook: this one is counted by whoever takes it. Gives what it has seen.
lq_oddities lq_reader_leave(lq_reader *r);
const lq_input_stats *lq_reader_stats(const lq_reader *r);
const char *lq_reader_message(const lq_reader *r); // why feed or end gave LQ_E_INPUT, or ""

// One record that is already in memory (a test's event, an embedder's bytes): fills e as the reader would. e
// must be clear.
lq_status lq_event_from_json(lq_event *e, lq_str json, const lq_input_limits *limits, lq_bad_record *bad,
                             const lq_mem *mem);

// Every leaf of a record by its full ECS name, mapped as above: for `lq schema`, the REPL's completion, KQL
// free text. Arrays give one call an element. A mapped event also gives winlog.event_data.*.
lq_status lq_record_visit(lq_str json, const lq_input_limits *limits, const lq_mem *mem,
                          void (*leaf)(void *user, lq_str name, const lq_value *v), void *user);

#endif

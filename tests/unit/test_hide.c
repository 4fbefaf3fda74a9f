// An event cannot hide: whatever stands around `process.name: evil.exe`, the rule fires, and what was left
// out is counted.
#include <stdlib.h>

#include "base/buf.h"
#include "libquery/lq.h"
#include "library.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define EVIL "\"process\":{\"name\":\"evil.exe\"}"
#define RAW                                                                                                  \
  "\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\","                                      \
  "\"Image\":\"C:\\\\evil.exe\",\"SourceName\":\"Microsoft-Windows-Sysmon\""

typedef enum counter { NOTHING, VALUES, FIELDS, DEPTH } counter;

// before, so many times `again`, after.
static const struct hidden {
  const char *what, *query; // NULL: process.name
  const char *before, *again, *after;
  size_t times;
  counter counted;
} table[] = {
    {"an array that no rule reads", NULL, "{\"junk\":[0", ",0", "]," EVIL "}", 4097, NOTHING},
    {"a long one", NULL, "{\"junk\":[0", ",0", "]," EVIL "}", 200000, NOTHING},
    {"one that is read", "process.name == \"evil.exe\" or process.args == 1", "{\"process\":{\"args\":[0",
     ",0", "],\"name\":\"evil.exe\"}}", 5000, FIELDS},
    {"a long one that is read", "process.name == \"evil.exe\" or process.args == 1",
     "{\"process\":{\"args\":[0", ",0", "],\"name\":\"evil.exe\"}}", 200000, FIELDS},
    {"many members", NULL, "{", "\"x\":1,", EVIL "}", 5000, NOTHING},
    {"very many members", NULL, "{", "\"x\":1,", EVIL "}", 100000, NOTHING},
    {"very many with escapes", NULL, "{", "\"\\u0078\":1,",
     "\"pr\\u006fcess\":{\"nam\\u0065\":\"evil.exe\"}}", 100000, NOTHING},
    {"many members beside it", NULL, "{\"process\":{", "\"x\":1,", "\"name\":\"evil.exe\"}}", 100000,
     NOTHING},
    {"many objects of its name", NULL, "{", "\"process\":{\"x\":1},", EVIL "}", 5000, NOTHING},
    {"many empty arrays", NULL, "{\"junk\":[[]", ",[]", "]," EVIL "}", 100000, NOTHING},
    {"a key that comes twice", NULL, "{\"process\":{\"name\":\"ok.exe\"},", "", EVIL "}", 0, NOTHING},
    {"a name that comes twice", NULL, "{\"process\":{\"name\":\"ok.exe\",\"name\":\"evil.exe\"}", "", "}", 0,
     NOTHING},
    {"dotted after nested", NULL, "{\"process\":{\"name\":\"ok.exe\"},", "", "\"process.name\":\"evil.exe\"}",
     0, NOTHING},
    {"a null, then itself", NULL, "{\"process\":null,", "", EVIL "}", 0, NOTHING},
    {"a text, then itself", NULL, "{\"process\":\"x\",", "", EVIL "}", 0, NOTHING},
    {"deep arrays", NULL, "{\"junk\":", "[", EVIL, 65, DEPTH},
    {"very deep arrays", NULL, "{\"junk\":", "[", EVIL, 1000000, DEPTH},
    {"deep objects", NULL, "{\"junk\":", "{\"a\":", EVIL, 65, DEPTH},
    {"deep below its own name", NULL, "{\"process\":", "{\"a\":", EVIL, 100, DEPTH},
    {"deep inside its array", NULL, "{\"process\":{\"name\":", "[", "\"name\":\"evil.exe\"}", 100, DEPTH},
    {"a long value that is not read", NULL, "{\"junk\":\"", "x", "\"," EVIL "}", 2000000, NOTHING},
    {"a long value before it", "process.name == \"evil.exe\" and message != \"a\"", "{\"message\":\"", "x",
     "\"," EVIL "}", 2000000, VALUES},
    {"behind its own beginning", "process.name : \"*evil.exe\"", "{\"process\":{\"name\":\"", "x",
     "evil.exe\"}}", 2000000, VALUES},
    {"in the middle of 15 MiB", "process.name : \"*evil.exe*\"", "{\"process\":{\"name\":\"", "x",
     " Evil.exe \"}}", 15000000, VALUES},
    {"found by an expression", "process.name regex~ \".*evil[.]exe\"", "{\"process\":{\"name\":\"", "x",
     "evil.exe\"}}", 2000000, VALUES},
    {"found by its end", "endsWith(process.name, \"evil.exe\")", "{\"process\":{\"name\":\"", "x",
     "evil.exe\"}}", 2000000, VALUES},
    {"a raw event's array", NULL, "{\"junk\":[0", ",0", "]," RAW "}", 200000, NOTHING},
    {"a raw event's members", NULL, "{", "\"x\":1,", RAW "}", 100000, NOTHING},
    {"members of a raw event's data", NULL,
     "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\"}},"
     "\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\"},\"EventData\":{",
     "\"x\":1,", "\"Image\":\"C:\\\\evil.exe\"}}}", 100000, FIELDS},
    {"a wrapper's members", NULL, "{\"_source\":{", "\"x\":1,", EVIL "}}", 100000, NOTHING},
    {"members, with a pattern of names", "kql process.name : evil.exe or *.y : 3", "{", "\"x\":1,", EVIL "}",
     200000, FIELDS},
};

static lq_bundle *bundle_of_case(const char *query)
{
  bool kql = strncmp(query, "kql ", 4) == 0;
  lq_build_options o = {.struct_size = sizeof o, .dialect = kql ? LQ_DIALECT_NAME_KQL : LQ_DIALECT_NAME_LQ};
  return bundle_with(query + (kql ? 4 : 0), &o);
}

// Brackets that `again` opened and `before` and `after` did not close.
static void close_brackets(lq_buf *out)
{
  lq_buf open = {.mem = &lq_mem_libc};
  bool inside = false;
  size_t n = out->n;
  for (size_t i = 0; i < n; i++) {
    char c = out->p[i];
    if (inside && c == '\\')
      i++;
    else if (c == '"')
      inside = !inside;
    else if (!inside && (c == '{' || c == '['))
      lq_buf_byte(&open, c == '{' ? '}' : ']');
    else if (!inside && (c == '}' || c == ']'))
      open.n--;
  }
  while (open.n > 0)
    lq_buf_byte(out, open.p[--open.n]);
  lq_buf_free(&open);
}

static void write_event(lq_buf *out, const struct hidden *h)
{
  lq_buf_clear(out);
  lq_buf_z(out, h->before);
  for (size_t i = 0; i < h->times; i++)
    lq_buf_z(out, h->again);
  if (h->counted == DEPTH) { // close what is deep, and go on beside it
    const char *value = strchr(h->again, ':') ? "1" : "";
    lq_buf_z(out, value);
    for (size_t i = 0; i < h->times; i++)
      lq_buf_byte(out, h->again[0] == '{' ? '}' : ']');
    lq_buf_byte(out, ',');
  }
  lq_buf_z(out, h->after);
  close_brackets(out);
}

static void check(const struct hidden *h, lq_buf *event)
{
  int matches = 0;
  lq_bundle *b = bundle_of_case(h->query ? h->query : "process.name == \"evil.exe\"");
  lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = &matches};
  lq_scan *s = NULL;
  lq_stats st = {.struct_size = sizeof st};
  write_event(event, h);
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_begin(s, "e") == LQ_OK);
  cr_assert(lq_scan_feed(s, event->p, event->n) == LQ_OK && lq_scan_end(s) == LQ_OK);
  lq_scan_stats(s, &st);
  cr_expect(matches == 1 && st.events == 1 && st.bad == 0, "%s: %d matches, %d bad", h->what, matches,
            (int)st.bad);
  cr_expect(st.cut_values == (h->counted == VALUES) && st.cut_fields == (h->counted == FIELDS) &&
                st.cut_depth == (h->counted == DEPTH),
            "%s: %d %d %d", h->what, (int)st.cut_values, (int)st.cut_fields, (int)st.cut_depth);
  lq_scan_free(s);
  lq_bundle_free(b);
}

Test(hide, nothing_hides_an_event)
{
  lq_buf event = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < COUNT(table); i++)
    check(&table[i], &event);
  lq_buf_free(&event);
}

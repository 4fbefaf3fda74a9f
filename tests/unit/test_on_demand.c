// A field has the same values in the same order whenever it is asked for, of whatever kind of record: random
// records and the shapes that logs have, asked slot by slot in random order, against the plain way, which
// maps a raw Windows event whole when it is opened.
#include <criterion/criterion.h>
#include <stdio.h>

#include "counting_mem.h"
#include "input/reader.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

// ---- chance

static uint64_t state;

static uint32_t under(uint32_t n)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 33) % n;
}

// ---- maps

typedef struct field {
  const char *name; // `*` is a wildcard
  int scope;        // an earlier field; -1: none
  bool is_scope;
} field;

static const field alone[] = {
    {"event.category", -1, false},
    {"event.type", -1, false},
    {"event.action", -1, false},
    {"event.code", -1, false},
    {"event.provider", -1, false},
    {"event.dataset", -1, false},
    {"event.kind", -1, false},
    {"event.outcome", -1, false},
    {"event.created", -1, false},
    {"@timestamp", -1, false},
    {"winlog.channel", -1, false},
    {"winlog.keywords", -1, false},
    {"winlog.event_id", -1, false},
    {"host.os.type", -1, false},
    {"host.name", -1, false},
    {"process.name", -1, false},
    {"process.executable", -1, false},
    {"process.args", -1, false},
    {"process.args_count", -1, false},
    {"process.pid", -1, false},
    {"process.parent.name", -1, false},
    {"process.hash.md5", -1, false},
    {"file.path", -1, false},
    {"file.name", -1, false},
    {"file.directory", -1, false},
    {"file.target_path", -1, false},
    {"registry.path", -1, false},
    {"registry.data.strings", -1, false},
    {"related.user", -1, false},
    {"related.ip", -1, false},
    {"user.name", -1, false},
    {"user.id", -1, false},
    {"dns.answers.type", -1, false},
    {"dns.resolved_ip", -1, false},
    {"message", -1, false},
    {"winlog.event_data.Image", -1, false},
    {"winlog.event_data.PrivilegeList", -1, false},
    {"winlog.event_data.a.b", -1, false},
    {"winlog.event_data.Junk", -1, false},
    {"winlog.event_data.param1", -1, false},
    {"winlog.user_data.SubjectUserName", -1, false},
    {"powershell.command.invocation_details.name", -1, false},
};
static const field scoped[] = {
    {"dns.answers", -1, true},
    {"dns.answers.type", 0, false},
    {"dns.answers.data", 0, false},
    {"process", -1, true},
    {"process.name", 3, false},
    {"process.args", 3, true},
    {"process.args", 5, false},
    {"process.name", -1, false},
    {"event.category", -1, true},
    {"event.category", -1, false},
    {"winlog.event_data.Junk", -1, true},
    {"winlog.event_data.Junk.x", 10, false},
    {"winlog.event_data.Junk.x", -1, false},
    {"powershell.command.invocation_details", -1, true},
    {"powershell.command.invocation_details.name", 13, false},
    {"file.path", -1, false},
};
static const field patterned[] = {
    {"process.*", -1, false},
    {"*", -1, false},
    {"winlog.event_data.*", -1, false},
    {"*.name", -1, false},
    {"process.name", -1, false},
    {"nothing.at.all*", -1, false},
    {"event.*", -1, false},
    {"event.code", -1, false},
    {"@timestamp", -1, false},
    {"dns", -1, true},
    {"dns.*", 9, false},
    {"proc*", -1, true},
    {"process.args", -1, false},
    {"winlog.event_data.Junk.*", -1, false},
};
// Nothing here can have values of the data of raw events.
static const field apart[] = {
    {"dns.answers", -1, true},       {"dns.answers.type", 0, false}, {"process.*", -1, false},
    {"process", -1, true},           {"process.name", 3, false},     {"event.code", -1, true},
    {"dns.answers.type", -1, false},
};
static const field few[] = {{"process.name", -1, false}};
static const field sourced[] = {{"process.name", -1, false}, {"_source.process.name", -1, false}};

static const struct map {
  const field *fields;
  size_t n;
} maps[] = {{alone, COUNT(alone)},
            {scoped, COUNT(scoped)},
            {patterned, COUNT(patterned)},
            {few, COUNT(few)},
            {sourced, COUNT(sourced)},
            {apart, COUNT(apart)},
            {NULL, 0}};

static lq_fieldmap *make_map(const struct map *from)
{
  lq_fieldmap *m;
  cr_assert(lq_fieldmap_new(&m, &lq_mem_libc) == LQ_OK);
  for (size_t i = 0; i < from->n; i++) {
    char name[64];
    size_t n = strlen(from->fields[i].name);
    for (size_t k = 0; k < n; k++)
      name[k] = from->fields[i].name[k] == '*' ? '\xFF' : from->fields[i].name[k];
    uint32_t slot, scope = from->fields[i].scope < 0 ? LQ_NO_SLOT : (uint32_t)from->fields[i].scope;
    lq_field_spec spec = {{name, n}, scope, from->fields[i].is_scope};
    cr_assert(lq_fieldmap_add(m, &spec, &slot) == LQ_OK && slot == i, "%zu", i);
  }
  return m;
}

// ---- records

#define SYSMON_1 "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\","

static const char *const shapes[] = {
    "{\"EventID\":22,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"QueryResults\":\"type:  5 "
    "y.org;::ffff:1.2.3.4;2001:db8::1;\",\"UtcTime\":\"2024-05-01 09:59:59.123\"}",
    "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"UtcTime\":\"no time\","
    "\"@timestamp\":\"2024-05-01T10:00:00.000Z\",\"Image\":\"C:\\\\a\\\\b.exe\",\"Image\":\"second\"}",
    "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"UtcTime\":[\"x\",\"2024-05-01 "
    "09:59:59.123\",\"y\"],\"CommandLine\":[\"a b\",null,[\"c \\\"d e\\\"\"]]}",
    "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Security-Auditing\"}"
    "},\"EventID\":{\"#text\":4688},\"Channel\":\"Security\",\"TimeCreated\":{\"@SystemTime\":\"2024-05-01T10"
    ":00:00Z\"}},\"EventData\":{\"Data\":[{\"@Name\":\"NewProcessName\",\"#text\":\"C:\\\\n.exe\"},"
    "{\"#attributes\":{\"Name\":\"CommandLine\"},\"#text\":\"n -x\"},\"loose\"]}}}",
    "{\"System\":{\"EventID\":1102,\"Channel\":\"Security\"},\"UserData\":{\"LogFileCleared\":{"
    "\"SubjectUserName\":\"mal\",\"SubjectUserSid\":\"S-3\",\"#attributes\":{\"x\":1}}}}",
    "{\"_source\":{\"EventID\":5145,\"Channel\":\"Security\",\"ShareLocalPath\":\"\\\\??\\\\C:\\\\\","
    "\"RelativeTargetName\":\"Users\\\\a.txt\",\"ShareName\":\"\\\\\\\\*\\\\C$\"}}",
    "{\"EventID\":4672,\"Channel\":\"Security\",\"PrivilegeList\":\"SeA\\r\\n\\tSeB\",\"a.b\":1,\"a\":{\"b\":"
    "2}"
    "}",
    "{\"EventID\":800,\"Channel\":\"Windows PowerShell\",\"Message\":\"P\\r\\n\\tHostApplication=ps.exe "
    "-x\\r\\n\\tUserId=D\\\\u\\r\\n\\r\\nDetails: \\r\\nParameterBinding(A): name=\\\"N\\\"; "
    "value=\\\"v\\\"\\r\\nParameterBinding(B): name=\\\"M\\\"; value=\\\"w\\\"\\r\\n\"}",
    "{\"@timestamp\":\"2024-05-01T10:00:00.000Z\",\"process\":{\"name\":[\"a\",\"b\"],\"args\":[1,[2,null]]},"
    "\"process.name\":\"c\",\"\":{\"process\":{\"name\":\"d\"}},\"event\":{\"code\":1e999}}",
    "{\"timestamp\":132223104000000000,\"process\":[{\"name\":\"x\",\"args\":[\"1\",\"2\"]},{\"args.z\":3}],"
    "\"pr\\u006fcess.name\":\"\xFF\",\"dns\":[{\"answers\":{\"type\":\"A\"}},{\"x\":1}]}",
    "{\"_source\":[{\"process\":{\"name\":\"not here\"}}],\"process\":{\"name\":\"here\"}}",
    "{\"_source\":{\"process\":{\"name\":\"here\"},\"event\":[{\"code\":1},{\"code\":2}]},\"process\":{"
    "\"name\":\"no\"}}",
    "{\"process\":{\"name\":\"a\"},\"_source\":null,\"_source\":{\"process\":{\"name\":\"b\"}}}",
    // What tells the kind of a record, in every place and of every type.
    SYSMON_1 "\"Image\":\"C:\\\\a.exe\",\"event\":{\"code\":1},\"process\":{\"name\":\"x\"}}",
    SYSMON_1 "\"Image\":\"C:\\\\a.exe\",\"_source\":{\"process\":{\"name\":\"x\"}}}",
    "{\"ecs\":{},\"process\":{\"name\":\"y\"},\"_source\":{\"process\":{\"name\":\"x\"}}}",
    "{\"Image\":\"C:\\\\a.exe\",\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1}",
    "{\"Image\":\"C:\\\\a.exe\",\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1}",
    "{\"Image\":\"C:\\\\a.exe\",\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"eventID\":1}",
    "{\"image\":\"C:\\\\a.exe\",\"CHANNEL\":\"Security\",\"Channel\":\"SECURITY\",\"EventId\":\"4688\"}",
    "{\"EventID\":null,\"EventId\":1,\"Channel\":null,\"LogName\":\"Microsoft-Windows-Sysmon/Operational\","
    "\"Image\":null,\"Image\":[],\"Image\":\"C:\\\\third.exe\",\"SourceImage\":\"C:\\\\s.exe\"}",
    "{\"EventID\":[1],\"Channel\":\"Security\",\"Provider\":\"Microsoft-Windows-Sysmon\",\"Image\":\"a\"}",
    "{\"EventID\":-1,\"Channel\":7,\"Provider\":\"Microsoft-Windows-Sysmon\",\"Image\":\"a\"}",
    "{\"EventID\":\"0001\",\"Channel\":\"ForwardedEvents\",\"SourceName\":\"microsoft-windows-sysmon\","
    "\"Image\":\"C:\\\\a.exe\",\"Junk\":{\"x\":[{\"x\":1},null]},\"a.b\":[1],\"a\":{\"b\":{}}}",
    SYSMON_1 "\"System\":\"s\",\"Event\":[],\"EventData\":\"e\",\"UserData\":null,\"Image\":\"a\"}",
    SYSMON_1 "\"System\":{\"Channel\":\"Security\"},\"Image\":\"C:\\\\a.exe\"}",
    SYSMON_1
    "\"Image\":\"flat\",\"EventData\":{\"Image\":\"apart\",\"User\":\"D\\\\u\"},\"EventData\":{\"User\":"
    "\"E\\\\v\"}}",
    SYSMON_1 "\"Image\":\"-\",\"SourceImage\":\"C:\\\\s.exe\",\"CommandLine\":\"\",\"ProcessId\":\"0x10\"}",
    SYSMON_1 "\"Image\":{\"#text\":\"C:\\\\a.exe\"},\"SourceImage\":true,\"User\":12,\"Hashes\":1e400}",
    "{\"System\":{\"EventID\":1,\"EventID\":2,\"channel\":\"x\",\"Channel\":\"Microsoft-Windows-Sysmon/"
    "Operational\"},"
    "\"EventData\":{\"Data\":{\"Name\":\"Image\",\"#text\":\"C:\\\\a.exe\"},\"Data\":[[\"l\"],{\"Name\":7,"
    "\"#text\":\"t\"},{\"@Name\":\"User\"}],\"Image\":\"second\",\"#attributes\":{}}}",
};

static void put_text(lq_buf *b)
{
  static const char *const texts[] = {"",
                                      "-",
                                      "a",
                                      "C:\\\\Windows\\\\x.exe",
                                      "cmd /c \\\"a b\\\" c",
                                      "0x1f",
                                      "12",
                                      "D\\\\ann",
                                      "2024-05-01T10:00:00Z",
                                      "MD5=AB,SHA1=00,IMPHASH=CD",
                                      "\\u00e9\\ud83d\\ude00 \\ud800",
                                      "\xC3\xA9\xFF",
                                      "10.0.0.1",
                                      "{00000000-0000-0000-0000-000000000000}",
                                      "x\\ny\\nname = v",
                                      "a;b; type: 5 c;",
                                      "long long long long long long long text"};
  lq_buf_printf(b, "\"%s\"", texts[under(COUNT(texts))]);
}

static const char *const keys[] = {
    "Image",
    "CommandLine",
    "ProcessId",
    "User",
    "UtcTime",
    "@timestamp",
    "TimeCreated",
    "Hashes",
    "Junk",
    "TargetObject",
    "Details",
    "TargetFilename",
    "QueryResults",
    "PrivilegeList",
    "SubjectUserName",
    "Message",
    "IpAddress",
    "process",
    "name",
    "args",
    "x",
    "a.b",
    "a",
    "process.name",
    "process.args",
    "Keywords",
    "Hostname",
    "tags",
    "dns.answers.type",
    "dns",
    "answers",
    "type",
    "",
    "Im\\u0061ge",
    "winlog.x",
    "b",
    "ParentImage",
    "param1",
    "Data",
    "host",
    "ContextInfo",
    "Payload",
};

static void put_value(lq_buf *b, uint32_t depth);

static void put_members(lq_buf *b, uint32_t depth, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    lq_buf_printf(b, "%s\"%s\":", i ? "," : "", keys[under(COUNT(keys))]);
    put_value(b, depth);
  }
}

static void put_list(lq_buf *b, uint32_t depth)
{
  uint32_t n = under(4);
  for (uint32_t i = 0; i < n; i++) {
    lq_buf_z(b, i ? "," : "");
    put_value(b, depth);
  }
}

static void put_value(lq_buf *b, uint32_t depth)
{
  static const char *const words[] = {"null", "true", "12", "-1.5", "1e400", "99999999999999999999"};
  uint32_t what = under(depth > 0 ? 10 : 8);
  if (what < 6) {
    put_text(b);
  } else if (what < 8) {
    lq_buf_z(b, words[under(COUNT(words))]);
  } else {
    lq_buf_z(b, what == 8 ? "[" : "{");
    if (what == 8)
      put_list(b, depth - 1);
    else
      put_members(b, depth - 1, under(4));
    lq_buf_z(b, what == 8 ? "]" : "}");
  }
}

static const char *const logs[] = {
    "Microsoft-Windows-Sysmon/Operational",     "Security", "Windows PowerShell",
    "Microsoft-Windows-PowerShell/Operational", "System",   "Other"};
static const uint32_t ids[] = {1, 3, 7, 11, 13, 22, 4624, 4688, 4672, 4728, 5145, 800, 4103, 4104, 7045, 999};

static void put_data(lq_buf *b)
{
  uint32_t n = under(6);
  if (under(2)) {
    lq_buf_z(b, "{");
    put_members(b, 2, n);
    lq_buf_z(b, "}");
    return;
  }
  lq_buf_z(b, "{\"Data\":[");
  for (uint32_t i = 0; i < n; i++) {
    lq_buf_printf(b, "%s{\"@Name\":\"%s\",\"#text\":", i ? "," : "", keys[under(COUNT(keys))]);
    put_value(b, 1);
    lq_buf_z(b, "}");
  }
  lq_buf_printf(b, "%s\"loose\"]}", n ? "," : "");
}

static void put_record(lq_buf *b)
{
  uint32_t shape = under(4), id = ids[under(COUNT(ids))];
  const char *log = logs[under(COUNT(logs))];
  if (shape == 0) {
    lq_buf_z(b, "{");
    put_members(b, 3, 1 + under(12));
  } else if (shape < 3) {
    lq_buf_printf(b, "{\"EventID\":%u,\"Channel\":\"%s\",", id, log);
    put_members(b, 3, 1 + under(20));
    if (under(4) == 0)
      lq_buf_z(b, ",\"EventData\":"), put_data(b);
  } else {
    lq_buf_printf(b,
                  "{\"Event\":{\"System\":{\"EventID\":%u,\"Channel\":\"%s\",\"TimeCreated\":{\"@SystemTime\""
                  ":\"2024-05-01T10:00:00Z\"},\"Level\":4},\"EventData\":",
                  id, log);
    put_data(b);
    lq_buf_z(b, under(2) ? ",\"UserData\":{\"x\":{\"SubjectUserName\":\"s\",\"b\":[1,2]}}}" : "}");
  }
  lq_buf_z(b, "}\n");
}

// ---- asking

typedef struct asking {
  size_t slots;
  uint32_t most;    // slots at a time; 0: all, and that is all there is
  uint32_t unasked; // of a hundred, that are never asked for but have to be counted
  lq_buf out;
} asking;

static void show(lq_buf *out, const lq_event *e, size_t slots)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (uint32_t s = 0; s < slots; s++) {
    lq_buf_printf(out, "%u: ", s);
    for (const lq_slot_value *v = lq_event_first(e, s); v; v = lq_event_next(e, v)) {
      lq_buf_printf(out, "%d:", (int)v->v.type);
      lq_buf_str(out, v->v.type == LQ_T_OBJECT ? LQ_STR("{}") : lq_value_text(&v->v, scratch));
      lq_buf_printf(out, "@%u/%u ", v->element, v->parent);
    }
    lq_buf_byte(out, '\n');
  }
  lq_buf_printf(out, "time %d %lld mapped %d crowded %d\n", e->has_time, e->has_time ? (long long)e->time : 0,
                e->mapped, e->crowded);
}

static lq_status ask_randomly(const asking *a, lq_cursor *c)
{
  lq_slot_set set;
  lq_status s = lq_slot_set_init(&set, a->slots, &lq_mem_libc);
  for (size_t i = 0; i < 3 * a->slots && s == LQ_OK; i++) {
    memset(set.words, 0, set.n * sizeof *set.words);
    for (uint32_t k = under(a->most) + 1; k > 0; k--)
      lq_slot_set_add(&set, under((uint32_t)a->slots));
    s = lq_cursor_need(c, &set);
    if (s == LQ_OK && under(8) == 0)
      s = lq_cursor_need_time(c);
  }
  lq_slot_set_free(&set);
  return s;
}

static lq_status ask_all(const asking *a, lq_cursor *c)
{
  lq_slot_set set;
  lq_status s = lq_slot_set_init(&set, a->slots, &lq_mem_libc);
  lq_slot_set_all(&set);
  s = s == LQ_OK ? lq_cursor_need(c, &set) : s;
  s = s == LQ_OK ? lq_cursor_need_time(c) : s;
  lq_slot_set_free(&set);
  return s;
}

static int on_record(void *user, lq_cursor *c)
{
  asking *a = user;
  lq_status s = a->most && a->slots ? ask_randomly(a, c) : LQ_OK;
  s = s == LQ_OK ? ask_all(a, c) : s;
  if (s == LQ_OK)
    show(&a->out, c->event, a->slots);
  return s != LQ_OK;
}

typedef struct counts {
  uint64_t cut, fields;
} counts;

static counts read_text(lq_str text, const lq_fieldmap *m, lq_input_limits limits,
                        const lq_reader_hooks *hooks)
{
  lq_reader *r;
  cr_assert(lq_reader_new(&r, m, &limits, hooks, &lq_mem_libc) == LQ_OK);
  lq_reader_begin(r, LQ_STR("r"));
  cr_assert(lq_reader_feed(r, text.p, text.n) == LQ_OK && lq_reader_end(r) == LQ_OK);
  const lq_input_stats *s = lq_reader_stats(r);
  counts c = {s->cut_values, s->cut_fields};
  lq_reader_free(r);
  return c;
}

static const lq_input_limits limits[] = {
    {0}, {.max_fields = 3}, {.max_value = 5}, {.max_fields = 60}, {.max_value = 100, .max_fields = 200}};

static void first_difference(lq_str a, lq_str b, char *out, size_t size)
{
  size_t i = 0, line = 0;
  for (; i < a.n && i < b.n && a.p[i] == b.p[i]; i++)
    line = a.p[i] == '\n' ? i + 1 : line;
  a = lq_str_slice(a, line, line + 150 < a.n ? line + 150 : a.n);
  b = lq_str_slice(b, line, line + 150 < b.n ? line + 150 : b.n);
  snprintf(out, size, "%.*s\ninstead of\n%.*s", LQ_STR_ARG(a), LQ_STR_ARG(b));
}

static void compare(lq_str text, const struct map *map, lq_input_limits l)
{
  char what[512];
  lq_fieldmap *m = make_map(map);
  asking whole = {.slots = map->n, .out = {.mem = &lq_mem_libc}};
  lq_reader_hooks hooks = {.record = on_record, .user = &whole};
  l.layers_off = UINT32_MAX;
  counts want = read_text(text, m, l, &hooks);
  l.layers_off = 0;
  for (uint32_t most = 0; most < 5; most += 1 + most) {
    asking some = {.slots = map->n, .most = most, .out = {.mem = &lq_mem_libc}};
    hooks.user = &some;
    counts got = read_text(text, m, l, &hooks);
    bool same = lq_str_eq(lq_buf_get(&some.out), lq_buf_get(&whole.out));
    if (!same)
      first_difference(lq_buf_get(&some.out), lq_buf_get(&whole.out), what, sizeof what);
    cr_expect(same, "map %zu, %u at a time, limits %u/%zu, %.600s: %s", (size_t)(map - maps), most,
              l.max_fields, l.max_value, text.p, what);
    cr_expect(got.cut == want.cut && got.fields == want.fields, "map %zu, %u at a time: %.600s",
              (size_t)(map - maps), most, text.p);
    lq_buf_free(&some.out);
  }
  lq_buf_free(&whole.out);
  lq_fieldmap_free(m);
}

static void compare_all(lq_str text)
{
  for (size_t m = 0; m < COUNT(maps); m++) {
    for (size_t l = 0; l < COUNT(limits); l++)
      compare(text, &maps[m], limits[l]);
  }
}

Test(on_demand, shapes_that_logs_have)
{
  state = 88172645463325252u;
  for (size_t i = 0; i < COUNT(shapes); i++)
    compare_all(lq_str_of(shapes[i]));
}

// Each behind all others: what was learnt of one must not be told of another.
Test(on_demand, shapes_one_behind_the_other)
{
  lq_buf text = {.mem = &lq_mem_libc};
  state = 88172645463325252u;
  for (size_t i = 0; i < 4 * COUNT(shapes); i++)
    lq_buf_printf(&text, "%s\n", shapes[i < COUNT(shapes) ? i : under(COUNT(shapes))]);
  compare_all(lq_buf_get(&text));
  lq_buf_free(&text);
}

Test(on_demand, random_records)
{
  for (uint64_t seed = 1; seed <= 60; seed++) {
    lq_buf text = {.mem = &lq_mem_libc};
    state = seed * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 8; i++)
      put_record(&text);
    lq_buf_byte(&text, '\0');
    compare_all(lq_str_slice(lq_buf_get(&text), 0, text.n - 1));
    lq_buf_free(&text);
  }
}

// ---- kinds

typedef struct kinds {
  size_t slots, n, checked;
  struct {
    uint64_t kind;
    lq_buf decided;
  } seen[128];
} kinds;

// The slots that its kind decides, with the values that the event has there.
static void show_decided(lq_buf *out, const lq_cursor *c, size_t slots)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (uint32_t s = 0; s < slots; s++) {
    if (!lq_cursor_kind_decides(c, s))
      continue;
    lq_buf_printf(out, "%u:", s);
    for (const lq_slot_value *v = lq_event_first(c->event, s); v; v = lq_event_next(c->event, v)) {
      lq_buf_str(out, lq_value_text(&v->v, scratch));
      lq_buf_printf(out, "@%u/%u ", v->element, v->parent);
    }
  }
}

static int on_kind(void *user, lq_cursor *c)
{
  kinds *k = user;
  asking all = {.slots = k->slots};
  lq_buf now = {.mem = &lq_mem_libc};
  size_t i = 0;
  cr_assert(ask_all(&all, c) == LQ_OK);
  show_decided(&now, c, k->slots);
  while (i < k->n && k->seen[i].kind != c->kind)
    i++;
  if (i < k->n) {
    cr_expect(lq_str_eq(lq_buf_get(&now), lq_buf_get(&k->seen[i].decided)), "%.*s is not %.*s: %.*s",
              LQ_STR_ARG(lq_buf_get(&now)), LQ_STR_ARG(lq_buf_get(&k->seen[i].decided)),
              LQ_STR_ARG(c->event->raw));
    k->checked += c->kind != 0;
    lq_buf_free(&now);
  } else if (k->n < COUNT(k->seen)) {
    k->seen[k->n].kind = c->kind;
    k->seen[k->n++].decided = now;
  }
  return 0;
}

// Whatever else is in them, events of a kind have the same where it decides; by whatever reader they are
// read.
Test(on_demand, what_a_kind_decides)
{
  for (size_t m = 0; m < COUNT(maps); m++) {
    kinds k = {.slots = maps[m].n};
    lq_reader_hooks hooks = {.record = on_kind, .user = &k};
    lq_fieldmap *map = make_map(&maps[m]);
    state = 88172645463325252u;
    for (int reader = 0; reader < 4; reader++) {
      lq_buf text = {.mem = &lq_mem_libc};
      for (size_t i = 0; i < COUNT(shapes); i++)
        lq_buf_printf(&text, "%s\n", shapes[i]);
      for (int i = 0; i < 300; i++)
        put_record(&text);
      read_text(lq_buf_get(&text), map, (lq_input_limits){0}, &hooks);
      lq_buf_free(&text);
    }
    cr_expect(k.checked > 500, "map %zu: %zu", m, k.checked);
    for (size_t i = 0; i < k.n; i++)
      lq_buf_free(&k.seen[i].decided);
    lq_fieldmap_free(map);
  }
}

// ---- what nobody asks for

static int on_record_unasked(void *user, lq_cursor *c)
{
  lq_slot_set set;
  size_t slots = *(size_t *)user;
  cr_assert(lq_slot_set_init(&set, slots, &lq_mem_libc) == LQ_OK);
  lq_slot_set_all(&set);
  cr_expect(lq_cursor_count(c, &set) == LQ_OK);
  lq_slot_set_free(&set);
  return 0;
}

// It is counted all the same when it is over a limit.
Test(on_demand, limits_count_what_nobody_asks_for)
{
  for (uint64_t seed = 1; seed <= 100; seed++) {
    lq_buf text = {.mem = &lq_mem_libc};
    state = seed * UINT64_C(0x9E3779B97F4A7C15);
    put_record(&text);
    for (size_t i = 0; i < COUNT(maps) * COUNT(limits); i++) {
      const struct map *map = &maps[i % COUNT(maps)];
      lq_input_limits l = limits[i / COUNT(maps)];
      lq_fieldmap *m = make_map(map);
      asking whole = {.slots = map->n, .out = {.mem = &lq_mem_libc}};
      l.layers_off = UINT32_MAX;
      counts want = read_text(lq_buf_get(&text), m, l,
                              &(lq_reader_hooks){.record = on_record, .user = &whole});
      size_t slots = map->n;
      l.layers_off = 0;
      counts got = read_text(lq_buf_get(&text), m, l,
                             &(lq_reader_hooks){.record = on_record_unasked, .user = &slots});
      cr_expect(got.cut == want.cut && got.fields == want.fields, "map %zu, limits %u/%zu: %.*s",
                i % COUNT(maps), l.max_fields, l.max_value, LQ_STR_ARG(lq_buf_get(&text)));
      lq_buf_free(&whole.out);
      lq_fieldmap_free(m);
    }
    lq_buf_free(&text);
  }
}

#define SYSMON "{\"EventID\":%u,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"%s\":"

// Few members of which the mapping makes many values.
static const struct flood {
  uint32_t id;
  const char *raw, *before, *again, *after;
} floods[] = {
    {1, "CommandLine", "\"", "a ", "\"}"},
    {1, "CommandLine", "[\"a\"", ",\"b\"", "]}"},
    {22, "QueryResults", "\"", "type: 5 x;", "\"}"},
    {1, "User", "[\"D\\\\u\"", ",\"D\\\\v\"", "]}"},
};

Test(on_demand, a_flood_out_of_one_value_is_counted)
{
  for (size_t i = 0; i < COUNT(floods); i++) {
    lq_buf text = {.mem = &lq_mem_libc};
    lq_buf_printf(&text, SYSMON "%s", floods[i].id, floods[i].raw, floods[i].before);
    for (int k = 0; k < 70; k++)
      lq_buf_z(&text, floods[i].again);
    lq_buf_z(&text, floods[i].after);
    lq_fieldmap *m = make_map(&maps[0]);
    size_t slots = maps[0].n;
    counts got = read_text(lq_buf_get(&text), m, (lq_input_limits){.max_fields = 60},
                           &(lq_reader_hooks){.record = on_record_unasked, .user = &slots});
    cr_expect(got.fields == 1, "%s", floods[i].raw);
    compare_all(lq_buf_get(&text));
    lq_fieldmap_free(m);
    lq_buf_free(&text);
  }
}

// ---- memory that runs out

static lq_status read_counted(lq_str text, const struct map *map, counting_mem *counter, lq_buf *out)
{
  lq_mem mem = {counting_fn, counter};
  lq_fieldmap *m = make_map(map);
  lq_reader *r = NULL;
  asking some = {.slots = map->n, .most = 2, .out = {.mem = &lq_mem_libc}};
  lq_reader_hooks hooks = {.record = on_record, .user = &some};
  lq_status s = lq_reader_new(&r, m, NULL, &hooks, &mem);
  if (s == LQ_OK) {
    lq_reader_begin(r, LQ_STR("r"));
    s = lq_reader_feed(r, text.p, text.n);
    s = s == LQ_OK ? lq_reader_end(r) : s;
  }
  lq_reader_free(r);
  lq_fieldmap_free(m);
  *out = some.out;
  return s;
}

Test(on_demand, each_allocation_can_fail)
{
  for (size_t i = 0; i < COUNT(shapes) * COUNT(maps); i++) {
    lq_str text = lq_str_of(shapes[i / COUNT(maps)]);
    const struct map *map = &maps[i % COUNT(maps)];
    counting_mem all = {0};
    lq_buf want, got;
    state = 7;
    cr_assert(read_counted(text, map, &all, &want) == LQ_OK);
    for (size_t n = 1; n <= all.requests; n++) {
      counting_mem c = {.fail_at = n, .once = true};
      state = 7;
      lq_status s = read_counted(text, map, &c, &got);
      cr_expect(s == LQ_E_NOMEM || s == LQ_E_CANCELLED ||
                    (s == LQ_OK && lq_str_eq(lq_buf_get(&got), lq_buf_get(&want))),
                "request %zu: %d, %.100s", n, (int)s, text.p);
      cr_expect(c.live == 0 && !c.wrong_size);
      lq_buf_free(&got);
    }
    cr_expect(all.live == 0 && !all.wrong_size);
    lq_buf_free(&want);
  }
}

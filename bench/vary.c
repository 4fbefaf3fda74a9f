// A line is copied in one pass. Words that are numbers, names, times and the like are replaced by others that
// follow from the word, the copy and the seed alone, so that what was equal within a copy stays equal: a
// process in its own fields, in the message and in the next event.
#define _GNU_SOURCE // memmem
#include "bench/vary.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"

enum { CUE_NONE, CUE_PROCESS, CUE_PORT, CUE_HANDLE, CUE_RECORD };

typedef struct pass {
  const vary *v;
  lq_buf *out;
  lq_str line, key; // the key of the value that is being copied, at any depth
  size_t at;
  lq_str word, before; // the last two words, for `Process ID:\t\t3428`
  int64_t first;       // the first time in the line
  bool has_time;
} pass;

uint64_t bench_mix(uint64_t x)
{
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Letters count without their case: hosts and ids are written both ways.
static uint64_t hash_text(lq_str s, uint64_t h)
{
  for (size_t i = 0; i < s.n; i++)
    h = (h ^ (uint64_t)tolower((unsigned char)s.p[i])) * 0x100000001b3u;
  return bench_mix(h);
}

static uint64_t of_copy(const pass *p, lq_str s)
{
  return hash_text(s, bench_mix(p->v->seed ^ bench_mix(p->v->copy)));
}

static bool has_end(lq_str s, const char *z)
{
  size_t n = strlen(z);
  return s.n >= n && lq_str_eq_ascii(lq_str_slice(s, s.n - n, s.n), lq_str_of(z));
}

// ---- names

static size_t slot_of(const names *t, lq_str word)
{
  size_t i = hash_text(word, 7) & (t->cap - 1);
  while (t->words[i].n && !lq_str_eq_ascii(t->words[i], word))
    i = (i + 1) & (t->cap - 1);
  return i;
}

static bool names_add(names *t, lq_str word, char kind)
{
  static const char *const kept[] = {"system",  "local", "network", "service", "public",
                                     "default", "nt",    "users",   "windows", "microsoft",
                                     "all",     "com",   "net",     "program"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    if (has_end(word, kept[i]))
      return true;
  }
  if (word.n < 3 || word.n > 40 || isdigit((unsigned char)word.p[0]))
    return true;
  if (t->n * 2 >= t->cap) {
    names old = *t;
    size_t cap = old.cap ? old.cap * 2 : 256;
    *t = (names){.words = lq_mem_alloc(&lq_mem_libc, cap, sizeof *t->words),
                 .kinds = lq_mem_alloc(&lq_mem_libc, cap, 1),
                 .cap = cap};
    if (!t->words || !t->kinds)
      return false;
    for (size_t i = 0; i < old.cap; i++) {
      if (old.words[i].n && !names_add(t, old.words[i], old.kinds[i]))
        return false;
    }
    names_free(&old);
  }
  size_t i = slot_of(t, word);
  if (!t->words[i].n)
    t->words[i] = word, t->kinds[i] = kind, t->n++;
  return true;
}

void names_free(names *t)
{
  lq_mem_free(&lq_mem_libc, t->words, t->cap, sizeof *t->words);
  lq_mem_free(&lq_mem_libc, t->kinds, t->cap, 1);
}

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

static lq_str word_at(lq_str s, size_t at)
{
  size_t end = at;
  while (end < s.n && is_word(s.p[end]))
    end++;
  return lq_str_slice(s, at, end);
}

// Where the text behind each `mark` begins; 0 at the end.
static size_t behind(lq_str s, size_t from, const char *mark)
{
  const char *hit = from < s.n ? memmem(s.p + from, s.n - from, mark, strlen(mark)) : NULL;
  return hit ? (size_t)(hit - s.p) + strlen(mark) : 0;
}

bool names_learn(names *t, lq_str line)
{
  static const char *const hosts[] = {"\"Hostname\":\"", "\"Computer\":\"", "\"WorkstationName\":\""};
  static const char *const users[] = {"\\\\Users\\\\", "\"SubjectUserName\":\"", "\"AccountName\":\""};
  bool ok = true;
  for (size_t k = 0; k < sizeof hosts / sizeof *hosts; k++) {
    for (size_t at = 0; ok && (at = behind(line, at, hosts[k]));) {
      lq_str host = word_at(line, at), domain = word_at(line, at + host.n + 1);
      ok = names_add(t, host, 'h') && (line.p[at + host.n] != '.' || names_add(t, domain, 'd'));
    }
  }
  for (size_t k = 0; k < sizeof users / sizeof *users; k++) {
    for (size_t at = 0; ok && (at = behind(line, at, users[k]));) {
      lq_str user = word_at(line, at);
      ok = line.p[at + user.n] == '$' || names_add(t, user, 'u');
    }
  }
  return ok;
}

static void put_name(pass *p, lq_str word, char kind)
{
  static const char *const users[] = {"mara",  "jonas", "ines",   "tarek", "olga",  "pablo", "chen", "amara",
                                      "lukas", "sofia", "dmitri", "nadia", "felix", "yuki",  "rosa", "emil"};
  static const char *const hosts[] = {"ws", "srv", "lab", "dev", "ops", "fin", "hr", "edge"};
  uint64_t h = of_copy(p, word);
  char text[32];
  snprintf(text, sizeof text, "%s%u",
           kind == 'u'   ? users[h % 16]
           : kind == 'h' ? hosts[h % 8]
                         : "corp",
           (unsigned)(h >> 32) % (kind == 'd' ? 40 : 9000) + 10);
  bool upper = isupper((unsigned char)word.p[0]) && isupper((unsigned char)word.p[word.n - 1]);
  for (char *c = text; upper && *c; c++)
    *c = (char)toupper((unsigned char)*c);
  lq_buf_z(p->out, text);
}

// ---- what is no word

// Small letters or capitals, as the original has them.
static void put_hex(pass *p, lq_str like, uint64_t h)
{
  bool capitals = false;
  for (size_t i = 0; i < like.n; i++)
    capitals |= isupper((unsigned char)like.p[i]) != 0;
  for (size_t i = 0; i < like.n; i++) {
    h = i % 12 ? h >> 4 : bench_mix(h + i);
    bool digit = isxdigit((unsigned char)like.p[i]) != 0;
    lq_buf_byte(p->out, digit ? (capitals ? "0123456789ABCDEF" : "0123456789abcdef")[h & 15] : like.p[i]);
  }
}

static bool is_shape(lq_str s, const char *shape) // d: a digit, x: a hex digit, others themselves
{
  for (size_t i = 0; shape[i]; i++) {
    if (i >= s.n)
      return false;
    unsigned char c = (unsigned char)s.p[i];
    if (shape[i] == 'd' ? !isdigit(c) : shape[i] == 'x' ? !isxdigit(c) : (unsigned char)shape[i] != c)
      return false;
  }
  return true;
}

// `2020-10-18 10:56:18.799`, with a T, a Z or without: moved, as many digits as before.
static size_t put_time(pass *p, lq_str rest)
{
  size_t n = 19;
  if (n < rest.n && rest.p[n] == '.') {
    for (n++; n < rest.n && n < 29 && isdigit((unsigned char)rest.p[n]);)
      n++;
  }
  int64_t t;
  char text[64];
  if (!lq_date_parse(lq_str_slice(rest, 0, n), &t))
    return 0;
  if (!p->has_time)
    p->first = t, p->has_time = true;
  lq_civil c = lq_date_civil(p->v->now + (t - p->first));
  snprintf(text, sizeof text, "%04d-%02d-%02d%c%02d:%02d:%02d.%09d", c.year, c.month, c.day, rest.p[10],
           c.hour, c.minute, c.second, c.nanosecond);
  lq_buf_add(p->out, text, n);
  return n;
}

static size_t put_address(pass *p, lq_str rest)
{
  unsigned a, b, c, d;
  int n = 0;
  char text[16] = "";
  memcpy(text, rest.p, rest.n < 15 ? rest.n : 15);
  if (sscanf(text, "%3u.%3u.%3u.%3u%n", &a, &b, &c, &d, &n) != 4 || a > 255 || b > 255 || c > 255 || d > 255)
    return 0;
  if (a != 10 && !(a == 172 && b >= 16 && b < 32) && !(a == 192 && b == 168))
    return 0;
  uint64_t h = of_copy(p, lq_str_slice(rest, 0, (size_t)n));
  lq_buf_printf(p->out, "%u.%u.%u.%u", a, b, (unsigned)(h >> 8) % 256, (unsigned)(h >> 16) % 254 + 1);
  return (size_t)n;
}

// The part of a SID that names a domain; the account behind it stays.
static size_t put_sid(pass *p, lq_str rest)
{
  size_t n = 9;
  for (int dashes = 0;
       n < rest.n && (isdigit((unsigned char)rest.p[n]) || (rest.p[n] == '-' && ++dashes < 3));)
    n++;
  uint64_t h = of_copy(p, lq_str_slice(rest, 0, n));
  lq_buf_printf(p->out, "S-1-5-21-%u-%u-%u", (unsigned)h, (unsigned)(h >> 32), (unsigned)bench_mix(h));
  return n;
}

// ---- numbers, by the words before them

static int cue_of(const pass *p)
{
  lq_str w = p->word;
  bool id = has_end(w, "id");
  if (has_end(w, "processid") || has_end(w, "threadid") ||
      (id && (has_end(p->before, "process") || has_end(p->before, "thread"))))
    return CUE_PROCESS;
  if (has_end(w, "handleid") || has_end(w, "logonid") ||
      (id && (has_end(p->before, "handle") || has_end(p->before, "logon"))))
    return CUE_HANDLE;
  return has_end(w, "port")                                     ? CUE_PORT
         : has_end(w, "recordnumber") || has_end(w, "recordid") ? CUE_RECORD
                                                                : CUE_NONE;
}

// Field 1234 of a pid is 0x4d2 in another: both are looked up by the number.
static bool put_number(pass *p, lq_str word)
{
  bool hex = word.n > 2 && word.p[1] == 'x';
  char text[24] = "";
  if (word.n >= sizeof text)
    return false;
  memcpy(text, word.p, word.n);
  unsigned long long x = strtoull(text, NULL, hex ? 16 : 10);
  uint64_t h = of_copy(p, lq_str_make((const char *)&x, sizeof x));
  int cue = cue_of(p);
  if (cue == CUE_NONE || x < 100 || (cue == CUE_PORT && x < 32768) || (cue == CUE_HANDLE && x < 1000))
    return false;
  uint64_t to = cue == CUE_PROCESS  ? h % 16000 * 4 + 400
                : cue == CUE_PORT   ? h % 16384 + 49152
                : cue == CUE_RECORD ? p->v->event + 1000000
                                    : h % 0xffffff + 0x1000;
  lq_buf_printf(p->out, hex ? "0x%llx" : "%llu", (unsigned long long)to);
  return true;
}

static bool put_word(pass *p, lq_str word)
{
  bool hash = word.n == 32 || word.n == 40 || word.n == 64;
  for (size_t i = 0; hash && i < word.n; i++)
    hash = isxdigit((unsigned char)word.p[i]) != 0;
  if (hash) {
    put_hex(p, word, of_copy(p, word));
    return true;
  }
  if (isdigit((unsigned char)word.p[0]))
    return put_number(p, word);
  const names *t = p->v->names;
  size_t i = t->cap ? slot_of(t, word) : 0;
  if (!t->cap || !t->words[i].n)
    return false;
  put_name(p, word, t->kinds[i]);
  return true;
}

// ---- the pass

// Kinds of event are told by these; times are unique anyway.
static bool is_kind(lq_str key)
{
  static const char *const kept[] = {"Channel", "SourceName", "Provider",  "EventID",   "ProviderGuid",
                                     "LogName", "@timestamp", "EventTime", "UtcTime",   "TimeCreated",
                                     "tags",    "@version",   "Keywords",  "EventType", "CreationUtcTime"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    if (lq_str_is(key, kept[i]))
      return true;
  }
  return false;
}

// At the end of a text value. Half of all command lines get an argument of their own; to be unique, each
// value gets a word: a path before its last part, so that tests of its beginning and its end still hold.
static void end_value(pass *p, size_t begin)
{
  lq_str value = lq_str_slice(lq_buf_get(p->out), begin, p->out->n);
  uint64_t id = bench_mix(p->v->seed + p->v->event);
  bool command = has_end(p->key, "CommandLine") || has_end(p->key, "ScriptBlockText") ||
                 has_end(p->key, "Payload");
  if (!p->v->unique) {
    if (command && value.n > 3 && id & 1)
      lq_buf_printf(p->out, " /tag:%06x", (unsigned)(id >> 40));
    return;
  }
  if (is_kind(p->key))
    return;
  char word[32];
  bool digits = value.n > 0;
  for (size_t i = 0; i < value.n; i++)
    digits &= isdigit((unsigned char)value.p[i]) != 0;
  size_t cut = 0; // behind the last path separator
  for (size_t i = 0; i + 1 < value.n; i += value.p[i] == '\\' ? 2 : 1) {
    if (value.p[i] == '\\' && value.p[i + 1] == '\\')
      cut = i + 2;
  }
  // The place in the line tells the values of an event apart.
  unsigned long long n = p->v->event * 512 + begin % 512;
  if (digits) {
    p->out->n = begin;
    lq_buf_printf(p->out, "%llu", n + 100000);
    return;
  }
  bool path = cut > 0 && value.n - cut < 64;
  int len = snprintf(word, sizeof word, path ? "%llx\\\\" : "~%llx", n);
  char tail[64];
  size_t ntail = path ? value.n - cut : 0;
  memcpy(tail, value.p + value.n - ntail, ntail);
  p->out->n -= ntail;
  lq_buf_add(p->out, word, (size_t)len);
  lq_buf_add(p->out, tail, ntail);
}

static size_t put_special(pass *p, lq_str rest)
{
  static const char guid[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (is_shape(rest, guid) && !lq_str_is(p->key, "ProviderGuid") && memcmp(rest.p, "00000000", 8) != 0) {
    lq_str s = lq_str_slice(rest, 0, sizeof guid - 1);
    put_hex(p, s, of_copy(p, s));
    return s.n;
  }
  if (is_shape(rest, "dddd-dd-dd dd:dd:dd") || is_shape(rest, "dddd-dd-ddTdd:dd:dd"))
    return put_time(p, rest);
  if (is_shape(rest, "S-1-5-21-d"))
    return put_sid(p, rest);
  return isdigit((unsigned char)rest.p[0]) ? put_address(p, rest) : 0;
}

static void step(pass *p)
{
  lq_str rest = lq_str_slice(p->line, p->at, p->line.n);
  if (rest.p[0] == '\\') {
    size_t n = rest.n > 5 && rest.p[1] == 'u' ? 6 : 2;
    lq_buf_add(p->out, rest.p, n);
    p->at += n;
    return;
  }
  if (!is_word(rest.p[0])) {
    lq_buf_byte(p->out, rest.p[0]);
    p->at++;
    return;
  }
  size_t n = put_special(p, rest);
  if (!n) {
    lq_str word = word_at(rest, 0);
    n = word.n;
    if (!put_word(p, word))
      lq_buf_str(p->out, word);
    p->before = p->word;
    p->word = word;
  }
  p->at += n;
}

static void put_string(pass *p)
{
  size_t begin = p->out->n + 1, from = p->at + 1;
  lq_buf_byte(p->out, '"');
  p->at++;
  size_t end = from;
  while (p->line.p[end] != '"')
    end += p->line.p[end] == '\\' ? 2 : 1;
  bool key = p->line.p[end + 1] == ':';
  if (key) {
    p->key = p->word = lq_str_slice(p->line, from, end);
    p->before = LQ_STR("");
    lq_buf_str(p->out, p->key);
    p->at = end;
  } else {
    while (p->at < end)
      step(p);
    end_value(p, begin);
  }
  lq_buf_byte(p->out, '"');
  p->at = end + 1;
}

void vary_line(const vary *v, lq_str line, lq_buf *out)
{
  pass p = {.v = v, .out = out, .line = line};
  while (p.at < line.n) {
    if (line.p[p.at] == '"')
      put_string(&p);
    else
      step(&p);
  }
}

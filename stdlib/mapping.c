// The mapping tables as data, and how they are looked up.
#include "stdlib/mapping.h"

#include "base/number.h"

static const lq_map_row rows[] = {
#define LQ_MAP_ROW(group_, ids_, raw_, target_, to_, arg_, also_)                                            \
  {.group = LQ_MAP_##group_,                                                                                 \
   .ids = LQ_STR_INIT(ids_),                                                                                 \
   .raw = LQ_STR_INIT(raw_),                                                                                 \
   .target = LQ_STR_INIT(target_),                                                                           \
   .transform = LQ_TO_##to_,                                                                                 \
   .arg = LQ_STR_INIT(arg_),                                                                                 \
   .also = also_},
#define LQ_MAP(group_, ids_, raw_, target_, to_, arg_)                                                       \
  LQ_MAP_ROW(group_, ids_, raw_, target_, to_, arg_, false)
#define LQ_MAP_ALSO(group_, ids_, raw_, target_, to_, arg_)                                                  \
  LQ_MAP_ROW(group_, ids_, raw_, target_, to_, arg_, true)
#define LQ_KIND(group_, ids_, categories_, types_, action_)
#include "stdlib/mappings/rows.def"
#undef LQ_MAP
#undef LQ_MAP_ALSO
#undef LQ_KIND
};

static const lq_map_kind kinds[] = {
#define LQ_MAP(group_, ids_, raw_, target_, to_, arg_)
#define LQ_MAP_ALSO(group_, ids_, raw_, target_, to_, arg_)
#define LQ_KIND(group_, ids_, categories_, types_, action_)                                                  \
  {.group = LQ_MAP_##group_,                                                                                 \
   .ids = LQ_STR_INIT(ids_),                                                                                 \
   .categories = LQ_STR_INIT(categories_),                                                                   \
   .types = LQ_STR_INIT(types_),                                                                             \
   .action = LQ_STR_INIT(action_)},
#include "stdlib/mappings/rows.def"
#undef LQ_MAP
#undef LQ_MAP_ALSO
#undef LQ_KIND
};

static const lq_map_header headers[] = {
#define LQ_FLAT(element_, name_)                                                                             \
  {.element = LQ_STR_INIT(element_), .name = LQ_STR_INIT(name_), .attribute = {"", 0}, .flat = true},
#define LQ_XML(element_, attribute_, name_)                                                                  \
  {.element = LQ_STR_INIT(element_), .attribute = LQ_STR_INIT(attribute_), .name = LQ_STR_INIT(name_)},
#include "stdlib/mappings/headers.def"
#undef LQ_FLAT
#undef LQ_XML
};

static const struct code {
  lq_str table, value, text;
} codes[] = {
#define LQ_CODE(table_, value_, text_) {LQ_STR_INIT(#table_), LQ_STR_INIT(value_), LQ_STR_INIT(text_)},
#include "stdlib/mappings/codes.def"
#undef LQ_CODE
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const lq_map_row *lq_map_rows(size_t *n)
{
  *n = COUNT(rows);
  return rows;
}

const lq_map_kind *lq_map_kinds(size_t *n)
{
  *n = COUNT(kinds);
  return kinds;
}

const lq_map_header *lq_map_headers(size_t *n)
{
  *n = COUNT(headers);
  return headers;
}

// One number, or `from-to`.
static bool range_holds(lq_str range, uint32_t id)
{
  const char *dash = memchr(range.p, '-', range.n);
  size_t n = dash ? (size_t)(dash - range.p) : range.n;
  uint64_t from, to;
  if (!lq_parse_u64(lq_str_slice(range, 0, n), &from))
    return false;
  if (!dash || !lq_parse_u64(lq_str_slice(range, n + 1, range.n), &to))
    to = from;
  return id >= from && id <= to;
}

bool lq_map_ids_hold(lq_str ids, uint32_t id)
{
  if (lq_str_eq(ids, LQ_STR("*")))
    return true;
  for (size_t i = 0; i < ids.n;) {
    const char *comma = memchr(ids.p + i, ',', ids.n - i);
    size_t end = comma ? (size_t)(comma - ids.p) : ids.n;
    if (range_holds(lq_str_slice(ids, i, end), id))
      return true;
    i = end + 1;
  }
  return false;
}

lq_map_group lq_map_group_of(lq_str channel, lq_str provider)
{
  static const struct {
    lq_str channel, provider;
  } groups[] = {
#define X(name, channel_, provider_) {LQ_STR_INIT(channel_), LQ_STR_INIT(provider_)},
      LQ_MAP_GROUPS(X)
#undef X
  };
  for (size_t i = 1; i < COUNT(groups); i++) { // most are written as Windows does
    if (lq_str_eq(channel, groups[i].channel) || lq_str_eq_ascii(channel, groups[i].channel))
      return (lq_map_group)i;
  }
  for (size_t i = 1; i < COUNT(groups); i++) { // a collector's channel, such as ForwardedEvents, says nothing
    if (groups[i].provider.n > 0 && lq_str_eq_ascii(provider, groups[i].provider))
      return (lq_map_group)i;
  }
  return LQ_MAP_ANY;
}

lq_str lq_map_code(lq_str table, lq_str value)
{
  for (size_t i = 0; i < COUNT(codes); i++) {
    if (lq_str_eq(codes[i].table, table) && lq_str_eq_ascii(codes[i].value, value))
      return codes[i].text;
  }
  return LQ_STR("");
}

void lq_map_flags(lq_str table, uint64_t bits, void (*flag)(void *user, lq_str text), void *user)
{
  for (size_t i = 0; i < COUNT(codes); i++) {
    uint64_t bit;
    if (lq_str_eq(codes[i].table, table) &&
        lq_parse_u64_base(lq_str_slice(codes[i].value, 2, codes[i].value.n), 16, &bit) && (bits & bit) == bit)
      flag(user, codes[i].text);
  }
}

bool lq_map_gives_many(lq_map_transform t)
{
  enum { ONE, MANY };
  static const bool many[] = {
#define X(name, gives, text) gives,
      LQ_MAP_TRANSFORMS(X)
#undef X
  };
  return many[t];
}

const char *lq_map_transform_name(lq_map_transform t)
{
  static const char *const names[] = {
#define X(name, gives, text) #name,
      LQ_MAP_TRANSFORMS(X)
#undef X
  };
  return names[t];
}

const char *lq_map_transform_text(lq_map_transform t)
{
  static const char *const texts[] = {
#define X(name, gives, text) text,
      LQ_MAP_TRANSFORMS(X)
#undef X
  };
  return texts[t];
}

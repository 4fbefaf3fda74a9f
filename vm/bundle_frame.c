// The frame of a bundle: its header, its digest and its section table. Every number is doubted.
#include "vm/frame.h"

#include "vm/bundle.h"

const lq_part lq_parts[LQ_SEC_COUNT] = {
#define LQ_SECTION(name, type, element, doc) [LQ_SEC_##name] = {type, element, #name},
#include "vm/sections.def"
#undef LQ_SECTION
};

static lq_status refuse_as(lq_frame *f, lq_status status, lq_reason reason, uint64_t at)
{
  *f->fault = (lq_fault){.reason = reason, .at = at};
  return status;
}

static lq_status refuse(lq_frame *f, lq_reason reason, uint64_t at)
{
  return refuse_as(f, LQ_E_BUNDLE, reason, at);
}

int lq_part_of(uint32_t type)
{
  for (int i = 0; i < LQ_SEC_COUNT; i++) {
    if (lq_parts[i].type == type)
      return i;
  }
  return -1;
}

bool lq_all_zero(const uint8_t *p, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (p[i])
      return false;
  }
  return true;
}

static lq_status check_versions(lq_frame *f)
{
  const uint8_t *h = f->bytes;
  if (lq_le16(h + LQ_AT_MAJOR) != LQ_BUNDLE_MAJOR)
    return refuse_as(f, LQ_E_VERSION, LQ_REASON_VERSION, LQ_AT_MAJOR);
  // A newer minor version is fine as long as it asks for nothing that we lack: then a required bit would be
  // set.
  if (lq_le64(h + LQ_AT_REQUIRED))
    return refuse_as(f, LQ_E_VERSION, LQ_REASON_FEATURE, LQ_AT_REQUIRED);
  if (lq_le32(h + LQ_AT_LANGUAGE) > LQ_BUNDLE_LANGUAGE)
    return refuse_as(f, LQ_E_VERSION, LQ_REASON_LANGUAGE_VERSION, LQ_AT_LANGUAGE);
  if (lq_le32(h + LQ_AT_OPCODES) > LQ_BUNDLE_OPCODES)
    return refuse_as(f, LQ_E_VERSION, LQ_REASON_OPCODE_VERSION, LQ_AT_OPCODES);
  return LQ_OK;
}

static lq_status check_header(lq_frame *f)
{
  const uint8_t *h = f->bytes;
  if (f->n < LQ_BUNDLE_HEADER)
    return refuse(f, LQ_REASON_SHORT, f->n);
  if (memcmp(h, LQ_BUNDLE_MAGIC, 8) != 0)
    return refuse(f, LQ_REASON_MAGIC, 0);
  lq_status status = check_versions(f);
  if (status)
    return status;
  if (lq_le32(h + LQ_AT_HEADER_SIZE) != LQ_BUNDLE_HEADER)
    return refuse(f, LQ_REASON_HEADER_SIZE, LQ_AT_HEADER_SIZE);
  if (lq_le64(h + LQ_AT_FILE_SIZE) != f->n || f->n % 8)
    return refuse(f, LQ_REASON_FILE_SIZE, LQ_AT_FILE_SIZE);
  if (lq_le32(h + LQ_AT_SECTIONS) > LQ_BUNDLE_SECTIONS_MAX)
    return refuse(f, LQ_REASON_SECTION_COUNT, LQ_AT_SECTIONS);
  if (lq_le32(h + LQ_AT_RESERVED))
    return refuse(f, LQ_REASON_HEADER_RESERVED, LQ_AT_RESERVED);
  if (!lq_all_zero(h + LQ_AT_ZEROS, LQ_BUNDLE_HEADER - LQ_AT_ZEROS))
    return refuse(f, LQ_REASON_HEADER_RESERVED, LQ_AT_ZEROS);
  lq_bundle_hash(h, f->n, f->digest);
  if (memcmp(f->digest, h + LQ_AT_DIGEST, 32) != 0)
    return refuse(f, LQ_REASON_DIGEST, LQ_AT_DIGEST);
  return LQ_OK;
}

// One row of the section table; *end is where the section before ends, and then where this one does.
static lq_status check_section(lq_frame *f, const uint8_t *row, size_t *end)
{
  size_t at = (size_t)(row - f->bytes), start = (*end + 7) & ~(size_t)7;
  uint32_t type = lq_le32(row), rows = lq_le32(row + 24), element = lq_le32(row + 28);
  uint64_t offset = lq_le64(row + 8), length = lq_le64(row + 16);
  if (lq_le32(row + 4))
    return refuse(f, LQ_REASON_SECTION_FLAGS, at + 4);
  if (offset != start || start > f->n || length > f->n - start)
    return refuse(f, LQ_REASON_SECTION_BOUNDS, at + 8);
  if (length == 0)
    return refuse(f, LQ_REASON_SECTION_EMPTY, at + 16);
  if (!lq_all_zero(f->bytes + *end, start - *end))
    return refuse(f, LQ_REASON_PADDING, *end);
  if (element == 0 || length / element != rows || length % element)
    return refuse(f, LQ_REASON_SECTION_SIZE, at + 16);
  int part = lq_part_of(type);
  if (part < 0 && type < LQ_SECTION_OPTIONAL)
    return refuse_as(f, LQ_E_VERSION, LQ_REASON_SECTION_UNKNOWN, at);
  if (part >= 0 && element != lq_parts[part].element)
    return refuse(f, LQ_REASON_SECTION_SIZE, at + 28);
  if (part >= 0)
    f->at[part] = (lq_extent){.at = start, .n = (size_t)length, .rows = rows};
  *end = start + (size_t)length;
  return LQ_OK;
}

static lq_status check_sections(lq_frame *f)
{
  uint32_t count = lq_le32(f->bytes + LQ_AT_SECTIONS), last = 0;
  size_t end = LQ_BUNDLE_HEADER + (size_t)count * LQ_BUNDLE_SECTION;
  if (end > f->n)
    return refuse(f, LQ_REASON_SECTION_TABLE, f->n);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *row = f->bytes + LQ_BUNDLE_HEADER + (size_t)i * LQ_BUNDLE_SECTION;
    if (lq_le32(row) <= last)
      return refuse(f, LQ_REASON_SECTION_ORDER, (uint64_t)(row - f->bytes));
    last = lq_le32(row);
    lq_status status = check_section(f, row, &end);
    if (status)
      return status;
  }
  if (f->n - end > 7)
    return refuse(f, LQ_REASON_TRAILING, end);
  return lq_all_zero(f->bytes + end, f->n - end) ? LQ_OK : refuse(f, LQ_REASON_PADDING, end);
}

lq_status lq_frame_check(lq_frame *f)
{
  lq_status status = check_header(f);
  return status ? status : check_sections(f);
}

void lq_program_sections(const lq_program *p, void (*each)(void *user, const lq_section_info *s), void *user)
{
  uint32_t count = p->bytes ? lq_le32(p->bytes + LQ_AT_SECTIONS) : 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *row = p->bytes + LQ_BUNDLE_HEADER + (size_t)i * LQ_BUNDLE_SECTION;
    int part = lq_part_of(lq_le32(row));
    lq_section_info s = {
        .name = part < 0 ? "?" : lq_parts[part].name,
        .type = lq_le32(row),
        .offset = lq_le64(row + 8),
        .length = lq_le64(row + 16),
        .count = lq_le32(row + 24),
        .element = lq_le32(row + 28),
    };
    each(user, &s);
  }
}

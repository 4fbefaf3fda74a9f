// Where things lie in the header of a bundle.
#ifndef LQ_VM_BYTES_H
#define LQ_VM_BYTES_H

#include "base/bytes.h"

// A high bit, a name, CRLF, ^Z, LF: a file that went through a text mode anywhere is no bundle any more.
#define LQ_BUNDLE_MAGIC "\x89LQB\r\n\x1a\n"

enum {
  LQ_BUNDLE_MAJOR = 1,
  LQ_BUNDLE_MINOR = 0,
  LQ_BUNDLE_LANGUAGE = 1, // of the meaning of matchers, functions and operators
  LQ_BUNDLE_OPCODES = 1,  // of vm/opcodes.def
  LQ_BUNDLE_HEADER = 128,
  LQ_BUNDLE_SECTION = 32, // bytes of a row of the section table
  LQ_BUNDLE_SECTIONS_MAX = 32,
  // Offsets in the header.
  LQ_AT_MAJOR = 8,
  LQ_AT_MINOR = 10,
  LQ_AT_HEADER_SIZE = 12,
  LQ_AT_FILE_SIZE = 16,
  LQ_AT_REQUIRED = 24,
  LQ_AT_OPTIONAL = 32,
  LQ_AT_SECTIONS = 40,
  LQ_AT_RESERVED = 44,
  LQ_AT_DIGEST = 48,
  LQ_AT_SEQ = 80,
  LQ_AT_NOT_AFTER = 88,
  LQ_AT_LANGUAGE = 96,
  LQ_AT_OPCODES = 100,
  LQ_AT_ZEROS = 104,
};

// Known sections by their place in vm/sections.def.
enum {
#define LQ_SECTION(name, type, element, doc) LQ_SEC_##name,
#include "vm/sections.def"
#undef LQ_SECTION
  LQ_SEC_COUNT
};

#endif

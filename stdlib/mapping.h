// Raw Windows events to ECS: which raw names become which fields, for which events. Tables only; input/windows.c does it.
// Rows: stdlib/mappings/*.def. Source of the facts: docs/mapping.md.
#ifndef LQ_STDLIB_MAPPING_H
#define LQ_STDLIB_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#endif

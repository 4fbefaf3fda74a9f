#!/usr/bin/env python3
"""Writes stdlib/ecs.def from the fields.csv that elastic/ecs publishes (generated/csv/fields.csv).

usage: tools/ecs.py fields.csv > stdlib/ecs.def
"""
import csv
import sys

TYPES = {
    "keyword": "KEYWORD",
    "constant_keyword": "CONSTANT_KEYWORD",
    "wildcard": "WILDCARD",
    "text": "TEXT",
    "match_only_text": "TEXT",
    "long": "LONG",
    "integer": "LONG",
    "short": "LONG",
    "byte": "LONG",
    "unsigned_long": "LONG",
    "float": "DOUBLE",
    "half_float": "DOUBLE",
    "double": "DOUBLE",
    "scaled_float": "DOUBLE",
    "boolean": "BOOLEAN",
    "ip": "IP",
    "date": "DATE",
    "object": "OBJECT",
    "flattened": "OBJECT",
    "nested": "NESTED",
    "geo_point": "GEO",
}

with open(sys.argv[1], newline="", encoding="utf-8") as f:
    rows = list(csv.DictReader(f))
fields = {r["Field"]: r for r in rows}
print(f"""\
// Fields of the Elastic Common Schema.   LQ_ECS(name, type, array)
// Source: https://github.com/elastic/ecs, generated/csv/fields.csv of version {rows[0]["ECS_Version"]}; Apache-2.0.
// Only names, types and array marks. Made by tools/ecs.py: not for editing. type: one of LQ_FT_* (stdlib/schema.h).
// Ascending by the bytes of the name. Feeds: stdlib/schema.c.""")
for name in sorted(fields, key=lambda n: n.encode()):
    r = fields[name]
    array = "true" if "array" in r["Normalization"] else "false"
    print(f'LQ_ECS("{name}", {TYPES.get(r["Type"], "OTHER")}, {array})')

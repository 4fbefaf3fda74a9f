// The headings of a playbook: which ATT&CK ids hold at a place in the page, under which name, with which
// text.
#ifndef LQ_RULES_HEADINGS_H
#define LQ_RULES_HEADINGS_H

#include "base/arena.h"

typedef struct lq_attack_id {
  struct lq_attack_id *next;
  lq_str id;
  unsigned rules; // how many rules the technique has in this page
} lq_attack_id;

// What is below one heading, or below several that follow each other with no text between.
typedef struct lq_heading {
  int level; // 0: the page itself
  lq_attack_id *techniques, *tactics;
  lq_str name; // the heading without its ids
  lq_str text; // the first paragraph
  unsigned rules;
} lq_heading;

enum { LQ_HEADING_LEVELS = 8 }; // the page, H1 to H6, one to spare

// Ready when {.arena = a}.
typedef struct lq_headings {
  lq_arena *arena;
  lq_heading sections[LQ_HEADING_LEVELS];
  int depth;       // the innermost one
  bool text_since; // something stood below the last heading
} lq_headings;

void lq_headings_page(lq_headings *h, lq_str name); // ids in the file's name hold for the whole page
void lq_headings_open(lq_headings *h, int level, lq_str heading);
lq_heading *lq_headings_top(lq_headings *h);
const lq_heading *lq_headings_techniques(const lq_headings *h); // the section whose techniques hold here
const lq_attack_id *lq_headings_tactics(const lq_headings *h);
lq_str lq_headings_text(const lq_headings *h); // the description of a rule here, may be empty

#endif

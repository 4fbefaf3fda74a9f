// Words of a text, for the text fields of KQL.
#ifndef LQ_VM_TOKENS_H
#define LQ_VM_TOKENS_H

#include "base/str.h"

// How a field's text is cut: Elasticsearch's standard tokenizer, or what the PowerShell integration uses for
// scripts.
typedef enum lq_tokens { LQ_TOKENS_WORDS, LQ_TOKENS_SCRIPT } lq_tokens;

lq_tokens lq_tokens_of_field(lq_str field);
// The next token from *at on; *at moves behind it. False: there is none.
bool lq_tokens_next(lq_str text, lq_tokens how, size_t *at, lq_str *token);

// Some token matches the pattern, both sides folded.
bool lq_tokens_any(lq_str text, lq_tokens how, lq_str pattern, size_t *start, size_t *end);
// The tokens of phrase follow each other in text, both sides folded. A phrase without tokens is in nothing.
bool lq_tokens_phrase(lq_str text, lq_tokens how, lq_str phrase, size_t *start, size_t *end);
// The same from one place on, where a token of text begins.
bool lq_tokens_phrase_at(lq_str text, lq_tokens how, lq_str phrase, size_t start);

#endif

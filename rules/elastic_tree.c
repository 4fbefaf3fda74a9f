// Nodes for what an Elastic rule says outside its query, each where its TOML stands.
#include "base/glob.h"
#include "rules/elastic.h"

lq_span lq_elastic_at(const lq_toml *n)
{
  return lq_span_in_file(n->span);
}

// A table of its own, `[rule.threshold]`, is its header.
lq_span lq_elastic_pair(const lq_toml *n)
{
  bool behind = n->key.n > 0 && n->key_span.start < n->span.end;
  return lq_span_in_file(behind ? (lq_span){n->key_span.start, n->span.end} : n->span);
}

// Far more than a rule has, and little enough to be and-ed to every term of a sequence.
enum { NODES_MAX = 50000, CONDITIONS_MAX = 1000 };

static void too_large(lq_elastic *e, const lq_toml *where)
{
  if (!e->broken)
    lq_elastic_error(e, LQ_DIAG_TOO_LARGE, where, "the rule's filters or lists of fields are too large");
}

static bool has_room(lq_elastic *e, const lq_toml *where)
{
  if (e->b.nodes < NODES_MAX)
    return true;
  too_large(e, where);
  return false;
}

// What stands between back-ticks in a query.
static bool is_name(lq_str name)
{
  return name.n > 0 && !memchr(name.p, '\n', name.n) && !memchr(name.p, '\0', name.n);
}

lq_node *lq_elastic_field(lq_elastic *e, lq_str name, const lq_toml *where, lq_span span)
{
  if (is_name(name))
    return has_room(e, where) ? lq_make_field(&e->b, span, name) : NULL;
  if (!e->broken)
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, where,
                     "a filter or list of the rule has the field `%.*s`, which is not a name",
                     LQ_STR_ARG(name));
  return NULL;
}

lq_node *lq_elastic_string(lq_elastic *e, lq_str value, const lq_toml *where)
{
  return has_room(e, where) ? lq_make_text(&e->b, lq_elastic_at(where), value) : NULL;
}

lq_node *lq_elastic_pattern(lq_elastic *e, lq_str value, const lq_toml *where)
{
  char *pattern = lq_arena_alloc(e->b.arena, value.n + 1);
  size_t n = 0;
  for (size_t i = 0; pattern && i < value.n; i++) {
    bool escaped = value.p[i] == '\\' && i + 1 < value.n;
    i += escaped;
    char c = value.p[i];
    pattern[n++] = escaped ? c : c == '*' ? LQ_ANY_RUN : c == '?' ? LQ_ANY_ONE : c;
  }
  if (!pattern || !has_room(e, where))
    return NULL;
  return lq_make_pattern(&e->b, lq_elastic_at(where), lq_str_make(pattern, n));
}

void lq_elastic_condition(lq_elastic *e, lq_node *n)
{
  if (e->b.reported)
    e->broken = true;
  if (!n || e->broken)
    return;
  if (e->rule->conditions.n >= CONDITIONS_MAX)
    too_large(e, e->table);
  else
    e->rule->conditions = lq_list_add(e->rule->conditions, n);
}

void lq_elastic_stage(lq_elastic *e, lq_node *n)
{
  if (e->b.reported)
    e->broken = true;
  if (n && !e->broken)
    e->rule->stages = lq_list_add(e->rule->stages, n);
}

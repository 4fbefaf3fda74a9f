// Tree to text. To be written.
#include "parser/parse.h"

void lq_print_query(lq_buf *out, const lq_node *n, lq_dialect dialect, unsigned width)
{
  (void)out, (void)n, (void)dialect, (void)width;
}

bool lq_node_equal(const lq_node *a, const lq_node *b)
{
  return a == b;
}

void lq_print_tree(lq_buf *out, const lq_node *n)
{
  (void)out, (void)n;
}

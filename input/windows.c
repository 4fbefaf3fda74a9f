// Raw Windows events to ECS.
#include "input/windows.h"

bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event)
{
  (void)j, (void)object, (void)event;
  return false;
}

lq_status lq_windows_fill(lq_windows **w, lq_fill *f, uint32_t event)
{
  (void)w, (void)f, (void)event;
  return LQ_OK;
}

void lq_windows_free(lq_windows *w)
{
  (void)w;
}

// Which of the faster ways are taken (base/layers.def). A set has a bit for each layer that is left out.
#ifndef LQ_BASE_LAYERS_H
#define LQ_BASE_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum lq_layer {
#define LQ_LAYER(name, bit, word, doc) LQ_LAYER_##name = 1 << bit,
#include "base/layers.def"
#undef LQ_LAYER
} lq_layer;

static inline bool lq_layer_is_on(uint32_t off, lq_layer layer)
{
  return !(off & (uint32_t)layer);
}

#endif

// The mapping tables as data.
#include "stdlib/mapping.h"

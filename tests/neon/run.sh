#!/usr/bin/env bash
# neon/run.sh [FOLDER]: the kernels of 64-bit ARM, built by Debian's cross compiler and run by qemu's emulator of programs
# (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user). They use no library but C's.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-build/neon}
mkdir -p "$out"
${CROSS_CC:-aarch64-linux-gnu-gcc} -std=c11 -O2 -Wall -Wextra -Werror -static -ffunction-sections -Wl,--gc-sections -I. -Iinclude -DLQ_INDEX_NEON -o "$out/neon" \
  tests/neon/neon.c input/index.c input/index_scalar.c input/index_neon.c input/sieve.c input/sieve_scan.c \
  base/mem.c base/buf.c base/str.c base/utf8.c base/arena.c
${EMULATOR-qemu-aarch64} "$out/neon"

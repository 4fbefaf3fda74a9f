#!/usr/bin/env bash
# What libquery.so takes from the system, by name. It must not end the process, print, read the clock, the locale or the
# environment, open files, or sort with an allocation of its own; and it must show nothing but lq.h.
# Of randomness it takes getentropy, once a scan, to seed hashes (lib/seed.c); nothing else may depend on chance.
#   import_audit.sh LIBQUERY.SO LQ.H
set -euo pipefail
so=$1 header=$2
banned='exit _exit _Exit quick_exit abort atexit on_exit assert __assert_fail raise kill signal sigaction
  printf fprintf vprintf vfprintf puts fputs fputc putc putchar fwrite perror dprintf __printf_chk __fprintf_chk
  fopen fdopen freopen fread fgets fgetc getc getchar ungetc open openat read write close mmap stat
  getenv secure_getenv setenv setlocale localeconv newlocale uselocale nl_langinfo
  strtod strtof strtold strtol strtoll strtoul strtoull atoi atol atof sscanf fscanf scanf __isoc99_sscanf
  time clock clock_gettime gettimeofday localtime gmtime mktime strftime
  rand srand random drand48 getrandom strtok strerror qsort qsort_r bsearch_s
  strcpy strcat sprintf vsprintf gets alloca system popen fork execve dlopen pthread_create getpid
  isalpha isdigit isalnum isspace isupper islower isxdigit toupper tolower __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc'
imports=$(nm -D --undefined-only "$so" | awk '{print $2}' | sed 's/@.*//' | sort -u)
bad=$(comm -12 <(printf '%s\n' "$imports") <(printf '%s\n' $banned | sort -u))
status=0
if [ -n "$bad" ]; then
  echo "libquery.so takes what it must not:" $bad
  status=1
fi
exports=$(nm -D --defined-only "$so" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort -u)
declared=$(grep -v '^#' "$header" | tr '\n' ' ' | grep -oE 'LQ_API [^;]*;' | sed -E 's/^LQ_API [^(]*[ *](lq_[a-z_0-9]+)\(.*/\1/' | sort -u)
if [ "$exports" != "$declared" ]; then
  echo "libquery.so and lq.h do not show the same:"
  diff <(printf '%s\n' "$declared") <(printf '%s\n' "$exports") | grep '^[<>]' || true
  status=1
fi
echo "$(printf '%s\n' "$imports" | wc -l) imports, $(printf '%s\n' "$exports" | wc -l) exports"
exit $status

#!/usr/bin/env bash
# Installs into a folder of its own and builds there what others would: the example with the shared library and with the static
# one, a program that only runs bundles, and the header in three languages.
#   install_test.sh SOURCE BUILD
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { printf 'FAIL: %s\n' "$*" >&2; exit 1; }
ok() { printf 'ok: %s\n' "$*"; }

DESTDIR="$tmp/root" meson install -C "$build" --no-rebuild >"$tmp/install.log" 2>&1 || { cat "$tmp/install.log"; fail "meson install"; }
pc=$(find "$tmp/root" -name libquery.pc)
[ -n "$pc" ] || fail "no libquery.pc"
prefix=$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH=$(dirname "$pc")
config() { pkg-config --define-variable=prefix="$tmp/root$prefix" "$@" libquery; }
lib=$(config --variable=libdir)
CC=${CC:-cc} CXX=${CXX:-c++}
warn=(-Wall -Wextra -Werror -pedantic)

cat >"$tmp/h.c" <<'C'
#include <libquery/lq.h>
int main(void)
{
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_stats stats;
  stats = LQ_INIT(lq_stats);
  return error.struct_size == sizeof error && stats.struct_size == sizeof stats && stats.events == 0 && LQ_VERSION_NUMBER > 0 ? 0 : 1;
}
C
for std in c99 c11; do
  "$CC" -std=$std "${warn[@]}" $(config --cflags) -fsyntax-only "$tmp/h.c" || fail "the header as $std"
done
cp "$tmp/h.c" "$tmp/h.cc"
"$CXX" -std=c++17 "${warn[@]}" $(config --cflags) -fsyntax-only "$tmp/h.cc" || fail "the header as C++17"
ok "the header is C99, C11 and C++17"

"$CC" -std=c11 "${warn[@]}" "$source/examples/embed/main.c" $(config --cflags --libs) -o "$tmp/shared" || fail "the example, shared"
LD_LIBRARY_PATH=$lib "$tmp/shared" >"$tmp/shared.out" || fail "the example does not run"
grep -q '^3 events, 1 bad, 2 matches$' "$tmp/shared.out" || { cat "$tmp/shared.out"; fail "the example's output"; }
readelf -d "$tmp/shared" | grep -q 'libquery\.so\.0' || fail "the example is not linked with libquery.so.0"
ok "the example, shared: $(tail -n 1 "$tmp/shared.out")"

# The README's program, as it stands there.
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" >"$tmp/readme.c"
"$CC" -std=c11 "${warn[@]}" "$tmp/readme.c" $(config --cflags --libs) -o "$tmp/readme" || fail "the README's program"
LD_LIBRARY_PATH=$lib "$tmp/readme" | grep -Eq '^alert [0-9a-f]{32}, line 1$' || fail "the README's program finds nothing"
ok "the README's program"

# The archive, and what it needs from pkg-config: everything else stays shared.
static_libs() { config --static --libs | sed "s,-lquery,$lib/libquery.a,"; }
"$CC" -std=c11 "${warn[@]}" "$source/examples/embed/main.c" $(config --cflags) $(static_libs) -o "$tmp/static" || fail "the example, static"
"$tmp/static" >"$tmp/static.out" || fail "the static example does not run"
cmp -s "$tmp/shared.out" "$tmp/static.out" || fail "shared and static differ"
ok "the example, static"

"$CC" -std=c11 "${warn[@]}" "$source/tests/embed/bundle_only.c" $(config --cflags) $(static_libs) -o "$tmp/bundle_only" ||
  fail "the bundle-only program"
compiler=$(nm "$tmp/bundle_only" | awk '{print $3}' | grep -E '^(lq_lexer|lq_flex|lq_parse_?(unfinished|expected|expression)?$|lq_node|lq_print_|lq_check|lq_compiler|lq_rules_|lq_build_|md_parse|yaml_)' || true)
[ -z "$compiler" ] || fail "a bundle-only program links the compiler: $(echo $compiler)"
needed=$(readelf -d "$tmp/bundle_only" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | tr '\n' ' ')
ok "a bundle-only program links no compiler (it needs $needed)"

if [ -x "$build/cli/lq" ]; then
  echo '{"process":{"name":"cmd.exe"}}' >"$tmp/events.ndjson"
  echo 'process.name : "cmd.exe"' >"$tmp/rule.lq"
  "$build/cli/lq" build "$tmp/rule.lq" -o "$tmp/pack.lqb" >/dev/null 2>&1 || fail "lq build"
  (cd "$tmp" && ./bundle_only pack.lqb events.ndjson) | grep -Eq '^[0-9a-f]{32}$' || fail "the bundle-only program finds nothing"
  ok "it runs a bundle that lq built"
fi

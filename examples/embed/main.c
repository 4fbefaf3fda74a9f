// The whole of libquery in one page: a query is compiled, records are fed, matches come back.
//   cc main.c $(pkg-config --cflags --libs libquery) -o embed && ./embed
#include <libquery/lq.h>
#include <stdio.h>
#include <string.h>

static const char query[] =
    "process.name : \"powershell.exe\" | where process.command_line : (\"*IEX*\", \"*DownloadString*\")";

static const char log_lines[] =
    "{\"process\":{\"name\":\"PowerShell.EXE\",\"command_line\":\"powershell iex (gc a.ps1)\"}}\n"
    "{\"process\":{\"name\":\"powershell.exe\",\"command_line\":\"powershell Get-Process\"}}\n"
    "not an event at all\n"
    "{\"process.name\":\"powershell.exe\",\"process.command_line\":\"(New-Object "
    "Net.WebClient).DownloadString('u')\"}\n";

static int put(void *user, const char *bytes, size_t n)
{
  return fwrite(bytes, 1, n, user) != n;
}

static int on_match(void *user, const lq_match *m)
{
  (void)user;
  printf("line %llu: ", (unsigned long long)lq_match_line(m));
  if (lq_match_json(m, put, stdout) != LQ_OK)
    return 1;
  return putchar('\n') == EOF;
}

static int on_bad(void *user, const lq_bad_event *b)
{
  (void)user;
  printf("line %llu: skipped, %.*s\n", (unsigned long long)b->line, (int)b->reason.n, b->reason.p);
  return 0;
}

// What is wrong with a query is text for its author, with the place marked.
static void complain(const lq_build *b)
{
  for (size_t i = 0; i < lq_build_diag_count(b); i++)
    lq_build_diag_text(b, i, 0, put, stderr);
}

static lq_status compile(lq_bundle **out)
{
  lq_build *build = NULL;
  lq_status s = lq_build_new(&build, NULL);
  if (s != LQ_OK)
    return s;
  s = lq_build_add_query(build, "<embed>", "cradle", query, strlen(query));
  if (s == LQ_OK)
    s = lq_build_finish(build, out);
  complain(build);
  lq_build_free(build);
  return s;
}

static lq_status scan(const lq_bundle *bundle)
{
  lq_scan_options options = {.struct_size = sizeof options, .match = on_match, .bad = on_bad};
  lq_scan *scan = NULL;
  lq_status s = lq_scan_new(&scan, bundle, &options);
  if (s == LQ_OK)
    s = lq_scan_begin(scan, "example.ndjson");
  if (s == LQ_OK)
    s = lq_scan_feed(scan, log_lines, strlen(log_lines));
  if (s == LQ_OK)
    s = lq_scan_end(scan);
  lq_stats stats = {.struct_size = sizeof stats};
  if (scan)
    lq_scan_stats(scan, &stats);
  printf("%llu events, %llu bad, %llu matches\n", (unsigned long long)stats.events,
         (unsigned long long)stats.bad, (unsigned long long)stats.matches);
  lq_scan_free(scan);
  return s;
}

int main(void)
{
  lq_bundle *bundle = NULL;
  lq_status s = compile(&bundle);
  if (s == LQ_OK)
    s = scan(bundle);
  lq_bundle_free(bundle);
  if (s != LQ_OK)
    fprintf(stderr, "embed: %s\n", lq_status_text(s));
  return s != LQ_OK;
}

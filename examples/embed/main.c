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

static lq_status compile(lq_bundle **out)
{
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_status s = lq_compile(out, query, strlen(query), NULL, &error);
  if (s != LQ_OK)
    fprintf(stderr, "query:%u:%u: %s\n", error.line, error.column, error.message);
  return s;
}

static lq_status scan(const lq_bundle *bundle)
{
  lq_scan_options options = {.struct_size = sizeof options, .match = on_match, .bad = on_bad};
  lq_scan *scan = NULL;
  lq_status s = lq_scan_new(&scan, bundle, &options);
  if (s == LQ_OK)
    s = lq_scan_buffer(scan, "example.ndjson", log_lines, strlen(log_lines));
  lq_stats stats = LQ_INIT(lq_stats);
  if (s == LQ_OK)
    s = lq_scan_stats(scan, &stats);
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

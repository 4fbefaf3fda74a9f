// Raw Windows events: each as it comes, and lines `field=value` that must be among what is told of it. A line
// with `!` in front must not be there. Filling slots and visiting must agree.
#include <criterion/criterion.h>
#include <stdio.h>

#include "input/reader.h"
#include "stdlib/mapping.h"

#define SYSMON(id, data)                                                                                     \
  "{\"EventID\":" #id                                                                                        \
  ",\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"SourceName\":\"Microsoft-Windows-Sysmon\","       \
  "\"Hostname\":\"WS1\",\"@timestamp\":\"2024-05-01T10:00:00.000Z\"," data "}"
#define SECURITY(id, data) "{\"EventID\":" #id ",\"Channel\":\"security\",\"Hostname\":\"DC1\"," data "}"
#define XML(provider, channel, id, data)                                                                     \
  "{\"Event\":{\"#attributes\":{\"xmlns\":\"x\"},\"System\":{\"Provider\":{\"#attributes\":{\"Name\":"       \
  "\"" provider "\",\"Guid\":\"G\"}},\"EventID\":" id                                                        \
  ",\"Level\":4,\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"                                           \
  "\"2024-05-01T10:00:00.123456Z\"}},\"EventRecordID\":77,\"Execution\":{\"#attributes\":{\"ProcessID\":5,"  \
  "\"ThreadID\":6}},\"Channel\":\"" channel                                                                  \
  "\",\"Computer\":\"WS2\",\"Security\":{\"#attributes\":{\"UserID\":"                                       \
  "\"S-1-5-18\"}}}," data "}}"

static const struct mapping_case {
  const char *json;
  const char *lines[32];
} cases[] = {
    {SYSMON(1, "\"UtcTime\":\"2024-05-01 "
               "09:59:59.123\",\"Image\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"ProcessId\":\"4242\","
               "\"ProcessGuid\":\"{ab}\",\"CommandLine\":\"cmd /c \\\"a b\\\" \\\\\\\"q "
               "c:\\\\x\\\\\",\"User\":\"DOM\\\\ann\",\"RuleName\":\"-\","
               "\"Company\":\"-\",\"LogonGuid\":\"{00000000-0000-0000-0000-000000000000}\",\"ParentImage\":"
               "\"C:\\\\x\\\\Explorer.EXE\","
               "\"ParentProcessId\":\"7\",\"Hashes\":\"MD5=ABC,SHA256=00000,IMPHASH=DEF\",\"IntegrityLevel\":"
               "\"High\",\"Message\":\"m\""),
     {"event.code=1",
      "event.category=process",
      "event.type=start",
      "event.action=Process creation",
      "event.provider=Microsoft-Windows-Sysmon",
      "event.module=sysmon",
      "event.kind=event",
      "host.os.type=windows",
      "host.name=WS1",
      "@timestamp=2024-05-01T09:59:59.123Z",
      "process.name=cmd.exe",
      "process.executable=C:\\Windows\\System32\\cmd.exe",
      "process.pid=4242",
      "process.entity_id={ab}",
      "process.args=cmd",
      "process.args=/c",
      "process.args=a b",
      "process.args=\"q",
      "process.args=c:\\x\\",
      "process.args_count=5",
      "process.parent.name=Explorer.EXE",
      "process.parent.pid=7",
      "process.hash.md5=abc",
      "!process.hash.sha256=",
      "process.pe.imphash=def",
      "user.domain=DOM",
      "user.name=ann",
      "!rule.name=",
      "!winlog.event_data.LogonGuid=",
      "winlog.event_data.IntegrityLevel=High",
      "message=m"}},
    {SYSMON(3, "\"Initiated\":\"true\",\"SourceIsIpv6\":\"false\",\"Protocol\":\"tcp\",\"SourceIp\":\"10.0.0."
               "1\",\"DestinationPort\":\"443\",\"DestinationHostname\":\"-\""),
     {"event.category=network", "event.type=connection", "network.direction=egress", "network.type=ipv4",
      "network.transport=tcp", "source.ip=10.0.0.1", "destination.port=443",
      "!destination.domain=", "related.ip=10.0.0.1"}},
    {SYSMON(7, "\"ImageLoaded\":\"C:\\\\a.b\\\\Evil.DLL\",\"Signed\":\"false\",\"SignatureStatus\":\"Valid\","
               "\"Hashes\":\"SHA1=AA\",\"OriginalFileName\":\"e.dll\""),
     {"event.category=process", "event.category=library", "file.path=C:\\a.b\\Evil.DLL", "file.name=Evil.DLL",
      "file.directory=C:\\a.b", "file.extension=DLL", "dll.path=C:\\a.b\\Evil.DLL", "dll.name=Evil.DLL",
      "file.hash.sha1=aa", "!process.hash.sha1=", "file.code_signature.valid=true",
      "!file.code_signature.signed=", "file.pe.original_file_name=e.dll", "!process.pe.original_file_name="}},
    {SYSMON(10,
            "\"SourceImage\":\"C:\\\\m.exe\",\"SourceProcessGUID\":\"{s}\",\"SourceProcessId\":12,"
            "\"TargetImage\":\"C:\\\\lsass.exe\",\"GrantedAccess\":\"0x1fffff\",\"SourceUser\":\"D\\\\u\""),
     {"process.name=m.exe", "process.entity_id={s}", "process.pid=12",
      "winlog.event_data.TargetImage=C:\\lsass.exe", "winlog.event_data.GrantedAccess=0x1fffff",
      "user.name=u"}},
    {SYSMON(11, "\"TargetFilename\":\"C:\\\\dir.d\\\\noext\""),
     {"file.name=noext", "!file.extension=", "file.directory=C:\\dir.d", "event.type=creation"}},
    {SYSMON(13, "\"TargetObject\":\"HKLM\\\\Software\\\\Run\\\\Evil\",\"Details\":\"DWORD "
                "(0x0000001f)\",\"EventType\":\"SetValue\""),
     {"registry.path=HKLM\\Software\\Run\\Evil", "registry.hive=HKLM", "registry.key=Software\\Run\\Evil",
      "registry.value=Evil", "registry.data.strings=31", "registry.data.type=SZ_DWORD",
      "event.category=configuration", "event.category=registry", "winlog.event_data.EventType=SetValue"}},
    {SYSMON(13, "\"TargetObject\":\"HKEY_USERS\\\\S\\\\v\",\"Details\":\"QWORD (0x00000001-0x00000002)\""),
     {"registry.hive=HKU", "registry.data.strings=4294967298", "registry.data.type=SZ_QWORD"}},
    {SYSMON(13, "\"TargetObject\":\"HKCR\\\\v\",\"Details\":\"Binary Data\""),
     {"registry.data.type=REG_BINARY", "!registry.data.strings="}},
    {SYSMON(13, "\"Details\":\"DWORD (zz)\""),
     {"registry.data.type=REG_SZ", "registry.data.strings=DWORD (zz)"}},
    {SYSMON(17, "\"PipeName\":\"\\\\evil\""), {"file.name=\\evil", "event.action=PipeEvent (Pipe Created)"}},
    {SYSMON(22, "\"QueryName\":\"x.org\",\"QueryStatus\":\"9003\",\"QueryResults\":\"type:  5 "
                "y.org;::ffff:1.2.3.4;2001:db8::1;\""),
     {"dns.question.name=x.org", "network.protocol=dns", "sysmon.dns.status=DNS_ERROR_RCODE_NAME_ERROR",
      "dns.answers.type=CNAME", "dns.answers.data=y.org", "dns.answers.type=A", "dns.answers.data=1.2.3.4",
      "dns.answers.type=AAAA", "dns.resolved_ip=1.2.3.4", "dns.resolved_ip=2001:db8::1",
      "related.hosts=y.org"}},
    {SYSMON(27, "\"TargetFilename\":\"C:\\\\x.exe\""), {"event.outcome=failure", "file.extension=exe"}},
    {SECURITY(4688, "\"NewProcessId\":\"0x1a74\",\"NewProcessName\":\"C:\\\\W\\\\whoami.exe\",\"ProcessId\":"
                    "\"0xc08\",\"ParentProcessName\":\"C:\\\\W\\\\cmd.exe\","
                    "\"CommandLine\":\"whoami \\\"/all x\\\"  "
                    "/y\",\"SubjectUserName\":\"bob\",\"SubjectUserSid\":\"S-1\",\"TargetUserName\":\"-\","
                    "\"Keywords\":-9214364837600034816"),
     {"event.code=4688", "event.category=process", "event.type=start", "event.action=created-process",
      "event.outcome=success", "winlog.channel=Security", "process.pid=6772", "process.name=whoami.exe",
      "process.parent.pid=3080", "process.parent.name=cmd.exe", "process.args=\"/all x\"",
      "process.args_count=3", "user.name=bob", "user.id=S-1",
      "!user.effective.name=", "winlog.event_data.NewProcessName=C:\\W\\whoami.exe",
      "event.provider=Microsoft-Windows-Security-Auditing"}},
    {SECURITY(4624, "\"TargetUserName\":\"eve@corp\",\"TargetUserSid\":\"S-2\",\"SubjectUserName\":\"SYS$\","
                    "\"LogonType\":\"10\",\"IpAddress\":\"::ffff:10.1.1.1\",\"IpPort\":\"5555\""),
     {"user.name=eve", "user.id=S-2", "winlog.logon.type=RemoteInteractive", "source.ip=10.1.1.1",
      "source.port=5555", "event.outcome=success", "related.user=SYS$"}},
    {SECURITY(4625, "\"Status\":\"0xC000006D\",\"SubStatus\":\"0xc0000064\",\"FailureReason\":\"%%2313\","
                    "\"Keywords\":\"0x8010000000000000\""),
     {"event.outcome=failure", "winlog.logon.failure.status=STATUS_LOGON_FAILURE",
      "winlog.logon.failure.sub_status=STATUS_NO_SUCH_USER", "event.action=logon-failed"}},
    {SECURITY(4663, "\"ProcessName\":\"C:\\\\p.exe\",\"ObjectName\":\"o\""),
     {"winlog.event_data.ObjectName=o", "!event.category=", "!process.name="}},
    {SECURITY(4672, "\"PrivilegeList\":\"SeDebugPrivilege\\r\\n\\t\\tSeLoadDriverPrivilege\""),
     {"winlog.event_data.PrivilegeList=SeLoadDriverPrivilege", "event.action=logged-in-special"}},
    {SECURITY(4728, "\"MemberName\":\"CN=Ann Lee,OU=x\",\"TargetUserName\":\"Admins\",\"TargetSid\":\"S-9\""),
     {"user.target.name=Ann Lee", "group.name=Admins", "group.id=S-9", "event.type=group",
      "event.type=change"}},
    {SECURITY(4769,
              "\"TicketOptions\":\"0x40810000\",\"TicketEncryptionType\":\"0x17\",\"ServiceName\":\"krb\""),
     {"winlog.event_data.TicketOptionsDescription=Forwardable",
      "winlog.event_data.TicketOptionsDescription=Renewable",
      "winlog.event_data.TicketEncryptionTypeDescription=RC4-HMAC", "service.name=krb"}},
    {SECURITY(5145, "\"ShareName\":\"\\\\\\\\*\\\\C$\",\"ShareLocalPath\":\"\\\\??\\\\C:\\\\\","
                    "\"RelativeTargetName\":\"Users\\\\a.txt\""),
     {"file.name=a.txt", "file.directory=C:", "file.path=C:\\Users\\a.txt",
      "file.target_path=\\\\*\\C$\\Users\\a.txt", "event.category=network", "event.category=file"}},
    {"{\"EventID\":4103,\"Channel\":\"Microsoft-Windows-PowerShell/"
     "Operational\",\"Hostname\":\"h\",\"ContextInfo\":\"  Severity = Informational\\r\\n  Host Name = "
     "ConsoleHost\\r\\n"
     "  Host Application = powershell.exe -nop\\r\\n  Command Name = Get-Item\\r\\n  Sequence Number = "
     "16\\r\\n  User = D\\\\u\\r\\n  Script Name = \\r\\n\","
     "\"Payload\":\"CommandInvocation(Get-Item): \\\"Get-Item\\\"\\r\\nParameterBinding(Get-Item): "
     "name=\\\"Path\\\"; value=\\\"C:\\\\x; y\\\"\\r\\n\"}",
     {"process.command_line=powershell.exe -nop", "process.args_count=2", "process.title=ConsoleHost",
      "powershell.command.name=Get-Item", "event.sequence=16", "user.name=u",
      "!file.path=", "powershell.command.invocation_details.type=ParameterBinding",
      "powershell.command.invocation_details.name=Path",
      "powershell.command.invocation_details.value=C:\\x; y", "event.type=info"}},
    {"{\"EventID\":4104,\"Channel\":\"Microsoft-Windows-PowerShell/"
     "Operational\",\"Hostname\":\"h\",\"ScriptBlockText\":\"IEX\",\"MessageNumber\":\"1\",\"Path\":\"C:"
     "\\\\s\\\\a.ps1\"}",
     {"powershell.file.script_block_text=IEX", "powershell.sequence=1", "file.extension=ps1",
      "event.category=process"}},
    {"{\"EventID\":800,\"Channel\":\"Windows "
     "PowerShell\",\"Hostname\":\"h\",\"Message\":\"Pipeline\\r\\n\\tHostApplication=ps.exe "
     "-x\\r\\n\\tUserId=D\\\\u\\r\\n\\r\\nDetails: \\r\\nCommandInvocation(Out-Null): "
     "\\\"Out-Null\\\"\\r\\n\"}",
     {"process.command_line=ps.exe -x", "user.name=u",
      "powershell.command.invocation_details.related_command=Out-Null", "event.module=powershell"}},
    {XML("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", "1",
         "\"EventData\":{\"#attributes\":{\"Name\":\"x\"},\"Image\":\"C:\\\\a.exe\",\"ProcessId\":9,"
         "\"ProcessGuid\":\"00000000-0000-0000-0000-000000000000\"}"),
     {"process.name=a.exe", "process.pid=9", "!process.entity_id=", "winlog.record_id=77",
      "winlog.process.pid=5", "winlog.process.thread.id=6", "user.id=S-1-5-18", "host.name=WS2",
      "event.created=2024-05-01T10:00:00.123456Z", "log.level=information", "winlog.provider_guid=G",
      "!winlog.event_data.#attributes.Name="}},
    {XML("Microsoft-Windows-Security-Auditing", "Security",
         "{\"#text\":4688,\"#attributes\":{\"Qualifiers\":\"\"}}",
         "\"EventData\":{\"Data\":[{\"#attributes\":{\"Name\":\"NewProcessName\"},\"#text\":\"C:\\\\n.exe\"},"
         "{\"@Name\":\"CommandLine\",\"#text\":\"n\"},{\"#attributes\":{\"Name\":\"Empty\"}}]}"),
     {"event.code=4688", "process.name=n.exe", "process.command_line=n",
      "winlog.event_data.NewProcessName=C:\\n.exe"}},
    {XML("Service Control Manager", "System", "7045", "\"EventData\":{\"Data\":[\"one\",\"two\"]}"),
     {"winlog.event_data.param1=one", "winlog.event_data.param2=two",
      "event.provider=Service Control Manager", "event.dataset=system.system"}},
    {XML("Microsoft-Windows-Eventlog", "Security", "1102",
         "\"UserData\":{\"LogFileCleared\":{\"#attributes\":{\"xmlns\":\"y\"},\"SubjectUserName\":\"mal\","
         "\"SubjectUserSid\":\"S-3\"}}"),
     {"user.name=mal", "user.id=S-3", "winlog.user_data.SubjectUserName=mal",
      "event.action=audit-log-cleared"}},
    {XML("Microsoft-Windows-Security-Auditing", "ForwardedEvents", "4689",
         "\"EventData\":{\"ProcessName\":\"C:\\\\e.exe\"}"),
     {"event.action=exited-process", "process.name=e.exe"}},
    {"{\"Event\":{\"System\":{\"EventID\":4688,\"Channel\":null,\"Channel\":\"Security\",\"Execution\":{"
     "\"ProcessID\":5}"
     ","
     "\"Execution\":{\"ThreadID\":6}},\"EventData\":{\"NewProcessName\":\"n\"}}}",
     {"event.code=4688", "!winlog.channel=", "!process.name=", "winlog.process.pid=5",
      "!winlog.process.thread.id=", "winlog.event_data.NewProcessName=n"}},
    {"{\"EventID\":1,\"event\":{\"code\":\"x\"},\"Channel\":\"c\"}",
     {"EventID=1", "event.code=x", "!host.os.type="}},
    {"{\"winlog\":{\"event_id\":1,\"event_data\":{\"Image\":\"i\"}}}",
     {"winlog.event_data.Image=i", "!process.name="}},
    {"{\"EventID\":1}", {"EventID=1", "!event.code="}},
    {"{\"EventID\":[],\"Channel\":5,\"Hostname\":{\"a\":[1]}}", {"winlog.channel=5"}},
    {"{\"EventID\":\"04688\",\"Channel\":\"Security\"}", {"event.code=04688", "event.category=process"}},
    {"{\"EventID\":\"+4688\",\"Channel\":\"Security\"}", {"event.code=+4688", "!event.category="}},
    {"{\"EventID\":4688.0,\"Channel\":\"Security\"}", {"event.code=4688", "!event.category="}},
    {"{\"EventID\":\"0000004688\",\"Channel\":\"Security\"}", {"event.category=process"}},
    {"{\"EventID\":{\"#text\":\"4688\"},\"Channel\":\"Security\",\"NewProcessName\":\"n\"}",
     {"!event.category="}},
    {"{\"EventID\":\"99999999999\",\"Channel\":\"Security\"}",
     {"event.code=99999999999", "!event.category="}},
};

typedef struct told {
  char text[1 << 14];
  size_t n;
} told;

static void tell(told *t, lq_str name, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str text = lq_value_text(v, scratch);
  if (t->n + name.n + text.n + 8 < sizeof t->text)
    t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "\n%.*s=%.*s\n", LQ_STR_ARG(name),
                             LQ_STR_ARG(text));
}

static void on_leaf(void *user, lq_str name, const lq_value *v)
{
  tell(user, name, v);
}

static void expect_lines(const struct mapping_case *c, const char *text, const char *how)
{
  for (size_t i = 0; i < sizeof c->lines / sizeof *c->lines && c->lines[i]; i++) {
    const char *line = c->lines[i];
    bool absent = line[0] == '!';
    char want[256];
    snprintf(want, sizeof want, absent ? "\n%s" : "\n%s\n", line + absent);
    cr_expect_eq(strstr(text, want) != NULL, !absent, "%s of %.80s: %s", how, c->json, line);
  }
}

Test(windows, raw_events_are_mapped)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static told t;
    t.n = 0, t.text[0] = '\0';
    cr_expect_eq(lq_record_visit(lq_str_of(cases[i].json), NULL, &lq_mem_libc, on_leaf, &t), LQ_OK);
    expect_lines(&cases[i], t.text, "a visit");
  }
}

// The name of a line, without its mark.
static lq_str name_of(const char *line)
{
  line += line[0] == '!';
  return (lq_str){line, strcspn(line, "=")};
}

// A map of just the case's fields: what is not wanted must make no difference.
static void fill_case(const struct mapping_case *c, told *t)
{
  lq_fieldmap *m;
  lq_event e;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  for (size_t i = 0; i < sizeof c->lines / sizeof *c->lines && c->lines[i]; i++) {
    lq_field_spec spec = {name_of(c->lines[i]), LQ_NO_SLOT, false};
    uint32_t slot;
    cr_assert_eq(lq_fieldmap_add(m, &spec, &slot), LQ_OK);
  }
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  cr_expect_eq(lq_event_from_json(&e, lq_str_of(c->json), NULL, NULL, &lq_mem_libc), LQ_OK);
  for (uint32_t s = 0; s < lq_fieldmap_slots(m); s++) {
    for (const lq_slot_value *v = lq_event_first(&e, s); v; v = lq_event_next(&e, v))
      tell(t, lq_fieldmap_spec(m, s)->name, &v->v);
  }
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

Test(windows, slots_say_the_same)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static told t;
    t.n = 0, t.text[0] = '\0';
    fill_case(&cases[i], &t);
    expect_lines(&cases[i], t.text, "filling");
  }
}

Test(windows, scopes_of_mapped_events_have_elements)
{
  lq_fieldmap *m;
  lq_event e;
  uint32_t answers, type, process, name, args;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("dns.answers"), LQ_NO_SLOT, true}, &answers);
  lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("dns.answers.type"), answers, false}, &type);
  lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("process"), LQ_NO_SLOT, true}, &process);
  lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("process.name"), process, false}, &name);
  lq_fieldmap_add(m, &(lq_field_spec){LQ_STR("process.args"), LQ_NO_SLOT, true}, &args);
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  const char *json = SYSMON(
      22, "\"Image\":\"C:\\\\a.exe\",\"CommandLine\":\"a b\",\"QueryResults\":\"1.1.1.1;type: 5 x;\"");
  cr_expect_eq(lq_event_from_json(&e, lq_str_of(json), NULL, NULL, &lq_mem_libc), LQ_OK);
  const lq_slot_value *v = lq_event_first(&e, answers);
  cr_assert(v && v->next);
  cr_expect_eq(lq_event_next(&e, v)->element, 1);
  v = lq_event_next(&e, lq_event_first(&e, type));
  cr_expect(v->element == 1 && lq_str_is(v->v.s, "CNAME"));
  cr_expect_eq(lq_event_first(&e, process)->v.type, LQ_T_OBJECT);
  cr_expect_eq(lq_event_first(&e, name)->element, 0);
  v = lq_event_next(&e, lq_event_first(&e, args));
  cr_expect(v->element == 1 && lq_str_is(v->v.s, "b"));
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

// ---- command lines

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

// The rules of Windows a byte at a time: each argument to out, and a line feed behind it.
static void cut_plainly(const char *p, char *out)
{
  for (bool quoted = false; *p; quoted = false) {
    char *begin = out;
    for (; *p && (quoted || !is_blank(*p)); p++) {
      size_t slashes = strspn(p, "\\");
      bool quote = p[slashes] == '"';
      memset(out, '\\', slashes);
      out += quote ? slashes / 2 : slashes;
      p += slashes;
      if (!quote && (!*p || (!quoted && is_blank(*p))))
        break;
      bool twice = quote && slashes % 2 == 0 && quoted && p[1] == '"';
      if (!quote || slashes % 2 == 1 || twice)
        *out++ = *p;
      p += twice;
      quoted ^= quote && slashes % 2 == 0;
    }
    while (is_blank(*p))
      p++;
    bool none = out == begin || (out == begin + 1 && *begin == '-');
    if (none)
      out = begin;
    else
      *out++ = '\n';
  }
  *out = '\0';
}

static void on_argument(void *user, lq_str name, const lq_value *v)
{
  if (lq_str_eq(name, LQ_STR("process.args"))) {
    char *end = (char *)user + strlen(user);
    memcpy(end, v->s.p, v->s.n);
    memcpy(end + v->s.n, "\n", 2);
  }
}

Test(windows, command_lines_are_cut_by_the_rules)
{
  static const char alphabet[] = "abcde \t\"\\-";
  uint32_t chance = 7;
  for (int i = 0; i < 20000; i++) {
    char line[64] = {0}, json[512] = SYSMON(1, "\"CommandLine\":\""), want[128], got[128] = "";
    char *to = json + strlen(json) - 1; // what SYSMON closes with is written again behind
    uint32_t n = (chance = chance * 1664525 + 1013904223) >> 26, few = i % 3 ? sizeof alphabet - 1 : 5;
    for (uint32_t k = 0; k < n; k++) {
      chance = chance * 1664525 + 1013904223;
      line[k] = chance >> 30 ? alphabet[(chance >> 16) % few] : alphabet[(chance >> 16) % 10];
      if (line[k] == '"' || line[k] == '\\' || line[k] == '\t')
        *to++ = '\\';
      *to++ = line[k] == '\t' ? 't' : line[k];
    }
    strcpy(to, "\"}");
    const char *p = line + strspn(line, " \t");
    cut_plainly(p, want);
    cr_assert_eq(lq_record_visit(lq_str_of(json), NULL, &lq_mem_libc, on_argument, got), LQ_OK);
    cr_assert(strcmp(got, want) == 0, "%s:\n%sinstead of\n%s", line, got, want);
  }
}

// A row whose ids nobody can read, or a code table that is not there, would be silent.
Test(windows, the_tables_are_sound)
{
  size_t n;
  const lq_map_row *rows = lq_map_rows(&n);
  for (size_t i = 0; i < n; i++) {
    const lq_map_row *r = &rows[i];
    cr_expect(r->target.n > 0 && r->ids.n > 0);
    cr_expect(!lq_map_ids_hold(r->ids, 70000) || lq_str_is(r->ids, "*"), "%s", r->target.p);
    for (size_t k = 0; k < r->ids.n; k++)
      cr_expect(strchr("0123456789,-*", r->ids.p[k]), "%s: %s", r->target.p, r->ids.p);
    bool needs_arg = r->transform == LQ_TO_CONST || r->transform == LQ_TO_CODE ||
                     r->transform == LQ_TO_FLAGS || r->transform == LQ_TO_PAIR ||
                     r->transform == LQ_TO_HASH || r->transform == LQ_TO_BEFORE;
    cr_expect(!needs_arg || r->arg.n > 0, "%s", r->target.p);
    cr_expect(r->raw.n > 0 || r->transform == LQ_TO_CONST, "%s", r->target.p);
    if (r->transform == LQ_TO_MATCH)
      cr_expect(memchr(r->arg.p, '=', r->arg.n), "%s", r->target.p);
  }
  cr_expect(lq_map_ids_hold(LQ_STR("1,5,7-9"), 8));
  cr_expect(!lq_map_ids_hold(LQ_STR("1,5,7-9"), 6));
  cr_expect(!lq_map_ids_hold(LQ_STR("1,5,7-9"), 0));
}

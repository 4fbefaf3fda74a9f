"""Events that wait in temporary files: each call to the system fails in turn."""
from world import HERE, World, check_lines, events

EVENTS = 600


def command(w, program, *more):
    return [str(program), "run", "-o", "ndjson", "--temp-dir", str(w.temporary), *more, str(HERE / "rules"), "--", w.log.name]


def spill(args):
    with World(args) as w:
        w.temporary = w.folder / "temporary"
        w.temporary.mkdir()
        w.log.write_bytes(b"".join(reversed(events(EVENTS, 7))))
        code, wanted, err = w.run(command(w, w.lq))
        assert code == 0 and wanted.count(b"\n") > 5, err
        little = command(w, w.shim, "--max-waiting", "30000")
        log = w.folder / "calls.log"
        code, out, err = w.run(little, fault="none:0", calls=log)
        assert (code, out) == (0, wanted), f"exit code {code}: {err}"
        names = log.read_text().split()
        assert names.count("pread") > 10 and names.count("unlink") > 3, names
        runs = 0
        for n, name in enumerate(names, 1):
            for kind in ("eio", "enospc", "eintr", "short", "kill"):
                if kind in ("eintr", "short") and name not in ("write", "read", "pread"):
                    continue
                if args.count < 300 and n % 5 != len(kind) % 5 and (kind != "eio" or n % 2):
                    continue
                where = f"{kind}:{n} ({name})"
                code, out, err = w.run(little, fault=f"{kind}:{n}")
                runs += 1
                left = [p for p in w.temporary.iterdir()]
                if kind == "kill" or name == "unlink":  # between its making and the taking of its name
                    assert len(left) <= 1, f"{where}: {left}"
                    for p in left:
                        p.unlink()
                else:
                    assert not left, f"{where}: {left}"
                fine = {"eintr": {0}, "short": {0}, "kill": {-9}}.get(kind, {0, 2, 3, 4, 6})
                assert code in fine, f"{where}: exit code {code}: {err}"
                assert code != 0 or out == wanted, f"{where}: other alerts, and no word of it"
                if "temporary files" in err:
                    assert code == 6 and "--temp-dir" in err, f"{where}: exit code {code}: {err}"
                check_lines(out[:out.rfind(b"\n") + 1], where)
        return f"{len(names)} calls, {runs} runs with one that fails"

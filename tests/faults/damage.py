"""State files that are not what lq wrote. Damage in the checkpoint that holds everything: refused with a reason, and nothing else
happens. Damage behind it: the checkpoints before the damage count, and no alert is lost or comes twice."""
import random

from statefile import HEADER, checkpoints, sealed
from world import World, check_same, events


def refused(w, raw, where, before):
    w.state.write_bytes(raw)
    code, _, err = w.run(w.command())
    assert code == 3, f"{where}: exit code {code}: {err}"
    assert "cannot resume from state" in err and ("move it away" in err or "start again" in err), err
    assert w.state.read_bytes() == raw and w.alerts() == before, f"{where}: something was written"


def resumed(w, raw, where, before):
    w.state.write_bytes(raw)
    w.out.write_bytes(before)
    code, _, err = w.run(w.command())
    assert code == 0 and "is not whole" in err, f"{where}: exit code {code}: {err}"
    check_same(w.alerts(), before, where)


def damage(args):
    r = random.Random(args.seed)
    lines = events(1200, 3)
    hostile = 0
    with World(args) as w:
        w.log.write_bytes(b"".join(lines))
        wanted = w.whole()
        w.log.write_bytes(b"".join(lines[:800]))
        assert w.run(w.command())[0] == 0
        state, before = w.state.read_bytes(), w.alerts()
        parts = list(checkpoints(state))
        assert len(parts) > 1 and parts[-1][1] == len(state), parts
        first = parts[0][1]
        for _ in range(60):
            raw = bytearray(state)
            at = r.choice((r.randrange(first), r.randrange(first, len(raw))))
            raw[at] ^= 1 << r.randrange(8)
            (refused if at < first else resumed)(w, bytes(raw), f"a bit flipped at {at} of {parts}", before)
        for _ in range(40):
            at = r.choice((r.randrange(first), r.randrange(first + 1, len(state))))
            (refused if at < first else resumed)(w, state[:at], f"cut at {at} of {parts}", before)
        resumed(w, state + b"x", "longer", before)
        resumed(w, state + bytes(5000), "zeros behind it", before)
        resumed(w, state + state[parts[-1][0]:], "the last one twice", before)
        resumed(w, state + state, "all of it twice", before)
        refused(w, state[first:], "without its first", before)
        refused(w, b"", "empty", before)
        old = bytearray(state)
        old[8] = 1
        refused(w, bytes(old), "version 1", before)
        # Whoever can write the file can also make its digest right. It may say anything, but nothing may break.
        for _ in range(200):
            raw = bytearray(state)
            for _ in range(r.randrange(1, 4)):
                at = r.randrange(HEADER, len(raw))
                raw[at] = r.choice((0, 0xFF, r.randrange(256)))
            if r.random() < 0.2:
                del raw[r.randrange(HEADER, len(raw)):]
            w.state.write_bytes(sealed(raw))
            code, _, err = w.run(w.command())
            assert code in (0, 3, 4, 5, 6), f"a hostile state file gave {code}: {err}"
            assert "Sanitizer" not in err and "runtime error" not in err, err
            hostile += code == 3
        w.out.write_bytes(before)
        w.state.write_bytes(state)
        (w.folder / "state.lock").unlink(missing_ok=True)
        w.log.write_bytes(b"".join(lines))
        assert w.run(w.command())[0] == 0
        check_same(w.alerts(), wanted, "afterwards")
    return f"107 damaged files refused or taken up to the damage, 200 hostile ones harmless ({hostile} refused)"

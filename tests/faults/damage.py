"""State files that are not what lq wrote: refused with a reason, and nothing else happens."""
import hashlib
import random

from world import World, check_same, events


def signed(raw):
    """The bytes with the digest that is right for them."""
    if len(raw) < 56:
        return bytes(raw)
    raw[16:24] = len(raw).to_bytes(8, "little")
    raw[24:56] = bytes(32)
    raw[24:56] = hashlib.blake2b(bytes(raw), digest_size=32).digest()
    return bytes(raw)


def refused(w, raw, where, before):
    w.state.write_bytes(raw)
    code, _, err = w.run(w.command())
    assert code == 3, f"{where}: exit code {code}: {err}"
    assert "cannot resume from state" in err and "move it away" in err, err
    assert w.state.read_bytes() == raw and w.alerts() == before, f"{where}: something was written"


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
        for _ in range(60):
            raw = bytearray(state)
            raw[r.randrange(len(raw))] ^= 1 << r.randrange(8)
            refused(w, bytes(raw), "a bit flipped", before)
        for _ in range(40):
            refused(w, state[:r.randrange(len(state))], "cut", before)
        refused(w, state + b"x", "longer", before)
        refused(w, b"", "empty", before)
        # Whoever can write the file can also make its digest right. It may say anything, but nothing may break.
        for _ in range(200):
            raw = bytearray(state)
            for _ in range(r.randrange(1, 4)):
                at = r.randrange(56, len(raw))
                raw[at] = r.choice((0, 0xFF, r.randrange(256)))
            if r.random() < 0.2:
                del raw[r.randrange(56, len(raw)):]
            w.state.write_bytes(signed(raw))
            code, _, err = w.run(w.command())
            assert code in (0, 3, 4, 5, 6), f"a hostile state file gave {code}: {err}"
            assert "Sanitizer" not in err and "runtime error" not in err, err
            hostile += code == 3
        w.out.write_bytes(before)
        w.state.write_bytes(state)
        w.forget()
        w.log.write_bytes(b"".join(lines))
        assert w.run(w.command())[0] == 0
        check_same(w.alerts(), wanted, "afterwards")
    return f"102 damaged files refused, 200 hostile ones harmless ({hostile} refused)"

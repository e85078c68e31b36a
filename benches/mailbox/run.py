"""make bench: the library against its peers, as ratios within one run.

Every round measures every case and what it is compared with; the table shows
medians over the rounds, of the seconds and of the ratios. Peak memory is the
whole process's, less that of the same shell without the library.

    BENCH=header       only the cases whose names begin so (several: header,sum);
                       memory: that of large mailboxes and messages alone
    BENCH_ROUNDS=5     rounds that count; one more goes before them
    BENCH_LINKS=plain  only the links whose names begin so
    BENCH_MAIL=20000   small messages; there is a large one for each 1,250
"""

import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import generate
import memory
import server
from peers import PRAGMAS
from process import PEAK, peak, run
from server import PASSWORD, ROOT, USER, Link

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CHOSEN = tuple(os.environ.get("BENCH", "").split(","))
LINKS = tuple(os.environ.get("BENCH_LINKS", "").split(","))
MAIL = int(os.environ.get("BENCH_MAIL", "20000"))
LIBRARY = ROOT / "dist/imap0"

FIELDS = "(UID BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])"
TABLE = "imap_messages('{server}', '{user}', 'INBOX', '{options}')"
INGEST = "SELECT imap_ingest('{server}', '{user}', 'INBOX', json_set('{options}', '$.layout', '%s'));"


@dataclass
class Case:
    """Something to measure, and what to compare it with."""

    name: str
    sql: str = ""
    peer: tuple[str, ...] = ()
    against: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ("plain", "tls", "plain 25 ms", "tls 25 ms")


CASES = [
    Case("raw headers", peer=("raw", FIELDS)),
    Case("raw sizes", peer=("raw", "(UID RFC822.SIZE)")),
    Case("raw messages", peer=("raw", "(UID BODY.PEEK[])")),
    Case(
        "header scan",
        f'SELECT uid, date, "from", subject FROM {TABLE};',
        against=(("raw headers", "≤ 1.3"),),
    ),
    Case("sum(size)", f"SELECT sum(size) FROM {TABLE};", against=(("raw sizes", "≤ 1.3"),)),
    Case("full scan", f"SELECT sum(length(raw)) FROM {TABLE};", against=(("raw messages", ""),)),
    Case(
        "create table",
        f'CREATE TABLE mail AS SELECT uid, subject, "from", date, raw FROM {TABLE};',
        against=(("insert mail", "≤ 1.15"), ("imaplib", "≤ 1")),
    ),
    Case(
        "ingest compact",
        INGEST % "compact",
        against=(
            ("insert compact", "≤ 1.25"),
            ("imaplib", "≤ 1"),
            ("mbsync", "≤ 0.2"),
            ("mbsync no fsync", ""),
        ),
    ),
    Case("ingest surveilr", INGEST % "surveilr", against=(("insert surveilr", ""),)),
    Case("insert mail", peer=("insert", "create table"), links=("plain",)),
    Case("insert compact", peer=("insert", "ingest compact"), links=("plain",)),
    Case("insert surveilr", peer=("insert", "ingest surveilr"), links=("plain",)),
    Case("imaplib", peer=("imaplib",), links=("plain", "tls")),
    Case("mbsync", peer=("mbsync", "yes"), links=("plain",)),
    Case("mbsync no fsync", peer=("mbsync", "no"), links=("plain",)),
]

# What must not suffer from a long line.
DISTANT = {"header scan": "≤ 1.3", "full scan": "≤ 1.3", "create table": "≤ 1.3", "ingest compact": "≤ 1.3"}


@dataclass
class Measured:
    """One case over one link: the seconds and the KiB of each round."""

    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def database(name: str) -> Path:
    """The file a case writes."""
    return WORK / f"{name.replace(' ', '-')}.db"


def shell(case: Case, link: Link) -> tuple[float, int]:
    """Runs a case in the sqlite3 shell: its seconds, and its peak memory in KiB."""
    path = database(case.name)
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    options = f'{{"ca_file": "{link.ca}", "timeout": 60}}'
    sql = case.sql.format(server=link.sql, user=USER, options=options)
    script = f"""
.bail on
{PRAGMAS}
.load {LIBRARY}
.output {os.devnull}
SELECT imap_login('{link.sql}', '{USER}', '{PASSWORD}');
.timer on
{sql}
{PEAK}
"""
    output = run(["sqlite3", "-init", os.devnull, "-batch", path], script)
    return float(re.findall(r"real (\d+\.\d+)", output)[-1]), peak(output)


def peer(case: Case, link: Link) -> float:
    """Runs a peer; the seconds it took."""
    task, *rest = case.peer
    secured = str(link.ca) if link.tls else ""
    program = ["/usr/bin/python3", HERE / "peers.py"]
    if task == "mbsync":
        return mbsync(link, rest[0])
    if task == "insert":
        arguments = [database(rest[0]), database(case.name)]
    elif task == "imaplib":
        arguments = [str(link.port), secured, database(case.name)]
    else:
        arguments = [str(link.port), secured, *rest]
    return float(run([*program, task, *arguments]))


def mbsync(link: Link, fsync: str) -> float:
    """Pulls the mailbox into a Maildir that is not there yet; `yes` is what mbsync
    does if nothing is said."""
    path = WORK / "mbsync"
    run(["rm", "-rf", path])
    path.mkdir()
    configuration = path / "configuration"
    configuration.write_text(
        f"FSync {fsync}\nIMAPAccount far\nHost 127.0.0.1\nPort {link.port}\nUser {USER}\n"
        f"Pass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n"
        f"IMAPStore far\nAccount far\n\nMaildirStore near\nInbox {path}/INBOX\n\n"
        f"Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\n"
        f"SyncState {path}/state-\n"
    )
    timed = ["bash", "-c", 'TIMEFORMAT=%R; time mbsync -q -c "$0" -a', configuration]
    return float(run(timed).split()[-1])


Found = dict[tuple[str, str], Measured]


def measure(links: list[Link], cases: list[Case], found: Found) -> None:
    """Every case over every link, round by round; the first warms up."""
    for turn in range(ROUNDS + 1):
        for link in links:
            for case in cases:
                # It may take minutes, and the mail is in memory by then.
                is_slow = case.name.startswith("mbsync")
                if link.name not in case.links or (is_slow and turn != 1):
                    continue
                show(f"round {turn}/{ROUNDS}: {case.name}, {link.name}")
                seconds, memory = (peer(case, link), 0) if case.peer else shell(case, link)
                if turn > 0:
                    measured = found.setdefault((case.name, link.name), Measured())
                    measured.seconds.append(seconds)
                    measured.memory.append(memory)
    show("")


def show(progress: str) -> None:
    """Says on a terminal how far it is."""
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr)


def ratio(one: Measured, other: Measured) -> float:
    """The median of the ratios within each round."""
    longer = max(len(one.seconds), len(other.seconds))
    pick = lambda measured, at: measured.seconds[min(at, len(measured.seconds) - 1)]
    return statistics.median(pick(one, at) / pick(other, at) for at in range(longer))


def report(found: Found, size: int, empty: int) -> None:
    """The table."""
    print(f"{'case':<16} {'link':<12} {'s':>7} {'MB/s':>6} {'MiB':>5}  ratios")
    for (name, link), measured in found.items():
        case = next(case for case in CASES if case.name == name)
        seconds = statistics.median(measured.seconds)
        ratios = []
        for other, target in case.against:
            base = found.get((other, link)) or found.get((other, "plain"))
            if base:
                ratios.append(f"{ratio(measured, base):.2f} × {other}{target and f' ({target})'}")
        near = found.get((name, link.removesuffix(" 25 ms")))
        if link.endswith("25 ms") and near:
            target = DISTANT.get(name)
            ratios.append(f"{ratio(measured, near):.2f} × loopback{target and f' ({target})' or ''}")
        is_bulk = not name.startswith(("raw headers", "raw sizes", "header", "sum"))
        speed = f"{size / seconds / 1e6:.0f}" if is_bulk else ""
        over = max(0, max(measured.memory) - empty) / 1024
        memory = f"{over:.0f}" if not case.peer else ""
        print(f"{name:<16} {link:<12} {seconds:7.3f} {speed:>6} {memory:>5}  {'; '.join(ratios)}")


def chosen() -> list[Case]:
    """The cases asked for, and those they are compared with."""
    wanted = [case for case in CASES if case.name.startswith(CHOSEN)]
    names = {name for case in wanted for name, _ in case.against} | {case.name for case in wanted}
    names |= {case.peer[1] for case in CASES if case.name in names and case.peer[:1] == ("insert",)}
    synced = {name for name in names if name.startswith("mbsync")}
    if synced and not shutil.which("mbsync"):
        print("bench: SKIPPED: mbsync is not installed (Debian: isync)", file=sys.stderr)
        names -= synced
    return [case for case in CASES if case.name in names]


def main() -> None:
    """Builds the helpers, fills the server, measures, reports."""
    WORK.mkdir(parents=True, exist_ok=True)
    delay = WORK / "delay"
    run(["rustc", "--edition", "2024", "-O", "-o", delay, HERE / "delay.rs"])
    empty = peak(run(["sqlite3", "-init", os.devnull, "-batch", ":memory:"], f"SELECT 1;\n{PEAK}\n"))
    with server.dovecot() as facts, contextlib.ExitStack() as stack:
        plain, tls, ca = int(facts["PORT"]), int(facts["TLS_PORT"]), Path(facts["CA"])
        links = [Link("plain", plain, False, ca), Link("tls", tls, True, ca)]
        for link in list(links):
            port = stack.enter_context(server.delayed(delay, link.port, 25))
            links.append(Link(f"{link.name} 25 ms", port, link.tls, ca))
        links = [link for link in links if link.name.startswith(LINKS)]
        if "memory".startswith(CHOSEN):
            memory.report(Link("plain", plain, False, ca), LIBRARY, WORK, empty)
        cases = chosen()
        if not cases:
            return
        count, size = server.fill(plain, generate.cached(WORK, MAIL, MAIL // 1250))
        print(f"{count} messages, {size / 1e6:.0f} MB, {ROUNDS} rounds, peak memory over {empty / 1024:.0f} MiB")
        found: Found = {}
        try:
            measure(links, cases, found)
        finally:
            # Also of a run that was stopped: what it has measured stands.
            report(found, size, empty)


if __name__ == "__main__":
    main()

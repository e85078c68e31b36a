"""Peak memory: that it does not grow with the mailbox, and what a large message costs.

One run of each case; memory is the whole process's, over that of the shell
without the library. Times mean nothing here.
"""

from pathlib import Path

import generate
import server
from peers import PRAGMAS
from process import PEAK, peak, run
from server import Link

FEW, MANY = 2_000, 100_000
LARGE = 50_000_000

SCANS = {
    "header scan": 'SELECT count(date), count("from"), count(subject) FROM {table};',
    "full scan": "SELECT sum(length(raw)) FROM {table};",
    "ingest compact": "SELECT imap_ingest({place}, '{{\"layout\": \"compact\"}}');",
    "ingest surveilr": "SELECT imap_ingest({place}, '{{\"layout\": \"surveilr\"}}');",
}

ALONE = {
    "raw": "SELECT length(raw) FROM {table};",
    "body_text": "SELECT length(body_text) FROM {table};",
    "max(raw)": "SELECT length(max(raw)) FROM {table};",
    "create table": "CREATE TABLE mail AS SELECT raw FROM {table};",
    "ingest compact": SCANS["ingest compact"],
    "ingest surveilr": SCANS["ingest surveilr"],
}


def report(link: Link, library: Path, work: Path, empty: int) -> None:
    """Fills three mailboxes and prints the table; `empty` is in KiB."""
    print(f"\nMiB over {empty / 1024:.0f} MiB, the shell's own")
    measured = {}
    for user, mail in (
        ("few", generate.brief(FEW)),
        ("many", generate.brief(MANY)),
        ("text", iter([generate.large_text(LARGE)])),
        ("file", iter([generate.large_file(LARGE)])),
    ):
        server.fill(link.port, mail, user)
        for name, sql in (ALONE if user in ("text", "file") else SCANS).items():
            measured[user, name] = (shell(link, library, work, user, sql) - empty) / 1024
    print(f"{'messages':<16} {FEW:>7,} {MANY:>8,}")
    for name in SCANS:
        print(f"{name:<16} {measured['few', name]:7.0f} {measured['many', name]:8.0f}")
    bound = 48 + 2.2 * LARGE / (1 << 20)
    print(f"{'one of 50 MB':<16} {'text':>7} {'file':>8}  (≤ {bound:.0f})")
    for name in ALONE:
        print(f"{name:<16} {measured['text', name]:7.0f} {measured['file', name]:8.0f}")


def shell(link: Link, library: Path, work: Path, user: str, sql: str) -> int:
    """The peak of a shell that runs one statement, in KiB."""
    path = work / "memory.db"
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    place = f"'{link.sql}', '{user}', 'INBOX'"
    statement = sql.format(place=place, table=f"imap_messages({place})")
    script = f"""
.bail on
{PRAGMAS}
.load {library}
SELECT imap_login('{link.sql}', '{user}', 'pw-{user}') > '';
{statement}
{PEAK}
"""
    return peak(run(["sqlite3", "-init", "/dev/null", "-batch", path], script))

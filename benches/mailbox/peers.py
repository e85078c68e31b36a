"""What the library is compared with; each run is a process of its own.

    peers.py raw PORT CA ITEMS     reads an answer off the socket, keeps nothing
    peers.py imaplib PORT CA DB    imaplib, email and sqlite3, one row a message
    peers.py insert FROM TO        the rows of one database into another

CA is empty where the port speaks without TLS. Prints the seconds it took.
"""

import imaplib
import socket
import sqlite3
import ssl
import sys
import time
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from server import PASSWORD, USER

PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"


def raw(port: str, ca: str, items: str) -> float:
    """One FETCH of everything, read as fast as the socket gives it."""
    start = time.perf_counter()
    server = socket.create_connection(("127.0.0.1", int(port)))
    if ca:
        context = ssl.create_default_context(cafile=ca)
        server = context.wrap_socket(server, server_hostname="localhost")
    answers = server.makefile("rb", buffering=0)
    answers.readline()
    for command in (f"LOGIN {USER} {PASSWORD}", "EXAMINE INBOX"):
        server.sendall(f"x {command}\r\n".encode())
        while not answers.readline().startswith(b"x "):
            pass
    server.sendall(f"x UID FETCH 1:* {items}\r\n".encode())
    buffer = memoryview(bytearray(1 << 20))
    end = b""
    while b"\r\nx OK" not in end:
        count = server.recv_into(buffer)
        if not count:
            raise SystemExit("the server hung up")
        # The completion is short, and may come in two pieces.
        end = (end + bytes(buffer[max(0, count - 200) : count]))[-200:]
    return time.perf_counter() - start


def imap_library(port: str, ca: str, database: str) -> float:
    """What a script of fifty lines does."""
    start = time.perf_counter()
    if ca:
        context = ssl.create_default_context(cafile=ca)
        server = imaplib.IMAP4_SSL("localhost", int(port), ssl_context=context)
    else:
        server = imaplib.IMAP4("127.0.0.1", int(port))
    server.login(USER, PASSWORD)
    server.select("INBOX", readonly=True)
    table = sqlite3.connect(database)
    table.executescript(PRAGMAS)
    table.execute('CREATE TABLE mail(uid INTEGER, subject, "from", date, raw)')
    parser = BytesHeaderParser(policy=policy.default)
    uids = server.uid("SEARCH", "ALL")[1][0].split()
    for at in range(0, len(uids), 500):
        chunk = b",".join(uids[at : at + 500]).decode()
        _, answer = server.uid("FETCH", chunk, "(UID FLAGS INTERNALDATE BODY.PEEK[])")
        for head, message in (item for item in answer if isinstance(item, tuple)):
            uid = int(head.split(b"UID ")[1].split()[0])
            header = parser.parsebytes(message)
            date = parsedate_to_datetime(header["Date"]).isoformat()
            sender = parseaddr(header["From"])[1]
            row = (uid, header["Subject"], sender, date, message)
            table.execute("INSERT INTO mail VALUES (?, ?, ?, ?, ?)", row)
        table.commit()
    table.close()
    return time.perf_counter() - start


def insert(source: str, target: str) -> float:
    """The same tables, indexes and rows, from memory, in one transaction."""
    known = sqlite3.connect(source)
    schema = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    objects = [row for row in known.execute(schema) if row[0] in ("table", "index")]
    tables = {
        name: known.execute(f'SELECT * FROM "{name}"').fetchall()
        for kind, name, _ in objects
        if kind == "table"
    }
    known.close()
    start = time.perf_counter()
    table = sqlite3.connect(target, isolation_level=None)
    table.executescript(PRAGMAS)
    table.execute("BEGIN")
    for _, _, statement in objects:
        table.execute(statement)
    for name, rows in tables.items():
        if rows:
            places = ", ".join("?" * len(rows[0]))
            table.executemany(f'INSERT INTO "{name}" VALUES ({places})', rows)
    table.execute("COMMIT")
    taken = time.perf_counter() - start
    table.close()
    return taken


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    for made in arguments[-1:] if task != "raw" else []:
        for path in Path(made).parent.glob(Path(made).name + "*"):
            path.unlink()
    print({"raw": raw, "imaplib": imap_library, "insert": insert}[task](*arguments))

"""functions.py LIBRARY FOLDER: how fast the mail functions are on the messages below
FOLDER, beside Python's email package reading the same, as a table in Markdown.

Seconds are those of the processor, so that other programs on the machine count
little; the best of three.
"""

import email
import email.policy
import hashlib
import sqlite3
import sys
import time
from pathlib import Path

ROUNDS = 3
CALLS = {
    "mail_parse": "SELECT sum(length(mail_parse(raw))) FROM mail",
    "mail_event": "SELECT sum(length(mail_event(raw))) FROM mail",
    "mail_feed": "SELECT sum(length(mail_feed(raw))) FROM mail",
    "mail_report": "SELECT sum(length(mail_report(raw))) FROM mail",
    "mail_auth": "SELECT sum(length(mail_auth(raw))) FROM mail",
    "mail_headers": "SELECT sum(length(h.value)) FROM mail, mail_headers(mail.raw) AS h",
    "mail_parts": "SELECT sum(length(p.content)) FROM mail, mail_parts(mail.raw) AS p",
    "mail_attachments": "SELECT count(a.sha256) FROM mail, mail_attachments(mail.raw) AS a",
    "mail_received": "SELECT count(r.ip) FROM mail, mail_received(mail.raw) AS r",
    "mail_indicators": "SELECT count(*) FROM mail, mail_indicators(mail.raw)",
    "mail_indicators, all patterns": "SELECT count(*) FROM mail, mail_indicators(mail.raw, '{\"patterns\": \"all\"}')",
}


def best(work):
    """The least processor time of some rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def read(raw):
    """What mail_parse does, as the package has it: headers and bodies decoded."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    hashlib.sha256(raw).hexdigest()
    for part in message.walk():
        for name in part.keys():
            try:
                str(part[name])
            except Exception:
                pass  # It raises on broken headers.
        if not part.is_multipart():
            part.get_payload(decode=True)


def main(library, folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    mail = [path.read_bytes() for path in files]
    size = sum(map(len, mail)) / 1e6
    connection = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    connection.execute("SELECT load_extension(?, 'sqlite3_imapoffline_init')", [library])
    connection.execute("CREATE TABLE mail(raw BLOB)")
    connection.executemany("INSERT INTO mail VALUES (?)", [[raw] for raw in mail])

    python = best(lambda: [read(raw) for raw in mail])
    print(f"{len(mail)} messages, {size:.1f} MB\n")
    print("| | MB/s | × Python's email |\n|---|---|---|")
    print(f"| Python's email | {size / python:.1f} | 1 |")
    for name, sql in CALLS.items():
        seconds = best(lambda: connection.execute(sql).fetchall())
        print(f"| {name} | {size / seconds:.0f} | {python / seconds:.0f} |")


main(*sys.argv[1:])

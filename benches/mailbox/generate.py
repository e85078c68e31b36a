"""The mail that is measured: reproducible, and like what lies in mailboxes.

Small messages of 2 to 20 KB (text and HTML, in the usual encodings and some
unusual charsets, a tenth of them with an attachment), and some of 7 MB with an
attachment of 5 MB. The same numbers always give the same bytes.
"""

import base64
import quopri
import random
import struct
from collections.abc import Iterator
from pathlib import Path

WORDS = (
    "harbour ledger crane pilot tide berth manifest customs container vessel "
    "invoice meeting agenda schedule report night shift gate key repair quote "
    "naïve café Grüße Hafen łódź порт 港"
).split()

ATTACHMENT = 5_000_000


def cached(folder: Path, small: int, large: int) -> Iterator[bytes]:
    """The messages, from a file that is made where it is missing."""
    path = folder / f"mail-{small}-{large}"
    if not path.exists():
        unfinished = path.with_suffix(".new")
        with unfinished.open("wb") as file:
            for written in messages(small, large):
                file.write(struct.pack(">I", len(written)) + written)
        unfinished.rename(path)
    with path.open("rb") as file:
        while head := file.read(4):
            yield file.read(struct.unpack(">I", head)[0])


def messages(small: int, large: int) -> Iterator[bytes]:
    """`small` messages, the `large` ones spread evenly among them."""
    chance = random.Random("sqlite-imap")
    every = small // large if large else small + 1
    number = 0
    for index in range(small):
        number += 1
        yield message(chance, number, None)
        if (index + 1) % every == 0 and number - index <= large:
            number += 1
            yield message(chance, number, ATTACHMENT)


def message(chance: random.Random, number: int, attachment: int | None) -> bytes:
    """One message with CRLF line ends."""
    lines = [
        " ".join(chance.choices(WORDS, k=11)) for _ in range(chance.randint(14, 108))
    ]
    parts = [text_part(chance, "plain", "\r\n".join(lines))]
    if number % 2:
        html = "".join(f"<p>{line}</p>\r\n" for line in lines)
        parts.append(text_part(chance, "html", f"<html><body>{html}</body></html>"))
    if attachment is None and number % 10 == 0:
        attachment = chance.randint(500, 6_000)
    if attachment:
        data = base64.encodebytes(chance.randbytes(attachment)).replace(b"\n", b"\r\n")
        parts.append(
            b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
            + f'Content-Disposition: attachment; filename="paper-{number}.pdf"\r\n\r\n'.encode()
            + data
        )
    return header(chance, number) + multipart(number, parts)


def header(chance: random.Random, number: int) -> bytes:
    """The header, but for the fields of the content."""
    day, minute = divmod(number * 37, 1440)
    date = f"{day % 28 + 1:02} Jan 2024 {minute // 60:02}:{minute % 60:02}:00 +0000"
    subject = " ".join(chance.choices(WORDS, k=5))
    word = base64.b64encode(f"{subject} {number}".encode()).decode()
    hops = "".join(
        f"Received: from mx{hop}.example.org (mx{hop}.example.org [192.0.2.{hop}])\r\n"
        f"\tby mx{hop + 1}.example.org with ESMTPS id {chance.getrandbits(40):x};\r\n"
        f"\tMon, {date}\r\n"
        for hop in range(4)
    )
    return (
        f"{hops}From: Sender {number % 97} <sender{number % 97}@example{number % 13}.org>\r\n"
        f"To: ada@example.org, Bob <bob@example.org>\r\n"
        f"Subject: =?utf-8?b?{word}?=\r\n"
        f"Date: Mon, {date}\r\n"
        f"Message-ID: <{number}.{chance.getrandbits(64):x}@example.org>\r\n"
        "MIME-Version: 1.0\r\n"
    ).encode()


def text_part(chance: random.Random, subtype: str, text: str) -> bytes:
    """A text in one of the encodings and charsets that mail has."""
    charset = "utf-8"
    coding = chance.choice(["8bit", "quoted-printable", "base64"])
    body = text.encode()
    if coding == "quoted-printable":
        body = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    elif coding == "base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    elif chance.random() < 0.1:
        charset = "windows-1251"
        body = text.encode(charset, "replace")
    head = (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {coding}\r\n\r\n"
    )
    return head.encode() + body


def multipart(number: int, parts: list[bytes]) -> bytes:
    """The content: one part as it is, several between boundaries."""
    if len(parts) == 1:
        return parts[0] + b"\r\n"
    boundary = f"=_part_{number}".encode()
    joined = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n%s--%s--\r\n' % (
        boundary,
        joined,
        boundary,
    )


def brief(count: int) -> Iterator[bytes]:
    """Messages of a few lines, for mailboxes of many."""
    chance = random.Random("sqlite-imap")
    for number in range(1, count + 1):
        text = " ".join(chance.choices(WORDS[:16], k=40))
        yield header(chance, number) + f"\r\n{text}\r\n".encode()


def large_text(size: int) -> bytes:
    """One message, nearly all of it one text."""
    line = " ".join(WORDS[:11]).encode() + b"\r\n"
    return header(random.Random("sqlite-imap"), 1) + b"\r\n" + line * (size // len(line))


def large_file(size: int) -> bytes:
    """One message, nearly all of it an attachment."""
    return message(random.Random("sqlite-imap"), 1, size * 57 // 78)

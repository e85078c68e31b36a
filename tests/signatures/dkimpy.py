"""dkimpy.py: reads messages in base64, a line each; signs each in several ways,
changes some on their way, and writes a JSON object a line: the message (raw), its
key's record (record), how it was signed (how), and dkimpy's own verdict (passes)."""

import base64
import json
import random
import re
import subprocess
import sys

import dkim
import nacl.signing

random.seed(8)
key = nacl.signing.SigningKey.generate()
ED25519 = (
    b"ed25519-sha256",
    base64.b64encode(bytes(key)),
    "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(key.verify_key)).decode(),
)
private = subprocess.run(["openssl", "genrsa", "-traditional", "1024"], check=True, capture_output=True).stdout
public = subprocess.run(
    ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, check=True, capture_output=True
).stdout
RSA = (b"rsa-sha256", private, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode())
FORMS = [(header, body) for header in (b"simple", b"relaxed") for body in (b"simple", b"relaxed")]


def nothing(header, body):
    return header, body


def spaces(header, body):
    return header, body.replace(b" ", b" \t ", 3)


def names(header, body):
    return re.sub(rb"\r\nSubject:", b"\r\nSUBJECT :", header, count=1), body


def folds(header, body):
    return re.sub(rb"\r\nSubject: (\S+) ", rb"\r\nSubject: \1\r\n\t", header, count=1), body


def subject(header, body):
    return header.replace(b"\r\nSubject: ", b"\r\nSubject: x", 1), body


def text(header, body):
    return header, body[:9] + b"X" + body[9:]


def footer(header, body):
    return header, body + b"--\r\nsent by a list\r\n"


CHANGES = [nothing, spaces, names, folds, subject, text, footer]


def sign(raw, algorithm, form, counts):
    name, private, record = algorithm
    signature = dkim.sign(
        raw, b"s", b"d.example", private, signature_algorithm=name, canonicalize=form, length=counts
    )
    change = random.choice(CHANGES)
    header, _, body = (signature + raw).partition(b"\r\n\r\n")
    message = b"\r\n\r\n".join(change(header, body))
    passes = dkim.verify(message, dnsfunc=lambda name, timeout=5: record.encode())
    how = f"{name.decode()} {form} {'length' if counts else ''} {change.__name__}"
    return {"raw": base64.b64encode(message).decode(), "record": record, "how": how, "passes": passes}


for line in sys.stdin:
    raw = base64.b64decode(line)
    for form in FORMS:
        try:
            signed = sign(raw, random.choice([ED25519, RSA]), form, random.random() < 0.2)
        except (dkim.DKIMException, ValueError, TypeError, UnicodeDecodeError):
            continue  # What has no From, or no header, it does not sign.
        print(json.dumps(signed))

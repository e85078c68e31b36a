"""sign.py DIR: signs a message by each of the keys of signed.example with dkimpy, as
DIR/SELECTOR.eml, and writes DIR/zone, in which the keys stand as DNS servers take
them."""

import base64
import subprocess
import sys
from pathlib import Path

import dkim
import nacl.signing

folder = Path(sys.argv[1])
MESSAGE = (
    b"From: Ada <ada@signed.example>\r\nTo: bob@example.org\r\nSubject: The lock\r\n"
    b"Date: Mon, 2 Sep 2024 11:34:26 -0700\r\nMessage-ID: <1@signed.example>\r\n"
    b"Authentication-Results: mx.signed.example; spf=pass smtp.mailfrom=signed.example\r\n"
    b"\r\nIt is open.\r\n"
)

rsa = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True).stdout
public = subprocess.run(
    ["openssl", "rsa", "-pubout", "-outform", "DER"], input=rsa, check=True, capture_output=True
).stdout
rsa_record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


def ed25519():
    """A private key as dkimpy takes it, and its record."""
    key = nacl.signing.SigningKey.generate()
    public = base64.b64encode(bytes(key.verify_key)).decode()
    return base64.b64encode(bytes(key)), "v=DKIM1; k=ed25519; p=" + public


ed, ed_record = ed25519()
_, other_record = ed25519()
padding = "n=" + "x" * 1400 + "; "
# The selector, the key that signs, and the records that stand in the DNS.
KEYS = {
    "rsa": (rsa, [rsa_record]),
    "long": (rsa, [rsa_record.replace("k=rsa", padding + "k=rsa")]),
    "ed": (ed, [ed_record]),
    "wrong": (ed, [other_record]),
    "revoked": (ed, ["v=DKIM1; k=ed25519; p="]),
    "several": (ed, ["a text of somebody else", ed_record]),
    "alias": (ed, None),
    "absent": (ed, []),
}


def strings(record):
    """A record's text as the strings of a zone file, 255 bytes each at most."""
    return " ".join('"' + record[at : at + 255] + '"' for at in range(0, len(record), 255))


def sign(selector, key, domain="signed.example"):
    algorithm = b"rsa-sha256" if key is rsa else b"ed25519-sha256"
    return dkim.sign(
        MESSAGE, selector.encode(), domain.encode(), key, signature_algorithm=algorithm,
        canonicalize=(b"relaxed", b"relaxed"),
    )


zone = ["$ORIGIN signed.example.", "@ 300 IN SOA ns admin 1 3600 600 86400 60", "@ 300 IN NS ns",
        "ns 300 IN A 127.0.0.1", "alias._domainkey 300 IN CNAME ed._domainkey"]
for selector, (key, records) in KEYS.items():
    zone += [f"{selector}._domainkey 300 IN TXT {strings(record)}" for record in records or []]
    (folder / f"{selector}.eml").write_bytes(sign(selector, key) + MESSAGE)
for domain in ("broken.example", "elsewhere.example"):
    (folder / f"{domain}.eml").write_bytes(sign("s", ed, domain) + MESSAGE)
sealed = dkim.arc_sign(MESSAGE, b"rsa", b"signed.example", rsa, b"mx.signed.example")
(folder / "arc.eml").write_bytes(b"".join(sealed) + MESSAGE)
(folder / "zone").write_text("\n".join(zone) + "\n")

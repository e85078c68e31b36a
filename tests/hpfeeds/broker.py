"""broker.py ENDPOINT EXPORTER USERS [crash]: the broker of PyPI's hpfeeds.

Since Python 3.11 asyncio has no `_sslpipe`, for which the broker's TLS looks in
vain; it is put back. With `crash` the broker fails at each message as it would
at any defect of its own: it drops the connection and says nothing.
"""

import sys
from asyncio import sslproto

from hpfeeds.broker.connection import Connection
from hpfeeds.scripts.broker import main


def crash(*_):
    raise RuntimeError("as the test wants it")


if not hasattr(sslproto.SSLProtocol, "_sslpipe"):
    sslproto.SSLProtocol._sslpipe = property(lambda self: self)
endpoint, exporter, users, *mode = sys.argv[1:]
if mode:
    Connection.on_publish = crash
sys.argv[1:] = ["-e", endpoint, "--exporter", exporter, f"--auth={users}", "--name", "testbroker"]
main()

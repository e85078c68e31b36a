"""newest.py LIBRARY: prints the five newest messages of the account that
IMAP_SERVER, IMAP_USER and IMAP_PASSWORD name."""

import sqlite3
import sys

connection = sqlite3.connect(":memory:")
connection.enable_load_extension(True)
connection.load_extension(sys.argv[1])

rows = connection.execute(
    """
    SELECT uid, date, "from", subject
      FROM imap_messages
     ORDER BY date DESC
     LIMIT 5
    """
)
for row in rows:
    print(*row, sep=" | ")

"""rows_and_errors.py LIBRARY: what apsw makes of the library's rows and errors,
in the same lines as rows_and_errors.js."""

import sys

import apsw

connection = apsw.Connection(":memory:")
connection.enable_load_extension(True)
connection.load_extension(sys.argv[1])
for row in connection.execute("SELECT uid, subject, length(raw) FROM imap_messages ORDER BY uid"):
    print(*row, sep=" | ")
try:
    connection.execute("SELECT uid FROM imap_messages(NULL, NULL, NULL, '{\"timeuot\": 1}')").fetchall()
except apsw.Error as error:
    print(error)
print(connection.execute("SELECT count(*) FROM imap_messages").fetchone()[0])

"""Interrupts an ingest where it is about to record a given message.

    interrupter.py LIBRARY DATABASE STATEMENT PLACE PRAGMA...

Prints how the statement ended, whether a transaction is open, and what each
pragma says then; one as `name=value` is set before.
"""

import sqlite3
import sys

library, database, statement, place, *pragmas = sys.argv[1:]
connection = sqlite3.connect(database, isolation_level=None)
connection.enable_load_extension(True)
connection.load_extension(library)
for pragma in pragmas:
    connection.execute(f"PRAGMA {pragma}")
recorded = 0


def trace(sql):
    global recorded
    if "INTO main.imap_sync_message" in sql:
        recorded += 1
        if recorded == int(place):
            connection.interrupt()


connection.set_trace_callback(trace)
try:
    print(connection.execute(statement).fetchall())
except sqlite3.Error as error:
    print(error)
connection.set_trace_callback(None)
print(connection.in_transaction)
for pragma in pragmas:
    name = pragma.partition("=")[0]
    print(connection.execute(f"PRAGMA {name}").fetchone()[0])

"""Runs SQL in a host that is not the sqlite3 shell, for the tests beside it.

Reads from stdin a JSON object: `library`, `entry`, and `steps`. A step is a
statement, or `!interrupt` (from another thread, as soon as the table `waiting`
waits in the next statement), or `!close`. Prints a JSON array with one text for each step: the
rows as `a|b` lines, or `error CODE: TEXT` with the extended result code.
"""

import json
import os
import sys
import threading
import time


def open_host():
    try:
        import apsw
    except ImportError:
        import sqlite3

        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.enable_load_extension(True)
        return connection, lambda error: error.sqlite_errorcode
    connection = apsw.Connection(":memory:")
    connection.enable_load_extension(True)
    return connection, lambda error: error.extendedresult


def text(value):
    return "NULL" if value is None else value.hex() if isinstance(value, bytes) else str(value)


def interrupt(connection):
    sign = os.environ["HOSTILE_WAITS"]
    while not os.path.exists(sign):
        time.sleep(0.005)
    os.remove(sign)
    connection.interrupt()


def run(connection, code, statement):
    if statement == "!interrupt":
        threading.Thread(target=interrupt, args=[connection], daemon=True).start()
        return ""
    if statement == "!close":
        return connection.close() or ""
    try:
        rows = connection.cursor().execute(statement)
        return "\n".join("|".join(map(text, row)) for row in rows)
    except Exception as error:
        return f"error {code(error)}: {error}"


task = json.load(sys.stdin)
connection, code = open_host()
load = f"SELECT load_extension('{task['library']}', '{task['entry']}')"
loaded = run(connection, code, load)
results = [run(connection, code, step) for step in task["steps"]] if loaded == "NULL" else [loaded]
json.dump(results, sys.stdout)

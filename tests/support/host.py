"""Runs SQL with the library loaded; the tests start it (tests/support/python.rs).

Reads one JSON object from stdin: library, database, statements (each a text and
its parameters). Prints one JSON array: per statement its rows, or its error with
SQLite's code.
"""

import json
import sqlite3
import sys


def cell(value):
    return {"blob": value.hex()} if isinstance(value, bytes) else value


def outcome(connection, sql, parameters):
    try:
        rows = connection.execute(sql, parameters).fetchall()
    except sqlite3.Error as error:
        return {"error": str(error), "code": error.sqlite_errorcode}
    return {"rows": [[cell(value) for value in row] for row in rows]}


def main():
    request = json.load(sys.stdin)
    # Autocommit: transactions are the statements' own business.
    connection = sqlite3.connect(request["database"], isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(request["library"])

    def interrupt(value):
        """Gives back its argument, in a statement that is interrupted from then on."""
        connection.interrupt()
        return value

    connection.create_function("interrupt", 1, interrupt)
    json.dump([outcome(connection, *statement) for statement in request["statements"]], sys.stdout)


main()

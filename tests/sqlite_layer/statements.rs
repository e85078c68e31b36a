//! SQL that a function runs on the connection that calls it.

use crate::host::check;

#[test]
fn statements_bind_step_and_report() {
    check(&[
        (
            "SELECT query('SELECT ?1, ?2 UNION ALL SELECT x''00ff'', ''é''', 1.5, 'a')",
            "Real(1.5) Text(\"a\");Blob([0, 255]) Text(\"é\");\
          Real(1.5) Text(\"a\");Blob([0, 255]) Text(\"é\");",
        ),
        (
            "SELECT query('SELECT ?1, ?2', NULL, x'')",
            "Null Blob([]);Null Blob([]);",
        ),
        (
            "SELECT query('SELECT ?1, ?2', '', 9)",
            "Text(\"\") Integer(9);Text(\"\") Integer(9);",
        ),
        (
            "SELECT query('SELECT 1')",
            "Integer(1) Null;Integer(1) Null;",
        ),
        (
            "SELECT query('SELECT 1, CAST(x''ff'' AS TEXT)')",
            "error 1: imap: cannot read 'SELECT 1, CAST(x'ff' AS TEXT)': a text is not UTF-8",
        ),
        (
            "SELECT query('SEL')",
            "error 1: imap: cannot prepare 'SEL': near \"SEL\": syntax error",
        ),
        (
            "SELECT query(' -- no')",
            "error 1: imap: cannot prepare '-- no': it holds no statement",
        ),
        (
            "SELECT query('SELECT ?1', 1, 2)",
            "error 25: imap: cannot bind 'SELECT ?1': column index out of range",
        ),
        (
            "SELECT query('SELECT abs(-9223372036854775808)')",
            "error 1: imap: cannot run 'SELECT abs(-9223372036854775808)': integer overflow",
        ),
        ("CREATE TABLE t(a UNIQUE, b)", ""),
        (
            "SELECT change('INSERT INTO t VALUES (?1, ?2)', 1, x'00')",
            "2",
        ),
        (
            "SELECT change('INSERT INTO t VALUES (?1, ?2)', 1, 2)",
            "error 2067: imap: cannot run 'INSERT INTO t VALUES (?1, ?2)': UNIQUE constraint failed: \
          t.a",
        ),
        ("SELECT * FROM t", "1|00\nNULL|NULL"),
        (
            "SELECT script('BEGIN; INSERT INTO t VALUES (3, 4); COMMIT')",
            "NULL",
        ),
        (
            "SELECT script('INSERT INTO t VALUES (5, 6); INSERT INTO t VALUES (5, 6)')",
            "error 2067: imap: cannot run 'INSERT INTO t VALUES (5, 6); INSERT INTO t VALUES \
          (5, 6)': UNIQUE constraint failed: t.a",
        ),
        (
            "SELECT script('a' || char(0))",
            "error 1: imap: cannot run 'a\\u{0}': it holds a NUL",
        ),
        ("SELECT a FROM t ORDER BY a", "NULL\n1\n3\n5"),
    ]);
}

#[test]
fn a_utf_16_database_reads_and_writes_the_same() {
    check(&[
        ("PRAGMA encoding = 'UTF-16'", ""),
        ("CREATE TABLE t(a)", ""),
        ("SELECT change('INSERT INTO t VALUES (?1)', 'né')", "2"),
        (
            "SELECT query('SELECT a, 1 FROM t LIMIT 1')",
            "Text(\"né\") Integer(1);\
          Text(\"né\") Integer(1);",
        ),
        (
            "SELECT describe(a) FROM t LIMIT 1",
            "Text 0 0 'né' [110, 195, 169]",
        ),
        (
            "SELECT length(give('text_owned', 5000)), length(give('text', 0))",
            "5000|0",
        ),
        ("SELECT fails('usage', 'né')", "error 1: imap: né"),
    ]);
}

//! What a table learns from xBestIndex, and what SQLite does with its answer.

use crate::host::{check, hosts, run_in};

#[test]
fn a_plan_sees_every_constraint_and_its_answer_is_obeyed() {
    let in_list = "SELECT id, scans, arguments FROM numbers WHERE id IN (3, '1', x'00', NULL, 2.5)";
    let list = "[Null, Integer(1), Real(2.5), Integer(3), Blob([0])]";
    check(&[
        (in_list, &format!("1|1|{list}\n3|1|{list}")),
        (
            "SELECT plan FROM numbers WHERE id = 2 AND other IS NULL AND rowid <> 4",
            "At(0) Eq BINARY; At(4) IsNull BINARY; Rowid Ne BINARY; order []; used 0 1 4",
        ),
        (
            "SELECT plan FROM numbers WHERE id > 2 AND id <= 3 AND id IS NOT 7 AND id NOT NULL
             AND id < 8 AND id >= 1 AND id IS 3",
            "At(0) Gt BINARY; At(0) Le BINARY; At(0) Lt BINARY; At(0) Ge BINARY; At(0) Is BINARY; \
             At(0) IsNotNull BINARY; At(0) IsNot BINARY; order []; used 0 1",
        ),
        (
            "SELECT plan FROM numbers WHERE plan > 'A' COLLATE NOCASE AND plan GLOB '*' AND id = 1",
            "At(1) Gt NOCASE; At(0) Eq BINARY; At(1) Glob BINARY; order []; used 0 1",
        ),
        (
            "SELECT plan FROM numbers LIMIT 1",
            "At(0) Limit BINARY; order []; used 1",
        ),
        (
            "SELECT plan FROM numbers WHERE id = 1 ORDER BY other, id DESC",
            "At(0) Eq BINARY; order [Order { column: At(4), descending: false }, \
             Order { column: At(0), descending: true }]; used 0 1 4",
        ),
        ("SELECT id FROM numbers ORDER BY id DESC LIMIT 2", "9\n8"),
        (
            "SELECT n.id, n.arguments FROM numbers(v.value) AS n, json_each('[2,4]') AS v
             WHERE n.id = v.value",
            "2|Integer(2) Integer(2)\n4|Integer(4) Integer(4)",
        ),
        (
            "SELECT 1 FROM numbers(b.id) AS a, numbers(a.id) AS b",
            "error 1: no query solution",
        ),
    ]);
    // A sorter of SQLite's would show as a second row.
    let consumed = "EXPLAIN QUERY PLAN SELECT id FROM numbers ORDER BY id DESC";
    let left = "EXPLAIN QUERY PLAN SELECT id FROM numbers ORDER BY other";
    for host in hosts() {
        let seen = run_in(&host, "sqlite3_hostile_init", &[consumed, left], None);
        let rows: Vec<_> = seen.iter().map(|rows| rows.lines().count()).collect();
        assert_eq!(rows, [1, 2], "{seen:?}");
    }
}

#[test]
fn what_reaches_outside_is_refused_in_a_schema_and_what_is_pure_is_not() {
    check(&[
        ("PRAGMA trusted_schema = OFF", ""),
        ("CREATE VIEW a AS SELECT * FROM lent", ""),
        (
            "SELECT * FROM a",
            "error 1: unsafe use of virtual table \"lent\"",
        ),
        ("CREATE VIEW b AS SELECT give('null', 1)", ""),
        ("SELECT * FROM b", "error 1: unsafe use of give()"),
        ("CREATE TABLE t(a)", ""),
        (
            "CREATE TRIGGER c AFTER INSERT ON t BEGIN SELECT give('null', 1); END",
            "",
        ),
        ("INSERT INTO t VALUES (1)", "error 1: unsafe use of give()"),
        (
            "CREATE VIEW d AS SELECT max(id), describe(1) FROM numbers",
            "",
        ),
        ("SELECT * FROM d", "9|Integer 1 1 '1' [49]"),
        ("CREATE TABLE g(a, b AS (describe(a)))", ""),
        (
            "CREATE VIRTUAL TABLE v USING numbers",
            "error 1: no such module: numbers",
        ),
        (
            "DELETE FROM numbers",
            "error 1: table numbers may not be modified",
        ),
        (
            "SELECT describe()",
            "error 1: wrong number of arguments to function describe()",
        ),
    ]);
}

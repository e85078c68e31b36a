//! Panics and errors in every callback.

use crate::host::{check, hosts, run_in};

#[test]
fn a_panic_in_any_callback_is_an_error_and_the_connection_lives() {
    let internal = |callback: &str, place: &str| {
        format!(
            "error 2: imap: internal error in panic_{place} ({callback}): \
             %s%n in {place} (please report)"
        )
    };
    // While a statement is prepared the code is SQLite's choice: 1, or since
    // some version after 3.40 ours for xConnect.
    for place in ["xConnect", "xConnect", "xBestIndex"] {
        let statement = format!("SELECT * FROM panic_{place}");
        let expected = internal(place, place);
        for host in hosts() {
            let seen = run_in(&host, "sqlite3_hostile_init", &[&statement], None).concat();
            assert!(
                [&expected, &expected.replace("error 2", "error 1")].contains(&&seen),
                "{seen}"
            );
        }
    }
    check(&[
        ("SELECT * FROM panic_xOpen", &internal("xOpen", "xOpen")),
        (
            "SELECT * FROM panic_xFilter",
            &internal("xFilter", "xFilter"),
        ),
        ("SELECT * FROM panic_xNext", &internal("xNext", "xNext")),
        ("SELECT * FROM panic_xEof", &internal("xFilter", "xEof")),
        (
            "SELECT * FROM panic_xColumn",
            &internal("xColumn", "xColumn"),
        ),
        (
            "SELECT rowid FROM panic_xRowid",
            &internal("xRowid", "xRowid"),
        ),
        ("SELECT a FROM panic_xClose", "1\n2\n3"),
        ("SELECT a FROM panic_xDisconnect", "1\n2\n3"),
        (
            "SELECT panics('%s' || char(10) || 'b')",
            "error 2: imap: internal error in panics: %s\\nb (please report)",
        ),
        ("SELECT count(*) FROM panic_xColumn", "3"),
        ("!close", ""),
    ]);
}

#[test]
fn error_text_is_verbatim_and_codes_are_kept() {
    let nasty = format!("imap: %s%n%d {} caf\u{e9} \\0 end", "x".repeat(5000));
    let (at_prepare, network) = (format!("error 1: {nasty}"), format!("error 14: {nasty}"));
    check(&[
        ("SELECT * FROM error_xBestIndex", &at_prepare),
        ("SELECT * FROM error_xOpen", &network),
        ("SELECT * FROM error_xFilter", &network),
        ("SELECT * FROM error_xNext", &network),
        ("SELECT * FROM error_xColumn", &network),
        ("SELECT rowid FROM error_xRowid", &network),
        ("SELECT fails('network', NULL)", &network),
        ("SELECT fails('usage', 'no %s')", "error 1: imap: no %s"),
        (
            "SELECT fails('cancelled', '')",
            "error 9: imap: interrupted",
        ),
        ("SELECT fails('too big', 'x')", "error 18: imap: x"),
        ("SELECT fails('unique', 'x')", "error 2067: imap: x"),
        (
            "SELECT fails('success', 'never a success')",
            "error 1: imap: never a success",
        ),
        (
            "SELECT * FROM nul_plan",
            "error 1: imap: internal error in nul_plan (xBestIndex): a NUL in the plan \
             (please report)",
        ),
        ("SELECT 'usable'", "usable"),
    ]);
}

#[test]
fn a_network_error_leaves_the_callers_transaction_alone() {
    let error = format!(
        "error 14: imap: %s%n%d {} caf\u{e9} \\0 end",
        "x".repeat(5000)
    );
    check(&[
        // Without a constraint on the target (or a function in the SELECT),
        // SQLite keeps no statement journal, and the failed statement's own
        // first rows would stay in the open transaction.
        ("CREATE TABLE t(a UNIQUE)", ""),
        ("BEGIN", ""),
        ("INSERT INTO t VALUES ('kept')", ""),
        ("SELECT * FROM error_xNext", &error),
        ("SELECT * FROM error_xFilter", &error),
        ("INSERT INTO t SELECT a FROM error_xNext", &error),
        ("SELECT fails('network', NULL)", &error),
        ("SELECT connection_state()", "false false true false false"),
        ("COMMIT", ""),
        ("SELECT * FROM t", "kept"),
        ("SELECT connection_state()", "true false true false false"),
    ]);
}

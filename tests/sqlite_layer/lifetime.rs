//! From loading to closing, with an interrupt in between.

use std::process::Command;

use crate::host::{built, check, hostile, hosts, library, run_in, shell};
use crate::until::until;

#[test]
fn the_product_loads_in_the_stock_shell_by_each_entry_point() {
    let product = built().join("deps").join(library("imap0"));
    for entry in [
        "",
        "sqlite3_imap_init",
        "sqlite3_extension_init",
        "sqlite3_imapoffline_init",
    ] {
        let script = format!(
            ".load {} {entry}\nSELECT imap_version();\nSELECT imap_debug();\n",
            product.display()
        );
        let (out, errors) = shell(&script, |_, _| ());
        let version = concat!("v", env!("CARGO_PKG_VERSION"));
        assert!(
            out.starts_with(&format!("{version}\nversion: {version}\nsqlite: 3.")),
            "{out}"
        );
        assert_eq!(errors, "");
    }
}

#[test]
fn a_failure_while_loading_is_said_verbatim() {
    for host in hosts() {
        let loading = |entry| run_in(&host, entry, &[], None).concat();
        assert_eq!(
            loading("sqlite3_refusing_init"),
            "error 1: error during initialization: imap: no %s%n\\0."
        );
        assert_eq!(
            loading("sqlite3_panicking_init"),
            "error 1: error during initialization: imap: internal error in the entry point: \
             not today (please report)"
        );
    }
}

#[test]
fn an_interrupt_is_seen_while_a_table_waits() {
    check(&[
        ("CREATE TABLE t(a)", ""),
        ("!interrupt", ""),
        ("SELECT * FROM waiting", "error 9: imap: interrupted"),
        ("SELECT 'usable'", "usable"),
        ("!interrupt", ""),
        (
            "INSERT INTO t SELECT * FROM waiting",
            "error 9: imap: interrupted",
        ),
        ("SELECT count(*) FROM t", "0"),
    ]);
}

#[test]
fn the_shell_shows_server_text_verbatim_and_stops_at_ctrl_c() {
    let load = format!(".load {} sqlite3_hostile_init\n", hostile().display());
    let (_, errors) = shell(
        &format!("{load}SELECT fails('network', '%s%n%d');\n"),
        |_, _| (),
    );
    assert_eq!(errors, "Runtime error near line 2: imap: %s%n%d (14)\n");

    let waits = format!("{load}SELECT * FROM waiting;\n");
    let (_, errors) = shell(&waits, |shell, sign| {
        until(|| sign.exists().then_some(()));
        std::fs::remove_file(sign).expect("it is ours");
        let sent = Command::new("kill")
            .args(["-INT", &shell.to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    });
    assert_eq!(errors, "Runtime error near line 2: imap: interrupted (9)\n");
}

#[test]
fn everything_is_dropped_when_the_connection_closes() {
    let folder = std::env::temp_dir().join(format!("sqlite_layer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    for (number, host) in hosts().into_iter().enumerate() {
        let drops = folder.join(number.to_string());
        let steps = [
            "SELECT a.id FROM numbers AS a, numbers AS b LIMIT 1",
            "!close",
        ];
        run_in(&host, "sqlite3_hostile_init", &steps, Some(&drops));
        let seen = std::fs::read_to_string(&drops).expect("something was dropped");
        let count = |name| seen.lines().filter(|line| *line == name).count();
        // One closure for each faulty table, one for the function `fails`.
        let counts = [
            count("cursor"),
            count("connected"),
            count("table"),
            count("function"),
        ];
        assert_eq!(counts, [2, 1, 16, 1], "in {}", host.display());
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn loading_twice_is_harmless() {
    let load = format!(
        "SELECT load_extension('{}', 'sqlite3_hostile_init')",
        hostile().display()
    );
    check(&[
        // SQLite replaces no function while a statement runs, as this one does.
        (
            &load,
            "error 1: error during initialization: imap: cannot register function 'fails': \
             unable to delete/modify user-function due to active statements",
        ),
        (
            "SELECT count(*), describe(1) FROM numbers",
            "9|Integer 1 1 '1' [49]",
        ),
        ("SELECT connection_state()", "true false true false false"),
    ]);
    let load = format!(".load {} sqlite3_hostile_init\n", hostile().display());
    let select = "SELECT count(*), connection_state() FROM numbers;\n";
    let (out, errors) = shell(&format!("{load}{select}{load}{select}"), |_, _| ());
    assert_eq!(out, "9|true false true false false\n".repeat(2));
    assert_eq!(errors, "");
}

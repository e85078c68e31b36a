//! `src/sqlite` in real hosts: nothing a table or function does harms them.
//!
//! The extension under test is `tests/hostile`, driven by
//! `tests/sqlite_layer/host.py` in Debian's Python (the system's SQLite) and,
//! where `IMAP_TEST_APSW` names a Python that has apsw, in the newest SQLite:
//! every expectation holds in both. The stock shell loads the product itself.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{mem, ptr, thread};

use imap0::sqlite::initialise;
use imap0::sqlite::raw::sqlite3_api_routines;

/// The folder of what cargo built along with this test.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    test.ancestors()
        .nth(2)
        .expect("it is in target/PROFILE/deps")
        .to_owned()
}

/// The hostile extension, built if `cargo test --test sqlite_layer` did not.
fn hostile() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "hostile"]);
        if built().ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success());
        built().join("examples").join(library("hostile"))
    })
}

fn library(name: &str) -> String {
    format!(
        "{}{name}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}

/// The Pythons to run in.
fn hosts() -> Vec<PathBuf> {
    let mut hosts = vec![PathBuf::from("/usr/bin/python3")];
    match std::env::var_os("IMAP_TEST_APSW") {
        Some(python) => hosts.push(python.into()),
        None => eprintln!("SKIPPED in the newest SQLite: IMAP_TEST_APSW names no Python with apsw"),
    }
    hosts
}

/// What each step gave in one host; see `host.py`.
fn run_in(host: &Path, entry: &str, steps: &[&str], drops: Option<&Path>) -> Vec<String> {
    let task = serde_json::json!({ "library": hostile(), "entry": entry, "steps": steps });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sqlite_layer/host.py");
    let mut python = Command::new(host);
    python
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(drops) = drops {
        python.env("HOSTILE_DROPS", drops);
    }
    let mut python = python.spawn().expect("the host runs");
    let mut input = python.stdin.take().expect("it is piped");
    input
        .write_all(task.to_string().as_bytes())
        .expect("the host reads its task");
    drop(input);
    let output = python.wait_with_output().expect("the host ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} died: {said}", host.display());
    serde_json::from_slice(&output.stdout).expect("the host writes JSON")
}

/// Runs the left-hand sides in every host and compares with the right-hand sides.
fn check(steps: &[(&str, &str)]) {
    let (statements, expected): (Vec<_>, Vec<_>) = steps.iter().copied().unzip();
    for host in hosts() {
        let seen = run_in(&host, "sqlite3_hostile_init", &statements, None);
        for ((statement, seen), expected) in statements.iter().zip(&seen).zip(&expected) {
            assert_eq!(seen, expected, "\n{statement}\nin {}", host.display());
        }
        assert_eq!(seen.len(), expected.len());
    }
}

#[test]
fn a_panic_in_any_callback_is_an_error_and_the_connection_lives() {
    let internal = |callback: &str, place: &str| {
        format!("error 2: imap: internal error in {callback}: %s%n in {place} (please report)")
    };
    // While a statement is prepared, SQLite has one code for all errors.
    let at_prepare = |place: &str| internal(place, place).replace("error 2", "error 1");
    check(&[
        ("SELECT * FROM panic_xConnect", &at_prepare("xConnect")),
        ("SELECT * FROM panic_xConnect", &at_prepare("xConnect")),
        ("SELECT * FROM panic_xBestIndex", &at_prepare("xBestIndex")),
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
            "error 1: imap: internal error in xBestIndex: a NUL in the plan (please report)",
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

#[test]
fn a_plan_sees_every_constraint_and_its_answer_is_obeyed() {
    let in_list = "SELECT id, scans, arguments FROM numbers WHERE id IN (3, '1', x'00', NULL, 2.5)";
    let list = "[Null, Integer(1), Real(2.5), Integer(3), Blob([0])]";
    check(&[
        (in_list, &format!("1|1|{list}\n3|1|{list}")),
        (
            "SELECT plan FROM numbers WHERE id = 2 AND other IS NULL AND rowid <> 4 LIMIT 1",
            "At(0) Eq BINARY; At(4) IsNull BINARY; Rowid Ne BINARY; At(0) Limit BINARY; \
             order []; used 0 1 4",
        ),
        (
            "SELECT plan FROM numbers WHERE id > 2 AND id <= 3 AND id IS NOT 7 AND id NOT NULL
             AND id < 8 AND id >= 1 AND id IS 3",
            "At(0) Gt BINARY; At(0) Le BINARY; At(0) IsNot BINARY; At(0) IsNotNull BINARY; \
             At(0) Lt BINARY; At(0) Ge BINARY; At(0) Is BINARY; order []; used 0 1",
        ),
        (
            "SELECT plan FROM numbers WHERE coalesce(other, 1) AND plan > 'b' COLLATE NOCASE
             AND id = 1",
            "",
        ),
        ("SELECT id FROM numbers ORDER BY id DESC LIMIT 2", "9\n8"),
        (
            "EXPLAIN QUERY PLAN SELECT 1 FROM numbers ORDER BY id DESC, plan",
            "",
        ),
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
}

#[test]
fn values_come_in_as_they_are() {
    check(&[
        (
            "SELECT describe(1, -2.5, NULL)",
            "Integer 1 1 '1' [49] | Real -2 -2.5 '-2.5' \
          [45, 50, 46, 53] | Null 0 0 '' []",
        ),
        (
            "SELECT describe('é', '', x'')",
            "Text 0 0 'é' [195, 169] | Text 0 0 '' [] | \
          Blob 0 0 '' []",
        ),
        (
            "SELECT describe('12a' || char(0) || 'b')",
            "Text 12 12 '12a\0b' [49, 50, 97, 0, 98]",
        ),
        (
            "SELECT describe(x'ff00')",
            "Blob 0 0 imap: cannot read an argument: it is not UTF-8 \
          text [255, 0]",
        ),
        (
            "SELECT describe(CAST(x'ff' AS TEXT))",
            "Text 0 0 imap: cannot read an argument: it is \
          not UTF-8 text [255]",
        ),
        (
            "SELECT describe(zeroblob(3))",
            "Blob 0 0 '\0\0\0' [0, 0, 0]",
        ),
    ]);
}

#[test]
fn values_go_out_as_they_are_and_large_ones_without_a_copy() {
    check(&[
        (
            "SELECT typeof(give(value, 3)), length(give(value, 3)), length(give(value, 5000))
          FROM json_each('[\"text\", \"text_owned\", \"blob\", \"blob_owned\"]')",
            "text|3|5000\ntext|3|5000\nblob|3|5000\nblob|3|5000",
        ),
        (
            "SELECT quote(give(value, 0)) FROM json_each('[\"text\", \"text_owned\", \"blob\", \
          \"blob_owned\", \"null\", \"nothing\", \"real\"]')",
            "''\n''\nX''\nX''\nNULL\nNULL\n0.5",
        ),
        (
            "SELECT json_array(give('json', 0), give('text', 1))",
            "[[1,2],\"é\"]",
        ),
        (
            "SELECT length(give('blob_owned', 2000000000))",
            "error 18: string or blob too big",
        ),
        (
            "SELECT address(data) = home, data = data, hex(substr(data, 1, 1)) FROM lent",
            "1|1|01\n1|1|02",
        ),
        (
            "SELECT length(max(data)), hex(substr(max(data), 1, 1)) FROM lent",
            "1000000|02",
        ),
        (
            "SELECT hex(substr(data, 1, 1)) FROM lent ORDER BY length(data), -rowid",
            "02\n01",
        ),
        ("CREATE TABLE kept AS SELECT data FROM lent", ""),
        (
            "SELECT length(data), hex(substr(data, -1)) FROM kept",
            "1000000|01\n1000000|02",
        ),
    ]);
}

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
        ("SELECT a FROM t", "1\nNULL\n3\n5"),
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

#[test]
fn an_interrupt_is_seen_while_a_table_waits() {
    check(&[
        ("CREATE TABLE t(a)", ""),
        ("!interrupt 200", ""),
        ("SELECT * FROM waiting", "error 9: imap: interrupted"),
        ("SELECT 'usable'", "usable"),
        ("!interrupt 200", ""),
        (
            "INSERT INTO t SELECT * FROM waiting",
            "error 9: imap: interrupted",
        ),
        ("SELECT count(*) FROM t", "0"),
    ]);
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

/// The stock shell's output and errors for a script.
fn shell(script: &str, after: impl FnOnce(u32)) -> (String, String) {
    let mut shell = Command::new("sqlite3");
    shell.args(["-batch", ":memory:"]);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = shell.spawn().expect("the sqlite3 shell is installed");
    let mut input = shell.stdin.take().expect("it is piped");
    input.write_all(script.as_bytes()).expect("the shell reads");
    after(shell.id());
    drop(input);
    let output = shell.wait_with_output().expect("the shell ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the shell writes UTF-8");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn the_product_loads_in_the_stock_shell_by_each_entry_point() {
    let product = built().join(library("imap0"));
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
        let (out, errors) = shell(&script, |_| ());
        let version = concat!("v", env!("CARGO_PKG_VERSION"));
        assert!(
            out.starts_with(&format!("{version}\nversion: {version}\nsqlite: 3.")),
            "{out}"
        );
        assert_eq!(errors, "");
    }
}

#[test]
fn the_shell_shows_server_text_verbatim_and_stops_at_ctrl_c() {
    let load = format!(".load {} sqlite3_hostile_init\n", hostile().display());
    let (_, errors) = shell(
        &format!("{load}SELECT fails('network', '%s%n%d');\n"),
        |_| (),
    );
    assert_eq!(errors, "Runtime error near line 2: imap: %s%n%d (14)\n");

    let start = Instant::now();
    let (_, errors) = shell(&format!("{load}SELECT * FROM waiting;\n"), |shell| {
        thread::sleep(Duration::from_millis(700));
        let sent = Command::new("kill")
            .args(["-INT", &shell.to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    });
    assert_eq!(errors, "Runtime error near line 2: imap: interrupted (9)\n");
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// A host's table in which every function but two is one that must not be called.
fn table(version: unsafe extern "C" fn() -> c_int) -> Box<sqlite3_api_routines> {
    unsafe extern "C" fn never() {
        std::process::abort();
    }
    unsafe extern "C" fn malloc(size: c_int) -> *mut c_void {
        vec![0u8; usize::try_from(size).expect("a size")]
            .leak()
            .as_mut_ptr()
            .cast()
    }
    let size = size_of::<sqlite3_api_routines>() / size_of::<usize>();
    let pointers = vec![never as unsafe extern "C" fn() as usize; size];
    // SAFETY: the table consists of function pointers only.
    let mut table =
        unsafe { Box::new(ptr::read(pointers.as_ptr().cast::<sqlite3_api_routines>())) };
    table.libversion_number = Some(version);
    table.malloc = Some(malloc);
    table
}

/// What a library says as it is loaded by the host with this table.
fn said(table: &mut sqlite3_api_routines) -> (c_int, String) {
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: the table's functions are sound to call as the entry point does,
    // and nothing is registered that would use the connection.
    let code = unsafe { initialise(ptr::dangling_mut(), &raw mut message, table, |_| Ok(())) };
    if message.is_null() {
        return (code, String::new());
    }
    // SAFETY: the message is NUL-terminated, in memory that is never freed.
    (
        code,
        unsafe { CStr::from_ptr(message) }
            .to_string_lossy()
            .into_owned(),
    )
}

#[test]
fn an_unfit_host_gets_a_sentence() {
    unsafe extern "C" fn of_ubuntu_20_04() -> c_int {
        3_031_001
    }
    unsafe extern "C" fn of_debian_12() -> c_int {
        3_040_001
    }
    let old = "imap: needs SQLite 3.34.0 or later, but was loaded into 3.31.1";
    assert_eq!(said(&mut table(of_ubuntu_20_04)), (1, old.to_owned()));

    let mut without = table(of_debian_12);
    without.create_module_v2 = None;
    let reduced =
        "imap: needs sqlite3_create_module_v2, which this SQLite 3.40.1 was built without";
    assert_eq!(said(&mut without), (1, reduced.to_owned()));

    let mut first = table(of_debian_12);
    assert_eq!(said(&mut first), (256, String::new()));
    assert_eq!(said(&mut first), (256, String::new()));
    let second = "imap: this process holds a second SQLite library, which has loaded this file \
                  already; load it into one of them only";
    assert_eq!(said(&mut table(of_debian_12)), (1, second.to_owned()));
    mem::forget(first);
}

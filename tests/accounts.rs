//! Where secrets come from and where they go: the accounts file, netrc, SASL,
//! client certificates, proxies; against Dovecot, in the stock shell.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::dovecot::Dovecot;
use support::http::Http;
use support::mail::Mail;
use support::process::Running;
use support::scratch::Scratch;
use support::shell::Shell;
use support::until::{PATIENCE, until};

/// A home with an accounts file of this text.
fn home(accounts: &str) -> Scratch {
    let home = Scratch::new("accounts");
    write(&home.join("accounts.toml"), accounts);
    home
}

/// A file that only its owner can read.
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn shell(home: &Scratch) -> Shell {
    let path = |name: &str| home.join(name).to_str().unwrap().to_owned();
    Shell::new()
        .env("IMAP_ACCOUNTS", path("accounts.toml"))
        .env("HOME", path(""))
}

/// How many messages an account has.
fn count(account: &str) -> String {
    format!("SELECT count(*) AS n FROM imap_messages('{account}');")
}

#[test]
fn an_account_signs_in_with_whatever_secret_it_has() {
    let server = Dovecot::shared();
    for user in ["acc-a", "acc-b", "acc-c", "acc-d", "acc-e"] {
        server.user(user).append("INBOX", &Mail::many(2));
    }
    let home = home(&format!(
        r#"
        [defaults]
        server = "{}"
        ca_file = "{}"

        [plain]
        user = "acc-a"
        password = "pw-acc-a"
        [env]
        user = "acc-b"
        password_env = "SECRET_OF_B"
        [file]
        email = "acc-c"
        password_file = "secret"
        [command]
        user = "acc-d"
        password_command = "echo pw-$USER_OF_D"
        [program]
        user = "acc-e"
        password_command = ["cat", "{}"]
        "#,
        server.tls(),
        server.ca_file().display(),
        "/dev/stdin",
    ));
    write(&home.join("secret"), "pw-acc-c\nnot this\n");
    let shell = shell(&home)
        .env("SECRET_OF_B", "pw-acc-b")
        .env("USER_OF_D", "acc-d");
    for account in ["plain", "env", "file", "command"] {
        assert_eq!(shell.rows(&count(account)), [json!({"n": 2})], "{account}");
    }
    // The address and user of an account find its secret as well.
    let sql = format!(
        "SELECT count(*) AS n FROM imap_messages('{}', 'acc-a');",
        server.tls()
    );
    assert_eq!(shell.rows(&sql), [json!({"n": 2})]);
    assert_eq!(
        shell.error(&count("program")),
        "imap: password_command of account 'program' failed: it prints no password"
    );
}

#[test]
fn stopping_a_statement_ends_all_that_its_password_command_has_started() {
    let sql = |options: &str| {
        format!("SELECT count(*) FROM imap_messages('work', NULL, NULL, '{options}');")
    };
    for options in ["{}", r#"{"timeout": 1}"#] {
        let home = home(
            "[work]\nserver = 'imap.example.org'\nuser = 'ada'\n\
             password_command = 'sleep 300 & echo $! >$HOME/pid; wait'\n",
        );
        let running = shell(&home).without_terminal().start(&sql(options));
        let pid = until(|| {
            let text = fs::read_to_string(home.join("pid")).unwrap_or_default();
            text.strip_suffix('\n').map(str::to_owned)
        });
        if options == "{}" {
            running.signal("INT");
        }
        let finished = running.finish(PATIENCE);
        let expected = match options {
            "{}" => "imap: interrupted",
            _ => "imap: password_command did not answer within 1 s (its end)",
        };
        assert!(finished.stderr.contains(expected), "{finished:?}");
        until(|| is_gone(&pid).then_some(()));
    }
}

/// True where no process has this id, or one that has ended and waits for
/// whoever collects orphans.
fn is_gone(pid: &str) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
    let state = output.unwrap().stdout;
    state.is_empty() || state.starts_with(b"Z")
}

#[test]
fn an_account_is_ingested_by_its_name() {
    let server = Dovecot::shared();
    server.user("acc-ingest").append("INBOX", &Mail::many(3));
    let home = home(&format!(
        "[work]\nserver = '{}'\nca_file = '{}'\nuser = 'acc-ingest'\npassword = 'pw-acc-ingest'\n",
        server.tls(),
        server.ca_file().display()
    ));
    let sql = "SELECT imap_ingest('work') ->> 'inserted' AS n;";
    assert_eq!(shell(&home).rows(sql), [json!({"n": 3})]);
    // The only account needs no name.
    let sql = "SELECT count(*) AS n FROM imap_messages;";
    assert_eq!(shell(&home).rows(sql), [json!({"n": 3})]);
}

#[test]
fn the_example_file_is_one_and_explains_every_key() {
    let text = include_str!("../examples/accounts.toml");
    assert_eq!(
        shell(&home(text)).error(&count("nobody")),
        "imap: no account 'nobody'; known accounts: archive, backup, gmail, home, lab, office, \
         vault, work; write imaps://nobody for a host"
    );
    for wrong in [
        "[work]\nx = 1",
        "[defaults]\nx = 1",
        "[work]\n[work.oauth]\nx = 1",
    ] {
        let text_of = format!("{wrong}\n[other]\nserver = 'a'\nuser = 'b'\npassword = 'c'");
        let told = refusal(&text_of.replace("[work]\n[", "[work]\nserver = 'a'\nuser = 'b'\n["));
        let (_, keys) = told.split_once("(known: ").expect(&told);
        for key in keys.trim_end_matches(')').split(", ") {
            assert!(text.contains(key), "{key}");
        }
    }
}

#[test]
fn names_and_users_that_are_not_in_the_file_are_told() {
    let home = home(
        "[work]\nserver = 'imap.example.org'\nuser = 'ada'\npassword = 'x'\n\
         [home]\nserver = 'imap.example.org'\nuser = 'bob'\npassword = 'y'\n",
    );
    let shell = shell(&home);
    let error =
        |arguments: &str| shell.error(&format!("SELECT * FROM imap_messages({arguments});"));
    assert_eq!(
        error("'wrok'"),
        "imap: no account 'wrok'; known accounts: home, work; write imaps://wrok for a host"
    );
    assert_eq!(
        error("'work', 'bob'"),
        "imap: account 'work' is for 'ada', not for 'bob'; leave the user out: \
         imap_messages('work', NULL, 'INBOX')"
    );
    assert_eq!(
        error(""),
        "imap: imap_messages needs an account; known accounts: home, work"
    );
    assert_eq!(
        error("'imap.example.org'"),
        "imap: imap_messages needs a user for imaps://imap.example.org:993; \
         try imap_messages('imap.example.org', 'user', 'INBOX')"
    );
}

#[test]
fn a_secret_goes_to_its_own_server_and_user_only() {
    let home = home(
        "[work]\nserver = 'imaps://imap.example.org:1993'\nuser = 'ada'\npassword = 'hunter2'\n",
    );
    write(
        &home.join(".netrc"),
        "machine imap.example.org login ada password hunter2\ndefault login ada password hunter2\n",
    );
    let shell = shell(&home)
        .env("IMAP_SERVER", "imaps://imap.example.org:2993")
        .env("IMAP_USER", "ada")
        .env("IMAP_PASSWORD", "hunter2");
    let login = "SELECT imap_login('imaps://imap.example.org:3993', 'ada', 'hunter2');";
    let known = ", but for imaps://imap.example.org:3993, which is another server";
    for (server, user, elsewhere) in [
        ("imaps://imap.example.org:4993", "ada", known),
        ("imap://imap.example.org:1993", "ada", known),
        ("imap+insecure://imap.example.org:143", "ada", known),
        ("imap+insecure://imap.example.org:1993", "ada", known),
        ("imaps://imap.example.org.evil.example:1993", "ada", ""),
        ("imaps://evil.example:993", "ada", ""),
        ("imaps://imap.example.org:1993", "eve", ""),
        ("imaps://imap.example.org:2993", "eve", ""),
        ("imaps://imap.example.org:3993", "eve", ""),
    ] {
        let error = shell.error(&format!(
            "{login}\nSELECT count(*) FROM imap_messages('{server}', '{user}');"
        ));
        let expected = format!(
            "imap: no secret for '{user}' at {server}{elsewhere}; give one with \
             imap_login(server, user, secret), sign in with imap_oauth_start, or put one into the accounts file"
        );
        assert_eq!(error, expected);
    }
}

/// The error of an accounts file, its path taken out.
fn refusal(text: &str) -> String {
    let home = home(text);
    let path = home.join("accounts.toml").to_str().unwrap().to_owned();
    shell(&home).error(&count("work")).replace(&path, "FILE")
}

#[test]
fn a_wrong_file_is_told_by_line_and_key_and_no_value() {
    let account = |lines: &str| format!("# mine\n[work]\nserver = 'mail'\nuser = 'ada'\n{lines}\n");
    for (text, expected) in [
        (
            account("pasword = 'hunter2'"),
            "(line 5, key work.pasword): unknown key (known: ca_file, cert_file, \
             danger_accept_invalid_certs, email, exclude, include, key_file, keyring, oauth, password, \
             password_command, password_env, password_file, server, tls_pin, user)",
        ),
        (
            account("password = 7"),
            "(line 5, key work.password): it must be a text, and not empty",
        ),
        (
            account("password = ''"),
            "(line 5, key work.password): it must be a text, and not empty",
        ),
        (
            account("password = 'hunter2"),
            "(line 5): invalid literal string, expected `'`",
        ),
        (
            account("password = 'x'\npassword_env = 'Y'"),
            "(line 2, key work): it has both password and password_env; leave one",
        ),
        (
            account(""),
            "(line 2, key work): it has no secret; give one of password, password_command, \
             password_env, password_file, oauth",
        ),
        (
            account("password = 'x'\ninclude = ['INBOX', 7]"),
            "(line 6, key work.include): it must be a text or an array of texts",
        ),
        (
            account("password = 'x'\ndanger_accept_invalid_certs = 'yes'"),
            "(line 6, key work.danger_accept_invalid_certs): it must be true or false",
        ),
        (
            account("oauth = 'google'\nkeyring = 'yes'"),
            "(line 6, key work.keyring): it must be true or false",
        ),
        (
            account("password = 'x'\nkeyring = true"),
            "(line 6, key work.keyring): it is for accounts that sign in by oauth",
        ),
        (
            account("cert_file = 'a'\nkey_file = 'b'\nkeyring = true"),
            "(line 7, key work.keyring): it is for accounts that sign in by oauth",
        ),
        (
            account("password = 'x'\ntls_pin = 'abc'"),
            "(line 6, key work.tls_pin): cannot read tls_pin: it must be the sha256 of a public \
             key, as sha256//BASE64 or as 64 hexadecimal digits",
        ),
        (
            account("password = 'x'\ncert_file = 'c.pem'"),
            "(line 2, key work): cert_file and key_file go together",
        ),
        (
            account("[work.oauth]\nclient = 'x'"),
            "(line 6, key oauth.client): unknown key (known: authorization_endpoint, client_id, \
             client_secret, device_authorization_endpoint, scope, tenant, token_endpoint, provider)",
        ),
        (
            account("[work.oauth]\nclient_id = 'x'"),
            "(line 5, key oauth): it has no provider",
        ),
        (
            "[work]\nserver = 'mail:x'\nuser = 'a'\npassword = 'x'".into(),
            "(line 2, key work.server): cannot read server 'mail:x': bad port 'x'",
        ),
        (
            "[work]\nuser = 'a'\npassword = 'x'".into(),
            "(line 1, key work): it has no server",
        ),
        (
            "[work]\nserver = 'a'\npassword = 'x'".into(),
            "(line 1, key work): it has no user",
        ),
        (
            "work = 'x'".into(),
            "(line 1, key work): it must be a table, such as [work]",
        ),
        (
            "[defaults]\ndanger_accept_invalid_certs = true".into(),
            "(line 2, key defaults.danger_accept_invalid_certs): unknown key (known: ca_file, \
             cert_file, exclude, include, key_file, keyring, oauth, server, tls_pin)",
        ),
    ] {
        let expected = format!("imap: cannot use accounts file 'FILE' {expected}");
        assert_eq!(refusal(&text), expected);
    }
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let home = home("[work]\nserver = 'mail'\nuser = 'ada'\npassword = 'x'\n");
    let path = home.join("accounts.toml");
    for mode in [0o644, 0o640, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let name = path.display();
        assert_eq!(
            shell(&home).error(&count("work")),
            format!(
                "imap: cannot use accounts file '{name}': others may read it \
                 (mode {mode:04o}); run chmod 600 '{name}'"
            )
        );
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(
        shell(&home).error(&count("work")),
        format!(
            "imap: cannot use accounts file '{}': no such file",
            path.display()
        )
    );
}

#[test]
fn secrets_that_are_not_there_are_told() {
    let home = Scratch::new("secrets");
    let secret = |line: &str| {
        let text = format!("[work]\nserver = 'mail.example.org'\nuser = 'ada'\n{line}\n");
        write(&home.join("accounts.toml"), &text);
        let folder = format!("{}/", home.path().display());
        shell(&home).error(&count("work")).replace(&folder, "")
    };
    assert_eq!(
        secret("password_env = 'NOT_SET'"),
        "imap: no secret for account 'work': NOT_SET of password_env is not set"
    );
    assert_eq!(
        secret("password_file = 'missing'"),
        "imap: no secret for account 'work': cannot read password_file 'missing': entity not found"
    );
    write(&home.join("empty"), "\n");
    assert_eq!(
        secret("password_file = 'empty'"),
        "imap: no secret for account 'work': password_file 'empty' is empty"
    );
    assert_eq!(
        secret("oauth = 'microsoft'"),
        "imap: 'ada' is not signed in at imaps://mail.example.org:993; sign in with \
         imap_oauth_start('microsoft-365', 'ada') and imap_oauth_finish"
    );
}

#[test]
fn netrc_signs_in_where_nothing_else_does() {
    let server = Dovecot::shared();
    server.user("netrc").append("INBOX", &Mail::many(4));
    let home = Scratch::new("netrc");
    let entry = format!(
        "machine localhost login netrc password \"pw-netrc\" port {}\n",
        server.tls_port
    );
    fs::write(home.join(".netrc"), entry).unwrap();
    let shell = Shell::new()
        .env("HOME", home.path().to_str().unwrap())
        .env("SSL_CERT_FILE", server.ca_file().to_str().unwrap());
    // The user comes from there too.
    assert_eq!(shell.rows(&count(&server.tls())), [json!({"n": 4})]);
}

#[test]
fn curl_reads_netrc_as_the_table_says_that_the_library_is_held_to() {
    let server = Http::start(|_, _| (200, String::new()));
    let home = Scratch::new("netrc-curl");
    let file = home.join("netrc");
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/netrc.json")).unwrap();
    for case in cases {
        fs::write(&file, case["netrc"].as_str().unwrap()).unwrap();
        let user = case["user"].as_str().map(|user| format!("{user}@"));
        let host = server
            .url
            .replace("://", &format!("://{}", user.unwrap_or_default()));
        let before = server.requests().len();
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--noproxy", "*", "-d", "{}", "--netrc-file"]);
        Running::start(curl.arg(&file).arg(host), b"").finish(PATIENCE);
        let headers = server
            .requests()
            .get(before)
            .map(|request| request.headers.clone());
        let sent = headers.and_then(|headers| {
            let field = headers
                .iter()
                .find_map(|field| field.strip_prefix("authorization: Basic "));
            field.map(|text| String::from_utf8(STANDARD.decode(text).unwrap()).unwrap())
        });
        assert_eq!(sent.as_deref(), case["found"].as_str(), "{case}");
    }
}

/// A Dovecot that offers these mechanisms, and the lines its log has of a login.
fn signs_in_by(mechanisms: &str, password: &str, user: &str) -> String {
    let server = Dovecot::start(&[&format!("auth_mechanisms = {mechanisms}")]);
    let shell = Shell::new().env("SSL_CERT_FILE", server.ca_file().to_str().unwrap());
    let password = password.replace('\'', "''");
    let finished = shell.run(&format!(
        "SELECT imap_login('{0}', '{user}', '{password}') IS NULL;\n\
         SELECT count(*) FROM imap_messages('{0}', '{user}');",
        server.tls()
    ));
    assert_eq!(finished.success(), "0\n0\n", "{mechanisms}");
    let log = fs::read_to_string(server.log()).unwrap();
    let method = log.rsplit_once("method=").expect("a login").1;
    method.split(',').next().unwrap().to_owned()
}

#[test]
fn the_strongest_mechanism_that_dovecot_offers_signs_in() {
    let all = ["cram-md5", "login", "plain", "scram-sha-1", "scram-sha-256"];
    for last in 0..all.len() {
        let mechanisms = all[..=last].join(" ");
        assert_eq!(
            signs_in_by(&mechanisms, "pw-ada", "ada"),
            all[last].to_uppercase(),
            "{mechanisms}"
        );
    }
}

#[test]
fn passwords_of_every_kind_sign_in_by_every_mechanism() {
    for mechanism in ["cram-md5", "login", "plain", "scram-sha-1", "scram-sha-256"] {
        signs_in_by(mechanism, "p\\ä\"ss %s%n {3} w*%", "dora");
    }
}

#[test]
fn a_client_certificate_signs_in_in_place_of_a_password() {
    let server = Dovecot::start(&["+external"]);
    let pki = server.ca_file().parent().unwrap().to_owned();
    let account = |more: &str| {
        home(&format!(
            "[work]\nserver = '{}'\nca_file = '{}'\nuser = 'ada'\n{more}",
            server.tls(),
            server.ca_file().display()
        ))
    };
    let pair = format!(
        "cert_file = '{0}/client.pem'\nkey_file = '{0}/client.key'\n",
        pki.display()
    );
    assert_eq!(
        shell(&account(&pair)).rows(&count("work")),
        [json!({"n": 0})]
    );
    let error = shell(&account("password = 'x'\n")).error(&count("work"));
    assert!(error.starts_with("imap: "), "{error}");
}

#[test]
fn certificates_are_not_checked_only_where_the_account_says_so() {
    let server = Dovecot::shared();
    let text = |more: &str| {
        format!(
            "[work]\nserver = 'imaps://127.0.0.4:{}'\nuser = 'ada'\npassword = 'pw-ada'\n{more}",
            server.tls_port
        )
    };
    let strict = home(&text(""));
    let error = shell(&strict).error(&count("work"));
    assert!(
        error.starts_with("imap: cannot trust 127.0.0.4:"),
        "{error}"
    );
    let lax = home(&text("danger_accept_invalid_certs = true\n"));
    let checked = shell(&lax).rows("SELECT detail FROM imap_check('work') WHERE step = 'tls';");
    let detail = checked[0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("; warning: certificates are not checked"),
        "{detail}"
    );
    assert_eq!(shell(&lax).rows(&count("work")), [json!({"n": 0})]);
    let option = r#"{"danger_accept_invalid_certs": true}"#;
    let sql = format!("SELECT * FROM imap_messages('work', NULL, NULL, '{option}');");
    let error = shell(&strict).error(&sql);
    assert!(
        error.starts_with("imap: unknown option 'danger_accept"),
        "{error}"
    );
    let pin = "0".repeat(64);
    let pinned = home(&text(&format!(
        "danger_accept_invalid_certs = true\ntls_pin = '{pin}'\n"
    )));
    let error = shell(&pinned).error(&count("work"));
    assert!(error.ends_with("not that of tls_pin (14)"), "{error}");
    let option = format!(r#"{{"tls_pin": "{}"}}"#, "1".repeat(64));
    let sql = format!("SELECT * FROM imap_messages('work', NULL, NULL, '{option}');");
    assert_eq!(
        shell(&pinned).error(&sql),
        "imap: account 'work' has a tls_pin of its own; leave the option out"
    );
}

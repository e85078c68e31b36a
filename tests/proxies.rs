//! Servers behind proxies: tinyproxy, stunnel and OpenSSH, and what curl makes
//! of the same variables; in the stock shell, against Dovecot.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;
use support::proxies::Proxies;
use support::proxy::Proxy;
use support::scratch::Scratch;
use support::until::PATIENCE;

const COUNT: &str = "SELECT count(*) AS n FROM imap_messages;";

/// A file with the authorities of the server and of the proxy.
fn authorities(folder: &Scratch, server: &Dovecot, proxies: &Proxies) -> String {
    let path = folder.join("authorities.pem");
    let both = [server.ca_file(), proxies.ca_file()].map(|file| fs::read(file).unwrap());
    fs::write(&path, both.concat()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_kind_of_proxy_leads_to_the_server() {
    let server = Dovecot::shared();
    let user = server.user("proxied-real");
    user.append("INBOX", &Mail::many(20));
    let large = "0123456789abcdef\r\n".repeat(500_000);
    user.append(
        "INBOX",
        &[Mail::raw(format!("Subject: large\r\n\r\n{large}"))],
    );
    let proxies = Proxies::start();
    let folder = Scratch::new("proxies");
    let roots = authorities(&folder, server, &proxies);
    let (http, https, socks) = (proxies.http, proxies.https, proxies.socks);
    let sql = "SELECT count(*) AS n, sum(length(raw)) AS bytes,
                      (SELECT count(*) FROM imap_folders) > 1 AS folders FROM imap_messages;";
    let direct = user.shell().rows(sql);
    for (proxy, word) in [
        (
            format!("http://relay:pw1@127.0.0.1:{http}"),
            "CONNECT localhost:",
        ),
        (format!("relay:pw1@127.0.0.1:{http}"), "CONNECT localhost:"),
        (
            format!("https://relay:pw1@127.0.0.1:{https}"),
            "CONNECT localhost:",
        ),
        (
            format!("socks4://127.0.0.1:{socks}"),
            "socks4 host 127.0.0.1",
        ),
        (
            format!("socks4a://ada@127.0.0.1:{socks}"),
            "socks4 host localhost",
        ),
        (format!("socks5://127.0.0.1:{socks}"), "socks5 host "),
        (
            format!("socks5h://127.0.0.1:{socks}"),
            "socks5 host localhost",
        ),
    ] {
        let before = proxies.asked().matches(word).count();
        for address in [server.tls(), server.starttls()] {
            let shell = user.shell().env("IMAP_SERVER", address);
            let shell = shell
                .env("SSL_CERT_FILE", &*roots)
                .env("ALL_PROXY", &*proxy);
            assert_eq!(shell.rows(sql), direct, "{proxy}");
        }
        assert!(proxies.asked().matches(word).count() > before, "{proxy}");
    }
    // What ends at the proxy is no encryption of the connection.
    let shell = user.shell().env("IMAP_SERVER", server.plain());
    let shell = shell.env("SSL_CERT_FILE", &*roots);
    let shell = shell.env("ALL_PROXY", format!("https://relay:pw1@127.0.0.1:{https}"));
    assert_eq!(
        shell.rows("SELECT detail FROM imap_check WHERE step = 'tls';"),
        [json!({"detail": "no encryption, as imap+insecure:// says"})]
    );
}

#[test]
fn a_proxy_that_does_not_lead_there_says_why() {
    let server = Dovecot::shared();
    let user = server.user("proxied-not");
    let proxies = Proxies::start();
    let folder = Scratch::new("proxies-not");
    let roots = authorities(&folder, server, &proxies);
    let error = |proxy: &str, server: &str| {
        let shell = user.shell().env("SSL_CERT_FILE", &*roots);
        shell
            .env("ALL_PROXY", proxy)
            .env("IMAP_SERVER", server)
            .error(COUNT)
    };
    let (https, socks) = (proxies.https, proxies.socks);
    let tls = server.tls();
    let refused = error(&format!("https://relay:hunter2@127.0.0.1:{https}"), &tls);
    let told = format!("imap: cannot connect through proxy 127.0.0.1:{https}: HTTP/1.0 40");
    // 401 or 407, by tinyproxy's age.
    assert!(refused.starts_with(&told), "{refused}");
    assert_eq!(
        error(&format!("https://relay:pw1@127.0.0.2:{https}"), &tls),
        format!(
            "imap: cannot trust proxy 127.0.0.2:{https}: its certificate is for \
             'other.example', not for '127.0.0.2' (14)"
        )
    );
    let blunt = blunt();
    assert_eq!(
        error(&format!("https://127.0.0.1:{blunt}"), &tls),
        format!(
            "imap: TLS with proxy 127.0.0.1:{blunt} failed: it answered in plain text \
             'HTTP/1.1 400 Bad Request'; use http:// if it is a proxy without TLS (14)"
        )
    );
    for kind in ["socks4", "socks4a", "socks5h"] {
        assert_eq!(
            error(&format!("{kind}://127.0.0.1:{socks}"), "127.0.0.1:1"),
            format!(
                "imap: cannot connect through proxy 127.0.0.1:{socks}: it closed the connection (14)"
            ),
            "{kind}"
        );
    }
    assert_eq!(
        error(&format!("socks4://127.0.0.1:{socks}"), "[::1]:1"),
        format!(
            "imap: cannot connect through proxy 127.0.0.1:{socks}: \
             SOCKS4 knows no IPv6, and the server has no other address (14)"
        )
    );
    assert_eq!(
        error(&format!("socks4://127.0.0.1:{blunt}"), &tls),
        format!("imap: cannot connect through proxy 127.0.0.1:{blunt}: it is no SOCKS4 proxy (14)")
    );
    assert_eq!(
        error(&format!("socks5://127.0.0.1:{blunt}"), &tls),
        format!("imap: cannot connect through proxy 127.0.0.1:{blunt}: it is no SOCKS5 proxy (14)")
    );
}

/// A proxy that takes TLS for bad HTTP, as squid does.
fn blunt() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    port
}

#[test]
fn curl_goes_by_no_proxy_as_the_table_says_that_the_library_is_held_to() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/no_proxy.json")).unwrap();
    for case in cases {
        let (host, list) = (
            case["host"].as_str().unwrap(),
            case["no_proxy"].as_str().unwrap(),
        );
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sS", "--connect-timeout", "1", &format!("imaps://{host}/")])
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", list);
        let finished = Running::start(&mut curl, b"").finish(PATIENCE);
        let is_direct = !finished.stderr.contains("127.0.0.1 port 1 ");
        assert_eq!(Some(is_direct), case["direct"].as_bool(), "{case}");
    }
}

#[test]
fn proxies_are_gone_through_and_their_passwords_not_told() {
    let server = Dovecot::shared();
    server.user("proxied").append("INBOX", &Mail::many(1));
    let proxy = Proxy::start();
    let shell = |name: &str, kind: &str, login: &str| {
        server
            .user("proxied")
            .shell()
            .env(name, format!("{kind}://{login}127.0.0.1:{}", proxy.port))
    };
    let sql = "SELECT count(*) AS n FROM imap_messages;";
    let login = "relay:p%3Aw%40@";
    for (name, kind) in [
        ("ALL_PROXY", "http"),
        ("all_proxy", "socks5h"),
        ("IMAPS_PROXY", "socks5"),
    ] {
        assert_eq!(
            shell(name, kind, login).rows(sql),
            [json!({"n": 1})],
            "{kind}"
        );
    }
    let port = server.tls_port;
    let asked = proxy.asked();
    assert_eq!(asked[0], format!("http localhost:{port}"));
    assert_eq!(asked[1], format!("socks localhost:{port}"));
    assert!(
        asked[2] == format!("socks 127.0.0.1:{port}") || asked[2] == format!("socks ::1:{port}")
    );
    let checked = shell("ALL_PROXY", "http", login).rows("SELECT detail FROM imap_check;");
    let relay = format!("proxy 127.0.0.1:{} (127.0.0.1)", proxy.port);
    assert_eq!(checked[0], json!({"detail": relay}));
    assert_eq!(checked.len(), 6);
    let direct = shell("ALL_PROXY", "http", "").env("NO_PROXY", "example.org, localhost");
    assert_eq!(direct.rows(sql), [json!({"n": 1})]);
    assert_eq!(proxy.asked().len(), 4);
    let refused = |name, kind, login, why: &str| {
        let expected = format!(
            "imap: cannot connect through proxy 127.0.0.1:{}: {why} (14)",
            proxy.port
        );
        assert_eq!(shell(name, kind, login).error(sql), expected);
    };
    refused(
        "ALL_PROXY",
        "http",
        "relay:hunter2@",
        "HTTP/1.1 407 Proxy Authentication Required",
    );
    refused(
        "ALL_PROXY",
        "socks5",
        "relay:hunter2@",
        "it refuses the user or password",
    );
    refused("ALL_PROXY", "socks5", "", "it wants another sign-in");
    let away = shell("ALL_PROXY", "socks5h", login).env("IMAP_SERVER", "127.0.0.1:1");
    let expected = format!(
        "imap: cannot connect through proxy 127.0.0.1:{}: connection refused (14)",
        proxy.port
    );
    assert_eq!(away.error(sql), expected);
}

//! TLS from the first byte and by STARTTLS, and whom we trust.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use imap0::imap::settings::Deadline;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::support::port::free_port;
use super::support::until::until;
use super::*;
use imap0::imap::trust::{ClientCertificate, Pins, Trust, Verification};

/// The certificates `tests/server/pki.sh` makes, once for all tests.
fn pki() -> &'static Path {
    static PKI: OnceLock<PathBuf> = OnceLock::new();
    PKI.get_or_init(|| {
        let folder = PathBuf::from(concat!(env!("CARGO_TARGET_TMPDIR"), "/imap_wire-pki"));
        if !folder.exists() {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/pki.sh");
            let unfinished = folder.with_extension(std::process::id().to_string());
            let made = Command::new("bash")
                .arg(script)
                .arg(&unfinished)
                .status()
                .expect("bash");
            assert!(made.success(), "{script}");
            // Another test run may have been faster; its certificates are as good.
            if std::fs::rename(&unfinished, &folder).is_err() {
                std::fs::remove_dir_all(&unfinished).expect("ours to remove");
            }
        }
        folder
    })
}

fn server_with(certificate: &str, key: &str) -> Arc<ServerConfig> {
    server_of(rustls::DEFAULT_VERSIONS, certificate, key)
}

fn server_of(
    versions: &[&'static rustls::SupportedProtocolVersion],
    certificate: &str,
    key: &str,
) -> Arc<ServerConfig> {
    let certificates = CertificateDer::pem_file_iter(pki().join(certificate))
        .expect("the certificate")
        .collect::<Result<_, _>>()
        .expect("PEM");
    let key = PrivateKeyDer::from_pem_file(pki().join(key)).expect("the key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(certificates, key);
    Arc::new(config.expect("the key of the certificate"))
}

fn good() -> Arc<ServerConfig> {
    server_with("good.pem", "good.key")
}

fn trusting(file: &str) -> Settings {
    Settings {
        trust: Trust {
            ca_file: Some(pki().join(file)),
            ..Trust::default()
        },
        ..Settings::default()
    }
}

fn open_at(scheme: &str, server: &Scripted, settings: &Settings) -> Result<Session, Error> {
    let endpoint = Endpoint::parse(&format!("{scheme}://127.0.0.1:{}", server.port));
    Session::open(&endpoint.expect("a server"), &ada(), settings)
}

#[track_caller]
fn fails(scheme: &str, script: Script, settings: &Settings, expected: &str) {
    let server = Scripted::play([script]);
    let error = open_at(scheme, &server, settings)
        .err()
        .expect("no session");
    assert_eq!(sentence(&error, &server), expected);
    server.finish();
}

#[test]
fn a_server_of_the_ca_file_is_trusted_by_its_address() {
    let server = Scripted::play([Script::default().start_tls(good()).then(SIGNED_IN)]);
    open_at("imaps", &server, &trusting("ca.pem")).expect("signed in");
    server.finish();
}

#[test]
fn a_server_of_either_version_signs_in_and_an_older_one_does_not() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = server_of(&[version], "good.pem", "good.key");
        let server = Scripted::play([Script::default()
            .start_tls(config)
            .join(Script::new(SIGNED_IN))]);
        open_at("imaps", &server, &trusting("ca.pem")).expect("signed in");
        server.finish();
    }
    let port = free_port();
    let mut old = Command::new("openssl")
        .args(["s_server", "-quiet", "-tls1_1", "-cipher", "ALL@SECLEVEL=0"])
        .args(["-accept", &format!("127.0.0.1:{port}")])
        .arg("-cert")
        .arg(pki().join("good.pem"))
        .arg("-key")
        .arg(pki().join("good.key"))
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("openssl");
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let endpoint = Endpoint::parse(&format!("imaps://127.0.0.1:{port}")).expect("a server");
    let error = Session::open(&endpoint, &ada(), &trusting("ca.pem"));
    let error = error.err().expect("too old").to_string();
    old.kill().expect("ours");
    old.wait().expect("ours");
    assert_eq!(
        error,
        format!("imap: TLS with 127.0.0.1:{port} failed: it speaks neither TLS 1.2 nor TLS 1.3")
    );
}

#[test]
fn starttls_signs_in_with_what_the_server_says_after_it() {
    let server = Scripted::play([Script::new("S: * OK ready")
        .then("C: CAPABILITY")
        .then("S: * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED")
        .then("S: $ OK")
        .then("C: STARTTLS")
        .then("S: $ OK begin")
        .start_tls(good())
        .then("C: CAPABILITY")
        .then("S: * CAPABILITY IMAP4rev1")
        .then("S: $ OK")
        .then(r#"C: LOGIN "ada" "secret""#)
        .then("S: $ OK [CAPABILITY IMAP4rev1 IDLE] welcome")]);
    let session = open_at("imap", &server, &trusting("ca.pem")).expect("signed in");
    assert!(session.capabilities().has("IDLE"));
    server.finish();
}

#[test]
fn what_comes_before_tls_is_not_believed_after_it() {
    fails(
        "imap",
        Script::new("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
            .then("C: STARTTLS")
            .bytes("x1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n")
            .stall(),
        &trusting("ca.pem"),
        "imap: 127.0.0.1:PORT sent data between STARTTLS and TLS; \
         somebody may be tampering with the connection",
    );
}

#[test]
fn without_starttls_nothing_is_sent() {
    fails(
        "imap",
        Script::new("S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready").stall(),
        &Settings::default(),
        "imap: 127.0.0.1:PORT does not offer STARTTLS; use imaps://127.0.0.1 if it has a TLS port",
    );
    fails(
        "imap",
        Script::new("S: * OK [CAPABILITY STARTTLS] ready\nC: STARTTLS\nS: $ NO no certificate")
            .stall(),
        &Settings::default(),
        "imap: STARTTLS refused by 127.0.0.1:PORT: NO no certificate",
    );
}

#[test]
fn a_plain_port_is_told_by_its_greeting() {
    fails(
        "imaps",
        Script::new("S: * OK IMAP ready").stall(),
        &Settings::default(),
        "imap: TLS with 127.0.0.1:PORT failed: it answered in plain text '* OK IMAP ready'; \
         use imap://127.0.0.1:PORT for STARTTLS if this is an IMAP server",
    );
}

#[test]
fn a_tls_port_is_told_by_its_silence() {
    fails(
        "imap+insecure",
        Script::default().start_tls(good()).stall(),
        &impatient(),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s \
         (greeting; use imaps://127.0.0.1:PORT if this is a TLS port)",
    );
}

#[test]
fn a_certificate_of_an_unknown_issuer_asks_for_the_ca_file() {
    let untrusted = "imap: cannot trust 127.0.0.1:PORT: its certificate is self-signed or \
                     from an unknown issuer; give the issuer's certificate as option ca_file";
    let script = || Script::default().start_tls(good()).stall();
    fails("imaps", script(), &Settings::default(), untrusted);
    fails("imaps", script(), &trusting("namesake.pem"), untrusted);
    let script = Script::default().start_tls(server_with("selfsigned.pem", "selfsigned.key"));
    fails("imaps", script.stall(), &trusting("ca.pem"), untrusted);
}

#[test]
fn a_self_signed_certificate_given_as_the_ca_file_is_trusted() {
    let config = server_with("selfsigned.pem", "selfsigned.key");
    let server = Scripted::play([Script::default().start_tls(config).then(SIGNED_IN)]);
    open_at("imaps", &server, &trusting("selfsigned.pem")).expect("signed in");
    server.finish();
}

#[test]
fn a_certificate_for_another_host_names_it() {
    fails(
        "imaps",
        Script::default()
            .start_tls(server_with("wrong.pem", "wrong.key"))
            .stall(),
        &trusting("ca.pem"),
        "imap: cannot trust 127.0.0.1:PORT: \
         its certificate is for 'other.example', not for '127.0.0.1'",
    );
}

#[test]
fn an_expired_certificate_tells_since_when() {
    let server = Scripted::play([Script::default()
        .start_tls(server_with("expired.pem", "good.key"))
        .stall()]);
    let error = open_at("imaps", &server, &trusting("ca.pem"))
        .err()
        .expect("expired");
    let sentence = sentence(&error, &server);
    let known = "imap: cannot trust 127.0.0.1:PORT: its certificate expired on 2021-";
    assert!(sentence.starts_with(known), "{sentence}");
    server.finish();
}

/// The `tls_pin` of a certificate of [`pki`], as openssl computes it.
fn pin_of(certificate: &str) -> String {
    let script = "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform der \
                  | openssl dgst -sha256 -r | cut -d ' ' -f 1";
    let path = pki().join(certificate);
    let output = Command::new("sh").args(["-c", script]).arg(path).output();
    let digits = String::from_utf8(output.expect("sh").stdout).expect("ASCII");
    digits.trim().to_owned()
}

fn pinning(certificate: &str) -> Settings {
    let mut settings = trusting("ca.pem");
    settings.trust.pins = Some(Pins::parse(&pin_of(certificate)).expect("a digest"));
    settings
}

#[test]
fn a_pinned_key_is_wanted_beside_a_valid_certificate() {
    let script = || Script::default().start_tls(good()).then(SIGNED_IN);
    let server = Scripted::play([script()]);
    open_at("imaps", &server, &pinning("good.pem")).expect("signed in");
    server.finish();
    let server = Scripted::play([script()]);
    let error = open_at("imaps", &server, &pinning("wrong.pem"));
    let sentence = sentence(&error.err().expect("another key"), &server);
    let known = "imap: cannot trust 127.0.0.1:PORT: its public key is sha256//";
    assert!(sentence.starts_with(known), "{sentence}");
    assert!(sentence.ends_with(", not that of tls_pin"), "{sentence}");
    server.finish();
    let mut settings = pinning("selfsigned.pem");
    settings.trust.ca_file = None;
    fails(
        "imaps",
        Script::default()
            .start_tls(server_with("selfsigned.pem", "selfsigned.key"))
            .stall(),
        &settings,
        "imap: cannot trust 127.0.0.1:PORT: its certificate is self-signed or from an unknown \
         issuer; give the issuer's certificate as option ca_file",
    );
}

#[test]
fn verification_switched_off_still_wants_the_pinned_key() {
    let script = || {
        Script::default()
            .start_tls(server_with("wrong.pem", "wrong.key"))
            .then(SIGNED_IN)
    };
    let mut settings = Settings::default();
    settings.trust.verification = Verification::Off;
    let server = Scripted::play([script()]);
    open_at("imaps", &server, &settings).expect("signed in");
    server.finish();
    settings.trust.pins = pinning("good.pem").trust.pins;
    let server = Scripted::play([script()]);
    assert!(open_at("imaps", &server, &settings).is_err());
    server.finish();
}

#[test]
fn files_of_a_client_certificate_that_do_not_fit_are_named() {
    let file = |name: &str| pki().join(name);
    for (cert_file, key_file, why) in [
        (
            "good.pem",
            "missing.key",
            "cannot read key_file 'KEY': no such file or directory",
        ),
        (
            "good.pem",
            "ca.pem",
            "cannot read key_file 'KEY': nothing of the kind in it",
        ),
        (
            "good.key",
            "wrong.key",
            "cannot use cert_file 'CERT': no certificate in it",
        ),
        (
            "good.pem",
            "wrong.key",
            "cannot use key_file 'KEY' with cert_file 'CERT': keys may not be consistent: \
             KeyMismatch",
        ),
    ] {
        let mut settings = Settings::default();
        settings.trust.client_certificate = Some(ClientCertificate {
            cert_file: file(cert_file),
            key_file: file(key_file),
        });
        let server = Scripted::play([Script::default().stall()]);
        let error = open_at("imaps", &server, &settings).err().expect(why);
        let sentence = error
            .to_string()
            .replace(&*file(key_file).to_string_lossy(), "KEY")
            .replace(&*file(cert_file).to_string_lossy(), "CERT");
        assert_eq!(sentence, format!("imap: {why}"));
        server.finish();
    }
}

#[test]
fn a_ca_file_that_is_none_is_named() {
    for (file, why) in [
        (
            "missing.pem",
            "cannot read ca_file 'FILE': no such file or directory",
        ),
        (
            "good.key",
            "cannot use ca_file 'FILE': no certificate in it",
        ),
    ] {
        let server = Scripted::play([Script::default().stall()]);
        let error = open_at("imaps", &server, &trusting(file))
            .err()
            .expect("no ca_file");
        let sentence = error
            .to_string()
            .replace(&*pki().join(file).to_string_lossy(), "FILE");
        assert_eq!(sentence, format!("imap: {why}"));
        server.finish();
    }
}

#[test]
fn silence_and_interrupts_amid_the_handshake_are_borne() {
    fails(
        "imaps",
        Script::default().stall(),
        &impatient(),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s (TLS handshake)",
    );
    let stop = Stop::default();
    fails(
        "imaps",
        stop.at_the_end_of(Script::default()),
        &stop.settings(),
        "imap: interrupted",
    );
    fails(
        "imaps",
        Script::default(),
        &Settings::default(),
        "imap: TLS with 127.0.0.1:PORT failed: it closed the connection",
    );
}

#[test]
fn a_large_message_comes_through_tls_byte_for_byte() {
    use imap0::imap::chunk::Chunk;
    use imap0::imap::fetch_stream::FetchStream;
    use imap0::imap::items::{Item, Items};

    let large: Vec<u8> = (0..3_000_000).map(|i| b'a' + (i % 23) as u8).collect();
    let script = Script::default()
        .start_tls(good())
        .then(SIGNED_IN)
        .then(EXAMINED)
        .then("C: UID FETCH 1 (UID BODY.PEEK[])")
        .bytes(format!("* 1 FETCH (UID 1 BODY[] {{{}}}\r\n", large.len()))
        .bytes(large.clone())
        .bytes(")\r\nx1 OK done\r\n");
    let server = Scripted::play([script]);
    let mut session = open_at("imaps", &server, &trusting("ca.pem")).expect("signed in");
    session.examine(&inbox()).expect("it is there");
    let items = Arc::new(Items::new(vec![Item::Body]).expect("good items"));
    let uids = std::iter::once(1).collect();
    let mut stream = FetchStream::new(std::iter::once(Chunk { uids, items }));
    let mut message = stream.next(&mut session).expect("a message").expect("one");
    assert!(message.take_body().expect("its body") == large);
    assert!(stream.next(&mut session).expect("the end").is_none());
    server.finish();
}

/// A server that accepts one connection, does `talk` with it in a thread and
/// lives until the client hangs up; its port.
fn talking(talk: impl FnOnce(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || talk(listener.accept().expect("a client").0));
    port
}

fn hurried() -> Settings {
    Settings {
        deadline: Some(Deadline::after(Duration::from_secs(3))),
        ..trusting("ca.pem")
    }
}

#[test]
fn a_handshake_that_drips_ends_with_the_deadline() {
    let port = talking(|mut socket| {
        // The head of a record of 16,000 bytes, and then a byte now and then.
        let _ = socket.write_all(&[22, 3, 3, 0x3e, 0x80]);
        while socket.write_all(&[2]).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let endpoint = Endpoint::parse(&format!("127.0.0.1:{port}")).expect("a server");
    let error = Session::open(&endpoint, &ada(), &hurried())
        .err()
        .expect("late");
    assert_eq!(
        error.to_string(),
        format!(
            "imap: 127.0.0.1:{port} did not answer within 3 s \
             (TLS handshake; deadline of the statement)"
        )
    );
}

#[test]
fn records_without_data_end_with_the_deadline() {
    let port = talking(|socket| {
        let connection = rustls::ServerConnection::new(good()).expect("a server");
        let mut tls = rustls::StreamOwned::new(connection, socket);
        let _ = tls.flush();
        // A key update asks for nothing and says nothing.
        while tls.conn.refresh_traffic_keys().is_ok() && tls.flush().is_ok() {}
    });
    let endpoint = Endpoint::parse(&format!("127.0.0.1:{port}")).expect("a server");
    let error = Session::open(&endpoint, &ada(), &hurried())
        .err()
        .expect("late");
    assert!(
        matches!(
            error.kind(),
            imap0::error::Kind::TimedOut { .. } | imap0::error::Kind::Network(_)
        ),
        "{error}"
    );
}

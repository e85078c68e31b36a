//! Signing in: device codes, browsers, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::authorization::{Check, browse, browse_in_chromium};
use crate::support::mail::Mail;
use crate::support::port::free_port;
use crate::support::shell::Shell;
use crate::world::{Interactive, TlsFront, World, rows};

#[test]
fn a_device_code_signs_in_for_good() {
    let world = World::new(&[], Check::Introspection);
    world.dovecot.user("ada").append("INBOX", &Mail::many(3));
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({})));
    let code = told["user_code"].as_str().unwrap();
    let place = told["verification_uri"].as_str().unwrap();
    assert_eq!(told["expires_in"], 600);
    let message = format!("To sign in, open {place} and enter the code {code}");
    assert_eq!(told["message"], message);
    session.say(&world.finish("ada"));
    let page = browse(told["verification_uri_complete"].as_str().unwrap());
    assert!(page.contains("Sign-in Success"), "{page}");
    let told = session.hear();
    assert_eq!(told["user"], "ada");
    assert_eq!(told["server"], world.dovecot.tls());
    assert!(told["expires_at"].as_str().unwrap().ends_with('Z'));
    let server = world.dovecot.tls();
    let count = format!("(SELECT count(*) FROM imap_messages('{server}', 'ada'))");
    assert_eq!(session.ask(&count), 3);
    drop(session);
    // Another process needs nothing but the file.
    assert_eq!(world.shell().rows(&world.count("ada")), rows(3));
    let mode = fs::metadata(world.token_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn tokens_that_a_server_checks_by_itself_are_taken_too() {
    let world = World::new(&[("JWT", "1")], Check::Signature);
    world.sign_in("ada");
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

#[test]
fn a_browser_comes_back_with_a_code() {
    let world = World::new(&[], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    session.say(&world.finish("ada"));
    let page = browse_in_chromium(
        told["authorization_url"].as_str().unwrap(),
        &world.home.join("chromium"),
    );
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
    for said in [
        "ada may now read mail at localhost.",
        "You can close this page and go back to SQLite.",
    ] {
        assert!(page.contains(said), "{page}");
    }
    assert_eq!(session.hear()["user"], "ada");
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

#[test]
fn a_redirect_with_another_state_ends_nothing() {
    let world = World::new(&[], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    let redirect = told["redirect_uri"].as_str().unwrap();
    session.say(&world.finish("ada"));
    let page = browse(&format!("{redirect}?state=guessed&code=stolen"));
    assert!(page.contains("Not this sign-in"), "{page}");
    assert!(browse(&redirect.replace("callback", "favicon.ico")).contains("Nothing here"));
    let page = browse(told["authorization_url"].as_str().unwrap());
    assert!(page.contains("<h1>Signed in</h1>"), "{page}");
    assert_eq!(session.hear()["user"], "ada");
}

#[test]
fn a_client_with_a_secret_listens_where_it_is_registered() {
    let world = World::new(&[], Check::Introspection);
    let port = free_port();
    let mut session = Interactive::begin(&world);
    let client = json!({
        "flow": "auth-code",
        "client_id": "confidential",
        "client_secret": "client-secret-x7",
        "redirect_uri": format!("http://127.0.0.1:{port}/redirect"),
    });
    let told = session.ask(&world.start("ada", &client));
    assert_eq!(told["redirect_uri"], client["redirect_uri"]);
    session.say(&world.finish("ada"));
    browse(told["authorization_url"].as_str().unwrap());
    assert_eq!(session.hear()["user"], "ada");
    world.set_token("expires_at", json!(0));
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
}

#[test]
fn the_authorities_of_a_company_vouch_for_its_authorization_server_too() {
    let mut world = World::new(&[], Check::Introspection);
    let ca_file = world.dovecot.ca_file().display().to_string();
    let front = TlsFront::start(&world);
    let endpoint = |path: &str| format!("https://localhost:{}/{path}", front.port);
    let accounts = world.home.join("accounts.toml");
    let account = format!("[work]\nserver = '{}'\nuser = 'ada'\n", world.dovecot.tls());
    let oauth = format!(
        "[work.oauth]\nprovider = 'company'\nclient_id = 'sqlite-imap'\n\
         scope = 'openid offline_access imap'\ntoken_endpoint = '{}'\n\
         device_authorization_endpoint = '{}'\n",
        endpoint("token"),
        endpoint("device/auth"),
    );
    world.variables = vec![
        ("IMAP_ACCOUNTS", accounts.to_str().unwrap().to_owned()),
        ("SSL_CERT_FILE", "/dev/null".to_owned()),
    ];
    let private = |text: String| {
        fs::write(&accounts, text).unwrap();
        fs::set_permissions(&accounts, fs::Permissions::from_mode(0o600)).unwrap();
    };
    private(format!("{account}{oauth}"));
    let start = |options: Value| format!("imap_oauth_start('work', NULL, '{options}')");
    let refused = world
        .shell()
        .error(&format!("SELECT {};", start(json!({}))));
    assert!(
        refused.starts_with("imap: cannot ask localhost: "),
        "{refused}"
    );
    let sign_in = |options: Value| {
        let mut session = Interactive::begin(&world);
        let told = session.ask(&start(options));
        let page = told["verification_uri_complete"].as_str().unwrap();
        let (_, path) = page.split_once("/device").unwrap();
        browse(&format!("{}/device{path}", world.provider.issuer()));
        assert_eq!(session.ask("imap_oauth_finish('work')")["user"], "ada");
    };
    sign_in(json!({"ca_file": ca_file}));
    private(format!("{account}ca_file = '{ca_file}'\n{oauth}"));
    sign_in(json!({}));
    world.set_token("expires_at", json!(0));
    let sql = "SELECT count(*) AS n FROM imap_messages('work');";
    assert_eq!(world.shell().rows(sql), rows(0));
}

#[test]
fn the_listener_is_on_the_port_that_is_asked_for() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = busy.local_addr().unwrap().port();
    let start = |port: u32| {
        let options = json!({"flow": "auth-code", "client_id": "c1", "port": port});
        format!("SELECT imap_oauth_start('google', 'ada', '{options}') ->> 'redirect_uri' AS uri;")
    };
    let port = free_port();
    let expected = format!("http://127.0.0.1:{port}/callback");
    assert_eq!(
        Shell::new().rows(&start(port.into())),
        [json!({"uri": expected})]
    );
    assert_eq!(
        Shell::new().error(&start(taken.into())),
        format!("imap: cannot listen on port {taken} of this machine: address in use")
    );
    assert_eq!(
        Shell::new().error(&start(65_536)),
        "imap: option port must be a whole number from 1 to 65535, not 65536"
    );
}

#[test]
fn haste_is_answered_by_patience() {
    let world = World::new(&[], Check::Introspection);
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("hasty", &json!({})));
    browse(told["verification_uri_complete"].as_str().unwrap());
    world.provider.test("slow_down");
    let started = Instant::now();
    assert_eq!(session.ask(&world.finish("hasty"))["user"], "hasty");
    // Five seconds, and five more for haste (RFC 8628 section 3.5).
    assert!(started.elapsed() >= Duration::from_secs(9));
}

#[test]
fn a_code_that_has_expired_is_told() {
    let world = World::new(&[("CODE_SECONDS", "6")], Check::Introspection);
    let sql = format!(
        "SELECT {};\nSELECT {};",
        world.start("late", &json!({})),
        world.finish("late")
    );
    let error = world.shell().error(&sql);
    let expected = format!(
        "imap: the sign-in of 'late' by {} came too late: expired_token: ",
        world.provider.issuer()
    );
    assert!(
        error.starts_with(&expected) && error.ends_with("; start again with imap_oauth_start (23)"),
        "{error}"
    );
}

#[test]
fn denial_is_told_in_sql_and_in_the_browser() {
    let world = World::new(&[], Check::Introspection);
    world.provider.test("deny");
    let provider = world.provider.issuer();
    let sentence =
        format!("imap: sign-in refused for 'ada' by {provider}: access_denied: the user said no");
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({"flow": "auth-code"})));
    session.say(&world.finish("ada"));
    let page = browse(told["authorization_url"].as_str().unwrap());
    assert!(page.contains("<h1>Not signed in</h1>"), "{page}");
    assert!(page.contains(&sentence), "{page}");
    // By a code on another screen the same sentence comes back.
    let mut session = Interactive::begin(&world);
    let told = session.ask(&world.start("ada", &json!({})));
    browse(told["verification_uri_complete"].as_str().unwrap());
    session.say(&world.finish("ada"));
    assert!(session.complaint().contains(&sentence));
}

#[test]
fn nothing_started_is_nothing_to_finish() {
    let finish = |sql: &str| Shell::new().error(sql);
    assert_eq!(
        finish("SELECT imap_oauth_finish('google', 'ada');"),
        "imap: no sign-in of 'ada' by 'google' was started on this connection; \
         call imap_oauth_start('google', 'ada') first"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('google');"),
        "imap: imap_oauth_start needs a user; call imap_oauth_start(provider, user, options)"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('google', 'ada');"),
        "imap: cannot sign in by google: no client_id; give one as an option or set GOOGLE_CLIENT_ID"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('gogle', 'ada');"),
        "imap: unknown provider 'gogle' (known: microsoft-365, google); \
         give another by its issuer's URL or its endpoints"
    );
    assert_eq!(
        finish("SELECT imap_oauth_start('http://as.example', 'ada');"),
        "imap: cannot use provider 'http://as.example': http is for this machine only; use https"
    );
}

#[test]
fn the_known_providers_are_asked_for_what_opens_their_mail() {
    let url = |provider: &str| {
        let sql = format!(
            "SELECT imap_oauth_start('{provider}', 'ada@example.org', \
             '{{\"flow\": \"auth-code\", \"client_id\": \"c1\"}}') AS told;"
        );
        let rows = Shell::new().rows(&sql);
        let told: Value = serde_json::from_str(rows[0]["told"].as_str().unwrap()).unwrap();
        told["authorization_url"].as_str().unwrap().to_owned()
    };
    let microsoft = url("microsoft");
    for part in [
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?",
        "client_id=c1",
        "code_challenge_method=S256",
        "login_hint=ada%40example.org",
        "scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All+offline_access",
        "redirect_uri=http%3A%2F%2Flocalhost%3A",
    ] {
        assert!(microsoft.contains(part), "{part}: {microsoft}");
    }
    let google = url("google");
    for part in [
        "https://accounts.google.com/o/oauth2/v2/auth?",
        "scope=https%3A%2F%2Fmail.google.com%2F",
        "access_type=offline",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A",
    ] {
        assert!(google.contains(part), "{part}: {google}");
    }
}

#[test]
fn no_sql_sends_a_secret_to_another_provider() {
    let with_secret = || {
        Shell::new()
            .env("MICROSOFT_365_CLIENT_ID", "c1")
            .env("MICROSOFT_365_CLIENT_SECRET", "hunter2")
    };
    let start = |options: Value| {
        with_secret().error(&format!(
            "SELECT imap_oauth_start('microsoft-365', 'ada', '{options}');"
        ))
    };
    assert_eq!(
        start(json!({"token_endpoint": "https://evil.example/token"})),
        "imap: cannot sign in by microsoft-365: its endpoints are known; leave them out"
    );
    assert_eq!(
        start(json!({"server": "imaps://evil.example"})),
        "imap: cannot sign in by microsoft-365: \
         its tokens are for imaps://outlook.office365.com:993 only"
    );
    assert_eq!(
        start(json!({"tenant": "evil.example/"})),
        "imap: cannot sign in by microsoft-365: tenant must be a domain or an id"
    );
    assert_eq!(
        start(json!({"redirect_uri": "https://evil.example/", "flow": "auth-code"})),
        "imap: cannot use redirect_uri 'https://evil.example/': it must be http on this machine, \
         such as http://127.0.0.1:8000/redirect"
    );
}

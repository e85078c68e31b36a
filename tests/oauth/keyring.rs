//! Tokens in the keyring, where the accounts file asks for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::authorization::{Check, browse};
use crate::support::keyring::Keyring;
use crate::support::scratch::Scratch;
use crate::support::until::PATIENCE;
use crate::world::{Interactive, World, rows};

const ADVICE: &str = "the keyring has to run and to be unlocked in this session; \
                      or leave keyring out of the accounts file";

const COUNT: &str = "SELECT count(*) AS n FROM imap_messages('work');";

/// A world whose one account, `work`, is to have its tokens in the keyring.
fn world(keyring: &Keyring) -> World {
    let mut world = World::new(&[], Check::Introspection);
    write_account(&world, "keyring = true");
    let accounts = world.home.join("accounts.toml");
    let accounts = accounts.to_str().unwrap().to_owned();
    world.variables = vec![("IMAP_ACCOUNTS", accounts), keyring.environment()];
    world
}

fn write_account(world: &World, line: &str) {
    let path = world.home.join("accounts.toml");
    let text = format!(
        "[work]\nserver = '{}'\nuser = 'ada'\n{line}\n[work.oauth]\nprovider = '{}'\n\
         client_id = 'sqlite-imap'\nscope = 'openid offline_access imap'\n",
        world.dovecot.tls(),
        world.provider.issuer()
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn sign_in(world: &World) {
    let mut session = Interactive::begin(world);
    let told = session.ask("imap_oauth_start('work')");
    browse(told["verification_uri_complete"].as_str().unwrap());
    assert_eq!(session.ask("imap_oauth_finish('work')")["user"], "ada");
}

/// What the keyring has of the sign-in.
fn kept(keyring: &Keyring) -> Value {
    let items = keyring.items();
    let text = items
        .lines()
        .find_map(|line| line.strip_prefix("secret = "));
    serde_json::from_str(text.expect("an item")).unwrap()
}

fn pointer(world: &World) -> Value {
    json!({"server": world.dovecot.tls(), "user": "ada", "kept_in": "keyring"})
}

#[test]
fn the_keyring_has_the_tokens_and_the_file_says_only_that() {
    let keyring = Keyring::start();
    let world = world(&keyring);
    sign_in(&world);
    assert_eq!(world.token(), pointer(&world));
    assert_eq!(kept(&keyring)["user"], "ada");
    assert_eq!(world.shell().rows(COUNT), rows(0));
    // By address and user it is the same account.
    assert_eq!(world.shell().rows(&world.count("ada")), rows(0));
    let label = format!("label = sqlite-imap: ada at {}", world.dovecot.tls());
    assert!(keyring.items().contains(&label));
}

#[test]
fn tokens_in_the_keyring_are_renewed_there_once_for_all_processes() {
    let keyring = Keyring::start();
    let mut world = world(&keyring);
    sign_in(&world);
    let before = kept(&keyring);
    // A token that has ended, put there as an accident would.
    write_account(&world, "keyring = false");
    assert_eq!(world.shell().rows(COUNT), rows(0));
    world.set_token("expires_at", json!(0));
    write_account(&world, "keyring = true");
    let running: Vec<_> = (0..3).map(|_| world.shell().start(COUNT)).collect();
    for process in running {
        assert_eq!(process.finish(PATIENCE).success(), "0\n");
    }
    let after = kept(&keyring);
    assert_ne!(after["access_token"], before["access_token"]);
    assert_ne!(after["refresh_token"], before["refresh_token"]);
    assert_eq!(world.token(), pointer(&world));
    let requests = world.provider.test("requests");
    assert_eq!(requests.matches("grant_type=refresh_token").count(), 1);
    world.provider.test("revoke");
    assert!(
        world
            .shell()
            .error(COUNT)
            .contains("has ended: invalid_grant")
    );
    world.provider.stop();
}

#[test]
fn tokens_go_where_the_accounts_file_says_and_are_never_in_both() {
    let keyring = Keyring::start();
    let world = world(&keyring);
    write_account(&world, "");
    sign_in(&world);
    let token = world.token();
    assert!(token["refresh_token"].is_string() && keyring.items().is_empty());
    write_account(&world, "keyring = true");
    assert_eq!(world.shell().rows(COUNT), rows(0));
    assert_eq!(
        (world.token(), kept(&keyring)),
        (pointer(&world), token.clone())
    );
    write_account(&world, "");
    assert_eq!(world.shell().rows(COUNT), rows(0));
    assert_eq!(world.token(), token);
    assert!(keyring.items().is_empty());
    // A new sign-in goes there too.
    write_account(&world, "keyring = true");
    sign_in(&world);
    assert_eq!(world.token(), pointer(&world));
    assert_ne!(kept(&keyring), token);
}

#[test]
fn a_keyring_that_does_not_give_says_why() {
    let keyring = Keyring::start();
    let world = world(&keyring);
    sign_in(&world);
    let told = |verb: &str, why: &str| {
        let server = world.dovecot.tls();
        format!("imap: cannot {verb} the tokens of 'ada' at {server} in the keyring: {why}")
    };
    let away = world
        .shell()
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    assert_eq!(
        away.error(COUNT),
        told(
            "read",
            &format!("Could not connect: No such file or directory; {ADVICE}")
        )
    );
    let tools = Scratch::new("tools");
    let shell = std::env::var("PATH").unwrap();
    let sqlite3 = shell.split(':').map(|folder| format!("{folder}/sqlite3"));
    let sqlite3 = sqlite3.into_iter().find(|path| fs::exists(path).unwrap());
    std::os::unix::fs::symlink(sqlite3.unwrap(), tools.join("sqlite3")).unwrap();
    let without_tool = world.shell().env("PATH", tools.path().to_str().unwrap());
    let why = "there is no secret-tool; install it (Debian: libsecret-tools), \
               or leave keyring out of the accounts file";
    assert_eq!(without_tool.error(COUNT), told("read", why));
    keyring.lock();
    let locked = "it is locked; unlock it and try again";
    assert_eq!(world.shell().error(COUNT), told("read", locked));
    // Its file says that a keyring has them, and this one does not.
    let another = Keyring::start();
    let (name, address) = another.environment();
    assert_eq!(
        world.shell().env(name, address).error(COUNT),
        told(
            "read",
            "they are not there; sign in again with imap_oauth_start"
        )
    );
}

#[test]
fn a_locked_keyring_takes_nothing_and_the_file_keeps_it() {
    let keyring = Keyring::start();
    let world = world(&keyring);
    write_account(&world, "");
    sign_in(&world);
    let token = world.token();
    // There is a collection to be locked only once something is in it.
    write_account(&world, "keyring = true");
    keyring.lock();
    let server = world.dovecot.tls();
    assert_eq!(
        world.shell().error(COUNT),
        format!(
            "imap: cannot write the tokens of 'ada' at {server} in the keyring: \
             Cannot create an item in a locked collection; {ADVICE}"
        )
    );
    assert_eq!(world.token(), token);
}

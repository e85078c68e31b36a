//! `~/.netrc`, read as curl reads it, with two exceptions: `default` gives
//! nothing, since it would give its password to whatever host SQL names, and
//! an entry is good for the standard ports only, 993 and 143, unless it names
//! another one (`port 1993`, a word that curl passes over).
//!
//! Never without TLS: a netrc knows hosts, and no schemes.

use zeroize::Zeroizing;

use super::place::home;
use crate::imap::endpoint::{Endpoint, Security};
use crate::imap::{Credential, Login};
use crate::secret::Secret;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The login of `~/.netrc` for this endpoint, and for this user where one is given.
pub(super) fn find(endpoint: &Endpoint, user: Option<&str>) -> Option<Login> {
    let path = home()?.join(if cfg!(windows) { "_netrc" } else { ".netrc" });
    let size = std::fs::metadata(&path).ok()?.len();
    // A file that cannot be read is none, as for curl.
    let text = (size <= LARGEST).then(|| std::fs::read_to_string(&path))?;
    search(&Zeroizing::new(text.ok()?), endpoint, user)
}

/// An entry, as far as it has been read.
#[derive(Default)]
struct Entry {
    machine: String,
    login: Option<String>,
    password: Option<Secret>,
    port: Option<String>,
}

/// [`find`] in the text of a netrc.
pub(super) fn search(text: &str, endpoint: &Endpoint, user: Option<&str>) -> Option<Login> {
    let standard = match endpoint.security() {
        Security::Tls => 993,
        Security::StartTls => 143,
        Security::Plain => return None,
    };
    entries(text).into_iter().find_map(|entry| {
        let port = match &entry.port {
            None => standard,
            Some(port) => port.parse().ok()?,
        };
        let is_here =
            entry.machine.eq_ignore_ascii_case(endpoint.host()) && port == endpoint.port();
        // An entry that names nobody is for whoever is asked for.
        let login = entry.login.or(user.map(str::to_owned))?;
        let is_theirs = user.is_none_or(|user| user == login);
        let password = entry.password.filter(|_| is_here && is_theirs)?;
        Some(Login {
            user: login,
            credential: Credential::Password(password),
        })
    })
}

fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // False below `default`, whose words must not go to the entry before it.
    let mut is_open = false;
    let mut rest = text;
    while let Some((word, after)) = next_word(rest) {
        rest = after;
        let keyword = word.to_ascii_lowercase();
        match keyword.as_str() {
            "default" => is_open = false,
            "macdef" => rest = after_macro(rest),
            "machine" | "login" | "password" | "account" | "port" => {
                let Some((value, after)) = next_word(rest) else {
                    break;
                };
                rest = after;
                if keyword == "machine" {
                    is_open = true;
                    entries.push(Entry {
                        machine: value.to_string(),
                        ..Entry::default()
                    });
                    continue;
                }
                let Some(entry) = entries.last_mut().filter(|_| is_open) else {
                    continue;
                };
                let is_whole = entry.login.is_some() && entry.password.is_some();
                match keyword.as_str() {
                    "login" if is_whole => {
                        let another = Entry {
                            machine: entry.machine.clone(),
                            login: Some(value.to_string()),
                            port: entry.port.clone(),
                            password: None,
                        };
                        entries.push(another);
                    }
                    "login" => entry.login = Some(value.to_string()),
                    "password" if !is_whole => {
                        entry.password = Some(Secret::new(value.to_string()));
                    }
                    "port" => entry.port = Some(value.to_string()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    entries
}

/// What follows a macro, whose text goes to the next empty line.
fn after_macro(text: &str) -> &str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\n') {
        rest = after;
        if rest.starts_with('\n') || rest.starts_with("\r\n") {
            return rest;
        }
    }
    ""
}

/// The next word and what follows it. A word that begins with a quotation
/// mark goes to the next one on its line, `\` before a character keeps it, and
/// `\n`, `\r`, `\t` are what they are in C; `#` begins a comment where a word
/// would begin.
fn next_word(text: &str) -> Option<(Zeroizing<String>, &str)> {
    let mut text = text.trim_start();
    while text.starts_with('#') {
        text = text.split_once('\n')?.1.trim_start();
    }
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        return (!word.is_empty()).then(|| (Zeroizing::new(word.to_owned()), rest));
    };
    let mut word = Zeroizing::new(String::new());
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((word, &quoted[at + 1..])),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => word.push('\n'),
                'r' => word.push('\r'),
                't' => word.push('\t'),
                other => word.push(other),
            },
            c => word.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NETRC: &str = r#"
# a comment with machine words login x
machine mail.example.org login ada password pw-ada
machine mail.example.org
    login bob account none
    password "p w\"\\\tß"
macdef init
machine trap.example.org login eve password stolen

machine imap.example.org port 1993 login carol password pw-carol
machine nobody.example.org password pw-nobody
default login anonymous password user@site
"#;

    fn found(server: &str, user: Option<&str>) -> Option<(String, String)> {
        let login = search(NETRC, &Endpoint::parse(server).unwrap(), user)?;
        let Credential::Password(password) = login.credential else {
            panic!("no password")
        };
        Some((login.user, password.declassify().to_owned()))
    }

    fn pair(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.to_owned(), password.to_owned()))
    }

    #[test]
    fn entries_are_found_by_host_and_user() {
        assert_eq!(found("mail.example.org", None), pair("ada", "pw-ada"));
        assert_eq!(
            found("imap://mail.example.org", Some("ada")),
            pair("ada", "pw-ada")
        );
        assert_eq!(
            found("mail.example.org", Some("bob")),
            pair("bob", "p w\"\\\tß")
        );
        assert_eq!(
            found("imap.example.org:1993", None),
            pair("carol", "pw-carol")
        );
    }

    #[test]
    fn no_entry_goes_where_it_was_not_meant_to() {
        for (server, user) in [
            ("mail.example.org", Some("carol")),
            ("mail.example.org:1993", Some("ada")),
            ("imaps://mail.example.org:143", Some("ada")),
            ("imap+insecure://mail.example.org", Some("ada")),
            ("mail.example.org.evil.example", Some("ada")),
            ("trap.example.org", None),
            ("imap.example.org", None),
            ("nobody.example.org", None),
            ("elsewhere.example", None),
            ("elsewhere.example", Some("anonymous")),
        ] {
            assert_eq!(found(server, user), None, "{server}");
        }
    }

    #[test]
    fn what_curl_reads_is_what_is_read() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/netrc.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let endpoint = Endpoint::parse("127.0.0.1").unwrap();
            let login = search(
                case["netrc"].as_str().unwrap(),
                &endpoint,
                case["user"].as_str(),
            );
            let found = login.map(|login| match login.credential {
                Credential::Password(password) => {
                    format!("{}:{}", login.user, password.declassify())
                }
                _ => panic!("no password"),
            });
            assert_eq!(found.as_deref(), case["found"].as_str(), "{case}");
        }
    }

    #[test]
    fn a_password_without_a_login_is_for_whoever_is_asked_for() {
        assert_eq!(
            found("nobody.example.org", Some("dan")),
            pair("dan", "pw-nobody")
        );
    }

    #[test]
    fn files_that_end_amid_an_entry_are_borne() {
        for text in [
            "machine",
            "machine a login",
            "machine a login \"b",
            "macdef x",
            "#",
            "\"\\",
        ] {
            let endpoint = Endpoint::parse("a").unwrap();
            assert!(search(text, &endpoint, None).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_word_in_quotes_is_read_as_it_is(user in any::<String>(), password in any::<String>()) {
            let quoted = |word: &str| word.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!(
                "machine h.example login \"{}\" password \"{}\" default {password}",
                quoted(&user),
                quoted(&password)
            );
            let found = search(&text, &Endpoint::parse("h.example").unwrap(), Some(&user));
            let Some(Login { credential: Credential::Password(found), .. }) = found else {
                panic!("not found")
            };
            prop_assert_eq!(found.declassify(), password);
        }

        #[test]
        fn any_text_comes_to_an_end(text in any::<String>()) {
            prop_assert!(entries(&text).len() <= text.len());
        }
    }
}

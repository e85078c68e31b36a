//! The files and the JSON that accounts come from: netrc, the accounts file,
//! options. No error shows a secret, and what was written is what is read.

#![no_main]

use imap0::account::fuzz::{accounts, netrc};
use imap0::imap::Endpoint;
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::{assert_sentence, line_and_rest};

const SECRET: &str = "hunter2-zQ9";

/// A word of netrc in quotes.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (user, rest) = line_and_rest(data);
    let [user, rest] = [user, rest].map(|bytes| str::from_utf8(bytes).expect("cut at a line"));
    let endpoint = Endpoint::parse("imap.example.org").expect("an address");

    netrc(text, &endpoint, None);
    // An entry before all others is found, whatever follows it; quotes end with
    // the line.
    let password = rest.split(['\n', '\r']).next().unwrap_or_default();
    let entry = format!(
        "machine imap.example.org login {} password {}\ndefault {rest}",
        quoted(user),
        quoted(password)
    );
    let found = netrc(&entry, &endpoint, Some(user));
    assert_eq!(found, Some((user.to_owned(), password.to_owned())));

    // The secret of an account that is well is shown by no error of others.
    let file = format!("{text}\n[zz]\nserver = 'h'\nuser = 'u'\npassword = '{SECRET}'\n");
    match accounts(&file) {
        Ok(names) => assert!(names.iter().all(|name| !name.contains(SECRET))),
        Err(error) => {
            assert_sentence(&error);
            assert!(!error.contains(SECRET), "{error}");
        }
    }
});

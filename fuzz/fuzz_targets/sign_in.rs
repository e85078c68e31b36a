//! A server's challenges while a client signs in: whatever it says, no server
//! is believed that did not prove to know the password, and no answer or error
//! shows it.

#![no_main]

use imap0::imap::fuzz::{PASSWORD, answers, scram_nonce};
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::assert_sentence;

/// True where a challenge asks for so many rounds that a run would take long;
/// how many are taken is no secret of the format.
fn is_dear(challenge: &[u8]) -> bool {
    let mut attributes = challenge.split(|&byte| byte == b',');
    attributes.any(|attribute| {
        attribute.starts_with(b"i=") && attribute.trim_ascii().len() > b"i=9999".len()
    })
}

fuzz_target!(|data: &[u8]| {
    let challenges: Vec<Vec<u8>> = data
        .split(|&byte| byte == b'\n')
        .take(4)
        .map(|line| {
            // A leading `!` stands for the nonce, which no fuzzer guesses.
            match line.strip_prefix(b"!") {
                Some(rest) => [b"r=", scram_nonce(), rest].concat(),
                None => line.to_vec(),
            }
        })
        .collect();
    if challenges.iter().any(|challenge| is_dear(challenge)) {
        return;
    }
    // What a server itself says of it is covered elsewhere.
    if data
        .windows(4)
        .any(|four| PASSWORD.as_bytes().starts_with(four))
    {
        return;
    }
    for answers in answers(&challenges) {
        let is_scram = answers.mechanism.starts_with("SCRAM");
        assert!(!(is_scram && answers.is_complete), "a server was believed");
        for answer in &answers.answers {
            match answer {
                Ok(bytes) => {
                    let told = contains(bytes, PASSWORD.as_bytes());
                    assert!(!told || answers.tells_password);
                }
                Err(error) => {
                    assert_sentence(error);
                    assert!(!error.contains(PASSWORD));
                }
            }
        }
    }
});

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

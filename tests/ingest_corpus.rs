//! Thousands of real messages from a mailbox into RSSD: every byte arrives, and
//! the mailbox does not notice.
//!
//! The corpus is not part of the project: `spamassassin.tar.gz` in the folder
//! that `SQLITE_IMAP_CORPUS` names, else in `../shared/corpus`. Without it the
//! same is asserted on the demo's mail, and the test says so.

mod rssd;
mod support;

use imap0::mail::digest::sha256_hex;
use rssd::Rssd;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::scratch::Scratch;
use support::user::User;

fn corpus() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("SQLITE_IMAP_CORPUS")
        .map_or_else(|| project.join("../shared/corpus"), PathBuf::from);
    let archive = folder.join("spamassassin.tar.gz");
    archive.exists().then_some(archive)
}

/// The files of an archive as messages: without the first line of an mbox, and
/// with the line ends of IMAP.
fn messages(archive: &Path) -> Vec<Mail> {
    let folder = Scratch::new("corpus");
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(archive).arg("-C").arg(folder.path());
    assert!(tar.status().unwrap().success());
    let mut files = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|file| message(&fs::read(file).unwrap()))
        .collect()
}

fn message(file: &[u8]) -> Mail {
    let mut lines: Vec<&[u8]> = file.split(|&byte| byte == b'\n').collect();
    if lines[0].starts_with(b"From ") {
        lines.remove(0);
    }
    let bare = lines
        .iter()
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Mail::raw(bare.collect::<Vec<_>>().join(&b"\r\n"[..]))
}

/// Fills INBOX; the number of messages.
fn fill(user: &User<'_>) -> usize {
    match corpus() {
        Some(archive) => {
            let mails = messages(&archive);
            user.append("INBOX", &mails);
            mails.len()
        }
        None => {
            eprintln!("no corpus: asserted on the demo's mail only");
            user.fill_with_demo_mail();
            184
        }
    }
}

#[test]
fn a_whole_mailbox_arrives_byte_for_byte_and_stays_as_it_is() {
    let user = Dovecot::shared().user("corpus");
    let count = fill(&user);
    user.add_flags("INBOX", "1:50", "\\Seen \\Flagged");
    let items = "messages unseen uidnext uidvalidity highestmodseq";
    let before = user.status("INBOX", items);
    let rssd = Rssd::of(&user);
    let [fetched, inserted, already_there, failed] = rssd.counts("{}");
    assert_eq!(fetched, count as u64);
    assert_eq!(inserted + already_there, fetched);
    assert_eq!(failed, 0);
    assert_eq!(user.status("INBOX", items), before);

    let resources = "SELECT hex(content), elaboration ->> 'sha256' FROM uniform_resource
                      WHERE nature = 'text'";
    let resources = rssd.ask(resources);
    let stored: HashMap<&str, &str> = resources
        .lines()
        .filter_map(|line| line.split_once('|'))
        .collect();
    assert_eq!(stored.len() as u64, inserted);
    for (uid, raw) in user.client().raw_messages("INBOX") {
        let sha256 = stored.get(hex(&raw).as_str());
        assert_eq!(
            sha256.copied(),
            Some(sha256_hex(&raw).as_str()),
            "uid {uid}"
        );
    }

    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "2");
    let file = fs::read(rssd.path()).unwrap();
    assert!(!file.windows(9).any(|bytes| bytes == b"pw-corpus"));
    rssd.check();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

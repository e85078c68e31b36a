//! The structure that src/lib.rs describes, held: dependencies point one way,
//! unsafe code stays where it is confined, every file says what it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and what it may use besides `error` and `secret`.
const LAYERS: [(&str, &[&str]); 11] = [
    ("account", &["imap"]),
    ("dns", &["imap"]),
    ("entry", &["sqlite"]),
    (
        "function",
        &[
            "account", "dns", "hpfeeds", "imap", "ingest", "mail", "sqlite",
        ],
    ),
    ("host", &["imap", "sqlite"]),
    ("hpfeeds", &["imap"]),
    ("imap", &[]),
    ("ingest", &["account", "imap", "mail", "sqlite"]),
    ("mail", &[]),
    ("sqlite", &[]),
    ("table", &["account", "imap", "ingest", "mail", "sqlite"]),
];

const FOR_ALL: [&str; 2] = ["error", "secret"];

struct Source {
    /// Path below `src`.
    path: String,
    /// The text before the tests.
    code: String,
}

impl Source {
    fn layer(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The modules of this crate that the code names.
    fn uses(&self) -> impl Iterator<Item = &str> {
        let mentions = self.code.match_indices("crate::");
        mentions.map(|(at, mention)| {
            let rest = &self.code[at + mention.len()..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            &rest[..end]
        })
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    assert!(paths.len() > 30, "the sources were not found");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
        Source {
            path: path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            code,
        }
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn dependencies_point_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((layer, allowed)) = LAYERS.iter().find(|(name, _)| *name == source.layer()) else {
            continue;
        };
        for used in source.uses() {
            let is_layer = LAYERS.iter().any(|(name, _)| *name == used);
            if is_layer && used != *layer && !allowed.contains(&used) && !FOR_ALL.contains(&used) {
                wrong.push(format!("src/{} uses {used}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_belongs_to_a_layer() {
    for source in sources() {
        let layer = source.layer();
        let known = LAYERS.iter().any(|(name, _)| *name == layer);
        assert!(
            known || FOR_ALL.contains(&layer) || layer == "lib",
            "src/{}",
            source.path
        );
    }
}

#[test]
fn unsafe_code_stays_in_entry_and_the_shim() {
    let with_unsafe: Vec<String> = sources()
        .into_iter()
        .filter(|source| {
            source.code.lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//")
                    && line
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| word == "unsafe")
            })
        })
        .map(|source| source.path)
        .collect();
    assert!(!with_unsafe.is_empty());
    for path in with_unsafe {
        assert!(
            path == "entry.rs" || path.starts_with("sqlite/"),
            "src/{path} holds unsafe code"
        );
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    for source in sources() {
        assert!(
            source.code.starts_with("//! "),
            "src/{} has no header",
            source.path
        );
        let lines = source.code.lines().count();
        assert!(
            lines <= 400,
            "src/{} has {lines} lines before its tests",
            source.path
        );
    }
}

/// The one module that writes to a mailbox, and the one that may call it.
const WRITER: &str = "imap/store.rs";
const ITS_CALLER: &str = "ingest/remove.rs";

/// How commands that change a mailbox look in code, ours or the crate's.
const WRITING: [&str; 16] = [
    "BODY[]",
    "b\"SELECT",
    "\"SELECT\"",
    "\"STORE",
    "UID STORE",
    "UID EXPUNGE",
    "\"APPEND",
    "\"COPY",
    "UID COPY",
    "\"MOVE",
    "UID MOVE",
    "\"CLOSE",
    ".select(",
    ".uid_store(",
    ".expunge(",
    ".uid_expunge(",
];

#[test]
fn one_module_writes_to_mailboxes_and_no_other_could() {
    let mut writes = 0;
    for source in sources().iter().filter(|source| source.layer() != "mail") {
        let code = |line: &&str| !line.trim_start().starts_with("//");
        let lines: Vec<&str> = source.code.lines().filter(code).collect();
        for command in WRITING {
            // FETCH answers call the whole message BODY[]; asking for it so
            // would mark it as read.
            let is_sent = lines
                .iter()
                .any(|line| line.contains(command) && !line.contains("PEEK"));
            let is_quoted = command != "BODY[]" || lines.iter().any(|l| l.contains("\"BODY[]"));
            if is_sent && is_quoted {
                assert_eq!(source.path, WRITER, "holds the command {command}");
                writes += 1;
            }
        }
    }
    assert!(writes > 0, "the writer was not found");
}

#[test]
fn the_writer_is_reached_by_the_ingest_when_it_was_asked_to_delete() {
    let sources = sources();
    let naming = |word: &str| -> Vec<&str> {
        let is_said = |line: &str| !line.trim_start().starts_with("//") && line.contains(word);
        let named = sources
            .iter()
            .filter(|source| source.code.lines().any(is_said));
        named.map(|source| source.path.as_str()).collect()
    };
    assert_eq!(naming("imap::store"), [ITS_CALLER]);
    assert_eq!(naming(".delete("), [ITS_CALLER]);
    assert_eq!(naming("remove::remove"), ["ingest/pull.rs"]);
    let pull = sources
        .iter()
        .find(|source| source.path == "ingest/pull.rs");
    let asks = "afterwards == Afterwards::Delete";
    assert!(pull.is_some_and(|pull| pull.code.contains(asks)));
}

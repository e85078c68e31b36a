//! Real mail, which is not part of the project: archives `*.tar.gz` in the
//! folder that `SQLITE_IMAP_CORPUS` names, else in `../shared/corpus`.

use super::scratch::Scratch;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

fn folder() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = env::var_os("SQLITE_IMAP_CORPUS")
        .map_or_else(|| project.join("../shared/corpus"), PathBuf::from);
    place.is_dir().then_some(place)
}

/// Every file, read once for all tests: its path below the archives, in order,
/// and its content. Empty where there is no corpus.
pub static CORPUS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let Some(corpus) = folder() else {
        return Vec::new();
    };
    let place = Scratch::new("corpus");
    for archive in fs::read_dir(&corpus).unwrap() {
        let archive = archive.unwrap().path();
        if archive
            .extension()
            .is_some_and(|extension| extension == "gz")
        {
            let mut tar = Command::new("tar");
            tar.arg("-xzf").arg(&archive).arg("-C").arg(place.path());
            assert!(tar.status().unwrap().success(), "{archive:?}");
        }
    }
    let mut files = Vec::new();
    let mut folders = vec![place.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(place.path()).unwrap();
                files.push((name.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(
        files.len() > 1000,
        "only {} files in {corpus:?}",
        files.len()
    );
    files
});

/// The messages below `folder` of the corpus as a mailbox takes them: CRLF at
/// the end of each line, without the line of an mbox before them.
pub fn messages(folder: &str) -> Vec<Vec<u8>> {
    let within = CORPUS.iter().filter(|(name, _)| name.starts_with(folder));
    let unix = within.map(|(_, raw)| {
        let mut lines: Vec<&[u8]> = raw.split(|&byte| byte == b'\n').collect();
        if lines[0].starts_with(b"From ") {
            lines.remove(0);
        }
        lines
    });
    unix.map(|lines| {
        let bare = lines
            .iter()
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        bare.collect::<Vec<_>>().join(&b"\r\n"[..])
    })
    .filter(|raw| !raw.is_empty())
    .collect()
}

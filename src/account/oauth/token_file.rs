//! The file of a sign-in: one for a user at a server, readable by its owner
//! alone, replaced whole, changed by one process at a time.
//!
//! `store` knows what it says; here it is a text that may hold secrets.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::place::state;
use crate::error::{Error, Result, quote};
use crate::imap::watch::Watch;
use crate::imap::{Endpoint, Settings};

/// The file of a user at a server.
pub(super) struct TokenFile {
    path: PathBuf,
}

/// Held by the one process that may change the file.
pub(super) struct Lock(#[expect(dead_code, reason = "closing it unlocks")] File);

impl TokenFile {
    /// The file for this user at this server, whether or not it is there.
    ///
    /// # Errors
    /// No home folder to keep it in.
    pub(super) fn of(server: &Endpoint, user: &str) -> Result<Self> {
        let folder = state().ok_or_else(|| {
            Error::config("no place for tokens: neither XDG_STATE_HOME nor HOME is set")
        })?;
        let server = server.to_string();
        let digest = Sha256::digest(format!("{server}\n{user}"));
        let digits: String = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            path: folder.join(format!("oauth-{digits}.json")),
        })
    }

    /// Unique for a user at a server; no secret.
    pub(super) fn name(&self) -> &str {
        self.path.to_str().unwrap_or_default()
    }

    /// True where it is there.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Its text; `None` where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<String>>> {
        match fs::read_to_string(&self.path).map(Zeroizing::new) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => text.map(Some).map_err(|error| self.failed("read", &error)),
        }
    }

    /// The error of a text that is none of ours.
    pub(super) fn is_another(&self) -> Error {
        let path = quote(&self.path.to_string_lossy());
        Error::config(format!(
            "cannot read tokens from '{path}': it holds something else; \
             remove it and sign in again with imap_oauth_start"
        ))
    }

    /// Replaces the text, whole or not at all.
    ///
    /// # Errors
    /// The file system's.
    pub(super) fn write(&self, text: &str, _lock: &Lock) -> Result<()> {
        let beside = self.path.with_extension("new");
        let written = (|| {
            // What a process that was killed left behind may have any mode.
            if let Err(error) = fs::remove_file(&beside)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
            let mut file = private().create_new(true).open(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        })();
        written.map_err(|error| {
            // Nothing that holds a token stays behind.
            let _ = fs::remove_file(&beside);
            self.failed("write", &error)
        })
    }

    /// Waits until no other process changes the file.
    ///
    /// # Errors
    /// The file system's; timeout, deadline, cancelled.
    pub(super) fn lock(&self, settings: &Settings) -> Result<Lock> {
        let failed = |error: io::Error| self.failed("lock", &error);
        if let Some(folder) = self.path.parent() {
            make_private_folder(folder).map_err(failed)?;
        }
        let path = self.path.with_extension("lock");
        let file = private()
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut watch = Watch::start(settings, "another process", "its refresh of a token");
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(fs::TryLockError::WouldBlock) => {
                    watch.check()?;
                    thread::sleep(watch.slice() / 5);
                }
                Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    fn failed(&self, verb: &str, error: &io::Error) -> Error {
        let (path, why) = (self.path.to_string_lossy(), error.kind().to_string());
        Error::config(format!(
            "cannot {verb} the tokens in '{}': {}",
            quote(&path),
            quote(&why)
        ))
    }
}

fn make_private_folder(folder: &std::path::Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options of a file that only its owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

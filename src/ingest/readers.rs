//! Reads accounts, each in a thread of its own, and writes what comes on the
//! host's thread, which alone may call SQLite: mail arrives while the last of it
//! is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use super::asked::Asked;
use super::crew::{Crew, Errand, Told};
use super::database::Database;
use super::folders::open;
use super::options::{Options, Progress};
use super::port::{Parcel, Port};
use super::run::run;
use crate::account::Client;
use crate::account::keeper::Keeper;
use crate::error::{Error, Kind, Result};
use crate::imap::{Cancel, Settings, reason};
use crate::sqlite::contain;

/// How long the host's thread waits for work before it looks up.
const SLICE: Duration = Duration::from_millis(50);

/// Says that the statement was stopped, to threads that must not ask SQLite.
#[derive(Default)]
struct Stop(AtomicBool);

impl Cancel for Stop {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stop {
    fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Stops the readers when the host's thread leaves, however it does.
struct Leaving<'a>(&'a Stop);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Ingests from all accounts, `at_once` at a time. One that fails does not stop
/// the others.
///
/// # Errors
/// An interrupt.
pub fn read(
    database: &Database,
    client: &Client,
    settings: &Settings,
    folder: Option<&str>,
    errands: Vec<Errand>,
    at_once: usize,
) -> Result<Vec<Told>> {
    let stop = Arc::new(Stop::default());
    let own = Settings {
        cancel: Arc::clone(&stop) as Arc<dyn Cancel>,
        ..settings.clone()
    };
    let is_alone = errands.len() == 1;
    let at_once = at_once.clamp(1, errands.len().max(1));
    let mut crew = Crew::of(database, errands, at_once);
    let mut outcome = Ok(());
    thread::scope(|scope| {
        // Where this thread panics, nobody may go on waiting for it.
        let _leaving = Leaving(&stop);
        let (parcels, arriving) = sync_channel(at_once);
        loop {
            while outcome.is_ok()
                && let Some((reader, account, options)) = crew.next()
            {
                let (parcels, own) = (parcels.clone(), &own);
                let work = move || {
                    let port = Port::new(reader, parcels.clone());
                    let keeper = Keeper {
                        client,
                        account: &account,
                        settings: own,
                    };
                    let done = contain("a reader of imap_ingest", || {
                        read_one(port, &keeper, folder, options, is_alone)
                    });
                    // Nobody waits for it where the host's thread has panicked.
                    let _ = parcels.send(Parcel::Ended(reader, done));
                };
                let thread = thread::Builder::new().name("imap-ingest".to_owned());
                if let Err(error) = thread.spawn_scoped(scope, work) {
                    let why = format!("cannot start a thread: {}", reason(&error));
                    crew.depart(reader, Err(Error::network(why)));
                }
            }
            if crew.is_through() {
                return;
            }
            if let Ok(parcel) = arriving.recv_timeout(SLICE) {
                crew.receive(parcel);
            }
            if outcome.is_ok() && settings.cancel.is_cancelled() {
                outcome = Err(Kind::Cancelled.into());
                stop.raise();
            }
        }
    });
    outcome.map(|()| crew.told())
}

/// Reads one account, on its own thread.
fn read_one(
    mut port: Port,
    keeper: &Keeper<'_>,
    folder: Option<&str>,
    mut options: Options,
    is_alone: bool,
) -> Result<()> {
    let (client, account) = (keeper.client, keeper.account);
    if !is_alone {
        // Several bars would draw over one another.
        options.progress = Progress::Silent;
    }
    let opened = client.lease(account, keeper.settings, |session| {
        open(session, folder, &options)
    });
    let done = opened.and_then(|(lease, opening)| {
        port.open(Asked::of(account, &opening, &options))?;
        run(port, keeper, lease, opening, &options)
    });
    if !is_alone {
        // The next account of this server takes its place there.
        client.dismiss(account);
    }
    done
}

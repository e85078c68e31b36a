//! Signed-in sessions kept for the next statement of one SQLite connection.
//!
//! A lease takes a session out for itself: two cursors at once have two. It
//! goes back only if it is usable, and is looked at again before it is lent a
//! second time, since servers close what is idle. After a fork the child
//! leaves its parent's sessions alone, for both would talk on one socket.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::endpoint::Endpoint;
use super::login::Login;
use super::session::Session;
use super::settings::{Deadline, Packing, Settings};
use super::trust::Trust;
use crate::error::Result;

/// Idle sessions kept at most; servers allow about ten for a user.
const IDLE: usize = 4;

/// How long a session may have been idle: routers forget connections in
/// minutes, and the next command would wait for its whole timeout.
const FRESH: Duration = Duration::from_secs(240);

/// How long closing all sessions may take together.
const LEAVE: Duration = Duration::from_secs(1);

/// The idle sessions of one SQLite connection; logs them out when dropped.
#[derive(Default)]
pub struct Pool {
    idle: Arc<Idle>,
}

#[derive(Default)]
struct Idle(Mutex<Vec<Slot>>);

struct Slot {
    session: Session,
    key: Key,
    since: Instant,
    process: u32,
}

/// What two statements must share to use the same session.
struct Key {
    endpoint: Endpoint,
    login: Login,
    trust: Trust,
    packing: Packing,
}

impl Key {
    fn is_same(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint
            && self.trust == other.trust
            && self.packing == other.packing
            && self.login.is_same(&other.login)
    }
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// A session, and what `first` gets from it. Where an idle session turns
    /// out to have been closed by the server, a new one takes its place, once
    /// and silently; `first` must therefore have no effect beside its answer.
    ///
    /// # Errors
    /// Those of [`Session::open`], and of `first`.
    pub fn lease<T>(
        &self,
        endpoint: &Endpoint,
        login: &Login,
        settings: &Settings,
        mut first: impl FnMut(&mut Session) -> Result<T>,
    ) -> Result<(Lease, T)> {
        let key = Key {
            endpoint: endpoint.clone(),
            login: login.clone(),
            trust: settings.trust.clone(),
            packing: settings.packing,
        };
        if let Some(mut session) = self.idle.take(&key) {
            session.set_settings(settings.clone());
            match first(&mut session) {
                Err(error) if error.is_network() => {}
                outcome => {
                    let lease = self.lend(session, key);
                    return outcome.map(|first| (lease, first));
                }
            }
        }
        let session = Session::open(endpoint, login, settings)?;
        let mut lease = self.lend(session, key);
        let first = first(&mut lease)?;
        Ok((lease, first))
    }

    /// Logs out the idle sessions of one login, for a server that counts them.
    pub fn dismiss(&self, endpoint: &Endpoint, login: &Login) {
        let until = Instant::now() + LEAVE;
        let dismissed: Vec<Slot> = {
            let mut slots = self.idle.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_theirs =
                |slot: &mut Slot| slot.key.endpoint == *endpoint && slot.key.login.is_same(login);
            slots.extract_if(.., is_theirs).collect()
        };
        dismissed.into_iter().for_each(|slot| slot.leave(until));
    }

    fn lend(&self, session: Session, key: Key) -> Lease {
        let idle = Arc::downgrade(&self.idle);
        Lease {
            held: Some((session, key)),
            idle,
            process: std::process::id(),
        }
    }
}

impl Idle {
    /// The session last used that is still usable; those that are not are dropped.
    fn take(&self, key: &Key) -> Option<Session> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(Slot::is_fresh);
        while let Some(index) = slots.iter().rposition(|slot| slot.key.is_same(key)) {
            let mut session = slots.remove(index).session;
            session.catch_up();
            if session.is_usable() {
                return Some(session);
            }
        }
        None
    }

    fn put(&self, mut slot: Slot) {
        // What the statement brought along ends with the statement.
        slot.session.set_settings(Settings::default());
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() == IDLE {
            let oldest = slots.remove(0);
            oldest.leave(Instant::now() + LEAVE / 4);
        }
        slots.push(slot);
    }
}

impl Slot {
    fn is_fresh(&self) -> bool {
        self.process == std::process::id() && self.since.elapsed() < FRESH
    }

    fn leave(mut self, until: Instant) {
        let allowed = until.saturating_duration_since(Instant::now());
        if allowed.is_zero() || !self.is_fresh() {
            return;
        }
        self.session.set_settings(Settings {
            timeout: allowed,
            deadline: Some(Deadline { at: until, allowed }),
            ..Settings::default()
        });
        self.session.logout();
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let until = Instant::now() + LEAVE;
        let slots = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.drain(..) {
            slot.leave(until);
        }
    }
}

/// A session on loan.
pub struct Lease {
    /// Taken only by [`Drop`].
    held: Option<(Session, Key)>,
    idle: Weak<Idle>,
    process: u32,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self
            .held
            .as_ref()
            .expect("a lease holds its session until it is dropped")
            .0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self
            .held
            .as_mut()
            .expect("a lease holds its session until it is dropped")
            .0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((mut session, key)) = self.held.take() else {
            return;
        };
        // A child of fork must not read what its parent waits for.
        if self.process != std::process::id() {
            return;
        }
        session.catch_up();
        if let Some(idle) = self.idle.upgrade()
            && session.is_usable()
        {
            idle.put(Slot {
                session,
                key,
                since: Instant::now(),
                process: self.process,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::super::login::Credential;
    use super::*;
    use crate::secret::Secret;

    /// Says OK to everything on so many connections; gives what it was asked.
    fn yes_man(connections: usize) -> (Endpoint, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let server = thread::spawn(move || {
            let serve = |_| {
                let (mut socket, _) = listener.accept().expect("a connection");
                socket
                    .write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                    .expect("a greeting");
                let mut heard = String::new();
                for line in BufReader::new(socket.try_clone().expect("a clone")).lines() {
                    let Ok(line) = line else { break };
                    let (tag, command) = line.split_once(' ').expect("a tag");
                    heard += command.split(' ').next().expect("a verb");
                    let answer = format!("{tag} OK [CAPABILITY IMAP4rev1] done\r\n");
                    if socket.write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
                heard
            };
            (0..connections).map(serve).collect()
        });
        let endpoint = format!("imap+insecure://127.0.0.1:{port}");
        (Endpoint::parse(&endpoint).expect("a server"), server)
    }

    fn lease(pool: &Pool, endpoint: &Endpoint) -> Lease {
        let credential = Credential::Password(Secret::new("secret".into()));
        let login = Login {
            user: "ada".into(),
            credential,
        };
        let leased = pool.lease(endpoint, &login, &Settings::default(), Session::noop);
        leased.expect("a session").0
    }

    #[test]
    fn whoever_has_a_connection_may_move_it_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Pool>();
        is_send::<Lease>();
        is_send::<super::super::download::Download>();
    }

    #[test]
    fn a_forked_child_leaves_its_parents_sessions_alone() {
        let (endpoint, server) = yes_man(3);
        let pool = Pool::new();
        // The sessions of another process: one idle, one on loan.
        drop(lease(&pool, &endpoint));
        pool.idle.0.lock().expect("whole")[0].process += 1;
        let mut on_loan = lease(&pool, &endpoint);
        on_loan.process += 1;
        drop(on_loan);
        assert!(pool.idle.0.lock().expect("whole").is_empty());
        drop(lease(&pool, &endpoint));
        drop(pool);
        let heard = server.join().expect("the server");
        assert_eq!(heard, ["LOGINNOOP", "LOGINNOOP", "LOGINNOOPLOGOUT"]);
    }
}

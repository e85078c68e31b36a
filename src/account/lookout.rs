//! Waiting for news in many mailboxes on one connection, by NOTIFY.
//!
//! As a [`Vigil`](super::vigil::Vigil), a [`Lookout`] never waits itself: its
//! owner calls [`Lookout::tick`] from a loop, and reads what is due by another
//! session.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::backoff::Backoff;
use super::keeper::{Keeper, RENEW, is_passing};
use crate::error::{Error, Result};
use crate::imap::mailbox_status::MailboxStatus;
use crate::imap::notify::Told;
use crate::imap::{Lease, Mailbox};

/// The wait for news in several mailboxes.
pub struct Lookout {
    mailboxes: Vec<Mailbox>,
    news: News,
    tells_names: bool,
    state: State,
    backoff: Backoff,
}

/// What has been told.
#[derive(Default)]
struct News {
    /// How each mailbox stood when the server last told.
    standing: HashMap<Mailbox, MailboxStatus>,
    /// The mailboxes in which something may have happened, the last one told
    /// of in front.
    due: VecDeque<Mailbox>,
    /// The mailboxes that have been made; `None` where the names of mailboxes
    /// are what they were.
    made: Option<Vec<Mailbox>>,
}

impl News {
    /// True where the server has told nothing of the mailbox.
    fn is_untold(&self, mailbox: &Mailbox) -> bool {
        let known = self.standing.get(mailbox);
        known.is_none_or(|known| known.messages.is_none())
    }

    fn note(&mut self, told: Told<'_>) {
        let status = match told {
            Told::Status(status) => status,
            Told::Made(mailbox) => {
                self.made.get_or_insert_default().push(mailbox.clone());
                return;
            }
            Told::Gone => {
                self.made.get_or_insert_default();
                return;
            }
        };
        let Some(known) = self.standing.get_mut(&status.mailbox) else {
            return;
        };
        // Dovecot tells of all when it has looked at one for the first time.
        if known.update(status) {
            self.due.retain(|mailbox| *mailbox != status.mailbox);
            self.due.push_front(status.mailbox.clone());
        }
    }
}

enum State {
    /// Not connected; to be tried then.
    Away(Instant),
    /// The server tells; to be asked once more then.
    Told(Box<Lease>, Instant),
}

impl Lookout {
    /// A lookout for mailboxes, all of which are due at first.
    pub fn begin(mailboxes: Vec<Mailbox>) -> Self {
        Self {
            mailboxes,
            news: News::default(),
            tells_names: false,
            state: State::Away(Instant::now()),
            backoff: Backoff::default(),
        }
    }

    /// The mailboxes.
    pub fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// Hears what the server has told, and gives the mailboxes it turns out not
    /// to tell of, which are not looked out for any longer. Does not wait but
    /// for the answers to its own commands.
    ///
    /// # Errors
    /// A refused login, a stopped statement, and a server that does not tell;
    /// what else goes wrong with a connection is put right by a new one, later.
    pub fn tick(&mut self, keeper: &Keeper<'_>) -> Result<Vec<Mailbox>> {
        self.step(keeper)
            .or_else(|error| self.fail(error).map(|()| Vec::new()))
    }

    /// A mailbox in which something may have happened, once.
    pub fn due(&mut self) -> Option<Mailbox> {
        let State::Told(..) = self.state else {
            return None;
        };
        let next = self.news.due.pop_front();
        if next.is_none() {
            // Its owner is through with all that came.
            self.backoff = Backoff::default();
        }
        next
    }

    /// Looks out for a mailbox more, in which anything may have happened.
    pub fn add(&mut self, mailbox: Mailbox) {
        let unknown = MailboxStatus::unknown(mailbox.clone());
        self.news.standing.insert(mailbox.clone(), unknown);
        self.news.due.push_back(mailbox.clone());
        self.mailboxes.push(mailbox);
        if let State::Told(_, until) = &mut self.state {
            // Whether the server tells of it is seen when it is asked again.
            *until = Instant::now();
        }
    }

    /// True where the server also tells of mailboxes that are made.
    pub fn tells_names(&self) -> bool {
        self.tells_names
    }

    /// Where the names of mailboxes may have changed, once, those of which it was
    /// told that they are there.
    pub fn take_made(&mut self) -> Option<Vec<Mailbox>> {
        self.news.made.take()
    }

    /// Looks out for it no longer.
    pub fn give_up(&mut self, mailbox: &Mailbox) {
        self.mailboxes.retain(|known| known != mailbox);
        self.news.standing.remove(mailbox);
        self.news.due.retain(|known| known != mailbox);
    }

    /// Puts up with an error met while reading what was due, where a new
    /// connection may do better; everything is due again then.
    ///
    /// # Errors
    /// `error`, where it may not.
    pub fn fail(&mut self, error: Error) -> Result<()> {
        if !is_passing(&error) {
            return Err(error);
        }
        self.state = State::Away(self.backoff.next());
        Ok(())
    }

    fn step(&mut self, keeper: &Keeper<'_>) -> Result<Vec<Mailbox>> {
        let state = std::mem::replace(&mut self.state, State::Away(Instant::now()));
        let news = &mut self.news;
        let mut lease = match state {
            State::Away(at) if Instant::now() < at => {
                self.state = State::Away(at);
                return Ok(Vec::new());
            }
            State::Away(_) => {
                // Whatever happened meanwhile has to be looked for.
                let mailboxes = self.mailboxes.iter().cloned();
                news.due = mailboxes.clone().collect();
                let unknown = |mailbox: Mailbox| (mailbox.clone(), MailboxStatus::unknown(mailbox));
                news.standing = mailboxes.map(unknown).collect();
                Box::new(keeper.lease()?)
            }
            State::Told(mut lease, until) => {
                lease.notices(&mut |told| news.note(told))?;
                if Instant::now() < until {
                    self.state = State::Told(lease, until);
                    return Ok(Vec::new());
                }
                lease
            }
        };
        self.tells_names = lease.notify(&mut |told| news.note(told))?;
        // Nobody has told of those that were made before.
        news.made.get_or_insert_default();
        self.state = State::Told(lease, Instant::now() + RENEW);
        let known = self.mailboxes.iter().cloned();
        let untold: Vec<Mailbox> = known.filter(|mailbox| news.is_untold(mailbox)).collect();
        untold.iter().for_each(|mailbox| self.give_up(mailbox));
        Ok(untold)
    }
}

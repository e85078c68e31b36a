//! One signed-in connection: what can be asked of a server.
//!
//! A session opens mailboxes with EXAMINE only and has one user at a time. Its
//! first network error, timeout or interrupt makes it unusable, and every
//! later call fails at once. Messages come through a
//! [`FetchStream`](super::fetch_stream::FetchStream), sessions from a
//! [`Pool`](super::pool::Pool).

use std::ops::DerefMut;

use super::capability::Capabilities;
use super::compress;
use super::dialogue::Dialogue;
pub use super::dialogue::Examined;
use super::endpoint::Endpoint;
use super::exchange::{Ended, Exchange};
use super::follower::Follower;
use super::greeting;
use super::login::Login;
use super::mailbox::Mailbox;
use super::pace::Pace;
use super::quirks;
use super::response::Response;
use super::search::{Answer, Criteria, stretches, uid_search};
use super::search_answer::SearchAnswer;
use super::settings::Settings;
use super::sign_in::Method;
use super::status_line::Status;
use super::uid_set::UidSet;
use super::veil::Veil;
use crate::error::{Error, Result, quote};

/// A signed-in connection to a server.
pub struct Session {
    dialogue: Dialogue,
    pub(super) endpoint: Endpoint,
    pub(super) login: Login,
    capabilities: Capabilities,
    /// The mailbox that is open, with what EXAMINE said of it.
    examined: Option<(Mailbox, Examined)>,
    has_esearch: bool,
    /// Whether VANISHED is told; `None` while ENABLE may still be sent.
    qresync: Option<bool>,
    /// Whether it searches substrings, once that was asked.
    searches_substrings: Option<bool>,
    /// Whether PREVIEW gives any, once that has been found out.
    pub(super) makes_previews: Option<bool>,
    /// Whether it is told of news in other mailboxes, at any time.
    pub(super) is_notified: bool,
    /// How its server is best asked for many messages.
    pub(super) pace: Pace,
    /// The message whose answer was awaited when a fetch failed.
    pub(super) awaited: Option<u32>,
}

impl Session {
    /// Connects and signs in; where the credential is supplied and refused,
    /// once more with another, if there is one.
    ///
    /// # Errors
    /// Each step has its own sentence: a login that cannot be sent, unknown
    /// host, refused port, TLS, greeting, STARTTLS, refused login.
    pub fn open(endpoint: &Endpoint, login: &Login, settings: &Settings) -> Result<Self> {
        let once = |login: &Login| {
            login.check()?;
            Self::sign_in(greeting::open(endpoint, &login.user, settings)?, login)
        };
        let session = match once(&login.at_hand(settings)?) {
            Err(error) if error.is_refused_login() => match login.after_refusal(settings)? {
                Some(other) => once(&other),
                None => Err(error),
            },
            outcome => outcome,
        };
        Ok(Self {
            login: login.clone(),
            ..session?
        })
    }

    /// Signs in on a connection that has been greeted, with a login at hand.
    ///
    /// # Errors
    /// A login that cannot be sent, and one that is refused.
    pub(super) fn sign_in(mut exchange: Exchange, login: &Login) -> Result<Self> {
        login.check()?;
        let endpoint = exchange.wire.endpoint().clone();
        let method = Method::choose(login, &endpoint, &exchange.capabilities)?;
        let secret = login.credential.secret();
        exchange.veil = secret.map_or_else(Veil::default, |secret| Veil::over(secret.declassify()));
        let dialogue = Dialogue::sign_in(exchange, &login.user, method)?;
        greeting::ask_capabilities(&mut dialogue.exchange())?;
        dialogue.exchange().veil = Veil::default();
        compress::begin(&mut dialogue.exchange())?;
        let capabilities = dialogue.exchange().capabilities.clone();
        Ok(Self {
            dialogue,
            endpoint,
            login: login.clone(),
            has_esearch: capabilities.has("ESEARCH"),
            capabilities,
            examined: None,
            qresync: None,
            searches_substrings: None,
            makes_previews: None,
            is_notified: false,
            pace: Pace::default(),
            awaited: None,
        })
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the server can do for this user.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Alerts, warnings and unreadable responses so far, the last hundred,
    /// each one safe line of at most 200 bytes.
    pub fn remarks(&self) -> Vec<String> {
        self.dialogue
            .exchange()
            .remarks()
            .map(str::to_owned)
            .collect()
    }

    /// The limits of the statement that uses the session from now on.
    pub fn set_settings(&mut self, settings: Settings) {
        self.dialogue.exchange().wire.set_settings(settings);
    }

    /// True if another statement may use it: nothing has gone wrong, no command
    /// waits for its end, and it is not told of news.
    pub fn is_usable(&self) -> bool {
        self.dialogue.exchange().is_idle() && !self.is_notified
    }

    /// Reads what the server has sent meanwhile, without waiting, so that
    /// [`Session::is_usable`] tells whether it has closed the connection, and
    /// whether the last messages of an abandoned fetch have come anyway.
    pub(super) fn catch_up(&mut self) {
        self.dialogue.exchange().catch_up();
    }

    /// Opens a mailbox for reading; opening the one that is open brings it up
    /// to date.
    ///
    /// # Errors
    /// The server's refusal, after which no mailbox is open, or the wire's.
    pub fn examine(&mut self, mailbox: &Mailbox) -> Result<Examined> {
        let spelling = self.close_for(mailbox)?;
        let examined = self.dialogue.examine(mailbox.name(), spelling)?;
        self.examined = Some((mailbox.clone(), examined));
        Ok(examined)
    }

    /// [`Session::examine`], and with it, in one round trip, a search in the
    /// mailbox. Its outcome is `None` where it has to be made anew by
    /// [`Session::uid_search`], which tells why: it takes more than one line, or
    /// was refused, or this server is to do one thing at a time.
    ///
    /// # Errors
    /// As [`Session::examine`].
    pub fn examine_searching(
        &mut self,
        mailbox: &Mailbox,
        criteria: Criteria<'_>,
    ) -> Result<(Examined, Option<UidSet>)> {
        let answer = match self.has_esearch {
            true => Answer::Ranges,
            false => Answer::Listed,
        };
        let commands = uid_search(criteria, answer);
        let lines = commands.first().map(|c| stretches(c, &self.capabilities));
        let (1, Some([line]), false) = (commands.len(), lines.as_deref(), self.pace.is_single())
        else {
            return Ok((self.examine(mailbox)?, None));
        };
        let spelling = self.close_for(mailbox)?;
        let follower = Follower::search(line.clone());
        let (examined, follower) = self
            .dialogue
            .examine_and(mailbox.name(), spelling, follower);
        let mut found = SearchAnswer::new();
        let ended = match follower {
            Some(follower) if self.dialogue.exchange().wire.is_whole() => {
                let mut on = |response: &Response<'_>| found.take(response);
                follower.await_end(&mut self.dialogue.exchange(), &mut on)
            }
            _ => Ok(None),
        };
        let examined = examined?;
        self.examined = Some((mailbox.clone(), examined));
        let status = ended?.map(|ended| ended.status);
        // Some servers name ESEARCH and do not understand it.
        self.has_esearch &= status != Some(Status::Bad);
        let found = self.found(found, criteria);
        let found = found.filter(|_| status == Some(Status::Ok));
        Ok((examined, found))
    }

    /// Forgets the open mailbox, and gives the spelling of the one to open.
    fn close_for<'m>(&mut self, mailbox: &'m Mailbox) -> Result<&'m str> {
        self.examined = None;
        self.qresync.get_or_insert(false);
        let spelling = str::from_utf8(mailbox.spelling()).ok();
        spelling
            .filter(|text| !text.contains(char::is_control))
            .ok_or_else(|| {
                let name = quote(mailbox.name());
                Error::usage(format!(
                    "cannot examine '{name}': the server spells it in no known way"
                ))
            })
    }

    /// Leaves the open mailbox as it is, if there is one and the server has a
    /// command for that (RFC 3691).
    ///
    /// # Errors
    /// The wire's.
    pub fn unselect(&mut self) -> Result<()> {
        if self.examined.take().is_some() && self.capabilities.has("UNSELECT") {
            self.command("UNSELECT", b"UNSELECT", &mut |_| {})?;
        }
        Ok(())
    }

    /// The UIDs of the open mailbox that meet the criteria.
    ///
    /// # Errors
    /// The server's refusal, an answer that cannot be read (a part of the
    /// UIDs would pass for all), or the wire's.
    pub fn uid_search(&mut self, criteria: Criteria<'_>) -> Result<UidSet> {
        let mut is_ranges_refused = false;
        if self.has_esearch {
            match self.search(criteria, Answer::Ranges)? {
                Ok(found) => return Ok(found),
                Err(ended) if ended.status == Status::Bad => is_ranges_refused = true,
                Err(ended) => return self.refused_search(ended),
            }
        }
        match self.search(criteria, Answer::Listed)? {
            Ok(found) => {
                // Some servers name ESEARCH and do not understand it.
                self.has_esearch &= !is_ranges_refused;
                Ok(found)
            }
            Err(ended) => self.refused_search(ended),
        }
    }

    /// True where a SEARCH for a text finds every message that contains it:
    /// the server is one of those known for it, and has no index that answers
    /// instead. It is asked who it is (RFC 2971) where its greeting does not
    /// tell.
    ///
    /// # Errors
    /// The wire's.
    pub fn searches_substrings(&mut self) -> Result<bool> {
        if let Some(known) = self.searches_substrings {
            return Ok(known);
        }
        let known = !quirks::searches_an_index(&self.capabilities)
            && (quirks::searches_substrings(&self.dialogue.exchange().greeting)
                || quirks::searches_substrings(&self.identity()?));
        self.searches_substrings = Some(known);
        Ok(known)
    }

    /// True where SEARCH goes by other sizes than FETCH tells.
    pub fn miscounts_sizes(&self) -> bool {
        quirks::miscounts_sizes(&self.dialogue.exchange().greeting)
    }

    /// True where SEARCH takes the Date header of some messages for another day's.
    pub fn misreads_dates(&self) -> bool {
        quirks::misreads_dates(&self.dialogue.exchange().greeting)
    }

    /// What the server says it is; nothing where it has no ID.
    fn identity(&mut self) -> Result<String> {
        let mut identity = String::new();
        if self.capabilities.has("ID") {
            let mut exchange = self.dialogue.exchange();
            exchange.command("ID", b"ID NIL", &mut |response| {
                if let Response::Id(line) = response {
                    identity = String::from_utf8_lossy(line).into_owned();
                }
            })?;
        }
        Ok(identity)
    }

    fn refused_search(&self, ended: Ended) -> Result<UidSet> {
        ended.accepted(|| format!("cannot search '{}'", self.open_name()))?;
        Ok(UidSet::new())
    }

    fn search(
        &mut self,
        criteria: Criteria<'_>,
        answer: Answer,
    ) -> Result<std::result::Result<UidSet, Ended>> {
        let mut found = SearchAnswer::new();
        for command in uid_search(criteria, answer) {
            let command = stretches(&command, &self.capabilities);
            let mut exchange = self.dialogue.exchange();
            let mut on = |response: &Response<'_>| found.take(response);
            let ended = exchange.command_in_stretches("UID SEARCH", &command, &mut on)?;
            if ended.status != Status::Ok {
                return Ok(Err(ended));
            }
        }
        self.found(found, criteria).map(Ok).ok_or_else(|| {
            let name = self.open_name();
            Error::misbehaved(format!(
                "cannot search '{name}': the server's answer cannot be read"
            ))
        })
    }

    /// What was found; `None` where the answer cannot be read, or was none.
    fn found(&self, answer: SearchAnswer, criteria: Criteria<'_>) -> Option<UidSet> {
        let exists = self
            .examined
            .as_ref()
            .map_or(0, |(_, examined)| examined.exists);
        let is_silent = !answer.is_answered && criteria == Criteria::All && exists > 0;
        answer.into_uids().filter(|_| !is_silent)
    }

    /// Sends a command of another file of this module and waits for its end.
    pub(super) fn command(
        &mut self,
        verb: &str,
        command: &[u8],
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Ended> {
        self.dialogue.exchange().command(verb, command, on)
    }

    /// Asks whether the server is still there.
    ///
    /// # Errors
    /// The wire's.
    pub fn noop(&mut self) -> Result<()> {
        self.dialogue.noop()
    }

    /// Takes leave and closes, within the limits of the session's settings.
    pub fn logout(self) {
        self.dialogue.logout();
    }

    /// What is said on its connection, for commands that are in flight together.
    pub(super) fn exchange(&self) -> impl DerefMut<Target = Exchange> + '_ {
        self.dialogue.exchange()
    }

    /// True before the first mailbox is opened.
    pub(super) fn may_enable(&self) -> bool {
        self.qresync.is_none()
    }

    /// True where the server tells by VANISHED which messages are gone.
    pub(super) fn has_qresync(&self) -> bool {
        self.qresync == Some(true)
    }

    pub(super) fn set_qresync(&mut self, is_enabled: bool) {
        self.qresync = Some(is_enabled);
    }

    /// Notes that none is open any more.
    pub(super) fn forget_mailbox(&mut self) {
        self.examined = None;
    }

    /// The open mailbox, as messages name it.
    pub(super) fn open_name(&self) -> String {
        self.examined
            .as_ref()
            .map(|(mailbox, _)| quote(mailbox.name()))
            .unwrap_or_default()
    }
}

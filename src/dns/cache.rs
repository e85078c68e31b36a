//! Answers of this connection, for as long as they hold: a mailing list's mail
//! needs one lookup, not one for each message.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Answer;

/// The most answers that are kept.
const MAX_ANSWERS: usize = 1000;

/// The longest an answer is kept, whatever its zone says.
const LONGEST: Duration = Duration::from_secs(3600);

/// Answers by the servers that were asked, and the name.
#[derive(Default)]
pub(super) struct Cache(HashMap<(Vec<SocketAddr>, String), (Instant, Answer)>);

impl Cache {
    /// What is known.
    pub(super) fn find(&self, servers: &[SocketAddr], name: &str) -> Option<Answer> {
        let (until, answer) = self.0.get(&(servers.to_vec(), name.to_owned()))?;
        (Instant::now() < *until).then(|| answer.clone())
    }

    /// Keeps an answer that holds for `time`.
    pub(super) fn keep(
        &mut self,
        servers: &[SocketAddr],
        name: &str,
        answer: &Answer,
        time: Duration,
    ) {
        let now = Instant::now();
        if self.0.len() >= MAX_ANSWERS {
            self.0.retain(|_, (until, _)| now < *until);
        }
        if self.0.len() >= MAX_ANSWERS {
            self.0.clear();
        }
        let key = (servers.to_vec(), name.to_owned());
        let entry = (now + time.min(LONGEST), answer.clone());
        self.0.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_forgotten_when_they_no_longer_hold_or_are_too_many() {
        let mut cache = Cache::default();
        let minute = Duration::from_secs(60);
        cache.keep(&[], "a", &Answer::Absent, minute);
        cache.keep(&[], "b", &Answer::Absent, Duration::ZERO);
        assert_eq!(cache.find(&[], "a"), Some(Answer::Absent));
        assert_eq!(cache.find(&[], "b"), None);
        let elsewhere = [SocketAddr::from(([127, 0, 0, 1], 53))];
        assert_eq!(cache.find(&elsewhere, "a"), None);
        for number in 0..2 * MAX_ANSWERS {
            cache.keep(&[], &number.to_string(), &Answer::Absent, minute);
        }
        assert!(cache.0.len() <= MAX_ANSWERS);
    }
}

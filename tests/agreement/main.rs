//! What other libraries expect of their own test messages, compared with what
//! is read here: mime4j's descriptions, MimeKit's summaries, offsets and
//! extracted files, mail-parser's parse of its own messages.
//!
//! A difference is allowed where `reasons.rs` says who is right, and why.
//! docs/agreement.md follows from both; after a change run
//! `UPDATE_DOCS=1 cargo test --test agreement` and read the difference.

mod mail_parser;
mod mime4j;
mod mimekit;
mod outline;
mod page;
mod reasons;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use reasons::REASONS;
use support::corpus::CORPUS;
use support::skipped::skipped;

/// What was compared of one project's expectations.
pub struct Comparison {
    /// The project.
    pub project: &'static str,
    /// How many of its messages were compared.
    pub messages: usize,
    /// Each aspect, how often it was compared and how often it was the same.
    pub aspects: Vec<Aspect>,
    /// Every difference.
    pub differences: Vec<Difference>,
}

/// One thing that expectations say of messages.
pub struct Aspect {
    /// What it is: `parts`, `header`, `content`.
    pub name: &'static str,
    /// How often it was compared.
    pub compared: usize,
    /// How often it was the same.
    pub agreed: usize,
}

/// One expectation that is not met.
pub struct Difference {
    /// The message, below the corpus.
    pub message: String,
    /// The aspect.
    pub aspect: &'static str,
    /// What was expected and what is there.
    pub detail: String,
}

impl Comparison {
    fn new(project: &'static str) -> Self {
        Self {
            project,
            messages: 0,
            aspects: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// Compares one aspect of a message.
    fn check<T: PartialEq + std::fmt::Debug>(
        &mut self,
        message: &str,
        aspect: &'static str,
        theirs: &T,
        ours: &T,
    ) {
        let at = match self.aspects.iter().position(|known| known.name == aspect) {
            Some(at) => at,
            None => {
                self.aspects.push(Aspect {
                    name: aspect,
                    compared: 0,
                    agreed: 0,
                });
                self.aspects.len() - 1
            }
        };
        self.aspects[at].compared += 1;
        if theirs == ours {
            self.aspects[at].agreed += 1;
            return;
        }
        self.differences.push(Difference {
            message: message.to_owned(),
            aspect,
            detail: format!("theirs {theirs:.300?}, ours {ours:.300?}"),
        });
    }
}

/// The content of a file of the corpus.
pub fn file(name: &str) -> Option<&'static [u8]> {
    let at = CORPUS.binary_search_by(|(known, _)| known.as_str().cmp(name));
    at.ok().map(|at| CORPUS[at].1.as_slice())
}

#[test]
fn every_difference_has_a_reason_and_every_reason_a_difference() {
    if CORPUS.is_empty() {
        skipped("agreement: THE CORPUS IS ABSENT, nothing was compared");
        return;
    }
    let comparisons = [
        mime4j::compare(),
        mimekit::compare(),
        mail_parser::compare(),
    ];
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for difference in comparisons.iter().flat_map(|c| &c.differences) {
        let Difference {
            message,
            aspect,
            detail,
        } = difference;
        match REASONS
            .iter()
            .position(|reason| reason.covers(message, aspect))
        {
            Some(at) => {
                used.insert(at);
            }
            None => unexplained.push(format!("{message}: {aspect}: {detail}")),
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (at, reason) in REASONS.iter().enumerate() {
        assert!(
            used.contains(&at),
            "there is no such difference: {reason:?}"
        );
    }
    page::hold(&comparisons);
}

//! A message whose FETCH the server refuses, asked for item by item: what the
//! server gives of it is kept, and of the rest its reason.
//!
//! A flight takes a message apart once it has asked for it alone. Servers
//! refuse so what they cannot read or convert (Exchange: "could not be
//! converted to an RFC-822 compatible format"), and mostly give the flags.

use std::collections::VecDeque;

use super::items::{Item, Items};
use super::message::{Message, Refusal};

/// A message that is being taken apart.
pub(super) struct Apart {
    message: Message,
    /// What is still to be asked for, one command each.
    parts: VecDeque<Items>,
    /// True once the command at hand has been answered.
    is_answered: bool,
    /// True once any of them has been.
    is_there: bool,
}

/// What has become of it.
pub(super) enum Outcome {
    /// This is what the server gives of it.
    Some(Box<Message>),
    /// The server refuses everything of it.
    Nothing(Box<Message>),
    /// The server refuses nothing and tells nothing: it is gone.
    Gone,
}

impl Apart {
    /// A message, as far as it is known, of which `items` were refused.
    pub(super) fn new(known: Message, items: &Items, answer: &str) -> Self {
        let mut apart = Self {
            message: known,
            parts: items.apart().into(),
            is_answered: false,
            is_there: false,
        };
        if let [item] = items.each() {
            apart.note(item, answer);
        }
        apart
    }

    /// True if it is this message.
    pub(super) fn is(&self, uid: u32) -> bool {
        self.message.uid == uid
    }

    /// What to ask for now.
    pub(super) fn next(&self) -> Option<(u32, &Items)> {
        Some((self.message.uid, self.parts.front()?))
    }

    /// Takes an answer of the server about it.
    pub(super) fn take(&mut self, mut answered: Message) {
        if let Some(items) = self.parts.front() {
            items.keep_in(&mut answered);
        }
        self.is_answered = true;
        self.message.merge(answered);
    }

    /// Notes that the command at hand was carried out; what has become of the
    /// message, once that is known.
    pub(super) fn carried_out(&mut self) -> Option<Outcome> {
        if !self.is_answered {
            return Some(Outcome::Gone);
        }
        self.is_there = true;
        self.parts.pop_front();
        self.outcome()
    }

    /// Notes that it was refused; likewise.
    pub(super) fn refused(&mut self, answer: &str) -> Option<Outcome> {
        if let Some(items) = self.parts.pop_front() {
            match items.each() {
                [item] => {
                    self.note(item, answer);
                    self.parts.extend(items.instead());
                }
                several => {
                    let each = several.iter().rev();
                    let each = each.map(|item| Items::known(vec![item.clone()]));
                    each.for_each(|items| self.parts.push_front(items));
                }
            }
        }
        self.outcome()
    }

    /// What has become of it, where there is no more to ask for.
    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        self.is_answered = false;
        if !self.parts.is_empty() {
            return None;
        }
        let message = Box::new(std::mem::take(&mut self.message));
        Some(if self.is_there {
            Outcome::Some(message)
        } else {
            Outcome::Nothing(message)
        })
    }

    fn note(&mut self, item: &Item, answer: &str) {
        self.message.refusals.push(Refusal {
            item: item.to_string(),
            answer: answer.to_owned(),
        });
    }
}

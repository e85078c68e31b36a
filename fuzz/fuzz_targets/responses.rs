//! Whole IMAP responses: whatever a server says, it is read within its frame
//! and what is read of it can be said again.

#![no_main]

use std::collections::HashSet;

use imap0::imap::fetched::Fetched;
use imap0::imap::frame::{Framer, Limits, Progress};
use imap0::imap::internal_date::internal_date;
use imap0::imap::response::{Response, parse};
use imap0::imap::status_line::StatusLine;
use imap0::imap::{Mailbox, UidSet};
use libfuzzer_sys::fuzz_target;

fn assert_set(set: &UidSet) {
    let text = set.to_string();
    let again = UidSet::parse(text.as_bytes());
    assert_eq!(again.as_ref(), (!set.is_empty()).then_some(set));
    assert!(set.first() <= set.last() && !set.contains(0));
}

fn assert_mailbox(mailbox: &Mailbox) {
    assert!(!mailbox.name().chars().any(char::is_control));
    if let Ok(again) = Mailbox::from_name(mailbox.name()) {
        assert_eq!(again, *mailbox);
    }
}

fn assert_status(status: &StatusLine<'_>) {
    let answer = status.answer();
    assert!(answer.starts_with(status.status.word()));
    assert!(!answer.chars().any(char::is_control), "{answer:?}");
    assert!(status.said().ends_with(status.text));
    if let Some(code) = status.code {
        assert!(code.name.len() + code.argument.len() <= status.said().len());
        code.capabilities();
        code.number();
    }
}

fn assert_fetched(fetched: &Fetched<'_>, response: &[u8]) {
    assert_ne!(fetched.uid, Some(0));
    let mut sum = 0;
    for section in &fetched.sections {
        let content = section.content.as_deref().unwrap_or_default();
        if let Some(range) = section.range_in(response) {
            assert_eq!(&response[range], content);
        }
        sum += section.name.len() + content.len();
    }
    // Sections do not overlap.
    assert!(sum <= response.len());
    if let Some(date) = &fetched.internal_date {
        internal_date(date);
    }
    let Some(structure) = &fetched.structure else {
        return;
    };
    let mut names = HashSet::new();
    for part in structure.parts() {
        assert!(names.insert(&part.section), "{} twice", part.section);
        assert!(part.is_multipart() || part.media_type == "message" || part.parts.is_empty());
    }
    assert!(names.len() <= response.len());
}

fn assert_response(bytes: &[u8]) {
    let response = parse(bytes);
    // What has come behind a response is none of its business.
    let longer = [bytes, b"* 2 EXISTS {9}\r\n\"("].concat();
    assert_eq!(parse(&longer), response);
    match &response {
        Response::Esearch(answer) => answer.all.iter().for_each(assert_set),
        Response::Fetch(fetched) => assert_fetched(fetched, bytes),
        Response::List(listed) => {
            assert_mailbox(&listed.mailbox);
            listed.is_selectable();
        }
        Response::MailboxStatus(status) => assert_mailbox(&status.mailbox),
        Response::Search(found) => assert_set(found),
        Response::Status(status) | Response::Tagged { status, .. } => assert_status(status),
        Response::Vanished { uids, .. } => assert_set(uids),
        _ => {}
    }
}

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let mut framer = Framer::new(Limits::default());
    while let Ok(Progress::Complete(length)) = framer.advance(rest) {
        let (response, after) = rest.split_at(length);
        assert_response(response);
        (rest, framer) = (after, Framer::new(Limits::default()));
    }
    // No frame at all: nothing is promised but an end.
    parse(rest);
});

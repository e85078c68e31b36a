//! One FETCH response: what a server says of one message (RFC 9051 section
//! 7.5.2).
//!
//! The fetch stream turns it into rows. Contents are slices of the response:
//! a message in a literal is never copied, and [`Section::range_in`] tells its
//! place to whoever owns the buffer. What it means is not known here.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::quote_bytes;

use super::extra::Extra;
use super::flags::Flags;
use super::structure::Structure;
use super::token::{Reader, Upper, range_of};

/// The items of one message that were sent, in whatever order; unknown ones
/// were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched<'a> {
    /// The sequence number: good for nothing but telling responses apart.
    pub sequence: u32,
    /// UID. A response without one was not asked for.
    pub uid: Option<u32>,
    /// FLAGS.
    pub flags: Option<Flags>,
    /// INTERNALDATE as sent; see [`internal_date`](super::internal_date::internal_date).
    pub internal_date: Option<Cow<'a, [u8]>>,
    /// RFC822.SIZE in bytes.
    pub size: Option<u64>,
    /// MODSEQ (RFC 7162).
    pub modseq: Option<u64>,
    /// The items of extensions, each with its words; None for NIL.
    pub extras: Vec<(Extra, Option<Vec<String>>)>,
    /// BODYSTRUCTURE, or the BODY that is it without extensions.
    pub structure: Option<Box<Structure>>,
    /// BODY[...], BINARY[...] and the RFC822 items, which are sections too.
    pub sections: Vec<Section<'a>>,
    /// What could not be read, one sentence each: `UID is no number: 'x'`.
    pub problems: Vec<String>,
}

/// The content of a section of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// What stands between the brackets, as echoed: `` (the whole message),
    /// `HEADER`, `HEADER.FIELDS (SUBJECT)`, `1.2`, `1.2.MIME`.
    pub name: &'a [u8],
    /// True for BINARY, whose transfer encoding the server has undone.
    pub decoded: bool,
    /// Where the content begins, if only a part of it was asked for.
    pub origin: Option<u64>,
    /// The bytes; None for NIL, which says that the server has none.
    pub content: Option<Cow<'a, [u8]>>,
}

/// Sections and problems of one response, more than any request makes.
const MOST: usize = 1_000;

impl<'a> Fetched<'a> {
    /// Reads the list after FETCH; never fails, whatever is in it.
    ///
    /// ```text
    /// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP ...) ")"
    /// ```
    pub(super) fn read(sequence: u32, reader: &mut Reader<'a>) -> Self {
        let mut fetched = Self {
            sequence,
            ..Self::default()
        };
        reader.enter_list();
        while reader.has_value() {
            let name = reader.item_name();
            let section = reader.section();
            match section {
                Some(section) => fetched.read_section(name, section, reader),
                None => fetched.read_item(name, reader),
            }
        }
        fetched
    }

    /// The whole message, from BODY[] or RFC822.
    pub fn body(&self) -> Option<&Section<'a>> {
        self.section("")
    }

    /// The header, from `BODY[HEADER]` or RFC822.HEADER.
    pub fn header(&self) -> Option<&Section<'a>> {
        self.section("HEADER")
    }

    /// The header fields asked for, from BODY[HEADER.FIELDS (...)], however
    /// the server echoes their names.
    pub fn header_fields(&self) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| {
            let word = section.name.split(|byte| b" (".contains(byte)).next();
            word.is_some_and(|word| word.eq_ignore_ascii_case(b"HEADER.FIELDS"))
        })
    }

    /// The section of this name: `1.2`, `1.2.MIME`, `TEXT`; in any case.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        let mut sections = self.sections.iter();
        sections.find(|section| section.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn read_section(&mut self, item: &[u8], name: &'a [u8], reader: &mut Reader<'a>) {
        let origin = reader.origin();
        if item.eq_ignore_ascii_case(b"BINARY.SIZE") {
            reader.skip_value();
            return;
        }
        let decoded = Upper::of(item).starts_with(b"BINARY");
        self.add_section(
            Section {
                name: name.trim_ascii(),
                decoded,
                origin,
                content: None,
            },
            reader,
        );
    }

    fn add_section(&mut self, section: Section<'a>, reader: &mut Reader<'a>) {
        let content = reader.string();
        if self.sections.len() < MOST {
            self.sections.push(Section { content, ..section });
        }
    }

    fn read_item(&mut self, name: &'a [u8], reader: &mut Reader<'a>) {
        let whole = |name| Section {
            name,
            decoded: false,
            origin: None,
            content: None,
        };
        match &*Upper::of(name) {
            b"UID" => {
                let uid = self.number("UID", reader).map(u32::try_from);
                self.uid = uid.and_then(Result::ok).filter(|&uid| uid > 0);
            }
            b"FLAGS" => self.flags = Flags::read(reader),
            b"INTERNALDATE" => self.internal_date = reader.string(),
            b"RFC822.SIZE" => self.size = self.number("RFC822.SIZE", reader),
            b"MODSEQ" => {
                let listed = reader.enter_list();
                self.modseq = self.number("MODSEQ", reader);
                if listed {
                    reader.leave_list();
                }
            }
            b"BODYSTRUCTURE" | b"BODY" => {
                self.structure = Structure::read(reader).or(self.structure.take());
            }
            b"RFC822" => self.add_section(whole(b""), reader),
            b"RFC822.HEADER" => self.add_section(whole(b"HEADER"), reader),
            b"RFC822.TEXT" => self.add_section(whole(b"TEXT"), reader),
            // A second value of an item before, and no name.
            [first, ..] if !first.is_ascii_alphabetic() => {}
            name => match Extra::named(name) {
                Some(extra) if self.extras.len() < MOST => {
                    self.extras.push((extra, extra.read(reader)));
                }
                _ => reader.skip_value(),
            },
        }
    }

    fn number(&mut self, item: &str, reader: &mut Reader<'a>) -> Option<u64> {
        let value = reader.string();
        let number = value.as_deref().and_then(super::token::number);
        if number.is_none() && self.problems.len() < MOST {
            let value = quote_bytes(&value.unwrap_or(Cow::Borrowed(b"NIL")));
            self.problems
                .push(format!("{item} is no number: '{value}'"));
        }
        number
    }
}

impl Section<'_> {
    /// Where in `response`, the bytes that were parsed, the content lies. None
    /// where there is none, or where it was quoted with escapes and is a copy.
    pub fn range_in(&self, response: &[u8]) -> Option<Range<usize>> {
        match self.content.as_ref()? {
            Cow::Borrowed(content) => range_of(response, content),
            Cow::Owned(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::frame::{Framer, Limits, Progress};
    use proptest::prelude::*;

    fn read(list: &[u8]) -> Fetched<'_> {
        Fetched::read(1, &mut Reader::new(list))
    }

    fn content<'a>(section: Option<&'a Section<'_>>) -> Option<&'a [u8]> {
        section?.content.as_deref()
    }

    #[test]
    fn items_are_read_in_any_order_and_spacing() {
        let fetched = read(
            b"(BODY[] {13}\r\na)\r\n UID 99\r\n  FLAGS (\\Seen $Junk)RFC822.SIZE 5000000000 \
              INTERNALDATE \" 1-Jan-2024 00:00:00 +0000\" MODSEQ (12121231000) UID 7)\r\n",
        );
        assert_eq!(
            (fetched.uid, fetched.size, fetched.modseq),
            (Some(7), Some(5_000_000_000), Some(12_121_231_000))
        );
        assert_eq!(content(fetched.body()), Some(&b"a)\r\n UID 99\r\n"[..]));
        assert!(fetched.flags.unwrap().has("\\Seen"));
        assert_eq!(
            fetched.internal_date.as_deref(),
            Some(&b" 1-Jan-2024 00:00:00 +0000"[..])
        );
        assert_eq!(fetched.problems, [""; 0]);
    }

    #[test]
    fn unknown_items_are_passed_over() {
        let fetched = read(
            b"(X-ODD-LABELS (\"\\\\Inbox\" {3}\r\n)(\" X) X-BAR 1 2 -3 X-FOO {4}\r\nUID  \
              SAVEDATE \" 1-Jan-2024 00:00:00 +0000\" BINARY.SIZE[1] 7 \
              ENVELOPE (NIL \"caf\xe9\" ((NIL NIL \"a\" \"b\"))) \"stray\" UID 9)",
        );
        assert_eq!((fetched.uid, fetched.sections.len()), (Some(9), 0));
    }

    #[test]
    fn items_of_extensions_are_words() {
        let fetched =
            read(b"(X-GM-LABELS (\"\\\\Inbox\" x) x-gm-msgid 7 PREVIEW NIL EMAILID (M1) UID 9)");
        let words = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(
            fetched.extras,
            [
                (Extra::GmLabels, words(&["\\Inbox", "x"])),
                (Extra::GmMsgid, words(&["7"])),
                (Extra::Preview, None),
                (Extra::EmailId, words(&["M1"])),
            ]
        );
        assert_eq!(fetched.uid, Some(9));
    }

    #[test]
    fn sections_are_found_however_they_are_echoed() {
        let fetched = read(
            b"(BODY[header.fields (\"SUBJECT\" \"X]\")] {3}\r\nS:\n UID 2 \
              BODY[1.2]<0> \"q \\\"x\\\"\" \
              BODY[HEADER.FIELDS.NOT (A)] \"no\" BINARY[3] ~{2}\r\n\0\n BODY.PEEK[4.MIME] NIL)",
        );
        assert_eq!(content(fetched.header_fields()), Some(&b"S:\n"[..]));
        let part = fetched.section("1.2").unwrap();
        assert_eq!(
            (part.origin, part.content.as_deref()),
            (Some(0), Some(&b"q \"x\""[..]))
        );
        let binary = fetched.section("3").unwrap();
        assert!(binary.decoded && binary.content.as_deref() == Some(b"\0\n"));
        assert_eq!(
            fetched.section("4.mime").map(|section| &section.content),
            Some(&None)
        );
        assert_eq!(
            (fetched.uid, fetched.body(), fetched.header()),
            (Some(2), None, None)
        );
    }

    #[test]
    fn old_items_are_sections_too() {
        let fetched = read(b"(RFC822.HEADER {2}\r\nh\n RFC822.TEXT \"t\" RFC822 NIL)");
        assert_eq!(content(fetched.header()), Some(&b"h\n"[..]));
        assert_eq!(content(fetched.section("TEXT")), Some(&b"t"[..]));
        assert!(fetched.body().is_some_and(|body| body.content.is_none()));
    }

    #[test]
    fn a_message_is_a_place_in_the_response_not_a_copy() {
        let response =
            b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello BODY[TEXT] \"a\\\"\" BODY[1] \"ab\")\r\n";
        let fetched = Fetched::read(1, &mut Reader::new(&response[10..]));
        let range = fetched.body().unwrap().range_in(response).unwrap();
        assert_eq!(&response[range], b"hello");
        assert_eq!(fetched.section("TEXT").unwrap().range_in(response), None);
        assert_eq!(
            fetched
                .section("1")
                .unwrap()
                .range_in(response)
                .map(|range| range.len()),
            Some(2)
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let fetched = read(b"(UID x RFC822.SIZE -1 MODSEQ NIL FLAGS NIL BODYSTRUCTURE NIL");
        assert_eq!(
            fetched.problems,
            [
                "UID is no number: 'x'",
                "RFC822.SIZE is no number: '-1'",
                "MODSEQ is no number: 'NIL'"
            ]
        );
        assert_eq!(
            (fetched.uid, fetched.flags, fetched.structure),
            (None, None, None)
        );
    }

    #[test]
    fn both_forms_of_structure_are_taken() {
        for list in [
            &b"(BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1) UID 4)"[..],
            b"(BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1) UID 4)",
        ] {
            let fetched = read(list);
            assert_eq!(
                (
                    fetched.uid,
                    fetched.structure.unwrap().root.section.as_str()
                ),
                (Some(4), "1")
            );
        }
    }

    proptest! {
        #[test]
        fn bodies_come_through_byte_for_byte(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            header in "[ -~\r\n{}0-9]{0,40}",
            cuts in proptest::collection::vec(1usize..50, 0..50),
        ) {
            let mut response = format!(
                "* 5 FETCH (UID 7 BODY[HEADER] {{{}}}\r\n{header} BODY[] ~{{{}}}\r\n",
                header.len(),
                body.len()
            )
            .into_bytes();
            response.extend_from_slice(&body);
            response.extend_from_slice(b" FLAGS (\\Seen))\r\n* 6 EXISTS\r\n");
            let mut framer = Framer::new(Limits::default());
            let mut ends = cuts.iter().scan(0, |end, cut| { *end += cut; Some(*end) });
            let length = loop {
                let end = ends.next().unwrap_or(response.len()).min(response.len());
                if let Progress::Complete(length) = framer.advance(&response[..end]).unwrap() {
                    break length;
                }
            };
            prop_assert_eq!(&response[length..], b"* 6 EXISTS\r\n");
            let fetched = Fetched::read(5, &mut Reader::new(&response[b"* 5 FETCH".len()..length]));
            prop_assert_eq!(content(fetched.body()), Some(&*body));
            prop_assert_eq!(content(fetched.header()), Some(header.as_bytes()));
            prop_assert!(fetched.uid == Some(7) && fetched.flags.is_some());
            if body.len() > header.len() {
                let place = fetched.section("").and_then(|body| body.range_in(&response));
                prop_assert_eq!(place.map(|place| &response[place]), Some(&*body));
            }
        }
    }
}

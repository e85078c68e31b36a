//! One response of a server, taken apart (RFC 9051 section 7).
//!
//! The session asks [`parse`] what it has read and acts on the answer. Parsing
//! is total: whatever a server sends gives a [`Response`], at worst
//! [`Response::Other`], which is recorded and passed over.

use super::capability::Capabilities;
use super::fetched::Fetched;
use super::flags::Flags;
use super::listed::Listed;
use super::mailbox_status::MailboxStatus;
use super::status_line::{Status, StatusLine};
use super::token::{Reader, Upper};
use super::uid_set::UidSet;

/// What a response is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response<'a> {
    /// `* CAPABILITY ...`
    Capability(Capabilities),
    /// `+ ...`: the server waits for the rest of a command. The text, trimmed.
    Continuation(&'a [u8]),
    /// `* ESEARCH ...` (RFC 4731).
    Esearch(Esearch<'a>),
    /// `* n EXISTS`: how many messages the mailbox holds.
    Exists(u32),
    /// `* n EXPUNGE`: the message of this sequence number is gone.
    Expunge(u32),
    /// `* n FETCH (...)`.
    Fetch(Fetched<'a>),
    /// `* FLAGS (...)`: the flags of the mailbox.
    Flags(Flags),
    /// `* ID ...` (RFC 2971): what the server says it is, on one line.
    Id(&'a [u8]),
    /// `* LIST ...`.
    List(Listed),
    /// `* STATUS ...`.
    MailboxStatus(MailboxStatus),
    /// Anything else: the first line, without its end.
    Other(&'a [u8]),
    /// `* n RECENT`.
    Recent(u32),
    /// `* SEARCH ...`: sequence numbers or UIDs, as the command asked; a
    /// trailing `(MODSEQ n)` is passed over.
    Search(UidSet),
    /// An untagged status response, the greeting and BYE among them.
    Status(StatusLine<'a>),
    /// The end of the command of this tag: OK, NO or BAD.
    Tagged {
        /// The tag as the server repeats it.
        tag: &'a [u8],
        /// How the command ended.
        status: StatusLine<'a>,
    },
    /// `* VANISHED ...` (RFC 7162): messages that are gone.
    Vanished {
        /// True where they went before the mailbox was opened.
        earlier: bool,
        /// Their UIDs.
        uids: UidSet,
    },
}

/// The answer to a SEARCH that asked for `RETURN`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Esearch<'a> {
    /// The tag of the command answered.
    pub tag: Option<&'a [u8]>,
    /// True where the numbers are UIDs.
    pub uid: bool,
    /// What was found; None means nothing was, if ALL was asked for.
    pub all: Option<UidSet>,
    /// The smallest one found.
    pub min: Option<u32>,
    /// The largest one found.
    pub max: Option<u32>,
    /// How many were found.
    pub count: Option<u64>,
    /// The highest mod-sequence among them.
    pub modseq: Option<u64>,
}

/// Takes apart one response, as [`Framer`](super::frame::Framer) delimits them.
pub fn parse(response: &[u8]) -> Response<'_> {
    let parsed = match response {
        [b'+', rest @ ..] => Some(Response::Continuation(Reader::new(rest).line())),
        [b'*', rest @ ..] => untagged(Reader::new(rest)),
        _ => tagged(Reader::new(response)),
    };
    parsed.unwrap_or_else(|| Response::Other(Reader::new(response).line()))
}

fn tagged(mut reader: Reader<'_>) -> Option<Response<'_>> {
    let tag = reader.item_name();
    let status = Status::from_word(reader.item_name())
        .filter(|status| matches!(status, Status::Ok | Status::No | Status::Bad))?;
    let status = StatusLine::parse(status, reader.line());
    (!tag.is_empty()).then_some(Response::Tagged { tag, status })
}

fn untagged(mut reader: Reader<'_>) -> Option<Response<'_>> {
    let word = reader.item_name();
    if let Some(number) = super::token::number(word) {
        return numbered(u32::try_from(number).ok()?, reader);
    }
    if let Some(status) = Status::from_word(word) {
        return Some(Response::Status(StatusLine::parse(status, reader.line())));
    }
    match &*Upper::of(word) {
        b"CAPABILITY" => Some(Response::Capability(Capabilities::parse(reader.line()))),
        b"ESEARCH" => esearch(reader).map(Response::Esearch),
        b"FLAGS" => Flags::read(&mut reader).map(Response::Flags),
        b"ID" => Some(Response::Id(reader.line())),
        b"LIST" => Listed::read(&mut reader).map(Response::List),
        b"SEARCH" => search(reader).map(Response::Search),
        b"STATUS" => MailboxStatus::read(&mut reader).map(Response::MailboxStatus),
        b"VANISHED" => vanished(reader),
        _ => None,
    }
}

fn numbered(number: u32, mut reader: Reader<'_>) -> Option<Response<'_>> {
    match &*Upper::of(reader.item_name()) {
        b"EXISTS" => Some(Response::Exists(number)),
        b"EXPUNGE" => Some(Response::Expunge(number)),
        b"FETCH" => Some(Response::Fetch(Fetched::read(number, &mut reader))),
        b"RECENT" => Some(Response::Recent(number)),
        _ => None,
    }
}

/// ```text
/// mailbox-data =/ "SEARCH" [1*(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]]
/// ```
/// None where a number cannot be read: a set with messages missing would pass
/// for the truth.
fn search(mut reader: Reader<'_>) -> Option<UidSet> {
    let mut readable = true;
    let numbers = std::iter::from_fn(|| {
        if !readable || matches!(reader.next_byte()?, b'(' | b')') {
            return None;
        }
        let number = reader
            .number()
            .and_then(|number| u32::try_from(number).ok());
        readable = number.is_some_and(|number| number > 0);
        number
    });
    let found = numbers.collect();
    readable.then_some(found)
}

/// ```text
/// esearch-response = "ESEARCH" [SP "(" "TAG" SP tag-string ")"] [SP "UID"]
///                    *(SP search-return-data)
/// ```
/// None where what was found cannot be read.
fn esearch(mut reader: Reader<'_>) -> Option<Esearch<'_>> {
    let mut answer = Esearch::default();
    if reader.enter_list() {
        if reader.item_name().eq_ignore_ascii_case(b"TAG") {
            answer.tag = reader.bytes();
        }
        reader.leave_list();
    }
    while reader.has_value() {
        let narrow = |reader: &mut Reader<'_>| u32::try_from(reader.number()?).ok();
        match &*reader.string().unwrap_or_default().to_ascii_uppercase() {
            b"UID" => answer.uid = true,
            b"ALL" => {
                let found = reader.string().filter(|found| !found.is_empty());
                answer.all = found
                    .map(|found| UidSet::parse(&found).ok_or(()))
                    .transpose()
                    .ok()?;
            }
            b"MIN" => answer.min = narrow(&mut reader),
            b"MAX" => answer.max = narrow(&mut reader),
            b"COUNT" => answer.count = reader.number(),
            b"MODSEQ" => answer.modseq = reader.number(),
            _ => reader.skip_value(),
        }
    }
    Some(answer)
}

fn vanished(mut reader: Reader<'_>) -> Option<Response<'_>> {
    let earlier = reader.next_byte() == Some(b'(');
    if earlier {
        reader.skip_value();
    }
    let uids = UidSet::parse(&reader.string()?)?;
    Some(Response::Vanished { earlier, uids })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(text: &str) -> UidSet {
        UidSet::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn statuses_are_told_from_data() {
        let Response::Tagged { tag, status } = parse(b"x1 NO [NONEXISTENT] gone {5}\r\n") else {
            panic!("not tagged")
        };
        assert_eq!(
            (tag, status.answer().as_str()),
            (&b"x1"[..], "NO [NONEXISTENT] gone {5}")
        );
        let Response::Status(bye) = parse(b"*  bye too many connections\n") else {
            panic!("not a status")
        };
        assert_eq!(bye.answer(), "BYE too many connections");
        assert_eq!(
            parse(b"+ go on {3}\r\n"),
            Response::Continuation(b"go on {3}")
        );
        assert_eq!(parse(b"+\r\n"), Response::Continuation(b""));
        assert_eq!(parse(b"x1 BYE\r\n"), Response::Other(b"x1 BYE"));
    }

    #[test]
    fn mailbox_data_is_read_in_any_case_and_spacing() {
        assert_eq!(parse(b"*  23  exists\r\n"), Response::Exists(23));
        assert_eq!(parse(b"* 4 EXPUNGE\r\n"), Response::Expunge(4));
        assert_eq!(parse(b"* 1 RECENT\r\n"), Response::Recent(1));
        let Response::Capability(capabilities) = parse(b"* CAPABILITY IMAP4rev1 ESEARCH\r\n")
        else {
            panic!("no capabilities")
        };
        assert!(capabilities.has("ESEARCH"));
        assert!(matches!(
            parse(b"* LIST () \"/\" INBOX\r\n"),
            Response::List(_)
        ));
        assert!(matches!(
            parse(b"* STATUS INBOX ()\r\n"),
            Response::MailboxStatus(_)
        ));
        assert!(matches!(parse(b"* FLAGS (\\Seen)\r\n"), Response::Flags(_)));
        let vanished = Response::Vanished {
            earlier: true,
            uids: set("1:3,9"),
        };
        assert_eq!(parse(b"* VANISHED (EARLIER) 9,1:3\r\n"), vanished);
    }

    #[test]
    fn searches_give_sets() {
        assert_eq!(
            parse(b"* SEARCH 5 1 2 (MODSEQ 9)\r\n"),
            Response::Search(set("1:2,5"))
        );
        assert_eq!(parse(b"* SEARCH\r\n"), Response::Search(UidSet::new()));
        let Response::Esearch(answer) = parse(
            b"* ESEARCH (TAG \"x7\") UID ALL 1:4000000000 COUNT 4000000000 X (1 2) MAX 9\r\n",
        ) else {
            panic!("no answer")
        };
        assert_eq!((answer.tag, answer.uid), (Some(&b"x7"[..]), true));
        assert_eq!(answer.all, Some(set("1:4000000000")));
        assert_eq!(
            (answer.count, answer.max, answer.min),
            (Some(4_000_000_000), Some(9), None)
        );
        let nothing = Esearch {
            tag: Some(b"x1"),
            uid: true,
            ..Esearch::default()
        };
        assert_eq!(
            parse(b"* ESEARCH (TAG x1) UID\r\n"),
            Response::Esearch(nothing)
        );
    }

    #[test]
    fn a_search_that_cannot_be_read_in_full_is_none() {
        for line in [
            "* SEARCH 1 x 2",
            "* SEARCH 4294967296",
            "* ESEARCH UID ALL 1:*",
            "* SEARCH 0",
        ] {
            assert_eq!(
                parse(line.as_bytes()),
                Response::Other(line.as_bytes()),
                "{line}"
            );
        }
    }

    #[test]
    fn the_unknown_is_kept_and_never_fatal() {
        for line in [
            "* NAMESPACE ((\"\" \"/\")) NIL NIL",
            "",
            "*",
            "* ",
            "* 5",
            "* 99999999999 EXISTS",
            "* LIST",
            "* 1 BISCUIT",
            "garbage",
            "* XID NIL",
            "x1",
            " x1 OK",
        ] {
            assert!(
                matches!(
                    parse(line.as_bytes()),
                    Response::Other(_) | Response::Tagged { .. }
                ),
                "{line}"
            );
        }
    }

    /// Pieces of responses, from which arbitrary ones are put together.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let known = proptest::sample::select(vec![
            "* ",
            "x1 ",
            "+",
            "1 ",
            "FETCH ",
            "(",
            ")",
            "BODY",
            "[",
            "]",
            "<0>",
            "{3}\r\n",
            "{99}\r\n",
            "\"",
            "\\",
            " ",
            "NIL",
            "UID ",
            "FLAGS ",
            "BODYSTRUCTURE ",
            "MODSEQ",
            "LIST ",
            "STATUS ",
            "SEARCH ",
            "ESEARCH ",
            "ALL ",
            "1:*",
            "\r\n",
            "\n",
            "\"text\" ",
            "INTERNALDATE ",
            "OK ",
            "&AOQ-",
            "VANISHED ",
            "4294967295",
            "message",
            "~{0+}\r\n",
            "CAPABILITY ",
            "[UIDNEXT 3",
        ]);
        let piece = prop_oneof![
            8 => known.prop_map(|known| known.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 1..4),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_response(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            parse(&bytes);
        }

        #[test]
        fn any_fetch_like_bytes_are_some_response(bytes in pieces()) {
            parse(&bytes);
            parse(&[b"* 1 FETCH (", &*bytes].concat());
            parse(&[b"* 1 FETCH (BODYSTRUCTURE ", &*bytes].concat());
        }
    }
}

//! A question and its answer as the DNS has them (RFC 1035 section 4), by the
//! crate `domain`.

use std::str::FromStr;
use std::time::Duration;

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};
use domain::rdata::Txt;
use ring::rand::{SecureRandom, SystemRandom};

use super::Answer;
use crate::error::{Error, Result};

/// The largest answer to be sent over UDP: what crosses every network in one
/// piece (RFC 9715).
const PAYLOAD: u16 = 1232;

/// A question to be sent.
pub(super) struct Question(Message<Vec<u8>>);

/// What a server said to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The answer, and how long it holds.
    Answer(Answer, Duration),
    /// It is too long for UDP.
    Truncated,
    /// The server cannot or will not tell; its response code, `SERVFAIL`.
    Refused(String),
}

impl Question {
    /// The question for the TXT records of `name`; `None` where that is no name
    /// the DNS could have.
    ///
    /// # Errors
    /// A system that gives no random numbers.
    pub(super) fn txt(name: &str) -> Result<Option<Self>> {
        let mut id = [0; 2];
        // Whoever wants to answer instead of the server has to guess it.
        SystemRandom::new()
            .fill(&mut id)
            .map_err(|_| Error::config("cannot ask the DNS: the system has no random numbers"))?;
        Ok(Name::<Vec<u8>>::from_str(name)
            .ok()
            .and_then(|name| Self::compose(u16::from_be_bytes(id), name)))
    }

    fn compose(id: u16, name: Name<Vec<u8>>) -> Option<Self> {
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_id(id);
        builder.header_mut().set_rd(true);
        let mut builder = builder.question();
        builder.push((name, Rtype::TXT)).ok()?;
        let mut builder = builder.additional();
        builder
            .opt(|options| {
                options.set_udp_payload_size(PAYLOAD);
                Ok(())
            })
            .ok()?;
        Some(Self(builder.into_message()))
    }

    /// Its bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Reads what came in; `None` for what is no answer to this question.
    pub(super) fn reply(&self, bytes: &[u8]) -> Option<Reply> {
        let message = Message::from_octets(bytes).ok()?;
        // A refusal that leaves the question out could be anybody's.
        if !message.is_answer(&self.0) {
            return None;
        }
        if message.header().tc() {
            return Some(Reply::Truncated);
        }
        Some(match message.header().rcode() {
            Rcode::NOERROR => records(&message)
                .unwrap_or_else(|| Reply::Refused("an answer that cannot be read".to_owned())),
            Rcode::NXDOMAIN => Reply::Answer(Answer::Absent, ABSENT),
            other => Reply::Refused(other.to_string()),
        })
    }
}

/// How long a name without records stays so, whatever its zone says.
const ABSENT: Duration = Duration::from_secs(60);

/// The records of the name in the question, or of the one it is an alias of.
fn records(message: &Message<&[u8]>) -> Option<Reply> {
    let owner = message.canonical_name()?;
    let mut texts = Vec::new();
    let mut ttl = u32::MAX;
    for record in message.answer().ok()?.limit_to_in::<Txt<_>>() {
        let record = record.ok()?;
        if *record.owner() == owner {
            let text: Vec<u8> = record.data().text();
            texts.push(String::from_utf8_lossy(&text).into_owned());
            ttl = ttl.min(record.ttl().as_secs());
        }
    }
    // Servers send them in any order.
    texts.sort_unstable();
    Some(if texts.is_empty() {
        Reply::Answer(Answer::Absent, ABSENT)
    } else {
        Reply::Answer(Answer::Found(texts), Duration::from_secs(ttl.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "s._domainkey.d.example";

    fn asked(name: &str) -> Option<Question> {
        Question::txt(name).expect("random numbers")
    }

    /// The answer to a question, with the records after it as they stand.
    fn answer(question: &Question, flags: [u8; 2], records: &[&[u8]]) -> Vec<u8> {
        let asked = question.as_bytes();
        let end = asked.len() - 11;
        let count = u8::try_from(records.len()).expect("few");
        let head = [
            asked[0], asked[1], flags[0], flags[1], 0, 1, 0, count, 0, 0, 0, 0,
        ];
        [&head[..], &asked[12..end], &records.concat()].concat()
    }

    /// A TXT record of the name in the question.
    fn txt(strings: &[&[u8]]) -> Vec<u8> {
        record(
            &[0xc0, 12],
            16,
            &strings
                .iter()
                .flat_map(|text| [&[u8::try_from(text.len()).expect("short")], *text].concat())
                .collect::<Vec<_>>(),
        )
    }

    fn record(owner: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).expect("short").to_be_bytes();
        [owner, &[0, kind, 0, 1, 0, 0, 0, 9], &length, data].concat()
    }

    const SOUND: [u8; 2] = [0x81, 0x80];

    fn found(texts: &[&str]) -> Option<Reply> {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        Some(Reply::Answer(Answer::Found(texts), Duration::from_secs(9)))
    }

    #[test]
    fn the_strings_of_a_record_are_one_text() {
        let question = asked(NAME).expect("a name");
        let records = [txt(&[b"v=DKIM1; ", b"p=YQ=="]), txt(&[b"a\xff"])];
        let bytes = answer(&question, SOUND, &[&records[0], &records[1]]);
        assert_eq!(
            question.reply(&bytes),
            found(&["a\u{fffd}", "v=DKIM1; p=YQ=="])
        );
    }

    #[test]
    fn an_alias_leads_to_its_own_records_only() {
        let question = asked(NAME).expect("a name");
        let alias = record(&[0xc0, 12], 5, b"\x01x\x07example\x00");
        let own = record(b"\x01x\x07example\x00", 16, b"\x01a");
        let other = record(b"\x01y\x07example\x00", 16, b"\x01b");
        let bytes = answer(&question, SOUND, &[&alias, &other, &own]);
        assert_eq!(question.reply(&bytes), found(&["a"]));
        let alone = answer(&question, SOUND, &[&alias, &other]);
        let absent = Some(Reply::Answer(Answer::Absent, ABSENT));
        assert_eq!(question.reply(&alone), absent);
    }

    #[test]
    fn what_answers_another_question_is_no_answer() {
        let question = asked(NAME).expect("a name");
        let sound = answer(&question, SOUND, &[&txt(&[b"a"])]);
        assert_eq!(question.reply(&sound), found(&["a"]));
        let mut other_id = sound.clone();
        other_id[1] ^= 1;
        let mut other_name = sound.clone();
        other_name[13] ^= 1;
        let mut no_answer = sound.clone();
        no_answer[2] = 0x01;
        for bytes in [
            other_id,
            other_name,
            no_answer,
            sound[..11].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(question.reply(&bytes), None);
        }
    }

    #[test]
    fn refusals_and_long_answers_are_told_apart() {
        let question = asked(NAME).expect("a name");
        let told = |flags| question.reply(&answer(&question, flags, &[]));
        assert_eq!(told([0x81, 0x82]), Some(Reply::Refused("SERVFAIL".into())));
        assert_eq!(
            told([0x81, 0x83]),
            Some(Reply::Answer(Answer::Absent, ABSENT))
        );
        assert_eq!(told(SOUND), Some(Reply::Answer(Answer::Absent, ABSENT)));
        assert_eq!(told([0x83, 0x80]), Some(Reply::Truncated));
    }

    #[test]
    fn hostile_answers_are_refused() {
        let question = asked(NAME).expect("a name");
        let loops = record(&[0xc0, 12], 5, &[0xc0, 12]);
        let beyond = record(&[0xff, 0xff], 16, b"\x01a");
        let cut = record(&[0xc0, 12], 16, b"\x09a");
        for bad in [&loops, &beyond, &cut] {
            let reply = question.reply(&answer(&question, SOUND, &[bad]));
            assert!(
                matches!(reply, Some(Reply::Refused(_))),
                "{bad:?}: {reply:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_sends_is_read_without_a_panic(
            flags in any::<[u8; 2]>(),
            count in 0_u8..4,
            rest in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let question = asked(NAME).expect("a name");
            let mut bytes = answer(&question, flags, &[&rest]);
            bytes[7] = count;
            question.reply(&bytes);
            question.reply(&rest);
        }
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        let long = "a".repeat(64);
        for name in ["a..b", long.as_str(), &"a.".repeat(128)] {
            assert!(asked(name).is_none(), "{name}");
        }
    }
}

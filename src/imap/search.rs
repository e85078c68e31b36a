//! UID SEARCH commands, without tag and line end (RFC 9051 section 6.4.4).
//!
//! The session sends them and reads the answers. `RETURN ()` answers nothing
//! on several servers (MailKit issue 1177), hence always `RETURN (ALL)`.

use super::capability::Capabilities;
use super::search_key::{Key, Piece};
use super::uid_set::UidSet;

/// Which messages are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criteria<'a> {
    /// Every message of the mailbox.
    All,
    /// Those of these UIDs that exist.
    Uids(&'a UidSet),
    /// Those of these UIDs that meet all of these keys.
    Keys(&'a UidSet, &'a [Key]),
}

/// The form of answer asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `* SEARCH 1 2 3`, which every server knows.
    Listed,
    /// `* ESEARCH (TAG "x1") UID ALL 1:3`, where the server has ESEARCH (RFC 4731).
    Ranges,
}

/// Room for the UIDs of one command line, of the 4,000 bytes every server takes.
pub(super) const SET: usize = 3_900;

/// The least room for UIDs, however long the keys are.
const LEAST: usize = 400;

/// The longest text of a literal that a server with LITERAL- takes unasked.
const SHORT: usize = 4_096;

/// The commands that together look for `criteria`; none where no UID is asked
/// for. Each is at most 4,000 bytes long, unless the keys alone are longer.
pub fn uid_search(criteria: Criteria<'_>, answer: Answer) -> Vec<Vec<Piece>> {
    let verb = match answer {
        Answer::Listed => "UID SEARCH",
        Answer::Ranges => "UID SEARCH RETURN (ALL)",
    };
    let line = |text: String| Piece::Line(text.into_bytes());
    let (uids, keys) = match criteria {
        Criteria::All => (None, vec![]),
        Criteria::Uids(uids) => (Some(uids), vec![]),
        Criteria::Keys(uids, keys) => (
            Some(uids).filter(|uids| **uids != UidSet::all()),
            Key::spell(keys),
        ),
    };
    let charset = match keys.iter().any(is_eight_bit) {
        true => " CHARSET UTF-8",
        false => "",
    };
    let length: usize = keys
        .iter()
        .map(|(Piece::Line(bytes) | Piece::Literal(bytes))| bytes.len())
        .sum();
    let command = |uids: Option<UidSet>| {
        let mut command = match (uids, keys.is_empty()) {
            (None, true) => return vec![line(format!("{verb} ALL"))],
            (None, false) => vec![line(format!("{verb}{charset} "))],
            (Some(uids), true) => return vec![line(format!("{verb} UID {uids}"))],
            (Some(uids), false) => vec![line(format!("{verb}{charset} UID {uids} "))],
        };
        command.extend(keys.iter().cloned());
        command
    };
    match uids {
        None => vec![command(None)],
        Some(uids) => uids
            .chunks(u64::MAX, SET.saturating_sub(length).max(LEAST))
            .map(|chunk| command(Some(chunk)))
            .collect(),
    }
}

/// The command in the stretches that are sent one by one, each when the server
/// has asked for it; with LITERAL+ (RFC 7888) there is one.
pub fn stretches(command: &[Piece], capabilities: &Capabilities) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    let mut open = Vec::new();
    for piece in command {
        match piece {
            Piece::Line(line) => open.extend_from_slice(line),
            Piece::Literal(text) => {
                let is_taken_unasked = capabilities.has("LITERAL+")
                    || (capabilities.has("LITERAL-") && text.len() <= SHORT);
                if is_taken_unasked {
                    open.extend_from_slice(format!("{{{}+}}\r\n", text.len()).as_bytes());
                } else {
                    open.extend_from_slice(format!("{{{}}}", text.len()).as_bytes());
                    sent.push(std::mem::take(&mut open));
                }
                open.extend_from_slice(text);
            }
        }
    }
    sent.push(open);
    sent
}

fn is_eight_bit(piece: &Piece) -> bool {
    matches!(piece, Piece::Literal(text) if !text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(criteria: Criteria<'_>, answer: Answer) -> Vec<String> {
        let plus = Capabilities::parse(b"LITERAL+");
        uid_search(criteria, answer)
            .iter()
            .flat_map(|command| stretches(command, &plus))
            .map(|line| String::from_utf8(line).unwrap())
            .collect()
    }

    #[test]
    fn the_answer_asked_for_is_never_empty() {
        assert_eq!(lines(Criteria::All, Answer::Listed), ["UID SEARCH ALL"]);
        assert_eq!(
            lines(Criteria::All, Answer::Ranges),
            ["UID SEARCH RETURN (ALL) ALL"]
        );
    }

    #[test]
    fn long_sets_take_several_commands() {
        let uids: UidSet = (1_000_000_000..1_000_004_000).step_by(2).collect();
        let keys = [Key::text("SUBJECT", &"x".repeat(1_000))];
        for criteria in [Criteria::Uids(&uids), Criteria::Keys(&uids, &keys)] {
            let commands = lines(criteria, Answer::Ranges);
            assert!(commands.len() > 5 && commands.iter().all(|command| command.len() <= 4_000));
            assert!(commands[0].starts_with("UID SEARCH RETURN (ALL) UID 1000000000,1000000002,"));
        }
        assert!(lines(Criteria::Uids(&UidSet::new()), Answer::Listed).is_empty());
    }

    #[test]
    fn text_beyond_ascii_names_its_charset_and_waits_to_be_asked_for() {
        let keys = [Key::text("TEXT", "größe"), Key::plain("SEEN")];
        let all = UidSet::all();
        let criteria = Criteria::Keys(&all, &keys);
        assert_eq!(
            lines(criteria, Answer::Listed),
            ["UID SEARCH CHARSET UTF-8 TEXT {7+}\r\ngröße SEEN"]
        );
        let command = &uid_search(criteria, Answer::Listed)[0];
        let expected = ["UID SEARCH CHARSET UTF-8 TEXT {7}", "größe SEEN"];
        let waiting = stretches(command, &Capabilities::default());
        assert_eq!(waiting, expected.map(|line| line.as_bytes().to_vec()));
        let short = Capabilities::parse(b"LITERAL-");
        assert_eq!(stretches(command, &short).len(), 1);
    }
}

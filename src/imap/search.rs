//! UID SEARCH commands, without tag and line end (RFC 9051 section 6.4.4).
//!
//! The session sends them and reads the answers. `RETURN ()` answers nothing
//! on several servers (MailKit issue 1177), hence always `RETURN (ALL)`.

use super::uid_set::UidSet;

/// Which messages are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criteria<'a> {
    /// Every message of the mailbox.
    All,
    /// Those of these UIDs that exist.
    Uids(&'a UidSet),
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
const SET: usize = 3_900;

/// The commands that together look for `criteria`, each at most 4,000 bytes;
/// none where no UID is asked for.
pub fn uid_search(criteria: Criteria<'_>, answer: Answer) -> Vec<String> {
    let verb = match answer {
        Answer::Listed => "UID SEARCH",
        Answer::Ranges => "UID SEARCH RETURN (ALL)",
    };
    match criteria {
        Criteria::All => vec![format!("{verb} ALL")],
        Criteria::Uids(uids) => uids
            .chunks(u64::MAX, SET)
            .map(|chunk| format!("{verb} UID {chunk}"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_asked_for_is_never_empty() {
        assert_eq!(
            uid_search(Criteria::All, Answer::Listed),
            ["UID SEARCH ALL"]
        );
        assert_eq!(
            uid_search(Criteria::All, Answer::Ranges),
            ["UID SEARCH RETURN (ALL) ALL"]
        );
    }

    #[test]
    fn long_sets_take_several_commands() {
        let uids: UidSet = (1_000_000_000..1_000_004_000).step_by(2).collect();
        let commands = uid_search(Criteria::Uids(&uids), Answer::Ranges);
        assert!(commands.len() > 5 && commands.iter().all(|command| command.len() <= 4_000));
        assert!(commands[0].starts_with("UID SEARCH RETURN (ALL) UID 1000000000,1000000002,"));
        assert!(uid_search(Criteria::Uids(&UidSet::new()), Answer::Listed).is_empty());
    }
}

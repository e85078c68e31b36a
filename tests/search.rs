//! Servers that search in other ways than SQL means, played by a script: what
//! is asked of them, and that the rows are right all the same.

mod support;

use support::dovecot::Dovecot;
use support::mail::Mail;
use support::scripted::{Script, Scripted, THREE_MESSAGES};
use support::shell::Shell;

/// A session of `ada` on a server that greets and can do what is said.
fn signed_in(greeting: &str, capabilities: &str) -> Script {
    Script::new(&format!(
        "S: * OK [CAPABILITY IMAP4rev1] {greeting}\n\
         C: LOGIN \"ada\" \"secret\"\n\
         S: $ OK [CAPABILITY IMAP4rev1 {capabilities}] welcome\n"
    ))
}

/// Their subjects, as FETCH answers.
fn subjects(uids: &[u32]) -> Script {
    let list: Vec<String> = uids.iter().map(u32::to_string).collect();
    let set = match uids {
        [1, 2, 3] => "1:3".to_owned(),
        _ => list.join(","),
    };
    let mut script = Script::new(&format!(
        "C: UID FETCH {set} (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])"
    ));
    for uid in uids {
        let header = format!("Subject: message {uid}\r\n\r\n");
        script = script.bytes(format!(
            "* {uid} FETCH (UID {uid} BODY[HEADER.FIELDS (SUBJECT)] {{{}}}\r\n{header})\r\n",
            header.len()
        ));
    }
    script.then("S: $ OK fetched")
}

/// What the shell prints for a query on that server.
fn run(script: Script, sql: &str) -> String {
    let server = Scripted::play([script]);
    let finished = shell(&server).run(&format!("{sql};"));
    let text = finished.success().trim_end().to_owned();
    server.finish();
    text
}

/// The error of a query on that server.
fn fails(script: Script, sql: &str) -> String {
    let server = Scripted::play([script]);
    let error = shell(&server).error(&format!("{sql};"));
    server.finish();
    error
}

fn shell(server: &Scripted) -> Shell {
    Shell::new().account(server.port, "ada", "secret")
}

const BY_SUBJECT: &str = "SELECT uid FROM imap_messages() WHERE subject LIKE '%age 2'";

#[test]
fn a_server_with_an_index_is_not_asked_for_texts() {
    for capabilities in ["X-GM-EXT-1", "SEARCH=FUZZY"] {
        let script = signed_in("Dovecot ready.", capabilities)
            .then(THREE_MESSAGES)
            .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
            .join(subjects(&[1, 2, 3]));
        assert_eq!(run(script, BY_SUBJECT), "2", "{capabilities}");
    }
}

#[test]
fn a_server_nobody_knows_is_not_asked_for_texts() {
    let exchange = "The Microsoft Exchange IMAP4 service is ready.";
    let script = signed_in(exchange, "ID")
        .then(THREE_MESSAGES)
        .then(
            "C: ID NIL\nS: * ID (\"name\" \"Microsoft.Exchange.Imap4.Imap4Server\")\nS: $ OK done",
        )
        .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
        .join(subjects(&[1, 2, 3]));
    assert_eq!(run(script, BY_SUBJECT), "2");
}

#[test]
fn a_server_that_says_who_it_is_is_asked() {
    let script = signed_in("ready", "ID")
        .then(THREE_MESSAGES)
        .then("C: ID NIL\nS: * ID (\"name\" \"Cyrus IMAPD\")\nS: $ OK done")
        .then(
            "C: UID SEARCH OR (SUBJECT \"age\" SUBJECT \"2\") SUBJECT \"=?\"\n\
             S: * SEARCH 2\nS: $ OK done",
        )
        .join(subjects(&[2]));
    assert_eq!(run(script, BY_SUBJECT), "2");
}

#[test]
fn the_caller_has_the_last_word_on_trust() {
    let always = "SELECT uid FROM imap_messages WHERE subject = 'message 2' \
                  AND options = '{\"trust_search\": \"always\"}'";
    let script = signed_in("ready", "X-GM-EXT-1")
        .then(THREE_MESSAGES)
        .then(
            "C: UID SEARCH OR (SUBJECT \"message\" SUBJECT \"2\") SUBJECT \"=?\"\n\
             S: * SEARCH 2\nS: $ OK done",
        )
        .join(subjects(&[2]));
    assert_eq!(run(script, always), "2");
    let never = always.replace("always", "never");
    let script = signed_in("Dovecot ready.", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
        .join(subjects(&[1, 2, 3]));
    assert_eq!(run(script, &never), "2");
}

#[test]
fn a_refused_search_is_evaluated_here() {
    for refusal in [
        "NO [BADCHARSET (US-ASCII)] no",
        "NO [CANNOT] no",
        "BAD Command Argument Error. 11",
    ] {
        let script = signed_in("Dovecot ready.", "")
            .then(THREE_MESSAGES)
            .then("C: UID SEARCH OR (SUBJECT \"age\" SUBJECT \"2\") SUBJECT \"=?\"")
            .then(&format!("S: $ {refusal}"))
            .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
            .join(subjects(&[1, 2, 3]));
        assert_eq!(run(script, BY_SUBJECT), "2", "{refusal}");
    }
}

#[test]
fn exact_conditions_survive_a_refused_search() {
    let script = signed_in("ready", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH UNSEEN LARGER 10\nS: $ BAD no")
        .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
        .then("C: UID FETCH 1:3 (UID FLAGS RFC822.SIZE)")
        .then("S: * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 11)")
        .then("S: * 2 FETCH (UID 2 FLAGS (\\Seen) RFC822.SIZE 11)")
        .then("S: * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 10)")
        .then("S: $ OK fetched");
    let sql = "SELECT uid, seen FROM imap_messages() WHERE seen = 0 AND size > 10";
    assert_eq!(run(script, sql), "1|0");
}

#[test]
fn what_the_caller_asked_for_in_so_many_words_is_not_replaced() {
    let script = signed_in("ready", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH TEXT \"x\"\nS: $ NO [CANNOT] too slow");
    let error = fails(
        script,
        "SELECT uid FROM imap_messages() WHERE imap_messages MATCH 'x'",
    );
    assert_eq!(error, "imap: cannot search 'INBOX': NO [CANNOT] too slow");
}

#[test]
fn a_literal_waits_until_the_server_asks_for_it() {
    let sql = "SELECT uid FROM imap_messages() WHERE imap_messages MATCH 'ä' AND seen = 0";
    let script = signed_in("ready", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH CHARSET UTF-8 TEXT {2}\nS: + go on\nR: ä UNSEEN")
        .then("S: * SEARCH 3\nS: $ OK done");
    assert_eq!(run(script, sql), "3");
    let script = signed_in("ready", "LITERAL-")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH CHARSET UTF-8 TEXT {2+}\nR: ä UNSEEN")
        .then("S: * SEARCH 3\nS: $ OK done");
    assert_eq!(run(script, sql), "3");
    let script = signed_in("ready", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH CHARSET UTF-8 TEXT {2}\nS: $ NO [BADCHARSET] only ASCII")
        // The condition on `seen` may have been what it did not like.
        .then("C: UID SEARCH CHARSET UTF-8 TEXT {2}\nS: $ NO [BADCHARSET] only ASCII");
    assert_eq!(
        fails(script, sql),
        "imap: cannot search 'INBOX': NO [BADCHARSET] only ASCII"
    );
}

#[test]
fn a_server_that_finds_too_much_gives_no_rows_too_many() {
    let sql = "SELECT uid FROM imap_messages() WHERE subject LIKE '%age 2' AND uid > 1";
    let script = signed_in("Dovecot ready.", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH UID 2:4294967295 OR (SUBJECT \"age\" SUBJECT \"2\") SUBJECT \"=?\"")
        .then("S: * SEARCH 1 2\nS: $ OK done")
        .join(subjects(&[2]));
    assert_eq!(run(script, sql), "2");
}

#[test]
fn messages_that_are_found_and_not_given_are_no_rows() {
    let script = signed_in("Dovecot ready.", "")
        .then(THREE_MESSAGES)
        .then("C: UID SEARCH ALL\nS: * SEARCH 3 1 2\nS: $ OK done")
        .then("C: UID FETCH 1:3 (UID RFC822.SIZE)")
        .then("S: * 3 FETCH (UID 3 RFC822.SIZE 5)\nS: * 1 FETCH (UID 1 RFC822.SIZE 7)")
        .then("S: $ OK fetched");
    assert_eq!(
        run(script, "SELECT uid, size FROM imap_messages()"),
        "1|7\n3|5"
    );
}

#[test]
fn match_under_or_is_one_clear_error() {
    let user = Dovecot::shared().user("match-or");
    user.append("INBOX", &Mail::many(3));
    let refused = "imap: cannot evaluate MATCH: SQLite could not hand it to imap_messages; \
         write it as imap_messages MATCH 'text', joined to the other conditions by AND, \
         not under OR or NOT";
    for condition in [
        "imap_messages MATCH 'body' OR subject IS NULL",
        "NOT imap_messages MATCH 'body'",
        "subject MATCH 'body'",
    ] {
        let sql = format!("SELECT uid FROM imap_messages() WHERE {condition};");
        assert_eq!(user.shell().error(&sql), refused, "{condition}");
    }
    let nul = "SELECT uid FROM imap_messages() WHERE imap_messages MATCH 'a' || char(0);";
    assert_eq!(
        user.shell().error(nul),
        "imap: cannot search for a text that holds a NUL; IMAP has no way to say it"
    );
}

#[test]
fn no_text_of_a_query_becomes_syntax() {
    let user = Dovecot::shared().user("injection");
    user.append("INBOX", &Mail::many(3));
    user.record();
    let before = user.commands().len();
    let nasty = "a\" NOT DELETED\r\nx9 LOGOUT\r\n{5}";
    let sql = format!(
        "SELECT count(*) FROM imap_messages() WHERE imap_messages MATCH '{nasty}';\n\
         SELECT count(*) FROM imap_messages() WHERE subject = '{nasty}';\n\
         SELECT count(*) FROM imap_messages() WHERE subject = 'a\" NOT \\';\n"
    );
    user.shell().run(&sql).success();
    let commands = user.commands().split_off(before);
    let logouts = commands
        .iter()
        .filter(|line| line.ends_with("LOGOUT"))
        .count();
    // The one in the literal, and the session's own.
    assert_eq!(logouts, 2, "{commands:?}");
    assert!(
        commands.iter().any(|line| line.contains(" TEXT {")),
        "{commands:?}"
    );
    let error = user.shell().error(
        "SELECT uid FROM imap_messages WHERE options = '{\"search\": \"SEEN\\r\\nx2 LOGOUT\"}';",
    );
    assert_eq!(
        error,
        "imap: option search holds no IMAP search keys, such as 'UNSEEN FROM \"ada\"': \
         'SEEN\\r\\nx2' is no word"
    );
}

//! A nasty mailbox: what servers and this library may read differently.

use crate::support::mail::Mail;
use crate::support::shell::Shell;

/// A user on a server, by what it takes to fill mailboxes there.
pub trait Place {
    /// The name of a folder of the user's own, by its levels.
    fn folder(&self, levels: &[&str]) -> String;
    /// Makes it.
    fn create(&self, folder: &str);
    /// Puts messages into it.
    fn append(&self, folder: &str, mails: &[Mail]);
    /// Takes the messages of a UID set out for good.
    fn expunge(&self, folder: &str, uids: &str);
    /// A shell whose environment account the user is.
    fn shell(&self) -> Shell;
}

/// The folders as the queries name them, and a pattern that means some of them.
pub const FOLDERS: [&str; 4] = ["INBOX", "Archive/2025", "Nothing", "Archive/*"];

/// The same as the server names them.
pub fn folders(place: &impl Place) -> [String; 4] {
    [
        "INBOX".to_owned(),
        place.folder(&["Archive", "2025"]),
        place.folder(&["Nothing"]),
        place.folder(&["Archive", "*"]),
    ]
}

/// Header lines that differ from message to message: each is taken in turn, by
/// a step of its own, so that every pair of them meets.
const SUBJECTS: [&str; 16] = [
    "Subject: Invoice 2026-01\r\n",
    "Subject: invoice for Bob\r\n",
    "",
    "Subject:\r\n",
    "Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\n",
    "Subject: =?iso-8859-1?Q?caf=E9_invoice?=\r\n",
    "Subject: =?utf-8?Q?split_inv?= =?utf-8?Q?oice?=\r\n",
    "Subject: caf\u{fffe}\r\n",
    "Subject: a \"quoted\\ one\" 100% _under_ [x]\r\n",
    "Subject: folded\r\n invoice\r\n\tline\r\n",
    "Subject: =?utf-8?Q?=69nvoice?= =?gb18030?B?xOO6ww==?= unknown\r\n",
    "Subject: Re: =?utf-8?Q?=E2=98=BA?= mixed=?utf-8?Q?glued?=\r\n",
    "Subject: INVOICE\r\n",
    "Subject: invoice\r\nSubject: second\r\n",
    "Subject: 007\r\n",
    "Subject: report   \r\n",
];

const FROMS: [&str; 12] = [
    "From: Bob <bob@example.org>\r\n",
    "From: BOB@EXAMPLE.ORG\r\n",
    "",
    "From: \"Bob, B.\" <bob@example.org>, ada@example.org\r\n",
    "From: =?utf-8?Q?J=C3=BCrgen?= <juergen@example.net>\r\n",
    "From: \"john doe\"@example.org\r\n",
    "From: bob (the builder) <bob(comment)@example.org>\r\n",
    "From: nobody\r\n",
    "From: <root>\r\n",
    "From: Bob <bob@example.org\r\n",
    "From: ada@example.org\r\nFrom: bob@example.org\r\n",
    "From: =?x-none?Q?bob=40example.org?=\r\n",
];

const TOS: [&str; 8] = [
    "To: alice@example.org\r\n",
    "To: Alice <alice@example.org>,\r\n\tbob@example.org\r\nCc: carol@example.org\r\n",
    "To: undisclosed-recipients:;\r\n",
    "",
    "To: team: ada@example.org, \"b c\"@example.org;\r\nCc: \"x\\\"y\"@example.org\r\n",
    "To: bob@example.org\r\nTo: dora@example.org\r\nBcc: eve@example.org\r\n",
    "Cc: Bob =?utf-8?Q?=C3=9F?= <bob@example.org>\r\n",
    "To: bob@example.org (Bob)\r\n",
];

const DATES: [&str; 14] = [
    "Date: Sat, 31 Jan 2026 23:30:00 +0000\r\n",
    "Date: Sat, 31 Jan 2026 23:30:00 -1200\r\n",
    "Date: Sun, 01 Feb 2026 00:30:00 +1400\r\n",
    "",
    "Date: yesterday\r\n",
    "Date: Mon, 28 Jan 102 17:30:16 -0800\r\n",
    "Date: 31 Jan 26 07:00:00 EST\r\n",
    "Date: Sat, 31 Jan 2026 12:00:00\r\n",
    "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n",
    "Date: Fri, 30 Jan 2026 10:00:00 +9900\r\n",
    "Date: Tue, 01 Jan 1980 00:00:00 GMT\r\n",
    "Date: Wed, 31 Dec 2025 23:59:59 -0000 (UTC)\r\n",
    "Date: 2026-01-31T12:00:00Z\r\n",
    "Date: Mon, 2 Feb 2026 00:00:00 +0530\r\n",
];

const IDS: [&str; 9] = [
    "Message-ID: <1@example.org>\r\n",
    "Message-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\n",
    "",
    "Message-ID: 1@example.org\r\n",
    "Message-ID:\r\n <2@example.org>\r\n",
    "Message-ID: <2@exam\r\n ple.org>\r\n",
    "Message-ID: <>\r\n",
    "Message-ID: <\"quoted id\"@example.org>\r\nIn-Reply-To: <1@\r\n\texample.org> of Monday\r\n",
    "MESSAGE-ID: <1@EXAMPLE.org>\r\n",
];

/// What no server is known to search as this library reads it.
const MISREAD: [&str; 3] = [
    "Subject: =?x-unknown?Q?inv=6Fice_unknown?=\r\nFrom: a@b c@d\r\n",
    "Subject: =?hz-gb-2312?Q?inv=6Fice?=\r\nFrom: <bob@example.org> <ada@x>\r\n",
    "Subject: one\r\nDate: Sat, 31 Jan 2026 10:00:00 +0000\r\nDate: 1 Jan 2020 10:00:00 GMT\r\n",
];

const FLAGS: [&str; 7] = [
    "",
    "\\Seen",
    "\\Seen \\Flagged",
    "\\Answered \\Draft",
    "\\Deleted",
    "\\Seen $Junk invoice",
    "\\Flagged",
];

const RECEIVED: [&str; 6] = [
    "31-Jan-2026 23:59:59 +0000",
    "31-Jan-2026 00:00:00 +1400",
    "01-Feb-2026 00:00:00 -1200",
    "01-Jan-2026 12:00:00 +0000",
    "01-Jan-1975 00:00:00 +0000",
    "28-Feb-2027 10:00:00 +0000",
];

/// Fills the folders, and takes some messages out again.
pub fn fill(place: &impl Place) {
    let [inbox, old, nothing, _] = folders(place);
    let new = place.folder(&["Archive", "2026"]);
    place.create(&place.folder(&["Archive"]));
    place.create(&old);
    place.create(&new);
    place.create(&nothing);
    place.append(&inbox, &mails(0..120));
    place.append(&old, &mails(37..77));
    place.append(&new, &mails(11..31));
    place.expunge(&inbox, "1:3,50:60,118,120");
    place.expunge(&old, "7");
}

/// [`fill`], and mail that only a query which trusts no server gets right.
pub fn fill_with_what_servers_misread(place: &impl Place) {
    fill(place);
    let heads = MISREAD.map(|head| Mail::raw(format!("{head}\r\n")));
    place.append("INBOX", &heads);
}

fn mails(numbers: std::ops::Range<usize>) -> Vec<Mail> {
    numbers.map(mail).collect()
}

fn mail(n: usize) -> Mail {
    let head = [
        FROMS[n * 5 % FROMS.len()],
        TOS[n * 3 % TOS.len()],
        SUBJECTS[n * 7 % SUBJECTS.len()],
        DATES[n * 3 % DATES.len()],
        IDS[n * 2 % IDS.len()],
    ];
    let text = head.concat();
    // The one character that no UTF-8 text of a test can hold as it was sent.
    let mut raw = text.replace('\u{fffe}', "\u{1}").into_bytes();
    for byte in &mut raw {
        if *byte == 1 {
            *byte = 0xe9;
        }
    }
    raw.extend_from_slice(b"\r\n");
    // Sizes at the limits that the queries name, and on either side.
    match n % 6 {
        0 => {}
        1 => raw.extend_from_slice(b"body with an invoice\r\n"),
        _ => raw.resize([300, 299, 301, 1000][n % 4].max(raw.len()), b'x'),
    }
    if raw.len() > 2 && !raw.ends_with(b"\n") {
        let end = raw.len() - 2;
        raw[end..].copy_from_slice(b"\r\n");
    }
    Mail::raw(raw)
        .flags(FLAGS[n % FLAGS.len()])
        .received(RECEIVED[n * 5 % RECEIVED.len()])
}

//! Why what is read here differs from what others expect.

/// Who reads a message as the RFCs want it. Where the other project does, this
/// one is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// This project.
    Ours,
    /// Either: the RFCs leave it open, or do not speak of it.
    Either,
}

/// A reason for differences.
#[derive(Debug)]
pub struct Reason {
    /// The messages, below the corpus, without the ending of their names.
    pub messages: &'static [&'static str],
    /// What differs.
    pub aspects: &'static [&'static str],
    /// Who is right.
    pub right: Right,
    /// What differs, and why.
    pub why: &'static str,
}

impl Reason {
    /// True for a difference that this is the reason of.
    pub fn covers(&self, message: &str, aspect: &str) -> bool {
        self.messages.contains(&message) && self.aspects.contains(&aspect)
    }
}

/// Every reason.
pub const REASONS: &[Reason] = &[
    Reason {
        messages: &[
            "mime4j/mimetools-testmsgs/badbound",
            "mime4j/testmsgs/missing-boundary",
            "mime4j/testmsgs/multipartnopart",
        ],
        aspects: &["parts"],
        right: Right::Ours,
        why: "A multipart whose boundary never appears. RFC 2046 section 5.1.1 wants one \
              part at least; mime4j gives a multipart of none, here it is one text, so that \
              what it says is not lost.",
    },
    Reason {
        messages: &["mime4j/mimetools-testmsgs/multi-bad"],
        aspects: &["parts", "header", "body", "content"],
        right: Right::Either,
        why: "Two Content-Type fields, of which RFC 5322 section 3.6 allows one: mime4j \
              takes the first, here the last counts, as for every field that must be single.",
    },
    Reason {
        messages: &[
            "mime4j/mimetools-testmsgs/multi-igor",
            "mime4j/mimetools-testmsgs/multi-igor2",
        ],
        aspects: &["parts"],
        right: Right::Either,
        why: "A file `multi-nested.msg` declared as text that holds a message: it is entered \
              here, so that nothing hides in it.",
    },
    Reason {
        messages: &[
            "mime4j/mimetools-testmsgs/empty-preamble",
            "mime4j/mimetools-testmsgs/german-qp",
            "mime4j/mimetools-testmsgs/jt-0498",
            "mime4j/mimetools-testmsgs/mp-msg-rfc822",
        ],
        aspects: &["content"],
        right: Right::Either,
        why: "Quoted-printable stored with bare LF. RFC 2045 section 6.7 (4) makes a line \
              end CRLF, as mime4j writes it; here line ends stay as they are stored. Over \
              IMAP they are CRLF, and the same.",
    },
    Reason {
        messages: &["mail-parser/legacy/048"],
        aspects: &["content"],
        right: Right::Either,
        why: "Parts with the Content-Transfer-Encoding `x-uuencode`, which RFC 2045 section \
              6.3 leaves to those who know it: it is decoded here, and not by mail-parser.",
    },
    Reason {
        messages: &[
            "mime4j/mimetools-testmsgs/frag",
            "mime4j/mimetools-testmsgs/multi-frag",
        ],
        aspects: &["content"],
        right: Right::Either,
        why: "Base64 that is cut off in a group of four. RFC 2045 section 6.8 has no word \
              for it: the whole bytes of the last characters are kept here, and left out \
              by mime4j.",
    },
    Reason {
        messages: &[
            "mime4j/testmsgs/malformedHeaderStartsBody-nocrlfcrlf",
            "mime4j/testmsgs/malformedHeaderStartsBody-noheader",
        ],
        aspects: &["header", "body", "content"],
        right: Right::Either,
        why: "A line in the header that is no field (RFC 5322 section 2.2). mime4j can be \
              told to begin the body there, which this file expects; the same messages \
              without that setting agree.",
    },
    Reason {
        messages: &[
            "mime4j/testmsgs/very-long-boundary",
            "mime4j/testmsgs/very-very-long-boundary",
            "mime4j/testmsgs/weird-boundary",
        ],
        aspects: &["parts", "body", "content"],
        right: Right::Ours,
        why: "A boundary that ends in spaces. RFC 2046 section 5.1.1: it cannot, and white \
              space after it on its line is padding; mime4j wants the same number of spaces.",
    },
    Reason {
        messages: &["mimekit/mbox/content-length 7"],
        aspects: &["addresses"],
        right: Right::Either,
        why: "`develop!nextmime@ebony@sblab.att.com` has two `@`, which RFC 5322 section \
              3.4.1 does not allow: MimeKit stops at the second, here it stays as written.",
    },
    Reason {
        messages: &["mimekit/mbox/content-length 28"],
        aspects: &["addresses"],
        right: Right::Either,
        why: "`unlisted-recipients:;` is a group of nobody (RFC 5322 section 3.4): MimeKit \
              prints it, here there is no mailbox.",
    },
    Reason {
        messages: &[
            "mimekit/tnef/MAPI_OBJECT/Untitled_Attachment",
            "mimekit/tnef/winmail/Untitled Attachment.1",
            "mimekit/tnef/winmail/Untitled Attachment.2",
        ],
        aspects: &["file content"],
        right: Right::Ours,
        why: "An OLE object. MS-OXTNEF section 2.1.3.4.3 puts 16 bytes before it that name \
              its interface; MimeKit keeps them, and its file is none that opens.",
    },
    Reason {
        messages: &[
            "mimekit/tnef/christmas",
            "mimekit/tnef/christmas/Untitled Attachment.1",
            "mimekit/tnef/christmas/Untitled Attachment.2",
            "mimekit/tnef/christmas/Untitled Attachment.3",
            "mimekit/tnef/christmas/Untitled Attachment.4",
        ],
        aspects: &["file names", "file content"],
        right: Right::Ours,
        why: "Two attached messages, each with a placeholder for old readers: MimeKit lists \
              placeholder and stream, here each is one message/rfc822 part with the parts in \
              it.",
    },
    Reason {
        messages: &[
            "mimekit/tnef/long-filename",
            "mimekit/tnef/missing-filenames",
        ],
        aspects: &["file names"],
        right: Right::Ours,
        why: "The list leaves out files whose names are in MAPI properties only; the \
              extracted files, with these names, are the same here.",
    },
    Reason {
        messages: &[
            "mail-parser/legacy/010",
            "mail-parser/legacy/016",
            "mail-parser/legacy/017",
            "mail-parser/legacy/020",
            "mail-parser/legacy/022",
            "mail-parser/legacy/023",
            "mail-parser/legacy/026",
            "mail-parser/legacy/027",
            "mail-parser/legacy/033",
            "mail-parser/legacy/052",
        ],
        aspects: &["values", "content"],
        right: Right::Ours,
        why: "8-bit text without a character set, or falsely declared as UTF-8. RFC 2047 and \
              RFC 2045 do not allow it; it is read as windows-1252 and named in `problems`, \
              mail-parser puts U+FFFD.",
    },
    Reason {
        messages: &["mail-parser/legacy/035", "mail-parser/legacy/039"],
        aspects: &["values"],
        right: Right::Either,
        why: "An unescaped backslash in a quoted string: a file name `C:\\TEMP\\x.png`. RFC \
              5322 section 3.2.4 makes the backslash vanish; mailers that write it mean it, \
              and here it stays.",
    },
    Reason {
        messages: &[
            "mail-parser/legacy/015",
            "mail-parser/legacy/018",
            "mail-parser/legacy/021",
            "mail-parser/legacy/024",
            "mail-parser/legacy/025",
            "mail-parser/legacy/028",
            "mail-parser/legacy/035",
            "mail-parser/legacy/039",
            "mail-parser/legacy/050",
            "mail-parser/legacy/051",
            "mail-parser/malformed/020",
            "mail-parser/malformed/021",
            "mail-parser/rfc/007",
            "mail-parser/thirdparty/011",
            "mail-parser/thirdparty/016",
            "mail-parser/thirdparty/017",
            "mail-parser/thirdparty/018",
            "mail-parser/thirdparty/019",
        ],
        aspects: &["in place"],
        right: Right::Either,
        why: "Images that are not attached by Content-Disposition (RFC 2183) are \
              `InlineBinary` here, in mail-parser only if the body lists have them. The \
              lists are the same.",
    },
    Reason {
        messages: &["mail-parser/malformed/000", "mail-parser/malformed/007"],
        aspects: &["parts"],
        right: Right::Either,
        why: "Parts whose header runs into the next boundary line without an empty line (RFC \
              2046 section 5.1 wants one).",
    },
    Reason {
        messages: &[
            "mail-parser/malformed/001",
            "mail-parser/malformed/003",
            "mail-parser/malformed/004",
            "mail-parser/malformed/005",
            "mail-parser/malformed/013",
            "mail-parser/malformed/016",
        ],
        aspects: &["parts"],
        right: Right::Ours,
        why: "Boundaries that begin with one another, or are used twice. RFC 2046 section \
              5.1.1: a boundary line is the whole line, and an outer one ends what is open \
              within.",
    },
    Reason {
        messages: &[
            "mail-parser/malformed/008",
            "mail-parser/malformed/009",
            "mail-parser/malformed/011",
            "mail-parser/malformed/012",
        ],
        aspects: &["parts"],
        right: Right::Ours,
        why: "An outer boundary before the inner one was closed. RFC 2046 section 5.1.2: \
              what is within is over, and the next part of the outer begins; mail-parser \
              drops it.",
    },
    Reason {
        messages: &["mail-parser/malformed/014"],
        aspects: &["parts"],
        right: Right::Either,
        why: "A boundary line at the end of the message with nothing after it: an empty \
              part, or none.",
    },
    Reason {
        messages: &["mail-parser/malformed/019"],
        aspects: &["parts"],
        right: Right::Either,
        why: "Noise from a fuzzer: multiparts whose boundary is written in another case (it \
              is compared exactly, RFC 2046 section 5.1.1) are text here.",
    },
    Reason {
        messages: &[
            "mail-parser/malformed/002",
            "mail-parser/malformed/006",
            "mail-parser/thirdparty/002",
        ],
        aspects: &["text_body", "html_body", "attachments"],
        right: Right::Ours,
        why: "Text that mail-parser lists as an attachment because its multipart or its \
              encoding is broken. RFC 8621 section 4.1.4 makes it the body.",
    },
    Reason {
        messages: &["mail-parser/malformed/017"],
        aspects: &["values"],
        right: Right::Either,
        why: "A Content-Disposition with a file name and no type (RFC 2183 section 2 wants \
              one): the name is kept here.",
    },
    Reason {
        messages: &["mail-parser/malformed/022"],
        aspects: &["parts"],
        right: Right::Either,
        why: "An attached message/rfc822 that is no message: mail-parser takes it for text, \
              here it stays what it is declared to be, and `mail_parts` has its bytes.",
    },
    Reason {
        messages: &["mail-parser/rfc/000"],
        aspects: &["parts"],
        right: Right::Ours,
        why: "Audio and an image whose base64 is broken stay what they are declared to be \
              (RFC 2045 section 5); mail-parser makes them text.",
    },
    Reason {
        messages: &["mail-parser/rfc/001", "mail-parser/thirdparty/010"],
        aspects: &["values"],
        right: Right::Either,
        why: "A semicolon is missing between two parameters (RFC 2045 section 5.1). Here it \
              is found before the first one only, where it hides a boundary.",
    },
    Reason {
        messages: &["mail-parser/thirdparty/000"],
        aspects: &["content"],
        right: Right::Either,
        why: "A NUL in a text: SQLite's text functions stop there, so it is left out of \
              text; bytes keep it.",
    },
    Reason {
        messages: &["mail-parser/thirdparty/002"],
        aspects: &["content"],
        right: Right::Ours,
        why: "Base64 with something after its padding, or with a stray character (RFC 2045 \
              section 6.8: to be ignored). mail-parser decodes what follows the padding, \
              too, and nothing where there is a stray character.",
    },
    Reason {
        messages: &["mail-parser/thirdparty/005"],
        aspects: &["content"],
        right: Right::Ours,
        why: "A boundary in the middle of a line is none (RFC 2046 section 5.1.1).",
    },
    Reason {
        messages: &["mail-parser/thirdparty/015"],
        aspects: &["parts"],
        right: Right::Ours,
        why: "Three attached messages, the multiparts of which have no parts. mail-parser \
              loses the second and the third.",
    },
];

//! Received fields (RFC 5321 section 4.4): the way a message came.

use super::fields::unfold_to_space;
use super::headers::Headers;
use super::indicator::last_date;
use super::{charset, date};
use std::net::IpAddr;
use std::ops::Range;

/// The most bytes of one field that are looked at.
const MAX_LENGTH: usize = 16 * 1024;

/// One server's note that it took the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// Who gave it, as that host called itself.
    pub from: Option<String>,
    /// Who took it.
    pub by: Option<String>,
    /// The protocol: `ESMTPS`.
    pub with: Option<String>,
    /// The taker's name for it.
    pub id: Option<String>,
    /// The mailbox that it was taken for, without angle brackets.
    pub recipient: Option<String>,
    /// The address that it came from, as the taker saw it.
    pub ip: Option<IpAddr>,
    /// When, in unix seconds.
    pub at: Option<i64>,
    /// Seconds since the hop before, below 0 where clocks differ.
    pub delay: Option<i64>,
    /// The field on one line.
    pub text: String,
}

/// The hops of a message in the order of its way: the sender's server first,
/// which is the order of the fields from the last one up.
pub fn hops(headers: &Headers<'_>) -> Vec<Hop> {
    let mut hops: Vec<Hop> = headers.all("Received").map(Hop::parse).collect();
    hops.reverse();
    let mut before = None;
    for hop in &mut hops {
        hop.delay = hop
            .at
            .zip(before)
            .and_then(|(at, before): (i64, i64)| at.checked_sub(before));
        before = hop.at.or(before);
    }
    hops
}

impl Hop {
    fn parse(value: &[u8]) -> Self {
        let line = unfold_to_space(&value[..value.len().min(MAX_LENGTH)]);
        let text = charset::without_nul(charset::undeclared(&line));
        let clauses = Clauses::read(&text);
        let word = |name: &str| clauses.first_word(name).map(str::to_owned);
        Self {
            from: word("from"),
            by: word("by"),
            with: word("with"),
            id: word("id").map(bare),
            recipient: word("for").map(bare),
            ip: clauses.text("from").and_then(source),
            at: match clauses.date {
                Some(date) => date::unix(date.as_bytes()),
                // Some servers leave the semicolon out.
                None => last_date(&text),
            },
            delay: None,
            text,
        }
    }
}

fn bare(word: String) -> String {
    word.trim_matches(['<', '>']).to_owned()
}

/// The clauses of a field, each a keyword and what follows it.
struct Clauses<'a> {
    list: Vec<(&'a str, &'a str)>,
    date: Option<&'a str>,
}

impl<'a> Clauses<'a> {
    /// Cuts at the keywords that stand outside comments, each counted once: a
    /// host may well be called `with`.
    fn read(text: &'a str) -> Self {
        let mut list: Vec<(&str, Range<usize>)> = Vec::new();
        let (mut depth, mut semicolon, mut word) = (0_usize, None, 0);
        for (at, byte) in text.bytes().chain([b' ']).enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b';' if depth == 0 => semicolon = Some(at),
                _ => {}
            }
            if byte != b' ' && byte != b';' {
                continue;
            }
            let name = &text[word..at];
            let is_new = !list
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name));
            if depth == 0 && is_keyword(name) && is_new {
                list.push((name, at..at));
            } else if let Some((_, clause)) = list.last_mut()
                && semicolon.is_none_or(|semicolon| semicolon == at)
            {
                clause.end = at;
            }
            word = (at + 1).min(text.len());
        }
        // A comment that never closes hides no date.
        let semicolon = semicolon.or_else(|| text.rfind(';'));
        let clause =
            |(name, range): (_, Range<usize>)| (name, text[range].trim_matches([' ', ';']));
        Self {
            list: list.into_iter().map(clause).collect(),
            date: semicolon.map(|at| &text[at + 1..]),
        }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        let mut clauses = self.list.iter();
        clauses
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, text)| *text)
    }

    fn first_word(&self, name: &str) -> Option<&'a str> {
        let word = self.text(name)?.split([' ', '(']).next()?;
        (!word.is_empty()).then_some(word)
    }
}

fn is_keyword(word: &str) -> bool {
    ["from", "by", "via", "with", "id", "for"]
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// The address in a from clause: in square brackets as the RFC has it, else
/// the last that stands there bare, as the comment comes after the name.
fn source(clause: &str) -> Option<IpAddr> {
    let bracketed = clause.split('[').skip(1).find_map(|rest| {
        let literal = rest.split(']').next()?;
        address(literal)
    });
    let words = || clause.rsplit(|c: char| c.is_whitespace() || "()[],;=".contains(c));
    bracketed.or_else(|| words().find_map(address))
}

/// An address literal, with or without the `IPv6:` of RFC 5321 section 4.1.3.
fn address(literal: &str) -> Option<IpAddr> {
    let tag = literal
        .get(..5)
        .filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    let literal = tag.map_or(literal, |tag| &literal[tag.len()..]);
    literal.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::time::iso8601;

    fn hop(value: &str) -> Hop {
        Hop::parse(value.as_bytes())
    }

    #[test]
    fn the_clauses_of_a_hop_are_told_apart() {
        let hop = hop(
            " from mail.x.example (unknown [203.0.113.7]) by mx.y.example (Postfix) with ESMTPS id \
             4Wz1\r\n\tfor <ada@y.example> (with a; comment); Mon, 2 Sep 2024 18:35:05 +0000 (UTC)",
        );
        assert_eq!(hop.from.as_deref(), Some("mail.x.example"));
        assert_eq!(hop.by.as_deref(), Some("mx.y.example"));
        assert_eq!(hop.with.as_deref(), Some("ESMTPS"));
        assert_eq!(hop.id.as_deref(), Some("4Wz1"));
        assert_eq!(hop.recipient.as_deref(), Some("ada@y.example"));
        assert_eq!(
            hop.ip.map(|ip| ip.to_string()).as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(
            hop.at.and_then(iso8601).as_deref(),
            Some("2024-09-02T18:35:05Z")
        );
    }

    #[test]
    fn addresses_are_found_where_servers_write_them() {
        for (value, ip) in [
            ("from x ([IPv6:2001:db8::1]) by y", "2001:db8::1"),
            ("from [192.0.2.1] (helo=x) by y", "192.0.2.1"),
            ("from x (EHLO y) (192.0.2.2) by z", "192.0.2.2"),
            (
                "from x (HELO y) (a@192.0.2.9 [192.0.2.3]) by z",
                "192.0.2.3",
            ),
            ("from 2001:db8::2 by z", "2001:db8::2"),
        ] {
            let found = hop(value).ip.map(|ip| ip.to_string());
            assert_eq!(found.as_deref(), Some(ip), "{value}");
        }
        assert_eq!(hop("by 192.0.2.1 with SMTP id 1.2.3.4").ip, None);
    }

    #[test]
    fn a_date_without_its_semicolon_is_found_at_the_end() {
        for value in [
            "from a by b with ESMTP id AAA29011 for <a@b.example> Sun, 21 Jul 1996 16:59:17 -0700",
            "(scanned by x)21 Jul 1996 23:59:17 -0000",
        ] {
            let at = hop(value).at.and_then(iso8601);
            assert_eq!(at.as_deref(), Some("1996-07-21T23:59:17Z"), "{value}");
        }
        assert_eq!(hop("from a by b with SMTP id 7").at, None);
    }

    #[test]
    fn delays_follow_the_way_and_skip_hops_without_a_time() {
        let raw = b"Received: by c; Sat, 31 Jan 2026 12:00:30 +0000\n\
            Received: by b; sometime\nReceived: by a; Sat, 31 Jan 2026 13:00:00 +0100\n";
        let delays: Vec<_> = hops(&Headers::parse(raw))
            .into_iter()
            .map(|hop| (hop.by.unwrap_or_default(), hop.delay))
            .collect();
        assert_eq!(
            delays,
            [
                ("a".to_owned(), None),
                ("b".to_owned(), None),
                ("c".to_owned(), Some(30))
            ]
        );
    }

    #[test]
    fn junk_is_a_hop_without_anything() {
        for value in [
            "",
            ";",
            "(((",
            "from",
            "from;",
            "by by by",
            "from from (; x",
        ] {
            let _ = hop(value);
        }
        assert_eq!(
            hop("(qmail 1 invoked by uid 0); 2 Sep 2024 10:00:00 -0000").by,
            None
        );
    }
}

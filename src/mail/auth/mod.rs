//! Who vouches for a message: what servers on its way found, and signatures,
//! verified with the keys that the caller gives.
//!
//! Nothing is looked up: the same message and keys give the same answer for
//! ever, offline.

mod arc;
mod canonical;
mod key;
mod key_names;
mod keys;
mod results;
mod signature;
mod tags;

pub use key_names::key_names;
pub use keys::{Keys, Record, best_record};

use super::accepted;
use super::headers::Headers;
use results::{authentication_results, line, received_spf};
use serde_json::{Value, json};
use signature::{Signature, SignatureKind, Signed};

/// The most signatures that are verified; each costs a pass over the body.
const MAX_SIGNATURES: usize = 32;

/// What `mail_auth` returns; `docs/mail.md` explains its keys.
pub fn describe(raw: &[u8], keys: &Keys) -> Value {
    let mime = accepted::mime(raw);
    let headers = Headers::parse(&mime);
    let all = |name: &str, read: fn(&str) -> Value| {
        let values = headers.all(name);
        values.map(|value| read(&line(value))).collect::<Vec<_>>()
    };
    let signed = Signed {
        raw: &mime,
        headers: &headers,
        keys,
    };
    json!({
        "authentication_results": all("Authentication-Results", authentication_results),
        "received_spf": all("Received-SPF", received_spf),
        "dkim": dkim(&signed),
        "arc": arc::describe(&signed),
    })
}

fn dkim(signed: &Signed<'_>) -> Vec<Value> {
    let fields = signed.headers.fields().iter();
    let signatures = fields.filter(|field| field.name.eq_ignore_ascii_case("DKIM-Signature"));
    signatures
        .take(MAX_SIGNATURES)
        .map(|field| {
            let signature = Signature::parse(field.value);
            let mut object = signature.describe();
            let outcome = signature.verify(field, SignatureKind::Dkim, signed);
            outcome.describe(&mut object);
            Value::from(object)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8463 appendix A: one message with two signatures, and its keys.
    const SIGNED: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
        d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
        subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
        b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n \
        Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n\
        DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n \
        d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n \
        date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
        b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n \
        DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n \
        dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n\
        From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
        Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

    fn keys() -> Keys {
        let mut keys = Keys::default();
        keys.add(
            "brisbane._domainkey.football.example.com",
            Record::Text(
                "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".into(),
            ),
        );
        keys.add(
            "test._domainkey.football.example.com",
            Record::Text("v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qh\
             dR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4h\
             stT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
                .into()),
        );
        keys
    }

    fn outcomes(raw: &str, keys: &Keys) -> Vec<(Value, Value)> {
        let found = describe(raw.as_bytes(), keys);
        let list = found["dkim"].as_array().cloned().unwrap_or_default();
        list.into_iter()
            .map(|one| (one["result"].clone(), one["reason"].clone()))
            .collect()
    }

    #[test]
    fn the_example_of_rfc_8463_passes_whatever_its_line_ends() {
        let pass = (json!("pass"), Value::Null);
        for raw in [SIGNED.to_owned(), SIGNED.replace("\r\n", "\n")] {
            assert_eq!(outcomes(&raw, &keys()), [pass.clone(), pass.clone()]);
        }
    }

    #[test]
    fn the_example_of_rfc_6376_passes() {
        // Appendix A.2, with the key of appendix C.
        let raw = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n      \
            c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n      \
            h=Received : From : To : Subject : Date : Message-ID;\r\n      \
            bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n      \
            b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n      \
            4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n      \
            KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n      \
            4bmp/YzhwvcubU4=;\r\n\
            Received: from client1.football.example.com  [192.0.2.1]\r\n      \
            by submitserver.example.com with SUBMISSION;\r\n      \
            Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n\
            From: Joe SixPack <joe@football.example.com>\r\n\
            To: Suzie Q <suzie@shopping.example.net>\r\n\
            Subject: Is dinner ready?\r\n\
            Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
            Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
            Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
        let mut keys = Keys::default();
        keys.add(
            "brisbane._domainkey.example.com",
            Record::Text("v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
             IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4O\
             uKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
                .into()),
        );
        assert_eq!(outcomes(raw, &keys), [(json!("pass"), Value::Null)]);
    }

    #[test]
    fn any_change_of_what_is_signed_fails() {
        let fail = |why: &str| (json!("fail"), json!(why));
        for (change, why) in [
            (
                ("dinner", "supper"),
                "the signature is not over this header",
            ),
            (("the game", "the match"), "the body was changed"),
            (
                ("\r\nTo: ", "\r\nFrom: x@y.example\r\nTo: "),
                "the signature is not over this header",
            ),
        ] {
            let raw = SIGNED.replacen(change.0, change.1, 1);
            assert_eq!(
                outcomes(&raw, &keys()),
                [fail(why), fail(why)],
                "{change:?}"
            );
        }
        // What is not signed may change.
        let raw = SIGNED.replacen("DKIM-Signature", "Received: by x\r\nDKIM-Signature", 1);
        assert_eq!(outcomes(&raw, &keys())[0].0, "pass");
    }

    #[test]
    fn without_a_key_nothing_is_claimed() {
        assert_eq!(
            outcomes(SIGNED, &Keys::default())[0],
            (
                Value::Null,
                json!("no key was given for 'brisbane._domainkey.football.example.com'")
            )
        );
    }

    #[test]
    fn what_the_dns_had_instead_of_a_key_is_told() {
        let mut keys = Keys::default();
        keys.add("brisbane._domainkey.football.example.com", Record::Absent);
        keys.add(
            "test._domainkey.football.example.com",
            Record::Unknown("192.0.2.53:53 answered SERVFAIL".into()),
        );
        assert_eq!(
            outcomes(SIGNED, &keys),
            [
                (
                    json!("permerror"),
                    json!("there is no key 'brisbane._domainkey.football.example.com'")
                ),
                (
                    json!("temperror"),
                    json!(
                        "the key 'test._domainkey.football.example.com' could not be found out: \
                         192.0.2.53:53 answered SERVFAIL"
                    )
                ),
            ]
        );
    }

    #[test]
    fn signatures_that_cannot_count_are_permanent_errors() {
        for (change, why) in [
            (
                ("a=rsa-sha256", "a=rsa-sha1"),
                "rsa-sha1 counts no more (RFC 8301)",
            ),
            (
                ("i=@football", "i=@evilfootball"),
                "the identity is not in the signing domain",
            ),
            (("v=1", "v=2"), "the version is unknown"),
            (("from", "x"), "From is not signed"),
        ] {
            let raw = SIGNED.replace(change.0, change.1);
            let found = outcomes(&raw, &keys());
            let told = (json!("permerror"), json!(why));
            assert!(found.contains(&told), "{why}: {found:?}");
        }
    }

    #[test]
    fn mail_without_any_has_empty_lists() {
        assert_eq!(
            describe(b"Subject: x\n\ny\n", &Keys::default()),
            json!({"authentication_results": [], "received_spf": [], "dkim": [], "arc": null})
        );
    }
}

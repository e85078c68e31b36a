//! Authenticated Received Chain (RFC 8617): what each server on the way found,
//! sealed, so that the last can believe the first.

use super::canonical::Canonicalization;
use super::key::{Algorithm, Key};
use super::results::{authentication_results, line};
use super::signature::{Outcome, Signature, SignatureKind, Signed, append, append_unsigned};
use crate::mail::fields::Field;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The most sets that a chain may have (RFC 8617 section 4.2.1).
const MAX_SETS: usize = 50;

/// The fields that one server added.
#[derive(Default)]
struct Set<'a> {
    results: Option<Field<'a>>,
    signature: Option<Field<'a>>,
    seal: Option<Field<'a>>,
}

/// The chain, oldest set first; `None` for mail without one.
pub fn describe(signed: &Signed<'_>) -> Option<Value> {
    let sets = sets(signed);
    if sets.is_empty() {
        return None;
    }
    let mut list = Vec::new();
    let (mut outcome, mut is_broken) = (Outcome::Pass, None);
    for (index, set) in sets.iter().enumerate() {
        let is_newest = index + 1 == sets.len();
        let seal = Signature::parse(set.seal.map_or(b"", |field| field.value));
        let message = Signature::parse(set.signature.map_or(b"", |field| field.value));
        let sealed = check_seal(&sets[..=index], &seal, signed);
        let found = set
            .signature
            .map(|field| message.verify(&field, SignatureKind::Arc, signed));
        let stated = seal.tags.as_ref().and_then(|tags| tags.value("cv"));
        // RFC 8617 section 5.2: the newest signature and every seal must hold,
        // and each seal must say so of those before it.
        if stated != Some(if index == 0 { "none" } else { "pass" }) {
            is_broken = Some("a seal does not vouch for those before it");
        }
        if outcome == Outcome::Pass {
            outcome = sealed.clone();
        }
        if outcome == Outcome::Pass && is_newest {
            outcome = found
                .clone()
                .unwrap_or(Outcome::Fail("the chain is incomplete"));
        }
        let mut message_object = message.describe();
        // `i=` is the instance here.
        message_object.remove("identity");
        if let Some(found) = found {
            found.describe(&mut message_object);
        }
        let mut seal_object = seal.describe();
        for absent in [
            "canonicalization",
            "identity",
            "fields",
            "body_length",
            "expires_at",
        ] {
            seal_object.remove(absent);
        }
        seal_object.insert("chain".into(), json!(stated));
        sealed.describe(&mut seal_object);
        list.push(json!({
            "instance": index + 1,
            "authentication_results": set.results.map(|field| stated_results(&field)),
            "message_signature": message_object,
            "seal": seal_object,
        }));
    }
    if let (Outcome::Pass, Some(why)) = (&outcome, is_broken) {
        outcome = Outcome::Fail(why);
    }
    let mut object = serde_json::Map::new();
    outcome.describe(&mut object);
    object.insert("sets".into(), list.into());
    Some(object.into())
}

/// ARC-Authentication-Results: an instance in front of what RFC 8601 has.
fn stated_results(field: &Field<'_>) -> Value {
    let line = line(field.value);
    authentication_results(line.split_once(';').map_or("", |(_, rest)| rest))
}

/// The sets by their instance, from 1 without gaps; what is missing in one
/// stays missing.
fn sets<'a>(signed: &Signed<'a>) -> Vec<Set<'a>> {
    let mut sets: Vec<Set<'a>> = Vec::new();
    for field in signed.headers.fields() {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if ![
            "ARC-Authentication-Results",
            "ARC-Message-Signature",
            "ARC-Seal",
        ]
        .into_iter()
        .any(is)
        {
            continue;
        }
        let Some(index) = instance(field).and_then(|number| number.checked_sub(1)) else {
            continue;
        };
        if index < MAX_SETS {
            if sets.len() <= index {
                sets.resize_with(index + 1, Set::default);
            }
            let set = &mut sets[index];
            let place = if is("ARC-Seal") {
                &mut set.seal
            } else if is("ARC-Message-Signature") {
                &mut set.signature
            } else {
                &mut set.results
            };
            place.get_or_insert(*field);
        }
    }
    sets
}

fn instance(field: &Field<'_>) -> Option<usize> {
    let line = line(field.value);
    let mut tags = line.split(';').filter_map(|tag| tag.split_once('='));
    let (_, number) = tags.find(|(name, _)| name.trim() == "i")?;
    number.trim().parse().ok()
}

/// A seal signs every field of its own set and those before it, itself last
/// without its signature (RFC 8617 section 5.1.1), always relaxed.
fn check_seal(sets: &[Set<'_>], seal: &Signature, signed: &Signed<'_>) -> Outcome {
    let perm = Outcome::PermError;
    let Some(tags) = &seal.tags else {
        return perm("the field is no tag list");
    };
    let mut data = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let (Some(results), Some(signature), Some(sealing)) =
            (set.results, set.signature, set.seal)
        else {
            return Outcome::Fail("the chain is incomplete");
        };
        for field in [results, signature] {
            append(&field, Canonicalization::Relaxed, signed.raw, &mut data);
            data.extend_from_slice(b"\r\n");
        }
        if index + 1 == sets.len() {
            append_unsigned(&sealing, Canonicalization::Relaxed, signed.raw, &mut data);
        } else {
            append(&sealing, Canonicalization::Relaxed, signed.raw, &mut data);
            data.extend_from_slice(b"\r\n");
        }
    }
    let named = tags.value("d").zip(tags.value("s"));
    let parts = named.zip(tags.value("a")).zip(tags.packed("b"));
    let Some((((domain, selector), algorithm), signature)) = parts else {
        return perm("a tag is missing or cannot be read");
    };
    let record = match signed.keys.find(selector, domain) {
        Ok(record) => record,
        Err(missing) => return Outcome::NoKey(missing),
    };
    let verified = Algorithm::named(algorithm).and_then(|algorithm| {
        let key = Key::parse(record)?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| "a tag is missing or cannot be read")?;
        Ok((key, algorithm, signature))
    });
    match verified {
        Err(why) => perm(why),
        Ok((key, algorithm, signature)) => match key.verify(algorithm, &data, &signature) {
            Ok(()) => Outcome::Pass,
            Err(why) => Outcome::Fail(why),
        },
    }
}

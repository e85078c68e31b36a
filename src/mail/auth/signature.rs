//! DKIM-Signature (RFC 6376 section 3.5) and ARC-Message-Signature (RFC 8617
//! section 4.1.2), which differ in a tag or two, read and verified.

use super::canonical::Canonicalization;
use super::key::{Algorithm, Key};
use super::keys::{Keys, Missing};
use super::tags::Tags;
use crate::mail::fields::Field;
use crate::mail::headers::Headers;
use crate::mail::time::iso8601;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// How a verification came out (RFC 8601 section 2.7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The signature is over this message.
    Pass,
    /// It is not; why.
    Fail(&'static str),
    /// It could never be verified; why.
    PermError(&'static str),
    /// There is no key to verify it with.
    NoKey(Missing),
}

impl Outcome {
    /// Adds `result` and `reason`.
    pub fn describe(&self, object: &mut Map<String, Value>) {
        let (result, reason) = match self {
            Self::Pass => (Some("pass"), None),
            Self::Fail(why) => (Some("fail"), Some((*why).to_owned())),
            Self::PermError(why) => (Some("permerror"), Some((*why).to_owned())),
            Self::NoKey(Missing::NotGiven(name)) => {
                (None, Some(format!("no key was given for '{name}'")))
            }
            // RFC 6376 section 6.1.2.
            Self::NoKey(Missing::Absent(name)) => {
                (Some("permerror"), Some(format!("there is no key '{name}'")))
            }
            Self::NoKey(Missing::Unknown(name, why)) => (
                Some("temperror"),
                Some(format!("the key '{name}' could not be found out: {why}")),
            ),
        };
        object.insert("result".into(), json!(result));
        object.insert("reason".into(), json!(reason));
    }
}

/// The message that signatures are checked against.
pub struct Signed<'a> {
    /// All of it.
    pub raw: &'a [u8],
    /// Its header.
    pub headers: &'a Headers<'a>,
    /// The keys that were given.
    pub keys: &'a Keys,
}

/// A signature field, read.
pub struct Signature {
    /// Its tags; `None` where the field is no list of them.
    pub tags: Option<Tags>,
}

impl Signature {
    /// Reads a field's value.
    pub fn parse(value: &[u8]) -> Self {
        let text = std::str::from_utf8(value).ok();
        Self {
            tags: text.and_then(Tags::parse),
        }
    }

    /// What the field says, one key for each tag that tells something.
    pub fn describe(&self) -> Map<String, Value> {
        let tag = |name: &str| self.tags.as_ref().and_then(|tags| tags.value(name));
        let time = |name: &str| {
            let tags = self.tags.as_ref()?;
            tags.number(name).and_then(iso8601)
        };
        let fields = self.tags.as_ref().map(|tags| tags.list("h"));
        let object = json!({
            "domain": tag("d"),
            "selector": tag("s"),
            "algorithm": tag("a"),
            "canonicalization": tag("c"),
            "identity": tag("i"),
            "fields": fields.unwrap_or_default(),
            "signed_at": time("t"),
            "expires_at": time("x"),
            "body_length": self.tags.as_ref().and_then(|tags| tags.number("l")),
        });
        match object {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    /// Verifies it over the body and the fields that it names; `field` is the
    /// field it was read from.
    pub fn verify(&self, field: &Field<'_>, kind: SignatureKind, signed: &Signed<'_>) -> Outcome {
        match self.check(field, kind, signed) {
            Ok(()) => Outcome::Pass,
            Err(outcome) => outcome,
        }
    }

    fn check(
        &self,
        field: &Field<'_>,
        kind: SignatureKind,
        signed: &Signed<'_>,
    ) -> Result<(), Outcome> {
        let perm = Outcome::PermError;
        let tags = self.tags.as_ref().ok_or(perm("the field is no tag list"))?;
        let (domain, selector) = tags
            .value("d")
            .zip(tags.value("s"))
            .ok_or(perm(INCOMPLETE))?;
        let (header_form, body_form) = Canonicalization::pair(tags.value("c"))
            .ok_or(perm("the canonicalization is unknown"))?;
        let algorithm = Algorithm::named(tags.value("a").ok_or(perm(INCOMPLETE))?).map_err(perm)?;
        let fields = tags.list("h");
        if !fields.iter().any(|name| name.eq_ignore_ascii_case("From")) {
            return Err(perm("From is not signed"));
        }
        let record = signed.keys.find(selector, domain).map_err(Outcome::NoKey)?;
        let key = Key::parse(record).map_err(perm)?;
        if kind == SignatureKind::Dkim {
            if tags.value("v") != Some("1") {
                return Err(perm("the version is unknown"));
            }
            check_identity(tags.value("i"), domain, &key)?;
        }
        let body = body_form.body(&signed.raw[signed.headers.length()..]);
        let length = match tags.value("l") {
            None => body.len(),
            Some(_) => tags
                .number("l")
                .and_then(|length| usize::try_from(length).ok())
                .filter(|&length| length <= body.len())
                .ok_or(perm("the body is shorter than what was signed"))?,
        };
        let hash = tags
            .packed("bh")
            .and_then(|hash| STANDARD.decode(hash).ok());
        if hash.ok_or(perm(INCOMPLETE))? != Sha256::digest(&body[..length]).as_slice() {
            return Err(Outcome::Fail("the body was changed"));
        }
        let data = signed_header(&fields, field, header_form, signed);
        let signature = tags.packed("b").and_then(|data| STANDARD.decode(data).ok());
        key.verify(algorithm, &data, &signature.ok_or(perm(INCOMPLETE))?)
            .map_err(Outcome::Fail)
    }
}

const INCOMPLETE: &str = "a tag is missing or cannot be read";

/// Which of the two fields it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// DKIM-Signature.
    Dkim,
    /// ARC-Message-Signature: `i=` is the instance, and there is no version.
    Arc,
}

/// RFC 6376 section 3.5: `i=` is in the domain of `d=` or below it.
fn check_identity(identity: Option<&str>, domain: &str, key: &Key) -> Result<(), Outcome> {
    let Some(identity) = identity else {
        return Ok(());
    };
    let host = identity
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let domain = domain.to_ascii_lowercase();
    let is_below = host
        .strip_suffix(&domain)
        .is_some_and(|front| front.ends_with('.'));
    if host == domain || is_below && !key.is_strict() {
        Ok(())
    } else {
        Err(Outcome::PermError(
            "the identity is not in the signing domain",
        ))
    }
}

/// The fields in the order of `h=`, of the same name the last first, and at the
/// end the signature field without its signature (RFC 6376 section 3.7).
fn signed_header(
    names: &[&str],
    signature: &Field<'_>,
    form: Canonicalization,
    signed: &Signed<'_>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let fields = signed.headers.fields();
    let mut is_used = vec![false; fields.len()];
    // Each name takes a field from the bottom up; a name that is listed more
    // often than there are fields signs that there is no other.
    for name in names.iter().take(MAX_SIGNED) {
        let next = (0..fields.len())
            .rev()
            .find(|&index| !is_used[index] && fields[index].name.eq_ignore_ascii_case(name));
        if let Some(index) = next {
            is_used[index] = true;
            append(&fields[index], form, signed.raw, &mut out);
            out.extend_from_slice(b"\r\n");
        }
    }
    append_unsigned(signature, form, signed.raw, &mut out);
    out
}

/// The most names of `h=` that are followed; each looks through the header.
const MAX_SIGNED: usize = 200;

/// Appends a field in its canonical form.
pub(super) fn append(field: &Field<'_>, form: Canonicalization, raw: &[u8], out: &mut Vec<u8>) {
    let end = field.value_offset + field.value.len();
    form.field(field.name, &raw[field.offset..end], field.value, out);
}

/// Appends a signature field with the value of `b=` left out.
pub(super) fn append_unsigned(
    field: &Field<'_>,
    form: Canonicalization,
    raw: &[u8],
    out: &mut Vec<u8>,
) {
    let mut value = Vec::with_capacity(field.value.len());
    for (index, tag) in field.value.split(|&byte| byte == b';').enumerate() {
        if index > 0 {
            value.push(b';');
        }
        let equals = tag.iter().position(|&byte| byte == b'=');
        match equals {
            Some(at) if tag[..at].trim_ascii() == b"b" => value.extend_from_slice(&tag[..=at]),
            _ => value.extend_from_slice(tag),
        }
    }
    let name = &raw[field.offset..field.value_offset];
    form.field(field.name, &[name, &value].concat(), &value, out);
}

//! A header block split into its fields (RFC 5322 section 2.2), and unfolding.
//!
//! The one splitter for header bytes from wherever they come: some fields by
//! BODY[HEADER.FIELDS], the whole header, the top of a message or of a part,
//! with CRLF or bare LF. What is no field is left out and named as a problem.

use super::problem::Problem;
use memchr::memchr;
use std::borrow::Cow;
use std::ops::Range;

/// The most fields that are looked at in one header block.
const MAX_FIELDS: usize = 10_000;

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Everything after the colon, folds included, without the final line end.
    pub value: &'a [u8],
    /// Where the field's name begins in the block.
    pub offset: usize,
    /// Where its value begins in the block.
    pub value_offset: usize,
}

/// A split header block.
#[derive(Debug, Default)]
pub struct Block<'a> {
    /// The fields in the order they were written.
    pub fields: Vec<Field<'a>>,
    /// The bytes of the header with its empty line: the body begins there.
    pub length: usize,
    /// What was left out, all under the field `headers`.
    pub problems: Vec<Problem>,
}

/// Where the fields of a header block are, for those who read it more than once.
#[derive(Debug, Default)]
pub struct Outline {
    places: Vec<Place>,
    length: usize,
    problems: Vec<Problem>,
}

/// Where a field is: what [`Field`] says of it.
#[derive(Debug)]
struct Place {
    name: Range<usize>,
    value: Range<usize>,
}

impl Place {
    /// The field of these bytes; of others than it was found in, perhaps none.
    fn field<'a>(&self, bytes: &'a [u8]) -> Option<Field<'a>> {
        Some(Field {
            name: str::from_utf8(bytes.get(self.name.clone())?).ok()?,
            value: bytes.get(self.value.clone())?,
            offset: self.name.start,
            value_offset: self.value.start,
        })
    }
}

impl Outline {
    /// Splits the header block at the beginning of `bytes`, as [`split`] does.
    pub fn of(bytes: &[u8]) -> Self {
        let mut places = Vec::new();
        let (length, problems) = each(bytes, |place| places.push(place));
        Self {
            places,
            length,
            problems,
        }
    }

    /// The block at the beginning of `bytes`, of which this is the outline.
    pub fn block<'a>(&self, bytes: &'a [u8]) -> Block<'a> {
        let mut fields = Vec::with_capacity(self.places.len());
        fields.extend(self.places.iter().filter_map(|place| place.field(bytes)));
        Block {
            fields,
            length: self.length,
            problems: self.problems.clone(),
        }
    }
}

/// Splits the header block at the beginning of `bytes`; it ends after the
/// first empty line, or with `bytes`. A first line `From ...`, as mbox files
/// have it, is passed over.
pub fn split(bytes: &[u8]) -> Block<'_> {
    let mut fields = Vec::new();
    let (length, problems) = each(bytes, |place| fields.extend(place.field(bytes)));
    Block {
        fields,
        length,
        problems,
    }
}

/// Gives the place of each field, in order; the length of the block and what was
/// left out.
fn each(bytes: &[u8], mut give: impl FnMut(Place)) -> (usize, Vec<Problem>) {
    let mut at = match bytes {
        [b'F', b'r', b'o', b'm', b' ', ..] | [b'>', b'F', b'r', b'o', b'm', b' ', ..] => {
            line_end(bytes, 0)
        }
        _ => 0,
    };
    let (mut found, mut skipped, mut first_skipped) = (0_usize, 0_usize, &bytes[..0]);
    while at < bytes.len() {
        let first_line = line_end(bytes, at);
        let line = &bytes[at..first_line];
        if matches!(line, b"\n" | b"\r\n") {
            at = first_line;
            break;
        }
        let mut end = first_line;
        while matches!(bytes.get(end), Some(b' ' | b'\t')) {
            end = line_end(bytes, end);
        }
        match (field_name(line), found < MAX_FIELDS) {
            (Some((name, value)), true) => {
                let start = at + value;
                let length = without_line_end(&bytes[start..end]).len();
                found += 1;
                give(Place {
                    name: at..at + name,
                    value: start..start + length,
                });
            }
            _ => {
                if skipped == 0 {
                    first_skipped = without_line_end(line);
                }
                skipped += 1;
            }
        }
        at = end;
    }
    let mut problems = Vec::new();
    if skipped > 0 {
        let what = if found == MAX_FIELDS {
            format!("only the first {MAX_FIELDS} fields are read, {skipped} left out, the first")
        } else {
            format!("lines that are no field left out: {skipped}, the first")
        };
        problems.push(Problem::with_bytes("headers", &what, first_skipped));
    }
    (at, problems)
}

/// A field's value on one line: the line ends taken out (RFC 5322 section
/// 2.2.3), white space around it too.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut line = Vec::with_capacity(value.len());
    for piece in value.split_inclusive(|&byte| byte == b'\n') {
        line.extend_from_slice(without_line_end(piece));
    }
    Cow::Owned(line)
}

/// As [`unfold`], but each fold becomes one space, for text that people read.
pub fn unfold_to_space(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut line = Vec::with_capacity(value.len());
    for piece in value.split(|&byte| byte == b'\n') {
        if !line.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(piece.trim_ascii());
    }
    Cow::Owned(line)
}

/// The length of the name at the start of `line`, and where the value begins.
fn field_name(line: &[u8]) -> Option<(usize, usize)> {
    let colon = memchr(b':', line)?;
    // White space before the colon is obsolete but allowed (RFC 5322 section
    // 4.5).
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some((name.len(), colon + 1))
}

/// The index after the end of the line that contains `at`.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found + 1)
}

/// `line` without its final LF or CRLF.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    match line {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(block: &Block<'a>) -> Vec<&'a str> {
        block.fields.iter().map(|field| field.name).collect()
    }

    #[test]
    fn fields_are_split_whatever_the_line_ends() {
        for text in [
            "A: 1\r\nB : 2\r\n\t3\r\n\r\nbody: x",
            "A: 1\nB : 2\n\t3\n\nbody: x",
        ] {
            let block = split(text.as_bytes());
            assert_eq!(names(&block), ["A", "B"]);
            assert_eq!(unfold(block.fields[1].value), b"2\t3".as_slice());
            assert_eq!(unfold_to_space(block.fields[1].value), b"2 3".as_slice());
            assert_eq!(&text[block.length..], "body: x");
            assert!(block.problems.is_empty());
        }
    }

    #[test]
    fn an_mbox_line_is_passed_over() {
        let block = split(b"From ada Mon Jan  1 10:00:00 2001\nA: 1\n");
        assert_eq!((names(&block), block.problems.len()), (vec!["A"], 0));
        assert_eq!(block.fields[0].offset, 34);
    }

    #[test]
    fn what_is_no_field_is_left_out_and_named() {
        let block = split(b" stray\r\nA: 1\r\nno colon here\r\n and its fold\r\nB: 2\r\n");
        assert_eq!(names(&block), ["A", "B"]);
        assert_eq!(block.problems.len(), 1);
        assert_eq!(
            block.problems[0].problem,
            "lines that are no field left out: 2, the first: ' stray'"
        );
        assert_eq!(split(b"two words: 1\n: 2\n\xe9: 3\n").fields, []);
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let many = "a:\n".repeat(MAX_FIELDS + 5);
        let block = split(many.as_bytes());
        assert_eq!(block.fields.len(), MAX_FIELDS);
        assert_eq!(block.length, 3 * (MAX_FIELDS + 5));
        assert_eq!(block.problems.len(), 1);
    }

    #[test]
    fn nothing_gives_no_field() {
        for text in ["", "\n", "\r\n", "From ", ":", "a"] {
            assert_eq!(split(text.as_bytes()).fields, []);
        }
    }
}

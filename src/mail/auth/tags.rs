//! Tag lists, `v=1; a=rsa-sha256; d=example.org` (RFC 6376 section 3.2), in
//! signature fields and in key records.

/// The most tags of one list that are looked at.
const MAX_TAGS: usize = 100;

/// A tag list.
#[derive(Debug, Default)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// Reads a list; a tag that comes twice makes it none (RFC 6376 section
    /// 3.2), and so do one without `=`, and NUL.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('\0') {
            return None;
        }
        let mut tags: Vec<(String, String)> = Vec::new();
        for tag in text.split(';').filter(|tag| !tag.trim().is_empty()) {
            let (name, value) = tag.split_once('=')?;
            let name = name.trim();
            if tags.len() == MAX_TAGS || tags.iter().any(|(known, _)| known == name) {
                return None;
            }
            tags.push((name.to_owned(), value.trim().to_owned()));
        }
        Some(Self(tags))
    }

    /// The value of a tag, white space at its ends left out.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut tags = self.0.iter();
        tags.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value without any white space, as base64 is to be read.
    pub fn packed(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        Some(value.split_ascii_whitespace().collect())
    }

    /// The value as a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// The elements of a list with colons between them.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let elements = self
            .value(name)
            .into_iter()
            .flat_map(|list| list.split(':'));
        elements
            .map(str::trim)
            .filter(|element| !element.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_folds_and_spaces() {
        let tags =
            Tags::parse(" v=1; h = From : To\r\n :Subject ; b=YW\r\n Jj; l=12;").expect("sound");
        assert_eq!(tags.value("v"), Some("1"));
        assert_eq!(tags.list("h"), ["From", "To", "Subject"]);
        assert_eq!(tags.packed("b").as_deref(), Some("YWJj"));
        assert_eq!(tags.number("l"), Some(12));
        assert_eq!(tags.value("x"), None);
    }

    #[test]
    fn nul_is_in_no_list() {
        assert!(Tags::parse("h=from:d\0ate").is_none());
    }

    #[test]
    fn what_breaks_the_rules_is_no_list() {
        assert!(Tags::parse("a=1; a=2").is_none());
        assert!(Tags::parse("a=1; junk").is_none());
        assert!(Tags::parse(&"a=1;".repeat(1000)).is_none());
    }
}

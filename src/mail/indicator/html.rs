//! HTML taken apart as far as indicators need it: what is shown, where links
//! lead, and what scripts and style sheets say.
//!
//! A scanner over the text, one pass, no tree: broken markup, which is what
//! attackers send, is read on as a browser would.

use super::mapped::Mapped;
use super::reference::push_text;
use memchr::memmem;

/// What was found in an HTML text.
#[derive(Debug, Default)]
pub struct Html {
    /// What is shown, entities decoded, with line ends between blocks.
    pub shown: Mapped,
    /// Where attributes lead.
    pub links: Vec<Link>,
    /// Scripts, style sheets and comments: code, not words.
    pub code: Mapped,
}

/// An attribute that names a place.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its value, entities decoded, without the white space that browsers
    /// ignore.
    pub target: String,
    /// Where the value begins in the HTML.
    pub at: usize,
    /// For `<a href>` where its text begins and ends in [`Html::shown`].
    pub shown: Option<(usize, usize)>,
}

/// Attributes whose value is a URL (HTML section "Attributes"), and `content`
/// of a meta refresh.
const URL_ATTRIBUTES: [&str; 12] = [
    "action",
    "background",
    "cite",
    "content",
    "data",
    "formaction",
    "href",
    "longdesc",
    "poster",
    "src",
    "srcset",
    "xlink:href",
];

/// The most links that are kept of one text.
const MAX_LINKS: usize = 100_000;

/// The longest name of an element that is looked for.
const MAX_NAME: usize = 32;

impl Html {
    /// Reads `html`, whatever it is.
    pub fn parse(html: &str) -> Self {
        let mut read = Self::default();
        let mut anchor = None;
        let mut at = 0;
        while at < html.len() {
            let Some(open) = html[at..].find('<').map(|found| at + found) else {
                push_text(&mut read.shown, html, at, html.len());
                break;
            };
            push_text(&mut read.shown, html, at, open);
            at = read.markup(html, open, &mut anchor);
        }
        read.close(&mut anchor);
        read
    }

    /// Reads what begins with `<` at `open`; returns where it ends.
    fn markup(&mut self, html: &str, open: usize, anchor: &mut Option<usize>) -> usize {
        let rest = &html[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = memmem::find(comment.as_bytes(), b"-->");
            let end = end.map_or(html.len(), |end| open + 4 + end);
            self.code.push(&html[open + 4..end], open + 4);
            self.code.push("\n", end);
            return (end + 3).min(html.len());
        }
        let is_end = rest.starts_with("</");
        let name_at = open + if is_end { 2 } else { 1 };
        let name = name(&html[name_at..]);
        if name.is_empty() {
            // `a < b` is text; `<!DOCTYPE>` and `<?xml?>` are not.
            if rest.starts_with("<!") || rest.starts_with("<?") || is_end {
                return html[open..]
                    .find('>')
                    .map_or(html.len(), |end| open + end + 1);
            }
            self.shown.push("<", open);
            return open + 1;
        }
        let end = self.attributes(html, name_at + name.len(), is_end, &name, anchor);
        if matches!(name.as_str(), "a") && is_end {
            self.close(anchor);
        }
        if is_block(&name) {
            self.shown.push("\n", open);
        }
        if !is_end && matches!(name.as_str(), "script" | "style") {
            let close = find_close(html, end, &name);
            self.code.push(&html[end..close], end);
            self.code.push("\n", close);
            return close;
        }
        end
    }

    /// Reads the attributes of a tag from `at`; returns where the tag ends.
    fn attributes(
        &mut self,
        html: &str,
        mut at: usize,
        is_end: bool,
        element: &str,
        anchor: &mut Option<usize>,
    ) -> usize {
        let bytes = html.as_bytes();
        let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
        loop {
            while bytes.get(at).is_some_and(|&byte| is_space(byte)) {
                at += 1;
            }
            match bytes.get(at) {
                None => return at,
                Some(b'>') => return at + 1,
                Some(_) => {}
            }
            let start = at;
            at += 1;
            while bytes
                .get(at)
                .is_some_and(|&byte| !is_space(byte) && byte != b'=' && byte != b'>')
            {
                at += 1;
            }
            let attribute = &html[start..at];
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            if bytes.get(at) != Some(&b'=') {
                continue;
            }
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            let (from, to, after) = value(html, at);
            at = after;
            let known = |known: &&str| attribute.eq_ignore_ascii_case(known);
            if !is_end && URL_ATTRIBUTES.iter().any(known) {
                let is_anchor = element == "a" && attribute.eq_ignore_ascii_case("href");
                self.link(html, from, to, is_anchor, anchor);
            }
        }
    }

    fn link(
        &mut self,
        html: &str,
        from: usize,
        to: usize,
        is_anchor: bool,
        anchor: &mut Option<usize>,
    ) {
        let mut decoded = Mapped::default();
        push_text(&mut decoded, html, from, to);
        let target: String = decoded
            .text()
            .trim()
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .collect();
        if target.is_empty() || self.links.len() == MAX_LINKS {
            return;
        }
        if is_anchor {
            self.close(anchor);
            *anchor = Some(self.links.len());
        }
        let begin = self.shown.text().len();
        self.links.push(Link {
            target,
            at: from,
            shown: is_anchor.then_some((begin, begin)),
        });
    }

    /// Ends the text of the open `<a>`.
    fn close(&mut self, anchor: &mut Option<usize>) {
        let link = anchor.take().and_then(|index| self.links.get_mut(index));
        if let Some(Link {
            shown: Some((_, end)),
            ..
        }) = link
        {
            *end = self.shown.text().len();
        }
    }
}

/// The value at `at`: where it begins and ends, and where reading goes on.
fn value(html: &str, at: usize) -> (usize, usize, usize) {
    let rest = &html[at..];
    match rest.as_bytes().first() {
        Some(&quote @ (b'"' | b'\'')) => {
            let end = rest[1..].find(char::from(quote));
            let end = end.map_or(html.len(), |end| at + 1 + end);
            (at + 1, end, (end + 1).min(html.len()))
        }
        _ => {
            let ends = |c: char| c.is_ascii_whitespace() || c == '>';
            let end = rest.find(ends).map_or(html.len(), |end| at + end);
            (at, end, end)
        }
    }
}

/// The lower-case name at the start of a tag.
fn name(text: &str) -> String {
    let letters = text.bytes().take(MAX_NAME);
    let name: String = letters
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-'))
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        String::new()
    }
}

/// Where `</name` begins at or after `at`, else the end.
fn find_close(html: &str, at: usize, name: &str) -> usize {
    let mut ends = memmem::find_iter(&html.as_bytes()[at..], b"</");
    let is_name = |end: &usize| {
        let tag = html.as_bytes().get(at + end + 2..at + end + 2 + name.len());
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
    };
    ends.find(is_name).map_or(html.len(), |end| at + end)
}

/// Elements that begin a new line, so that words in two cells, or in two links,
/// do not run together.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "a" | "address"
            | "blockquote"
            | "br"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "li"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "table"
            | "td"
            | "th"
            | "title"
            | "tr"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_is_told_from_markup() {
        let html = "<p>one<b>two</b></p><td>x</td><td>y</td>a &lt; b < c &unknown; &#46;&#x2e;";
        let read = Html::parse(html);
        assert_eq!(
            read.shown.text(),
            "\nonetwo\n\nx\n\ny\na < b < c &unknown; .."
        );
        let at = read.shown.text().find("two").unwrap_or_default();
        assert_eq!(read.shown.origin(at), html.find("two").unwrap_or_default());
    }

    #[test]
    fn links_are_found_with_their_text() {
        let html = "<a class=x HREF='https&colon;//evil.example/\n?a=1&amp;b=2'>pay<i>pal</i>.com</a>\
            <img src=https://t.example/p.gif><a href=\"https://open.example\">open";
        let read = Html::parse(html);
        let links: Vec<_> = read
            .links
            .iter()
            .map(|link| {
                let shown = link
                    .shown
                    .map(|(from, to)| read.shown.text()[from..to].trim());
                (link.target.as_str(), shown)
            })
            .collect();
        assert_eq!(
            links,
            [
                ("https://evil.example/?a=1&b=2", Some("paypal.com")),
                ("https://t.example/p.gif", None),
                ("https://open.example", Some("open")),
            ]
        );
        assert!(html[read.links[0].at..].starts_with("https&colon;"));
    }

    #[test]
    fn code_and_comments_are_not_shown() {
        let read = Html::parse("a<script>x='</b>'</SCRIPT>b<!-- c --><style>d</style>e<!-- f");
        assert_eq!(read.shown.text(), "abe");
        assert_eq!(read.code.text(), "x='</b>'\n c \nd\n f\n");
    }

    #[test]
    fn broken_markup_is_read_to_its_end() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href='",
            "</",
            "<!",
            "<!--",
            "&",
            "&#;",
            "<é>",
            "<a é=é",
        ] {
            let _ = Html::parse(html);
        }
    }

    proptest! {
        #[test]
        fn places_are_within_the_text(html in "(<a href=|<|>|</|a|\"|'|&#x2e;|&amp|<!--|-->|<script|\u{e9}| ){0,40}") {
            let read = Html::parse(&html);
            let shown = read.shown.text();
            prop_assert!(shown.char_indices().all(|(at, _)| html.is_char_boundary(read.shown.origin(at))));
            for link in read.links {
                prop_assert!(html.is_char_boundary(link.at));
                prop_assert!(link.shown.is_none_or(|(from, to)| shown.get(from..to).is_some()));
            }
        }
    }
}

//! How a part is to be looked through, by its type, or by its name where the
//! type says nothing: what attackers attach is often labelled as bare bytes.

use super::find::Scope;
use crate::mail::entity::is_message;

/// How a part is to be looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// As HTML, or as SVG, whose links and scripts are written alike.
    Html,
    /// As text.
    Text(Scope),
    /// As a PDF file.
    Pdf,
    /// Not at all: an image, an archive, a program.
    Opaque,
}

impl Medium {
    /// Tells by the type, lower case, and the file's name.
    pub fn of(kind: &str, name: &str) -> Self {
        match kind {
            "text/html" | "application/xhtml+xml" | "image/svg+xml" => Self::Html,
            "application/pdf" | "application/x-pdf" => Self::Pdf,
            "text/javascript" | "application/javascript" | "application/x-javascript" => {
                Self::Text(Scope::Code)
            }
            "application/json" | "application/xml" | "application/csv" => Self::Text(Scope::Prose),
            // Reports, of delivery or of abuse, are text too.
            _ if kind.starts_with("text/") => Self::Text(Scope::Prose),
            _ if kind.starts_with("message/") && !is_message(kind) => Self::Text(Scope::Prose),
            _ if kind.ends_with("+xml") || kind.ends_with("+json") => Self::Text(Scope::Prose),
            _ if kind.starts_with("application/") => Self::named(name),
            _ => Self::Opaque,
        }
    }

    fn named(name: &str) -> Self {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "hta" | "htm" | "html" | "shtml" | "svg" | "xht" | "xhtml" => Self::Html,
            "csv" | "ics" | "json" | "log" | "md" | "txt" | "vcf" | "xml" | "yaml" | "yml" => {
                Self::Text(Scope::Prose)
            }
            "bat" | "cmd" | "js" | "jse" | "ps1" | "sh" | "url" | "vbe" | "vbs" | "wsf" => {
                Self::Text(Scope::Code)
            }
            "pdf" => Self::Pdf,
            _ => Self::Opaque,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_decides_and_the_name_where_the_type_says_nothing() {
        let (prose, code) = (Medium::Text(Scope::Prose), Medium::Text(Scope::Code));
        for (kind, name, medium) in [
            ("text/html", "a.txt", Medium::Html),
            ("text/csv", "", prose),
            ("message/delivery-status", "", prose),
            ("message/rfc822", "", Medium::Opaque),
            ("application/atom+xml", "", prose),
            ("image/svg+xml", "", Medium::Html),
            ("image/png", "a.html", Medium::Opaque),
            ("application/octet-stream", "Invoice.HTML", Medium::Html),
            ("application/vnd.ms-excel", "list.csv", prose),
            ("application/octet-stream", "run.js", code),
            ("application/octet-stream", "a.pdf", Medium::Pdf),
            ("application/pdf", "", Medium::Pdf),
            ("application/octet-stream", "", Medium::Opaque),
        ] {
            assert_eq!(Medium::of(kind, name), medium, "{kind} {name}");
        }
    }
}

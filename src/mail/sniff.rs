//! The media type that content shows by its own bytes, whatever its header
//! says.

use super::accepted::Form;

/// The media type by the first bytes (crate `infer`), `None` where they tell
/// nothing: plain text for one has no mark.
pub fn media_type(content: &[u8]) -> Option<&'static str> {
    match Form::of(content) {
        Form::OutlookMsg if super::outlook::msg::is_message(content) => {
            Some("application/vnd.ms-outlook")
        }
        Form::Tnef => Some("application/ms-tnef"),
        Form::OutlookMsg => Some("application/x-ole-storage"),
        Form::Mime => infer::get(content).map(|kind| kind.mime_type()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_known_and_plain_text_has_none() {
        for (content, kind) in [
            (&b"%PDF-1.7\n"[..], Some("application/pdf")),
            (b"PK\x03\x04\x14\0", Some("application/zip")),
            (
                b"MZ\x90\0",
                Some("application/vnd.microsoft.portable-executable"),
            ),
            (b"\x89PNG\r\n\x1a\n", Some("image/png")),
            (b"<!DOCTYPE html><p>", Some("text/html")),
            (b"\x78\x9f\x3e\x22\x01\0", Some("application/ms-tnef")),
            (b"just text", None),
            (b"", None),
        ] {
            assert_eq!(media_type(content), kind, "{content:?}");
        }
    }
}

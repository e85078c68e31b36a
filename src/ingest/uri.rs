//! The `uri` of a message's resources: `smtp://{user}/{message_id}`, as the
//! incumbent writes it, and unique within a database, as its views need it.

/// The uri of a message, without escaping: readers join on it as it is. A
/// message without Message-ID is named by its SHA-256 instead, since the empty
/// name would be shared by all of them.
pub fn base(user: &str, message_id: &str, sha256: &str) -> String {
    if message_id.is_empty() {
        format!("smtp://{user}/sha256-{sha256}")
    } else {
        format!("smtp://{user}/{message_id}")
    }
}

/// The uri of a message whose [`base`] names another message with the same
/// Message-ID: a copy that a list changed, a draft and what became of it.
pub fn distinct(base: &str, sha256: &str) -> String {
    format!("{base};sha256={sha256}")
}

/// Where below a message's uri its `nth` body of one kind (`txt`, `html`) is,
/// counted from 0: the first plainly below it, since readers look there.
pub fn body_place(nature: &str, nth: usize) -> String {
    match nth {
        0 => format!("/{nature}"),
        _ => format!("/{nature}/{}", nth + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_the_user_and_the_message() {
        assert_eq!(base("ada", "x@y", "5e"), "smtp://ada/x@y");
    }

    #[test]
    fn messages_without_a_message_id_do_not_share_a_uri() {
        assert_eq!(base("ada", "", "5e"), "smtp://ada/sha256-5e");
        assert_eq!(distinct("smtp://ada/x@y", "5e"), "smtp://ada/x@y;sha256=5e");
    }

    #[test]
    fn only_further_bodies_are_numbered() {
        assert_eq!(body_place("txt", 0), "/txt");
        assert_eq!(body_place("html", 2), "/html/3");
    }
}

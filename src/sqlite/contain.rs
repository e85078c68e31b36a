//! The seam between this extension and the host: nothing unwinds through it.
//!
//! Every C callback body of this module tree is one call to [`contain`]. A
//! panic becomes [`Kind::Internal`]; what the panic left half-done stays as it
//! is. Without unwinding there is nothing to catch, hence the check below.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Kind, Result};

#[cfg(panic = "abort")]
compile_error!("a panic must become an SQL error: build with panic = \"unwind\"");

/// Runs `body` and turns a panic in it into an error that names `place`.
pub fn contain<R>(place: &str, body: impl FnOnce() -> Result<R>) -> Result<R> {
    // A panic may leave what `body` borrows in an odd state, but never in an
    // invalid one; whoever owns the state sees the error as any other.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        Err(Kind::Internal {
            place: place.to_owned(),
            text: said(payload),
        }
        .into())
    })
}

/// Drops `value`; a panic on the way ends here, as a destructor has nobody to
/// tell.
pub(super) fn discard<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        said(payload);
    }
}

/// The text a panic was raised with.
fn said(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => {
                // Dropping a value of a type we do not know may panic again.
                std::mem::forget(payload);
                "a panic without text".to_owned()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    fn text_of(body: impl FnOnce() -> Result<()>) -> String {
        contain("xNext", body)
            .expect_err("the body fails")
            .to_string()
    }

    #[test]
    fn a_panic_becomes_one_line_that_names_the_callback() {
        let text = text_of(|| panic!("row {} is\ngone", 7));
        assert_eq!(
            text,
            "imap: internal error in xNext: row 7 is\\ngone (please report)"
        );
    }

    #[test]
    fn a_payload_of_an_unknown_type_is_never_dropped() {
        let text = text_of(|| panic_any(Bomb));
        assert_eq!(
            text,
            "imap: internal error in xNext: a panic without text (please report)"
        );
    }

    #[test]
    fn a_panicking_destructor_ends_in_discard() {
        discard(Bomb);
    }

    #[test]
    fn an_error_passes_unchanged() {
        let text = text_of(|| Err(crate::error::Error::usage("no server")));
        assert_eq!(text, "imap: no server");
    }
}

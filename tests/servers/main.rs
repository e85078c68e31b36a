//! The same scenarios on every kind of server: Dovecot, Cyrus and Courier as
//! they are, Gmail's and Exchange's ways played by [`persona`].
//!
//! Cyrus and Courier live in chroots that `make test-servers` makes, as root;
//! `cargo test --test servers -- --include-ignored` runs them once those are
//! there. Without them their tests are shown as ignored.

#[path = "../differential"]
mod differential {
    pub mod compare;
    pub mod mailbox;
    pub mod queries;
    pub mod words;
}
mod exchange;
mod gmail;
mod persona;
mod scenario;
mod server;
#[path = "../support/mod.rs"]
mod support;

/// Every scenario as a test of one server, ignored where there is a reason.
macro_rules! suite {
    ($name:ident $reason:tt: $($scenario:ident)*) => {
        mod $name {
            $(suite!(@test $name $reason $scenario);)*
        }
    };
    (@test $name:ident () $scenario:ident) => {
        #[test]
        fn $scenario() {
            crate::scenario::$scenario(&crate::server::$name(stringify!($scenario)));
        }
    };
    (@test $name:ident ($reason:literal) $scenario:ident) => {
        #[test]
        #[ignore = $reason]
        fn $scenario() {
            crate::scenario::$scenario(&crate::server::$name(stringify!($scenario)));
        }
    };
}

/// The scenarios of every server, and the users they need.
macro_rules! suites {
    ($($scenario:ident)*) => {
        /// A user for each scenario.
        pub const USERS: &[&str] = &[$(stringify!($scenario)),*];

        suite!(dovecot (): $($scenario)*);
        suite!(cyrus ("needs the chroot that make test-servers makes"): $($scenario)*);
        suite!(courier ("needs the chroot that make test-servers makes"): $($scenario)*);
    };
}

suites! {
    rows_hold_what_the_messages_say
    flags_and_dates_are_columns
    uid_constraints_choose_the_rows
    folders_are_listed_with_their_counts
    patterns_read_many_folders
    names_beyond_ascii_are_utf8
    attachments_are_listed_and_fetched
    extension_columns_are_null_or_right
    settings_pass_every_step
    an_empty_folder_has_no_rows
    text_conditions_mean_what_sql_says
    expunged_messages_leave_gaps
    generated_queries_mean_what_sql_says
    generated_queries_need_no_trust
}

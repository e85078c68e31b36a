//! Hosts that cannot run the extension: too old, reduced, or a second SQLite.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use imap0::sqlite::initialise;
use imap0::sqlite::raw::sqlite3_api_routines;

#[test]
fn an_unfit_host_gets_a_sentence() {
    unsafe extern "C" fn of_ubuntu_20_04() -> c_int {
        3_031_001
    }
    unsafe extern "C" fn of_debian_12() -> c_int {
        3_040_001
    }
    let old = "imap: needs SQLite 3.34.0 or later, but was loaded into 3.31.1";
    assert_eq!(said(&mut table(of_ubuntu_20_04)), (1, old.to_owned()));

    let mut without = table(of_debian_12);
    without.create_module_v2 = None;
    let reduced =
        "imap: needs sqlite3_create_module_v2, which this SQLite 3.40.1 was built without";
    assert_eq!(said(&mut without), (1, reduced.to_owned()));

    let mut first = table(of_debian_12);
    assert_eq!(said(&mut first), (256, String::new()));
    assert_eq!(said(&mut first), (256, String::new()));
    let second = "imap: this process holds a second SQLite library, which has loaded this file \
                  already; load it into one of them only";
    assert_eq!(said(&mut table(of_debian_12)), (1, second.to_owned()));
}

/// A host's table in which every function but two is one that must not be called.
fn table(version: unsafe extern "C" fn() -> c_int) -> Box<sqlite3_api_routines> {
    unsafe extern "C" fn never() {
        // It cannot unwind from here: the process ends, and says why.
        panic!("the entry point called what it must not");
    }
    unsafe extern "C" fn malloc(size: c_int) -> *mut c_void {
        vec![0u8; usize::try_from(size).expect("a size")]
            .leak()
            .as_mut_ptr()
            .cast()
    }
    let size = size_of::<sqlite3_api_routines>() / size_of::<usize>();
    let pointers = vec![never as unsafe extern "C" fn() as usize; size];
    // SAFETY: the table consists of function pointers only.
    let mut table =
        unsafe { Box::new(ptr::read(pointers.as_ptr().cast::<sqlite3_api_routines>())) };
    table.libversion_number = Some(version);
    table.malloc = Some(malloc);
    table
}

/// What a library says as it is loaded by the host with this table.
fn said(table: &mut sqlite3_api_routines) -> (c_int, String) {
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: the table's functions are sound to call as the entry point does,
    // and nothing is registered that would use the connection.
    let code = unsafe { initialise(ptr::dangling_mut(), &raw mut message, table, |_| Ok(())) };
    if message.is_null() {
        return (code, String::new());
    }
    // SAFETY: the message is NUL-terminated, in memory that is never freed.
    (
        code,
        unsafe { CStr::from_ptr(message) }
            .to_string_lossy()
            .into_owned(),
    )
}

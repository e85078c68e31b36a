//! (unsafe) Large values lent to SQLite instead of copied.
//!
//! SQLite gives a value back by its address alone, while Rust frees memory by
//! address and size. So a list remembers what is lent. Anyone may lend the same
//! buffer again: SQLite reads a column as often as a statement names it.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Below this many bytes a copy costs less than the bookkeeping.
pub(super) const WORTHWHILE: usize = 4096;

/// What is lent, by the address of the bytes, and how many times.
type Loans = HashMap<usize, (Arc<Vec<u8>>, usize)>;

static LOANS: Mutex<Option<Loans>> = Mutex::new(None);

fn loans() -> MutexGuard<'static, Option<Loans>> {
    // Every change to the map is complete before anything can panic.
    LOANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps `buffer` alive and unchanged until [`give_back`] is called with the
/// address returned, once for each call of this function.
pub(super) fn lend(buffer: &Arc<Vec<u8>>) -> *const u8 {
    let address = buffer.as_ptr();
    let mut loans = loans();
    let entry = loans.get_or_insert_default().entry(address.addr());
    entry.or_insert_with(|| (Arc::clone(buffer), 0)).1 += 1;
    address
}

/// The destructor SQLite calls for a lent value.
///
/// # Safety
/// None beyond the signature: an address that is not lent is ignored.
pub(super) unsafe extern "C" fn give_back(address: *mut c_void) {
    let mut loans = loans();
    let Some(map) = loans.as_mut() else { return };
    let Some((_, count)) = map.get_mut(&address.addr()) else {
        return;
    };
    *count -= 1;
    if *count == 0 {
        let last = map.remove(&address.addr());
        // Freeing may take long for a large buffer; others need not wait.
        drop(loans);
        drop(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_lives_until_its_last_loan_ends() {
        let buffer = Arc::new(vec![7; WORTHWHILE]);
        let lent = [lend(&buffer), lend(&buffer)];
        let weak = Arc::downgrade(&buffer);
        drop(buffer);
        for (address, alive) in lent.into_iter().zip([true, false]) {
            // SAFETY: the address is lent.
            unsafe { give_back(address.cast_mut().cast()) };
            assert_eq!(weak.upgrade().is_some(), alive);
        }
    }
}

//! A line to a test's server that does to the connection what networks
//! do: slows it down, cuts it, lets it stall.

use super::shell::Shell;
use super::user::User;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What happens to what the server says.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing: it goes through.
    Nothing,
    /// After so many bytes the connection is closed in both directions.
    Cut(u64),
    /// After so many bytes nothing comes any more.
    Stall(u64),
    /// Where it says one of these words, the connection is closed before them,
    /// as by a server that fails over a message.
    CutAt(&'static [&'static str]),
    /// Where it says these words, nothing comes any more from there on.
    StallAt(&'static str),
    /// It comes in pieces of so many bytes, one every millisecond.
    Drip(usize),
}

/// A running line; it takes connections until it is dropped.
pub struct Line {
    /// Its port on 127.0.0.1.
    pub port: u16,
    fault: Arc<Mutex<Fault>>,
    is_over: Arc<AtomicBool>,
    open: Arc<Open>,
}

/// Connections that are open.
#[derive(Default)]
struct Open {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Line {
    /// A line to a port on 127.0.0.1 that has this fault on every connection.
    pub fn start(target: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let fault = Arc::new(Mutex::new(fault));
        let current = Arc::clone(&fault);
        let open = Arc::new(Open::default());
        let counted = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let client = client.unwrap();
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else {
                    continue;
                };
                let fault = *current.lock().unwrap();
                pass(&client, &server, fault, &counted);
            }
        });
        Self {
            port,
            fault,
            is_over,
            open,
        }
    }

    /// The most connections that were open at once.
    pub fn most(&self) -> usize {
        self.open.most.load(Ordering::Relaxed)
    }

    /// A shell on a database, whose account is `user` at the end of the line.
    pub fn shell(&self, user: &User<'_>, database: &Path) -> Shell {
        Shell::new()
            .database(database)
            .account(self.port, &user.name, &user.password)
    }

    /// The fault of every connection from now on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pass(client: &TcpStream, server: &TcpStream, fault: Fault, open: &Arc<Open>) {
    // The end of one before it may not have been seen yet.
    thread::sleep(Duration::from_millis(20));
    let now = open.now.fetch_add(1, Ordering::Relaxed) + 1;
    open.most.fetch_max(now, Ordering::Relaxed);
    let open = Arc::clone(open);
    let clone = |stream: &TcpStream| stream.try_clone().unwrap();
    let (from, to) = (clone(client), clone(server));
    thread::spawn(move || {
        copy(from, to, Fault::Nothing);
        open.now.fetch_sub(1, Ordering::Relaxed);
    });
    let (from, to) = (clone(server), clone(client));
    thread::spawn(move || copy(from, to, fault));
}

fn copy(mut from: TcpStream, mut to: TcpStream, fault: Fault) {
    let mut left = match fault {
        Fault::Cut(bytes) | Fault::Stall(bytes) => bytes,
        Fault::Nothing | Fault::Drip(_) | Fault::CutAt(_) | Fault::StallAt(_) => u64::MAX,
    };
    let size = match fault {
        Fault::Drip(size) => size,
        _ => 4096,
    };
    let mut buffer = vec![0; size];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 {
            break;
        }
        let words = match fault {
            Fault::CutAt(words) => words,
            Fault::StallAt(ref word) => std::slice::from_ref(word),
            _ => &[],
        };
        if let Some(at) = place(&buffer[..count], words) {
            left = at as u64;
        }
        let through = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        left -= through as u64;
        if to.write_all(&buffer[..through]).is_err() {
            break;
        }
        match fault {
            Fault::Cut(_) | Fault::CutAt(_) if left == 0 => break,
            Fault::Stall(_) | Fault::StallAt(_) if left == 0 => {
                thread::sleep(Duration::from_secs(20));
                break;
            }
            Fault::Drip(_) => thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// Where the first of these words begins. A word that two reads tear apart is
/// not found, so it must come soon after the server has been waited for.
fn place(said: &[u8], words: &[&str]) -> Option<usize> {
    let find = |word: &&str| {
        let mut windows = said.windows(word.len());
        windows.position(|window| window == word.as_bytes())
    };
    words.iter().filter_map(find).min()
}

//! A line to a test's server that does to the connection what networks
//! do: slows it down, cuts it, lets it stall.

use super::shell::Shell;
use super::until::until;
use super::user::User;
use std::fs;
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
    /// After so many bytes nothing comes until [`Line::set`], and then what that
    /// has happen.
    Hold(u64),
    /// The same where it says these words.
    HoldAt(&'static str),
    /// It comes in pieces of so many bytes, one every millisecond.
    Drip(usize),
}

/// A running line; it takes connections until it is dropped.
pub struct Line {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Arc<State>,
}

struct State {
    now: Mutex<Now>,
    is_over: AtomicBool,
    /// The most connections that were open at once.
    most: AtomicUsize,
    /// Connections behind which there was no server.
    in_vain: AtomicUsize,
}

struct Now {
    /// Of connections that begin.
    fault: Fault,
    /// Of those that were held when it began to be so.
    then: Fault,
    /// How many faults there were before.
    number: usize,
    /// Connections that were held since it is this one.
    held: usize,
}

impl Line {
    /// A line to a port on 127.0.0.1 that has this fault on every connection.
    pub fn start(target: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            now: Mutex::new(Now {
                fault,
                then: fault,
                number: 0,
                held: 0,
            }),
            is_over: AtomicBool::new(false),
            most: AtomicUsize::new(0),
            in_vain: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let client = client.unwrap();
                shared.most.fetch_max(open(port), Ordering::Relaxed);
                match TcpStream::connect(("127.0.0.1", target)) {
                    Ok(server) => pass(&client, &server, &shared),
                    Err(_) => drop(shared.in_vain.fetch_add(1, Ordering::Relaxed)),
                }
            }
        });
        Self { port, state }
    }

    /// The most connections that were open at once.
    pub fn most(&self) -> usize {
        self.state.most.load(Ordering::Relaxed)
    }

    /// Waits until somebody calls in vain from now on, since the server is not
    /// there.
    #[track_caller]
    pub fn is_missed(&self) {
        let so_far = self.state.in_vain.load(Ordering::Relaxed);
        until(|| (self.state.in_vain.load(Ordering::Relaxed) > so_far).then_some(()));
    }

    /// Waits until so many connections are held ([`Fault::Hold`]).
    #[track_caller]
    pub fn holds(&self, connections: usize) {
        until(|| (self.state.now.lock().unwrap().held >= connections).then_some(()));
    }

    /// A shell on a database, whose account is `user` at the end of the line.
    pub fn shell(&self, user: &User<'_>, database: &Path) -> Shell {
        Shell::new()
            .database(database)
            .account(self.port, &user.name, &user.password)
    }

    /// The fault of every connection from now on, and of those that are held.
    pub fn set(&self, fault: Fault) {
        self.change(fault, fault);
    }

    /// Ends the connections that are held; nothing happens to others from now on.
    pub fn cut(&self) {
        self.change(Fault::Nothing, Fault::Cut(0));
    }

    fn change(&self, fault: Fault, then: Fault) {
        let mut now = self.state.now.lock().unwrap();
        *now = Now {
            fault,
            then,
            number: now.number + 1,
            held: 0,
        };
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    /// Waits for the end of a hold; what comes then.
    fn hold(&self) -> Fault {
        let mut now = self.now.lock().unwrap();
        now.held += 1;
        let number = now.number;
        while now.number == number && !self.is_over.load(Ordering::Relaxed) {
            drop(now);
            thread::sleep(Duration::from_millis(5));
            now = self.now.lock().unwrap();
        }
        now.then
    }
}

/// How many connections to a port of 127.0.0.1 neither end has closed, as the
/// system knows: a thread of ours may be late to notice the end of one.
fn open(port: u16) -> usize {
    let here = format!("0100007F:{port:04X}");
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next() == Some(&here) && fields.nth(1) == Some("01")
    };
    table.lines().filter(is_open).count()
}

fn pass(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    let fault = state.now.lock().unwrap().fault;
    let clone = |stream: &TcpStream| stream.try_clone().unwrap();
    let (from, to) = (clone(client), clone(server));
    let shared = Arc::clone(state);
    thread::spawn(move || copy(from, to, Fault::Nothing, &shared));
    let (from, to) = (clone(server), clone(client));
    let shared = Arc::clone(state);
    thread::spawn(move || copy(from, to, fault, &shared));
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut fault: Fault, state: &State) {
    let mut left = bytes_before(fault);
    let mut before = Vec::new();
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
            Fault::StallAt(ref word) | Fault::HoldAt(ref word) => std::slice::from_ref(word),
            _ => &[],
        };
        let mut said = &buffer[..count];
        if let Some(at) = place(&mut before, said, words) {
            left = at as u64;
        }
        let through = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        left -= through as u64;
        if to.write_all(&said[..through]).is_err() {
            break;
        }
        said = &said[through..];
        if left == 0 && matches!(fault, Fault::Hold(_) | Fault::HoldAt(_)) {
            fault = state.hold();
            left = bytes_before(fault);
            if left > 0 && to.write_all(said).is_err() {
                break;
            }
        }
        match fault {
            Fault::Cut(_) | Fault::CutAt(_) if left == 0 => break,
            // Until one of the two hangs up.
            Fault::Stall(_) | Fault::StallAt(_) if left == 0 => {
                let _ = std::io::copy(&mut from, &mut std::io::sink());
                break;
            }
            Fault::Drip(_) => thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// How much goes through before the fault, as far as that is known beforehand.
fn bytes_before(fault: Fault) -> u64 {
    match fault {
        Fault::Cut(bytes) | Fault::Stall(bytes) | Fault::Hold(bytes) => bytes,
        _ => u64::MAX,
    }
}

/// Where the first of these words begins in what is said now; 0 where it began
/// `before`, whose end is kept for the next time.
fn place(before: &mut Vec<u8>, said: &[u8], words: &[&str]) -> Option<usize> {
    let longest = words.iter().map(|word| word.len()).max()?;
    let known = before.len();
    before.extend_from_slice(said);
    let find = |word: &&str| {
        let mut windows = before.windows(word.len());
        windows.position(|window| window == word.as_bytes())
    };
    let found = words.iter().filter_map(find).min();
    before.drain(..before.len().saturating_sub(longest - 1));
    found.map(|at| at.saturating_sub(known))
}

//! `delay LISTEN TARGET MILLISECONDS`: a proxy on loopback that makes every
//! round trip longer and leaves the bandwidth alone.
//!
//! Half of the time is spent in each direction. What is under way is bounded,
//! as the window of a real line is. It ends when its standard input does.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

/// Pieces under way in one direction, of at most [`PIECE`] bytes: a window of
/// 64 MiB, more than any line between two continents needs.
const PIECES: usize = 256;
const PIECE: usize = 256 << 10;

fn main() -> io::Result<()> {
    let arguments: Vec<u64> = std::env::args().skip(1).flat_map(|a| a.parse()).collect();
    let [listen, target, milliseconds] = arguments[..] else {
        eprintln!("usage: delay LISTEN TARGET MILLISECONDS");
        std::process::exit(2);
    };
    let listener = TcpListener::bind(("127.0.0.1", listen as u16))?;
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let late = Duration::from_micros(milliseconds * 500);
    for client in listener.incoming() {
        let client = client?;
        let server = TcpStream::connect(("127.0.0.1", target as u16))?;
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
        }
        carry(client.try_clone()?, server.try_clone()?, late);
        carry(server, client, late);
    }
    Ok(())
}

/// Carries bytes one way, each piece `late` after it came.
fn carry(mut from: TcpStream, mut to: TcpStream, late: Duration) {
    let (sender, pieces) = sync_channel::<(Instant, Vec<u8>)>(PIECES);
    thread::spawn(move || {
        let mut buffer = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let piece = buffer[..count].to_vec();
            if sender.send((Instant::now() + late, piece)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

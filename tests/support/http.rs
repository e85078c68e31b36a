//! An HTTP server on loopback that keeps what it is sent and answers as it is
//! told: what OpenCTI and LimaCharlie look like to a script that posts to them.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The path.
    pub path: String,
    /// The header fields, `name: value`, names in lower case.
    pub headers: Vec<String>,
    /// The body, as JSON.
    pub body: Value,
}

/// A running server; it ends with the test process.
pub struct Http {
    /// Its address: `http://127.0.0.1:8080`.
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Http {
    /// Starts one that gives the status and the body that `answer` makes of
    /// each request and its number, from 0.
    pub fn start(answer: impl Fn(usize, &Request) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = read(&stream);
                let number = kept.lock().unwrap().len();
                let (status, body) = answer(number, &request);
                kept.lock().unwrap().push(request);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                (&stream).write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { url, requests }
    }

    /// What it was sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let path = line().split(' ').nth(1).unwrap().to_owned();
    let mut headers = Vec::new();
    loop {
        let field = line();
        let Some((name, value)) = field.split_once(": ") else {
            break;
        };
        headers.push(format!("{}: {value}", name.to_ascii_lowercase()));
    }
    let length = headers
        .iter()
        .find_map(|field| field.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    if headers.iter().any(|field| field == "expect: 100-continue") {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    reader.read_exact(&mut body).unwrap();
    Request {
        path,
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

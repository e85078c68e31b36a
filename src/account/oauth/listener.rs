//! The loopback listener that a browser is sent to at the end of a sign-in
//! (RFC 8252 section 7.3), and the page it shows there.
//!
//! It hears one kind of request: a GET of the redirect's path, addressed to
//! this machine by its `Host` (else a page elsewhere could reach it under a
//! name of its own). Browsers also open connections and say nothing on them,
//! so all that are open are listened to in turn.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use oauth2::url::Url;
use sha2::{Digest, Sha256};

use super::http::is_loopback;
use crate::error::{Error, Kind, Result, quote};
use crate::imap::Settings;
use crate::imap::watch::Watch;

/// The longest request, in bytes: a code and a state, and what browsers add.
const REQUEST: usize = 32 << 10;

/// Connections listened to at once.
const CONNECTIONS: usize = 32;

/// How often they are looked at.
const TURN: Duration = Duration::from_millis(20);

/// How long a browser may take to take its page.
const ANSWERING: Duration = Duration::from_secs(2);

/// A listener for one sign-in.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    redirect: Url,
}

/// A browser that waits for its page.
pub(super) struct Visitor {
    stream: TcpStream,
    /// What the redirect brought.
    pub(super) url: Url,
}

struct Guest {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Listener {
    /// Listens where `redirect` points, or on `port` where that is forwarded
    /// there; port 0 is any that is free, and goes into the redirect.
    ///
    /// # Errors
    /// A redirect that is not to this machine, and a port that is taken.
    pub(super) fn bind(mut redirect: Url, port: Option<u16>) -> Result<Self> {
        if redirect.scheme() != "http" || !is_loopback(&redirect) {
            let text = quote(redirect.as_str());
            return Err(Error::usage(format!(
                "cannot use redirect_uri '{text}': it must be http on this machine, \
                 such as http://127.0.0.1:8000/redirect"
            )));
        }
        let wanted = port.or(redirect.port()).unwrap_or(0);
        let failed = |error: std::io::Error| {
            let why = quote(&error.kind().to_string());
            Error::config(format!(
                "cannot listen on port {wanted} of this machine: {why}"
            ))
        };
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(failed)?;
        let port = first.local_addr().map_err(failed)?.port();
        // A browser may take `localhost` for either address; a machine without
        // IPv6 has only one.
        let second = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
        let sockets: Vec<_> = std::iter::once(first).chain(second.ok()).collect();
        for socket in &sockets {
            socket.set_nonblocking(true).map_err(failed)?;
        }
        if redirect.port().is_none_or(|port| port == 0) {
            // Only a URL without a host has no port.
            let _ = redirect.set_port(Some(port));
        }
        Ok(Self { sockets, redirect })
    }

    /// Where the browser is to be sent.
    pub(super) fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// Waits for the browser.
    ///
    /// # Errors
    /// Nobody came before `until`; deadline, cancelled.
    pub(super) fn wait(&self, until: Instant, settings: &Settings) -> Result<Visitor> {
        let mut watch = Watch::start(settings, "the user", "OAuth");
        let mut guests = Vec::new();
        loop {
            for socket in &self.sockets {
                while let Ok((stream, _)) = socket.accept() {
                    guests.truncate(CONNECTIONS - 1);
                    if stream.set_nonblocking(true).is_ok() {
                        let heard = Vec::new();
                        guests.push(Guest { stream, heard });
                    }
                }
            }
            let mut index = 0;
            while index < guests.len() {
                match guests[index].listen() {
                    None => index += 1,
                    Some(is_whole) => {
                        let guest = guests.swap_remove(index);
                        if is_whole && let Some(visitor) = self.visitor(guest) {
                            return Ok(visitor);
                        }
                    }
                }
            }
            if Instant::now() >= until {
                let text = "nobody has signed in within the time allowed; \
                            start again with imap_oauth_start";
                return Err(Kind::Config(text.to_owned()).into());
            }
            // Whoever waits for a person waits for no server.
            watch.progress();
            watch.check()?;
            thread::sleep(TURN);
        }
    }

    /// The browser with its redirect; any other request is answered here.
    fn visitor(&self, guest: Guest) -> Option<Visitor> {
        let text = String::from_utf8_lossy(&guest.heard).into_owned();
        let mut lines = text.lines();
        let target = lines
            .next()
            .and_then(|line| line.strip_prefix("GET "))
            .and_then(|rest| rest.split(' ').next())
            .filter(|target| target.starts_with('/'))
            .unwrap_or_default();
        let host = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .and_then(|(_, host)| Url::parse(&format!("http://{}", host.trim())).ok());
        let url = self.redirect.join(target).ok();
        let url = url.filter(|url| !target.is_empty() && url.path() == self.redirect.path());
        let mut visitor = Visitor {
            stream: guest.stream,
            url: url.clone().unwrap_or_else(|| self.redirect.clone()),
        };
        if url.is_some() && host.is_some_and(|host| is_loopback(&host)) {
            return Some(visitor);
        }
        visitor.answer("404 Not Found", &Page::NOTHING_HERE);
        None
    }
}

impl Guest {
    /// Reads what is there: `Some(true)` when the header is whole,
    /// `Some(false)` when it will never be.
    fn listen(&mut self) -> Option<bool> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Some(false),
                Ok(count) => self.heard.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => return Some(false),
            }
            if self.heard.windows(4).any(|end| end == b"\r\n\r\n") {
                return Some(true);
            }
            if self.heard.len() > REQUEST {
                return Some(false);
            }
        }
    }
}

/// What the browser shows.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// What has happened.
    pub(super) text: &'a str,
    /// What to do now.
    pub(super) advice: &'a str,
    pub(super) is_good: bool,
}

impl Page<'_> {
    const NOTHING_HERE: Page<'static> = Page {
        title: "Nothing here",
        text: "This address waits for the end of a sign-in.",
        advice: "You can close this page.",
        is_good: false,
    };

    fn html(&self) -> String {
        let (mark, color) = if self.is_good {
            ("\\2713", "--good")
        } else {
            ("\\2717", "--bad")
        };
        include_str!("page.html")
            .replace("{title}", &escaped(self.title))
            .replace("{mark}", mark)
            .replace("{color}", color)
            .replace("{text}", &escaped(self.text))
            .replace("{advice}", &escaped(self.advice))
    }
}

impl Visitor {
    /// Shows a page; that the browser has gone meanwhile matters to nobody.
    pub(super) fn show(mut self, page: &Page<'_>) {
        let status = if page.is_good {
            "200 OK"
        } else {
            "400 Bad Request"
        };
        self.answer(status, page);
    }

    fn answer(&mut self, status: &str, page: &Page<'_>) {
        let html = page.html();
        let length = html.len();
        let style = STANDARD.encode(Sha256::digest(style_of(&html)));
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\nCache-Control: no-store\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'sha256-{style}'\r\n\
             Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n{html}"
        );
        let _ = self.stream.set_nonblocking(false);
        let _ = self.stream.set_write_timeout(Some(ANSWERING));
        let _ = self.stream.write_all(answer.as_bytes());
    }
}

/// The style of a page, the only thing of it that is not text.
fn style_of(html: &str) -> &str {
    let style = html
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"));
    style.map_or("", |(style, _)| style)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '{' => out.push_str("&#123;"),
            c => out.push(c),
        }
    }
    out
}

//! A private NSD on loopback: a DNS server with the zones that a test writes.

use super::port::free_port;
use super::scratch::Scratch;
use super::until::PATIENCE;
use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running server, which ends with the value.
pub struct Nsd {
    process: Child,
    folder: Scratch,
    /// Where it answers, over UDP and TCP.
    pub address: SocketAddr,
}

impl Nsd {
    /// A server of these zones, each a name and a zone file. Another test may
    /// take its port before it does; then it ends at once, and another is tried.
    pub fn start(zones: &[(&str, &Path)]) -> Self {
        (0..5)
            .find_map(|_| Self::spawn(zones).wait())
            .expect("a DNS server on a free port")
    }

    fn spawn(zones: &[(&str, &Path)]) -> Self {
        let folder = Scratch::new("nsd");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let file = |name| folder.join(name).display().to_string();
        // It runs as whoever tests, and touches nothing outside its folder.
        let mut config = format!(
            "server:\n  ip-address: 127.0.0.1@{}\n  username: \"\"\n  server-count: 1\n  \
             zonesdir: \"{}\"\n  pidfile: \"{}\"\n  zonelistfile: \"{}\"\n  xfrdfile: \"{}\"\n  \
             xfrdir: \"{}\"\n  logfile: \"{}\"\nremote-control:\n  control-enable: no\n",
            address.port(),
            folder.path().display(),
            file("pid"),
            file("zones"),
            file("state"),
            folder.path().display(),
            file("log"),
        );
        for (name, zone) in zones {
            write!(
                config,
                "zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n",
                zone.display()
            )
            .unwrap();
        }
        fs::write(folder.join("conf"), config).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let process = Command::new("nsd")
            .args(["-d", "-c", &file("conf")])
            .env("PATH", format!("{path}:/usr/sbin"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("err")).unwrap())
            .spawn()
            .unwrap();
        Self {
            process,
            folder,
            address,
        }
    }

    /// Waits until it answers, which nobody else does who took its port; `None`
    /// where it ended instead.
    fn wait(mut self) -> Option<Self> {
        let started = Instant::now();
        while !answers(self.address) {
            if self.process.try_wait().unwrap().is_some() {
                return None;
            }
            let said = |name| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            assert!(
                started.elapsed() < PATIENCE,
                "{}{}",
                said("err"),
                said("log")
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(self)
    }
}

/// True where a question for the servers of the root is answered at all.
fn answers(address: SocketAddr) -> bool {
    const QUESTION: [u8; 17] = [7, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    let patience = Duration::from_millis(200);
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send(&QUESTION).is_ok() && socket.recv(&mut [0; 512]).is_ok()
}

impl Drop for Nsd {
    fn drop(&mut self) {
        // Its own processes end only where it is asked to, not where it is killed.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.process.wait();
    }
}

//! A program of the user's, run to its end within the limits of a statement,
//! and ended with all it has started where the wait for it is given up.
//!
//! `command` asks programs for passwords by it, `keyring` the system's keyring.
//! What goes in and out may be a secret: none of it is on a command line.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::Result;
use crate::imap::Settings;
use crate::imap::watch::Watch;

/// The longest output that is read, in bytes.
const OUTPUT: u64 = 64 << 10;

/// How long complaints are waited for once the program has ended: what it has
/// started may keep the pipe open for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How a program has ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// What it printed; `None` where that is no UTF-8.
    pub(super) output: Option<Zeroizing<String>>,
    /// What it complained of, where `command` has a pipe for that.
    pub(super) complaint: String,
}

/// Runs `command` with `input` for its standard input; messages of the wait
/// call it `name`.
///
/// # Errors
/// Timeout, deadline, cancelled; inside, that it cannot be started.
pub(super) fn run(
    command: &mut Command,
    input: Option<&str>,
    name: &str,
    settings: &Settings,
) -> Result<io::Result<Ended>> {
    let has_group = stand_apart(command);
    let (mut child, stdin) = match start(command, input.is_some()) {
        Ok(started) => started,
        Err(error) => return Ok(Err(error)),
    };
    let (output, complaint) = match converse(&mut child, stdin, input) {
        Ok(heard) => heard,
        Err(error) => {
            end(&mut child, has_group);
            return Ok(Err(error));
        }
    };
    let mut watch = Watch::start(settings, name, "its end");
    let mut wait = || -> Result<_> {
        let output = watch.receive(&output, None)?.flatten();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(Ok((status, output))),
                Ok(None) => {
                    watch.check()?;
                    thread::sleep(watch.slice() / 10);
                }
                Err(error) => return Ok(Err(error)),
            }
        }
    };
    let ended = wait().inspect_err(|_| end(&mut child, has_group))?;
    let complaint = complaint.recv_timeout(LAST_WORDS).ok().flatten();
    Ok(ended.map(|(status, output)| Ended {
        status,
        output,
        complaint: complaint.map_or_else(String::new, |text| text.trim().to_owned()),
    }))
}

/// Where the input goes in, with an end to read from: as long as one is open
/// here, a program that reads nothing cannot make the host of this library die
/// by SIGPIPE.
type Input = (PipeWriter, PipeReader);

fn start(command: &mut Command, has_input: bool) -> io::Result<(Child, Option<Input>)> {
    command.stdout(Stdio::piped());
    if !has_input {
        return Ok((command.stdin(Stdio::null()).spawn()?, None));
    }
    let (reader, writer) = io::pipe()?;
    let guard = reader.try_clone()?;
    let child = command.stdin(reader).spawn()?;
    Ok((child, Some((writer, guard))))
}

/// The text of a pipe; `None` where that is no UTF-8.
type Heard = Receiver<Option<Zeroizing<String>>>;

/// Gives a program its input, and listens to its output and its complaints, all
/// in threads that the wait can abandon.
fn converse(
    child: &mut Child,
    stdin: Option<Input>,
    input: Option<&str>,
) -> io::Result<(Heard, Heard)> {
    if let Some(((mut writer, guard), input)) = stdin.zip(input) {
        let input = Zeroizing::new(input.to_owned());
        spawn(move || {
            // A program that does not want it says so by how it ends.
            let _ = writer.write_all(input.as_bytes());
            drop((writer, guard));
        })?;
    }
    Ok((listen(child.stdout.take())?, listen(child.stderr.take())?))
}

/// Reads a pipe to its end.
fn listen(pipe: Option<impl Read + Send + 'static>) -> io::Result<Heard> {
    let (sender, heard) = channel();
    if let Some(pipe) = pipe {
        spawn(move || {
            let mut text = Zeroizing::new(String::new());
            let read = pipe.take(OUTPUT).read_to_string(&mut text);
            // Nobody listens any more where the wait was given up.
            let _ = sender.send(read.is_ok().then_some(text));
        })?;
    }
    Ok(heard)
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("imap-program".to_owned());
    thread.spawn(work).map(drop)
}

/// Gives the program a process group of its own, so that what it starts can be
/// ended with it. Not where there is a terminal to ask a person at: from there
/// Ctrl-C reaches all of them anyway, and the kernel stops a group in the
/// background that reads.
#[cfg(unix)]
fn stand_apart(command: &mut Command) -> bool {
    let has_terminal = std::fs::File::open("/dev/tty").is_ok();
    if !has_terminal {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    !has_terminal
}

#[cfg(not(unix))]
fn stand_apart(_: &mut Command) -> bool {
    false
}

/// Ends a program that takes too long; that it has ended by itself is as good.
fn end(child: &mut Child, has_group: bool) {
    #[cfg(unix)]
    if has_group {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = has_group;
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn input_output_and_complaints_go_through() {
        let mut command = shell("cat; echo so so >&2; exit 3");
        let ended = run(
            command.stderr(Stdio::piped()),
            Some("p w"),
            "it",
            &Settings::default(),
        );
        let ended = ended.unwrap().unwrap();
        assert_eq!(ended.output.unwrap().as_str(), "p w");
        assert_eq!(ended.complaint, "so so");
        assert_eq!(ended.status.code(), Some(3));
    }

    #[test]
    fn a_program_that_reads_no_input_harms_nobody() {
        let input = "x".repeat(60_000);
        let ended = run(
            &mut shell("exec <&-; sleep 0.1"),
            Some(&input),
            "it",
            &Settings::default(),
        );
        assert!(ended.unwrap().unwrap().status.success());
    }

    #[test]
    fn what_is_no_utf8_is_no_output_and_what_is_no_program_is_not_started() {
        let ended = run(
            &mut shell("printf '\\377'"),
            None,
            "it",
            &Settings::default(),
        );
        assert!(ended.unwrap().unwrap().output.is_none());
        let ended = run(
            &mut Command::new("/does/not/exist"),
            None,
            "it",
            &Settings::default(),
        );
        assert_eq!(
            ended.unwrap().err().unwrap().kind(),
            io::ErrorKind::NotFound
        );
    }
}

//! `password_command`: a program that prints the password, run when a sign-in
//! needs it and remembered while the SQLite connection lives.
//!
//! Only the accounts file can name one, never SQL.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::program;
use crate::error::{Error, Result, quote};
use crate::imap::{Credential, Occasion, Settings, Supplier};
use crate::secret::Secret;

/// What commands have printed for one SQLite connection.
#[derive(Default)]
pub struct Memory(Mutex<HashMap<String, Remembered>>);

struct Remembered {
    secret: Secret,
    /// True once it has been used before, so that a refusal means that the
    /// password has changed since.
    is_old: bool,
}

/// A command and where its passwords are remembered.
pub(super) struct PasswordCommand {
    /// `accounts.toml [work]`, unique.
    name: String,
    account: String,
    arguments: Vec<String>,
    memory: Arc<Memory>,
}

impl PasswordCommand {
    /// One text goes to the shell, several are a program and its arguments.
    pub(super) fn new(
        name: String,
        account: &str,
        command: &[String],
        memory: &Arc<Memory>,
    ) -> Self {
        let shell = if cfg!(windows) {
            ["cmd", "/C"]
        } else {
            ["sh", "-c"]
        };
        let arguments = match command {
            [line] => [shell[0], shell[1], line].map(str::to_owned).to_vec(),
            several => several.to_vec(),
        };
        Self {
            name,
            account: account.to_owned(),
            arguments,
            memory: Arc::clone(memory),
        }
    }

    fn run(&self, settings: &Settings) -> Result<Secret> {
        let failed = |why: &str| {
            let account = quote(&self.account);
            Error::config(format!(
                "password_command of account '{account}' failed: {why}"
            ))
        };
        let Some((program, arguments)) = self.arguments.split_first() else {
            return Err(failed("it is empty"));
        };
        // What it has to say goes to the user, not into a message of ours.
        let ended = program::run(
            Command::new(program).args(arguments),
            None,
            "password_command",
            settings,
        )?;
        let ended = ended.map_err(|error| failed(&quote(&error.kind().to_string())))?;
        if !ended.status.success() {
            return Err(failed(&ended.status.to_string()));
        }
        let text = ended
            .output
            .ok_or_else(|| failed("it prints what is no UTF-8"))?;
        match text.lines().next() {
            Some(line) if !line.is_empty() => Ok(Secret::new(line.to_owned())),
            _ => Err(failed("it prints no password")),
        }
    }
}

impl Supplier for PasswordCommand {
    fn supply(&self, occasion: Occasion, settings: &Settings) -> Result<Option<Credential>> {
        let memory = || self.memory.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (occasion, memory().get_mut(&self.name)) {
            (Occasion::SignIn, Some(remembered)) => {
                remembered.is_old = true;
                return Ok(Some(Credential::Password(remembered.secret.clone())));
            }
            (Occasion::Refusal, Some(remembered)) if !remembered.is_old => {
                remembered.is_old = true;
                return Ok(None);
            }
            _ => {}
        }
        let secret = self.run(settings)?;
        let remembered = Remembered {
            secret: secret.clone(),
            is_old: false,
        };
        memory().insert(self.name.clone(), remembered);
        Ok(Some(Credential::Password(secret)))
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn command(words: &[&str], memory: &Arc<Memory>) -> PasswordCommand {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        PasswordCommand::new("test".into(), "work", &words, memory)
    }

    fn password(supplied: Result<Option<Credential>>) -> Option<String> {
        match supplied.unwrap()? {
            Credential::Password(secret) => Some(secret.declassify().to_owned()),
            _ => panic!("no password"),
        }
    }

    #[test]
    fn the_first_line_is_the_password_and_remembered() {
        let memory = Arc::default();
        let settings = Settings::default();
        let printing = command(&["printf 'p w\\nmore'"], &memory);
        assert_eq!(
            password(printing.supply(Occasion::SignIn, &settings)).unwrap(),
            "p w"
        );
        let other = command(&["echo", "changed"], &memory);
        assert_eq!(
            password(other.supply(Occasion::SignIn, &settings)).unwrap(),
            "p w"
        );
        let renewed = password(other.supply(Occasion::Refusal, &settings));
        assert_eq!(renewed.unwrap(), "changed");
        assert_eq!(password(other.supply(Occasion::Refusal, &settings)), None);
    }

    #[test]
    fn a_command_that_gives_none_is_told() {
        let memory = Arc::default();
        for (words, why) in [
            (&["exit 3"][..], "exit status: 3"),
            (&["true"], "it prints no password"),
            (&["printf '\\377'"], "it prints what is no UTF-8"),
            (&["/does/not/exist", ""], "entity not found"),
        ] {
            let supplied = command(words, &memory).supply(Occasion::SignIn, &Settings::default());
            assert_eq!(
                supplied.err().unwrap().to_string(),
                format!("imap: password_command of account 'work' failed: {why}")
            );
        }
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let settings = Settings {
            timeout: Duration::from_millis(200),
            ..Settings::default()
        };
        let hanging = command(&["sleep", "600"], &Arc::default());
        let error = hanging.supply(Occasion::SignIn, &settings).err().unwrap();
        assert_eq!(
            error.to_string(),
            "imap: password_command did not answer within 0.2 s (its end)"
        );
    }
}

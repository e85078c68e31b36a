//! What a run over one account is asked, as its session row tells it.

use super::database::Database;
use super::folders::Opening;
use super::options::Options;
use super::place::Account;
use super::writer::Writer;
use crate::account;
use crate::error::Result;

/// What a run is asked.
pub struct Asked {
    account: Account,
    options: Options,
    /// JSON without secrets.
    arguments: String,
}

impl Asked {
    /// What is asked of an account.
    pub fn of(account: &account::Account, opening: &Opening, options: &Options) -> Self {
        let user = account.login.user.clone();
        let account = Account {
            server: account.endpoint.to_string(),
            host: account.endpoint.host().to_owned(),
            user,
        };
        let arguments = serde_json::json!({
            "server": account.server,
            "user": account.user,
            "folder": opening.pattern,
            "batch": options.batch,
            "max_size": options.max_size,
            "layout": options.layout.name(),
            "selection": options.selection.name,
            "extract_attachments": options.attachments.word(),
        });
        Self {
            account,
            options: options.clone(),
            arguments: arguments.to_string(),
        }
    }

    /// Writes the session row of the run.
    ///
    /// # Errors
    /// SQLite's.
    pub fn begin(&self, database: &Database) -> Result<Writer> {
        let account = self.account.clone();
        Writer::begin(database, account, &self.options, &self.arguments)
    }
}

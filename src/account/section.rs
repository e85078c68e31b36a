//! A table of the accounts file, read key by key; each error names file, line
//! and key, and never shows a value, which may be a secret.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result, quote};

/// The accounts file as text, for the places of errors.
pub(super) struct Document<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Document<'_> {
    /// An error at a byte of the text; `key` is empty where there is none.
    pub(super) fn error(&self, at: usize, key: &str, why: &str) -> Error {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let path = quote(&self.path.to_string_lossy());
        let key = match key {
            "" => String::new(),
            key => format!(", key {}", quote(key)),
        };
        Error::config(format!(
            "cannot use accounts file '{path}' (line {line}{key}): {why}"
        ))
    }
}

/// A table, `[work]`, or one inside it, `[work.oauth]`.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    /// `work`, as messages name it.
    pub(super) name: &'a str,
    table: &'a DeTable<'a>,
    at: usize,
}

/// A value found, and its key, for errors that reading it brings.
pub(super) struct Found<'a> {
    section: Section<'a>,
    key: &'static str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Section<'a> {
    /// # Errors
    /// A key that is not `known`.
    pub(super) fn new(
        document: &'a Document<'a>,
        name: &'a str,
        table: &'a DeTable<'a>,
        at: usize,
        known: &[&str],
    ) -> Result<Self> {
        let section = Self {
            document,
            name,
            table,
            at,
        };
        match table
            .keys()
            .find(|key| !known.contains(&key.get_ref().as_ref()))
        {
            None => Ok(section),
            Some(key) => {
                let why = format!("unknown key (known: {})", known.join(", "));
                Err(document.error(key.span().start, &section.path(key.get_ref()), &why))
            }
        }
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// The value of a key, if it is there.
    pub(super) fn find(self, key: &'static str) -> Option<Found<'a>> {
        let value = self.table.get(key)?;
        Some(Found {
            section: self,
            key,
            value,
        })
    }

    /// The text of a key, if it is there; never empty.
    pub(super) fn text(self, key: &'static str) -> Result<Option<&'a str>> {
        self.find(key).map(|found| found.text()).transpose()
    }

    /// A path, from the folder of the accounts file on; `~/` is the home folder.
    pub(super) fn path_of(self, key: &'static str) -> Result<Option<PathBuf>> {
        let folder = self.document.path.parent().unwrap_or(Path::new(""));
        Ok(self.text(key)?.map(|text| {
            let home = text.strip_prefix("~/").zip(super::place::home());
            match home {
                Some((rest, home)) => home.join(rest),
                None => folder.join(text),
            }
        }))
    }

    /// An error of the table as a whole.
    pub(super) fn error(&self, why: &str) -> Error {
        self.document.error(self.at, self.name, why)
    }
}

impl<'a> Found<'a> {
    /// An error at the value.
    pub(super) fn error(&self, why: &str) -> Error {
        let (document, key) = (self.section.document, self.section.path(self.key));
        document.error(self.value.span().start, &key, why)
    }

    /// The error of something read from the value, at its place here.
    pub(super) fn misread(&self, error: &Error) -> Error {
        let text = error.to_string();
        self.error(text.strip_prefix("imap: ").unwrap_or(&text))
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        let text = self
            .value
            .get_ref()
            .as_str()
            .filter(|text| !text.is_empty());
        text.ok_or_else(|| self.error("it must be a text, and not empty"))
    }

    /// Texts in an array; a single text counts as an array of one.
    pub(super) fn texts(&self) -> Result<Vec<String>> {
        let wrong = || self.error("it must be a text or an array of texts");
        match self.value.get_ref() {
            DeValue::String(text) => Ok(vec![text.clone().into_owned()]),
            DeValue::Array(values) => values
                .iter()
                .map(|value| {
                    value
                        .get_ref()
                        .as_str()
                        .map(str::to_owned)
                        .ok_or_else(wrong)
                })
                .collect(),
            _ => Err(wrong()),
        }
    }

    pub(super) fn switch(&self) -> Result<bool> {
        let value = self.value.get_ref().as_bool();
        value.ok_or_else(|| self.error("it must be true or false"))
    }

    /// The value as a table of its own, named `name`; `None` where it is none.
    pub(super) fn section(&self, name: &'a str, known: &[&str]) -> Result<Option<Section<'a>>> {
        let table = self.value.get_ref().as_table();
        table
            .map(|table| {
                let at = self.value.span().start;
                Section::new(self.section.document, name, table, at, known)
            })
            .transpose()
    }
}

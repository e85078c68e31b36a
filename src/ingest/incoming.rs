//! A message as it comes from the server.

/// One downloaded message and what the server says about it.
#[derive(Clone, Debug, Default)]
pub struct IncomingMessage {
    /// Its UID in the folder.
    pub uid: u32,
    /// Its flags, as the server spells them.
    pub flags: Vec<String>,
    /// When the server received it (INTERNALDATE), in Unix seconds.
    pub internal_date: Option<i64>,
    /// The message, byte for byte.
    pub raw: Vec<u8>,
}

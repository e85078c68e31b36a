-- Where each ingested message lies. A message that lies in several folders, or
-- under several UIDs of one, has several rows here and one in RSSD. Rows are never
-- deleted: those of a past UIDVALIDITY, and of messages that have left the folder,
-- stay as a record of where the message was.
CREATE TABLE IF NOT EXISTS imap_sync_message (
  imap_sync_folder_id TEXT NOT NULL              -- in which folder
    REFERENCES imap_sync_folder (imap_sync_folder_id),
  uidvalidity INTEGER NOT NULL,                  -- of the folder when it was read
  uid INTEGER NOT NULL,                          -- the message's UID under it
  message_row_id TEXT NOT NULL,                  -- ur_ingest_session_imap_acct_folder_message_id
  ingest_session_id TEXT NOT NULL,               -- the run that found it here
  internal_date TEXT,                            -- when the server received it, UTC
  flags TEXT,                                    -- JSON array: its flags at the last look
  vanished_at TEXT,                              -- when it was found to be here no longer, UTC
  PRIMARY KEY (imap_sync_folder_id, uidvalidity, uid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_imap_sync_message__message_row_id
  ON imap_sync_message (message_row_id);

-- Messages that are not ingested, and why. Delete a row to have its message tried
-- again by the next run.
CREATE TABLE IF NOT EXISTS imap_sync_problem (
  imap_sync_folder_id TEXT NOT NULL              -- in which folder
    REFERENCES imap_sync_folder (imap_sync_folder_id),
  uidvalidity INTEGER NOT NULL,                  -- of the folder when it was read
  uid INTEGER NOT NULL,                          -- the message's UID under it
  problem TEXT NOT NULL,                         -- too_large: beyond max_size, tried again when max_size allows;
                                                 -- not_sent: the server gave no content, tried again every run;
                                                 -- not_written: the database refused it, tried again by another version
  detail TEXT NOT NULL,                          -- in words
  size INTEGER,                                  -- RFC822.SIZE in bytes, where known
  agent_version TEXT NOT NULL,                   -- of the extension that tried
  ingest_session_id TEXT NOT NULL,               -- the run that tried
  PRIMARY KEY (imap_sync_folder_id, uidvalidity, uid)
) WITHOUT ROWID;

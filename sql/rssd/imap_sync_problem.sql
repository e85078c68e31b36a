-- Messages that are not ingested, and why. Each is tried again by later runs, five
-- times in all, a too_large one as soon as max_size allows it. To have one tried
-- again, set its attempts to 0.
CREATE TABLE IF NOT EXISTS imap_sync_problem (
  imap_sync_folder_id TEXT NOT NULL              -- in which folder
    REFERENCES imap_sync_folder (imap_sync_folder_id),
  uidvalidity INTEGER NOT NULL,                  -- of the folder when it was read
  uid INTEGER NOT NULL,                          -- the message's UID under it
  problem TEXT NOT NULL,                         -- too_large: beyond max_size;
                                                 -- not_sent: the server gave no content;
                                                 -- not_written: the database refused it;
                                                 -- connection_lost: the connection was lost
                                                 -- when it was to come
  detail TEXT NOT NULL,                          -- in words
  selection TEXT NOT NULL,                       -- the filters of the run that wanted it
  attempts INTEGER NOT NULL,                     -- how many runs have tried
  size INTEGER,                                  -- RFC822.SIZE in bytes, where known
  ingest_session_id TEXT NOT NULL,               -- the last run that tried
  raw BLOB,                                      -- its bytes, where there are any
  PRIMARY KEY (imap_sync_folder_id, uidvalidity, uid)
) WITHOUT ROWID;

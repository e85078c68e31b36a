-- How far each folder has been read by runs with filters: one row for each set of
-- filters, since what one passed over another may want.
CREATE TABLE IF NOT EXISTS imap_sync_selection (
  imap_sync_folder_id TEXT NOT NULL              -- which folder
    REFERENCES imap_sync_folder (imap_sync_folder_id),
  selection TEXT NOT NULL,                       -- JSON: the options that filter
  uidvalidity INTEGER NOT NULL,                  -- under which the UIDs count
  since_at INTEGER,                              -- the moment that option since meant, Unix seconds
  since_uid INTEGER NOT NULL,                    -- messages from here on came after that was settled
  next_uid INTEGER NOT NULL,                     -- every message with a lower UID has been dealt with;
                                                 -- 0 until the first run has ended
  PRIMARY KEY (imap_sync_folder_id, selection)
) WITHOUT ROWID;

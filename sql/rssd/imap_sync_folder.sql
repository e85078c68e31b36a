-- How far each folder has been read.
CREATE TABLE IF NOT EXISTS imap_sync_folder (
  imap_sync_folder_id TEXT PRIMARY KEY NOT NULL, -- UUID version 8 of account and folder_name
  imap_sync_account_id TEXT NOT NULL             -- whose folder
    REFERENCES imap_sync_account (imap_sync_account_id),
  folder_name TEXT NOT NULL,                     -- decoded
  uidvalidity INTEGER NOT NULL,                  -- under which next_uid counts; 0 if the server gave none
  next_uid INTEGER NOT NULL,                     -- every message with a lower UID has been dealt with,
                                                 -- by runs without filters
  highestmodseq INTEGER,                         -- of the folder at the last look; NULL without CONDSTORE
  messages INTEGER,                              -- how many it held then
  uidnext INTEGER,                               -- the UID its next message would have had then
  updated_at TEXT NOT NULL,                      -- when this row last changed, UTC
  UNIQUE (imap_sync_account_id, folder_name)
);

-- The version of what the imap_sync_* tables hold, so that a library which is older
-- than they are leaves them alone. The largest counts: databases may be merged.
CREATE TABLE IF NOT EXISTS imap_sync_format (
  version INTEGER PRIMARY KEY NOT NULL -- 1
);
INSERT OR IGNORE INTO imap_sync_format (version) VALUES (1);

-- Whose mailboxes were read: one row for an endpoint and user.
-- The imap_sync_* tables say what has been ingested, so that the next run asks the
-- server only for what is new. They change in the same transaction as the rows they
-- speak of. No foreign key leads from them to RSSD tables: other tools replace
-- primary keys there, which such a key would forbid.
CREATE TABLE IF NOT EXISTS imap_sync_account (
  imap_sync_account_id TEXT PRIMARY KEY NOT NULL, -- UUID version 8 of server and username
  server TEXT NOT NULL,                           -- the endpoint: imaps://host:port
  username TEXT NOT NULL,                         -- as given to the server
  created_at TEXT NOT NULL,                       -- of the first run, UTC
  UNIQUE (server, username)
);

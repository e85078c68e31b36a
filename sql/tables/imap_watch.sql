-- What happens in folders, as rows that come while it happens:
-- imap_watch(server, user, folder, options). The query waits for each row; it
-- ends after the duration of option watch, at a LIMIT, or when it is stopped.
-- Folders that are made meanwhile and match the pattern count too. Read-only.
CREATE TABLE imap_watch(
  event TEXT,                -- new: a message has come; expunged: one is gone; flags: one's flags have changed
  folder_name TEXT,          -- the folder's name, in UTF-8
  uid INTEGER,               -- the message's UID
  uidvalidity INTEGER,       -- the folder's UIDVALIDITY: while it stays, a UID names one message
  at TEXT,                   -- when it was noticed, UTC
  server TEXT HIDDEN,        -- an account's name, host, host:port, imaps://, imap:// (STARTTLS) or imap+insecure://; default: the environment account's
  user TEXT HIDDEN,          -- the user name; default: the environment account's
  folder TEXT HIDDEN,        -- a folder, or a pattern with * and % as LIST takes them; default INBOX
  options TEXT HIDDEN        -- JSON object: ca_file, deadline, period, timeout, tls_pin, watch
);

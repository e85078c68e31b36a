-- Tests the settings of an account step by step: imap_check(server, user,
-- options). One row for each step, up to the first that fails, which says why
-- and what to do; no step but a wrong argument is an SQL error.
CREATE TABLE imap_check(
  step TEXT,                 -- resolve, connect, tls, login, capability, folder
  ok INTEGER,                -- 1 where it succeeded
  detail TEXT,               -- what was found, or the error in full
  milliseconds REAL,         -- how long it took
  server TEXT HIDDEN,        -- host, host:port, imaps://, imap:// (STARTTLS) or imap+insecure://; default: the environment account's
  user TEXT HIDDEN,          -- the user name; default: the environment account's
  options TEXT HIDDEN        -- JSON object: ca_file, deadline, timeout
);

-- The commands that this SQLite connection has sent to servers, the last ten
-- thousand of them. What LOGIN and AUTHENTICATE were given is never recorded.
-- A command that was given up (LIMIT, an interrupt) has no result, and so has a
-- note in parentheses, which says why later commands ask for less.
CREATE TABLE imap_log(
  at TEXT,                   -- when it was sent, UTC, with milliseconds
  server TEXT,               -- the server, such as imaps://imap.example.org:993
  user TEXT,                 -- the user name
  command TEXT,              -- the command without its tag, one line; LOGIN and AUTHENTICATE without what follows them
  bytes_out INTEGER,         -- bytes sent; NULL for LOGIN and AUTHENTICATE, whose length would tell the secret's
  bytes_in INTEGER,          -- bytes received until it ended, since the one before it ended
  milliseconds REAL,         -- from its sending to its end
  result TEXT                -- the server's words, OK, NO or BAD first, or the error that ended it
);

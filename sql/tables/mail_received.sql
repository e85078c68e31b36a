-- The way a message came, by its Received fields, the sender's server first:
-- mail_received(raw). Only the fields of servers one trusts prove anything;
-- a sender can write any before them. NULL gives no row.
CREATE TABLE mail_received(
  hop INTEGER,               -- 1 for the oldest field, which is the last in the header
  "from" TEXT,               -- who gave the message, as that host called itself
  by TEXT,                   -- who took it
  with TEXT,                 -- the protocol: SMTP, ESMTPS, HTTP
  ip TEXT,                   -- the address it came from, as the taker saw it
  at TEXT,                   -- when it was taken, in UTC
  delay INTEGER,             -- seconds since the hop before; below 0 where clocks differ
  id TEXT,                   -- the taker's name for it
  "for" TEXT,                -- the address it was taken for
  value TEXT,                -- the field on one line
  raw BLOB HIDDEN            -- argument 1: the message
);

-- The folders of an account, each with its counts: imap_folders(server, user,
-- pattern, options). Read-only. A column that needs STATUS is asked for only
-- if the query reads it; a level of the hierarchy that holds no messages has
-- NULL counts, and so has a folder whose STATUS the server refuses.
CREATE TABLE imap_folders(
  name TEXT,                 -- the folder's name, in UTF-8, as imap_messages takes it
  delimiter TEXT,            -- what separates the levels of names; NULL where there are none
  attributes TEXT,           -- the attributes as the server names them (RFC 9051 section 7.3.1), JSON array
  special_use TEXT,          -- what the folder is for (RFC 6154): \All, \Archive, \Drafts, \Flagged, \Junk, \Sent, \Trash, \Important
  messages INTEGER,          -- how many messages it holds
  unseen INTEGER,            -- how many of them are not \Seen
  uidnext INTEGER,           -- the UID the next message will have at least
  uidvalidity INTEGER,       -- while it stays, a UID names one message
  highestmodseq INTEGER,     -- grows with every change in the folder (RFC 7162); NULL where the server does not count
  size INTEGER,              -- bytes of all messages (STATUS=SIZE, RFC 8438); NULL where the server does not add them up
  server TEXT HIDDEN,        -- host, host:port, imaps://, imap:// (STARTTLS) or imap+insecure://; default: the environment account's
  user TEXT HIDDEN,          -- the user name; default: the environment account's
  pattern TEXT HIDDEN,       -- a folder, or a pattern with * and % as LIST takes them; default *
  options TEXT HIDDEN        -- JSON object: ca_file, deadline, timeout
);

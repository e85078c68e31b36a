-- The messages of one folder, or of every folder a pattern names, fetched as
-- far as the query needs: imap_messages(server, user, folder, options).
-- Read-only; no query changes the mailbox. Missing is NULL, times are UTC
-- ISO 8601, lists are JSON arrays, flags are 0 or 1.
CREATE TABLE imap_messages(
  folder_name TEXT,          -- the folder's name, in UTF-8
  uid INTEGER,               -- the message's UID in its folder (RFC 9051 section 2.3.1.1)
  uidvalidity INTEGER,       -- the folder's UIDVALIDITY: while it stays, a UID names one message
  modseq INTEGER,            -- grows with every change of the message (RFC 7162); NULL where the server does not count
  message_id TEXT,           -- Message-ID without angle brackets
  in_reply_to TEXT,          -- the first id of In-Reply-To, without angle brackets
  email_references TEXT,     -- the ids of References, oldest first, JSON array
  subject TEXT,              -- Subject, decoded (RFC 2047)
  "from" TEXT,               -- the first From address, bare
  from_name TEXT,            -- the display name of the first From address
  sender TEXT,               -- the Sender address, bare
  reply_to TEXT,             -- Reply-To addresses, bare, JSON array
  "to" TEXT,                 -- To addresses, bare, JSON array
  cc TEXT,                   -- Cc addresses, bare, JSON array
  bcc TEXT,                  -- Bcc addresses, bare, JSON array
  addresses TEXT,            -- JSON object: role (from, sender, reply_to, to, cc, bcc) to array of {name, address}
  date TEXT,                 -- the Date header in UTC
  date_header TEXT,          -- the Date header as written
  internal_date TEXT,        -- when the server received the message (INTERNALDATE) in UTC
  size INTEGER,              -- RFC822.SIZE, bytes
  flags TEXT,                -- the message's flags as the server names them, JSON array; without the session's \Recent
  status TEXT,               -- JSON array: read or unread, then starred, answered, deleted, draft
  seen INTEGER,              -- 1 where \Seen is set
  flagged INTEGER,           -- 1 where \Flagged is set
  answered INTEGER,          -- 1 where \Answered is set
  deleted INTEGER,           -- 1 where \Deleted is set
  draft INTEGER,             -- 1 where \Draft is set
  keywords TEXT,             -- the flags that are no system flags, JSON array
  headers TEXT,              -- JSON object: lower-case name to array of unfolded values, in order
  body_text TEXT,            -- the first text/plain body, decoded; NULL for HTML-only mail
  body_html TEXT,            -- the first text/html body, decoded
  parts TEXT,                -- the MIME structure as the server sees it (BODYSTRUCTURE), JSON array of leaf parts
  attachments TEXT,          -- the parts that are attachments, JSON array of {part, filename, content_type, size, ...}
  message TEXT,              -- the whole message as text; lossy where its bytes are not UTF-8
  raw BLOB,                  -- the whole message, byte for byte
  sha256 TEXT,               -- SHA-256 of raw, lower-case hexadecimal
  preview TEXT,              -- the first words: the server's where it makes previews (RFC 8970), else 200 characters of the text in the first 32 KiB
  gm_msgid INTEGER,          -- Gmail's id of the message (X-GM-MSGID)
  gm_thrid INTEGER,          -- Gmail's id of the conversation (X-GM-THRID)
  gm_labels TEXT,            -- Gmail's labels (X-GM-LABELS), JSON array
  email_id TEXT,             -- the server's id of the message, the same in every folder (EMAILID, RFC 8474)
  thread_id TEXT,            -- the server's id of the conversation (THREADID, RFC 8474)
  problems TEXT,             -- what could not be read, JSON array of {field, problem}; reading it fetches the whole message
  server TEXT HIDDEN,        -- host, host:port, imaps://, imap:// (STARTTLS) or imap+insecure://; default: the environment account's
  user TEXT HIDDEN,          -- the user name; default: the environment account's
  folder TEXT HIDDEN,        -- a folder, or a pattern with * and % as LIST takes them; default INBOX
  options TEXT HIDDEN,       -- JSON object: ca_file, compress, deadline, max_size, search, timeout, trust_search
  imap_messages TEXT HIDDEN  -- for MATCH: imap_messages MATCH 'x' finds what the server's SEARCH TEXT finds
);

-- The attachments of messages, listed from BODYSTRUCTURE without downloading
-- anything: imap_attachments(server, user, folder, options). Read-only. content
-- and the digests fetch that part alone, for the rows that are read.
CREATE TABLE imap_attachments(
  folder_name TEXT,          -- the folder's name, in UTF-8
  uid INTEGER,               -- the message's UID in its folder
  uidvalidity INTEGER,       -- the folder's UIDVALIDITY: while it stays, a UID names one message
  part TEXT,                 -- the section number FETCH knows it by (RFC 9051 section 6.4.5.1)
  filename TEXT,             -- the file name, decoded
  content_type TEXT,         -- the media type, lower-case: application/pdf
  size INTEGER,              -- bytes as transferred, before decoding: base64 has 37 % more than the file
  disposition TEXT,          -- attachment, inline, or what else the message says, lower-case
  content_id TEXT,           -- Content-ID without angle brackets
  content BLOB,              -- the file: the part without its transfer encoding
  md5 TEXT,                  -- MD5 of content, lower-case hexadecimal
  sha1 TEXT,                 -- SHA-1 of content, lower-case hexadecimal
  sha256 TEXT,               -- SHA-256 of content, lower-case hexadecimal
  problems TEXT,             -- why content or the list itself cannot be read, JSON array of {field, problem}; reading it fetches that part
  server TEXT HIDDEN,        -- host, host:port, imaps://, imap:// (STARTTLS) or imap+insecure://; default: the environment account's
  user TEXT HIDDEN,          -- the user name; default: the environment account's
  folder TEXT HIDDEN,        -- a folder, or a pattern with * and % as LIST takes them; default INBOX
  options TEXT HIDDEN        -- JSON object: ca_file, deadline, max_size (bytes as transferred; content above is NULL), timeout
);

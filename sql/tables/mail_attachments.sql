-- The attachments of a message and of the messages in it: mail_attachments(raw).
-- An attachment is every part that is not text shown in place; an attached
-- message is one, and so are the files in it. NULL gives no row.
CREATE TABLE mail_attachments(
  part TEXT,                 -- the number as IMAP counts (RFC 9051 section 6.4.5)
  message TEXT,              -- the number of the attached message it is in; NULL in the outermost
  filename TEXT,             -- the file name, decoded (RFC 2231, RFC 2047)
  content_type TEXT,         -- the declared media type, lower case
  sniffed_type TEXT,         -- the media type that the content's first bytes show; NULL where they show none
  disposition TEXT,          -- attachment, inline or what else Content-Disposition says, lower case
  content_id TEXT,           -- Content-ID without angle brackets
  size INTEGER,              -- bytes after decoding
  md5 TEXT,                  -- MD5 of content, lower-case hexadecimal
  sha1 TEXT,                 -- SHA-1 of content, lower-case hexadecimal
  sha256 TEXT,               -- SHA-256 of content, lower-case hexadecimal
  content BLOB,              -- the content, transfer encoding undone
  raw BLOB HIDDEN            -- argument 1: the message
);

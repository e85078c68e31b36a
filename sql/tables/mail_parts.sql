-- The MIME parts of a message and of the messages in it, in order:
-- mail_parts(raw). Attached messages, Outlook's .msg and winmail.dat are a part
-- and are then entered; their parts are numbered below. NULL gives no row.
CREATE TABLE mail_parts(
  part TEXT,                 -- the number as IMAP counts (RFC 9051 section 6.4.5); NULL for a multipart that is a whole message
  message TEXT,              -- the number of the attached message it is in; NULL in the outermost
  content_type TEXT,         -- the media type, lower case; text/plain where none is declared
  charset TEXT,              -- the declared character set
  encoding TEXT,             -- Content-Transfer-Encoding, lower case
  disposition TEXT,          -- attachment, inline or what else Content-Disposition says, lower case
  filename TEXT,             -- the file name, decoded (RFC 2231, RFC 2047)
  content_id TEXT,           -- Content-ID without angle brackets
  size INTEGER,              -- bytes after decoding; NULL for a multipart
  text TEXT,                 -- the content of text/* in UTF-8
  content BLOB,              -- the content, transfer encoding undone; NULL for a multipart
  raw BLOB HIDDEN            -- argument 1: the message
);

-- Indicators in a message and in the messages attached to it:
-- mail_indicators(raw, options). They come from header fields, text, HTML, PDF
-- files, names and digests of attachments. NULL gives no row.
CREATE TABLE mail_indicators(
  kind TEXT,                 -- ipv4, ipv6, email, domain, url, md5, sha1, sha256, datetime, card or crypto
  value TEXT,                -- as it was written: hxxp://evil[.]example
  normalised TEXT,           -- the one form to compare by: http://evil.example; NULL for what a pattern matched
  part TEXT,                 -- the IMAP section it is in: HEADER, 1, 2.HEADER, 2.1
  "offset" INTEGER,          -- bytes from the beginning of the part's text, of the field's value, of the file name, for a link in a PDF of the file; NULL for a digest of content
  source TEXT,               -- header, text, html, link (the target of an attribute, or of a PDF's link), filename or content (a digest of an attachment)
  detail TEXT,               -- JSON object: field, registrable, shown and differs, network, currency and checksum, pattern
  raw BLOB HIDDEN,           -- argument 1: the message
  options TEXT HIDDEN        -- argument 2: JSON object: patterns (names of Cloud SOAR's, or 'all')
);

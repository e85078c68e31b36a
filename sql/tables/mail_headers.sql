-- The header fields of a message, in order, repeated ones too:
-- mail_headers(raw). NULL gives no row.
CREATE TABLE mail_headers(
  position INTEGER,          -- 1 for the first field
  name TEXT,                 -- the field's name as written
  value TEXT,                -- the value on one line, encoded words decoded (RFC 2047); NULL where it is empty
  raw_value TEXT,            -- everything behind the colon as written, folds too; a BLOB where it is not UTF-8 text
  raw BLOB HIDDEN            -- argument 1: the message
);

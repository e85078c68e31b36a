-- What there is to read in a message, piece by piece, attached messages too:
-- mail_texts(raw). NULL gives no row.
CREATE TABLE mail_texts(
  kind TEXT,                 -- subject; from, sender, reply_to, to, cc, bcc: one address each; text, html; filename
  part TEXT,                 -- the section it is in, as IMAP numbers them: 1.2, or HEADER, of an attached message 3.HEADER
  message TEXT,              -- the part number of the attached message it is in; NULL in the outermost
  text TEXT,                 -- encodings undone; of HTML what it shows, of an address its name too
  raw BLOB HIDDEN            -- argument 1: the message
);

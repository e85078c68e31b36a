-- Full-text search over ingested mail: subject, addresses, bodies and names of
-- attachments, encodings undone, also in attached messages.
--   SELECT email_id, snippet(email_search, -1, '[', ']', '...', 8) FROM email_search('invoice')
--    ORDER BY rank LIMIT 10;
--
-- Whoever reads the index, or writes to RSSD, needs no library: email_text holds
-- the words, and triggers in plain SQL note which messages are to be read.
-- imap_ingest() reads them in the transaction that writes them, and so does this
-- file with what was there before. Read again, it makes the index anew.
--
-- Run it in the project's folder, in a database that imap_ingest() has filled:
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/views/email_search.sql"

.bail on
.read sql/views/email.sql
-- No row, and without the library an error, before anything is changed.
SELECT 1 FROM mail_texts(NULL);

BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS email_text (
  document INTEGER PRIMARY KEY,             -- rowid of email_search
  email_id TEXT NOT NULL UNIQUE,            -- of the view email
  subject TEXT,
  "from" TEXT,                              -- From, Sender, Reply-To: names and addresses
  "to" TEXT,                                -- To, Cc, Bcc
  body TEXT,                                -- as text, then what HTML shows; at most 1,000,000 characters
  attachments TEXT                          -- their names, one a line
);

-- Messages that are to be read.
CREATE TABLE IF NOT EXISTS email_text_queue (email_id TEXT PRIMARY KEY) WITHOUT ROWID;

-- Messages that the host refuses to read: a text longer than a value may be. Of
-- these email_text has the subject and the sender. Read this file again, where the
-- host allows more, to have them read.
CREATE TABLE IF NOT EXISTS email_text_problem (
  email_id TEXT PRIMARY KEY,
  problem TEXT NOT NULL                     -- in words
) WITHOUT ROWID;

-- Words of any script without their accents, as people type them; an address or a
-- link is its words in a row. docs/views.md shows how to have trigrams instead.
DROP TABLE IF EXISTS email_search;
CREATE VIRTUAL TABLE email_search USING fts5(
  email_id UNINDEXED, subject, "from", "to", body, attachments,
  content = 'email_text', content_rowid = 'document',
  tokenize = 'unicode61 remove_diacritics 2'
);
-- The subject counts most, then who wrote and what is attached.
INSERT INTO email_search (email_search, rank) VALUES ('rank', 'bm25(0, 8, 4, 2, 1, 4)');
INSERT INTO email_search (email_search) VALUES ('rebuild');

DROP TRIGGER IF EXISTS email_text_inserted;
CREATE TRIGGER email_text_inserted AFTER INSERT ON email_text
BEGIN
  INSERT INTO email_search (rowid, email_id, subject, "from", "to", body, attachments)
  VALUES (NEW.document, NEW.email_id, NEW.subject, NEW."from", NEW."to", NEW.body, NEW.attachments);
  DELETE FROM email_text_queue WHERE email_id = NEW.email_id;
END;

DROP TRIGGER IF EXISTS email_text_deleted;
CREATE TRIGGER email_text_deleted AFTER DELETE ON email_text
BEGIN
  INSERT INTO email_search
         (email_search, rowid, email_id, subject, "from", "to", body, attachments)
  VALUES ('delete', OLD.document, OLD.email_id, OLD.subject, OLD."from", OLD."to", OLD.body,
          OLD.attachments);
END;

DROP TRIGGER IF EXISTS email_text_updated;
CREATE TRIGGER email_text_updated AFTER UPDATE ON email_text
BEGIN
  INSERT INTO email_search
         (email_search, rowid, email_id, subject, "from", "to", body, attachments)
  VALUES ('delete', OLD.document, OLD.email_id, OLD.subject, OLD."from", OLD."to", OLD.body,
          OLD.attachments);
  INSERT INTO email_search (rowid, email_id, subject, "from", "to", body, attachments)
  VALUES (NEW.document, NEW.email_id, NEW.subject, NEW."from", NEW."to", NEW.body, NEW.attachments);
END;

DROP TRIGGER IF EXISTS email_text_wanted;
CREATE TRIGGER email_text_wanted AFTER INSERT ON ur_ingest_session_imap_acct_folder_message
WHEN NOT EXISTS (SELECT 1 FROM email_text
                  WHERE email_id = NEW.ur_ingest_session_imap_acct_folder_message_id)
BEGIN
  INSERT INTO email_text_queue VALUES (NEW.ur_ingest_session_imap_acct_folder_message_id)
      ON CONFLICT DO NOTHING;
END;

-- surveilr gives a message it meets again another id.
DROP TRIGGER IF EXISTS email_text_renamed;
CREATE TRIGGER email_text_renamed
AFTER UPDATE OF ur_ingest_session_imap_acct_folder_message_id
ON ur_ingest_session_imap_acct_folder_message
BEGIN
  UPDATE email_text SET email_id = NEW.ur_ingest_session_imap_acct_folder_message_id
   WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
  UPDATE email_text_queue SET email_id = NEW.ur_ingest_session_imap_acct_folder_message_id
   WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
  UPDATE email_text_problem SET email_id = NEW.ur_ingest_session_imap_acct_folder_message_id
   WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
END;

DROP TRIGGER IF EXISTS email_text_unwanted;
CREATE TRIGGER email_text_unwanted AFTER DELETE ON ur_ingest_session_imap_acct_folder_message
BEGIN
  DELETE FROM email_text WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
  DELETE FROM email_text_queue WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
  DELETE FROM email_text_problem WHERE email_id = OLD.ur_ingest_session_imap_acct_folder_message_id;
END;

-- What has been dropped cannot be searched for.
DROP TRIGGER IF EXISTS email_text_dropped;
CREATE TRIGGER email_text_dropped AFTER UPDATE OF content ON uniform_resource
WHEN NEW.content IS NULL AND OLD.content IS NOT NULL AND NEW.nature = 'text'
BEGIN
  UPDATE email_text SET body = NULL
   WHERE email_id IN (SELECT node_id FROM uniform_resource_edge
                       WHERE graph_name = 'imap' AND uniform_resource_id = NEW.uniform_resource_id);
END;

-- The rows that email_text is to get for them; imap_ingest() looks for this view.
DROP VIEW IF EXISTS email_text_pending;
CREATE VIEW email_text_pending AS
SELECT NULL AS document,
       email.email_id,
       coalesce(group_concat(piece.text, char(10)) FILTER (WHERE piece.kind = 'subject'),
                email.subject) AS subject,
       coalesce(group_concat(piece.text, char(10))
                  FILTER (WHERE piece.kind IN ('from', 'sender', 'reply_to')),
                email."from") AS "from",
       group_concat(piece.text, char(10)) FILTER (WHERE piece.kind IN ('to', 'cc', 'bcc')) AS "to",
       substr(group_concat(piece.text, char(10)) FILTER (WHERE piece.kind IN ('text', 'html')),
              1, 1000000) AS body,
       group_concat(piece.text, char(10)) FILTER (WHERE piece.kind = 'filename') AS attachments
  FROM email_text_queue AS queue
 CROSS JOIN email ON email.email_id = queue.email_id
  LEFT JOIN mail_texts(email.raw) AS piece
 GROUP BY queue.email_id;

DELETE FROM email_text
 WHERE email_id NOT IN (SELECT ur_ingest_session_imap_acct_folder_message_id
                          FROM ur_ingest_session_imap_acct_folder_message)
    OR email_id IN (SELECT email_id FROM email_text_problem);
DELETE FROM email_text_problem;
INSERT INTO email_text_queue
SELECT ur_ingest_session_imap_acct_folder_message_id
  FROM ur_ingest_session_imap_acct_folder_message
 WHERE ur_ingest_session_imap_acct_folder_message_id NOT IN (SELECT email_id FROM email_text)
    ON CONFLICT DO NOTHING;
COMMIT;

-- Where the host refuses one of them, all are left to the next imap_ingest(), which
-- reads one by one.
INSERT INTO email_text SELECT * FROM email_text_pending;

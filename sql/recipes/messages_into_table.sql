-- Keeps a plain table of messages up to date with a mailbox.
--
-- Each run adds what is new. A message is known by folder, UIDVALIDITY and UID:
-- where the server starts a folder's numbers anew, UIDVALIDITY changes, and the
-- folder is read again from its beginning, beside the rows of before.
--
-- Run it in the project's folder, with the account in the environment:
--   export IMAP_SERVER=imap.example.org IMAP_USER=ada IMAP_PASSWORD=...
--   sqlite3 mail.db ".load ./dist/imap0" ".read sql/recipes/messages_into_table.sql"
-- For more folders than INBOX, add them: INSERT INTO mail_folder VALUES ('Sent');

CREATE TABLE IF NOT EXISTS mail_folder (folder_name TEXT PRIMARY KEY);
INSERT INTO mail_folder VALUES ('INBOX') ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS mail (
  folder_name TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  message_id TEXT,
  date TEXT,
  "from" TEXT,
  "to" TEXT,
  subject TEXT,
  body_text TEXT,
  sha256 TEXT,
  raw BLOB,
  PRIMARY KEY (folder_name, uidvalidity, uid)
);

-- Where each folder stands. This imap_messages asks for nothing but a UID, with
-- which it tells today's UIDVALIDITY.
DROP TABLE IF EXISTS temp.reached;
CREATE TEMP TABLE reached AS
SELECT folder_name,
       coalesce((SELECT max(uid) FROM mail
                  WHERE folder_name = f.folder_name
                    AND uidvalidity = (SELECT uidvalidity
                                         FROM imap_messages(NULL, NULL, f.folder_name) LIMIT 1)),
                0) AS uid
  FROM mail_folder AS f;

-- Only what lies above is downloaded.
INSERT INTO mail
SELECT m.folder_name, m.uidvalidity, m.uid, m.message_id, m.date, m."from", m."to", m.subject,
       m.body_text, m.sha256, m.raw
  FROM reached AS r
  JOIN imap_messages(NULL, NULL, r.folder_name) AS m
 WHERE m.uid >= r.uid + 1;

SELECT folder_name, count(*) AS messages, max(uid) AS last_uid FROM mail GROUP BY folder_name;

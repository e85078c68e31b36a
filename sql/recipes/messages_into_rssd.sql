-- Adds the new messages of INBOX to RSSD's message table, by plain SQL.
--
-- imap_ingest() does this and more (resources, edges, many folders); this shows
-- how to do it by INSERT ... SELECT, where a script wants a hand in it. A message
-- that RSSD holds already, from whomever, is left as it is. What has been read is
-- kept in the table rssd_mail_uid; where UIDVALIDITY changes, the folder is read
-- again and its messages are recognised by their content.
--
-- Run it in the project's folder, with the account in the environment:
--   export IMAP_SERVER=imap.example.org IMAP_USER=ada IMAP_PASSWORD=...
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/recipes/messages_into_rssd.sql"

.read sql/rssd/device.sql
.read sql/rssd/behavior.sql
.read sql/rssd/ur_ingest_session.sql
.read sql/rssd/ur_ingest_session_imap_account.sql
.read sql/rssd/ur_ingest_session_imap_acct_folder.sql
.read sql/rssd/ur_ingest_session_imap_acct_folder_message.sql

CREATE TABLE IF NOT EXISTS rssd_mail_uid (
  folder_name TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (folder_name, uidvalidity, uid)
);

-- Downloaded first and written then, so that no lock is held while waiting for
-- the server. The inner imap_messages asks for nothing but a UID, which tells
-- today's UIDVALIDITY.
DROP TABLE IF EXISTS temp.fresh;
CREATE TEMP TABLE fresh AS
SELECT folder_name, uidvalidity, uid, message, message_id, subject, "from", cc, bcc, status, date,
       email_references
  FROM imap_messages(NULL, NULL, 'INBOX')
 WHERE uid >= 1 + coalesce(
         (SELECT max(uid) FROM rssd_mail_uid
           WHERE folder_name = 'INBOX'
             AND uidvalidity = (SELECT uidvalidity
                                  FROM imap_messages(NULL, NULL, 'INBOX') LIMIT 1)),
         0);

DROP TABLE IF EXISTS temp.run;
CREATE TEMP TABLE run AS
SELECT lower(hex(randomblob(16))) AS session_id,
       lower(hex(randomblob(16))) AS account_id,
       lower(hex(randomblob(16))) AS folder_id,
       strftime('%Y-%m-%d %H:%M:%f', 'now') AS at
 WHERE EXISTS (SELECT 1 FROM fresh);

BEGIN IMMEDIATE;

INSERT INTO device (device_id, name, state, boundary)
SELECT lower(hex(randomblob(16))), 'localhost', '"SINGLETON"', 'UNKNOWN'
 WHERE NOT EXISTS (SELECT 1 FROM device);

INSERT INTO ur_ingest_session
       (ur_ingest_session_id, device_id, ingest_started_at, ingest_finished_at, session_agent,
        created_at)
SELECT session_id, (SELECT min(device_id) FROM device), at, at,
       json_object('agent', 'sqlite-imap', 'version', ltrim(imap_version(), 'v')), at
  FROM run;

INSERT INTO ur_ingest_session_imap_account
       (ur_ingest_session_imap_account_id, ingest_session_id)
SELECT account_id, session_id FROM run;

INSERT INTO ur_ingest_session_imap_acct_folder
       (ur_ingest_session_imap_acct_folder_id, ingest_session_id, ingest_account_id, folder_name)
SELECT folder_id, session_id, account_id, 'INBOX' FROM run;

-- RSSD has NOT NULL where imap_messages has NULL.
INSERT INTO ur_ingest_session_imap_acct_folder_message
       (ur_ingest_session_imap_acct_folder_message_id, ingest_session_id,
        ingest_imap_acct_folder_id, message, message_id, subject, "from", cc, bcc, status, date,
        email_references)
SELECT lower(hex(randomblob(16))), session_id, folder_id, message, coalesce(message_id, ''),
       coalesce(subject, ''), coalesce("from", ''), coalesce(cc, '[]'), coalesce(bcc, '[]'),
       status, date, coalesce(email_references, '[]')
  FROM fresh, run
 WHERE message IS NOT NULL
    ON CONFLICT DO NOTHING;

-- One that the server gave no content of is asked for again by the next run.
INSERT INTO rssd_mail_uid SELECT folder_name, uidvalidity, uid FROM fresh WHERE message IS NOT NULL;

COMMIT;

SELECT (SELECT count(*) FROM fresh) AS read,
       (SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message) AS messages;

-- The messages of RSSD with their exact bytes: what the other views here are
-- made of. One row a message; raw is TEXT where it is UTF-8, else BLOB. Databases
-- of surveilr before v0.42.1 link messages and resources otherwise, and are not
-- served here.
--
-- Run in the project's folder, in a database that imap_ingest() has filled:
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/views/email.sql"
-- Views that call mail_* functions need the library loaded by whoever reads them.

-- RSSD has no index by which a message finds its bytes.
CREATE INDEX IF NOT EXISTS idx_email__message__nature
    ON uniform_resource (ingest_session_imap_acct_folder_message, nature);

DROP VIEW IF EXISTS email;
CREATE VIEW email AS
SELECT mail.ur_ingest_session_imap_acct_folder_message_id AS email_id,
       mail.message_id,
       account.email AS account,
       folder.folder_name,
       mail."from",
       mail.subject,
       mail.date,
       strftime('%Y-%m-%dT%H:%M:%SZ', mail.created_at) AS ingested_at,
       resource.uniform_resource_id,
       resource.content AS raw
  FROM ur_ingest_session_imap_acct_folder_message AS mail
  -- In this order: a scan of the resources would read all their content.
 CROSS JOIN uniform_resource AS resource
    ON resource.ingest_session_imap_acct_folder_message
       = mail.ur_ingest_session_imap_acct_folder_message_id
   AND resource.nature = 'text'
  JOIN ur_ingest_session_imap_acct_folder AS folder
    ON folder.ur_ingest_session_imap_acct_folder_id = mail.ingest_imap_acct_folder_id
  LEFT JOIN ur_ingest_session_imap_account AS account
    ON account.ur_ingest_session_imap_account_id = folder.ingest_account_id;

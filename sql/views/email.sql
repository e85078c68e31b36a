-- The messages of RSSD with their exact bytes: what the other views here are
-- made of. It fits both layouts and every generation of RSSD. One row a message;
-- raw is TEXT where it is UTF-8, else BLOB, and NULL where the content has been
-- dropped (sql/recipes/retention.sql).
--
-- Run in the project's folder, in a database that imap_ingest() has filled:
--   sqlite3 rssd.sqlite.db ".load ./dist/imap0" ".read sql/views/email.sql"
-- Views that call mail_* functions need the library loaded by whoever reads them.

-- From a message to its resources, and to that with the message's bytes, whose
-- nature SQLite would else read from behind its content.
CREATE INDEX IF NOT EXISTS idx_email__node_id
    ON uniform_resource_edge (node_id, uniform_resource_id);
CREATE INDEX IF NOT EXISTS idx_email__text
    ON uniform_resource (uniform_resource_id) WHERE nature = 'text';

DROP VIEW IF EXISTS email;
CREATE VIEW email AS
SELECT mail.ur_ingest_session_imap_acct_folder_message_id AS email_id,
       mail.message_id,
       account.email AS account,
       folder.folder_name,
       mail."from",
       mail.subject,
       -- The first generation has no such column; the name then means the NULL
       -- around it, and the resource knows.
       coalesce((SELECT (SELECT date
                           FROM ur_ingest_session_imap_acct_folder_message AS dated
                          WHERE dated.ur_ingest_session_imap_acct_folder_message_id
                                = mail.ur_ingest_session_imap_acct_folder_message_id)
                   FROM (SELECT NULL AS date)),
                resource.last_modified_at) AS date,
       strftime('%Y-%m-%dT%H:%M:%SZ', mail.created_at) AS ingested_at,
       json_extract(resource.elaboration, '$.in_reply_to') AS in_reply_to,
       mail.email_references,
       resource.uniform_resource_id,
       -- What other tools wrote may have its text in the message alone; in the
       -- layout compact the message is a reference.
       coalesce(resource.content,
                CASE WHEN mail.message NOT GLOB '{"sha256":"*","uri":"*"}' THEN mail.message END)
         AS raw
  FROM ur_ingest_session_imap_acct_folder_message AS mail
  JOIN ur_ingest_session_imap_acct_folder AS folder
    ON folder.ur_ingest_session_imap_acct_folder_id = mail.ingest_imap_acct_folder_id
  LEFT JOIN ur_ingest_session_imap_account AS account
    ON account.ur_ingest_session_imap_account_id = folder.ingest_account_id
  -- By edges: how message and resource refer to each other otherwise differs
  -- between generations.
  LEFT JOIN uniform_resource AS resource INDEXED BY idx_email__text
    ON resource.nature = 'text'
   AND resource.uniform_resource_id IN (
         SELECT edge.uniform_resource_id
           FROM uniform_resource_edge AS edge
          WHERE edge.node_id = mail.ur_ingest_session_imap_acct_folder_message_id
            AND +edge.graph_name = 'imap');

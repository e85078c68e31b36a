-- The messages: each 'text' resource with its message, folder and account.
-- name is the graph's. One row a message, as it has one edge in 'imap'.
-- A message row of the layout 'compact' refers to the content, which is in the
-- resource.
CREATE VIEW IF NOT EXISTS uniform_resource_imap AS
SELECT resource.uniform_resource_id,
       graph.name,
       account.ur_ingest_session_imap_account_id,
       account.email,
       account.host,
       mail.subject,
       mail."from",
       CASE WHEN mail.message GLOB '{"sha256":"*","uri":"*"}' THEN resource.content
            ELSE mail.message
       END AS message,
       mail.date,
       folder.ur_ingest_session_imap_acct_folder_id,
       folder.ingest_account_id,
       folder.folder_name,
       resource.size_bytes,
       resource.nature,
       resource.content
  FROM uniform_resource_graph AS graph
  JOIN uniform_resource_edge AS edge
    ON edge.graph_name = graph.name
  JOIN uniform_resource AS resource
    ON resource.uniform_resource_id = edge.uniform_resource_id
  JOIN ur_ingest_session_imap_acct_folder_message AS mail
    ON mail.ur_ingest_session_imap_acct_folder_message_id = edge.node_id
  JOIN ur_ingest_session_imap_acct_folder AS folder
    ON folder.ur_ingest_session_imap_acct_folder_id = mail.ingest_imap_acct_folder_id
  LEFT JOIN ur_ingest_session_imap_account AS account
    ON account.ur_ingest_session_imap_account_id = folder.ingest_account_id
 WHERE graph.name = 'imap'
   AND resource.nature = 'text'
   AND resource.ingest_session_imap_acct_folder_message IS NOT NULL;

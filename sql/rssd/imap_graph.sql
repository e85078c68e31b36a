-- The graph 'imap': every resource of every message.
CREATE VIEW IF NOT EXISTS imap_graph AS
SELECT edge.graph_name,
       resource.uniform_resource_id,
       resource.nature,
       resource.uri,
       resource.content,
       mail.ur_ingest_session_imap_acct_folder_message_id,
       mail.ingest_imap_acct_folder_id,
       mail.message_id
  FROM uniform_resource_edge AS edge
  JOIN uniform_resource AS resource
    ON resource.uniform_resource_id = edge.uniform_resource_id
  JOIN ur_ingest_session_imap_acct_folder_message AS mail
    ON mail.ur_ingest_session_imap_acct_folder_message_id = edge.node_id
 WHERE edge.graph_name = 'imap';

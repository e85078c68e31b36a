-- The HTML bodies of the messages, from the 'json' resource of each.
-- The join also names the device, so that the index on (device_id, uri) serves
-- and two devices that hold the same mail do not multiply each other's rows; and
-- the message, since databases that are merged may use one uri for two messages.
CREATE VIEW IF NOT EXISTS uniform_resource_imap_content AS
SELECT mail.uniform_resource_id,
       base.uniform_resource_id AS base_id,
       ext.uniform_resource_id AS ext_id,
       base.uri AS base_uri,
       ext.uri AS ext_uri,
       base.nature AS base_nature,
       ext.nature AS ext_nature,
       json_extract(part.value, '$.body.Html') AS html_content
  FROM uniform_resource_imap AS mail
  JOIN uniform_resource AS base
    ON base.uniform_resource_id = mail.uniform_resource_id
  JOIN uniform_resource AS ext
    ON ext.device_id = base.device_id
   AND ext.uri = base.uri || '/json'
   AND ext.nature = 'json'
   AND ext.ingest_session_imap_acct_folder_message = base.ingest_session_imap_acct_folder_message
  JOIN json_each(ext.content, '$.parts') AS part
 WHERE json_extract(part.value, '$.body.Html') IS NOT NULL;

-- Content: of a message its exact bytes ('text'), its structure ('json') and its
-- bodies ('txt', 'html').
CREATE TABLE IF NOT EXISTS uniform_resource (
  -- UUID version 8, derived from its message
  uniform_resource_id TEXT PRIMARY KEY NOT NULL,
  device_id TEXT NOT NULL REFERENCES device (device_id),
  ingest_session_id TEXT NOT NULL REFERENCES ur_ingest_session (ur_ingest_session_id),
  ingest_fs_path_id TEXT REFERENCES ur_ingest_session_fs_path (ur_ingest_session_fs_path_id),
  ingest_session_imap_acct_folder_message TEXT
    REFERENCES ur_ingest_session_imap_acct_folder_message (ur_ingest_session_imap_acct_folder_message_id),
  -- smtp://{user}/{message_id}[/json|/txt|/html]
  uri TEXT NOT NULL,
  content_digest TEXT NOT NULL,                            -- SHA-1 in hex, '-' if none
  content BLOB,                                            -- TEXT where it is UTF-8, else BLOB
  nature TEXT,                                             -- text, json, txt, html
  size_bytes INTEGER,                                      -- of content
  last_modified_at TIMESTAMPTZ,                            -- the message's date
  content_fm_body_attrs TEXT,                              -- JSON
  frontmatter TEXT,                                        -- JSON
  elaboration TEXT,                                        -- JSON: sha256, ...
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT content_fm_body_attrs_check_valid_json
    CHECK (json_valid(content_fm_body_attrs) OR content_fm_body_attrs IS NULL),
  CONSTRAINT frontmatter_check_valid_json CHECK (json_valid(frontmatter) OR frontmatter IS NULL),
  CONSTRAINT elaboration_check_valid_json CHECK (json_valid(elaboration) OR elaboration IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS uniform_resource_device_id_content_digest_uri_size_bytes_unique
  ON uniform_resource (device_id, content_digest, uri, size_bytes);
CREATE INDEX IF NOT EXISTS idx_uniform_resource__device_id__uri
  ON uniform_resource (device_id, uri);

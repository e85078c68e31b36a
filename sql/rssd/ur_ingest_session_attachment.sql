-- Files found in messages.
CREATE TABLE IF NOT EXISTS ur_ingest_session_attachment (
  ur_ingest_session_attachment_id TEXT PRIMARY KEY NOT NULL,
  uniform_resource_id TEXT                                 -- the message's 'text' resource
    REFERENCES uniform_resource (uniform_resource_id),
  name TEXT,                                               -- file name
  uri TEXT NOT NULL,
  content BLOB,
  nature TEXT,                                             -- file extension or MIME type
  size INTEGER,                                            -- of content
  checksum TEXT,
  elaboration TEXT,                                        -- JSON
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_attachment_uniform_resource_id_checksum_nature_size_unique
  ON ur_ingest_session_attachment (uniform_resource_id, checksum, nature, size);
CREATE INDEX IF NOT EXISTS idx_ur_ingest_session_attachment__uniform_resource_id__content
  ON ur_ingest_session_attachment (uniform_resource_id, content);

-- What later steps derive from a resource. Never written here.
CREATE TABLE IF NOT EXISTS uniform_resource_transform (
  uniform_resource_transform_id TEXT PRIMARY KEY NOT NULL,
  uniform_resource_id TEXT NOT NULL REFERENCES uniform_resource (uniform_resource_id),
  uri TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  content TEXT,                                            -- JSON
  nature TEXT,
  size_bytes INTEGER,
  elaboration TEXT,                                        -- JSON
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT elaboration_check_valid_json CHECK (json_valid(elaboration) OR elaboration IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS uniform_resource_transform_uniform_resource_id_content_digest_nature_size_bytes_unique
  ON uniform_resource_transform (uniform_resource_id, content_digest, nature, size_bytes);
CREATE INDEX IF NOT EXISTS idx_uniform_resource_transform__uniform_resource_id__content_digest
  ON uniform_resource_transform (uniform_resource_id, content_digest);

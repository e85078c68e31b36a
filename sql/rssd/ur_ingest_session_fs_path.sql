-- A file system path that was walked. Never written here; uniform_resource
-- refers to it, and SQLite wants the parent table to exist.
CREATE TABLE IF NOT EXISTS ur_ingest_session_fs_path (
  ur_ingest_session_fs_path_id TEXT PRIMARY KEY NOT NULL,
  ingest_session_id TEXT NOT NULL REFERENCES ur_ingest_session (ur_ingest_session_id),
  root_path TEXT NOT NULL,
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
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_fs_path_ingest_session_id_root_path_created_at_unique
  ON ur_ingest_session_fs_path (ingest_session_id, root_path, created_at);
CREATE INDEX IF NOT EXISTS idx_ur_ingest_session_fs_path__ingest_session_id__root_path
  ON ur_ingest_session_fs_path (ingest_session_id, root_path);

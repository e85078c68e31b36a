-- One run of an ingest; written also when there was nothing new.
-- created_at carries milliseconds: two runs in one second must not collide.
CREATE TABLE IF NOT EXISTS ur_ingest_session (
  ur_ingest_session_id TEXT PRIMARY KEY NOT NULL,          -- UUID version 7
  device_id TEXT NOT NULL REFERENCES device (device_id),
  behavior_id TEXT REFERENCES behavior (behavior_id),
  behavior_json TEXT,                                      -- JSON: the arguments of the run
  ingest_started_at TIMESTAMPTZ NOT NULL,
  -- NULL while it runs, or if it was killed
  ingest_finished_at TIMESTAMPTZ,
  session_agent TEXT NOT NULL,                             -- JSON: agent, version
  -- JSON: the summary, and the error if any
  elaboration TEXT,
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT behavior_json_check_valid_json
    CHECK (json_valid(behavior_json) OR behavior_json IS NULL),
  CONSTRAINT session_agent_check_valid_json
    CHECK (json_valid(session_agent) OR session_agent IS NULL),
  CONSTRAINT elaboration_check_valid_json CHECK (json_valid(elaboration) OR elaboration IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS ur_ingest_session_device_id_created_at_unique
  ON ur_ingest_session (device_id, created_at);

-- Named settings of a device's ingests. Never written here; sessions refer to it.
CREATE TABLE IF NOT EXISTS behavior (
  behavior_id VARCHAR PRIMARY KEY NOT NULL,
  device_id TEXT NOT NULL,
  behavior_name TEXT NOT NULL,
  behavior_conf_json TEXT NOT NULL,                        -- JSON
  assurance_schema_id TEXT,
  governance TEXT,                                         -- JSON
  created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,        -- when this row was written, UTC
  created_by TEXT DEFAULT 'UNKNOWN',
  updated_at TIMESTAMPTZ,
  updated_by TEXT,
  deleted_at TIMESTAMPTZ,
  deleted_by TEXT,
  activity_log TEXT,
  CONSTRAINT behavior_conf_json_check_valid_json
    CHECK (json_valid(behavior_conf_json) OR behavior_conf_json IS NULL),
  CONSTRAINT governance_check_valid_json CHECK (json_valid(governance) OR governance IS NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS behavior_device_id_behavior_name_unique
  ON behavior (device_id, behavior_name);

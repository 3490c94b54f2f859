-- A store of traces of language models: tenants in every key, JSON, arrays, large numbers.
CREATE TABLE organizations (
    id text PRIMARY KEY,
    name text NOT NULL,
    cloud_config jsonb,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects (
    id text PRIMARY KEY,
    org_id text NOT NULL REFERENCES organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
    name text NOT NULL,
    retention_days integer CHECK (retention_days >= 0),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX projects_org_id_idx ON projects (org_id);

CREATE TABLE users (
    id text PRIMARY KEY,
    name text,
    email text NOT NULL UNIQUE,
    password text,
    admin boolean NOT NULL DEFAULT false,
    feature_flags text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE project_memberships (
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role varchar(10) NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_memberships_user_id_idx ON project_memberships (user_id);

CREATE TABLE membership_invitations (
    id text PRIMARY KEY,
    email text NOT NULL,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    role varchar(10) NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER')),
    invited_by text REFERENCES users (email) ON DELETE SET NULL ON UPDATE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX membership_invitations_project_id_idx ON membership_invitations (project_id);
CREATE INDEX membership_invitations_email_idx ON membership_invitations (email);

CREATE TABLE api_keys (
    id text PRIMARY KEY,
    public_key text NOT NULL UNIQUE,
    hashed_secret_key text NOT NULL UNIQUE,
    display_secret_key text NOT NULL,
    note text,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    last_used_at timestamptz DEFAULT now(),
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_project_id_idx ON api_keys (project_id);

CREATE TABLE trace_sessions (
    id text NOT NULL,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    bookmarked boolean NOT NULL DEFAULT false,
    public boolean NOT NULL DEFAULT false,
    environment text NOT NULL DEFAULT 'default',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, project_id)
);
CREATE INDEX trace_sessions_project_id_created_at_idx ON trace_sessions (project_id, created_at DESC);

CREATE TABLE traces (
    id text PRIMARY KEY,
    external_id text,
    "timestamp" timestamptz NOT NULL DEFAULT now(),
    name text,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    public boolean NOT NULL DEFAULT false,
    bookmarked boolean NOT NULL DEFAULT false,
    tags text[] NOT NULL DEFAULT '{}',
    input jsonb,
    output jsonb,
    metadata jsonb,
    release text,
    version text,
    UNIQUE (id, project_id)
);
CREATE INDEX traces_project_id_timestamp_idx ON traces (project_id, "timestamp");
CREATE INDEX traces_name_idx ON traces (name);
CREATE INDEX traces_tags_idx ON traces USING gin (tags);

CREATE TABLE observations (
    id text PRIMARY KEY,
    trace_id text NOT NULL,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    parent_observation_id text REFERENCES observations (id) ON DELETE SET NULL,
    type varchar(12) NOT NULL CHECK (type IN ('SPAN', 'EVENT', 'GENERATION')),
    name text,
    start_time timestamptz NOT NULL DEFAULT now(),
    end_time timestamptz,
    level varchar(8) NOT NULL DEFAULT 'DEFAULT' CHECK (level IN ('DEBUG', 'DEFAULT', 'WARNING', 'ERROR')),
    model text,
    "modelParameters" jsonb,
    input jsonb,
    output jsonb,
    prompt_tokens bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    total_cost numeric(65, 30),
    CONSTRAINT observations_times CHECK (end_time >= start_time),
    FOREIGN KEY (trace_id, project_id) REFERENCES traces (id, project_id) ON DELETE CASCADE
);
CREATE INDEX observations_trace_id_idx ON observations (trace_id);
CREATE INDEX observations_project_id_start_time_idx ON observations (project_id, start_time);
CREATE INDEX observations_parent_idx ON observations (parent_observation_id);
CREATE INDEX observations_type_idx ON observations (type);

CREATE TABLE score_configs (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name text NOT NULL,
    data_type varchar(12) NOT NULL CHECK (data_type IN ('NUMERIC', 'CATEGORICAL', 'BOOLEAN')),
    is_archived boolean NOT NULL DEFAULT false,
    min_value double precision,
    max_value double precision,
    categories jsonb,
    description text,
    CONSTRAINT score_configs_range CHECK (max_value >= min_value)
);
CREATE INDEX score_configs_project_id_idx ON score_configs (project_id);

CREATE TABLE scores (
    id text PRIMARY KEY,
    "timestamp" timestamptz NOT NULL DEFAULT now(),
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name text NOT NULL,
    value double precision,
    string_value text,
    source varchar(12) NOT NULL CHECK (source IN ('ANNOTATION', 'API', 'EVAL')),
    comment text,
    trace_id text REFERENCES traces (id) ON DELETE CASCADE,
    observation_id text REFERENCES observations (id) ON DELETE CASCADE,
    config_id text REFERENCES score_configs (id) ON DELETE SET NULL,
    CONSTRAINT scores_value CHECK (num_nonnulls(value, string_value) >= 1),
    CONSTRAINT scores_of_one CHECK (num_nonnulls(trace_id, observation_id) = 1)
);
CREATE INDEX scores_project_id_name_idx ON scores (project_id, name);
CREATE INDEX scores_trace_id_idx ON scores (trace_id);
CREATE INDEX scores_observation_id_idx ON scores (observation_id);
CREATE INDEX scores_config_id_idx ON scores (config_id);

CREATE TABLE prompts (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_by text NOT NULL,
    prompt jsonb NOT NULL,
    name text NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    type text NOT NULL DEFAULT 'text',
    config jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    labels text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, name, version)
);
CREATE INDEX prompts_tags_idx ON prompts USING gin (tags);

CREATE TABLE media (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    sha_256_hash char(44) NOT NULL,
    uploaded_at timestamptz,
    upload_http_status integer,
    bucket_path text NOT NULL,
    content_type text NOT NULL,
    content_length bigint NOT NULL CHECK (content_length >= 0),
    thumbnail bytea,
    UNIQUE (project_id, sha_256_hash)
);

CREATE TABLE batch_exports (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id text NOT NULL,
    name text NOT NULL,
    status varchar(12) NOT NULL CHECK (status IN ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED')),
    query jsonb NOT NULL,
    url text,
    log text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX batch_exports_one_running ON batch_exports (project_id, user_id) WHERE finished_at IS NULL;

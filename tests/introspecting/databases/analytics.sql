-- Web analytics: snake_case, UUID keys that the application makes, wide logs with created_at alone.
CREATE TABLE "user" (
    user_id uuid PRIMARY KEY,
    username varchar(255) NOT NULL UNIQUE,
    password varchar(60) NOT NULL,
    role varchar(50) NOT NULL,
    logo_url varchar(2183),
    display_name varchar(255),
    created_at timestamptz(6) DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz(6),
    deleted_at timestamptz(6)
);

CREATE TABLE team (
    team_id uuid PRIMARY KEY,
    name varchar(50) NOT NULL,
    access_code varchar(50) UNIQUE,
    logo_url varchar(2183),
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE team_user (
    team_id uuid NOT NULL REFERENCES team (team_id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES "user" (user_id) ON DELETE CASCADE,
    role varchar(50) NOT NULL,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_user_user_id_idx ON team_user (user_id);

CREATE TABLE website (
    website_id uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    domain varchar(500),
    share_id varchar(50) UNIQUE,
    reset_at timestamptz(6),
    user_id uuid REFERENCES "user" (user_id) ON DELETE CASCADE,
    team_id uuid REFERENCES team (team_id) ON DELETE CASCADE,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamptz(6),
    CONSTRAINT website_owner CHECK (num_nonnulls(user_id, team_id) >= 1)
);
CREATE INDEX website_user_id_idx ON website (user_id);
CREATE INDEX website_team_id_idx ON website (team_id);
CREATE INDEX website_created_at_idx ON website (created_at);
CREATE INDEX website_share_id_idx ON website (share_id);

CREATE TABLE session (
    session_id uuid PRIMARY KEY,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    hostname varchar(100),
    browser varchar(20),
    os varchar(20),
    device varchar(20),
    screen varchar(11),
    language varchar(35),
    country char(2),
    region varchar(20),
    city varchar(50),
    distinct_id varchar(50),
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX session_created_at_idx ON session (created_at);
CREATE INDEX session_website_id_created_at_idx ON session (website_id, created_at);
CREATE INDEX session_website_id_created_at_browser_idx ON session (website_id, created_at, browser);

CREATE TABLE website_event (
    event_id uuid PRIMARY KEY,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES session (session_id) ON DELETE CASCADE,
    visit_id uuid NOT NULL,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    url_path varchar(500) NOT NULL,
    url_query varchar(500),
    referrer_domain varchar(500),
    page_title varchar(500),
    event_type smallint NOT NULL DEFAULT 1 CHECK (event_type >= 1),
    event_name varchar(50),
    tag varchar(50)
);
CREATE INDEX website_event_created_at_idx ON website_event (created_at);
CREATE INDEX website_event_session_id_idx ON website_event (session_id);
CREATE INDEX website_event_visit_id_idx ON website_event (visit_id);
CREATE INDEX website_event_website_id_created_at_idx ON website_event (website_id, created_at);
CREATE INDEX website_event_website_id_created_at_url_path_idx
    ON website_event (website_id, created_at, url_path);
CREATE INDEX website_event_named_idx ON website_event (website_id, event_name) WHERE event_name IS NOT NULL;

CREATE TABLE event_data (
    event_data_id uuid PRIMARY KEY,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    website_event_id uuid NOT NULL REFERENCES website_event (event_id) ON DELETE CASCADE,
    data_key varchar(500) NOT NULL,
    string_value varchar(500),
    number_value numeric(19, 4),
    date_value timestamptz(6),
    data_type smallint NOT NULL,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT event_data_value CHECK (num_nonnulls(string_value, number_value, date_value) = 1)
);
CREATE INDEX event_data_website_id_idx ON event_data (website_id);
CREATE INDEX event_data_website_event_id_idx ON event_data (website_event_id);

CREATE TABLE report (
    report_id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES "user" (user_id) ON DELETE CASCADE,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    type varchar(50) NOT NULL,
    name varchar(200) NOT NULL,
    description varchar(500) NOT NULL DEFAULT '',
    parameters jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX report_user_id_idx ON report (user_id);
CREATE INDEX report_website_id_idx ON report (website_id);
CREATE INDEX report_type_idx ON report (type);

CREATE TABLE segment (
    segment_id uuid PRIMARY KEY,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    type varchar(20) NOT NULL CHECK (type IN ('segment', 'cohort')),
    name varchar(200) NOT NULL,
    starts_on date,
    ends_on date,
    parameters jsonb NOT NULL,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT segment_period CHECK (ends_on >= starts_on),
    UNIQUE (website_id, type, name)
);

CREATE TABLE revenue (
    revenue_id uuid PRIMARY KEY,
    website_id uuid NOT NULL REFERENCES website (website_id) ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES session (session_id) ON DELETE CASCADE,
    event_name varchar(50) NOT NULL,
    currency varchar(10) NOT NULL,
    revenue numeric(19, 4) NOT NULL,
    created_at timestamptz(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX revenue_website_id_created_at_idx ON revenue (website_id, created_at);
CREATE INDEX revenue_session_id_idx ON revenue (session_id);

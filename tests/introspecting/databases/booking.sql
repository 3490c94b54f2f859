-- A booking service, as Prisma would make its tables: camelCase columns, serial and text keys, native
-- timestamps, arrays.
CREATE TABLE "User" (
    id serial PRIMARY KEY,
    username text,
    email text NOT NULL,
    "emailVerified" timestamptz,
    "fullName" text,
    bio text,
    "avatarUrl" text,
    "timeZone" text NOT NULL DEFAULT 'Europe/London',
    "weekStart" text NOT NULL DEFAULT 'Sunday',
    "bufferTime" integer NOT NULL DEFAULT 0,
    locale text,
    "identityProvider" varchar(20) NOT NULL DEFAULT 'CAL',
    "completedOnboarding" boolean NOT NULL DEFAULT false,
    "twoFactorSecret" text,
    metadata jsonb,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "User_identityProvider_check" CHECK ("identityProvider" IN ('CAL', 'GOOGLE', 'SAML'))
);
CREATE UNIQUE INDEX "User_username_key" ON "User" (username);
CREATE UNIQUE INDEX "User_email_key" ON "User" (email);

CREATE TABLE "Team" (
    id serial PRIMARY KEY,
    name text NOT NULL,
    slug text,
    logo bytea,
    "hideBranding" boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{"plan": "free"}',
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "parentId" integer REFERENCES "Team" (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX "Team_slug_key" ON "Team" (slug);
CREATE INDEX "Team_parentId_idx" ON "Team" ("parentId");

CREATE TABLE "Membership" (
    "teamId" integer NOT NULL REFERENCES "Team" (id) ON DELETE CASCADE,
    "userId" integer NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
    accepted boolean NOT NULL DEFAULT false,
    role varchar(16) NOT NULL DEFAULT 'MEMBER' CHECK (role IN ('MEMBER', 'ADMIN', 'OWNER')),
    PRIMARY KEY ("userId", "teamId")
);
CREATE INDEX "Membership_teamId_idx" ON "Membership" ("teamId");

CREATE TABLE "Schedule" (
    id serial PRIMARY KEY,
    "userId" integer NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
    name text NOT NULL,
    "timeZone" text
);
CREATE INDEX "Schedule_userId_idx" ON "Schedule" ("userId");

CREATE TABLE "EventType" (
    id serial PRIMARY KEY,
    title varchar(200) NOT NULL,
    slug varchar(100) NOT NULL,
    description text,
    "position" integer NOT NULL DEFAULT 0,
    length integer NOT NULL CHECK (length > 0),
    hidden boolean NOT NULL DEFAULT false,
    price numeric(10, 2) NOT NULL DEFAULT 0,
    currency char(3) NOT NULL DEFAULT 'usd',
    locations jsonb NOT NULL DEFAULT '[]',
    durations integer[] NOT NULL DEFAULT '{}',
    "slotInterval" smallint,
    "userId" integer REFERENCES "User" (id) ON DELETE CASCADE,
    "teamId" integer REFERENCES "Team" (id) ON DELETE CASCADE,
    "scheduleId" integer REFERENCES "Schedule" (id) ON DELETE SET NULL,
    CONSTRAINT "EventType_one_owner" CHECK (num_nonnulls("userId", "teamId") = 1)
);
CREATE UNIQUE INDEX "EventType_userId_slug_key" ON "EventType" ("userId", slug);
CREATE UNIQUE INDEX "EventType_teamId_slug_key" ON "EventType" ("teamId", slug);
CREATE INDEX "EventType_scheduleId_idx" ON "EventType" ("scheduleId");

CREATE TABLE "Availability" (
    id serial PRIMARY KEY,
    "userId" integer REFERENCES "User" (id) ON DELETE CASCADE,
    "scheduleId" integer REFERENCES "Schedule" (id) ON DELETE CASCADE,
    days integer[] NOT NULL,
    "startTime" time NOT NULL,
    "endTime" time NOT NULL,
    date date,
    CONSTRAINT "Availability_order" CHECK ("endTime" > "startTime")
);
CREATE INDEX "Availability_userId_idx" ON "Availability" ("userId");
CREATE INDEX "Availability_scheduleId_idx" ON "Availability" ("scheduleId");

CREATE TABLE "Booking" (
    id serial PRIMARY KEY,
    uid uuid NOT NULL DEFAULT gen_random_uuid(),
    "userId" integer REFERENCES "User" (id) ON DELETE SET NULL,
    "eventTypeId" integer REFERENCES "EventType" (id) ON DELETE SET NULL,
    title varchar(200) NOT NULL,
    description text,
    "startTime" timestamptz NOT NULL,
    "endTime" timestamptz NOT NULL,
    location text,
    status varchar(20) NOT NULL DEFAULT 'accepted'
        CHECK (status IN ('accepted', 'pending', 'cancelled', 'rejected')),
    paid boolean NOT NULL DEFAULT false,
    rating smallint CHECK (rating >= 1 AND rating <= 5),
    responses jsonb,
    metadata jsonb,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz,
    CONSTRAINT "Booking_times" CHECK ("endTime" > "startTime")
);
CREATE UNIQUE INDEX "Booking_uid_key" ON "Booking" (uid);
CREATE INDEX "Booking_userId_idx" ON "Booking" ("userId");
CREATE INDEX "Booking_eventTypeId_startTime_idx" ON "Booking" ("eventTypeId", "startTime");
CREATE INDEX "Booking_status_idx" ON "Booking" (status);
COMMENT ON TABLE "Booking" IS 'A slot that somebody has taken.';

CREATE TABLE "Attendee" (
    id serial PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    "timeZone" text NOT NULL,
    locale text DEFAULT 'en',
    "bookingId" integer REFERENCES "Booking" (id) ON DELETE CASCADE
);
CREATE INDEX "Attendee_email_idx" ON "Attendee" (email);
CREATE INDEX "Attendee_bookingId_idx" ON "Attendee" ("bookingId");

CREATE TABLE "Payment" (
    id serial PRIMARY KEY,
    uid text NOT NULL UNIQUE,
    "bookingId" integer NOT NULL REFERENCES "Booking" (id) ON DELETE CASCADE,
    amount bigint NOT NULL CHECK (amount >= 0),
    fee bigint NOT NULL DEFAULT 0,
    success boolean NOT NULL,
    refunded boolean NOT NULL,
    data jsonb NOT NULL,
    "externalId" text NOT NULL UNIQUE
);
CREATE INDEX "Payment_bookingId_idx" ON "Payment" ("bookingId");

CREATE TABLE "Session" (
    id text PRIMARY KEY,
    "sessionToken" text NOT NULL UNIQUE,
    "userId" integer NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
    expires timestamptz NOT NULL
);
CREATE INDEX "Session_userId_idx" ON "Session" ("userId");

CREATE TABLE "Webhook" (
    id text PRIMARY KEY,
    "userId" integer REFERENCES "User" (id) ON DELETE CASCADE,
    "eventTypeId" integer REFERENCES "EventType" (id) ON DELETE CASCADE,
    "subscriberUrl" text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    secret text,
    "eventTriggers" text[] NOT NULL DEFAULT '{}',
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX "Webhook_userId_idx" ON "Webhook" ("userId");
CREATE INDEX "Webhook_eventTypeId_idx" ON "Webhook" ("eventTypeId");

CREATE TABLE "App" (
    slug text PRIMARY KEY,
    "dirName" text NOT NULL UNIQUE,
    keys jsonb,
    categories text[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT false,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE "Credential" (
    id serial PRIMARY KEY,
    type text NOT NULL,
    key jsonb NOT NULL,
    "userId" integer REFERENCES "User" (id) ON DELETE CASCADE,
    "appId" text REFERENCES "App" (slug) ON DELETE CASCADE
);
CREATE INDEX "Credential_userId_idx" ON "Credential" ("userId");
CREATE INDEX "Credential_appId_idx" ON "Credential" ("appId");

CREATE TABLE "_HostsOfEventType" (
    "A" integer NOT NULL REFERENCES "EventType" (id) ON DELETE CASCADE,
    "B" integer NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
    PRIMARY KEY ("A", "B")
);
CREATE INDEX "_HostsOfEventType_B_index" ON "_HostsOfEventType" ("B");

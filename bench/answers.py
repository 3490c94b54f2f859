"""The floor and the project must do the same work: they give the same answers."""

import json
import urllib.error
import urllib.request
from typing import Any

from bench.rows import Database
from bench.scenarios import Scenario
from bench.services import Service

NOWHERE = "01900000-0000-7000-8000-000000000000"
# What the database makes anew for each request that writes.
MADE = ("id", "created_at", "updated_at")


class DifferentAnswersError(AssertionError):
    """The floor and the project do not do the same."""


def probes(database: Database) -> list[Scenario]:
    """Return requests of all kinds, right and wrong."""
    post, author, tag = database.posts[0], database.users[0], database.tags[0]
    new = {"title": "A title", "body": "text", "author_id": author}
    return [
        *(Scenario("read", [f"/posts/{which}"]) for which in (post, NOWHERE, "nonsense")),
        Scenario("read", [f"/posts/{post}?include=author,tags"]),
        *(
            Scenario("list", [f"/posts?{query}"])
            for query in (
                "limit=3",
                f"limit=3&cursor={database.cursor}",
                f"limit=3&author_id={author}&status=published",
                f"limit=3&status=published&status=draft&cursor={database.cursor}",
                "limit=3&include=author,tags",
                "limit=3&include=tags&sort=-published_at",
                "title=nonsense",
                *("limit=0", "limit=a", "cursor=a", "status=a", "unknown=a"),
            )
        ),
        *(
            Scenario("create", ["/posts"], "POST", json.dumps(body))
            for body in (
                new,
                new | {"tag_ids": [tag], "published_at": "2026-01-02T03:04:05+06:00"},
                new | {"tag_ids": [tag, NOWHERE]},
                new | {"author_id": NOWHERE},
                new | {"title": ""},
                new | {"title": "a" * 201},
                new | {"title": "\0"},
                new | {"views": 1},
                new | {"published_at": "2026-01-02T03:04:05"},
                {},
            )
        ),
        Scenario("create", ["/posts"], "POST", "no JSON"),
        *(
            Scenario("update", [f"/posts/{which}"], "PATCH", json.dumps(body))
            for which, body in (
                (post, {"title": "Another title", "tag_ids": [tag]}),
                (post, {"tag_ids": []}),
                (post, {"author_id": NOWHERE}),
                (post, {"title": None}),
                (post, {}),
                (NOWHERE, {"title": "Another title"}),
            )
        ),
        Scenario("link", [f"/posts/{post}/tags/{tag}"], "PUT"),
        Scenario("link", [f"/posts/{post}/tags/{NOWHERE}"], "PUT"),
        Scenario("link", [f"/posts/{NOWHERE}/tags/{tag}"], "PUT"),
    ]


def compare_answers(floor: Service, project: Service, database: Database) -> None:
    """Send the same to both. Raises DifferentAnswersError."""
    for probe in probes(database):
        expected, found = (comparable(probe, answer(each, probe)) for each in (floor, project))
        if expected != found:
            raise DifferentAnswersError(
                f"{probe.method} {probe.paths[0]} {probe.body}\n"
                f"floor:   {expected}\nproject: {found}"
            )


def answer(service: Service, scenario: Scenario, number: int = 0) -> tuple[int, bytes]:
    """Return the status and the body of the answer to a request."""
    request = urllib.request.Request(
        service.url + scenario.paths[number % len(scenario.paths)],
        data=scenario.body.encode() or None,
        method=scenario.method,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def comparable(probe: Scenario, answer: tuple[int, bytes]) -> tuple[int, Any]:
    """Return the status and the content of an answer, without what the database makes anew."""
    status, body = answer
    content = json.loads(body) if body else None
    if probe.method != "GET" and isinstance(content, dict):
        content |= dict.fromkeys(MADE & content.keys())
    return status, content

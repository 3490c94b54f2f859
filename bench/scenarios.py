"""The requests that are measured."""

import json
from dataclasses import dataclass

from bench.rows import BODY, PAGE, Database


@dataclass(frozen=True)
class Scenario:
    """One kind of request, sent again and again, to one path after the other."""

    name: str
    paths: list[str]
    method: str = "GET"
    body: str = ""
    # How many requests a second there should be, in multiples of the floor's.
    target: float = 0.8
    # How many statements each request takes.
    statements: int = 1


def scenarios(database: Database) -> list[Scenario]:
    """Return all kinds of requests that the floor is compared in."""
    posts = [f"/posts/{post}" for post in database.posts]
    tag = database.tags[0]
    new = {"title": "Title", "body": BODY, "author_id": database.users[0]}
    by_author = [f"/posts?limit={PAGE}&author_id={user}" for user in database.users]
    return [
        Scenario("read", posts),
        page_scenario(database, 1, "list"),
        page_scenario(database, database.deep_page, "deep page"),
        Scenario("filter", by_author),
        Scenario("sort", [f"/posts?limit={PAGE}&sort=-published_at"]),
        Scenario("include", [f"/posts?limit={PAGE}&include=author,tags"], statements=3),
        Scenario("create", ["/posts"], "POST", json.dumps(new)),
        Scenario("update", posts, "PATCH", json.dumps({"title": "Another title"}), target=0.7),
        Scenario("link", [f"{post}/tags/{tag}" for post in posts], "PUT"),
    ]


def page_scenario(database: Database, page: int, name: str = "page") -> Scenario:
    """Return the request for the first or the deep page of all posts."""
    cursor = f"&cursor={database.cursor}" if page == database.deep_page else ""
    return Scenario(name, [f"/posts?limit={PAGE}{cursor}"])

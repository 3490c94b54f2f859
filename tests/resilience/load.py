"""Load on a service, and a book of what its clients were told, to be held against the database."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.resilience.connection import Answer, Connection, NoAnswerError
from tests.resilience.postgres import Server

# Seconds in which a client wants an answer, repeats included.
PATIENCE = 60
# Seconds after which a client repeats a write that got no answer at all.
PAUSE = 0.2

TEXTS = (
    "SELECT body FROM comments WHERE body LIKE '{0}%' "
    "UNION ALL SELECT name FROM tags WHERE name LIKE '{0}%'"
)
TITLES = "SELECT id, title FROM posts WHERE title LIKE '{0}%'"

Action = Callable[[], Coroutine[Any, Any, None]]


class WrongAnswerError(Exception):
    """An answer is not what it must be, whatever the database does."""


@dataclass
class Book:
    """What clients were told.

    Each row that they create has a text that no other has; the sets are of such texts.
    """

    # All texts start with it.
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    stored: set[str] = field(default_factory=set)
    # Of rows whose creation failed in a way that leaves open whether they are there.
    unknown: set[str] = field(default_factory=set)
    # The last titles of posts, by identifier.
    titles: dict[int, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    repeats: int = 0
    # Of all that clients did, in seconds, repeats included.
    latencies: list[float] = field(default_factory=list)

    def new_text(self) -> str:
        """Return a text for a new row."""
        return f"{self.name}-{uuid.uuid4().hex[:12]}"

    def compare(self, server: Server, database: str) -> "Comparison":
        """Hold the book against the database."""
        rows = Counter(text for (text,) in server.execute(TEXTS.format(self.name), database))
        titles = dict(server.execute(TITLES.format(self.name), database))
        return Comparison(
            lost=self.stored - rows.keys(),
            doubled={text for text, count in rows.items() if count > 1},
            unannounced=rows.keys() - self.stored - self.unknown,
            outdated={post for post, title in self.titles.items() if titles.get(post) != title},
            unknown_stored=self.unknown & rows.keys(),
        )


@dataclass(frozen=True)
class Comparison:
    """How the database differs from what clients were told."""

    lost: set[str]
    doubled: set[str]
    # Rows that nobody was told of, or that were deleted.
    unannounced: set[str]
    # Posts whose title is not the last one.
    outdated: set[int]
    # Not a difference: rows that are there, though their creation failed.
    unknown_stored: set[str]


class Client:
    """Sends one request after another; it alone writes its post and its comments."""

    def __init__(self, port: int, book: Book) -> None:
        self.connection = Connection(port)
        self.book = book
        self.author = 0
        self.post = 0
        # Identifiers by text.
        self.comments: dict[str, int] = {}

    async def begin(self) -> None:
        """Create an author and a post."""
        text = self.book.new_text()
        user = {"email": f"{text}@example.com", "name": text}
        self.author = (await self.write(201, "POST", "/users", user)).json()["id"]
        post = {"title": text, "body": "", "author_id": self.author}
        self.post = (await self.write(201, "POST", "/posts", post)).json()["id"]
        self.book.titles[self.post] = text

    async def run(self, end: float) -> None:
        """Do things at random until the clock says `end`."""
        actions = self.actions()
        while time.perf_counter() < end:
            (action,) = random.choices(list(actions), list(actions.values()))
            started = time.perf_counter()
            try:
                async with asyncio.timeout(PATIENCE):
                    await action()
            except (WrongAnswerError, NoAnswerError, TimeoutError) as error:
                self.book.failures.append(f"{action.__name__}: {error!r}")
            self.book.latencies.append(time.perf_counter() - started)
        self.connection.close()

    def actions(self) -> dict[Action, int]:
        """Return what the client does, with weights."""
        return {
            self.get_post: 35,
            self.list_comments: 25,
            self.create_comment: 15,
            self.create_tag: 5,
            self.update_post: 15,
            self.delete_comment: 5,
        }

    async def get_post(self) -> None:
        """Read the post: it has the last title."""
        answer = await self.read(f"/posts/{self.post}")
        if answer.json()["title"] != self.book.titles[self.post]:
            raise WrongAnswerError("not the last title")

    async def list_comments(self) -> None:
        """Read the newest comments on the post."""
        await self.read(f"/comments?post_id={self.post}&limit=20")

    async def create_comment(self) -> None:
        """Create a comment on the post."""
        text = self.book.new_text()
        answer = await self.write(201, "POST", "/comments", self.comment(text))
        self.comments[text] = answer.json()["id"]
        self.book.stored.add(text)

    async def create_tag(self) -> None:
        """Create a tag; a second one of that name would be refused."""
        text = self.book.new_text()
        await self.write(201, "POST", "/tags", {"name": text})
        self.book.stored.add(text)

    async def update_post(self) -> None:
        """Give the post another title."""
        text = self.book.new_text()
        await self.write(200, "PATCH", f"/posts/{self.post}", {"title": text})
        self.book.titles[self.post] = text

    async def delete_comment(self) -> None:
        """Delete one of the comments; a second attempt would not find it."""
        if self.comments:
            text, identifier = self.comments.popitem()
            await self.write(204, "DELETE", f"/comments/{identifier}")
            self.book.stored.remove(text)

    async def read(self, path: str) -> Answer:
        """Send a GET, once: its answer must be 200."""
        return expected(200, await self.connection.request("GET", path))

    async def write(self, status: int, method: str, path: str, body: Any = None) -> Answer:
        """Send a write with a key that makes it safe to repeat, until it has another answer than 503."""
        key = str(uuid.uuid4())
        while True:
            pause = PAUSE
            try:
                answer = await self.connection.request(method, path, body, idempotency_key=key)
            except NoAnswerError:
                pass
            else:
                if answer.status != 503 or "retry-after" not in answer.headers:
                    return expected(status, answer)
                pause = float(answer.headers["retry-after"])
            self.book.repeats += 1
            await asyncio.sleep(pause)

    def comment(self, text: str) -> dict[str, Any]:
        """Return the body of a request that creates a comment."""
        return {"body": text, "post_id": self.post, "author_id": self.author}


class ClientWithoutKeys(Client):
    """Creates comments, once each."""

    def actions(self) -> dict[Action, int]:
        """Return what the client does, with weights."""
        return {self.create_comment: 1}

    async def create_comment(self) -> None:
        """Create a comment: the answer is 201, or 503, which says whether it may be repeated."""
        text = self.book.new_text()
        answer = await self.connection.request("POST", "/comments", self.comment(text))
        if answer.status == 503:
            # With Retry-After nothing was written, so that the comment must not be there.
            if "retry-after" not in answer.headers:
                self.book.unknown.add(text)
            return
        expected(201, answer)
        self.book.stored.add(text)


def expected(status: int, answer: Answer) -> Answer:
    """Return the answer. Raises WrongAnswerError where its status is another."""
    if answer.status != status:
        raise WrongAnswerError(f"{answer}, not {status}")
    return answer

"""Render the blog, run it on a real PostgreSQL and show a conversation with its API.

Ends with exit code 0 only if every answer was the expected one. With --serve, keeps serving.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

REPOSITORY = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
START_TIMEOUT = 60  # seconds

# The project gets an environment of its own, not that of the nox session.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON")
} | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="keep serving until Ctrl-C")
    serve = parser.parse_args().serve
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="blog-") as folder:
        project = Path(folder) / "my-blog"
        # --vcs-ref=HEAD: this clone as it is, not its newest tag.
        command = ["copier", "copy", "--quiet", "--defaults", "--vcs-ref=HEAD"]
        run(REPOSITORY, *command, str(REPOSITORY), str(project))
        run(project, "uv", "sync", "--quiet")
        run(project, "uv", "run", "alembic", "revision", "--autogenerate", "-m", "initial schema")
        run(project, "uv", "run", "alembic", "upgrade", "head")
        with server(project) as url:
            with httpx2.Client(base_url=url) as client:
                converse(Conversation(client))
            run(project, "uv", "run", "my-blog", "branch", "create", "try-out")
            run(project, "uv", "run", "my-blog", "branch", "list")
            print(f"\nEvery answer was right, after {time.perf_counter() - started:.1f} s.")
            if serve:
                print(f"Serving {project} at {url}/docs until Ctrl-C.")
                wait_for_interrupt()


def run(folder: Path, *command: str) -> None:
    """Show a command and run it; end the demo where it fails."""
    print("$", *command, flush=True)
    process = subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        sys.exit(f"{process.stdout}\nThis command failed: {' '.join(command)}")


@contextmanager
def server(project: Path) -> Iterator[str]:
    """Serve the project on a free port and yield its URL; stop it in the end."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = ["uv", "run", "uvicorn", "--factory", "my_blog.main:create_app"]
    command += [f"--host={HOST}", f"--port={port}", "--log-level=warning"]
    print("$", *command, flush=True)
    process = subprocess.Popen(command, cwd=project, env=ENVIRONMENT)
    try:
        url = f"http://{HOST}:{port}"
        wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the service says that it is ready; end the demo where it does not."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{url}/health/ready").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    sys.exit("The server did not get ready.")


def wait_for_interrupt() -> None:
    """Return at Ctrl-C."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


class Conversation:
    """Requests that are shown with their answers, and checked."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def say(self, title: str) -> None:
        """Show what the next requests are about."""
        print(f"\n# {title}")

    def request(self, expected: int, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the answer; end the demo where its status is another."""
        print(f"{method} {path}", "" if body is None else json.dumps(body))
        response = self.client.request(method, path, json=body)
        answer = response.json() if response.content else None
        print(f"  {response.status_code}", "" if answer is None else shortened(json.dumps(answer)))
        self.check(response.status_code == expected, f"the status should be {expected}")
        return answer

    def check(self, right: bool, expectation: str) -> None:
        """End the demo where an answer is not what it should be."""
        if not right:
            sys.exit(f"This answer is wrong: {expectation}.")


def shortened(text: str, width: int = 160) -> str:
    """Return the text, cut to a readable width."""
    return text if len(text) <= width else text[: width - 1] + "…"


def converse(api: Conversation) -> None:
    """Create a blog, read it and break its rules."""
    api.say("A user")
    email = {"email": "ada@example.com", "name": "Ada"}
    user = api.request(201, "POST", "/users", email)
    api.check("password_hash" not in user, "an internal field stays in the database")

    api.say("Posts and tags")
    posts = []
    for number in range(1, 6):
        post = {"title": f"Notes {number}", "body": "…", "author_id": user["id"]}
        posts.append(api.request(201, "POST", "/posts", post))
    tag = api.request(201, "POST", "/tags", {"name": "engines"})
    api.request(204, "PUT", f"/posts/{posts[0]['id']}/tags/{tag['id']}")
    tags = api.request(200, "GET", f"/posts/{posts[0]['id']}/tags")
    api.check(tags["items"] == [tag], "the post has the tag")

    api.say("A thread of comments")
    comment = {"body": "How?", "post_id": posts[0]["id"], "author_id": user["id"]}
    question = api.request(201, "POST", "/comments", comment)
    reply = comment | {"body": "Like this.", "parent_id": question["id"]}
    answer = api.request(201, "POST", "/comments", reply)
    replies = api.request(200, "GET", f"/comments?parent_id={question['id']}")
    api.check(replies["items"] == [answer], "the reply answers the question")

    api.say("Publish one post; list what is left, two at a time")
    published = api.request(200, "PATCH", f"/posts/{posts[4]['id']}", {"status": "published"})
    api.check(published["title"] == "Notes 5", "what was not sent stays as it is")
    first = api.request(200, "GET", "/posts?status=draft&limit=2")
    second = api.request(200, "GET", f"/posts?status=draft&limit=2&cursor={first['next_cursor']}")
    titles = [post["title"] for post in first["items"] + second["items"]]
    api.check(titles == [f"Notes {number}" for number in (4, 3, 2, 1)], "newest first, each once")
    api.check(second["next_cursor"] is None, "the second page is the last")

    api.say("What the rules forbid")
    api.request(422, "POST", "/posts", {"title": "", "author_id": user["id"]})
    api.request(422, "PATCH", f"/posts/{posts[0]['id']}", {"title": None})
    conflict = api.request(409, "POST", "/users", email)
    api.check(conflict["constraint"] == "uq_users_email", "the constraint is named")

    api.say("Delete and restore")
    api.request(204, "DELETE", f"/posts/{posts[0]['id']}")
    api.request(404, "GET", f"/posts/{posts[0]['id']}")
    api.request(200, "POST", f"/posts/{posts[0]['id']}/restore")


if __name__ == "__main__":
    main()

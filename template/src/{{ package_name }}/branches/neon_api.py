"""A client of the Neon API: repeats requests where that is safe and explains errors."""

import datetime as dt
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, SecretStr, ValidationError

from {{ package_name }}.branches import BranchError

URL = "https://console.neon.tech/api/v2"

# Seconds that one request may take.
TIMEOUT = 30

# Seconds between the attempts of a request, and the longest time that Neon may ask for instead.
DELAYS = (1, 2, 4, 8, 16, 16, 16)
MAX_DELAY = 60

# Nothing was done yet: the project is locked by another operation, there were too many requests,
# the service is unavailable. After any other failure, a request that changes something may have
# changed it. https://neon.com/docs/reference/api/key-concepts and "GeneralError" in the OpenAPI
# file of https://www.npmjs.com/package/@neondatabase/api-client
NOTHING_DONE = {423, 429, 503}
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout)

HINTS = {
    401: "check NEON_API_KEY",
    403: "NEON_API_KEY does not allow this",
    404: "check NEON_PROJECT_ID, and that NEON_API_KEY belongs to it",
}
LIMIT_HINT = "the plan of the project allows no more branches: delete one"

Answer = TypeVar("Answer", bound=BaseModel)


class Problem(BaseModel):
    """The body of an error."""

    message: str = ""
    code: str = ""


class NeonApi:
    """Sends requests about one project."""

    def __init__(
        self,
        api_key: SecretStr,
        project_id: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api_key = api_key
        self._client = httpx2.Client(
            base_url=f"{URL}/projects/{project_id}",
            headers={"Authorization": f"Bearer {api_key.get_secret_value()}"},
            timeout=TIMEOUT,
            transport=transport,
        )
        self.sleep = sleep

    def request(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Answer:
        """Return the parsed answer to a request; `path` starts below the project.

        Raises BranchError where Neon refuses, cannot be reached or stays unavailable for a minute.
        """
        response = self._send(method, path, params, body)
        try:
            return answer.model_validate_json(response.content or b"{}")
        except ValidationError:
            # Its text quotes the answer, in which there may be a password.
            raise BranchError(f"Neon's answer to {method} {path} is not understood") from None

    def _send(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        body: dict[str, Any] | None,
    ) -> httpx2.Response:
        delays = iter(DELAYS)
        while True:
            asked_for = 0.0
            try:
                response = self._client.request(method, path, params=params, json=body)
            except httpx2.TransportError as error:
                problem = BranchError(f"Neon does not answer: {error or type(error).__name__}")
                again = method == "GET" or isinstance(error, NOT_SENT)
            else:
                if response.is_success:
                    return response
                problem = self._problem(response)
                again = response.status_code in NOTHING_DONE or (
                    method == "GET" and response.is_server_error
                )
                asked_for = _retry_after(response)
            delay = next(delays, None)
            if not again or delay is None or asked_for > MAX_DELAY:
                raise problem
            self.sleep(max(delay, asked_for))

    def _problem(self, response: httpx2.Response) -> BranchError:
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            problem = Problem()
        hint = HINTS.get(response.status_code)
        if problem.code.endswith("BRANCHES_LIMIT_EXCEEDED"):
            hint = LIMIT_HINT
        message = problem.message.replace(self._api_key.get_secret_value(), "…")
        text = f"Neon answers {response.status_code}: {message or response.reason_phrase}"
        return BranchError(f"{text} ({hint})" if hint else text)


def _retry_after(response: httpx2.Response) -> float:
    """Return the seconds that the header asks to wait, given as such or as a date (RFC 9110)."""
    value = response.headers.get("Retry-After", "0")
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - dt.datetime.now(dt.UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0

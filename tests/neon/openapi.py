"""Neon's OpenAPI file, and a Neon made of it: judges requests and answers as the file says."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

PACKAGE = "@neondatabase/api-client"
FILE = "package/public-v2-for-users.gen.yaml"

TEXT = {
    "date-time": "2026-11-24T12:00:00Z",
    "uuid": "a07f8772-1877-4da9-a939-3a3ae62d1d8d",
}

Json = dict[str, Any]


def download(folder: Path) -> Json:
    """Return the newest OpenAPI file, as npm finds it; skip the test where npm is missing."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing, which fetches Neon's OpenAPI file")
    subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        file = tar.extractfile(FILE)
        assert file is not None
        loaded = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    # YAML has numbers as keys and dates as values, which JSON has not.
    specification = json.loads(json.dumps(loaded, default=str))
    assert isinstance(specification, dict)
    return specification


class Neon:
    """Answers requests as the file describes; raises where a request or an answer is not in it.

    `answers` has, by operation, what shall stand in an answer in place of what is made up, and
    `statuses` the status, where it is not that of success.
    """

    def __init__(self, specification: Json) -> None:
        self.specification = specification
        self.answers: dict[str, Json] = {}
        self.statuses: dict[str, int] = {}
        self.seen: list[str] = []
        # "forbid": a field that the file does not know is a mistake, not an extension.
        config = Config(additional_properties_default_policy="forbid")
        self.openapi = OpenAPI.from_dict(self._without_all_of(specification), config=config)

    def reset(self) -> None:
        """Forget what was asked and what was to be answered."""
        self.answers.clear()
        self.statuses.clear()
        self.seen.clear()

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Judge a request and answer it."""
        query = dict(request.url.params)
        judged = MockRequest(
            f"{request.url.scheme}://{request.url.host}",
            request.method,
            request.url.path,
            args=query,
            headers=dict(request.headers),
            data=request.content,
        )
        result = self.openapi.unmarshal_request(judged)
        result.raise_for_errors()
        assert set(query) <= set(result.parameters.query), "there is no such parameter"

        operation = self._operation(request)
        name = operation["operationId"]
        self.seen.append(name)
        responses = operation["responses"]
        status = self.statuses.get(name) or int(next(iter(responses)))
        response = self._resolved(responses.get(str(status), responses["default"]))
        made_up = self._example(response["content"]["application/json"]["schema"])
        body = json.dumps(made_up | self.answers.get(name, {})).encode()
        self.openapi.validate_response(judged, MockResponse(body, status))
        return httpx2.Response(status, content=body)

    def example(self, schema: str) -> Any:
        """Return a value of a schema, with what is required and nothing else."""
        return self._example(self.specification["components"]["schemas"][schema])

    def _operation(self, request: httpx2.Request) -> Json:
        """Return the description of a request: that of the path with the fewest parameters."""
        base = httpx2.URL(self.specification["servers"][0]["url"]).path
        path = request.url.path.removeprefix(base)
        paths: dict[str, Json] = self.specification["paths"]
        matching = [
            pattern for pattern in paths if re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path)
        ]
        operation = paths[min(matching, key=lambda pattern: pattern.count("{"))]
        assert isinstance(operation, dict)
        return dict(operation[request.method.lower()])

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            path = schema["$ref"].removeprefix("#/").split("/")
            schema = self.specification
            for key in path:
                schema = schema[key]
        return schema

    def _merged(self, schema: Json) -> Json:
        """Return a schema in which the parts of `allOf` have become one object."""
        schema = self._resolved(schema)
        if "allOf" not in schema:
            return schema
        parts = [self._merged(part) for part in schema["allOf"]]
        properties = [part.get("properties", {}) for part in parts]
        required = [name for part in parts for name in part.get("required", [])]
        merged = {name: value for each in properties for name, value in each.items()}
        object_ = {"type": "object", "properties": merged}
        return object_ | {"required": required} if required else object_

    def _without_all_of(self, value: Any) -> Any:
        """Return the file without `allOf`: openapi-core forbids fields part by part."""
        if isinstance(value, list):
            return [self._without_all_of(item) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("allOf"), list):
            value = self._merged(value)
        return {name: self._without_all_of(item) for name, item in value.items()}

    def _example(self, schema: Json) -> Any:
        schema = self._merged(schema)
        if "enum" in schema:
            return schema["enum"][0]
        match schema.get("type", "object"):
            case "object":
                properties, required = schema.get("properties", {}), schema.get("required", [])
                return {name: self._example(properties[name]) for name in required}
            case "array":
                return [self._example(schema["items"])]
            case "string":
                return TEXT.get(schema.get("format", ""), "some-text")
            case "boolean":
                return False
            case kind:
                assert kind in ("integer", "number"), kind
                return 1

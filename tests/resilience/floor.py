"""The least that a service of FastAPI is, to compare its start with."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/health/live")
async def live() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}

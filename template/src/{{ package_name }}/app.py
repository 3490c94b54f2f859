"""The application as servers find it: `fastapi run`, or `uvicorn {{ package_name }}.app:app`.

To import this builds it, with the settings of the environment; to import `main` does not.
"""

from {{ package_name }}.main import create_app

app = create_app()

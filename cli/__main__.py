"""``python -m tracemark_cli`` is ``tracemark``."""

from .main import run

run()

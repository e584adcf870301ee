"""The configuration: TOML to Settings, every problem in one go, each by file and key."""

from agent.config.files import ConfigError, Loaded, find, load
from agent.config.pages import example, reference
from agent.config.secret import Secret, Secrets, unset_passwords, with_passwords

__all__ = [
    "ConfigError", "Loaded", "Secret", "Secrets", "example", "find", "load", "reference", "unset_passwords",
    "with_passwords",
]  # fmt: skip

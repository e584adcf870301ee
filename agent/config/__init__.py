"""The configuration: TOML to Settings, every problem in one go, each by file and key."""

from agent.config.files import ConfigError, Loaded, find, load
from agent.config.own_keys import read_own_keys
from agent.config.pages import example, reference
from agent.config.secret import Secret, Secrets, unset_passwords, with_passwords

__all__ = [
    "ConfigError", "Loaded", "Secret", "Secrets", "example", "find", "load", "read_own_keys", "reference",
    "unset_passwords", "with_passwords",
]  # fmt: skip

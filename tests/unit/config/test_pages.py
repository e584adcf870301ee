"""config.example.toml and the reference page are what the types say, and the example works as it stands."""

from pathlib import Path

import tomli

from agent.config import example, load, reference
from agent.config.describe import keys_of
from agent.config.sections import SECTIONS
from agent.model.settings import ImapAccount, Settings

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.toml"
REFERENCE = ROOT / "docs" / "reference" / "config.md"
ANEW = "write it anew: ./run python -c 'import agent.config as c; print(c.{}(), end=\"\")' > {}"


def test_the_example_is_made_from_the_types() -> None:
    assert EXAMPLE.read_text("utf-8") == example(), ANEW.format("example", EXAMPLE.relative_to(ROOT))


def test_the_reference_is_made_from_the_types() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), ANEW.format("reference", REFERENCE.relative_to(ROOT))


def test_the_example_loads_as_it_stands() -> None:
    loaded = load(EXAMPLE, {})
    assert loaded.settings.identity.company == "Example Exports Ltd"
    assert [account.name for account in loaded.settings.imap] == ["sales"]


def test_every_commented_line_of_the_example_is_the_default(tmp_path: Path) -> None:
    lines = (line.removeprefix("# ") if " = " in line else line for line in EXAMPLE.read_text("utf-8").splitlines())
    bare = tmp_path / "config.toml"
    # `since` alone has no default that TOML can write: it is the time of the first start.
    bare.write_text("\n".join(line for line in lines if not line.startswith("since")), "utf-8")
    assert load(bare, {}).settings == load(EXAMPLE, {}).settings


def test_the_example_shows_every_key_with_its_why() -> None:
    text = EXAMPLE.read_text("utf-8")
    for kind in (*SECTIONS.values(), ImapAccount):
        for key in keys_of(kind):
            line = next(line for line in text.splitlines() if line.removeprefix("# ").startswith(f"{key} = "))
            assert line.split("  # ", 1)[1]


def test_every_section_is_there() -> None:
    assert set(tomli.loads(example())) == set(keys_of(Settings))

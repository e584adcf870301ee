"""Where metrics may be asked for: this machine and nobody else."""

import pytest

from agent.model.metrics_place import Place, place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("127.0.0.1:9464", Place(host="127.0.0.1", port=9464)),
        ("127.9.9.9:1", Place(host="127.9.9.9", port=1)),
        ("localhost:9464", Place(host="127.0.0.1", port=9464)),
        ("[::1]:9464", Place(host="::1", port=9464)),
        ("unix:/run/optoutd/metrics.sock", Place(path="/run/optoutd/metrics.sock")),
    ],
)
def test_places(text: str, place: Place | None) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["0.0.0.0:9464", "192.0.2.1:9464", "[::]:9464", "[2001:db8::1]:80", "10.0.0.1:80"])
def test_what_others_could_reach_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match="could be asked by other machines, and it answers everybody"):
        place_of(text)


@pytest.mark.parametrize(
    "text", [":9464", "9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "1.2:80", "unix:metrics.sock", "unix:",
             "unix:/" + "x" * 200, "shop.example:9464", "127.0.0.1.evil.example:80"]
)  # fmt: skip
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="write, for example"):
        place_of(text)

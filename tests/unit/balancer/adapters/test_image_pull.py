"""What the messages of a pull say of its layers."""

from __future__ import annotations

from typing import Any

from balancer.adapters.image_pull import Layers
from balancer.core.image import Progress


def progress(*messages: tuple[str, str, dict[str, Any]]) -> Progress:
    layers = Layers()
    for layer, status, detail in messages:
        layers.note({"id": layer, "status": status, "progressDetail": detail})
    return layers.progress


def test_before_the_first_layer_nothing_is_known() -> None:
    assert progress(("1", "Pulling from team/app", {}), ("", "Digest: sha256:0a", {})) == Progress()


def test_layers_are_counted_once_and_bytes_as_they_come() -> None:
    begun = [
        ("a", "Pulling fs layer", {}),
        ("b", "Pulling fs layer", {}),
        ("c", "Already exists", {}),
        ("b", "Waiting", {}),
    ]
    assert progress(*begun) == Progress(3, 1)
    loading = [
        *begun,
        ("a", "Downloading", {"current": 10, "total": 40}),
        ("a", "Downloading", {"current": 30, "total": 40}),
    ]
    assert progress(*loading) == Progress(3, 1, 40, 30)
    loaded = [*loading, ("a", "Download complete", {}), ("a", "Extracting", {"current": 5, "total": 99})]
    assert progress(*loaded) == Progress(3, 1, 40, 40)
    assert progress(*loaded, ("a", "Pull complete", {}), ("b", "Pull complete", {})) == Progress(3, 3, 40, 40)

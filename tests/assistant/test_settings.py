"""Settings: where they come from, which wins, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.settings import Settings, load_settings
from corpus.errors import SettingsError
from ui.settings import names_elsewhere


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file(text: str) -> Path:
    path = Path("mcof.toml")
    path.write_text(text)
    return path


def test_an_argument_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file("top_k = 3\nmax_question_chars = 500\nmax_history_turns = 1\n")
    monkeypatch.setenv("MCOF_TOP_K", "7")
    monkeypatch.setenv("MCOF_MAX_HISTORY_TURNS", "")  # empty is not set
    settings = load_settings(data_dir=Path("here"))
    assert (settings.top_k, settings.max_question_chars, settings.max_history_turns) == (7, 500, 1)
    assert load_settings(top_k=9).top_k == 9
    monkeypatch.setenv("MCOF_DATA_DIR", "/elsewhere")
    assert load_settings(data_dir=Path("here")).data_dir == Path("here")


def test_the_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/somebody")
    assert load_settings(data_dir="~/mcof").data_dir == Path("/srv/somebody/mcof")


WRONG = {
    "misspelled": ("top_kk = 3", "mcof.toml: unknown setting 'top_kk'. Did you mean 'top_k'?"),
    "out of bounds": ("top_k = 0", "mcof.toml, top_k: input should be greater than or equal to 1; found '0'."),
    "another type": (
        'top_k = "many"',
        "mcof.toml, top_k: input should be a valid integer, unable to parse string as an integer; found 'many'.",
    ),
    "no TOML": (
        "top_k",
        "mcof.toml cannot be read as TOML: Expected '=' after a key in a key/value pair (at end of document).",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file(text))
    assert str(caught.value) == sentence
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(SettingsError, match=r"There is no settings file 'other\.toml'\."):
        load_settings(Path("other.toml"))


def test_a_wrong_variable_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCOF_DATADIR", "/x")
    with pytest.raises(
        SettingsError, match=r"Unknown setting MCOF_DATADIR in the environment\. Did you mean 'MCOF_DATA_DIR'\?"
    ):
        load_settings()
    monkeypatch.delenv("MCOF_DATADIR")
    monkeypatch.setenv("MCOF_TOP_K", "99")
    with pytest.raises(SettingsError, match="MCOF_TOP_K: input should be less than or equal to 50; found '99'"):
        load_settings()


def test_one_file_serves_all_surfaces() -> None:
    """A setting of the page is no misspelling for ``mcof ask``, and each surface takes its own."""
    path = file("top_k = 4\nport = 8080\n")
    with pytest.raises(SettingsError, match="unknown setting 'port'"):
        load_settings(path)
    assert load_settings(path, elsewhere=lambda: ["port"]).top_k == 4


def test_the_surfaces_there_are_are_known() -> None:
    from ui.settings import surface_settings

    kinds = list(surface_settings())
    assert names_elsewhere() == {name for kind in kinds for name in kind.model_fields}
    for kind in kinds:
        if issubclass(kind, Settings):
            loaded = load_settings(kind=kind, elsewhere=names_elsewhere)
            assert isinstance(loaded, kind)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        Settings().top_k = 3  # type: ignore[misc]

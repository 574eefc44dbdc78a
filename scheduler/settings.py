"""
What the operator decides: the environment (`SMARTCHARGE_...`) over `config/smartcharge.yaml` over the defaults here.

    SMARTCHARGE_PAGE_PORT=9000                        page_port
    SMARTCHARGE_SMARTCAR__CLIENT_SECRET=...           smartcar.client_secret

Secrets never stand in YAML: they come from the environment, from a systemd credential, or from a file that only its owner
may read. The defaults are meant for real cars, whose calls are counted by the month; the shipped example is quicker.
"""

from __future__ import annotations

import copy
import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from scheduler.document import Document, InvalidDocument, Problem, key_path, read_document
from scheduler.domain.errors import ConfigError
from scheduler.expectation import Loc, complaints, meant, shown
from scheduler.settings_file import SettingsFile

T = TypeVar("T")

FILE = "smartcharge.yaml"
DRIVERS = "drivers"
TARIFFS = "tariffs"

PREFIX = "SMARTCHARGE_"
READ_ELSEWHERE = frozenset({"SMARTCHARGE_CLOCK", "SMARTCHARGE_CONFIG", "SMARTCHARGE_STATE"})
"""Variables of the command line: where the configuration and the state lie, and a clock for rehearsals."""

FOR_TESTS = "SMARTCHARGE_TEST_"
"""Variables of the test suite, which starts daemons of its own, begin so."""

SECRETS = ("client_secret", "legacy_secret", "management_token")
"""Smartcar's secrets. Each comes from the environment, from the systemd credential `smartcar_NAME`, or from `NAME_file`."""

KEY_CREDENTIAL = "smartcharge_key"
"""The systemd credential with the keys under which consents and tokens are sealed."""

_PASSWORD_IN_URL = re.compile(r"//[^/@]*:[^/@]+@|[?&]password=")
_LISTS = frozenset({PREFIX + "CONFIRM_AFTER_S", PREFIX + "UNREACHABLE_AFTER_S", PREFIX + "PUBLIC_HOSTS"})
_PATHS: tuple[tuple[str, ...], ...] = (
    ("secrets_directory",),
    ("simulator", "scenario"),
    *(("smartcar", f"{name}_file") for name in SECRETS),
)


class Settings(SettingsFile, BaseSettings):
    """The settings in force: the environment over the file over the defaults. Made by `load_settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic-settings passes all five by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Name the sources, the strongest first. The file's content is given to the constructor."""
        return env_settings, init_settings


def load_settings(config: Path) -> Settings:
    """
    Return the settings for the folder *config*: environment over `smartcharge.yaml` over defaults, with the secret.

    Paths in the file are relative to *config*, those in the environment to the working directory. Raise `InvalidDocument`
    (a `ConfigError`) with every problem of the file and of the variables.
    """
    problems = list(_variable_problems())
    try:
        document = read_document(config / FILE)
        document.flaws += _secrets_in(document)
        document.validated(SettingsFile)
    except InvalidDocument as invalid:
        raise InvalidDocument([*problems, *invalid.problems]) from None
    if problems:
        raise InvalidDocument(problems)
    content = _with_absolute_paths(document)
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise InvalidDocument(_environment_problems(error, document)) from None
    return _with_secrets(settings)


def require_account(settings: Settings) -> None:
    """Raise ConfigError where real cars are wanted and there is nothing to sign in with."""
    smartcar = settings.smartcar
    origin = smartcar.api_origin if smartcar.version == "v2" else smartcar.vehicle_origin
    if settings.simulator.start or not origin.startswith("https:"):
        return
    if smartcar.version == "v2":
        _require_legacy(settings)
        return
    if not smartcar.client_id:
        raise ConfigError("smartcar.client_id is missing, expected the client id from Smartcar's dashboard")
    if not smartcar.client_secret.get_secret_value():
        raise ConfigError(f"Smartcar's client secret is missing: {_where_it_stands('client_secret')}")


def _require_legacy(settings: Settings) -> None:
    """Raise ConfigError where v2 is to be spoken and there is nothing to exchange a consent with."""
    if not settings.smartcar.application_id:
        raise ConfigError("smartcar.application_id is missing, expected the application's id, since version is v2")
    if not settings.smartcar.legacy_secret.get_secret_value():
        raise ConfigError(f"Smartcar's legacy secret is missing: {_where_it_stands('legacy_secret')}")


def check_config(
    config: Path,
    load_tariffs: Callable[[Path], Collection[str]],
    load_drivers: Callable[[Path, Collection[str] | None], object],
) -> list[Problem]:
    """
    Return everything that is wrong with the folder *config*, file by file, cross references included; empty when sound.

    *load_tariffs* returns the ids of a folder's tariffs; *load_drivers* takes them too (None: they are not known, since a
    tariff is wrong). Both raise ConfigError.
    """
    problems: list[Problem] = []
    tariffs: Collection[str] | None = None

    def attempt(path: Path, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except InvalidDocument as invalid:
            problems.extend(invalid.problems)
        except ConfigError as error:
            problems.append(Problem(path, None, None, "", str(error)))
        return None

    attempt(config / FILE, lambda: load_settings(config))
    tariffs = attempt(config / TARIFFS, lambda: load_tariffs(config / TARIFFS))
    attempt(config / DRIVERS, lambda: load_drivers(config / DRIVERS, tariffs))
    return problems


def variables(
    model: type[BaseModel] = SettingsFile, loc: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every environment variable that is read, with the way to its setting."""
    for name, declared in model.model_fields.items():
        if isinstance(declared.annotation, type) and issubclass(declared.annotation, BaseModel):
            yield from variables(declared.annotation, (*loc, name))
        else:
            yield PREFIX + "__".join((*loc, name)).upper(), (*loc, name)


def _variable_problems() -> Iterator[Problem]:
    known = {variable for variable, _ in variables()}
    for name, value in os.environ.items():
        variable = name.upper()
        if not variable.startswith(PREFIX) or variable.startswith(FOR_TESTS) or variable in READ_ELSEWHERE:
            continue
        if variable not in known:
            yield _variable_problem(name, f"is not a known variable{meant(variable, known)}")
        elif variable in _LISTS and value and not _is_list(value):
            yield _variable_problem(name, f"got {shown(value)}, expected a list such as [60, 300]")


def _variable_problem(variable: str, message: str) -> Problem:
    return Problem(Path("environment"), None, None, variable, message)


def _is_list(value: str) -> bool:
    try:
        return isinstance(json.loads(value), list)
    except ValueError:
        return False


def _secrets_in(document: Document) -> Iterator[tuple[Loc, Problem]]:
    """Yield what must not stand in a file that is shared and backed up."""
    for name in SECRETS:
        loc: Loc = ("smartcar", name)
        if loc in document.places:
            yield loc, document.problem(loc, f"a secret does not belong in this file: {_where_it_stands(name)}")
    loc = ("database_url",)
    written = document.content.get("database_url") if isinstance(document.content, dict) else None
    if isinstance(written, str) and _PASSWORD_IN_URL.search(written):
        instead = f"set {PREFIX}DATABASE_URL, or leave the password to ~/.pgpass"
        yield loc, document.problem(loc, f"a password does not belong in this file: {instead}")


def _with_absolute_paths(document: Document) -> dict[str, Any]:
    content = copy.deepcopy(document.content)
    assert isinstance(content, dict)
    for *sections, key in _PATHS:
        holder = content
        for section in sections:
            holder = holder.get(section, {})
        if written := holder.get(key):
            holder[key] = document.path.parent.absolute() / Path(written).expanduser()
    return content


def _environment_problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    """Tell what the environment makes wrong of a sound file, by the variable's name."""
    content = copy.deepcopy(document.content)
    for variable, way in variables():
        if variable in os.environ:
            _put(content, way, os.environ[variable])
    for loc, message in complaints(error, content, SettingsFile):
        named = (variable for variable, way in variables() if loc[: len(way)] == way)
        yield _variable_problem(next(named, key_path(loc)), message)


def _put(content: Any, loc: tuple[str, ...], value: str) -> None:
    *sections, key = loc
    for section in sections:
        content = content.setdefault(section, {})
    content[key] = value


def _with_secrets(settings: Settings) -> Settings:
    """Return *settings* with each secret from its credential or its file, where the environment gives none."""
    smartcar = settings.smartcar
    for name in SECRETS:
        if not getattr(smartcar, name).get_secret_value():
            secret = _kept(f"smartcar_{name}", getattr(smartcar, f"{name}_file"))
            smartcar = smartcar.model_copy(update={name: SecretStr(secret or "")})
    return settings.model_copy(update={"smartcar": smartcar})


def key_credential() -> Path | None:
    """Return the systemd credential that holds the keys of what is sealed at rest; None where none was loaded."""
    loaded = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / KEY_CREDENTIAL
    return loaded if "CREDENTIALS_DIRECTORY" in os.environ and loaded.exists() else None


def named_secret(name: str, directory: Path | None) -> str | None:
    """
    Return a price feed's secret: the systemd credential *name*, or else the file of that name in *directory*.

    None where there is neither. ConfigError where the file is not fit to hold a secret.
    """
    file = directory / name if directory is not None else None
    return _kept(name, file if file is not None and file.exists() else None)


def _kept(credential: str, file: Path | None) -> str | None:
    """Return what the systemd credential holds, where it was loaded, or else *file*."""
    loaded = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / credential
    if "CREDENTIALS_DIRECTORY" in os.environ and loaded.exists():
        # systemd lets the service's user in by an access list, which shows in the mode as a group that may read.
        return _secret(loaded, granted=0o040)
    return None if file is None else _secret(file)


def _where_it_stands(name: str) -> str:
    return (
        f"set {PREFIX}SMARTCAR__{name.upper()}, load the systemd credential smartcar_{name}, or name a file of mode 0600 in "
        f"smartcar.{name}_file"
    )


def _secret(path: Path, granted: int = 0) -> str:
    """Return the one word of a file that only its owner, and whoever *granted* lets in, may read."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            secret = file.read(4096).decode().strip()
    except OSError as error:
        raise InvalidDocument(
            [Problem(path, None, None, "", f"the secret cannot be read: {error.strerror}")]
        ) from error
    except UnicodeDecodeError:
        raise InvalidDocument([Problem(path, None, None, "", "the secret is not UTF-8 text")]) from None
    if mode & 0o077 & ~granted:
        raise InvalidDocument(
            [Problem(path, None, None, "", f"others may read the secret (mode {mode:04o}), expected mode 0600")]
        )
    if len(secret.split()) != 1:
        raise InvalidDocument([Problem(path, None, None, "", "expected the secret and nothing else")])
    return secret

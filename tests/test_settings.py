from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from scheduler.app import feed_secrets
from scheduler.document import InvalidDocument, Problem
from scheduler.domain.errors import ConfigError, FeedRejected
from scheduler.domain.event import KINDS
from scheduler.driver_file import BlockedEntry, CarEntry, DepartureEntry, DriverFile
from scheduler.drivers import load_drivers
from scheduler.settings import (
    Settings,
    check_config,
    key_credential,
    load_settings,
    named_secret,
    require_account,
    variables,
)
from scheduler.settings_file import SettingsFile, settings_schema

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config"
HANDBOOK = ROOT / "docs" / "operating.md"

REAL = "smartcar: {client_id: client_ada}\n"
KNOWN_TARIFFS = {"example-dynamic", "example-time-of-use"}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder `config` below the working directory, in an environment that says nothing."""
    for name in os.environ:
        if name.upper().startswith("SMARTCHARGE_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    return Path("config")


def loaded(config: Path, text: str = "{}\n") -> Settings:
    (config / "smartcharge.yaml").write_text(text)
    return load_settings(config)


def told(config: Path, text: str = "{}\n") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(config, text)
    return str(caught.value).splitlines()


def secret_in(settings: Settings) -> str:
    return settings.smartcar.client_secret.get_secret_value()


class TestTheSources:
    def test_without_a_word_every_setting_has_its_default(self, config: Path) -> None:
        assert SettingsFile().model_dump() == loaded(config).model_dump()

    def test_the_file_wins_over_the_default(self, config: Path) -> None:
        assert 9000 == loaded(config, "page_port: 9000\n").page_port

    def test_the_environment_wins_over_the_file(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_PAGE_PORT", "9001")

        assert 9001 == loaded(config, "page_port: 9000\n").page_port

    def test_two_underscores_lead_into_a_section_and_leave_its_other_keys(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__READ_TIMEOUT_S", "30")

        smartcar = loaded(config, REAL).smartcar

        assert (30.0, "client_ada") == (smartcar.read_timeout_s, smartcar.client_id)

    def test_a_list_is_written_in_brackets(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_CONFIRM_AFTER_S", "[10, 60.5]")

        assert (10.0, 60.5) == loaded(config).confirm_after_s

    def test_an_empty_variable_says_nothing(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_PAGE_PORT", "")
        monkeypatch.setenv("SMARTCHARGE_CONFIRM_AFTER_S", "")

        assert 9000 == loaded(config, "page_port: 9000\n").page_port

    def test_the_command_lines_own_variables_are_left_to_it(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMARTCHARGE_CONFIG", "config")
        monkeypatch.setenv("SMARTCHARGE_STATE", "state")
        monkeypatch.setenv("SMARTCHARGE_CLOCK", "x")
        monkeypatch.setenv("SMARTCHARGE_TEST_PG_DSN", "x")

        assert 8712 == loaded(config).page_port

    def test_paths_in_the_file_start_at_the_file(self, config: Path) -> None:
        scenario = loaded(config, "simulator: {scenario: cars/simulator.yaml}\n").simulator.scenario

        assert config.absolute() / "cars" / "simulator.yaml" == scenario

    def test_paths_may_be_absolute_or_at_home(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/ada")

        assert Path("/etc/s.yaml") == loaded(config, "simulator: {scenario: /etc/s.yaml}\n").simulator.scenario
        assert Path("/home/ada/s.yaml") == loaded(config, "simulator: {scenario: ~/s.yaml}\n").simulator.scenario

    def test_paths_in_the_environment_start_at_the_working_directory(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMARTCHARGE_SIMULATOR__SCENARIO", "s.yaml")

        assert Path("s.yaml") == loaded(config, "simulator: {scenario: other.yaml}\n").simulator.scenario


class TestTheSecret:
    def test_it_comes_from_the_environment(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "hunter2")

        assert "hunter2" == secret_in(loaded(config, REAL))

    def test_or_else_from_the_systemd_credential(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", "credentials")
        Path("credentials").mkdir()
        credential = Path("credentials/smartcar_client_secret")
        credential.write_text("hunter2\n")
        credential.chmod(0o400)

        assert "hunter2" == secret_in(loaded(config, REAL))

    def test_or_else_from_a_file_beside_the_settings(self, config: Path) -> None:
        (config / "secret").write_text("hunter2\n")
        (config / "secret").chmod(0o600)

        assert "hunter2" == secret_in(loaded(config, "smartcar: {client_id: c, client_secret_file: secret}\n"))

    def test_the_environment_wins_over_credential_and_file(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "hunter3")
        (config / "secret").write_text("hunter2\n")
        (config / "secret").chmod(0o600)

        assert "hunter3" == secret_in(loaded(config, "smartcar: {client_secret_file: secret}\n"))

    def test_a_credentials_directory_without_it_is_not_ours(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", "credentials")

        assert "" == secret_in(loaded(config, REAL))

    def test_it_is_refused_in_the_file_and_not_repeated(self, config: Path) -> None:
        assert [
            (
                "config/smartcharge.yaml:1:12: smartcar.client_secret: a secret does not belong in this file: "
                "set SMARTCHARGE_SMARTCAR__CLIENT_SECRET, load the systemd credential smartcar_client_secret, "
                "or name a file of mode 0600 in smartcar.client_secret_file"
            )
        ] == told(config, "smartcar: {client_secret: hunter2}\n")

    @pytest.mark.parametrize("url", ["postgresql://ada:hunter2@host/db", "postgresql://host/db?password=hunter2"])
    def test_a_database_password_is_refused_in_the_file_and_not_repeated(self, config: Path, url: str) -> None:
        assert [
            (
                "config/smartcharge.yaml:1:1: database_url: a password does not belong in this file: "
                "set SMARTCHARGE_DATABASE_URL, or leave the password to ~/.pgpass"
            )
        ] == told(config, f"database_url: {url}\n")

    def test_a_database_password_is_fine_in_the_environment(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SMARTCHARGE_DATABASE_URL", "postgresql+psycopg://ada:hunter2@host/db")

        assert "postgresql+psycopg://ada:hunter2@host/db" == loaded(config).database_url

    def test_others_may_not_read_its_file(self, config: Path) -> None:
        (config / "secret").write_text("hunter2\n")
        (config / "secret").chmod(0o640)

        (message,) = told(config, "smartcar: {client_secret_file: secret}\n")

        assert message.endswith("config/secret: others may read the secret (mode 0640), expected mode 0600")

    @pytest.mark.parametrize("text", [b"", b"hunter2\nhunter3\n", b"\xff\xfe"])
    def test_its_file_holds_it_and_nothing_else(self, config: Path, text: bytes) -> None:
        (config / "secret").write_bytes(text)
        (config / "secret").chmod(0o600)

        (message,) = told(config, "smartcar: {client_secret_file: secret}\n")

        assert "hunter" not in message
        assert message.endswith(("expected the secret and nothing else", "the secret is not UTF-8 text"))

    def test_a_file_that_is_not_there_is_a_sentence(self, config: Path) -> None:
        (message,) = told(config, "smartcar: {client_secret_file: secret}\n")

        assert message.endswith("config/secret: the secret cannot be read: No such file or directory")

    def test_it_is_not_shown_by_the_settings_themselves(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "hunter2")

        assert "hunter2" not in repr(loaded(config, REAL))


SPOILED = [
    ("page_port: 99999\n", "1:1: page_port: got 99999, expected a whole number from 0 to 65535"),
    ("page_prot: 1\n", '1:1: page_prot: is not a known key, did you mean "page_port"?'),
    ("log_level: loud\n", '1:1: log_level: got "loud", expected one of "debug", "info", "warning", "error"'),
    ("smartcar:\n", "1:1: smartcar: got nothing, expected a mapping"),
    ("smartcar:\n  client_idd: x\n", '2:3: smartcar.client_idd: is not a known key, did you mean "client_id"?'),
    (
        "smartcar: {iam_origin: http://example.org}\n",
        (
            '1:12: smartcar.iam_origin: got "http://example.org", expected an origin such as "https://host", '
            "or http:// on this machine"
        ),
    ),
    (
        "smartcar: {command_timeout_s: 30}\n",
        "1:12: smartcar.command_timeout_s: got 30, expected a number from 310 to 900",
    ),
    ("lease_s: 300\n", "1:1: lease_s: got 300, expected more than smartcar.command_timeout_s, which is 310"),
    (
        "smartcar: {command_timeout_s: 800}\n",
        "1:1: lease_s: got 360, expected more than smartcar.command_timeout_s, which is 800",
    ),
    (
        "smartcar: {client_id: c}\nsimulator:\n  start: true\n",
        (
            "3:3: simulator.start: got true, expected false where smartcar.client_id is set: "
            "simulated and real cars never mix"
        ),
    ),
    ("confirm_after_s: []\n", "1:1: confirm_after_s: got a list, expected a list that is not empty"),
    ("confirm_after_s: [1, 0]\n", "1:22: confirm_after_s[1]: got 0, expected a number above 0 and up to 86400"),
    ("spread_starts_s: 601\n", "1:1: spread_starts_s: got 601, expected a number from 0 to 600"),
    (
        "database_url: mysql://host/db\n",
        (
            "1:1: database_url: got a value that is not shown here, "
            "expected a URL that begins with sqlite:// or postgresql://"
        ),
    ),
    ("simulator: {start: yes}\n", '1:13: simulator.start: got "yes", expected true or false'),
    ("page_port: 1\npage_port: 2\n", "2:1: page_port: is written twice, first in line 1"),
    ("- page_port\n", "1:1: got a list, expected a mapping"),
    ("", "1:1: the file is empty, expected a mapping"),
]


class TestWhatIsWrong:
    @pytest.mark.parametrize(("text", "message"), SPOILED, ids=[text.split("\n")[0] or "empty" for text, _ in SPOILED])
    def test_in_the_file_is_told_by_place_value_and_expectation(self, config: Path, text: str, message: str) -> None:
        (problem,) = told(config, text)

        assert problem.startswith(f"config/smartcharge.yaml:{message}")

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("SMARTCHARGE_PAGE_PROT", "1", 'is not a known variable, did you mean "SMARTCHARGE_PAGE_PORT"?'),
            ("SMARTCHARGE_XYZ", "1", "is not a known variable"),
            ("SMARTCHARGE_SMARTCAR", "{}", "is not a known variable"),
            ("SMARTCHARGE_PAGE_PORT", "x", 'got "x", expected a whole number from 0 to 65535'),
            ("SMARTCHARGE_CONFIRM_AFTER_S", "10,60", 'got "10,60", expected a list such as [60, 300]'),
            ("SMARTCHARGE_CONFIRM_AFTER_S", "10", 'got "10", expected a list such as [60, 300]'),
            ("SMARTCHARGE_SIMULATOR__START", "maybe", 'got "maybe", expected true or false'),
            (
                "SMARTCHARGE_LEASE_S",
                "1",
                "got 1, expected more than smartcar.command_timeout_s, which is 310",
            ),
        ],
    )  # fmt: skip
    def test_in_the_environment_is_told_by_variable_value_and_expectation(
        self, config: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
    ) -> None:
        monkeypatch.setenv(variable, value)

        (problem,) = told(config)

        assert problem.startswith(f"environment: {variable}: {message}")

    def test_in_both_is_told_at_once(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_PAGE_PROT", "1")

        assert 2 == len(told(config, "page_port: x\n"))

    def test_no_secret_of_the_environment_is_repeated(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRT", "hunter2")
        monkeypatch.setenv("SMARTCHARGE_DATABASE_URL", "mysql://ada:hunter2@host")

        assert "hunter2" not in "\n".join(told(config))

    def test_a_missing_file_is_told(self, config: Path) -> None:
        with pytest.raises(InvalidDocument) as caught:
            load_settings(config)

        assert "config/smartcharge.yaml: there is no such file" == str(caught.value)


class TestTheAccount:
    def test_real_cars_need_a_client_id(self, config: Path) -> None:
        with pytest.raises(ConfigError, match=re.escape("smartcar.client_id is missing")):
            require_account(loaded(config))

    def test_real_cars_need_a_secret(self, config: Path) -> None:
        with pytest.raises(ConfigError, match="client secret is missing: set SMARTCHARGE_SMARTCAR__CLIENT_SECRET"):
            require_account(loaded(config, REAL))

    def test_with_both_all_is_well(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "hunter2")

        require_account(loaded(config, REAL))

    @pytest.mark.parametrize(
        "text", ["simulator: {start: true}\n", "smartcar: {vehicle_origin: http://127.0.0.1:8713}\n"]
    )
    def test_simulated_cars_need_none(self, config: Path, text: str) -> None:
        require_account(loaded(config, text))

    def test_v2_needs_the_applications_id_and_the_legacy_secret(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = "smartcar: {version: v2, application_id: app}\n"
        with pytest.raises(ConfigError, match=re.escape("smartcar.application_id is missing")):
            require_account(loaded(config, "smartcar: {version: v2}\n"))
        with pytest.raises(ConfigError, match="legacy secret is missing: set SMARTCHARGE_SMARTCAR__LEGACY_SECRET"):
            require_account(loaded(config, old))

        monkeypatch.setenv("SMARTCHARGE_SMARTCAR__LEGACY_SECRET", "hunter2")
        require_account(loaded(config, old))

    def test_the_key_is_found_among_the_credentials_that_systemd_loaded(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without = key_credential()
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", "credentials")
        Path("credentials").mkdir()
        empty = key_credential()
        Path("credentials/smartcharge_key").touch()

        assert (None, None, Path("credentials/smartcharge_key")) == (without, empty, key_credential())


class TestCheckingEverything:
    def test_the_shipped_example_is_sound(self, config: Path) -> None:
        assert [] == check_config(EXAMPLE, lambda folder: KNOWN_TARIFFS, load_drivers)

    def test_the_shipped_example_starts_the_simulator_and_calls_no_real_host(self, config: Path) -> None:
        settings = load_settings(EXAMPLE)

        assert settings.simulator.start
        assert EXAMPLE / "simulator.yaml" == settings.simulator.scenario
        require_account(settings)

    def test_every_file_is_told_and_so_is_what_leads_from_one_to_another(self, config: Path) -> None:
        (config / "smartcharge.yaml").write_text("page_port: x\n")
        (config / "drivers").mkdir()
        text = (EXAMPLE / "drivers" / "ada.yaml").read_text()
        (config / "drivers" / "ada.yaml").write_text(text.replace("example-dynamic", "example-dynamc"))

        problems = check_config(config, lambda folder: KNOWN_TARIFFS, load_drivers)

        assert [
            'config/smartcharge.yaml:1:1: page_port: got "x", expected a whole number from 0 to 65535',
            (
                'config/drivers/ada.yaml:5:1: tariff: got "example-dynamc", expected the id of a tariff, '
                'did you mean "example-dynamic"?'
            ),
        ] == [str(problem) for problem in problems]

    def test_where_a_tariff_is_wrong_no_driver_is_blamed_for_naming_it(self, config: Path) -> None:
        (config / "smartcharge.yaml").write_text("{}\n")

        def wrong(folder: Path) -> set[str]:
            raise InvalidDocument([Problem(folder / "a.yaml", 1, 1, "currency", "is missing")])

        problems = check_config(config, wrong, lambda folder, tariffs: load_drivers(EXAMPLE / "drivers", tariffs))

        assert ["config/tariffs/a.yaml:1:1: currency: is missing"] == [str(problem) for problem in problems]

    def test_an_error_without_a_place_is_told_with_its_folder(self, config: Path) -> None:
        (config / "smartcharge.yaml").write_text("{}\n")

        def wrong(folder: Path) -> set[str]:
            raise ConfigError("the feed of no tariff is known")

        problems = check_config(config, wrong, lambda folder, tariffs: ())

        assert ["config/tariffs: the feed of no tariff is known"] == [str(problem) for problem in problems]


class TestTheDocuments:
    def test_the_schema_describes_every_key(self) -> None:
        schema = settings_schema()

        undescribed = {
            key
            for model in (schema, *schema["$defs"].values())
            for key, value in model["properties"].items()
            if not value.get("description")
        }

        assert set() == undescribed

    def test_every_setting_has_a_line_with_its_default_in_the_operators_handbook(self) -> None:
        defaults = SettingsFile().model_dump(mode="json")
        missing = []
        for _, way in variables():
            value = defaults[way[0]] if len(way) == 1 else defaults[way[0]][way[1]]
            default = "none" if value in (None, "") else f"`{json.dumps(value).removesuffix('.0')}`".replace('"', "")
            line = f"| `{'.'.join(way)}` | {default.replace('.0,', ',').replace('.0]', ']')} |"
            missing += [line] if line not in HANDBOOK.read_text("utf-8") else []

        assert [] == missing

    def test_every_key_of_a_driver_has_a_line_in_the_operators_handbook(self) -> None:
        keys = {
            declared.alias or name
            for model in (DriverFile, CarEntry, DepartureEntry, BlockedEntry)
            for name, declared in model.model_fields.items()
        }

        assert set() == {key for key in keys if f"`{key}`" not in HANDBOOK.read_text("utf-8")}

    def test_every_warning_and_error_has_a_line_in_the_operators_handbook(self) -> None:
        handbook = HANDBOOK.read_text("utf-8")

        assert set() == {
            kind.name
            for kind in KINDS
            if kind.level in {"warning", "error"} and f"| `{kind.name}` | {kind.level} |" not in handbook
        }

    def test_the_problems_shown_in_the_operators_handbook_are_told_so(self, config: Path) -> None:
        (config / "drivers").mkdir()
        spoiled = (EXAMPLE / "drivers" / "ada.yaml").read_text().replace("80}", "180}", 1).replace("usable_", "usabel_")
        (config / "drivers" / "ada.yaml").write_text(spoiled)

        with pytest.raises(InvalidDocument) as caught:
            load_drivers(config / "drivers")

        assert [] == [line for line in str(caught.value).splitlines() if line not in HANDBOOK.read_text("utf-8")]


class TestTheSecretsOfFeeds:
    def test_they_come_from_the_systemd_credential_of_their_name(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", "credentials")
        written(Path("credentials/entsoe_token"), "token\n", 0o440)
        written(config / "secrets/entsoe_token", "older\n", 0o600)

        assert "token" == named_secret("entsoe_token", config / "secrets")

    def test_or_else_from_the_file_of_their_name_in_the_folder_of_secrets(self, config: Path) -> None:
        written(config / "secrets/entsoe_token", "token\n", 0o600)

        settings = loaded(config, "secrets_directory: secrets\n")

        assert "token" == named_secret("entsoe_token", settings.secrets_directory)
        assert None is named_secret("amber_token", settings.secrets_directory)

    def test_without_a_folder_there_are_none(self) -> None:
        assert None is named_secret("entsoe_token", None)

    @pytest.mark.parametrize(("content", "mode"), [("token\n", 0o640), ("token\n", 0o604), ("", 0o600), ("a b", 0o600)])
    def test_a_file_that_is_not_fit_for_a_secret_is_told_without_it(
        self, content: str, mode: int, config: Path
    ) -> None:
        written(config / "secrets/entsoe_token", content, mode)

        with pytest.raises(ConfigError, match="entsoe_token") as refusal:
            named_secret("entsoe_token", config / "secrets")

        assert "token\n" not in str(refusal.value)

    def test_one_that_others_may_read_is_the_feeds_refusal(self, config: Path) -> None:
        written(config / "secrets/entsoe_token", "token\n", 0o644)

        with pytest.raises(FeedRejected, match="mode 0644"):
            feed_secrets(config / "secrets")("entsoe_token")


def written(path: Path, content: str, mode: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    path.chmod(mode)

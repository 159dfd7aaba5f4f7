"""Environment files: what is right is typed, what is wrong is reported at once, with its line."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.document import LARGEST_FILE, read_document
from checks.environment import (
    EnvironmentFileError,
    Problem,
    UnknownCheck,
    UnknownEnvironment,
    find_environment,
    load_environment,
    load_environments,
    load_overlay,
)
from checks.kinds.redis import RedisCheck

ROOT = Path(__file__).parents[2]
HEAD = "schema: whybot/environment/1\nname: staging\n"
DNS = "checks: {dns: {kind: dns, host: example.org, record: A}}\n"


def problems(folder: Path, text: str | bytes) -> list[str]:
    """What is said of a file with this content, without the file's name."""
    path = folder / "staging.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(EnvironmentFileError) as caught:
        load_environment(path)
    assert str(caught.value).count("\n") == len(caught.value.problems)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_staging_of_the_incident_is_right() -> None:
    """The committed file loads, with the seed's addresses, budgets and network."""
    staging = load_environment(ROOT / "environments/staging.yaml")
    redis = staging.checks["redis"]
    assert isinstance(redis, RedisCheck)
    assert (redis.host, redis.port, redis.budget, redis.timeout) == ("10.166.204.83", 6379, 100, 3000)
    assert staging.checks["postgres"].budget == 500
    assert staging.slo is not None
    assert staging.slo.availability == pytest.approx(0.999)
    assert staging.network.connector is not None
    assert staging.network.connector.cidr == ip_network("10.1.0.0/28")
    assert len(staging.checks) == 13
    assert {"10.166.204.83", "10.20.0.5", "staging.netrasystems.ai"} <= staging.hosts()
    assert [spec.label for spec in staging.select(["redis", "postgres", "backend", "certificate"])] == [
        "Redis",
        "PostgreSQL",
        "backend",
        "Certificate",
    ]


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    """Each with its line, what was found, what is allowed, and the nearest name where one is near."""
    text = """\
schema: whybot/environment/2
name: Staging
titel: Netra
slo: {availability: 110%}
network: {ranges: [banana], connecter: {}}
checks:
  redis:
    kind: redis
    timeot: 3s
    budget: fast
    pool: {size: many}
  other: {kind: reddis, host: 10.0.0.1}
  slow: {kind: redis, host: 10.0.0.1, budget: 9s}
  DNS: {kind: dns, host: example.org, record: A}
"""
    found = problems(tmp_path, text)
    assert found == [
        '1: schema: found "whybot/environment/2"; allowed: whybot/environment/1',
        '2: name: found "Staging"; allowed: lower-case letters, digits and -, at most 31, first a letter',
        (
            "3: titel: found an unknown field; allowed: schema, name, title, project, region, slo, slack, "
            "network, services, terraform, tests, vantages, schedules, accepted_drift, checks. "
            "Did you mean title?"
        ),
        '4: slo.availability: found "110%"; allowed: a share, for example 99.9%',
        (
            "5: network.connecter: found an unknown field; allowed: vpc, connector, ranges. "
            "Did you mean connector?"
        ),
        (
            '5: network.ranges[0]: found "banana"; allowed: an IPv4 range such as 10.0.0.0/24 or '
            "an IPv6 range such as 2001:db8::/32"
        ),
        "7: checks.redis.host: found nothing; allowed: a value",
        next(line for line in found if line.startswith("9: checks.redis.timeot: found an unknown field;")),
        '10: checks.redis.budget: found "fast"; allowed: a duration, for example 500ms, 3s or 2m',
        '11: checks.redis.pool.size: found "many"; allowed: a whole number',
        (
            '12: checks.other.kind: found "reddis"; allowed: clickhouse, cloud_run, dns, drift, '
            "http, logs, postgres, redis, tls, vpc_path, "
            "websocket. Did you mean redis?"
        ),
        "13: checks.slow.timeout: found 5000 (the default); allowed: at least the budget, 9000 ms",
        (
            "14: checks.DNS: found this name; allowed: lower-case letters, digits, - and _, at most 41, "
            "first a letter"
        ),
    ]
    assert found[7].endswith("Did you mean timeout?")


SECRETS = {
    "instead of a reference": "password: s3cr3t-hunter",
    "under a misspelt name": "passwrod: s3cr3t-hunter",
    "in a reference": "password: {env: 's3cr3t-hunter!'}",
    "in a misspelt reference": "password: {evn: s3cr3t-hunter}",
    "twice": "password: s3cr3t-hunter\n    password: s3cr3t-hunter",
    "as an alias": "password: *s3cr3t-hunter",
    "as a tag": "password: !s3cr3t-hunter x",
    "in broken YAML": "password: 's3cr3t-hunter",
    "after a tab": "password:\n\ts3cr3t-hunter",
    "with a colon": "password: s3cr3t-hunter: x",
    "in a list": "password: [s3cr3t-hunter]",
    "as an anchor, twice": "password: &s3cr3t-hunter x\n    user: &s3cr3t-hunter y",
}


@pytest.mark.parametrize("fields", SECRETS.values(), ids=SECRETS.keys())
def test_no_problem_shows_a_secret(
    tmp_path: Path, fields: str, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    """A password that was written where a reference belongs is reported without its value."""
    said = problems(tmp_path, f"{HEAD}checks:\n  redis:\n    kind: redis\n    host: 10.0.0.1\n    {fields}\n")
    shown = "".join([*said, *capsys.readouterr(), *(str(warning.message) for warning in recwarn)])
    assert said
    assert "s3cr3t" not in shown


BROKEN = {
    "empty": (b"", "1: found an empty file; allowed: a YAML mapping"),
    "only a comment": (b"# nothing\n", "1: found an empty file; allowed: a YAML mapping"),
    "a list": (b"- a\n", "1: found a list; allowed: a mapping"),
    "null": (b"~\n", "1: found nothing; allowed: a mapping"),
    "not UTF-8": (
        b"name: x\ntitle: caf\xe9\n",
        "2: found the byte 0xe9, which is not UTF-8; allowed: UTF-8 text",
    ),
    "a tab": (b"checks:\n\tdns: {}\n", "2: found a tab; allowed: spaces; YAML does not indent with tabs"),
    "an open bracket": (b"name: [a\n", "2: found a [list] or {mapping} that is not closed"),
    "two documents": (b"name: a\n---\nname: b\n", "2: found a second document (---)"),
    "a control character": (b"name: a\ntitle: \x00\n", "2: found a control character"),
    "too deep": (b"a: " + b"[" * 99 + b"]" * 99, "1: found values nested more than 50 deep"),
    "too large": (b"#" * (LARGEST_FILE + 1), "1: found a file of more than 1 MB"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_yaml_mapping_is_said_plainly(tmp_path: Path, content: bytes, said: str) -> None:
    """Whatever the bytes, there is one sentence with a line."""
    found = problems(tmp_path, content)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_missing_file_is_a_problem(tmp_path: Path) -> None:
    """A path that leads nowhere is reported like any mistake."""
    with pytest.raises(EnvironmentFileError, match="no such file"):
        load_environment(tmp_path / "none.yaml")


def test_duplicate_keys_are_all_reported(tmp_path: Path) -> None:
    """YAML keeps one of them silently; which one was meant is not known."""
    text = f"{HEAD}name: other\n{DNS}region: a\nregion: b\n"
    assert problems(tmp_path, text) == [
        "3: name: found a second time (first in line 2); allowed: once",
        "6: region: found a second time (first in line 5); allowed: once",
    ]


def test_aliases_cannot_grow_without_bounds(tmp_path: Path) -> None:
    """Ten lines that stand for a billion values are refused quickly."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    found = problems(tmp_path, "\n".join(levels))
    assert any("aliases that make the file huge" in line for line in found)


def test_alias_to_itself_is_a_problem(tmp_path: Path) -> None:
    """A circle ends."""
    found = problems(tmp_path, f"{HEAD}{DNS}services: &s {{a: *s}}\n")
    assert any("an alias to what it is a part of" in line for line in found)


def test_shared_values_are_fine(tmp_path: Path) -> None:
    """An anchor saves repeating a reference."""
    path = tmp_path / "staging.yaml"
    path.write_text(
        f"{HEAD}checks:\n"
        "  one: {kind: redis, host: 10.0.0.1, password: &p {env: PASSWORD}}\n"
        "  two: {kind: redis, host: 10.0.0.2, password: *p}\n"
    )
    assert load_environment(path).hosts() == {"10.0.0.1", "10.0.0.2"}


def test_check_cannot_name_itself(tmp_path: Path) -> None:
    """A check's name is its key, and nothing else."""
    found = problems(tmp_path, f"{HEAD}checks: {{dns: {{kind: dns, host: a.example, record: A, name: b}}}}\n")
    assert found == ["3: checks.dns.name: found an unknown field; allowed: nothing: the key is the name"]


def test_environment_without_checks_is_a_mistake(tmp_path: Path) -> None:
    """With nothing to check nothing could be said."""
    assert problems(tmp_path, f"{HEAD}checks: {{}}\n") == [
        "3: checks: found a mapping; allowed: at least 1 of them"
    ]


def test_names_that_stand_for_something_else_must_be_there(tmp_path: Path) -> None:
    """A check that a service uses, the service that the job is like: with the nearest name, and the line."""
    text = (
        f"{HEAD}{DNS}project: p\nregion: us-central1\nservices:\n"
        "  backend: {cloud_run: b, uses: [dns, dsn]}\n"
        "  page: {url: 'https://example.org'}\n"
        "vantages:\n"
        "  job: {name: probe, service: page}\n"
    )
    assert problems(tmp_path, text) == [
        '7: services.backend.uses[1]: found "dsn"; allowed: a check of this file: dns. Did you mean dns?',
        (
            '10: vantages.job.service: found "page"; allowed: a service of this file that has `cloud_run`: '
            "backend"
        ),
    ]


def test_a_check_is_about_a_service_and_a_dependency_of_the_file(tmp_path: Path) -> None:
    """Checks of Google Cloud name what the file has, or the line says what there is."""
    text = (
        "schema: whybot/environment/1\nname: staging\nservices:\n  backend: {cloud_run: b}\n"
        "checks:\n  dns: {kind: dns, host: a.example.org}\n"
        "  run: {kind: cloud_run, service: bakend}\n"
        "  path: {kind: vpc_path, service: backend, dependency: dsn}\n"
    )
    assert problems(tmp_path, text) == [
        (
            '7: checks.run.service: found "bakend"; allowed: a service of this file that has `cloud_run`: '
            "backend. Did you mean backend?"
        ),
        (
            '8: checks.path.dependency: found "dsn"; allowed: a check of this file: dns, run, path. '
            "Did you mean dns?"
        ),
    ]


def test_job_without_a_project_is_nowhere(tmp_path: Path) -> None:
    """The job is one of the file's project and region."""
    text = (
        f"{HEAD}{DNS}services: {{backend: {{cloud_run: b}}}}\n"
        "vantages: {job: {name: probe, service: backend}}\n"
    )
    assert problems(tmp_path, text) == [
        "5: vantages.job: found a job, but no place for it; allowed: `project` and `region` too"
    ]


def test_unknown_check_names_the_nearest() -> None:
    """A mistyped name leads to the right one; without one near, all are listed."""
    staging = load_environment(ROOT / "environments/staging.yaml")
    with pytest.raises(UnknownCheck) as caught:
        staging.select(["redis", "reddis"])
    assert str(caught.value) == 'No check "reddis" in staging. Did you mean redis?'
    assert (caught.value.name, caught.value.environment, caught.value.nearest) == (
        "reddis",
        "staging",
        ("redis",),
    )
    with pytest.raises(UnknownCheck, match="There are: redis, postgres"):
        staging.select(["zzz"])


def test_selection_keeps_the_order_of_the_file() -> None:
    """Names in any order and case, each once; none means all."""
    staging = load_environment(ROOT / "environments/staging.yaml")
    assert [spec.name for spec in staging.select(["DNS", "redis", "dns"])] == ["redis", "dns"]
    assert len(staging.select()) == 13


def test_folder_is_read_with_all_its_problems(tmp_path: Path) -> None:
    """Every file's mistakes come together; one file by name does not mind the others'."""
    (tmp_path / "staging.yaml").write_text(HEAD + DNS)
    (tmp_path / "prod.yml").write_text(HEAD + DNS)
    (tmp_path / "notes.txt").write_text("not an environment")
    assert find_environment(tmp_path, "staging").name == "staging"
    with pytest.raises(EnvironmentFileError) as caught:
        load_environments(tmp_path)
    problem = caught.value.problems[0]
    assert (problem.line, problem.field, problem.found) == (2, "name", '"staging"')
    assert problem.allowed == "prod, as the file is named"
    (tmp_path / "prod.yml").write_text(HEAD + DNS + "typo: 1\n")
    with pytest.raises(EnvironmentFileError) as caught:
        find_environment(tmp_path, "prod")
    assert [problem.field for problem in caught.value.problems] == ["name", "typo"]
    (tmp_path / "prod.yml").unlink()
    assert list(load_environments(tmp_path)) == ["staging"]


def test_two_files_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    """Neither is read in place of the other without a word."""
    for suffix in ("yaml", "yml"):
        (tmp_path / f"staging.{suffix}").write_text(HEAD + DNS)
    for load in (load_environments, lambda folder: find_environment(folder, "staging")):
        with pytest.raises(EnvironmentFileError, match=r"staging\.yml:1: found a second file of this name"):
            load(tmp_path)


def test_unknown_environment_names_the_nearest(tmp_path: Path) -> None:
    """A mistyped environment leads to the right one, and no name leads out of the folder."""
    (tmp_path / "staging.yaml").write_text(HEAD + DNS)
    with pytest.raises(UnknownEnvironment, match="Did you mean staging"):
        find_environment(tmp_path, "stagin")
    with pytest.raises(UnknownEnvironment):
        find_environment(tmp_path, "../staging")


def test_empty_folder_is_a_problem(tmp_path: Path) -> None:
    """A folder without environments is more likely a wrong path than a wish."""
    with pytest.raises(EnvironmentFileError, match="no environment file"):
        load_environments(tmp_path)


@pytest.mark.parametrize(
    "check",
    [
        "{kind: redis, host: 169.254.169.254}",
        "{kind: postgres, host: '127.1', database: a, user: b}",
        "{kind: clickhouse, host: '[::1]'}",
        "{kind: http, url: 'http://2852039166/computeMetadata/v1/'}",
        "{kind: websocket, url: 'ws://[::ffff:169.254.169.254]/'}",
    ],
)
def test_a_target_that_is_never_connected_to_is_a_mistake_of_the_file(tmp_path: Path, check: str) -> None:
    """This machine and the metadata server are no targets, however they are spelled."""
    (found,) = problems(tmp_path, f"{HEAD}checks: {{bad: {check}}}\n")
    assert "which whybot never connects to" in found


def test_overlay_is_read_with_paths_of_its_own_folder(tmp_path: Path) -> None:
    """JSON is YAML; authorities are found beside the overlay."""
    path = tmp_path / "overlay.json"
    path.write_text(
        '{"addresses": {"10.0.0.1:6379": "127.0.0.1:1"}, "dns": "127.0.0.1:53", "authorities": ["ca.pem"]}'
    )
    overlay = load_overlay(path)
    assert overlay.addresses == {"10.0.0.1:6379": "127.0.0.1:1"}
    assert overlay.dns == ("127.0.0.1", 53)
    assert overlay.authorities == (tmp_path / "ca.pem",)


def test_overlay_that_leads_out_of_the_machine_is_refused(tmp_path: Path) -> None:
    """Every local address is loopback, and each one that is not is reported."""
    path = tmp_path / "overlay.yaml"
    path.write_text("addresses:\n  10.0.0.1:6379: 10.0.0.2:6379\n  banana: 127.0.0.1:1\ndns: 8.8.8.8:53\n")
    with pytest.raises(EnvironmentFileError) as caught:
        load_overlay(path)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a file holds, it is data or problems, never a crash."""
    path = tmp_path_factory.mktemp("any") / "staging.yaml"
    path.write_bytes(content)
    with pytest.raises(EnvironmentFileError):
        load_environment(path)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`, \n\t?0", max_size=80))
def test_no_yaml_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """YAML's own signs in any order give a document; every problem has a line of the file."""
    path = tmp_path_factory.mktemp("any") / "staging.yaml"
    path.write_text(text)
    document = read_document(path)
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in document.problems)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["env", "host", "url"]), inner)
    ),
    max_leaves=5,
)
FIELDS = ["kind", "host", "port", "url", "budget", "timeout", "password", "expect", "pool", "layer", "name"]


@given(
    st.dictionaries(
        st.sampled_from(["redis", "http", "x"]), VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES)
    )
)
def test_no_checks_break_the_validation(
    tmp_path_factory: pytest.TempPathFactory, checks: dict[str, object]
) -> None:
    """Values of any shape in any place give problems with places, never a crash."""
    path = tmp_path_factory.mktemp("any") / "staging.yaml"
    path.write_text(json.dumps({"schema": "whybot/environment/1", "name": "staging", "checks": checks}))
    told: tuple[Problem, ...] = ()
    try:
        load_environment(path)
    except EnvironmentFileError as error:
        told = error.problems
    assert all(problem.field for problem in told)

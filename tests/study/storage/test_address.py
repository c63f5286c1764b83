"""Storage URLs, and what is said when a storage cannot be used."""

import socket
import time
from pathlib import Path

import pytest

from mpsearch.study.storage import address
from mpsearch.study.storage.address import Address
from mpsearch.study.storage.opening import open_storage
from mpsearch.values.errors import EnvironmentFault, SettingError
from mpsearch.values.secret import masked, without_secrets


def test_a_plain_url_means_the_driver_we_install() -> None:
    assert Address.parse("postgresql://u@h/d").url == "postgresql+psycopg://u@h/d"
    assert Address.parse("mysql://u@h/d").url == "mysql+pymysql://u@h/d"
    proxy = Address.parse("grpc://h")
    assert (proxy.host, proxy.port) == ("h", 13000)
    assert Address.parse("journal:////a/b").path == Path("/a/b")


def test_a_password_left_out_is_no_password() -> None:
    assert Address.parse("postgresql://u:***@h/d").url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    "url", ["mysql://u:p%40ss@h/d", "mysql://u:p@ss@h/d", "postgresql://h/d?user=u&password=p@ss"]
)
def test_passwords_are_masked_however_they_are_written(url: str) -> None:
    assert "***" in masked(url)
    assert "ss" not in masked(url).replace("password", "")
    assert "ss" not in without_secrets("refused p@ss and p%40ss", url).replace("refused", "")


def test_a_driver_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(address._DRIVERS, "mysql", ("no_such_driver", "mysql"))
    with pytest.raises(SettingError, match=r"no_such_driver.*pip install 'mpsearch\[mysql\]'"):
        Address.parse("mysql://u:sesame@h/d")


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "grpc"])
def test_a_server_that_is_not_there_is_a_fault_in_one_line(kind: str) -> None:
    with socket.socket() as nobody:  # bound, but it does not listen
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        tail = "" if kind == "grpc" else "/d"
        user = "" if kind == "grpc" else "u:sesame@"
        begun = time.monotonic()
        with pytest.raises(EnvironmentFault, match="cannot be used") as caught:
            open_storage(Address.parse(f"{kind}://{user}127.0.0.1:{port}{tail}"))
        assert time.monotonic() - begun < 60  # it is given up, not waited for
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind in ("sqlite", "journal"):
        with pytest.raises(EnvironmentFault, match="cannot be used"):
            open_storage(Address.parse(f"{kind}:///{tmp_path}/file/study"))

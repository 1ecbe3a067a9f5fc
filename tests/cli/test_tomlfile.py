import errno
import tomllib

import pytest

from crmkit.cli.failure import Failure, in_plain_words
from crmkit.cli.tomlfile import new_document, with_plugins, write_whole

LAYOUTS = {
    "one line": '[crmkit]\nplugins = ["a", "b"]\n',
    "one line, comma": '[crmkit]\nplugins = ["a", "b",]\n',
    "a line each": '[crmkit]\nplugins = [\n    "a",\n    "b",\n]\n',
    "no last comma": '[crmkit]\nplugins = [\n  "a",\n  "b"\n]\n',
    "bracket at the last": '[crmkit]\nplugins = ["a",\n  "b"]\n',
    "comments": '[crmkit]\nplugins = [\n  # first, "x"\n  "a", # one ]\n  "b", # two\n  # end\n]\n',
    "single quotes": "[crmkit]\nplugins = ['a', 'b']\n",
    "another table first": '[other]\nplugins = ["z"]\n\n[crmkit]\nplugins = ["a", "b"] # why\n',
    "windows": '[crmkit]\r\nplugins = [\r\n  "a",\r\n  "b",\r\n]\r\n',
}


def listed(text):
    return tomllib.loads(text)["crmkit"]["plugins"]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_a_plugin_is_added_at_the_end_and_everything_else_stays(text):
    edited = with_plugins(text, add=["c", "d"])
    assert listed(edited) == ["a", "b", "c", "d"]
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert [comment for comment in comments if f"#{comment}" not in edited] == []


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_plugin_is_removed_wherever_it_stands(text, name):
    assert listed(with_plugins(text, remove=[name])) == ["b" if name == "a" else "a"]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_adding_and_removing_again_changes_nothing_else(text):
    edited = with_plugins(with_plugins(text, add=["c"]), remove=["c"])
    assert tomllib.loads(edited) == tomllib.loads(text)


def test_the_comment_of_a_removed_plugin_goes_with_its_line():
    edited = with_plugins(LAYOUTS["comments"], remove=["a"])
    assert edited == '[crmkit]\nplugins = [\n  # first, "x"\n  "b", # two\n  # end\n]\n'


def test_a_line_each_stays_a_line_each():
    assert with_plugins(LAYOUTS["a line each"], add=["c"]) == (
        '[crmkit]\nplugins = [\n    "a",\n    "b",\n    "c",\n]\n'
    )


def test_all_can_be_removed_and_the_first_added():
    empty = with_plugins(LAYOUTS["one line"], remove=["a", "b"])
    assert empty == "[crmkit]\nplugins = []\n"
    assert listed(with_plugins(empty, add=["a"])) == ["a"]


@pytest.mark.parametrize("text", ["", '[crmkit]\nactor = "x"\n', "[email]\nx = 1\n"])
def test_a_file_without_a_list_gets_one(text):
    assert listed(with_plugins(text, add=["a"])) == ["a"]


def test_what_cannot_be_edited_line_by_line_is_refused():
    with pytest.raises(ValueError, match="by hand"):
        with_plugins('crmkit = { plugins = ["a"] }\n', add=["b"])


def test_a_new_document_is_read_back_as_it_was_meant():
    text = new_document('sqlite:///it\'s "here".db', ["a", "b"])
    assert tomllib.loads(text)["crmkit"] == {
        "database": 'sqlite:///it\'s "here".db',
        "plugins": ["a", "b"],
        "essential": [],
        "strict": False,
        "durability": "full",
        "actor": "",
    }


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_file_is_not_replaced(tmp_path):
    path = tmp_path / "crmkit.toml"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(Failure, match="it is read-only; make it writable"):
        write_whole(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("old", 0o444)


def test_a_file_keeps_its_mode(tmp_path):
    path = tmp_path / "crmkit.toml"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_full_disk_names_the_file_and_not_its_part(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError) as raised:
        write_whole(tmp_path / "crmkit.toml", "new")
    told = f"no space left on the disk for {tmp_path / 'crmkit.toml'}; free some and run it again"
    assert in_plain_words(raised.value) == told
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_of_the_system_names_the_file_and_the_mend(tmp_path):
    denied = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "new.toml"))
    told = f"cannot write {tmp_path / 'new.toml'}: permission denied; make its folder writable"
    assert in_plain_words(denied) == told

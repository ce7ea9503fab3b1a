"""An archive gives back the preset that went in, or it is refused and leaves nothing behind."""

import hashlib
import io
import os
import random
import tarfile

import pytest

from saliency_zoo import ZooError, archives, cards
from tests.runs import command, refusal

NAME = "some.preset"
CARD = {
    "description": "",
    "model": {
        "network": {"name": "a"},
        "learner": {"name": "b"},
        "preprocessing": {},
        "class_names": [],
    },
    "metrics": {},
    "data": {"name": "c"},
    "images_seen": {"pretraining": 0},
    "seed": 0,
    "versions": {},
    "licence": "",
    "golden": {"outputs": {}},
}
FILES = {"encoder.weights.h5": b"weights" * 100, "serving/1/saved_model.pb": b"", "a b": b"1"}


def fill(folder, files, **content):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    cards.write_card(folder, {"format": cards.FORMAT, "name": NAME, **CARD, **content})
    return folder


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "in" / NAME, FILES)


@pytest.fixture
def archive(folder, tmp_path):
    archives.pack(folder, tmp_path / "some.tar")
    return tmp_path / "some.tar"


def contents(folder):
    found = sorted(folder.rglob("*"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found if p.is_file()}


def member(name, data=b"", **fields):
    header = tarfile.TarInfo(name)
    header.size = len(data)
    for field, value in fields.items():
        setattr(header, field, value)
    return header, data


def write(path, *members, style=tarfile.USTAR_FORMAT):
    with tarfile.open(path, "w", format=style) as tar:
        for header, data in members:
            tar.addfile(header, io.BytesIO(data))
    return path


def members_of(folder, top=NAME):
    return [member(f"{top}/{path}", data) for path, data in contents(folder).items()]


def refused(archive, sentence, **options):
    """Refuses an archive in one sentence, and writes nothing."""
    to = archive.parent / "to"
    before = contents(archive.parent)
    with pytest.raises(ZooError, match=r"(?s)Received: .*\Z") as error:
        archives.unpack(archive, to, **options)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert contents(archive.parent) == before
    assert not to.exists() or not list(to.iterdir())


@pytest.mark.parametrize("less", [*CARD, "network", "class_names"])
def test_a_card_says_all_that_is_read_from_it(tmp_path, less):
    model = {k: v for k, v in CARD["model"].items() if k != less}
    content = {**CARD, "model": model} if less not in CARD else {**CARD, less: None}
    archives.pack(fill(tmp_path / "in" / NAME, FILES, **content), tmp_path / "some.tar")
    refused(tmp_path / "some.tar", "does not say all that a preset needs")


@pytest.mark.parametrize("name", ["notes (1).txt", "r\u00e9sum\u00e9.txt", "a/-b"])
def test_what_would_not_come_out_does_not_go_in(tmp_path, name):
    folder = fill(tmp_path / "in" / NAME, {**FILES, name: b"1"})
    with pytest.raises(ZooError, match="archive are of ASCII letters") as error:
        archives.pack(folder, tmp_path / "some.tar")
    assert repr(name) in str(error.value)
    assert not (tmp_path / "some.tar").exists()


def test_what_comes_out_is_what_went_in(folder, archive, tmp_path):
    assert command("unpack", archive, "--to", tmp_path / "to").out == (
        f"preset: {tmp_path / 'to' / NAME}\n"
    )
    assert contents(tmp_path / "to" / NAME) == contents(folder)
    assert [p.name for p in (tmp_path / "to").iterdir()] == [NAME]


def test_the_same_files_give_the_same_bytes(folder, archive, tmp_path):
    os.utime(folder / "a b", (1, 1))
    (folder / "a b").chmod(0o600)
    (folder / ".left-behind").write_bytes(b"half")
    archives.pack(folder, tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_an_archive_that_tar_has_made_is_one_too(folder, tmp_path):
    for style in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT):
        directory = member(NAME, type=tarfile.DIRTYPE, mode=0o755)
        made = write(tmp_path / "plain.tar", directory, *members_of(folder), style=style)
        unpacked = archives.unpack(made, tmp_path / "to", force=True)
        assert contents(unpacked) == contents(folder)


def test_a_preset_is_replaced_only_when_asked(folder, archive, tmp_path):
    made = archives.unpack(archive, tmp_path / "to")
    (made / "a b").write_bytes(b"mine")
    said = refusal("unpack", archive, "--to", tmp_path / "to")
    assert "A preset of this name is there: replace it by --force." in said
    assert (made / "a b").read_bytes() == b"mine"
    assert command("unpack", archive, "--to", tmp_path / "to", "--force").code == 0
    assert contents(made) == contents(folder)
    assert [p.name for p in made.parent.iterdir()] == [NAME]


def test_a_flipped_byte_changes_nothing_or_is_refused(folder, archive, tmp_path):
    whole, expected, said = archive.read_bytes(), contents(folder), []
    for count, place in enumerate(random.Random(0).sample(range(len(whole)), 400)):
        data = bytearray(whole)
        data[place] ^= 1 << count % 8
        archive.write_bytes(data)
        try:
            made = archives.unpack(archive, tmp_path / "made", force=True)
        except ZooError as error:
            said.append(str(error))
            continue
        assert contents(made) == expected, place
    assert said
    assert all(str(archive) in sentence for sentence in said)


def test_of_files_and_of_their_names_no_byte_changes_unnoticed(folder, archive):
    whole = archive.read_bytes()
    for path, data in contents(folder).items():
        header = whole.index(f"{NAME}/{path}".encode())
        start = header + tarfile.BLOCKSIZE
        for place in [*range(header, header + 20), *range(start, start + len(data), 37)]:
            flipped = bytearray(whole)
            flipped[place] ^= 4
            archive.write_bytes(flipped)
            refused(archive, "")


def test_a_part_of_an_archive_is_refused(archive):
    whole = archive.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for length in range(0, end, 61):
        archive.write_bytes(whole[:length])
        refused(archive, "")


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        f"{NAME}/../../evil",
        f"{NAME}/..",
        "/tmp/evil",
        f"/{NAME}/evil",
        f"{NAME}//evil",
        f"{NAME}/./evil",
        f"./{NAME}/evil",
        f"{NAME}/.evil",
        f"{NAME}\\..\\evil",
        f"{NAME}/..\\evil",
        f"C:/{NAME}/evil",
        f"{NAME}/evil:stream",
        f"{NAME}/e\nvil",
        f"{NAME}/e\udcffvil",
        f"{NAME}/évil",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_paths_that_lead_elsewhere(folder, tmp_path, name, first):
    header = member(name, b"evil")
    rest = members_of(folder)
    made = write(tmp_path / "x.tar", *([header, *rest] if first else [*rest, header]))
    refused(made, "whose path leads out of its folder, or is no plain one")
    refused(made, repr(name))


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.CONTTYPE, "an extended header"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (tarfile.GNUTYPE_LONGNAME, "an extended header"),
        (tarfile.XHDTYPE, "an extended header"),
        (b"V", "an extended header"),
    ],
)
@pytest.mark.parametrize("target", ["/etc/passwd", "encoder.weights.h5", f"{NAME}/card.json"])
def test_what_is_no_plain_file(folder, tmp_path, kind, what, target):
    evil = member(f"{NAME}/evil", type=kind, linkname=target)
    made = write(tmp_path / "x.tar", *members_of(folder), evil)
    refused(made, f"The archive holds {what}, where only plain files belong: '{NAME}/evil'")
    assert f"holds {what}" in refusal("unpack", made, "--to", tmp_path / "to")


def test_extended_headers_of_either_kind(folder, tmp_path):
    long = member(f"{NAME}/{'x' * 120}", b"1")
    for style in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        refused(write(tmp_path / "x.tar", long, style=style), "an extended header")
    sparse = member(f"{NAME}/a b", b"1", pax_headers={"GNU.sparse.size": str(1 << 60)})
    refused(write(tmp_path / "x.tar", sparse, style=tarfile.PAX_FORMAT), "an extended header")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ([member("evil", b"1")], "beside the one folder: 'evil'"),
        ([member("other.preset/evil", b"1")], "beside the one folder: 'other.preset/evil'"),
        ([member(f"{NAME}/card.json", b"{}")], f"for the second time: '{NAME}/card.json'"),
        ([member(f"{NAME}/A B", b"2")], f"for the second time: '{NAME}/A B'"),
        ([member(f"{NAME}/more.npz", b"2")], "more.npz is not on the card"),
        ([member(f"{NAME}/scratch/more", b"2")], "scratch/more is not on the card"),
        ([member(f"{NAME}/a b/c", b"2")], "a b/c is not on the card"),
    ],
)
def test_files_too_many(folder, tmp_path, more, sentence):
    refused(write(tmp_path / "x.tar", *members_of(folder), *more), sentence)


def test_files_too_few_or_changed(folder, tmp_path):
    for path in contents(folder):
        rest = [row for row in members_of(folder) if row[0].name != f"{NAME}/{path}"]
        wanted = "holds no card.json" if path == cards.CARD else f"{path} is missing"
        refused(write(tmp_path / "x.tar", *rest), wanted)
        changed = [*rest, member(f"{NAME}/{path}", b"other")]
        refused(write(tmp_path / "x.tar", *changed), f"{path} does not match its checksum")


def test_a_card_of_a_newer_version(folder, tmp_path):
    with pytest.raises(ZooError, match="newer version"):
        fill(folder, {}, format=cards.FORMAT + 1)
    refused(write(tmp_path / "x.tar", *members_of(folder)), "made by a newer version: update")


@pytest.mark.parametrize("content", ["[", "[" * 100_000, "{", '{"format": 1, ', '{"files": [], '])
def test_cards_that_are_sealed_and_mean_nothing(tmp_path, content):
    text = content + '"sha256": "' + "0" * 64 + '"\n}\n'
    seal = hashlib.sha256(text.encode()).hexdigest()
    sealed = text.replace("0" * 64, seal).encode()
    made = write(tmp_path / "x.tar", member(f"{NAME}/card.json", sealed))
    refused(made, "card.json is no card of a preset")


@pytest.mark.parametrize("name", ["preset", "a..b", "a b.c"])
def test_folders_that_are_no_name_of_a_preset(folder, tmp_path, name):
    made = write(tmp_path / "x.tar", *members_of(folder, name))
    refused(made, "A preset is named network.tag")


def test_sizes_are_compared_before_anything_is_written(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "replacing_folder", lambda path: pytest.fail("it writes"))
    refused(archive, "take 0 MiB at most", limit=0)
    assert "take 0 MiB" in refusal("unpack", archive, "--to", tmp_path / "to", "--limit", 0)
    for size in (1 << 20, 1 << 40):
        header = member(f"{NAME}/large", size=size)[0]
        (tmp_path / "x.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        refused(tmp_path / "x.tar", f"that is cut short: '{NAME}/large'")
    header = bytearray(member(f"{NAME}/less")[0].tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12  # -1, as GNU writes it
    header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:]))
    (tmp_path / "x.tar").write_bytes(header + bytes(1024))
    refused(tmp_path / "x.tar", f"that is cut short: '{NAME}/less'")


def test_more_files_than_a_preset_has(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST", 20)
    folders = [member(f"{NAME}/{n}", type=tarfile.DIRTYPE) for n in range(20)]
    refused(write(tmp_path / "x.tar", *folders, *members_of(folder)), "holds 20 files at most")


@pytest.mark.parametrize("data", [b"", b"not a tar", os.urandom(2048), bytes(10240)])
def test_what_is_no_archive(tmp_path, data):
    (tmp_path / "x.tar").write_bytes(data)
    refused(tmp_path / "x.tar", "it is no preset" if data == bytes(10240) else "is no tar archive")


def test_a_packed_or_compressed_archive_is_refused(folder, tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w:gz") as tar:
        tar.add(folder, NAME)
    refused(tmp_path / "x.tar", "is no tar archive")


def test_a_stop_half_way_leaves_nothing(archive, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cards, "damaged", stopped)
    with pytest.raises(KeyboardInterrupt):
        archives.unpack(archive, tmp_path / "to")
    assert not list((tmp_path / "to").iterdir())


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_other_commands_say_that_it_is_unpacked_first(archive, verb):
    assert "an archive of one is unpacked first, by `saliency-zoo unpack`" in refusal(verb, archive)

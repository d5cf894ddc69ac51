"""s3fs, pandas and pyarrow as a notebook uses them, told only where and who (AWS_* variables).

Arguments: bucket, folder with small.txt and large.bin. Prints one line a step; any wrong byte raises.
"""

import os
import sys
import urllib.request
from pathlib import Path

import pandas
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import s3fs

BUCKET, FOLDER = sys.argv[1], Path(sys.argv[2])
LARGE, SMALL = (FOLDER / "large.bin").read_bytes(), (FOLDER / "small.txt").read_bytes()
CITIES = pandas.DataFrame({"city": ["Tromsø", "Nairobi", "Lima"] * 20_000, "km": range(60_000)})
files = s3fs.S3FileSystem(use_listings_cache=False)


def makes_a_bucket_and_puts_files():
    files.mkdir(BUCKET)
    files.put(str(FOLDER / "large.bin"), f"{BUCKET}/raw/large.bin", chunksize=5 * 2**20)
    files.pipe(f"{BUCKET}/raw/small é+.txt", SMALL)
    assert files.cat(f"{BUCKET}/raw/large.bin") == LARGE
    assert files.cat(f"{BUCKET}/raw/small é+.txt") == SMALL


def writes_in_parts_and_seeks():
    with files.open(f"{BUCKET}/raw/written", "wb", block_size=5 * 2**20) as target:
        for start in range(0, len(LARGE), 2**20):
            target.write(LARGE[start : start + 2**20])
    with files.open(f"{BUCKET}/raw/written", "rb", block_size=2**20) as source:
        source.seek(9 * 2**20 - 3)
        assert source.read(10) == LARGE[9 * 2**20 - 3 :][:10]
        source.seek(-11, 2)
        assert source.read() == LARGE[-11:]
    assert files.cat_file(f"{BUCKET}/raw/written", start=100, end=200) == LARGE[100:200]


def lists_walks_copies_and_moves():
    files.copy(f"{BUCKET}/raw/large.bin", f"{BUCKET}/copied/large.bin")
    files.mv(f"{BUCKET}/copied/large.bin", f"{BUCKET}/moved/large.bin")
    assert files.find(BUCKET) == sorted(
        f"{BUCKET}/{key}" for key in ("moved/large.bin", "raw/large.bin", "raw/small é+.txt", "raw/written")
    )
    assert files.isdir(f"{BUCKET}/raw") and not files.exists(f"{BUCKET}/copied")
    assert files.info(f"{BUCKET}/moved/large.bin")["size"] == len(LARGE)
    assert files.glob(f"{BUCKET}/*/large.*") == [f"{BUCKET}/moved/large.bin", f"{BUCKET}/raw/large.bin"]


def signs_urls():
    with urllib.request.urlopen(files.sign(f"{BUCKET}/raw/large.bin", expiration=60), timeout=10) as answer:
        assert answer.read() == LARGE


def reads_and_writes_parquet_and_csv_with_pandas():
    CITIES.to_parquet(f"s3://{BUCKET}/frames/cities.parquet")
    CITIES.to_csv(f"s3://{BUCKET}/frames/cities.csv", index=False)
    pandas.testing.assert_frame_equal(pandas.read_parquet(f"s3://{BUCKET}/frames/cities.parquet"), CITIES)
    pandas.testing.assert_frame_equal(pandas.read_csv(f"s3://{BUCKET}/frames/cities.csv"), CITIES)
    some = pandas.read_parquet(f"s3://{BUCKET}/frames/cities.parquet", columns=["km"], filters=[("km", "<", 3)])
    assert some.to_dict("list") == {"km": [0, 1, 2]}


def reads_a_partitioned_dataset_with_pyarrow():
    pyarrow.parquet.write_to_dataset(
        pyarrow.Table.from_pandas(CITIES), f"{BUCKET}/partitioned", partition_cols=["city"], filesystem=files
    )
    dataset = pyarrow.dataset.dataset(f"{BUCKET}/partitioned", filesystem=files, partitioning="hive")
    lima = dataset.to_table(filter=pyarrow.dataset.field("city") == "Lima")
    assert sorted(lima["km"].to_pylist()) == list(range(2, 60_000, 3))


def reads_and_writes_with_arrows_own_client():
    """pyarrow's S3FileSystem is the AWS SDK for C++, another client altogether; it wants its endpoint as an argument."""
    arrow = pyarrow.fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], region="us-east-1")
    with arrow.open_output_stream(f"{BUCKET}/arrow/large.bin") as target:
        target.write(LARGE)
    with arrow.open_input_file(f"{BUCKET}/arrow/large.bin") as source:
        assert source.read_at(10, 9 * 2**20 - 3) == LARGE[9 * 2**20 - 3 :][:10]
        assert source.read() == LARGE
    arrow.copy_file(f"{BUCKET}/arrow/large.bin", f"{BUCKET}/arrow/copy.bin")
    found = arrow.get_file_info(pyarrow.fs.FileSelector(f"{BUCKET}/arrow"))
    assert sorted(one.base_name for one in found) == ["copy.bin", "large.bin"]
    arrow.delete_dir(f"{BUCKET}/arrow")
    assert pyarrow.parquet.read_table(f"{BUCKET}/frames/cities.parquet", filesystem=arrow).num_rows == 60_000


def keeps_versions():
    files.make_bucket_versioned(BUCKET, True)
    versioned = s3fs.S3FileSystem(version_aware=True, use_listings_cache=False)
    versioned.pipe(f"{BUCKET}/note", b"old")
    versioned.pipe(f"{BUCKET}/note", b"new")
    found = versioned.object_version_info(f"{BUCKET}/note")
    assert [versioned.cat_file(f"{BUCKET}/note", version_id=one["VersionId"]) for one in found] == [b"new", b"old"]
    versioned.rm_file(f"{BUCKET}/note")
    files.make_bucket_versioned(BUCKET, False)


def tells_errors_as_python_does():
    for wrong, error in ((f"{BUCKET}/none", FileNotFoundError), ("no-such-bucket-x/none", FileNotFoundError)):
        try:
            files.cat(wrong)
        except error:
            continue
        raise AssertionError(wrong)


def deletes():
    files.rm(BUCKET + "/raw", recursive=True)
    assert not files.exists(f"{BUCKET}/raw/large.bin")
    files.rm([f"{BUCKET}/{name}" for name in ("moved", "frames", "partitioned")], recursive=True)
    assert files.ls(BUCKET) == []


for step in (
    makes_a_bucket_and_puts_files,
    writes_in_parts_and_seeks,
    lists_walks_copies_and_moves,
    signs_urls,
    reads_and_writes_parquet_and_csv_with_pandas,
    reads_a_partitioned_dataset_with_pyarrow,
    reads_and_writes_with_arrows_own_client,
    keeps_versions,
    tells_errors_as_python_does,
    deletes,
):
    step()
    print(step.__name__.replace("_", " "), flush=True)

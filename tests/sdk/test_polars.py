"""Polars reading and writing s3://, by Rust's object_store."""

import polars
import pytest
from polars.testing import assert_frame_equal

from tests.sdk.conftest import keys


@pytest.fixture
def options(account):
    return {
        "aws_endpoint_url": account.stack.aws_url,
        "aws_access_key_id": account.access_key,
        "aws_secret_access_key": account.secret_key,
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }


@pytest.fixture(scope="module")
def cities():
    size = 400_000
    return polars.DataFrame(
        {"city": ["Tromsø", "Nairobi", "Lima", "Oslo"] * (size // 4), "km": range(size)}
    ).with_columns(noise=polars.col("km").hash(7))  # fmt: skip


def test_parquet_is_written_in_parts_and_scanned(cities, options, bucket, account):
    cities.write_parquet(f"s3://{bucket}/cities é.parquet", storage_options=options, compression="uncompressed")
    whole = polars.read_parquet(f"s3://{bucket}/cities é.parquet", storage_options=options)
    lazy = polars.scan_parquet(f"s3://{bucket}/*.parquet", storage_options=options)
    some = lazy.filter(polars.col("km") < 8).filter(polars.col("city") == "Lima").select("km").collect()

    assert_frame_equal(whole, cities)
    assert some["km"].to_list() == [2, 6]
    assert account.client("s3").head_object(Bucket=bucket, Key="cities é.parquet")["ContentLength"] > 5_000_000


def test_partitions_csv_and_errors(cities, options, bucket, account):
    few = cities.head(400)
    lazy = few.lazy()
    lazy.sink_csv(f"s3://{bucket}/few.csv", storage_options=options)
    for city in few["city"].unique():
        few.filter(polars.col("city") == city).drop("city").write_parquet(
            f"s3://{bucket}/by/city={city}/0.parquet", storage_options=options
        )

    read = polars.read_csv(f"s3://{bucket}/few.csv", storage_options=options, schema=few.schema)
    hive = polars.scan_parquet(f"s3://{bucket}/by/", storage_options=options, hive_partitioning=True).collect()
    assert_frame_equal(read, few)
    assert_frame_equal(hive.select(few.columns).sort("km"), few)
    assert len(keys(account, bucket, "by/")) == 4
    with pytest.raises((FileNotFoundError, OSError, polars.exceptions.ComputeError)):
        polars.read_parquet(f"s3://{bucket}/none.parquet", storage_options=options)

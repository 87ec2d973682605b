"""What has been done: Parquet datasets without identifiers, committed fragment by fragment."""

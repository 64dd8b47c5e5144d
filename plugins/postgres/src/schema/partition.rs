//! A repository's own partitions.

//! `load --position`: how far a source has been read, as it is typed.

use serde_json::Value as Json;
use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp,
    position::{OrderKey, PositionKey, PositionKind, SourcePosition},
};

/// Reads `SOURCE[/SCHEMA[/TABLE]]=PLACE`. A whole number and a time (RFC 3339) are watermarks of batches; an LSN and any other text
/// are places in a stream, the text compared byte by byte.
///
/// # Errors
/// `Configuration` for what has no source or no place.
pub(super) fn parse(text: &str) -> Result<SourcePosition> {
    let (name, place) = text
        .split_once('=')
        .filter(|(name, place)| !name.is_empty() && !place.is_empty())
        .ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("`{text}` is no position"))
                .with_help("write SOURCE=PLACE, such as orders-db=16/B374D848 or orders-db/shop/orders=1700")
        })?;
    let (kind, order, value) = if let Ok(number) = place.parse::<u64>() {
        (PositionKind::Batch, OrderKey::number(number), Json::from(number))
    } else if let Ok(time) = place.parse::<Timestamp>() {
        (PositionKind::Batch, OrderKey::time(time), Json::from(place))
    } else {
        let order = OrderKey::lsn(place).unwrap_or_else(|| OrderKey::text(place));
        (PositionKind::Stream, order, Json::from(place))
    };
    let mut names = name.splitn(3, '/');
    let mut next = || names.next().unwrap_or_default();
    let key = PositionKey::of(next(), kind).schema(next()).table(next());
    Ok(SourcePosition { key, value, order })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_compared_as_what_it_is() {
        let read = |text: &str| {
            let SourcePosition { key, value, order } = parse(text).unwrap();
            let names = [key.source, key.schema, key.table].join("|");
            (names, key.kind.as_str(), value.to_string(), order.as_str().to_owned())
        };
        let row = |names: &str, kind, value: &str, order: &str| {
            (names.to_owned(), kind, value.to_owned(), order.to_owned())
        };
        assert_eq!(read("orders-db=17"), row("orders-db||", "batch", "17", "00000000000000000017"));
        assert_eq!(
            read("db/shop/orders=16/B374D848"),
            row("db|shop|orders", "stream", "\"16/B374D848\"", "00000016B374D848")
        );
        assert_eq!(
            read("db/shop=2026-01-02T03:04:05Z"),
            row("db|shop|", "batch", "\"2026-01-02T03:04:05Z\"", "2026-01-02T03:04:05.000000Z")
        );
        assert_eq!(read("db=82a=b"), row("db||", "stream", "\"82a=b\"", "82a=b"));
    }

    #[test]
    fn what_is_no_position_is_refused_with_an_example() {
        for text in ["orders", "=1", "orders="] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.message(), format!("`{text}` is no position"));
            assert!(error.help().unwrap().contains("orders-db=16/B374D848"));
        }
    }
}

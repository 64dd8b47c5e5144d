//! Facts from elsewhere: every line is taken, or told.

use std::io::BufReader;

use proptest::{collection::vec, prelude::*};
use snake_pipe_extract::facts::{NdjsonReader, Record, SnakePipeJsonOptions, SnakePipeJsonReader};

use crate::{cases, config};

/// A line of facts, whole or with something wrong in it.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let whole = r#"{"path":"a.py","language":"python","functions":[{"name":"f","symbol":"0000000000000001"}],"calls":[{"name":"g","function":0}]}"#;
    prop_oneof![
        Just(whole.as_bytes().to_vec()),
        vec(any::<u8>(), 0..300),
        // Cut off, or with a byte changed.
        (0..whole.len()).prop_map(move |end| whole.as_bytes()[..end].to_vec()),
        (0..whole.len(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut line = whole.as_bytes().to_vec();
            line[at] = byte;
            line
        }),
        (1..2_000_usize).prop_map(|depth| [vec![b'['; depth], vec![b']'; depth]].concat()),
    ]
}

proptest! {
    #![proptest_config(config(cases(300)))]

    #[test]
    fn any_input_of_facts_gives_facts_or_says_what_is_wrong(lines in vec(line(), 0..8)) {
        let text = lines.join(&b'\n');
        let mut records = 0;
        for record in NdjsonReader::new(BufReader::new(&text[..])) {
            match record.unwrap() {
                Record::Facts(facts) => prop_assert!(!facts.path.as_bytes().is_empty()),
                Record::Quarantined(piece) => prop_assert!(piece.line >= 1 && !piece.message.is_empty()),
            }
            records += 1;
        }
        let filled = text.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
        // Nothing is left out silently: a record for each line that holds anything.
        prop_assert!(records >= usize::from(filled.count() > 0));
    }

    #[test]
    fn any_input_of_the_other_form_gives_facts_or_says_what_is_wrong(lines in vec(line(), 0..8)) {
        let text = lines.join(&b'\n');
        let reader = SnakePipeJsonReader::new(BufReader::new(&text[..]), SnakePipeJsonOptions::default());
        // An error of the whole input ends it; a panic or an endless loop would not.
        let records = reader.take(text.len() + 10).filter(Result::is_ok).count();
        prop_assert!(records <= text.len() + 1);
    }
}

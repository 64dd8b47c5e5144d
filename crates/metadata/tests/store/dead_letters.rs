use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use serde_json::json;
use snake_pipe_core::ErrorKind;
use snake_pipe_metadata::model::{DeadLetterFilter, DeadLetterStatus, NewDeadLetter, Operation};

use crate::subject::Subject;

const LEASE: Duration = Duration::from_secs(30);

fn letter(source_id: Option<&str>) -> NewDeadLetter {
    NewDeadLetter {
        source_id: source_id.map(Into::into),
        operation: Operation::Insert,
        ..NewDeadLetter::new("orders", json!({"id": 7}), "a wrong date")
    }
}

fn all() -> DeadLetterFilter {
    DeadLetterFilter::default()
}

pub(crate) async fn repeated_failures_of_one_record_are_one_letter(subject: &Subject) {
    let store = &subject.store;
    let first = store.add_dead_letters(vec![letter(Some("7"))]).await.unwrap().remove(0);
    assert_eq!(
        (first.failures, first.status, first.operation),
        (1, DeadLetterStatus::Pending, Operation::Insert)
    );
    let again = NewDeadLetter { reason: "still wrong".into(), ..letter(Some("7")) };
    let again = store.add_dead_letters(vec![again]).await.unwrap().remove(0);
    assert_eq!((again.id, again.failures, again.reason.as_str()), (first.id, 2, "still wrong"));
    let elsewhere = NewDeadLetter { backend: Some("b".into()), ..letter(Some("7")) };
    store.add_dead_letters(vec![letter(Some("8")), elsewhere]).await.unwrap();
    assert_eq!(store.dead_letters(all()).await.unwrap().len(), 3);

    // Once it is resolved, another failure is another letter.
    let this = DeadLetterFilter { id: Some(first.id), ..all() };
    store.resolve_dead_letters(this, "corrected").await.unwrap();
    let next = store.add_dead_letters(vec![letter(Some("7"))]).await.unwrap().remove(0);
    assert_eq!((next.id == first.id, next.failures), (false, 1));
}

pub(crate) async fn records_without_a_source_id_never_collapse(subject: &Subject) {
    let added = subject.store.add_dead_letters(vec![letter(None), letter(None)]).await.unwrap();
    assert_ne!(added[0].id, added[1].id);
    assert_eq!(subject.store.dead_letters(all()).await.unwrap(), added);
}

pub(crate) async fn a_letter_is_claimed_by_one_at_a_time(subject: &Subject) {
    let store = &subject.store;
    let letters = (0..20).map(|id| letter(Some(&id.to_string()))).collect();
    store.add_dead_letters(letters).await.unwrap();
    let others: Vec<_> = (0..4).map(|_| subject.other()).collect();
    let filter = DeadLetterFilter { limit: Some(5), ..all() };
    let claims = join_all(others.iter().map(|store| store.claim_dead_letters(filter.clone(), LEASE))).await;
    let claims: Vec<_> = claims.into_iter().map(Result::unwrap).collect();
    let ids: Vec<_> = claims.iter().flat_map(|(_, letters)| letters.iter().map(|letter| letter.id)).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    // Whoever was locked out for a moment finds the rest.
    let (_, rest) = store.claim_dead_letters(all(), LEASE).await.unwrap();
    assert_eq!(ids.len() + rest.len(), 20);
    assert_eq!(store.claim_dead_letters(all(), LEASE).await.unwrap().1, []);

    // Whoever claimed and died leaves them to others.
    subject.pass(LEASE + Duration::from_secs(1));
    assert_eq!(store.claim_dead_letters(all(), LEASE).await.unwrap().1.len(), 20);
    let (claim, letters) = &claims[0];
    let error = store.release_dead_letter(*claim, letters[0].id, "late").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

pub(crate) async fn a_replay_is_idempotent(subject: &Subject) {
    let store = &subject.store;
    let id = store.add_dead_letters(vec![letter(Some("7"))]).await.unwrap()[0].id;
    let this = || DeadLetterFilter { id: Some(id), ..all() };
    let (claim, claimed) = store.claim_dead_letters(this(), LEASE).await.unwrap();
    assert_eq!((claimed[0].status, claimed[0].claimed_by.is_some()), (DeadLetterStatus::Processing, true));
    let released = store.release_dead_letter(claim, id, "refused again").await.unwrap();
    assert_eq!((released.status, released.failures), (DeadLetterStatus::Pending, 2));

    // The replay's own load refuses it: that is told once.
    let (claim, _) = store.claim_dead_letters(this(), LEASE).await.unwrap();
    let refused = store.add_dead_letters(vec![letter(Some("7"))]).await.unwrap().remove(0);
    assert_eq!((refused.id, refused.status, refused.failures), (id, DeadLetterStatus::Pending, 3));
    assert_eq!(store.release_dead_letter(claim, id, "").await.unwrap_err().kind(), ErrorKind::Conflict);

    store.claim_dead_letters(this(), LEASE).await.unwrap();
    assert_eq!(store.resolve_dead_letters(this(), "replayed").await.unwrap(), 1);
    assert_eq!(store.resolve_dead_letters(this(), "replayed").await.unwrap(), 0);
    assert_eq!(store.discard_dead_letters(this(), "no").await.unwrap(), 0);
    let letter = store.dead_letter(id).await.unwrap();
    assert_eq!((letter.status, letter.resolution.as_deref()), (DeadLetterStatus::Resolved, Some("replayed")));
    assert_eq!(store.claim_dead_letters(this(), LEASE).await.unwrap().1, []);
    let unknown = DeadLetterFilter { id: Some(snake_pipe_metadata::model::DeadLetterId::new()), ..all() };
    assert_eq!(store.resolve_dead_letters(unknown, "").await.unwrap_err().kind(), ErrorKind::NotFound);
}

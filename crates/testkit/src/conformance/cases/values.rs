//! Odd values are data, never an error.

use snake_pipe_core::{Result, model::TransformedAst};

use crate::{
    conformance::{harness::Store, subject::Subject},
    fixtures::{odd_files, shop},
};

pub(super) async fn every_odd_value_is_stored(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for (what, file) in odd_files() {
        let alone = subject.with_repository(what);
        if let Err(error) = alone.load(std::slice::from_ref(&file)).await {
            panic!("{what}: {error:?}");
        }
        alone.assert_holds(&[file]).await?;
    }
    Ok(())
}

pub(super) async fn odd_values_spoil_no_batch(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let files: Vec<TransformedAst> =
        shop().into_iter().chain(odd_files().into_iter().map(|(_, file)| file)).collect();
    for _ in 0..2 {
        subject.load(&files).await?;
        subject.assert_holds(&files).await?;
    }
    Ok(())
}

//! References between files, whatever becomes of their targets.

use snake_pipe_core::{
    Language, Result,
    model::{CallKind, ClassKind, FunctionKind, TransformedAst},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{PRODUCER_VERSION, Subject, batch_of, publication},
    },
    fixtures::{FactsBuilder, class_in, content_hash_of, file_at, function_in, shop, shop_file},
};

/// A file that refers to the file `b.py`, its class and its function.
fn user() -> TransformedAst {
    let mut file = FactsBuilder::new("a.py", Language::Python);
    file.import("b", "*", file_at("b.py"));
    let class = file.class(ClassKind::Class, "Derived", (1, 5));
    file.base(class, "Base", class_in("b.py", ClassKind::Class, "Base"));
    let function = file.function(FunctionKind::Function, "f", None, (7, 9));
    file.call(Some(function), CallKind::Function, "g", function_in("b.py", FunctionKind::Function, "g"));
    file.call(Some(function), CallKind::Constructor, "Base", class_in("b.py", ClassKind::Class, "Base"));
    file.finish()
}

/// The file that is referred to, with its definitions beginning at a line.
fn used(line: u32) -> TransformedAst {
    let mut file = FactsBuilder::new("b.py", Language::Python);
    file.class(ClassKind::Class, "Base", (line, line + 1));
    file.function(FunctionKind::Function, "g", None, (line + 2, line + 3));
    file.finish()
}

pub(super) async fn references_into_a_reloaded_file_survive(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&[user(), used(1)]).await?;
    subject.load(&[used(11)]).await?;
    subject.assert_holds(&[user(), used(11)]).await
}

pub(super) async fn references_into_a_removed_file_are_unresolved(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&[user(), used(1)]).await?;
    subject.change(&[], &["b.py"]).await?;
    subject.assert_holds(&[user()]).await?;
    let manifest = subject.manifest().await?;
    assert!(manifest.owes(&user(), PRODUCER_VERSION), "the file asks for linking again");
    // The file comes back, and with it the linked facts of its user.
    subject.load(&[used(1), user()]).await?;
    subject.assert_holds(&[user(), used(1)]).await
}

pub(super) async fn references_to_a_removed_symbol_are_unresolved(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&[user(), used(1)]).await?;
    let mut without_function = used(1);
    without_function.functions.clear();
    without_function.content_hash = Some(content_hash_of(&without_function));
    subject.load(std::slice::from_ref(&without_function)).await?;
    subject.assert_holds(&[user(), without_function]).await?;

    let empty = FactsBuilder::new("b.py", Language::Python).finish();
    subject.load(std::slice::from_ref(&empty)).await?;
    subject.assert_holds(&[user(), empty]).await
}

pub(super) async fn references_to_files_never_loaded_are_kept(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let service = shop_file("shop/service.py");
    subject.load(&[user(), service.clone()]).await?;
    subject.assert_holds(&[user(), service]).await
}

pub(super) async fn files_that_need_each_other_may_come_in_any_order(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    for is_reversed in [false, true] {
        let mut files = shop();
        if is_reversed {
            files.reverse();
        }
        let subject = subject.with_repository(if is_reversed { "reversed" } else { "straight" });
        let mut session = subject.session().await?;
        for file in &files {
            session.write_batch(batch_of(std::slice::from_ref(file), &[])).await?;
        }
        session.publish(publication()).await?;
        subject.assert_holds(&shop()).await?;
    }
    Ok(())
}

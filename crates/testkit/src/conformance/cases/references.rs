//! References between files, whatever becomes of their targets.

use snake_pipe_core::{
    IntegrityScope, Language, Result,
    id::Digest,
    memory::without_lost_targets,
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

/// A file that imports `b.py` by two names, and `c.py`.
fn importer() -> TransformedAst {
    let mut file = FactsBuilder::new("a.py", Language::Python);
    file.import("b", "x", file_at("b.py"));
    file.import(".b", "y", file_at("b.py"));
    file.import("c", "z", file_at("c.py"));
    file.import("b", "w", file_at("b.py"));
    TransformedAst { link_hash: Some(Digest::of(b"linked")), ..file.finish() }
}

fn empty(path: &str) -> TransformedAst {
    FactsBuilder::new(path, Language::Python).finish()
}

/// The modules of [`importer`]'s dependencies without `b.py`, and whether these lead to a file.
async fn assert_modules_are_as_written(subject: &Subject) -> Result<()> {
    subject.assert_holds(&[importer(), empty("c.py")]).await?;
    let held = without_lost_targets(&[importer().into(), empty("c.py").into()]);
    let edges =
        held[0].dependencies.iter().map(|edge| (edge.module.as_deref(), edge.count, edge.target.is_some()));
    assert_eq!(edges.collect::<Vec<_>>(), [(Some("b"), 2, false), (Some(".b"), 1, false), (None, 1, true)]);
    let checked = subject.backend.check_integrity(IntegrityScope::All).await?;
    let broken: Vec<_> = checked.constraints.iter().filter(|constraint| constraint.violations > 0).collect();
    assert!(broken.is_empty(), "{broken:?}");
    Ok(())
}

pub(super) async fn modules_of_files_that_are_not_loaded_are_as_written(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    // Two files, four imports and three dependencies.
    assert_eq!(subject.load(&[importer(), empty("c.py")]).await?.rows, 9);
    assert_modules_are_as_written(&subject).await?;
    // The same again is there already, although its link hash is not.
    assert_eq!(subject.load(&[importer()]).await?.rows, 0);
    assert_modules_are_as_written(&subject).await
}

pub(super) async fn modules_of_a_removed_file_are_as_written(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&[importer(), empty("b.py"), empty("c.py")]).await?;
    // Of `files` one row goes and one forgets its link hash; three imports and two dependencies are others, one is new.
    assert_eq!(subject.change(&[], &["b.py"]).await?.rows, 8);
    assert_modules_are_as_written(&subject).await
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

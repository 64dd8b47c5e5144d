//! What facts must hold to be written: checked by backends before anything else is done with a batch.

use std::collections::{HashMap, HashSet};

use crate::{
    Error, ErrorKind, Result,
    id::{EntityId, FileKey, RepositoryId, SymbolKey},
    load::Batch,
    model::{Owner, Resolution, ResolutionStatus, TransformedAst},
};

/// Checks that no file comes twice in the batch, and each of its facts as [`validate_facts`] does.
///
/// # Errors
/// `Data`; the context `path` names the file.
pub fn validate_batch(batch: &Batch) -> Result<()> {
    let mut paths = HashMap::new();
    let written = batch.files.iter().map(|file| &file.path);
    for path in written.chain(&batch.removed) {
        if let Some(other) = paths.insert(path.key(), path) {
            let message = match other == path {
                true => "the batch holds this file twice",
                false => "two paths of the batch have one key",
            };
            return Err(Error::new(ErrorKind::Data, message)
                .with_context("path", path)
                .with_context("other", other));
        }
    }
    batch.files.iter().try_for_each(|file| validate_facts(file))
}

/// Checks the path, every index into the file's own lists, that no two of its symbols or metrics are the same, and that
/// a reference has a target exactly when it is resolved.
///
/// # Errors
/// `Data`; the context `path` names the file.
pub fn validate_facts(facts: &TransformedAst) -> Result<()> {
    let check = Check { facts };
    check
        .path()
        .and_then(|()| check.definitions())
        .and_then(|()| check.annotations())
        .and_then(|()| check.references())
        .and_then(|()| check.dependencies())
        .and_then(|()| check.identities())
        .map_err(|message| Error::new(ErrorKind::Data, message).with_context("path", &facts.path))
}

struct Check<'a> {
    facts: &'a TransformedAst,
}

impl Check<'_> {
    fn path(&self) -> Result<(), String> {
        match self.facts.path.as_bytes().is_empty() {
            true => Err("facts need a path".to_owned()),
            false => Ok(()),
        }
    }

    fn definitions(&self) -> Result<(), String> {
        for (index, class) in self.facts.classes.iter().enumerate() {
            let what = || format!("class {index} (`{}`)", class.qualified_name);
            self.class(class.outer, || format!("outer of {}", what()))?;
            self.function(class.function, || format!("function of {}", what()))?;
            before(class.outer, index, || format!("outer of {}", what()))?;
        }
        for (index, function) in self.facts.functions.iter().enumerate() {
            let what = || format!("function {index} (`{}`)", function.qualified_name);
            self.class(function.class, || format!("class of {}", what()))?;
            self.function(function.parent, || format!("parent of {}", what()))?;
            before(function.parent, index, || format!("parent of {}", what()))?;
        }
        Ok(())
    }

    fn annotations(&self) -> Result<(), String> {
        self.facts.annotations.iter().enumerate().try_for_each(|(index, annotation)| match annotation.owner {
            Owner::File => Ok(()),
            Owner::Function(function) => {
                self.function(Some(function), || format!("owner of annotation {index}"))
            }
            Owner::Class(class) => self.class(Some(class), || format!("owner of annotation {index}")),
        })
    }

    fn references(&self) -> Result<(), String> {
        for (index, import) in self.facts.imports.iter().enumerate() {
            consistent(&import.resolution, || format!("import {index}"))?;
        }
        for (index, base) in self.facts.bases.iter().enumerate() {
            self.class(Some(base.class), || format!("class of base {index}"))?;
            consistent(&base.resolution, || format!("base {index}"))?;
        }
        for (index, call) in self.facts.calls.iter().enumerate() {
            self.function(call.function, || format!("function of call {index}"))?;
            consistent(&call.resolution, || format!("call {index}"))?;
        }
        Ok(())
    }

    fn dependencies(&self) -> Result<(), String> {
        self.facts.dependencies.iter().enumerate().try_for_each(|(index, dependency)| {
            status_fits(dependency.status, dependency.target.is_some(), || format!("dependency {index}"))
        })
    }

    fn identities(&self) -> Result<(), String> {
        distinct(self.facts.functions.iter().map(|f| (f.symbol, f.qualified_name.as_str())), "functions")?;
        distinct(self.facts.classes.iter().map(|c| (c.symbol, c.qualified_name.as_str())), "classes")?;
        let mut names = HashSet::new();
        match self.facts.metrics.iter().find(|metric| !names.insert(metric.name.as_str())) {
            Some(metric) => Err(format!("metric `{}` comes twice", metric.name)),
            None => Ok(()),
        }
    }

    fn class(&self, index: Option<u32>, what: impl Fn() -> String) -> Result<(), String> {
        in_range(index, self.facts.classes.len(), "classes", what)
    }

    fn function(&self, index: Option<u32>, what: impl Fn() -> String) -> Result<(), String> {
        in_range(index, self.facts.functions.len(), "functions", what)
    }
}

fn in_range(index: Option<u32>, count: usize, list: &str, what: impl Fn() -> String) -> Result<(), String> {
    match index {
        Some(index) if index as usize >= count => {
            Err(format!("{} is {index}, but the file has {count} {list}", what()))
        }
        _ => Ok(()),
    }
}

fn before(outer: Option<u32>, index: usize, what: impl Fn() -> String) -> Result<(), String> {
    match outer {
        Some(outer) if outer as usize >= index => {
            Err(format!("{} is {outer}, which does not stand before it", what()))
        }
        _ => Ok(()),
    }
}

fn consistent(resolution: &Resolution, what: impl Fn() -> String) -> Result<(), String> {
    status_fits(resolution.status, resolution.target.is_some(), what)
}

fn status_fits(status: ResolutionStatus, has_target: bool, what: impl Fn() -> String) -> Result<(), String> {
    match (status == ResolutionStatus::Resolved, has_target) {
        (true, false) => Err(format!("{} is resolved, but has no target", what())),
        (false, true) => Err(format!("{} has a target, but is {}", what(), status.as_str())),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Symbols differ as ids: an id keeps 62 of the key's 64 bits.
fn distinct<'a>(symbols: impl Iterator<Item = (SymbolKey, &'a str)>, list: &str) -> Result<(), String> {
    let id = |symbol| EntityId::symbol(RepositoryId::default(), FileKey::default(), symbol);
    let mut seen = HashMap::new();
    for (symbol, name) in symbols {
        if let Some(other) = seen.insert(id(symbol), name) {
            return Err(format!("the {list} `{other}` and `{name}` have the same symbol key"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Annotation, Base, Call, Class, Dependency, Function, Import, Metric};

    fn file() -> TransformedAst {
        TransformedAst::new("a.py".into())
    }

    fn message(facts: TransformedAst) -> String {
        let error = validate_facts(&facts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert_eq!(error.context().next(), Some(("path", "a.py")));
        error.message().to_owned()
    }

    fn function(symbol: u64, name: &str) -> Function {
        Function { symbol: SymbolKey(symbol), qualified_name: name.into(), ..Function::default() }
    }

    #[test]
    fn a_file_comes_once_in_a_batch() {
        let twice = Batch { files: vec![Arc::new(file()), Arc::new(file())], ..Batch::default() };
        assert_eq!(validate_batch(&twice).unwrap_err().message(), "the batch holds this file twice");
        let both = Batch { files: vec![Arc::new(file())], removed: vec!["a.py".into()], ..Batch::default() };
        assert!(validate_batch(&both).is_err());
        let once = Batch { files: vec![Arc::new(file())], removed: vec!["b.py".into()], ..Batch::default() };
        assert!(validate_batch(&once).is_ok());
    }

    #[test]
    fn facts_need_a_path() {
        assert!(validate_facts(&TransformedAst::default()).is_err());
    }

    #[test]
    fn an_index_beyond_its_list_is_named() {
        let call = Call { function: Some(1), ..Call::default() };
        assert_eq!(
            message(TransformedAst { functions: vec![function(1, "f")], calls: vec![call], ..file() }),
            "function of call 0 is 1, but the file has 1 functions"
        );
        let base = Base { class: 0, ..Base::default() };
        assert!(message(TransformedAst { bases: vec![base], ..file() }).contains("class of base 0 is 0"));
        let annotation = Annotation { owner: Owner::Class(2), ..Annotation::default() };
        assert!(message(TransformedAst { annotations: vec![annotation], ..file() }).contains("annotation 0"));
    }

    #[test]
    fn what_encloses_stands_before_what_is_enclosed() {
        let own_parent = Function { parent: Some(0), ..function(1, "f") };
        assert!(message(TransformedAst { functions: vec![own_parent], ..file() }).contains("before"));
        let own_outer = Class { outer: Some(0), ..Class::default() };
        assert!(message(TransformedAst { classes: vec![own_outer], ..file() }).contains("before"));
    }

    #[test]
    fn a_target_is_there_exactly_when_the_status_is_resolved() {
        let resolution = Resolution { status: ResolutionStatus::Resolved, ..Resolution::default() };
        let import = Import { resolution, ..Import::default() };
        assert_eq!(
            message(TransformedAst { imports: vec![import], ..file() }),
            "import 0 is resolved, but has no target"
        );
        let dependency = Dependency { target: Some(FileKey(1)), ..Dependency::default() };
        assert_eq!(
            message(TransformedAst { dependencies: vec![dependency], ..file() }),
            "dependency 0 has a target, but is unresolved"
        );
    }

    #[test]
    fn symbols_and_metrics_are_distinct() {
        let functions = vec![function(1, "f"), function(1, "g")];
        assert_eq!(
            message(TransformedAst { functions, ..file() }),
            "the functions `f` and `g` have the same symbol key"
        );
        let metric = Metric { name: "m".into(), ..Metric::default() };
        assert!(message(TransformedAst { metrics: vec![metric.clone(), metric], ..file() }).contains("`m`"));
    }
}

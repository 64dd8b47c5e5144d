//! What staged rows define and refer to: found out while they are encoded, so that looking for dangling references costs a
//! look into a set instead of a join.

use std::collections::{HashMap, HashSet};

use snake_pipe_core::schema::{Cell, TableId};
use uuid::Uuid;

/// Ids by kind of entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Files, functions and classes that the rows define.
    pub(super) defined: ByKind<HashSet<Uuid>>,
    /// Files, functions and classes that the rows refer to, each with the file it is in.
    pub(super) targets: ByKind<HashMap<Uuid, Uuid>>,
}

/// One of each for the kinds of entity that have ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ByKind<T> {
    pub(super) files: T,
    pub(super) functions: T,
    pub(super) classes: T,
}

/// Where the ids of targets stand in the rows of a table.
struct TargetColumns {
    file: usize,
    function: Option<usize>,
    class: Option<usize>,
}

impl Marks {
    /// Takes note of a row.
    pub(super) fn see(&mut self, table: TableId, cells: &[Cell<'_>]) {
        match table {
            TableId::Files => self.defined.files.extend(id(cells, 0)),
            TableId::Functions => self.defined.functions.extend(id(cells, 0)),
            TableId::Classes => self.defined.classes.extend(id(cells, 0)),
            _ => {}
        }
        let Some(columns) = target_columns(table) else { return };
        let Some(file) = id(cells, columns.file) else { return };
        self.targets.files.insert(file, file);
        if let Some(function) = columns.function.and_then(|column| id(cells, column)) {
            self.targets.functions.insert(function, file);
        }
        if let Some(class) = columns.class.and_then(|column| id(cells, column)) {
            self.targets.classes.insert(class, file);
        }
    }

    /// Adds those of a batch, after taking away what its files defined before.
    pub(super) fn add(&mut self, other: Self, forgotten: &ByKind<HashSet<Uuid>>) {
        self.defined.files.retain(|id| !forgotten.files.contains(id));
        self.defined.functions.retain(|id| !forgotten.functions.contains(id));
        self.defined.classes.retain(|id| !forgotten.classes.contains(id));
        self.defined.files.extend(other.defined.files);
        self.defined.functions.extend(other.defined.functions);
        self.defined.classes.extend(other.defined.classes);
        self.targets.files.extend(other.targets.files);
        self.targets.functions.extend(other.targets.functions);
        self.targets.classes.extend(other.targets.classes);
    }

    /// Targets that no staged row defines, each with its file.
    pub(super) fn elsewhere(&self) -> ByKind<Vec<(Uuid, Uuid)>> {
        let missing = |targets: &HashMap<Uuid, Uuid>, defined: &HashSet<Uuid>| {
            targets.iter().filter(|(id, _)| !defined.contains(id)).map(|(id, file)| (*id, *file)).collect()
        };
        ByKind {
            files: missing(&self.targets.files, &self.defined.files),
            functions: missing(&self.targets.functions, &self.defined.functions),
            classes: missing(&self.targets.classes, &self.defined.classes),
        }
    }
}

fn id(cells: &[Cell<'_>], column: usize) -> Option<Uuid> {
    match cells.get(column) {
        Some(Cell::Uuid(id)) => Some(*id),
        _ => None,
    }
}

fn target_columns(table: TableId) -> Option<TargetColumns> {
    // The positions are those of `TABLES`; a test compares them.
    match table {
        TableId::Imports => Some(TargetColumns { file: 16, function: Some(17), class: Some(18) }),
        TableId::Inheritance => Some(TargetColumns { file: 11, function: None, class: Some(12) }),
        TableId::Calls => Some(TargetColumns { file: 13, function: Some(14), class: Some(15) }),
        TableId::Dependencies => Some(TargetColumns { file: 4, function: None, class: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_tables() {
        for id in TableId::ALL {
            let table = id.table();
            match target_columns(*id) {
                None => assert_eq!(table.position("target_file_id"), None, "{}", table.name),
                Some(columns) => {
                    assert_eq!(table.position("target_file_id"), Some(columns.file), "{}", table.name);
                    assert_eq!(table.position("target_function_id"), columns.function, "{}", table.name);
                    assert_eq!(table.position("target_class_id"), columns.class, "{}", table.name);
                }
            }
        }
    }

    #[test]
    fn a_target_that_no_row_defines_is_elsewhere() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut marks = Marks::default();
        marks.see(TableId::Files, &[Cell::Uuid(own)]);
        let mut dependency = [Cell::Null; 10];
        dependency[4] = Cell::Uuid(own);
        marks.see(TableId::Dependencies, &dependency);
        dependency[4] = Cell::Uuid(other);
        marks.see(TableId::Dependencies, &dependency);
        assert_eq!(marks.elsewhere().files, [(other, other)]);
    }

    #[test]
    fn what_a_file_defined_before_is_forgotten() {
        let id = Uuid::from_u128(1);
        let mut marks = Marks::default();
        marks.defined.functions.insert(id);
        let forgotten = ByKind { functions: HashSet::from([id]), ..ByKind::default() };
        marks.add(Marks::default(), &forgotten);
        assert!(marks.defined.functions.is_empty());
    }
}

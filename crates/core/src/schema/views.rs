//! The views for people who read: rows with their repository, path and language, and with names instead of ids.

use super::{Column, TableId};

/// A view.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What a row stands for, in a sentence.
    pub description: &'static str,
    /// Its columns, in order.
    pub columns: &'static [ViewColumn],
}

/// A column of a view.
#[derive(Clone, Copy, Debug)]
pub struct ViewColumn {
    /// Its name.
    pub name: &'static str,
    meaning: Meaning,
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// That of a table's column.
    Of(TableId, &'static str),
    Own(&'static str),
}

impl ViewColumn {
    /// What it means, with the unit.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self.meaning {
            Meaning::Own(text) => text,
            Meaning::Of(table, column) => {
                let is_it = |candidate: &&Column| candidate.name == column;
                table.table().columns.iter().find(is_it).map_or("", |column| column.description)
            }
        }
    }
}

const fn own(name: &'static str, description: &'static str) -> ViewColumn {
    ViewColumn { name, meaning: Meaning::Own(description) }
}

macro_rules! views {
    ($($name:literal $description:literal $main:ident {
        $($column:literal $(= $table:ident . $of:literal)? $(: $text:literal)?,)+
    })+) => {
        /// Every view, in the order in which they are made.
        pub static VIEWS: &[View] = &[$(View {
            name: $name,
            description: $description,
            columns: &[$(views!(@column $main $column $(= $table . $of)? $(: $text)?)),+],
        },)+];
    };
    (@column $main:ident $column:literal) => {
        ViewColumn { name: $column, meaning: Meaning::Of(TableId::$main, $column) }
    };
    (@column $main:ident $column:literal = $table:ident . $of:literal) => {
        ViewColumn { name: $column, meaning: Meaning::Of(TableId::$table, $of) }
    };
    (@column $main:ident $column:literal : $text:literal) => {
        own($column, $text)
    };
}

views! {
    "file_details" "Files with their repository." Files {
        "repository_id",
        "repository" = Repositories."name",
        "ref_name" = Repositories."ref_name",
        "file_id",
        "file_path",
        "file_name",
        "directory",
        "extension",
        "language",
        "namespace",
        "size_bytes",
        "hash_md5",
        "total_lines",
        "code_lines",
        "comment_lines",
        "blank_lines",
        "is_test",
        "is_vendored",
        "is_generated",
        "parse_status",
        "skip_reason",
        "function_count",
        "class_count",
        "last_modified",
        "created_at",
        "updated_at",
    }
    "function_details" "Functions with their file, class and repository." Functions {
        "repository_id",
        "repository" = Repositories."name",
        "ref_name" = Repositories."ref_name",
        "file_id",
        "file_path" = Files."file_path",
        "language" = Files."language",
        "function_id",
        "kind",
        "name",
        "qualified_name",
        "class_id",
        "class_name": "The qualified name of that class.",
        "signature",
        "line_start",
        "line_end",
        "return_type",
        "parameter_count",
        "complexity",
        "complexity_mccabe",
        "complexity_radon",
        "complexity_lizard",
        "cognitive_complexity",
        "max_nesting",
        "code_lines",
        "visibility",
        "modifiers",
        "is_abstract",
        "is_static",
        "is_async",
        "is_test",
        "is_exported",
        "is_entry_point",
        "is_override",
        "is_vendored" = Files."is_vendored",
        "is_generated" = Files."is_generated",
        "doc_string",
    }
    "class_details" "Classes with their file, enclosing class, parent class and repository." Classes {
        "repository_id",
        "repository" = Repositories."name",
        "ref_name" = Repositories."ref_name",
        "file_id",
        "file_path" = Files."file_path",
        "language" = Files."language",
        "class_id",
        "kind",
        "name",
        "qualified_name",
        "namespace",
        "outer_class_id",
        "outer_class_name": "The qualified name of that class.",
        "parent_class_id": "The first class that it says it extends, where that is in the repository.",
        "parent_class_name": "The qualified name of that class; where it is not in the repository, the name in the source.",
        "line_start",
        "line_end",
        "visibility",
        "modifiers",
        "is_abstract",
        "is_interface",
        "is_final",
        "is_static",
        "is_exported",
        "is_inner",
        "method_count",
        "field_count",
        "doc_string",
    }
    "call_details" "Call sites with their file, caller, target and repository." Calls {
        "repository_id",
        "repository" = Repositories."name",
        "ref_name" = Repositories."ref_name",
        "file_id",
        "file_path" = Files."file_path",
        "language" = Files."language",
        "ordinal",
        "line_number",
        "column_number",
        "caller_function_id" = Calls."function_id",
        "caller_name": "The qualified name of that function.",
        "kind",
        "callee_name",
        "callee_text": "The callee as written.",
        "argument_count",
        "status",
        "origin",
        "candidates",
        "target_file_id",
        "target_file_path": "The path of that file.",
        "target_function_id",
        "target_class_id",
        "target_name": "The qualified name of the function, macro or class it was resolved to.",
    }
    "dependency_details" "Dependencies with the paths of both files and the repository." Dependencies {
        "repository_id",
        "repository" = Repositories."name",
        "ref_name" = Repositories."ref_name",
        "source_file_id",
        "source_file_path": "The path of that file.",
        "source_language": "The language of that file.",
        "ordinal",
        "dependency_type",
        "status",
        "target_file_id",
        "target_file_path": "The path of that file.",
        "target_language": "The language of that file.",
        "target_module",
        "strength",
        "site_count",
        "line_number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_meaning() {
        for view in VIEWS {
            for column in view.columns {
                assert!(!column.description().is_empty(), "{}.{}", view.name, column.name);
            }
        }
    }
}

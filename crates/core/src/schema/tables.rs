//! The tables and their columns.

use super::{
    Column,
    ColumnType::{self, BigInt, Boolean, Double, Integer, Json, Text, Timestamp, Uuid},
    Table, Unit,
};

const fn column(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: false, volatile: false, description }
}

const fn nullable(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: true, volatile: false, description }
}

const fn volatile(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: true, volatile: true, description }
}

/// A column of a table's key that records when or by which run the row was written.
const fn stamp(name: &'static str, column_type: ColumnType, description: &'static str) -> Column {
    Column { name, column_type, nullable: false, volatile: true, description }
}

macro_rules! tables {
    ($($id:ident $name:literal $unit:ident key $key:tt $description:literal { $($column:expr,)+ })+) => {
        /// A table of [`TABLES`], in the same order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TableId {
            $(#[doc = $description] $id,)+
        }

        impl TableId {
            /// Every table, in dependency order: none refers to a later one by a foreign key within its file.
            pub const ALL: &'static [Self] = &[$(Self::$id),+];

            /// Its definition.
            #[must_use]
            pub const fn table(self) -> &'static Table {
                &TABLES[self as usize]
            }
        }

        /// Every table, in dependency order.
        pub static TABLES: &[Table] = &[$(Table {
            name: $name,
            description: $description,
            unit: Unit::$unit,
            key: &$key,
            columns: &[$($column,)+],
        },)+];
    };
}

const REPOSITORY_ID: Column =
    column("repository_id", BigInt, "The repository and ref; part of every key; see `repositories`.");
const FILE_ID: Column = column("file_id", Uuid, "The file; see `files`.");
const CREATED_AT: Column = volatile("created_at", Timestamp, "When this row was first written.");
const UPDATED_AT: Column = volatile("updated_at", Timestamp, "When this row was last changed.");
const LINE_START: Column =
    nullable("line_start", Integer, "First line, from 1; NULL where the producer did not say.");
const LINE_END: Column = nullable("line_end", Integer, "Last line, from 1.");
const COLUMN_START: Column = nullable("column_start", Integer, "Column of the first byte, from 1, in bytes.");
const COLUMN_END: Column = nullable("column_end", Integer, "Column behind the last byte, from 1, in bytes.");
const LINE_NUMBER: Column =
    nullable("line_number", Integer, "Line, from 1; NULL where the producer did not say.");
const COLUMN_NUMBER: Column = nullable("column_number", Integer, "Column, from 1, in bytes.");
const VISIBILITY: Column = column(
    "visibility",
    Text,
    "public, protected, internal (package, module, crate), private or unspecified.",
);
const MODIFIERS: Column = nullable("modifiers", Text, "Modifiers as written, separated by spaces.");
const METADATA: Column = nullable("metadata", Json, "What a pipeline added: a JSON object.");
const STATUS: Column = column("status", Text, "resolved, ambiguous, external, stdlib or unresolved.");
const ORIGIN: Column = column(
    "origin",
    Text,
    "The rule that decided: none, scope, member, inherited, import, package, include, path, alias, stdlib_list or producer.",
);
const CANDIDATES: Column = column(
    "candidates",
    Integer,
    "How many targets fitted: 1 when resolved, 2 or more when ambiguous, else 0.",
);
const HISTORY_SNAPSHOT: Column =
    stamp("snapshot_id", Uuid, "The snapshot that this change led to; see `snapshots`.");
const CHANGE: Column = column("change", Text, "added, changed or removed.");
const CHANGED_AT: Column = stamp("changed_at", Timestamp, "When it became visible, as `snapshots` has it.");
const TARGET_FILE: Column =
    nullable("target_file_id", Uuid, "The file it was resolved to; exactly when the status is resolved.");

tables! {
    Repositories "repositories" Repository key ["repository_id"] "One line of history: a project and a ref." {
        column("repository_id", BigInt, "Identity: a hash of name and ref, below 2^53."),
        column("name", Text, "The normalised remote (github.com/org/app), or the directory's name."),
        column("ref_name", Text, "The branch or other ref; empty where the source has none."),
        nullable("remote", Text, "The remote without credentials."),
        volatile("root", Text, "The directory that was loaded last."),
        volatile("fence_number", BigInt, "Rises with every load that begins."),
        volatile("fence_owner", Uuid, "The load that may publish."),
        volatile("marker", Uuid, "The last publication."),
        volatile("snapshot_id", Uuid, "The state the tables show; see `snapshots`."),
        CREATED_AT,
        UPDATED_AT,
    }
    Snapshots "snapshots" Repository key ["snapshot_id", "repository_id"] "The state of a repository as one run saw it." {
        column("snapshot_id", Uuid, "Identity: the publication's marker."),
        REPOSITORY_ID,
        nullable("commit_hash", Text, "The commit that was checked out."),
        nullable("branch", Text, "The branch that was checked out."),
        nullable("is_dirty", Boolean, "Whether the files differed from the commit."),
        nullable("positions", Json, "How far the sources had been read that the repository is filled from."),
        column("producer_version", Text, "What extraction and transformation the facts went through."),
        column("file_count", BigInt, "Files held after this publication."),
        volatile("published_at", Timestamp, "When it became visible."),
    }
    MetricDefinitions "metric_definitions" Database key ["metric_name"] "What the names in `metrics` and the measures of `functions` mean." {
        column("metric_name", Text, "The metric's name."),
        column("metric_type", Text, "count, ratio or score."),
        column("unit", Text, "What is counted, or the range."),
        column("description", Text, "The definition, with its source."),
    }
    Files "files" File key ["file_id", "repository_id"] "A source file; skipped and failed ones are rows too." {
        column("file_id", Uuid, "Identity, from repository and path."),
        REPOSITORY_ID,
        column("file_path", Text, "Path relative to the root; bytes that are not UTF-8 show as \\xHH."),
        nullable("path_bytes", Text, "The path's bytes in hexadecimal, where they are not UTF-8."),
        column("file_name", Text, "The last part of the path."),
        column("directory", Text, "The path without its last part; empty at the root."),
        nullable("extension", Text, "What follows the last dot of the name."),
        column("language", Text, "java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown."),
        nullable("namespace", Text, "The package, module or namespace the file declares."),
        nullable("size_bytes", BigInt, "Size in bytes."),
        nullable("hash_md5", Text, "MD5 of the content in hexadecimal."),
        column("content_hash", Text, "First 128 bits of the content's BLAKE3 hash, or a digest of the facts, in hexadecimal."),
        nullable("link_hash", Text, "Digest of what the file's references resolved to; NULL asks for linking again."),
        column("producer_version", Text, "What extraction and transformation the facts went through."),
        nullable("total_lines", Integer, "All lines."),
        nullable("code_lines", Integer, "Lines with code on them."),
        nullable("comment_lines", Integer, "Lines with nothing but comment."),
        nullable("blank_lines", Integer, "Lines with nothing but white space."),
        column("is_test", Boolean, "Holds tests, by the rules of discovery."),
        column("is_vendored", Boolean, "Copied in from somebody else, by the rules of discovery."),
        column("is_generated", Boolean, "Written by a program, by the rules of discovery."),
        column("parse_status", Text, "parsed, partial (errors inside), skipped or failed."),
        nullable("skip_reason", Text, "Why it was skipped or failed."),
        column("function_count", Integer, "Number of its functions."),
        column("class_count", Integer, "Number of its classes."),
        nullable("complexity", Integer, "Sum of its functions' cyclomatic complexities; NULL where none is known."),
        nullable("ast_content", Json, "The outline or the syntax tree, as configured."),
        METADATA,
        volatile("last_modified", Timestamp, "When the file was last modified, by its file system."),
        CREATED_AT,
        UPDATED_AT,
    }
    Classes "classes" File key ["class_id", "repository_id"] "A type: class, interface, trait, struct, union, enum, record, object, annotation or alias." {
        column("class_id", Uuid, "Identity, from repository, path, kind, qualified name and ordinal."),
        REPOSITORY_ID,
        FILE_ID,
        nullable("outer_class_id", Uuid, "The class that encloses it."),
        column("kind", Text, "class, interface, trait, struct, union, enum, record, object, annotation or type_alias."),
        column("name", Text, "The bare name."),
        column("qualified_name", Text, "The name with what encloses it."),
        column("ordinal", Integer, "Number among equals of its file, from 0."),
        nullable("namespace", Text, "The package, module or namespace."),
        LINE_START,
        LINE_END,
        COLUMN_START,
        COLUMN_END,
        nullable("type_parameters", Text, "Type parameters as written."),
        VISIBILITY,
        MODIFIERS,
        column("is_abstract", Boolean, "No objects can be made of it."),
        column("is_interface", Boolean, "It is an interface, trait or annotation."),
        column("is_final", Boolean, "It cannot be inherited from."),
        column("is_static", Boolean, "It belongs to no object of the enclosing class."),
        column("is_exported", Boolean, "Seen outside its file or module, by the rule of its language."),
        column("is_inner", Boolean, "Another class or a function encloses it."),
        column("method_count", Integer, "Number of its own functions."),
        column("field_count", Integer, "Number of its own fields."),
        nullable("doc_string", Text, "The documentation that stands with it."),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    }
    Functions "functions" File key ["function_id", "repository_id"] "A function, method, constructor, accessor, named closure or function-like macro." {
        column("function_id", Uuid, "Identity, from repository, path, kind, qualified name and ordinal."),
        REPOSITORY_ID,
        FILE_ID,
        nullable("class_id", Uuid, "The class it belongs to."),
        nullable("parent_function_id", Uuid, "The function that encloses it."),
        column("kind", Text, "function, method, constructor, destructor, accessor, operator, closure or macro."),
        column("name", Text, "The bare name."),
        column("qualified_name", Text, "The name with what encloses it."),
        column("ordinal", Integer, "Number among equals of its file, from 0."),
        nullable("signature", Text, "The head as the source has it, white space folded."),
        LINE_START,
        LINE_END,
        COLUMN_START,
        COLUMN_END,
        nullable("return_type", Text, "The declared return type."),
        column("parameter_count", Integer, "Number of parameters, receivers included where written."),
        nullable("complexity", Integer, "Cyclomatic complexity, from 1; see `metric_definitions`."),
        nullable("complexity_mccabe", Integer, "Cyclomatic complexity as mccabe 0.7 counts it; Python alone."),
        nullable("complexity_radon", Integer, "Cyclomatic complexity as radon 6.0 counts it; Python alone."),
        nullable("complexity_lizard", Integer, "Cyclomatic complexity as lizard 1.17 counts it; C, C++, Go, Java, JavaScript, Python."),
        nullable("cognitive_complexity", Integer, "Cognitive complexity, from 0; see `metric_definitions`."),
        nullable("max_nesting", Integer, "Depth of the deepest control structure inside, from 0."),
        nullable("code_lines", Integer, "Lines with code on them."),
        nullable("name_mentions", Integer, "How often the file says its name besides the definitions of that name, comments aside."),
        nullable("body_shape", BigInt, "Digest of its text with all names and numbers taken for alike; NULL for short functions."),
        VISIBILITY,
        MODIFIERS,
        column("is_abstract", Boolean, "Declared without a body."),
        column("is_static", Boolean, "Belongs to the class, not to its objects."),
        column("is_async", Boolean, "Asynchronous."),
        column("is_test", Boolean, "A test, by the conventions of its language."),
        column("is_exported", Boolean, "Seen outside its file or module, by the rule of its language."),
        column("is_entry_point", Boolean, "Called from outside the code: main, and what run-times and frameworks call."),
        column("is_override", Boolean, "Takes the place of a method of a base, or is what a base promises."),
        nullable("doc_string", Text, "The documentation that stands with it."),
        nullable("source_code", Text, "The source text, where it was asked for."),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    }
    Parameters "parameters" File key ["function_id", "ordinal", "repository_id"] "A parameter of a function." {
        column("function_id", Uuid, "The function."),
        column("ordinal", Integer, "Position, from 0."),
        REPOSITORY_ID,
        FILE_ID,
        column("name", Text, "The name; empty where the source gives none."),
        nullable("type", Text, "The declared type."),
        nullable("default_value", Text, "The default value's text."),
        column("kind", Text, "ordinary, positional_only, keyword_only, variadic, keyword_variadic or receiver."),
    }
    Fields "fields" File key ["class_id", "ordinal", "repository_id"] "A field, property, enum constant or variant of a class." {
        column("class_id", Uuid, "The class."),
        column("ordinal", Integer, "Position, from 0."),
        REPOSITORY_ID,
        FILE_ID,
        column("name", Text, "The name."),
        nullable("type", Text, "The declared type."),
        nullable("default_value", Text, "The initial value's text."),
        VISIBILITY,
        MODIFIERS,
        column("is_static", Boolean, "Belongs to the class, not to its objects."),
        column("is_final", Boolean, "Cannot be assigned again."),
        LINE_NUMBER,
    }
    Annotations "annotations" File key ["file_id", "ordinal", "repository_id"] "An annotation, attribute or decorator." {
        FILE_ID,
        column("ordinal", Integer, "Position in the file, from 0."),
        REPOSITORY_ID,
        nullable("function_id", Uuid, "The function it stands at."),
        nullable("class_id", Uuid, "The class it stands at; both NULL for the file."),
        column("name", Text, "The name without marks."),
        nullable("arguments", Text, "The text between its parentheses."),
        LINE_NUMBER,
        COLUMN_NUMBER,
    }
    Comments "comments" File key ["file_id", "ordinal", "repository_id"] "A comment." {
        FILE_ID,
        column("ordinal", Integer, "Position in the file, from 0."),
        REPOSITORY_ID,
        column("kind", Text, "line, block or doc."),
        nullable("marker", Text, "TODO, FIXME, XXX or HACK, the first it holds."),
        LINE_START,
        LINE_END,
        nullable("text", Text, "The text with its marks, where it was asked for."),
    }
    Metrics "metrics" File key ["file_id", "metric_name", "repository_id"] "A measure of a file." {
        FILE_ID,
        column("metric_name", Text, "The metric; see `metric_definitions`."),
        REPOSITORY_ID,
        column("metric_value", Double, "The value."),
        column("metric_type", Text, "count, ratio or score."),
        volatile("calculated_at", Timestamp, "When it was calculated."),
    }
    ParseIssues "parse_issues" File key ["file_id", "ordinal", "repository_id"] "A piece of a file that could not be understood or stored as it was." {
        FILE_ID,
        column("ordinal", Integer, "Position in the list, from 0."),
        REPOSITORY_ID,
        column("kind", Text, "syntax_error, missing_token, invalid_utf8, nul_byte, truncated, unreadable, over_limit, refused or key_collision."),
        column("message", Text, "What is wrong, in words."),
        LINE_START,
        LINE_END,
        COLUMN_START,
        COLUMN_END,
    }
    Imports "imports" File key ["file_id", "ordinal", "repository_id"] "An import of a module or of one name." {
        FILE_ID,
        column("ordinal", Integer, "Position in the file, from 0."),
        REPOSITORY_ID,
        column("kind", Text, "module, name, wildcard, include, re_export or dynamic."),
        column("raw", Text, "The statement as written, white space folded."),
        column("module", Text, "The module as written."),
        nullable("name", Text, "The name taken from it."),
        nullable("alias", Text, "The name given to it here, where it differs."),
        column("is_relative", Boolean, "The module is given relative to this file."),
        column("is_type_only", Boolean, "Types alone are imported."),
        column("is_system", Boolean, "A system search path was asked for."),
        LINE_NUMBER,
        COLUMN_NUMBER,
        STATUS,
        ORIGIN,
        CANDIDATES,
        TARGET_FILE,
        nullable("target_function_id", Uuid, "The function in that file, where one was named."),
        nullable("target_class_id", Uuid, "The class in that file, where one was named."),
    }
    Inheritance "inheritance" File key ["class_id", "ordinal", "repository_id"] "A base class or interface that a class names." {
        column("class_id", Uuid, "The class."),
        column("ordinal", Integer, "Position among the bases of the class, from 0."),
        REPOSITORY_ID,
        FILE_ID,
        column("kind", Text, "extends, implements, mixin or embeds."),
        column("base_name", Text, "The base's name as written, without type arguments."),
        nullable("base_text", Text, "The base as written, where it differs from the name."),
        LINE_NUMBER,
        STATUS,
        ORIGIN,
        CANDIDATES,
        TARGET_FILE,
        nullable("target_class_id", Uuid, "The class it was resolved to."),
    }
    Calls "calls" File key ["file_id", "ordinal", "repository_id"] "A call site." {
        FILE_ID,
        column("ordinal", Integer, "Position in the file, from 0."),
        REPOSITORY_ID,
        nullable("function_id", Uuid, "The innermost enclosing function; NULL at the top level."),
        column("kind", Text, "function, method, constructor or macro."),
        column("callee_name", Text, "The last name of the callee."),
        nullable("callee_text", Text, "The callee as written, where it differs from the name."),
        column("argument_count", Integer, "Number of arguments written."),
        LINE_NUMBER,
        COLUMN_NUMBER,
        STATUS,
        ORIGIN,
        CANDIDATES,
        TARGET_FILE,
        nullable("target_function_id", Uuid, "The function or macro it was resolved to."),
        nullable("target_class_id", Uuid, "The class it was resolved to, where that has no constructor of its own."),
    }
    Dependencies "dependencies" File key ["source_file_id", "ordinal", "repository_id"] "What a file depends on, derived from its imports, bases and calls." {
        column("source_file_id", Uuid, "The file that depends."),
        column("ordinal", Integer, "Position in the list, from 0."),
        REPOSITORY_ID,
        column("dependency_type", Text, "import, inheritance, interface_implementation, composition, function_call, method_call or data_dependency."),
        nullable("target_file_id", Uuid, "The file it depends on; exactly when the status is resolved."),
        nullable("target_module", Text, "The module as written, where it is not a file of the repository."),
        STATUS,
        column("strength", Double, "Share of the file's sites of this type that this target has, between 0 and 1."),
        column("site_count", Integer, "Number of sites."),
        LINE_NUMBER,
    }
    FileHistory "file_history" History key ["snapshot_id", "file_id", "repository_id", "changed_at"] "A file whose content a load changed; a repository's first snapshot changes nothing." {
        HISTORY_SNAPSHOT,
        column("file_id", Uuid, "The file; see `files`, where it is there still."),
        REPOSITORY_ID,
        column("file_path", Text, "Its path."),
        column("language", Text, "Its language; see `files`."),
        CHANGE,
        nullable("lines_before", Integer, "All lines before; NULL where it was added."),
        nullable("lines_after", Integer, "All lines after; NULL where it was removed."),
        nullable("code_lines_before", Integer, "Lines with code on them before."),
        nullable("code_lines_after", Integer, "Lines with code on them after."),
        nullable("function_count_before", Integer, "Number of its functions before."),
        nullable("function_count_after", Integer, "Number of its functions after."),
        nullable("complexity_before", Integer, "Sum of its functions' cyclomatic complexities before."),
        nullable("complexity_after", Integer, "Sum of its functions' cyclomatic complexities after."),
        CHANGED_AT,
    }
    FunctionHistory "function_history" History key ["snapshot_id", "file_id", "function_id", "repository_id", "changed_at"] "A function that a load changed, in a file whose content it changed; where it stands is no change." {
        HISTORY_SNAPSHOT,
        column("function_id", Uuid, "The function; see `functions`, where it is there still."),
        REPOSITORY_ID,
        column("file_id", Uuid, "Its file; see `file_history`."),
        column("qualified_name", Text, "The name with what encloses it."),
        column("kind", Text, "Its kind; see `functions`."),
        CHANGE,
        nullable("lines_before", Integer, "Lines from first to last before; NULL where it was added."),
        nullable("lines_after", Integer, "Lines from first to last after; NULL where it was removed."),
        nullable("complexity_before", Integer, "Cyclomatic complexity before."),
        nullable("complexity_after", Integer, "Cyclomatic complexity after."),
        nullable("cognitive_complexity_before", Integer, "Cognitive complexity before."),
        nullable("cognitive_complexity_after", Integer, "Cognitive complexity after."),
        CHANGED_AT,
    }
    DerivedTables "derived_tables" Derived key ["repository_id", "table_name"] "From which snapshot a derived table was made: it is up to date where that is the repository's." {
        REPOSITORY_ID,
        column("table_name", Text, "The derived table."),
        column("snapshot_id", Uuid, "The snapshot it was made from; see `snapshots`."),
        volatile("calculated_at", Timestamp, "When it was calculated."),
    }
    FunctionFanIn "function_fan_in" Derived key ["function_id", "repository_id"] "How often a function is called; functions that no resolved call reaches have no row." {
        column("function_id", Uuid, "The function that is called; see `functions`."),
        REPOSITORY_ID,
        column("call_sites", BigInt, "Resolved call sites."),
        column("calling_functions", BigInt, "Functions that hold one."),
    }
    FunctionFanOut "function_fan_out" Derived key ["function_id", "repository_id"] "How much a function calls; functions without a resolved call have no row." {
        column("function_id", Uuid, "The function that calls; see `functions`."),
        REPOSITORY_ID,
        FILE_ID,
        column("called_functions", BigInt, "Functions of the repository that it calls."),
        column("call_sites", BigInt, "Resolved call sites."),
    }
    ImportCycles "import_cycles" Derived key ["file_id", "repository_id"] "A file that imports itself through others." {
        FILE_ID,
        REPOSITORY_ID,
        column("cycle", Integer, "Number of the group of files that reach each other, from 1, largest first."),
        column("file_count", Integer, "Files of that group."),
    }
    ModuleDependencies "module_dependencies" Derived key ["repository_id", "source_directory", "target_directory"] "A directory with files that depend on files of another." {
        REPOSITORY_ID,
        column("source_directory", Text, "The directory that depends; see `files`."),
        column("target_directory", Text, "The directory it depends on."),
        column("edge_count", BigInt, "Rows of `dependencies` between their files."),
    }
    UnusedImports "unused_imports" Derived key ["file_id", "ordinal", "repository_id"] "An imported function or class whose name is found nowhere in what is recorded of the file." {
        FILE_ID,
        column("ordinal", Integer, "Position of the import in the file; see `imports`."),
        REPOSITORY_ID,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_names_columns_that_may_not_be_null() {
        for table in TABLES {
            for key in table.key {
                let column = &table.columns[table.position(key).unwrap()];
                assert!(!column.nullable, "{}.{key}", table.name);
            }
        }
    }

    #[test]
    fn every_table_but_the_databases_own_holds_the_repository() {
        for table in TABLES {
            assert_eq!(
                table.position("repository_id").is_none(),
                table.unit == Unit::Database,
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn ids_name_their_table() {
        for (index, id) in TableId::ALL.iter().enumerate() {
            assert_eq!(id.table().name, TABLES[index].name);
        }
    }
}

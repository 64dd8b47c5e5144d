//! The queries by name.

use super::{Finish, NamedQuery, ParameterDefault, QueryParameter};

const fn text(name: &'static str, default: ParameterDefault, help: &'static str) -> QueryParameter {
    QueryParameter { name, is_integer: false, is_list: false, default, help }
}

const fn number(name: &'static str, default: &'static str, help: &'static str) -> QueryParameter {
    let default = ParameterDefault::Value(default);
    QueryParameter { name, is_integer: true, is_list: false, default, help }
}

const REPOSITORY: QueryParameter =
    text("repository", ParameterDefault::Any, "only this repository: NAME for all its refs, or NAME@REF");
const LIMIT: QueryParameter = number("limit", "20", "so many rows at most");
const FUNCTION: QueryParameter =
    text("function", ParameterDefault::Required, "a function's name or qualified name");
const FILES: QueryParameter = QueryParameter {
    is_list: true,
    ..text("files", ParameterDefault::Required, "paths of files, separated by commas")
};
const CONFIDENCE: QueryParameter =
    text("confidence", ParameterDefault::Value("high"), "high: private functions alone; low: others too");
const DEPTH: QueryParameter = number("depth", "10", "so many steps at most");

const WORDS: QueryParameter = text(
    "words",
    ParameterDefault::Required,
    "words, or beginnings of words; camelCase and snake_case are taken apart",
);
const FROM: QueryParameter = text(
    "from",
    ParameterDefault::Any,
    "the state before: a snapshot's id, or a commit; the one before `to` unless given",
);
const TO: QueryParameter = text(
    "to",
    ParameterDefault::Any,
    "the state after: a snapshot's id, or a commit; the current one unless given",
);

macro_rules! queries {
    ($($name:literal $finish:ident [$($parameter:expr),*] $(derived $tables:expr,)? $question:literal)+) => {
        /// Every named query, sorted by name.
        pub static QUERIES: &[NamedQuery] = &[$({
            let query = NamedQuery {
                name: $name,
                question: $question,
                parameters: &[REPOSITORY, LIMIT $(, $parameter)*],
                derived: &[],
                template: include_str!(concat!("../../queries/", $name, ".sql")),
                derived_template: None,
                finish: Finish::$finish,
            };
            $(
                let query = NamedQuery {
                    derived: $tables,
                    derived_template: Some(include_str!(concat!("../../queries/", $name, ".derived.sql"))),
                    ..query
                };
            )?
            query
        },)+];
    };
}

queries! {
    "blast-radius" Nearest [FILES, DEPTH]
        "What may a change of these files reach? Every file that depends on one of them, directly or through others, with its least distance; nearest first."
    "callers" Rows [FUNCTION]
        "Who calls this function? Resolved call sites, with their lines."
    "callers-transitive" Nearest [FUNCTION, DEPTH]
        "Who calls this function, directly or through others? Each caller with its least distance; nearest first. Without a name it is the file, outside its functions."
    "complex-functions" Rows []
        "Which functions are the most complex? By cyclomatic complexity."
    "complexity-by-module" Rows []
        "Which modules hold the most complexity? A module is a directory; the sum of its functions' cyclomatic complexities."
    "deepest-inheritance" Rows []
        "Which classes stand at the end of the longest chains of bases within the repository?"
    "external-packages" Rows []
        "Which packages outside the repository are imported, and by how many files?"
    "fan-in" Rows [] derived &["function_fan_in"],
        "Which functions are called from the most places?"
    "fan-out" Rows [] derived &["function_fan_out"],
        "Which functions call the most other functions of the repository?"
    "files-by-language" Rows []
        "How many files, bytes, lines, functions and classes are there in each language?"
    "god-classes" Rows [number("methods", "20", "so many methods at least")]
        "Which classes do too much? Those with many methods, by their methods' total complexity."
    "hotspots" Rows []
        "Where does a mistake cost most? Among a repository's 500 most complex functions that are neither test, vendored nor generated: complexity × (1 + call sites)."
    "import-cycles" Cycles [] derived &["import_cycles"],
        "Which files import each other in a circle? Each group of mutually reachable files, largest first; limit counts groups."
    "instability" Rows [] derived &["module_dependencies"],
        "Which modules change when others do? A module is a directory; instability is the share of modules it depends on among all it is connected with, from 0 (only depended on) to 1 (only depending). R. C. Martin, Agile Software Development, 2002."
    "largest-changes" Rows [FROM, TO]
        "Which files changed the most between two snapshots? By how much their complexity and then their number of lines grew or shrank; a file that came and went in between is left out. Snapshots further back than `history_retention_days` are not known."
    "largest-functions" Rows []
        "Which functions have the most lines?"
    "near-duplicates" Rows [number("lines", "8", "so many lines of code at least")]
        "Which functions are the same but for names, numbers and comments? Each with the number of copies; those with the most lines in copies first. Tests, vendored and generated files left out."
    "packages-across-repositories" Rows []
        "Which outside packages do several repositories import? Those of the most repositories first."
    "parse-coverage" Rows []
        "How much was understood? Files and bytes by language and parse status, with the reason for what was skipped."
    "public-api" Rows []
        "What does the repository offer to others? Exported classes and functions of the current snapshot, by file; tests, vendored and generated files left out."
    "search-names" Words [WORDS]
        "Which functions and classes have these words in their names? Each word begins one of the name, in camelCase or snake_case; the name itself first, then the shortest ones."
    "search-paths" Words [WORDS]
        "Which files have these words in their paths? Each word begins one of the path, in camelCase or snake_case; those with all words in the file's name first, then the shortest ones."
    "todos" Rows []
        "Where do comments say TODO, FIXME, XXX or HACK?"
    "undocumented-functions" Rows []
        "Which public functions have no documentation? The most complex first; tests, vendored and generated files left out."
    "unresolved-imports" Rows []
        "Which imports could not be resolved to a file, a package or the standard library?"
    "untested-complex-functions" Rows [number("complexity", "10", "so complex at least")]
        "Which complex functions does no test call? Outside tests, vendored and generated files, those without a resolved call from a test; the most complex first."
    "unused-functions" Rows [CONFIDENCE]
        "Which functions does nothing call, import or mention? With high confidence those that only their own file can use: private ones whose name the file says nowhere else; with low confidence others too, whose names no call and no import of the repository has. Left out are tests, entry points, what overrides, what is abstract or annotated, vendored and generated files. The longest first."
    "unused-imports" Rows [] derived &["unused_imports"],
        "Which imported functions and classes are never called, inherited from, or named in a signature, field or annotation of the file? Candidates: other uses are not recorded."
}

//! Which extraction made the facts.

use snake_pipe_core::{Language, id::Digest};

use crate::{
    languages::LANGUAGES,
    parsed::{AstMode, DEFAULT_MAX_TREE_BYTES, ParseOptions},
};

/// The version of what this crate makes of a file. It rises with every change of facts: what was loaded with another one
/// is loaded anew.
pub const EXTRACTOR_VERSION: &str = "5";

/// Digest of the sources and grammars of this build. The caches are keyed by it: unlike what a database holds, they need
/// not outlive a build.
const BUILD_DIGEST: &str = env!("SNAKE_PIPE_EXTRACT_DIGEST");

/// What a load with these options is compared by: [`EXTRACTOR_VERSION`], and every option that gives other facts.
#[must_use]
pub fn producer_version(options: &ParseOptions) -> String {
    let mut version = version_with_languages();
    match options.ast {
        AstMode::Outline => {}
        AstMode::None => version.push_str("+ast=none"),
        AstMode::Full => version.push_str("+ast=full"),
    }
    if options.store_source {
        version.push_str("+source");
    }
    if options.max_tree_bytes != DEFAULT_MAX_TREE_BYTES {
        version.push_str(&format!("+tree={}", options.max_tree_bytes));
    }
    if !options.function_macros.is_empty() {
        let macros: Vec<String> = options.function_macros.iter().map(ToString::to_string).collect();
        let digest = Digest::of(macros.join("\n").as_bytes()).to_string();
        version.push_str(&format!("+macros={}", &digest[..8]));
    }
    version
}

/// What the caches of this build are keyed by.
pub(crate) fn build_version() -> String {
    format!("{} {BUILD_DIGEST}", version_with_languages())
}

/// The version together with the languages that were left out of this build: their files are of no known language.
fn version_with_languages() -> String {
    let is_left_out = |language: &Language| {
        *language != Language::Unknown && !LANGUAGES.iter().any(|rules| rules.language == *language)
    };
    let left_out = Language::ALL.into_iter().filter(is_left_out);
    left_out.fold(EXTRACTOR_VERSION.to_owned(), |version, language| format!("{version}-{language}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_change_facts_change_the_version() {
        let plain = ParseOptions::default();
        let version = producer_version(&plain);
        assert!(version.starts_with(EXTRACTOR_VERSION));
        assert_ne!(version, producer_version(&ParseOptions { ast: AstMode::Full, ..plain.clone() }));
        assert_ne!(version, producer_version(&ParseOptions { store_source: true, ..plain.clone() }));
        assert_ne!(version, producer_version(&ParseOptions { max_tree_bytes: 1 << 20, ..plain.clone() }));
        let with = |text: &str| {
            let function_macros = vec![text.parse().unwrap()];
            producer_version(&ParseOptions { function_macros, ..plain.clone() })
        };
        assert_ne!(version, with("ISR=void {1}"));
        assert_ne!(with("ISR=void {1}"), with("ISR=int {1}"));
    }
}

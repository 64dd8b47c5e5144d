//! What a load needs of the configuration, for the command line and for programs that embed it.

use std::path::{Path, PathBuf};

use snake_pipe_core::{Error, ErrorKind, Language, Result};
use snake_pipe_extract::{
    AstMode, CacheLocation, ExtractOptions, ParseOptions,
    discover::{DEFAULT_MAX_FILE_BYTES, DiscoverOptions},
};

use crate::config::{BackendSettings, Config};

/// What flags say over the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtractFlags {
    /// `--language`, each; empty for what the configuration says.
    pub languages: Vec<String>,
    /// `--ast`.
    pub ast: Option<String>,
    /// `--store-source`.
    pub store_source: bool,
}

/// How a source tree is extracted; the databases that are written do not belong to it.
///
/// # Errors
/// `Configuration` for an unknown language or mode.
pub fn extract_options(
    config: &Config,
    flags: &ExtractFlags,
    backends: &[BackendSettings],
) -> Result<ExtractOptions> {
    let languages = match flags.languages.is_empty() {
        true => config.list("extract.languages"),
        false => flags.languages.clone(),
    };
    let languages = languages.iter().map(|name| name.parse()).collect::<Result<Vec<Language>>>()?;
    let ast = flags.ast.as_deref().or_else(|| config.text("extract.ast")).unwrap_or("outline");
    let ast = match ast {
        "none" => AstMode::None,
        "outline" => AstMode::Outline,
        "full" => AstMode::Full,
        other => {
            return Err(Error::new(ErrorKind::Configuration, format!("--ast does not take `{other}`"))
                .with_help("it takes none, outline or full"));
        }
    };
    Ok(ExtractOptions {
        discover: DiscoverOptions {
            max_file_bytes: config.integer("extract.max_file_bytes").unwrap_or(DEFAULT_MAX_FILE_BYTES),
            include_hidden: config.bool("extract.include_hidden"),
            heed_ignore_files: config.bool("extract.heed_ignore_files"),
            languages,
            excluded: backends.iter().filter_map(|backend| database_file(&backend.url)).collect(),
        },
        parse: ParseOptions { ast, store_source: flags.store_source || config.bool("extract.store_source") },
        cache: cache_location(config),
        threads: config.integer("load.threads").and_then(|threads| threads.try_into().ok()).unwrap_or(0),
        ..ExtractOptions::default()
    })
}

/// Where parsed facts are kept between runs.
#[must_use]
pub fn cache_location(config: &Config) -> CacheLocation {
    match config.text("extract.cache_dir") {
        Some(directory) if !directory.is_empty() => CacheLocation::Directory(directory.into()),
        _ => CacheLocation::Default,
    }
}

/// The directory of [`cache_location`]; the system's temporary one where no home is known.
#[must_use]
pub fn cache_directory(config: &Config) -> PathBuf {
    cache_location(config).directory().unwrap_or_else(std::env::temp_dir)
}

/// The absolute path of an embedded database's file.
fn database_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?.split('?').next()?;
    let path = path.strip_prefix("//").unwrap_or(path);
    std::path::absolute(Path::new(path)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_configuration() {
        let variables = [("SNAKE_PIPE_EXTRACT__LANGUAGES", "java,go"), ("SNAKE_PIPE_EXTRACT__AST", "none")];
        let config =
            Config::read(None, None, variables.map(|(key, value)| (key.to_owned(), value.to_owned())))
                .unwrap();
        let options = extract_options(&config, &ExtractFlags::default(), &[]).unwrap();
        assert_eq!(options.discover.languages, [Language::Java, Language::Go]);
        assert_eq!(options.parse.ast, AstMode::None);
        let flags =
            ExtractFlags { languages: vec!["c".into()], ast: Some("full".into()), ..ExtractFlags::default() };
        let options = extract_options(&config, &flags, &[]).unwrap();
        assert_eq!(options.discover.languages, [Language::C]);
        assert_eq!(options.parse.ast, AstMode::Full);
    }

    #[test]
    fn the_database_that_is_written_does_not_belong_to_the_tree() {
        let config = Config::read(None, None, []).unwrap();
        let backend =
            BackendSettings { name: None, url: "sqlite:a.db?mode=rwc".into(), options: Default::default() };
        let options = extract_options(&config, &ExtractFlags::default(), &[backend]).unwrap();
        assert_eq!(options.discover.excluded, [std::env::current_dir().unwrap().join("a.db")]);
    }
}

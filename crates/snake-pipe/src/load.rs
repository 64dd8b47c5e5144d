//! What a load needs of the configuration, for the command line and for programs that embed it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use snake_pipe_coordinator::{
    BreakerOptions, CoordinatorOptions, Policy, RetryOptions, ReturnOptions, Timeouts,
};
use snake_pipe_core::{Error, ErrorKind, Language, Result};
use snake_pipe_extract::{
    AstMode, CacheLocation, DEFAULT_MAX_TREE_BYTES, ExtractOptions, ParseOptions,
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
    let function_macros = config.list("extract.function_macros");
    let function_macros = function_macros.iter().map(|text| text.parse()).collect::<Result<_>>()?;
    Ok(ExtractOptions {
        discover: DiscoverOptions {
            max_file_bytes: config.integer("extract.max_file_bytes").unwrap_or(DEFAULT_MAX_FILE_BYTES),
            include_hidden: config.bool("extract.include_hidden"),
            heed_ignore_files: config.bool("extract.heed_ignore_files"),
            languages,
            excluded: backends.iter().filter_map(|backend| database_file(&backend.url)).collect(),
        },
        parse: ParseOptions {
            ast,
            store_source: flags.store_source || config.bool("extract.store_source"),
            max_tree_bytes: config.integer("extract.max_tree_bytes").unwrap_or(DEFAULT_MAX_TREE_BYTES),
            function_macros,
        },
        cache: cache_location(config),
        threads: config.integer("load.threads").and_then(|threads| threads.try_into().ok()).unwrap_or(0),
        ..ExtractOptions::default()
    })
}

/// How a run into so many backends goes about its work.
///
/// # Errors
/// `Configuration` for options that make no sense together.
pub fn coordinator_options(config: &Config, backends: usize) -> Result<CoordinatorOptions> {
    let defaults = CoordinatorOptions::default();
    let number = |key: &str, default: usize| {
        config.integer(key).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
    };
    let seconds = |key: &str, default: Duration| config.integer(key).map_or(default, Duration::from_secs);
    let millis = |key: &str, default: Duration| config.integer(key).map_or(default, Duration::from_millis);
    let policy = match config.text("load.policy") {
        Some("quorum") => Policy::Quorum(number("load.quorum", backends / 2 + 1)),
        Some(policy) => policy.parse()?,
        None => Policy::All,
    };
    let (retry, timeouts) = (defaults.retry, defaults.timeouts);
    Ok(CoordinatorOptions {
        policy,
        batch_bytes: number("load.batch_bytes", defaults.batch_bytes),
        batch_age: millis("load.batch_age_ms", defaults.batch_age),
        lane_bytes: number("load.lane_bytes", defaults.lane_bytes),
        lag_limit: seconds("load.lag_limit_seconds", defaults.lag_limit),
        lag_percent: small(config, "load.lag_percent", defaults.lag_percent),
        retry: RetryOptions {
            attempts: small(config, "load.retry_attempts", retry.attempts),
            base: millis("load.retry_base_ms", retry.base),
            cap: seconds("load.retry_cap_seconds", retry.cap),
            total: seconds("load.retry_total_seconds", retry.total),
        },
        timeouts: Timeouts {
            connect: seconds("load.connect_timeout_seconds", timeouts.connect),
            read: seconds("load.read_timeout_seconds", timeouts.read),
            write: seconds("load.timeout_seconds", timeouts.write),
            publish: seconds("load.publish_timeout_seconds", timeouts.publish),
        },
        returning: ReturnOptions {
            within: seconds("load.return_within_seconds", defaults.returning.within),
            ask_every: millis("load.return_ask_every_ms", defaults.returning.ask_every),
        },
        max_replays: small(config, "load.max_replays", defaults.max_replays),
        max_refused_files: number("load.max_refused_files", defaults.max_refused_files),
        check_integrity: config.bool("load.check_integrity"),
    })
}

/// When the circuit breakers of a run open and close.
#[must_use]
pub fn breaker_options(config: &Config) -> BreakerOptions {
    let defaults = BreakerOptions::default();
    BreakerOptions {
        failures: small(config, "load.breaker_failures", defaults.failures),
        open_for: config.integer("load.breaker_open_seconds").map_or(defaults.open_for, Duration::from_secs),
        half_open_calls: small(config, "load.breaker_half_open_calls", defaults.half_open_calls),
        successes: small(config, "load.breaker_successes", defaults.successes),
    }
}

fn small(config: &Config, key: &str, default: u32) -> u32 {
    config.integer(key).map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
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
    fn what_the_configuration_says_about_failures_is_what_a_run_does() {
        let variables = [
            ("BATCH_AGE_MS", "250"),
            ("LAG_LIMIT_SECONDS", "7"),
            ("LAG_PERCENT", "50"),
            ("POLICY", "quorum"),
            ("PUBLISH_TIMEOUT_SECONDS", "11"),
            ("QUORUM", "1"),
            ("RETRY_BASE_MS", "5"),
            ("RETURN_ASK_EVERY_MS", "200"),
            ("RETURN_WITHIN_SECONDS", "30"),
            ("BREAKER_FAILURES", "9"),
        ];
        let variables = variables.map(|(key, value)| (format!("SNAKE_PIPE_LOAD__{key}"), value.to_owned()));
        let config = Config::read(None, None, variables).unwrap();
        let options = coordinator_options(&config, 3).unwrap();
        assert_eq!((options.policy, options.lag_limit), (Policy::Quorum(1), Duration::from_secs(7)));
        assert_eq!(options.lag_percent, 50);
        assert_eq!(options.timeouts.publish, Duration::from_secs(11));
        assert_eq!(options.retry.base, Duration::from_millis(5));
        assert_eq!(options.returning.within, Duration::from_secs(30));
        assert_eq!(options.returning.ask_every, Duration::from_millis(200));
        assert_eq!(options.batch_age, Duration::from_millis(250));
        assert_eq!(breaker_options(&config).failures, 9);
    }

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_coordinator() {
        let config = Config::read(None, None, []).unwrap();
        assert_eq!(coordinator_options(&config, 2).unwrap(), CoordinatorOptions::default());
        assert_eq!(breaker_options(&config), BreakerOptions::default());
    }

    #[test]
    fn the_database_that_is_written_does_not_belong_to_the_tree() {
        let config = Config::read(None, None, []).unwrap();
        let backend = BackendSettings {
            name: None,
            url: "sqlite:a.db?mode=rwc".into(),
            options: Default::default(),
            route: Default::default(),
        };
        let options = extract_options(&config, &ExtractFlags::default(), &[backend]).unwrap();
        assert_eq!(options.discover.excluded, [std::env::current_dir().unwrap().join("a.db")]);
    }
}

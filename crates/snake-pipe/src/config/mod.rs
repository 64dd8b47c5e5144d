//! The configuration: a file, then the environment, then flags, each over the one before, every value with its origin.

mod keys;
mod layers;
mod routes;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use snake_pipe_coordinator::Route;
use snake_pipe_core::{Error, ErrorKind, Result, options::nearest, secret::redacted_url};

pub use keys::{KEYS, Key, KeyKind};
pub use layers::{Layers, Origin, Setting};

/// The file that is read where no other is named.
pub const DEFAULT_FILE: &str = "snake-pipe.toml";

/// The environment's prefix.
pub const PREFIX: &str = "SNAKE_PIPE_";

/// The backend that is used where nothing names one.
pub const DEFAULT_URL: &str = "sqlite:snake-pipe.db";

/// Where a backend's address and options come from. `Debug` redacts what must not be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct BackendSettings {
    /// Its name in the configuration; none for a URL on the command line.
    pub name: Option<String>,
    /// Its address, credentials included.
    pub url: String,
    /// Its options as written.
    pub options: BTreeMap<String, String>,
    /// Which files it takes.
    pub route: Route,
}

impl fmt::Debug for BackendSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |(key, value): (&String, &String)| (key.clone(), Setting::new(value, Origin::Default).shown(key));
        f.debug_struct("BackendSettings")
            .field("name", &self.name)
            .field("url", &redacted_url(&self.url))
            .field("options", &self.options.iter().map(shown).collect::<BTreeMap<_, _>>())
            .field("route", &self.route)
            .finish()
    }
}

/// The settings of one program run.
#[derive(Clone, Debug)]
pub struct Config {
    layers: Layers,
    file: Option<PathBuf>,
    profile: Option<String>,
}

impl Config {
    /// Reads the file (`path`, or [`DEFAULT_FILE`] if there is one), overlays the profile, and takes in the environment.
    ///
    /// # Errors
    /// `Configuration` or `Io`, naming file, key and valid choices.
    pub fn read(
        path: Option<&Path>,
        profile: Option<&str>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let default = Path::new(DEFAULT_FILE);
        let path = path.or_else(|| default.exists().then_some(default));
        let mut layers = Layers::default();
        match path {
            Some(path) => layers.read_file(path, profile)?,
            None if profile.is_some() => {
                return Err(Error::new(ErrorKind::Configuration, "a profile needs a configuration file")
                    .with_help("write one with `snake-pipe config init`, or name it with --config"));
            }
            None => {}
        }
        layers.read_environment(environment)?;
        Ok(Self { layers, file: path.map(Path::to_owned), profile: profile.map(str::to_owned) })
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The profile that was laid over it.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Every setting with its origin, sorted by key; defaults included.
    #[must_use]
    pub fn settings(&self) -> Vec<(String, Setting)> {
        let mut settings: BTreeMap<String, Setting> = KEYS
            .iter()
            .filter_map(|key| Some((key.name.to_owned(), Setting::new(key.default?, Origin::Default))))
            .collect();
        settings.extend(self.layers.iter().map(|(key, setting)| (key.to_owned(), setting.clone())));
        settings.into_iter().collect()
    }

    /// The value of a key of [`KEYS`]: the last layer's, or the default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let default = || KEYS.iter().find(|key| key.name == name).and_then(|key| key.default);
        self.layers.get(name).map(|setting| setting.value.as_str()).or_else(default)
    }

    /// The value of a key that is `true` or `false`.
    #[must_use]
    pub fn bool(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The value of a key that is a whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The values of a key that is a list.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// The names under `[backends.…]`, sorted.
    #[must_use]
    pub fn backend_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .layers
            .iter()
            .filter_map(|(key, _)| {
                key.strip_prefix("backends.")?.split_once('.').map(|(name, _)| name.to_owned())
            })
            .collect();
        names.dedup();
        names
    }

    /// The backends that a command works on: those given, else `load.to`, else `SNAKE_PIPE_DATABASE_URL`, else
    /// `DATABASE_URL`, else [`DEFAULT_URL`].
    ///
    /// # Errors
    /// `Configuration` for a name that is not configured, and for a backend that is given twice.
    pub fn backends(&self, given: &[String]) -> Result<Vec<BackendSettings>> {
        let configured = self.list("load.to");
        let chosen = match (given.is_empty(), configured.is_empty()) {
            (false, _) => given.to_vec(),
            (true, false) => configured,
            (true, true) => vec![self.layers.fallback_url().unwrap_or(DEFAULT_URL).to_owned()],
        };
        let backends = chosen.iter().map(|choice| self.backend(choice)).collect::<Result<Vec<_>>>()?;
        for (index, backend) in backends.iter().enumerate() {
            // Two loads of one repository into one database: the second would take it over from the first.
            if backends[..index].iter().any(|other| place_of(&other.url) == place_of(&backend.url)) {
                let url = redacted_url(&backend.url);
                return Err(Error::new(ErrorKind::Configuration, format!("`{url}` is given twice"))
                    .with_help("name each backend once"));
            }
        }
        Ok(backends)
    }

    /// The backend of this name, or at this URL.
    ///
    /// # Errors
    /// `Configuration` for a name that is not configured.
    pub fn backend(&self, choice: &str) -> Result<BackendSettings> {
        let prefix = format!("backends.{choice}.");
        let mut options: BTreeMap<String, String> = self
            .layers
            .iter()
            .filter_map(|(key, setting)| Some((key.strip_prefix(&prefix)?.to_owned(), setting.value.clone())))
            .collect();
        if options.is_empty() {
            if choice.contains(':') {
                let (url, route) = (choice.to_owned(), Route::default());
                return Ok(BackendSettings { name: None, url, options, route });
            }
            return Err(self.unknown_backend(choice));
        }
        let route =
            routes::take_route(&mut options).map_err(|error| error.with_context("backend", choice))?;
        let url = match options.remove("url") {
            Some(url) => url,
            None => url_of_parts(choice, &mut options)?,
        };
        Ok(BackendSettings { name: Some(choice.to_owned()), url, options, route })
    }

    fn unknown_backend(&self, choice: &str) -> Error {
        let names = self.backend_names();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let help = match (nearest(choice, &names), names.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) => {
                format!("configured are {}; or give a URL such as {DEFAULT_URL}", names.join(", "))
            }
            (None, true) => format!(
                "no backend has a name yet: give a URL such as {DEFAULT_URL}, or write [backends.{choice}] into {DEFAULT_FILE}"
            ),
        };
        Error::new(ErrorKind::Configuration, format!("no backend is named `{choice}`")).with_help(help)
    }
}

/// The URL, or for an embedded database the file it leads to: `a.db` and `./a.db` are one.
fn place_of(url: &str) -> String {
    let Some(path) = url.strip_prefix("sqlite:") else { return url.to_owned() };
    let path = path.split('?').next().unwrap_or(path);
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    let found = path.canonicalize().or_else(|_| std::path::absolute(path));
    found.map_or_else(|_| url.to_owned(), |path| path.components().collect::<PathBuf>().display().to_string())
}

/// A PostgreSQL URL from `host`, `port`, `database` and `username`; a password stays an option of its own.
fn url_of_parts(name: &str, options: &mut BTreeMap<String, String>) -> Result<String> {
    let host = options.remove("host").ok_or_else(|| {
        Error::new(ErrorKind::Configuration, format!("backend `{name}` has neither a url nor a host"))
            .with_help(format!("write `url = \"postgres://user@host/database\"` under [backends.{name}]"))
    })?;
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    (byte as char).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let user = options.remove("username").map(|user| format!("{}@", encode(&user))).unwrap_or_default();
    let port = options.remove("port").map(|port| format!(":{port}")).unwrap_or_default();
    let database = options.remove("database").map(|name| format!("/{}", encode(&name))).unwrap_or_default();
    // A host that begins with a slash is a directory of Unix sockets.
    Ok(match host.starts_with('/') {
        true => {
            let port = port.strip_prefix(':').map(|port| format!("&port={port}")).unwrap_or_default();
            format!("postgres://{user}localhost{database}?host={}{port}", encode(&host))
        }
        false => format!("postgres://{user}{host}{port}{database}"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use snake_pipe_core::Language;

    use super::*;

    fn config(toml: &str, profile: Option<&str>, environment: &[(&str, &str)]) -> Result<Config> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(toml.as_bytes()).unwrap();
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::read(Some(file.path()), profile, environment)
    }

    #[test]
    fn each_layer_lies_over_the_one_before() {
        let toml = "[load]\nthreads = 3\n[profiles.big.load]\nthreads = 16\n";
        assert_eq!(config(toml, None, &[]).unwrap().integer("load.threads"), Some(3));
        assert_eq!(config(toml, Some("big"), &[]).unwrap().integer("load.threads"), Some(16));
        let environment = [("SNAKE_PIPE_LOAD__THREADS", "2")];
        assert_eq!(config(toml, Some("big"), &environment).unwrap().integer("load.threads"), Some(2));
    }

    #[test]
    fn a_misspelt_key_names_the_file_and_the_nearest_key() {
        let error = config("[load]\nthread = 3\n", None, &[]).unwrap_err();
        assert_eq!(error.message(), "unknown key `load.thread`");
        assert!(error.help().unwrap().contains("did you mean `load.threads`?"));
        assert!(error.to_string().contains("file: "));
    }

    #[test]
    fn a_wrong_value_says_what_would_be_right() {
        let error = config("[load]\nthreads = \"many\"\n", None, &[]).unwrap_err();
        assert!(error.help().unwrap().contains("a whole number"));
    }

    #[test]
    fn an_unknown_profile_names_those_there_are() {
        let error = config("[profiles.production.load]\nthreads = 1\n", Some("prod"), &[]).unwrap_err();
        assert!(error.help().unwrap().contains("production"));
    }

    #[test]
    fn the_chosen_backend_falls_back_in_a_fixed_order() {
        let url = |config: &Config, given: &[&str]| {
            let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
            config.backends(&given).unwrap().remove(0).url
        };
        let environment = [("DATABASE_URL", "postgres://b/"), ("SNAKE_PIPE_DATABASE_URL", "postgres://a/")];
        let toml = "[load]\nto = [\"nightly\"]\n[backends.nightly]\nurl = \"sqlite:n.db\"\n";
        assert_eq!(url(&config(toml, None, &environment).unwrap(), &["memory:"]), "memory:");
        assert_eq!(url(&config(toml, None, &environment).unwrap(), &[]), "sqlite:n.db");
        assert_eq!(url(&config("", None, &environment).unwrap(), &[]), "postgres://a/");
        assert_eq!(url(&config("", None, &environment[..1]).unwrap(), &[]), "postgres://b/");
        assert_eq!(url(&config("", None, &[]).unwrap(), &[]), "sqlite:snake-pipe.db");
    }

    #[test]
    fn a_backend_may_be_given_in_parts() {
        let toml = "[backends.a]\nhost = \"db\"\nport = 5433\nusername = \"me@x\"\ndatabase = \"code\"\npool_size = 5\n";
        let backend = config(toml, None, &[]).unwrap().backend("a").unwrap();
        assert_eq!(backend.url, "postgres://me%40x@db:5433/code");
        assert_eq!(backend.options, BTreeMap::from([("pool_size".to_owned(), "5".to_owned())]));
    }

    #[test]
    fn a_backend_may_have_a_route() {
        let toml = "[backends.a]\nurl = \"memory:\"\n[backends.a.route]\nlanguages = [\"python\", \"c\"]\n\
                    paths = [\"src/**/*.{py,c}\", \"!src/old/**\"]\n";
        let backend = config(toml, None, &[]).unwrap().backend("a").unwrap();
        assert_eq!(backend.route.languages, [Language::Python, Language::C]);
        assert_eq!(backend.route.paths, ["src/**/*.{py,c}", "!src/old/**"]);
        assert_eq!(backend.options, BTreeMap::new());
        let environment = [("SNAKE_PIPE_BACKENDS__A__ROUTE__LANGUAGES", "java")];
        let backend = config(toml, None, &environment).unwrap().backend("a").unwrap();
        assert_eq!(backend.route.languages, [Language::Java]);
    }

    #[test]
    fn a_wrong_route_names_the_backend_and_what_is_wrong() {
        let toml = |rule: &str| format!("[backends.a]\nurl = \"memory:\"\n[backends.a.route]\n{rule}\n");
        let error = config(&toml("path = [\"a\"]"), None, &[]).unwrap_err();
        assert!(error.help().unwrap().contains("did you mean `paths`?"), "{error:?}");
        for rule in ["languages = [\"cobol\"]", "paths = [\"a[\"]"] {
            let error = config(&toml(rule), None, &[]).unwrap().backend("a").unwrap_err();
            assert!(error.to_string().contains("backend: a"), "{error}");
        }
    }

    /// How many cases are tried: what `PROPTEST_CASES` says, else as many as every run of the tests has time for.
    fn cases() -> proptest::prelude::ProptestConfig {
        let cases = std::env::var("PROPTEST_CASES").map_or(200, |text| text.parse().unwrap());
        proptest::prelude::ProptestConfig { cases, failure_persistence: None, ..Default::default() }
    }

    proptest::proptest! {
        #![proptest_config(cases())]

        #[test]
        fn any_file_and_any_environment_is_read_or_says_what_is_wrong(
            lines in proptest::collection::vec(
                proptest::prop_oneof![
                    "\\PC{0,40}",
                    "\\[(load|backends\\.a|backends\\.a\\.route|profiles\\.p\\.load|log)\\]",
                    "(threads|policy|to|url|paths|languages|host|password) = (3|true|\"x\"|\\[\"a\\[\", 1\\]|\"\\*\\{\")",
                ],
                0..8,
            ),
            variable in "(LOAD__THREADS|BACKENDS__A__URL|BACKENDS__A__ROUTE__PATHS|X|__|LOAD__)",
            value in "\\PC{0,20}",
        ) {
            let environment = [(format!("{PREFIX}{variable}"), value)];
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(lines.join("\n").as_bytes()).unwrap();
            match Config::read(Some(file.path()), Some("p"), environment.clone())
                .or_else(|_| Config::read(Some(file.path()), None, environment))
            {
                Ok(config) => {
                    for name in config.backend_names() {
                        if let Err(error) = config.backend(&name) {
                            proptest::prop_assert_eq!(error.kind(), ErrorKind::Configuration);
                        }
                    }
                }
                Err(error) => {
                    proptest::prop_assert_eq!(error.kind(), ErrorKind::Configuration);
                    proptest::prop_assert!(!error.message().is_empty());
                }
            }
        }
    }

    #[test]
    fn an_unknown_backend_says_how_to_name_one() {
        let error = config("", None, &[]).unwrap().backend("nightly").unwrap_err();
        assert!(error.help().unwrap().contains("[backends.nightly]"));
    }
}

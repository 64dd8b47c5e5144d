//! The URL: what in it is ours, what the driver's, and how many servers it names.

use std::net::IpAddr;

use snake_pipe_core::{
    Error, ErrorKind, Result,
    options::{BackendOptions, nearest},
};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::service;
use crate::options::OPTIONS;

/// How a URL is written.
pub(super) const HELP: &str =
    "write postgres://USER@HOST:5432/DATABASE; letters such as @ / : in a password as %HH";

/// Parameters of the URL's query that the driver understands itself.
const DRIVER_PARAMETERS: &[&str] =
    &["host", "hostaddr", "port", "dbname", "user", "password", "sslcert", "sslkey", "options"];

/// A URL in two parts.
pub(super) struct Split {
    /// What the driver understands.
    pub(super) driver: String,
    /// Our own options.
    pub(super) own: Vec<(String, String)>,
}

/// The URL once for each server that it names: `a:1,b:2` in the place of the host, or `host=a,b&port=1,2` in the query, where
/// one port may stand for all.
pub(super) fn one_host_each(given: &str) -> Result<Vec<String>> {
    let Some((scheme, rest)) = given.split_once("://") else { return Ok(vec![given.to_owned()]) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if authority.contains('@') { "@" } else { "" };
    let urls = hosts.split(',').map(|host| format!("{scheme}://{user}{at}{host}{tail}"));
    let mut all = Vec::new();
    for url in urls {
        all.extend(one_host_of_query_each(url)?);
    }
    Ok(all)
}

fn one_host_of_query_each(url: String) -> Result<Vec<String>> {
    let Some((base, query)) = url.split_once('?') else { return Ok(vec![url]) };
    let list = |name: &str| -> Vec<&str> {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map_or_else(Vec::new, |text| text.split(',').flat_map(|text| text.split("%2C")).collect())
    };
    let (hosts, ports) = (list("host"), list("port"));
    if hosts.len() < 2 {
        return Ok(vec![url]);
    }
    if ports.len() > 1 && ports.len() != hosts.len() {
        let message = format!("the URL has {} ports for {} hosts", ports.len(), hosts.len());
        return Err(Error::new(ErrorKind::Configuration, message)
            .with_help("give each host its port, in the same order, or one port for all"));
    }
    let others: Vec<_> = query
        .split('&')
        .filter(|pair| !(pair.starts_with("host=") || ports.len() > 1 && pair.starts_with("port=")))
        .collect();
    let of_host = |(index, host): (usize, &&str)| {
        let mut pairs = vec![format!("host={host}")];
        if ports.len() > 1 {
            pairs.push(format!("port={}", ports[index]));
        }
        pairs.extend(others.iter().map(|pair| (*pair).to_owned()));
        format!("{base}?{}", pairs.join("&"))
    };
    Ok(hosts.iter().enumerate().map(of_host).collect())
}

/// The URL without what is ours, and what is ours; both with what a service of libpq adds.
pub(super) fn split(given: &str, options: &BackendOptions) -> Result<Split> {
    let mut url = Url::parse(given).map_err(|source| {
        Error::new(ErrorKind::Configuration, "the URL cannot be read").with_source(source).with_help(HELP)
    })?;
    // Read as the name of a database it would be shown, with the password in it.
    if !url.has_authority() && url.path().contains('@') {
        return Err(
            Error::new(ErrorKind::Configuration, "the URL lacks `//` before the user").with_help(HELP)
        );
    }
    let (mut own, mut driver) = (Vec::new(), Vec::new());
    let mut service = options.text("service").map(str::to_owned).or_else(|| std::env::var("PGSERVICE").ok());
    for (key, value) in url.query_pairs() {
        let key = if key == "schema" { "schema_name".into() } else { key };
        if key == "service" {
            service = Some(value.into_owned());
        } else if OPTIONS.iter().any(|option| option.name == key) {
            own.push((key.into_owned(), value.into_owned()));
        } else if DRIVER_PARAMETERS.contains(&&*key) || key.starts_with("options[") {
            driver.push((key.into_owned(), value.into_owned()));
        } else {
            return Err(unknown_parameter(&key));
        }
    }
    if let Some(name) = service {
        add_service(&service::read(&name)?, &url, &mut own, &mut driver);
    }
    url.set_query(None);
    if !driver.is_empty() {
        url.query_pairs_mut().extend_pairs(driver);
    }
    Ok(Split { driver: url.into(), own })
}

/// Adds what a service says and the URL does not.
fn add_service(
    service: &[(String, String)],
    url: &Url,
    own: &mut Vec<(String, String)>,
    driver: &mut Vec<(String, String)>,
) {
    let in_url = |key: &str| match key {
        "host" | "hostaddr" => url.host_str().is_some_and(|host| !host.is_empty()),
        "port" => url.port().is_some(),
        "dbname" => !url.path().trim_start_matches('/').is_empty(),
        "user" => !url.username().is_empty(),
        "password" => url.password().is_some(),
        _ => false,
    };
    for (key, value) in service {
        let pair = (key.clone(), value.clone());
        let is_given = in_url(key) || own.iter().chain(driver.iter()).any(|(given, _)| given == key);
        if is_given {
            continue;
        }
        if OPTIONS.iter().any(|option| option.name == key) {
            own.push(pair);
        } else if DRIVER_PARAMETERS.contains(&key.as_str()) {
            driver.push(pair);
        } else {
            tracing::debug!(key, "a parameter of the service file is not used");
        }
    }
}

fn unknown_parameter(key: &str) -> Error {
    let names: Vec<&str> = OPTIONS
        .iter()
        .map(|option| option.name)
        .chain(["schema", "service"])
        .chain(DRIVER_PARAMETERS.iter().copied())
        .collect();
    let near = nearest(key, &names).map_or(String::new(), |name| format!("did you mean `{name}`? "));
    Error::new(ErrorKind::Configuration, format!("the URL has an unknown parameter `{key}`"))
        .with_help(format!("{near}parameters are {}", names.join(", ")))
}

/// Host and port of a server, or folder and port of its socket.
pub(super) fn host_name(connect: &PgConnectOptions) -> String {
    match connect.get_socket() {
        Some(socket) => format!("{}:{}", socket.display(), connect.get_port()),
        None => format!("{}:{}", connect.get_host(), connect.get_port()),
    }
}

/// Whether what is sent stays on this machine.
pub(super) fn is_local(connect: &PgConnectOptions) -> bool {
    let host = connect.get_host().trim_matches(['[', ']']);
    connect.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the tables are, without credentials.
pub(super) fn shown(connects: &[PgConnectOptions], schema: &str) -> String {
    let mut parameters = Vec::new();
    let sockets: Vec<_> = connects.iter().filter_map(PgConnectOptions::get_socket).collect();
    // Without its own place in a URL, a directory of sockets stands where the driver reads it: the address can be pasted.
    let hosts = if sockets.len() == connects.len() {
        let (folders, ports): (Vec<_>, Vec<_>) = connects
            .iter()
            .zip(&sockets)
            .map(|(connect, socket)| (socket.display().to_string(), connect.get_port().to_string()))
            .unzip();
        parameters.push(format!("host={}", folders.join(",")));
        if connects.len() > 1 {
            parameters.push(format!("port={}", ports.join(",")));
        }
        format!("localhost:{}", ports[0])
    } else {
        connects.iter().map(host_name).collect::<Vec<_>>().join(",")
    };
    if schema != "public" {
        parameters.push(format!("schema={schema}"));
    }
    let database = connects[0].get_database().unwrap_or_else(|| connects[0].get_username());
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("postgres://{hosts}/{database}{query}")
}

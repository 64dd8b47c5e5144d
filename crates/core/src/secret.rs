//! Texts that must not be shown.

use std::fmt;

/// A password or token. It shows itself as `***` everywhere; [`Secret::expose`] is the only way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be shown.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The URL without what must not be shown: a password, and query values whose names speak of secrets, become `***`.
#[must_use]
pub fn redacted_url(url: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (url, None),
    };
    let mut shown = match base.split_once("://") {
        Some((scheme, rest)) => {
            let authority_end = rest.find('/').unwrap_or(rest.len());
            // The last `@` ends the credentials: a password may hold unescaped ones, and slashes too.
            match rest.rfind('@').map(|at| rest.split_at(at)) {
                Some((credentials, host)) => match credentials.split_once(':') {
                    Some((user, _)) => format!("{scheme}://{user}:***{host}"),
                    None if authority_end > credentials.len() => format!("{scheme}://{credentials}{host}"),
                    None => format!("{scheme}://***{host}"),
                },
                None => base.to_owned(),
            }
        }
        None => redacted_slip(base),
    };
    if let Some(query) = query {
        let pairs: Vec<_> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if is_secret_name(key) => format!("{key}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    shown
}

/// What was meant for a URL with credentials but is none, such as `postgres:/user:password@host` or `user:password@host`.
fn redacted_slip(text: &str) -> String {
    let is_path = ["sqlite:", "memory:"].iter().any(|kind| text.starts_with(kind));
    let Some(at) = text.rfind('@').filter(|_| !is_path) else { return text.to_owned() };
    let (credentials, host) = text.split_at(at);
    let user = credentials.find(":/").map_or(0, |scheme| scheme + 2);
    match credentials[user..].find(':') {
        Some(colon) => format!("{}:***{host}", &credentials[..user + colon]),
        None => text.to_owned(),
    }
}

/// Whether a field, key or option of this name holds something that must not be shown, such as `password`, `api-key`, `accessKey`
/// or `Authorization`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "sslkey",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "authorization",
    ];
    let letters: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let name = letters.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The text with the passwords of the URLs in it as `***`.
#[must_use]
pub fn redacted_text(text: &str) -> String {
    if !text.contains("://") {
        return text.to_owned();
    }
    // A text that is a URL as a whole may hold anything in its password.
    let is_scheme =
        |scheme: &str| scheme.chars().all(|letter| letter.is_alphanumeric() || "+-.".contains(letter));
    if text.split_once("://").is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.contains("://")) {
        return redacted_url(text);
    }
    let is_end = |letter: char| letter.is_whitespace() || "\"'`<>".contains(letter);
    text.split_inclusive(is_end)
        .map(|word| match word.contains("://") {
            true => {
                let (word, end) = word.split_at(word.trim_end_matches(is_end).len());
                format!("{}{end}", redacted_url(word))
            }
            false => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        let secret = [
            "Password",
            "PWD",
            "db_passwd",
            "Authorization",
            "api-key",
            "api_key",
            "apiKey",
            "AWS_ACCESS_KEY_ID",
            "passphrase",
            "credentials",
            "client.secret",
            "private-key",
        ];
        for name in secret {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["path", "author", "key", "author_id", "passed"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_shown_text_keeps_no_password_of_a_url() {
        let cases = [
            ("postgres://u:p w@h/db", "postgres://u:***@h/db"),
            ("see `postgres://u:p@h/db`, then", "see `postgres://u:***@h/db`, then"),
            ("a https://u:p@h and\nhttps://h?api_key=x", "a https://u:***@h and\nhttps://h?api_key=***"),
            ("me@example.com: no URL", "me@example.com: no URL"),
        ];
        for (text, shown) in cases {
            assert_eq!(redacted_text(text), shown);
        }
    }

    #[test]
    fn a_shown_url_keeps_no_password() {
        let cases = [
            ("postgres://u:p@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://u:p@ss/w@h/db", "postgres://u:***@h/db"),
            ("postgres://u@h/db?sslpassword=x&a=b", "postgres://u@h/db?sslpassword=***&a=b"),
            ("postgres://h/db", "postgres://h/db"),
            ("sqlite:a.db", "sqlite:a.db"),
            ("sqlite:C:/a@b.db", "sqlite:C:/a@b.db"),
            ("postgres:/u:p@h:1/db", "postgres:/u:***@h:1/db"),
            ("postgres:u:p@h", "postgres:***@h"),
            ("u:p:q@h/db?a=b", "u:***@h/db?a=b"),
            ("u@h", "u@h"),
        ];
        for (url, shown) in cases {
            assert_eq!(redacted_url(url), shown);
        }
    }
}

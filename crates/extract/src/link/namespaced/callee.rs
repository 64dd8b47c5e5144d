//! The parts of a callee as written.

/// `ns::Type.field.method`: a path, and the members that are taken of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Callee {
    /// The path up to the first member.
    pub(super) path: Vec<String>,
    /// The members; the last is called.
    pub(super) members: Vec<String>,
}

impl Callee {
    /// The parts of a callee. None where anything but names takes part, such as another call.
    pub(super) fn parse(text: &str, separator: &str) -> Option<Self> {
        let text = text.trim_start_matches("new ").trim_start_matches("global::");
        let text = without_arguments(text)?.replace("?.", ".").replace("!!", "").replace("->", ".");
        let (path, members) = match separator {
            "::" => {
                let mut parts = text.split('.');
                let path = parts.next()?.trim_start_matches("::").split("::").map(str::to_owned).collect();
                (path, parts.map(str::to_owned).collect())
            }
            _ => {
                let mut parts = text.split('.').map(str::to_owned);
                (vec![parts.next()?], parts.collect())
            }
        };
        let is_name = |part: &String| {
            !part.is_empty()
                && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '`'))
                && !part.starts_with(|c: char| c.is_ascii_digit())
        };
        let callee = Self { path, members };
        (callee.path.iter().all(is_name) && callee.members.iter().all(is_name)).then_some(callee)
    }

    /// All parts.
    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.iter().chain(&self.members).map(String::as_str).collect()
    }
}

/// The text without type arguments; none where they are not closed.
fn without_arguments(text: &str) -> Option<String> {
    let mut depth = 0_u32;
    let mut bare = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            '<' | '[' => depth += 1,
            // The arrow of a member.
            '>' if previous == '-' => bare.push(c),
            '>' | ']' => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            c => bare.push(c),
        }
        previous = c;
    }
    (depth == 0).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::Callee;

    fn parsed(text: &str, separator: &str) -> Option<(Vec<String>, Vec<String>)> {
        Callee::parse(text, separator).map(|callee| (callee.path, callee.members))
    }

    #[test]
    fn a_callee_is_a_path_and_members() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(parsed("a::B<int>::c", "::"), Some((words(&["a", "B", "c"]), words(&[]))));
        assert_eq!(parsed("d->run<int>", "::"), Some((words(&["d"]), words(&["run"]))));
        assert_eq!(parsed("point?.origin?.move", "."), Some((words(&["point"]), words(&["origin", "move"]))));
        assert_eq!((parsed("a().b", "."), parsed("a[0](b).c", ".")), (None, None));
    }
}
